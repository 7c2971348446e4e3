"""cmengine demo"""

import os
import shutil
import sys
from pathlib import Path

import click

from cmengine.cli.desk import examples, json_option
from cmengine.cli.show import document, say

FOLDER = "cmengine-demo"


@click.command("demo", epilog=examples("cmengine demo", "cmengine demo somewhere-else"))
@click.argument("folder", metavar="[DIR]", required=False, type=click.Path(path_type=Path))
@json_option
def demo_command(folder: Path | None, as_json: bool) -> None:
    """Make a whole program in the new folder DIR, live through a season, and tell the story."""
    from cmengine.cli.story import tell

    chosen = folder or _free(Path(FOLDER))
    lines: list[str] = []
    tell(chosen, lines.append if as_json else say, _command())
    if as_json:
        document({"program": str(chosen), "story": "\n".join(lines)})


def _free(folder: Path) -> Path:
    """Find a name that is not taken: the second demo goes to a folder of its own."""
    names = (folder if n == 1 else folder.with_name(f"{folder.name}-{n}") for n in range(1, 10_000))
    return next(name for name in names if not name.exists())


def _command() -> str:
    """Give the words by which this very command can be called again from here."""
    called = Path(sys.argv[0])
    found = shutil.which("cmengine")
    if found and called.exists() and Path(found).samefile(called):
        return "cmengine"
    return os.path.relpath(called) if called.is_file() else "cmengine"
