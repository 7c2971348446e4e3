"""cmengine journal"""

from pathlib import Path
from typing import Any

import click

from cmengine.cli.desk import Day, Desk, NewFile, day_meant, examples, json_option, pass_desk
from cmengine.cli.show import count, document, say, table


@click.group("journal")
def journal_command() -> None:
    """See who did what and when, print an anchor, and give an auditor what they need."""


@journal_command.command(
    "head", epilog=examples("cmengine journal head", "cmengine journal head --json")
)
@json_option
@pass_desk
def head(desk: Desk, as_json: bool) -> None:
    """Print the last entry as an anchor, to be kept where nobody at the desk can change it.

    With it, cmengine verify --anchor finds what was cut off, and a journal that was written anew.
    """
    from cmengine.chain import head_of
    from cmengine.journal import Anchor

    with desk.open() as program:
        entry = head_of(program.ledger)
    anchor = str(Anchor(entry.seq, entry.hash)) if entry else None
    if as_json:
        shown = {"entry": entry.seq, "written_at": entry.written_at} if entry else {}
        document({"anchor": anchor, **shown})
    elif entry is None:
        say("The journal has no entry yet.")
    else:
        say(f"Entry {entry.seq}, {_minute(entry.written_at)}. Keep this line elsewhere:")
        say(str(anchor))


@journal_command.command(
    "list",
    epilog=examples(
        "cmengine journal list",
        "cmengine journal list --since yesterday",
        "cmengine journal list --json",
    ),
)
@click.option("--since", type=Day(), metavar="DAY", help="Only entries of this day and after it.")
@json_option
@pass_desk
def list_(desk: Desk, since: Any, as_json: bool) -> None:
    """List who did what, and how many rows of which tables it came to."""
    from cmengine.chain import entries
    from cmengine.journal import tables_of

    with desk.open() as program:
        day = day_meant(program, since)
        found = [
            one
            for one in entries(program.ledger)
            if day is None or one.written_at[:10] >= day.isoformat()
        ]
    rows = [(one, tables_of(one.read_parts())) for one in found]
    if as_json:
        document(
            {
                "entries": [
                    {
                        "entry": one.seq,
                        "written_at": one.written_at,
                        "written_by": one.written_by,
                        "what": one.what,
                        "rows": dict(tables),
                        "hash": one.hash.hex(),
                    }
                    for one, tables in rows
                ]
            }
        )
        return
    table(
        [
            (
                str(one.seq),
                _minute(one.written_at),
                one.written_by,
                one.what,
                ", ".join(f"{name} {number}" for name, number in tables.items()),
            )
            for one, tables in rows
        ],
        ("entry", "when", "who", "what", "rows"),
    )
    say(f"{count(len(rows), 'entry', 'entries')}.")


@journal_command.command(
    "export",
    epilog=examples(
        "cmengine journal export audit.zip", "cmengine journal export audit.zip --json"
    ),
)
@click.argument("file", type=NewFile("audit.zip"))
@json_option
@pass_desk
def export(desk: Desk, file: Path, as_json: bool) -> None:
    """Write FILE for an auditor: pseudonymous rows, and a script that checks them and adds up the money.

    The script needs Python and nothing else. There is no client's name, code or word in the file.
    """
    from cmengine.audit import export_journal

    with desk.open() as program:
        done = export_journal(program, file)
    if as_json:
        document(
            {
                "file": str(file),
                "entries": done.entries,
                "rows": done.rows,
                "anchor": str(done.anchor),
            }
        )
    else:
        say(f"{file}: {count(done.entries, 'entry', 'entries')}, {count(done.rows, 'row')}.")
        say(f"To check it: unzip {file} check.py && python check.py {file}")


def _minute(moment: str) -> str:
    return moment[:16].replace("T", " ")
