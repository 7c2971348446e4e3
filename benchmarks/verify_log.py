"""Replay a ledger as `cmengine verify` does, and say how long it took.

python -m verify_log FOLDER       (in this folder)
"""

import sys
from pathlib import Path

from make_log import open_again
from measure import tell, timed

from cmengine.plugins import load_plugins
from cmengine.verify import verify


def main(folder: Path) -> None:
    """Check all of it."""
    registry = load_plugins()
    with timed() as took:
        program = open_again(folder, registry)
        verdict = verify(program)
        program.close()
    if not verdict.ok:
        raise SystemExit("\n".join(verdict.problems))
    tell(took, events=verdict.events)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
