"""cmengine fund"""

import click

from cmengine.cli.desk import Desk, examples, json_option, pass_desk
from cmengine.cli.show import document, money, note, say, table
from cmengine.errors import CMError, Mistake


@click.group("fund")
def fund_command() -> None:
    """See the money there is to give, and add to it."""


@fund_command.command("add", epilog=examples("cmengine fund add 'state grant' 2500.00"))
@click.argument("name")
@click.argument("amount")
@json_option
@pass_desk
def add(desk: Desk, name: str, amount: str, as_json: bool) -> None:
    """Write down that AMOUNT came into the fund NAME, which stands in program.toml."""
    from cmengine.funds import add_money, funds_now
    from cmengine.money import cents

    try:
        more = cents(amount)
    except ValueError as error:
        raise CMError(Mistake("AMOUNT", str(error))) from error
    with desk.open() as program:
        add_money(program, name, more)
        view = next(one for one in funds_now(program).funds if one.fund.name == name)
    if as_json:
        document(
            {
                "fund": name,
                "cents": more,
                "amount_cents": view.amount,
                "left_cents": view.left,
                "promised_cents": view.promised,
            }
        )
    else:
        say(f"{money(more)} came into '{name}': {money(view.left)} is left to issue.")


@fund_command.command("list", epilog=examples("cmengine fund list", "cmengine fund list --json"))
@json_option
@pass_desk
def list_funds(desk: Desk, as_json: bool) -> None:
    """List the funds: what each holds, has issued, has left, and has promised (earned, and waiting)."""
    from cmengine.funds import doubts, funds_now

    with desk.open() as program:
        view = funds_now(program)
        wrong = doubts(program)
    if as_json:
        rows = [
            {
                "fund": one.fund.name,
                "amount_cents": one.amount,
                "issued_cents": one.issued,
                "left_cents": one.left,
                "promised_cents": one.promised,
                "pays_for": list(one.fund.pays_for),
                "nearly_used": one.nearly,
            }
            for one in view.funds
        ]
        document(
            {
                "funds": rows,
                "waiting_cents": view.waiting,
                "uncovered_cents": view.uncovered,
                "notes": wrong,
            }
        )
        return
    if not view.funds:
        say(
            "There is no fund in program.toml: nothing is added up, and all that waits can be issued"
        )
        say(f"as far as limits allow. {money(view.waiting)} is waiting.")
        return
    table(
        [
            (
                one.fund.name,
                money(one.amount),
                money(one.issued),
                money(one.left),
                money(one.promised),
            )
            for one in view.funds
        ],
        ("fund", "amount", "issued", "left", "promised"),
    )
    say(f"{money(view.waiting)} is earned and waiting.")
    for one in view.funds:
        if one.nearly:
            note(
                f"Note: '{one.fund.name}' has {money(one.left)} of {money(one.amount)} left. More can come in"
                f" with: cmengine fund add '{one.fund.name}' AMOUNT"
            )
    if view.uncovered:
        note(
            f"Note: {money(view.uncovered)} of what waits has no money in a fund yet; it stays theirs."
        )
    for doubt in wrong:
        note(f"Note: {doubt}")
