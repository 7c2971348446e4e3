"""cmengine import"""

import sys
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from cmengine.cli.desk import Desk, examples, json_option, pass_desk
from cmengine.cli.held import counted_data, say_held
from cmengine.cli.show import count, document, money, note, say, table
from cmengine.start import STOPPED


@click.command(
    "import",
    epilog=examples(
        "cmengine import events.csv     (columns: id, client, kind, value, at, evidence)",
        "cmengine import events.jsonl",
        "cmengine import events.csv --skip-bad to-mend.csv",
    ),
)
@click.argument("file", type=click.Path(path_type=Path, readable=False))
@click.option(
    "--skip-bad",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Set lines that are off aside in this new file.",
)
@click.option("--zone", metavar="ZONE", help="The time zone of times that name none.")
@json_option
@pass_desk
def import_command(
    desk: Desk, file: Path, skip_bad: Path | None, zone: str | None, as_json: bool
) -> None:
    """Log every event of FILE. Ids that are known already count once, so a second import adds nothing.

    A line that is off is named, and then nothing of the file is kept; with --skip-bad the rest is. A long
    file is logged in batches of up to 20,000 lines; stopped on the way, it goes on there when it is imported again.
    """
    from cmengine.importing import import_events

    with desk.open() as program:
        size = _size(file)
        hidden = as_json or not sys.stderr.isatty()
        with click.progressbar(
            length=2 * size, label="Importing", file=sys.stderr, hidden=hidden
        ) as bar:
            try:
                done = import_events(
                    program, file, skip_bad=skip_bad, zone=_zone(zone), progress=bar.update
                )
            except KeyboardInterrupt:
                note(
                    "\nStopped. What was logged so far is kept, all of it; the same command goes on from there."
                )
                sys.exit(STOPPED)
    if as_json:
        document(
            {
                "events": done.events,
                "duplicates": done.duplicates,
                "awards": done.awards,
                "cents": done.cents,
                "set_aside": done.set_aside,
                "per_rule": dict(sorted(done.per_rule.items())),
                "held": counted_data(done.held),
            }
        )
        return
    say(f"{count(done.events, 'event')} logged, {done.duplicates} known already.")
    say(f"{count(done.awards, 'award')}, {money(done.cents)} in all.")
    table([(rule, money(cents)) for rule, cents in sorted(done.per_rule.items())], indent="  ")
    say_held(done.held, "every event is kept")
    if done.set_aside:
        note(f"{done.set_aside} lines were set aside in {skip_bad}, each under the reason.")


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:
        return 0  # reading it says why


def _zone(name: str | None) -> ZoneInfo | None:
    from cmengine.errors import CMError, Mistake
    from cmengine.settings import read_zone

    try:
        return None if name is None else read_zone(name)
    except ValueError as error:
        raise CMError(Mistake("--zone", str(error))) from error
