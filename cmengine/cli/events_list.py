"""cmengine events"""

import click

from cmengine.cli.desk import Desk, client_codes, examples, json_option, pass_desk
from cmengine.cli.show import document, money, say, table


@click.command(
    "events",
    epilog=examples("cmengine events c001", "cmengine events --client c001 --json"),
)
@click.argument("whose", metavar="[CLIENT]", required=False, shell_complete=client_codes)
@click.option("--client", shell_complete=client_codes, help="Whose events; the same as CLIENT.")
@json_option
@pass_desk
def events_command(desk: Desk, whose: str | None, client: str | None, as_json: bool) -> None:
    """List what was logged for CLIENT, with the ids that `correct` and `explain --event` take."""
    if whose is not None and client is not None:
        raise click.UsageError("name the client once")
    client = whose or client
    if client is None:
        raise click.UsageError("name the client: cmengine events c001")
    with desk.open() as program:
        program.must_have(client)
        rows = program.ledger.logged(client)
    if as_json:
        document({"events": rows})
    elif rows:
        table(
            [
                (
                    row["id"],
                    row["day"],
                    row["kind"],
                    row["value"] or "",
                    money(row["cents"]),
                    "a mistake" if row["corrected"] else "",
                )
                for row in rows
            ],
            ("event", "day", "kind", "value", "earned", ""),
        )
    else:
        say(f"Nothing is logged for {client} yet.")
