"""A folder to make something in, beside the place where it goes; a stop leaves nothing of it for long."""

import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

UNFINISHED = (".cmengine-", ".unfinished")


@contextmanager
def unfinished(parent: Path) -> Iterator[Path]:
    """Give a folder beside what is being made, which only its owner can read, and take it away again.

    What a process that was stopped has left of the kind is cleared away first: it holds a key, or what is
    known about people.
    """
    with ExitStack() as stack:
        with locked(parent):
            for left in parent.glob(f"{UNFINISHED[0]}*{UNFINISHED[1]}"):
                _clear(left)
            work = Path(
                stack.enter_context(
                    TemporaryDirectory(prefix=UNFINISHED[0], suffix=UNFINISHED[1], dir=parent)
                )
            )
            stack.enter_context(locked(work))
        yield work


def _clear(left: Path) -> None:
    """Take away what is left of a process that has ended, and nothing that another is working in."""
    with suppress(OSError), locked(left, wait=False) as alone:
        if alone:
            shutil.rmtree(left)


@contextmanager
def locked(folder: Path, *, wait: bool = True) -> Iterator[bool]:
    """Hold a lock on a folder, which goes with the process; give whether it is held."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except PermissionError:  # not every system opens a folder
        yield False
        return
    try:
        yield lock(handle, wait=wait)
    finally:
        os.close(handle)


def lock(handle: int, *, wait: bool = False) -> bool:
    """Lock an open file or folder until it is closed; say whether it is locked. Not every system has locks."""
    try:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except (ImportError, OSError):
        return False
    return True
