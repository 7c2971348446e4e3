"""Long work: a share of it in a second process, and no search for garbage meanwhile."""

import gc
import os
import pickle
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import FileIO
from typing import NoReturn, TypeVar

from cmengine.ledger import Ledger

T = TypeVar("T")
NUMBER = 4  # bytes


@contextmanager
def no_garbage() -> Iterator[None]:
    """Leave out the search for garbage while there is much to hold and none of it goes in circles."""
    usual = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if usual:
            gc.enable()


def can_fork() -> bool:
    """Say whether a second process is to be had that knows all that this one knows."""
    return (
        sys.platform.startswith("linux")
        and threading.active_count() == 1
        and (os.cpu_count() or 1) > 1
    )


def end_after(work: Callable[[], object]) -> NoReturn:
    """Do what a second process is there for, and end it."""
    code = 1
    try:
        work()
        code = 0
    finally:
        os._exit(code)  # nothing of the first process is tidied up here


def handed_out(pieces: int) -> Iterator[int]:
    """Give the numbers of some pieces of work, from 0 on, each once: to this process, or to one that it begins
    hereafter, whichever asks first. So both are busy to the end.
    """
    # How far an open file was read is one place for all the processes that share it.
    numbers = os.fdopen(os.memfd_create("pieces"), "r+b", buffering=0)
    numbers.write(b"".join(n.to_bytes(NUMBER, "big") for n in range(pieces)))
    numbers.seek(0)
    return _read_numbers(numbers)


def _read_numbers(numbers: FileIO) -> Iterator[int]:
    import fcntl  # late: it is not everywhere, as `fork` is not

    with numbers:
        while True:
            fcntl.lockf(numbers, fcntl.LOCK_EX)  # two who read at once would read the same
            number = numbers.read(NUMBER)
            fcntl.lockf(numbers, fcntl.LOCK_UN)
            if not number:
                return
            yield int.from_bytes(number, "big")


def _fork() -> int | None:
    try:
        return os.fork()
    except OSError:  # there are too many processes already
        return None


def in_child(ledger: Ledger, work: Callable[[], T]) -> Callable[[], T | None]:
    """Begin some work on a ledger in a second process; give a way to wait for what came of it, or for None
    where that process did not end well.
    """
    reads, writes = os.pipe()

    def tell() -> None:
        os.close(reads)
        with os.fdopen(writes, "wb") as out:
            pickle.dump(work(), out)

    with ledger.parted():
        child = _fork()
    if child == 0:
        end_after(tell)
    os.close(writes)

    def wait() -> T | None:
        with os.fdopen(reads, "rb") as told:
            data = told.read()
        if child is None:
            return None
        _, status = os.waitpid(child, 0)
        return pickle.loads(data) if status == 0 else None  # noqa: S301 (from our own child)

    return wait
