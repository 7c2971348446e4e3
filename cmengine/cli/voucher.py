"""cmengine voucher"""

from typing import TYPE_CHECKING, Any

import click

from cmengine.cli.desk import Desk, client_codes, examples, json_option, pass_desk
from cmengine.cli.held import held_data, near_data, note_near, say_held
from cmengine.cli.show import document, money, say, several, table
from cmengine.errors import CMError, Mistake

if TYPE_CHECKING:
    from cmengine.limits import Share


@click.group("voucher")
def voucher_command() -> None:
    """Issue what is waiting, and redeem by code."""


@voucher_command.command(
    "issue",
    epilog=examples(
        "cmengine voucher issue c001                     (all that may be issued now)",
        "cmengine voucher issue c001 --amount 10.00",
        "cmengine voucher issue c001 --item 'bus pass'",
    ),
)
@click.argument("client", shell_complete=client_codes)
@click.option(
    "--amount", metavar="A", help="How much, like 10.00 (default: all that may be issued now)."
)
@click.option("--item", metavar="NAME", help="A waiting thing instead of money.")
@json_option
@pass_desk
def issue(desk: Desk, client: str, amount: str | None, item: str | None, as_json: bool) -> None:
    """Issue a voucher to CLIENT. The code is shown once, now: write it on the slip.

    What limits and funds hold back is said, with the reason and what can be done; it stays theirs.
    """
    from cmengine.money import cents
    from cmengine.vouchers import issue_voucher

    if amount is not None and item is not None:
        raise click.UsageError("name an amount or an item, not both")
    try:
        wanted = None if amount is None else cents(amount)
    except ValueError as error:
        raise CMError(Mistake("--amount", str(error))) from error
    with desk.open() as program:
        done = issue_voucher(program, client, cents=wanted, item=item)
        currency = program.settings.currency
        who = program.ledger.called(client)
        things = [one for _, _, one in program.ledger.waiting_items(client)]
    if as_json:
        document(
            {
                "voucher": done.voucher,
                "client": client,
                "code": done.code,
                "cents": done.cents,
                "item": done.item,
                "waiting_cents": done.waiting,
                "charged": _charged(done.shares),
                "held": held_data(done.held),
                "near": near_data(done.near),
            }
        )
        return
    say(f"Voucher for {who}: {done.item or f'{money(done.cents)} {currency}'}")
    say(f"  Code: {done.code}     (shown this once)")
    say(f"  Still waiting: {several([money(done.waiting), *things])}")
    if done.cents:
        say_held(done.held)
        note_near(done.near)


def _charged(shares: "tuple[Share, ...]") -> list[dict[str, Any]]:
    """Add up by fund what a voucher was charged to; where no fund is named, it is null."""
    funds: dict[str, int] = {}
    for share in shares:
        funds[share.fund] = funds.get(share.fund, 0) + share.cents
    return [{"fund": fund or None, "cents": cents} for fund, cents in funds.items()]


@voucher_command.command(
    "redeem",
    epilog=examples(
        "cmengine voucher redeem     (asks for the code, so that it stays out of the shell's history)"
    ),
)
@click.argument("code", required=False)
@json_option
@pass_desk
def redeem(desk: Desk, code: str | None, as_json: bool) -> None:
    """Redeem a voucher by its CODE; letters and dashes may be typed either way. A voucher is used once."""
    from cmengine.vouchers import redeem_voucher

    typed = click.prompt("Code", err=True) if code is None or code == "-" else code
    with desk.open() as program:
        done = redeem_voucher(program, typed)
        currency = program.settings.currency
    if as_json:
        document(
            {"voucher": done.voucher, "client": done.client, "cents": done.cents, "item": done.item}
        )
    else:
        say(
            f"Redeemed: {done.item or f'{money(done.cents)} {currency}'}. Hand it over with our thanks."
        )


@voucher_command.command(
    "list", epilog=examples("cmengine voucher list", "cmengine voucher list --client c001 --json")
)
@click.option("--client", shell_complete=client_codes, help="Only this client's.")
@json_option
@pass_desk
def list_vouchers(desk: Desk, client: str | None, as_json: bool) -> None:
    """List vouchers, and which are still open. Codes are not kept, so they are not shown."""
    with desk.open() as program:
        if client is not None:
            program.must_have(client)
        where, values = ("client = ?", (client,)) if client is not None else ("1", ())
        rows = program.ledger.vouchers(where, *values)
    if as_json:
        document({"vouchers": rows})
    elif rows:
        table(
            [
                (
                    row["client"],
                    row["issued_at"][:10],
                    row["item"] or money(row["cents"]),
                    row["redeemed_at"][:10] if row["redeemed_at"] else "open",
                )
                for row in rows
            ],
            ("client", "issued", "worth", "redeemed"),
        )
    else:
        say("No voucher has been issued yet.")
