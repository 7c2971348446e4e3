"""Log at the desk while a long import runs, and say how long that took each time.

    python -m waits FOLDER LOG       (in this folder)

One visit after the other, of one client after the other, with a pause between two that is not always the same.
"""

import os
import random
import subprocess
import sys
import time
from itertools import cycle
from pathlib import Path
from statistics import median

from make_log import open_again
from measure import tell, timed

from cmengine.engine import log_event, make_event

MOST_PAUSE = 1.0  # seconds


def main(folder: Path, log: Path) -> None:
    """Log until the import is done."""
    program = open_again(folder)
    pauses = random.Random(1)
    clients = cycle(program.ledger.clients())
    took: list[float] = []
    with timed() as whole:
        importing = subprocess.Popen(
            [sys.executable, "-m", "import_log", str(folder), str(log)],
            env=os.environ,
            stdout=subprocess.DEVNULL,
        )
        while importing.poll() is None:
            begins = time.perf_counter()
            event, wrong = make_event(program, client=next(clients), kind="visit")
            if event is None:
                raise SystemExit(str(wrong))
            log_event(program, event)
            took.append(time.perf_counter() - begins)
            time.sleep(pauses.random() * MOST_PAUSE)
    if importing.returncode:
        raise SystemExit("the import did not come to its end")
    program.close()
    tell(whole, logged=len(took), longest=max(took), middle=median(took))


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
