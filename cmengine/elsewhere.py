"""Long work: a share of it in a second process, and no search for garbage meanwhile."""

import gc
import os
import pickle
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NoReturn, TypeVar

from cmengine.ledger import Ledger

T = TypeVar("T")


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


def in_child(ledger: Ledger, work: Callable[[], T]) -> Callable[[], T]:
    """Begin some work on a ledger in a second process; give a way to wait for what came of it.

    Where the second process does not end well, this one does the work.
    """
    reads, writes = os.pipe()

    def tell() -> None:
        os.close(reads)
        with os.fdopen(writes, "wb") as out:
            pickle.dump(work(), out)

    with ledger.parted():
        child = os.fork()
    if child == 0:
        end_after(tell)
    os.close(writes)

    def wait() -> T:
        with os.fdopen(reads, "rb") as told:
            data = told.read()
        _, status = os.waitpid(child, 0)
        return pickle.loads(data) if status == 0 else work()  # noqa: S301 (from our own child)

    return wait
