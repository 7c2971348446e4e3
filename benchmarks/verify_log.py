"""Replay a ledger as `cmengine verify` does, and say how long it took.

    python -m verify_log FOLDER       (in this folder)
"""

import sys
from pathlib import Path

from make_log import BY, clock
from measure import tell, timed

from cmengine.plugins import load_plugins
from cmengine.program import open_program
from cmengine.verify import verify


def main(folder: Path) -> None:
    """Check all of it."""
    registry = load_plugins()
    with timed() as took:
        program = open_program(folder, by=BY, clock=clock, registry=registry)
        verdict = verify(program)
        program.close()
    if not verdict.ok:
        raise SystemExit("\n".join(verdict.problems))
    tell(took.seconds, events=verdict.events)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
