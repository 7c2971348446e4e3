"""Where the command begins: Ctrl-C ends it with a line from here on, also while Python still imports the rest."""

import gc
import sys
from typing import NoReturn

# Python looks for garbage each time that so many objects were made. What a command at the desk makes, its
# modules among it, is less, and is not worth a look.
MOST_NEW = 100_000

STOPPED = 130  # as shells have it for Ctrl-C
WORDS = "Stopped. What was asked for is written down as a whole or not at all: have a look before doing it again."


def main() -> None:
    """Run the command line."""
    gc.set_threshold(MOST_NEW)
    try:
        from cmengine.cli import main as run

        run()
    except KeyboardInterrupt:
        stop()


def stop() -> NoReturn:
    """Say that it was stopped by hand, and end; whoever presses once more changes nothing about that."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    print(WORDS, file=sys.stderr)
    sys.exit(STOPPED)
