"""cmengine voucher"""

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cmengine.cli.again import print_voucher, replace
from cmengine.cli.desk import Desk, client_codes, examples, json_option, pass_desk
from cmengine.cli.held_back import held_back_data, near_data, note_near, say_held_back
from cmengine.cli.show import document, money, note, say, several, table
from cmengine.cli.slips import Sheet, card_rows, new_pdf, show_codes, typed_code
from cmengine.errors import CMError, Mistake

if TYPE_CHECKING:
    from cmengine.limits import Share


def read_amount(text: str | None) -> int | None:
    """Read an amount of the command line, in cents."""
    from cmengine.money import cents

    try:
        return None if text is None else cents(text)
    except ValueError as error:
        raise CMError(Mistake("--amount", str(error))) from error


@click.group("voucher")
def voucher_command() -> None:
    """Issue what is waiting, and redeem by code."""


@voucher_command.command(
    "issue",
    epilog=examples(
        "cmengine voucher issue c001                     (all that may be issued now)",
        "cmengine voucher issue c001 --amount 10.00 --print slip.pdf",
        "cmengine voucher issue c001 --card Grocer       (gift cards from the stock)",
        "cmengine voucher issue c001 --card Grocer --serial G-0017     (this very card)",
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
@click.option(
    "--serial",
    metavar="SERIAL",
    help="With --card: this very card, like one that they have already.",
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
    serial: str | None,
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
    if serial is not None and card is None:
        raise click.UsageError("--serial goes with --card: the brand, and which card of it")
    wanted = read_amount(amount)
    with desk.open() as program, ExitStack() as stack:
        sheet = Sheet(stack, paper)
        done = issue_voucher(
            program,
            client,
            cents=wanted,
            item=item,
            card=card,
            serial=serial,
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
                "earlier": done.earlier.voucher if done.earlier else None,
            }
        )
        return
    things = [one for _, _, one in program.ledger.waiting_items(done.client)]
    worth = done.item or f"{money(done.cents)} {program.settings.currency}"
    say(f"Voucher for {program.ledger.called(done.client)}: {worth}")
    show_codes(program, done)
    say(f"  Still waiting: {several([money(done.waiting), *things])}")
    if done.cents:
        say_held_back(done.held)
        note_near(done.near)
    if done.earlier:
        note(f"Note: {done.earlier.words}, too; {done.earlier.todo}")
    _low(program, done)


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


voucher_command.add_command(replace)
voucher_command.add_command(print_voucher)


@voucher_command.command(
    "list",
    epilog=examples(
        "cmengine voucher list",
        "cmengine voucher list --client c001 --json",
        "cmengine voucher list --open",
        "cmengine voucher list --waiting     (what has not been issued yet)",
        "cmengine voucher list --unseen      (after a power cut: whose code was not seen?)",
    ),
)
@click.option("--client", shell_complete=client_codes, help="Only this client's.")
@click.option("--waiting", "which", flag_value="waiting", help="What waits to be issued instead.")
@click.option("--open", "which", flag_value="open", help="Only those on which something is left.")
@click.option("--redeemed", "which", flag_value="redeemed", help="Only those that were used up.")
@click.option(
    "--unseen",
    "which",
    flag_value="unseen",
    help="Only those whose code perhaps nobody has seen: not used, printed again or replaced.",
)
@json_option
@pass_desk
def list_vouchers(desk: Desk, client: str | None, which: str | None, as_json: bool) -> None:
    """List vouchers, and what is left on them. Codes are not kept, so they are not shown."""
    from cmengine.earlier import perhaps_unseen
    from cmengine.waiting import waiting_list

    with desk.open() as program:
        if client is not None:
            program.must_have(client)
        waits = waiting_list(program, client) if which == "waiting" else []
        if which == "unseen":
            rows = perhaps_unseen(program, client)
        else:
            where, values = ("client = ?", (client,)) if client is not None else ("1", ())
            where += f" and state = '{which}'" if which else ""
            rows = program.ledger.vouchers(where, *values)
    if as_json:
        document({"vouchers": rows, "waiting": waits})
    elif which == "waiting":
        _show_waiting(waits)
    elif which == "unseen":
        _show_unseen(rows)
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


def _show_unseen(rows: list[dict[str, Any]]) -> None:
    if not rows:
        say("Of every voucher it is known that its code was seen.")
        return
    table(
        [
            (
                row["client"],
                row["issued_at"][:16].replace("T", " "),
                row["issued_by"],
                row["item"] or money(row["cents"]),
                "gift cards" if row["state"] == "handed over" else "",
                row["voucher"],
            )
            for row in rows
        ],
        ("client", "issued", "by", "worth", "", "number"),
    )
    say(
        "Most of them are in somebody's pocket. Where nobody has seen the code of one:\n"
        "  cmengine voucher replace NUMBER --reason 'Never seen'     (of gift cards: cmengine voucher print)"
    )


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
