"""Import a log as `cmengine import` does, and say how long it took.

python -m import_log FOLDER LOG       (in this folder)
"""

import sys
from pathlib import Path

from make_log import open_again
from measure import tell, timed

from cmengine.importing import import_events
from cmengine.plugins import load_plugins


def main(folder: Path, log: Path) -> None:
    """Import all of it."""
    registry = load_plugins()
    with timed() as took:
        program = open_again(folder, registry)
        imported = import_events(program, log)
        program.close()
    tell(took, events=imported.events, awards=imported.awards)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
