"""cmengine voucher replace, cmengine voucher print"""

from contextlib import ExitStack
from pathlib import Path

import click

from cmengine.cli.desk import Desk, examples, json_option, pass_desk
from cmengine.cli.show import document, money, say
from cmengine.cli.slips import Sheet, card_rows, new_pdf, show_codes, typed_code


@click.command(
    "replace",
    epilog=examples(
        "cmengine voucher replace 5VX9AK --reason 'Lost the slip'",
        "cmengine voucher replace 5VX9AK --reason 'Printer was out of paper' --print slip.pdf",
        "cmengine voucher replace 5VX9AK --serial G-0017 --reason 'The shop says it is empty'",
    ),
)
@click.argument("voucher")
@click.option("--reason", metavar="TEXT", required=True, help="Why; nothing has to be proven.")
@click.option("--serial", metavar="SERIAL", help="Which card, of a voucher with several.")
@click.option("--card", metavar="BRAND", help="Cards of another brand in place of a gift card.")
@new_pdf
@json_option
@pass_desk
def replace(
    desk: Desk,
    voucher: str,
    reason: str,
    serial: str | None,
    card: str | None,
    paper: Path | None,
    as_json: bool,
) -> None:
    """Replace a VOUCHER that was lost, was never printed, or does not work at the shop.

    It gets a new code, the old one can no longer be used, and what is left on it stays. For a gift card,
    the client gets another of equal or more worth, and the program pays for it.
    """
    from cmengine.replacing import replace_voucher

    with desk.open() as program, ExitStack() as stack:
        sheet = Sheet(stack, paper)
        done = replace_voucher(
            program, voucher, reason, serial=serial, card=card, printed=bool(paper)
        )
        if as_json:
            document(
                {
                    "voucher": done.voucher,
                    "client": done.client,
                    "code": done.code or None,
                    "cents": done.cents,
                    "item": done.item,
                    "cards": card_rows(done.cards),
                    "charged_cents": done.charged,
                }
            )
        else:
            worth = done.item or f"{money(done.cents)} {program.settings.currency}"
            say(f"Voucher for {program.ledger.called(done.client)}: {worth}")
            show_codes(program, done)
            say(
                f"  {money(done.charged)} is the program's cost."
                if done.charged
                else "  The old code can no longer be used."
            )
        sheet.draw(program, done)


@click.command(
    "print",
    epilog=examples(
        "cmengine voucher print --to slip.pdf     (asks for the code)",
        "cmengine voucher print 5VX9AK --reason 'Spilled coffee on it' --to slip.pdf     (gift cards)",
        "cmengine voucher print 5VX9AK --reason 'Never seen'     (gift cards, on the screen)",
    ),
)
@click.argument("voucher", required=False)
@click.option("--reason", metavar="TEXT", default="", help="Why it is printed again.")
@click.option(
    "--to",
    "paper",
    metavar="FILE.pdf",
    type=click.Path(path_type=Path),
    help="A new PDF file; without it, gift cards are shown on the screen.",
)
@json_option
@pass_desk
def print_voucher(
    desk: Desk, voucher: str | None, reason: str, paper: Path | None, as_json: bool
) -> None:
    """Write a slip and a small card to a PDF file: of the code that is typed, or of a VOUCHER's gift cards.

    Our own codes are not kept, so one has to be typed; where nobody has seen it: cmengine voucher replace.
    Showing again needs a reason and is written down.
    """
    from cmengine.replacing import print_by_code, print_cards

    if voucher is None and paper is None:
        raise click.UsageError("say where to: --to FILE.pdf; or name a voucher of gift cards")
    typed = typed_code(None) if voucher is None else ""
    with desk.open() as program, ExitStack() as stack:
        sheet = Sheet(stack, paper)
        if voucher is None:
            done = print_by_code(program, typed, reason)
        else:
            done = print_cards(program, voucher, reason)
        sheet.draw(program, done)
    if as_json:
        document(
            {
                "voucher": done.voucher,
                "client": done.client,
                "times": done.times,
                "file": str(paper) if paper else None,
                "cards": [] if paper else card_rows(done.cards),
            }
        )
    elif paper is None:
        say(f"Shown again, the {done.times}. time:" if done.times > 1 else "Shown again:")
        show_codes(program, done)
    else:
        say(f"Printed to {paper}" + (f", the {done.times}. time" if done.times > 1 else ""))
