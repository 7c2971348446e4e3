"""cmengine refusals"""

from typing import Any

import click

from cmengine.cli.desk import Day, Desk, client_codes, day_meant, examples, json_option, pass_desk
from cmengine.cli.show import document, say, several, table


@click.command(
    "refusals",
    epilog=examples(
        "cmengine refusals",
        "cmengine refusals --since 2026-01-01 --json",
        "cmengine refusals --client c001",
    ),
)
@click.option("--since", type=Day(), help="From this day on (default: from the beginning).")
@click.option("--client", shell_complete=client_codes, help="Only what concerned this client.")
@json_option
@pass_desk
def refusals_command(desk: Desk, since: Any, client: str | None, as_json: bool) -> None:
    """Count how often the program said no, or not yet, by reason; with what was in the way, and at whose desk.

    Of the same client, reason and thing, one a day counts, however often it was asked for.
    """
    from cmengine.refusals import by_staff, counted, refusals_since

    with desk.open() as program:
        if client is not None:
            program.must_have(client)
        rows = refusals_since(program, day_meant(program, since), client)
    if as_json:
        document({"reasons": counted(rows), "by_staff": by_staff(rows), "refusals": rows})
        return
    if not rows:
        say("Nobody was refused anything.")
        return
    table(
        [
            (
                one["reason"],
                str(one["times"]),
                str(one["clients"]),
                several([f"{what} ({n})" for what, n in one["what"].items()]),
            )
            for one in counted(rows)
            if one["times"]
        ],
        ("reason", "times", "people", "in the way"),
    )
    say(f"At the desk of: {several([f'{name} ({n})' for name, n in by_staff(rows).items()])}")
