"""cmengine voucher"""

from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cmengine.cli.desk import Desk, client_codes, examples, json_option, pass_desk
from cmengine.cli.held_back import held_back_data, near_data, note_near, say_held_back
from cmengine.cli.show import complain, document, money, note, say, several, table
from cmengine.errors import CMError, Mistake

if TYPE_CHECKING:
    from cmengine.limits import Share

new_pdf = click.option(
    "--print",
    "paper",
    metavar="FILE.pdf",
    type=click.Path(path_type=Path),
    help="Also write a slip and a small card to a new PDF file.",
)


def read_amount(text: str | None) -> int | None:
    """Read an amount of the command line, in cents."""
    from cmengine.money import cents

    try:
        return None if text is None else cents(text)
    except ValueError as error:
        raise CMError(Mistake("--amount", str(error))) from error


def typed_code(code: str | None) -> str:
    """Take a code from the command line, or ask for it, so that it stays out of the shell's history."""
    typed: str = click.prompt("Code", err=True) if code is None or code == "-" else code
    return typed


def card_rows(cards: Any) -> list[dict[str, Any]]:
    """Show cards as data, with their codes: for the commands that hand them over, and no other."""
    return [
        {
            "serial": card.serial,
            "brand": card.brand,
            "cents": card.cents,
            "expires": card.expires,
            "code": card.code,
        }
        for card in cards
    ]


class Sheet:
    """A PDF file that is reserved before anything is decided, and written when it is."""

    def __init__(self, stack: ExitStack, path: Path | None) -> None:
        from cmengine.paper import reserved

        self.path = path
        self.write = stack.enter_context(reserved(path)) if path is not None else None

    def draw(self, program: Any, done: Any) -> None:
        """Write the slips of a voucher; what has been decided stands, also where the disk is full."""
        if self.write is None:
            return
        from cmengine.paper import papers, pdf

        settings = program.settings
        try:
            slips = papers(
                voucher=done.voucher,
                code=done.code,
                cents=done.cents,
                item=done.item,
                cards=done.cards,
                currency=settings.currency,
                program=settings.name,
            )
            self.write(pdf(slips, settings.currency))
        except OSError as error:
            todo = "write the code above on a slip by hand, or: cmengine voucher replace"
            complain(
                CMError(Mistake(str(self.path), f"cannot be written ({error.strerror})", todo))
            )


@click.group("voucher")
def voucher_command() -> None:
    """Issue what is waiting, and redeem by code."""


@voucher_command.command(
    "issue",
    epilog=examples(
        "cmengine voucher issue c001                     (all that may be issued now)",
        "cmengine voucher issue c001 --amount 10.00 --print slip.pdf",
        "cmengine voucher issue c001 --card Grocer       (gift cards from the stock)",
        "cmengine voucher issue c001 --item 'bus pass'",
        "cmengine voucher issue c001 --item radio --instead headphones",
    ),
)
@click.argument("client", shell_complete=client_codes)
@click.option(
    "--amount", metavar="A", help="How much, like 10.00 (default: all that may be issued now)."
)
@click.option(
    "--card", metavar="BRAND", help="Gift cards from the stock, for as much as they make."
)
@click.option("--item", metavar="NAME", help="A waiting thing instead of money.")
@click.option(
    "--instead", metavar="NAME", help="A thing of equal or more worth, if the client agrees to it."
)
@new_pdf
@json_option
@pass_desk
def issue(
    desk: Desk,
    client: str,
    amount: str | None,
    card: str | None,
    item: str | None,
    instead: str | None,
    paper: Path | None,
    as_json: bool,
) -> None:
    """Issue a voucher to CLIENT. The code is shown once, now: write it on the slip.

    What limits and funds hold back is said, with the reason and what can be done; it stays theirs.
    """
    from cmengine.vouchers import issue_voucher

    if item is not None and (amount is not None or card is not None):
        raise click.UsageError("name an amount or a card, or an item, not both")
    if instead is not None and item is None:
        raise click.UsageError("--instead goes with --item: what was earned, and what is taken")
    wanted = read_amount(amount)
    with desk.open() as program, ExitStack() as stack:
        sheet = Sheet(stack, paper)
        done = issue_voucher(
            program,
            client,
            cents=wanted,
            item=item,
            card=card,
            instead=instead,
            printed=bool(paper),
        )
        _show_issued(program, done, as_json)
        sheet.draw(program, done)


def _show_issued(program: Any, done: Any, as_json: bool) -> None:
    if as_json:
        document(
            {
                "voucher": done.voucher,
                "client": done.client,
                "code": done.code or None,
                "cents": done.cents,
                "item": done.item,
                "instead_of": done.instead_of,
                "cards": card_rows(done.cards),
                "waiting_cents": done.waiting,
                "charged": _charged(done.shares),
                "held_back": held_back_data(done.held),
                "near": near_data(done.near),
            }
        )
        return
    things = [one for _, _, one in program.ledger.waiting_items(done.client)]
    worth = done.item or f"{money(done.cents)} {program.settings.currency}"
    say(f"Voucher for {program.ledger.called(done.client)}: {worth}")
    _show_codes(program, done)
    say(f"  Still waiting: {several([money(done.waiting), *things])}")
    if done.cents:
        say_held_back(done.held)
        note_near(done.near)
    _low(program, done)


def _show_codes(program: Any, done: Any) -> None:
    if done.code:
        say(f"  Code: {done.code}     (shown this once)")
    for card in done.cards:
        until = f", to be used by {card.expires}" if card.expires else ""
        say(f"  {card.brand} {money(card.cents)}{until}")
        say(f"    Code: {card.code}")
        if card.expires and card.expires <= program.today() + timedelta(days=30):
            note(
                f"The card {card.serial} is to be used within 30 days: say so when you hand it over."
            )


def _low(program: Any, done: Any) -> None:
    """Say of what was just handed out that it is running low."""
    from cmengine.stock import shelves

    worths = {(card.brand, card.cents) for card in done.cards}
    for one in shelves(program) if worths or done.item else ():
        if one.low and ((one.brand, one.cents) in worths or (one.item and one.item == done.item)):
            note(f"{one.name}: {one.on_hand} left. Time to get some more.")


def _charged(shares: "tuple[Share, ...]") -> list[dict[str, Any]]:
    """Add up by fund what a voucher was charged to; where no fund is named, it is null."""
    funds: dict[str, int] = {}
    for share in shares:
        funds[share.fund] = funds.get(share.fund, 0) + share.cents
    return [{"fund": fund or None, "cents": cents} for fund, cents in funds.items()]


@voucher_command.command(
    "redeem",
    epilog=examples(
        "cmengine voucher redeem     (asks for the code, so that it stays out of the shell's history)",
        "cmengine voucher redeem --amount 5.00     (the rest stays on it)",
    ),
)
@click.argument("code", required=False)
@click.option("--amount", metavar="A", help="How much of it (default: all that is left).")
@click.option("--details", is_flag=True, help="For staff: say why a code cannot be used.")
@json_option
@pass_desk
def redeem(desk: Desk, code: str | None, amount: str | None, details: bool, as_json: bool) -> None:
    """Redeem a voucher by its CODE, whole or in parts; letters and dashes may be typed either way."""
    from cmengine.vouchers import redeem_voucher

    wanted = read_amount(amount)
    typed = typed_code(code)
    with desk.open() as program:
        done = redeem_voucher(program, typed, cents=wanted, details=details)
        currency = program.settings.currency
    if as_json:
        document(
            {
                "voucher": done.voucher,
                "client": done.client,
                "cents": done.cents,
                "item": done.item,
                "left_cents": done.left,
            }
        )
        return
    say(
        f"Redeemed: {done.item or f'{money(done.cents)} {currency}'}. Hand it over with our thanks."
    )
    if done.left:
        say(f"  {money(done.left)} {currency} stays on the voucher.")


@voucher_command.command(
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
            _show_codes(program, done)
            say(
                f"  {money(done.charged)} is the program's cost."
                if done.charged
                else "  The old code can no longer be used."
            )
        sheet.draw(program, done)


@voucher_command.command(
    "print",
    epilog=examples(
        "cmengine voucher print --to slip.pdf     (asks for the code)",
        "cmengine voucher print 5VX9AK --reason 'Spilled coffee on it' --to slip.pdf     (gift cards)",
    ),
)
@click.argument("voucher", required=False)
@click.option("--reason", metavar="TEXT", default="", help="Why it is printed again.")
@click.option(
    "--to",
    "paper",
    metavar="FILE.pdf",
    required=True,
    type=click.Path(path_type=Path),
    help="A new PDF file.",
)
@json_option
@pass_desk
def print_voucher(desk: Desk, voucher: str | None, reason: str, paper: Path, as_json: bool) -> None:
    """Write a slip and a small card to a PDF file: of the code that is typed, or of a VOUCHER's gift cards.

    Our own codes are not kept, so one has to be typed. Printing again needs a reason and is written down.
    """
    from cmengine.replacing import print_by_code, print_cards

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
                "file": str(paper),
            }
        )
    else:
        say(f"Printed to {paper}" + (f", the {done.times}. time" if done.times > 1 else ""))


@voucher_command.command(
    "list",
    epilog=examples(
        "cmengine voucher list",
        "cmengine voucher list --client c001 --json",
        "cmengine voucher list --open",
        "cmengine voucher list --waiting     (what has not been issued yet)",
    ),
)
@click.option("--client", shell_complete=client_codes, help="Only this client's.")
@click.option("--waiting", "which", flag_value="waiting", help="What waits to be issued instead.")
@click.option("--open", "which", flag_value="open", help="Only those on which something is left.")
@click.option("--redeemed", "which", flag_value="redeemed", help="Only those that were used up.")
@json_option
@pass_desk
def list_vouchers(desk: Desk, client: str | None, which: str | None, as_json: bool) -> None:
    """List vouchers, and what is left on them. Codes are not kept, so they are not shown."""
    from cmengine.waiting import waiting_list

    with desk.open() as program:
        if client is not None:
            program.must_have(client)
        waits = waiting_list(program, client) if which == "waiting" else []
        where, values = ("client = ?", (client,)) if client is not None else ("1", ())
        where += f" and state = '{which}'" if which else ""
        rows = program.ledger.vouchers(where, *values)
    if as_json:
        document({"vouchers": rows, "waiting": waits})
    elif which == "waiting":
        _show_waiting(waits)
    elif rows:
        table(
            [
                (
                    row["client"],
                    row["issued_at"][:10],
                    row["item"] or money(row["cents"]),
                    _state(row),
                    row["voucher"],
                )
                for row in rows
            ],
            ("client", "issued", "worth", "redeemed", "number"),
        )
    else:
        say("No such voucher has been issued." if which else "No voucher has been issued yet.")


def _state(row: dict[str, Any]) -> str:
    if row["state"] == "open" and row["redeemed_cents"]:
        return f"{money(row['cents'] - row['redeemed_cents'])} left"
    return row["redeemed_at"][:10] if row["state"] == "redeemed" else str(row["state"])


def _show_waiting(waits: list[dict[str, Any]]) -> None:
    if not waits:
        say("Nothing is waiting.")
        return
    rows = [
        (
            one["client"],
            one["item"] or money(one["cents"]),
            "waits for stock" if one["stock"] == 0 else "",
        )
        for one in waits
    ]
    table(rows, ("client", "waiting", ""))
