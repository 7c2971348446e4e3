"""cmengine events"""

import click

from cmengine.cli.desk import Desk, client_codes, examples, json_option, pass_desk
from cmengine.cli.show import document, money, say, table


@click.command(
    "events",
    epilog=examples("cmengine events --client c001", "cmengine events --client c001 --json"),
)
@click.option("--client", required=True, shell_complete=client_codes, help="Whose events.")
@json_option
@pass_desk
def events_command(desk: Desk, client: str, as_json: bool) -> None:
    """List what was logged for a client, with the ids that `correct` and `explain --event` take."""
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
