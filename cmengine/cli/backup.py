"""cmengine backup"""

import sys
from pathlib import Path

import click

from cmengine.cli.desk import Desk, examples, json_option, pass_desk
from cmengine.cli.show import count, document, note, say


@click.command(
    "backup",
    epilog=examples(
        "cmengine backup /mnt/stick",
        "cmengine -p riverside backup riverside.zip",
        "cmengine backup . --json",
    ),
)
@click.argument("place", metavar="FILE|DIR", type=click.Path(path_type=Path))
@json_option
@pass_desk
def backup_command(desk: Desk, place: Path, as_json: bool) -> None:
    """Make a backup in FILE, or in DIR under a name with the moment in it.

    It is a zip with the ledger, the program's key, its settings and its rules. Before it gets its name it
    is opened and verified as a whole; others can go on logging meanwhile.
    """
    from cmengine.backup import NOT_ENCRYPTED, make_backup

    with desk.open() as program:
        hidden = as_json or not sys.stderr.isatty()
        clients = len(program.ledger.clients())
        with click.progressbar(
            length=clients, label="Verifying", file=sys.stderr, hidden=hidden
        ) as bar:
            done = make_backup(program, place, bar.update)
    note(f"Note: {NOT_ENCRYPTED}.")
    if done.same_disk:
        note("Note: it lies on the same disk as the program; keep a copy elsewhere.")
    if as_json:
        document(
            {
                "file": str(done.file),
                "made_at": done.made_at.isoformat(),
                "anchor": str(done.anchor),
                "events": done.verdict.events,
                "same_disk": done.same_disk,
            }
        )
        return
    verdict = done.verdict
    say(
        f"{done.file}: {count(verdict.clients, 'client')}, {count(verdict.events, 'event')},"
        f" {count(verdict.awards, 'award')}, opened and verified."
    )
    say(f"Its anchor: {done.anchor}")
