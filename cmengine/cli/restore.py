"""cmengine restore"""

import sys
from pathlib import Path

import click

from cmengine.cli.desk import Desk, examples, json_option, pass_desk
from cmengine.cli.show import count, document, note, say


@click.command(
    "restore",
    epilog=examples(
        "cmengine restore riverside-20260701-180000.zip riverside",
        "cmengine restore /mnt/stick/riverside-20260701-180000.zip riverside --replace",
    ),
)
@click.argument("file", metavar="BACKUP", type=click.Path(path_type=Path, dir_okay=False))
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--replace", is_flag=True, help="Keep a DIR that is there under another name beside it."
)
@json_option
@pass_desk
def restore_command(desk: Desk, file: Path, folder: Path, replace: bool, as_json: bool) -> None:
    """Put BACKUP into the new folder DIR, verified before and after.

    The journal goes on with an entry that says so. What was done after the backup is not in it: look
    through the slips before anything is issued. Gift cards are not handed out until they are counted, since
    one that was handed out after the backup would look as if it were here.
    """
    from cmengine.restore import restore

    hidden = as_json or not sys.stderr.isatty()
    with click.progressbar(length=1, label="Verifying", file=sys.stderr, hidden=hidden) as bar:
        done = restore(file, folder, replace=replace, by=desk.by)
        bar.update(1)
    if done.lost is None:
        missing = "What was done after that moment is not in it"
    else:
        missing = f"{count(done.lost, 'entry', 'entries')} of the journal came after that moment and are not in it"
    if done.lost != 0:
        note(
            f"Note: {missing}. Before anything is issued, look through the slips and count the stock: what was"
            " handed over since would be waiting again."
        )
    for one in done.uncounted:
        note(f"Note: until {one.brand} is counted, no card of it is handed out; {one.todo}")
    if as_json:
        document(
            {
                "program": str(done.folder),
                "made_at": done.made_at.isoformat(),
                "anchor": str(done.anchor),
                "kept": str(done.kept) if done.kept else None,
                "lost_entries": done.lost,
                "to_count": [{"brand": one.brand, "cards": one.cards} for one in done.uncounted],
            }
        )
        return
    verdict = done.verdict
    say(
        f"{done.folder}: as it was on {done.made_at:%Y-%m-%d at %H:%M}, verified:"
        f" {count(verdict.clients, 'client')}, {count(verdict.events, 'event')},"
        f" {count(verdict.awards, 'award')}."
    )
    if done.kept:
        say(f"What was there is kept in {done.kept}.")
