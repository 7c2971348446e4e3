"""Import a log as `cmengine import` does, and say how long it took, and how many events a transaction had.

python -m import_log FOLDER LOG       (in this folder)
"""

import sys
from pathlib import Path

from make_log import open_again
from measure import tell, timed

from cmengine.importing import import_events
from cmengine.plugins import load_plugins
from cmengine.program import Program


def entries(program: Program) -> int:
    """Count the entries of the journal: a transaction each."""
    return int(program.ledger.rows("select coalesce(max(seq), 0) from journal")[0][0])


def main(folder: Path, log: Path) -> None:
    """Import all of it."""
    registry = load_plugins()
    with timed() as took:
        program = open_again(folder, registry)
        before = entries(program)
        imported = import_events(program, log)
        batches = entries(program) - before
        program.close()
    tell(took, events=imported.events, awards=imported.awards, batch=-(-imported.events // batches))


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
