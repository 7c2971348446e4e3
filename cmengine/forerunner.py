"""A second process that works out what the lines of a log come to, ahead of the one that writes.

It reads and never writes: what it has worked out is a batch of rows, for the first process to append as it
is. Where somebody else has written meanwhile, the same lines are worked out anew, while nobody can write.
A log that goes into one transaction is worked out within it, and its rows are handed over part by part.
"""

import fcntl
import os
import pickle
import select
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import islice
from typing import IO, Any, NamedTuple

from cmengine.elsewhere import end_after
from cmengine.journal import Contents
from cmengine.ledger import Rows
from cmengine.program import Program
from cmengine.provisional import Provisional

Lines = list[Any]
Read = Callable[[Callable[[int], object]], Iterator[Any]]
"""Give the lines, and tell how many bytes more were read."""

Decide = Callable[[Lines, bool], Any]
"""Work out what some lines come to, on the program's ledger; give what there is to say of them. With True,
what was worked out before does not hold. Raises Beyond, or anything else, where it cannot be worked out here."""

# Bytes of an answer that may wait for the first process, so that the second need not, as far as Linux allows.
PIPE = 1 << 20
_LENGTH = 8  # bytes, before each message


class Batch(NamedTuple):
    """What a batch of lines came to: how many there were, how many bytes were read for them, the rows, what is to be
    entered of them into the journal, and what there is to say. `asked` is the number of the question.

    A part that is not the last `ends` nothing: it has some of the rows.
    """

    asked: int
    lines: int
    read: int
    rows: list[Rows]
    contents: Contents | None
    said: Any
    ends: bool = True


class _Ask(NamedTuple):
    """How many lines to work out next. With `anew`, nothing is on its way: what was not written is to be
    worked out again.
    """

    number: int
    lines: int
    anew: bool


class Forerunner:
    """Asks the second process, and has its answers. Use it as `with forerunner(...) as ahead:`."""

    def __init__(self, asks: IO[bytes], answers: IO[bytes]) -> None:
        self._asks, self._answers = asks, answers
        self._asked = 0

    def ask(self, lines: int, *, anew: bool = False) -> None:
        """Ask for the next lines, at most so many. What was asked for before the answer that was had last is
        written by now; with `anew`, that answer is not, and has to be given once more.
        """
        self._asked += 1
        _send(self._asks, _Ask(self._asked, lines, anew))

    def answer(self) -> Batch | None:
        """Give what was asked for last; None where the second process cannot work it out."""
        while True:
            batch: Batch | None = _receive(self._answers)
            if batch is None or batch.asked == self._asked:
                return batch


@contextmanager
def forerunner(
    program: Program, read: Read, decide: Decide, *, in_parts: bool = False
) -> Iterator[Forerunner]:
    """Have a second process read lines, and work out what they come to; `in_parts`, for one transaction.

    The ledger must not be in a transaction yet.
    """
    (to_child, asks), (answers, to_parent) = os.pipe(), os.pipe()

    def work() -> None:
        os.close(asks)
        os.close(answers)
        with os.fdopen(to_child, "rb", 0) as asked, os.fdopen(to_parent, "wb", 0) as told:
            (_serve_parts if in_parts else _serve)(program, read, decide, asked, told)

    with suppress(OSError):
        fcntl.fcntl(answers, fcntl.F_SETPIPE_SZ, PIPE)
    child = -1
    with suppress(OSError), program.ledger.parted():  # without one, there is no answer
        child = os.fork()
    if child == 0:
        end_after(work)
    os.close(to_child)
    os.close(to_parent)
    with os.fdopen(asks, "wb", 0) as out, os.fdopen(answers, "rb") as back:
        try:
            yield Forerunner(out, back)
        finally:
            if child > 0:
                os.kill(child, signal.SIGKILL)  # it has nothing to lose
                os.waitpid(child, 0)


class _Unasked(Exception):
    """What is being worked out is no longer asked for."""


def _serve(program: Program, read: Read, decide: Decide, asked: IO[bytes], told: IO[bytes]) -> None:
    """Answer, until nothing more is asked."""

    def draft(several: Sequence[Rows]) -> None:
        for table, columns, _, cells in several:
            ledger.note(table, columns, cells)
        if select.select([asked], [], [], 0)[0]:
            raise _Unasked

    ledger = Provisional(program.ledger, draft)
    program.ledger = ledger
    bytes_read = 0

    def progress(more: int) -> None:
        nonlocal bytes_read
        bytes_read += more

    try:
        lines = read(progress)
        kept: list[Lines] = []  # batches that may not be written
        waiting: Lines = []  # and what was read beyond them
        while (ask := _receive(asked)) is not None:
            if ask.anew:
                waiting = [line for some in kept for line in some] + waiting
                kept = []
                ledger.begin()
            else:
                ledger.written()
                del kept[:-1]
            waiting += islice(lines, max(0, ask.lines - len(waiting)))
            some, waiting = waiting[: ask.lines], waiting[ask.lines :]
            kept.append(some)
            try:
                said = decide(some, ask.anew)
            except _Unasked:
                continue
            rows, contents = ledger.take()
            _send(told, Batch(ask.number, len(some), bytes_read, rows, contents, said))
            bytes_read = 0
            waiting += islice(lines, max(0, len(some) - len(waiting)))
    except Exception:
        _send(told, None)  # the first process finds out by itself, and says so


def _serve_parts(
    program: Program, read: Read, decide: Decide, asked: IO[bytes], told: IO[bytes]
) -> None:
    """Answer once, while the first process is in its transaction: nothing of it can be read here until its end."""

    def hand_over(several: Sequence[Rows]) -> None:
        _send(told, Batch(ask.number, 0, 0, list(several), None, None, ends=False))

    bytes_read = 0

    def progress(more: int) -> None:
        nonlocal bytes_read
        bytes_read += more

    try:
        ask = _receive(asked)
        if ask is None:
            return
        program.ledger = Provisional(program.ledger, hand_over)
        some = list(islice(read(progress), ask.lines))
        said = decide(some, False)
        _send(told, Batch(ask.number, len(some), bytes_read, [], None, said))
    except Exception:
        _send(told, None)


def _send(to: IO[bytes], message: object) -> None:
    """Send a message. Where nobody is there to have it, nobody does: see `_receive`."""
    data = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
    left = memoryview(len(data).to_bytes(_LENGTH) + data)
    with suppress(BrokenPipeError):
        while left:
            left = left[to.write(left) :]


def _receive(back: IO[bytes]) -> Any:
    """Wait for a message; None where the other process is no longer there."""
    length = _read(back, _LENGTH)
    data = _read(back, int.from_bytes(length)) if length else b""
    return pickle.loads(data) if data else None  # noqa: S301 (from our own child, or parent)


def _read(back: IO[bytes], size: int) -> bytes:
    pieces = []
    while size and (piece := back.read(size)):
        pieces.append(piece)
        size -= len(piece)
    return b"" if size else b"".join(pieces)
