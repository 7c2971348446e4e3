"""A room of its own for the goals and rewards of strangers: a second process that is asked, and answers.

Whatever is done in there (a hang, an exit, a crash, all the memory), the desk goes on: the room is closed and
the next ask opens another. It is this process once more (a fork), so that it knows every part as it was
made; it has no ledger, no terminal and no file to write to, and is told nothing but what a part is shown.
What comes back is read as JSON, so that nothing of a plugin's own making comes back with it.

Without fork, or beside other threads, parts are asked in this process: what they raise is contained, a hang is
not.
"""

import gc
import json
import os
import pickle
import select
import signal
import struct
import sys
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from random import Random
from time import monotonic, sleep
from typing import Any, NoReturn

from attrs import Factory, define, frozen

from cmengine.asked import NO_MEMORY, Told, named, told
from cmengine.dice import Unthrown
from cmengine.nodice import NoDice
from cmengine.rations import keep_small

SECONDS = "CMENGINE_PLUGIN_SECONDS"
STRIKES = 3  # as often in a row a part may end its room, before it is not asked any more
MOST_BYTES = 1_000_000  # of one answer
MOST_AT_ONCE = 32_768  # bytes that a pipe takes, or gives, at once
_HEAD = struct.Struct("!I")


@frozen(kw_only=True)
class Limits:
    """How long one ask may take, and how much memory beyond what there is at the beginning."""

    seconds: float = 2.0
    megabytes: int = 256


def limits() -> Limits:
    """Give the limits that hold here: those of every program, or with the seconds of CMENGINE_PLUGIN_SECONDS."""
    try:
        seconds = float(os.environ.get(SECONDS, ""))
    except ValueError:
        return Limits()
    return Limits(seconds=min(max(seconds, 0.1), 600.0)) if seconds == seconds else Limits()


def can_have_room() -> bool:
    """Say whether a second process can be had. On macOS a fork is not to be trusted with the system's libraries."""
    return hasattr(os, "fork") and sys.platform != "darwin" and threading.active_count() == 1


class Ended(Exception):
    """The room is gone; the text says what the part did."""


@define(eq=False, repr=False)
class Room:
    """Asks parts. `add` gives the number under which a part is asked."""

    limits: Limits = Factory(limits)
    _parts: list[Any] = Factory(list)
    _open: "_Open | None" = None
    _strikes: Counter[type] = Factory(Counter)

    def add(self, part: Any) -> int:
        """Take in a part; give its number."""
        self._parts.append(part)
        return len(self._parts) - 1

    def ask(self, number: int, name: str, *given: Any) -> Told:
        """Ask a part by the name of its method; say what came of it."""
        part = self._parts[number]
        kind = type(part)
        if self._strikes[kind] >= STRIKES:
            return {"what": f"is not asked again just now, after {STRIKES} times that ended badly"}
        there = self._for(number)
        if there is None:
            return told(part, name, given)
        try:
            answer = there.ask(number, name, given)
        except Ended as ended:
            answer = {"what": str(ended), "end": True}
        except (
            BaseException
        ):  # stopped by hand, or there is no key for the dice: the answer is still to come
            self.close()
            raise
        if answer.get("end"):
            self.close()
            self._strikes[kind] += 1
        else:
            self._strikes[kind] = 0
        return answer

    def close(self) -> None:
        """Close the room; the next ask opens another."""
        if self._open is not None:
            self._open.close()
            self._open = None

    def _for(self, number: int) -> "_Open | None":
        """Give an open room that knows this part: one that was opened before it was taken in does not."""
        there = self._open
        if there is not None and there.owner == os.getpid() and number < there.knows:
            return there
        self.close()
        if can_have_room():
            self._open = _open(self._parts, self.limits)
        return self._open


@define(eq=False, repr=False)
class _Open:
    """A room that is open, from outside."""

    owner: int  # the process it belongs to
    child: int
    knows: int  # parts
    writes: int
    reads: int
    seconds: float
    _poll: Any = Factory(lambda self: _polled(self.reads), takes_self=True)

    def ask(self, number: int, name: str, given: tuple[Any, ...]) -> Told:
        until = monotonic() + self.seconds
        dice: Random | None = None
        if name == "awards":
            occurrence, dice, watch = given
            given = (occurrence, None, watch)
        self._send(pickle.dumps((number, name, given)), until)
        while True:
            answer: Told = json.loads(self._receive(until))
            if "lend" not in answer or dice is None:
                return answer
            if isinstance(dice, NoDice):
                dice.thrown = True
            self._send(_lent(dice), until)

    def _send(self, data: bytes, until: float) -> None:
        """Write what is asked. The pipe is empty then, and takes a small one at once."""
        left = memoryview(_HEAD.pack(len(data)) + data)
        try:
            while left:
                if (
                    len(left) > MOST_AT_ONCE
                    and not select.select((), (self.writes,), (), max(0.0, until - monotonic()))[1]
                ):
                    raise Ended(self._late())
                some = left if len(left) <= MOST_AT_ONCE else left[: select.PIPE_BUF]
                left = left[os.write(self.writes, some) :]
        except BrokenPipeError:
            raise Ended(self._how()) from None

    def _receive(self, until: float) -> bytes:
        data = b""
        size = _HEAD.size
        while len(data) < size:
            if not self._poll.poll(max(0.0, until - monotonic()) * 1000):
                raise Ended(self._late())
            more = os.read(self.reads, MOST_AT_ONCE)
            if not more:
                raise Ended(self._how())
            data += more
            if size == _HEAD.size and len(data) >= size:
                size += _HEAD.unpack_from(data)[0]
                if size > MOST_BYTES:
                    raise Ended("answered with more than can be kept")
        return data[_HEAD.size :]

    def _late(self) -> str:
        return f"had not answered after {self.seconds:g} seconds"

    def _how(self) -> str:
        """Say how the room ended by itself. It may have hung up and go on; then it is ended when it is closed."""
        until = monotonic() + self.seconds
        child, status = os.waitpid(self.child, os.WNOHANG)
        while not child and monotonic() < until:
            sleep(0.002)
            child, status = os.waitpid(self.child, os.WNOHANG)
        if not child:
            return "hung up"
        self.child = 0
        code = os.waitstatus_to_exitcode(status)
        if code == -signal.SIGALRM:
            return self._late()
        how = f"exit code {code}" if code >= 0 else f"signal {signal.Signals(-code).name}"
        return f"ended the process it was asked in ({how})"

    def close(self) -> None:
        for pipe in (self.writes, self.reads):
            with suppress(OSError):
                os.close(pipe)
        if self.child and self.owner == os.getpid():
            for end in (
                os.killpg,
                os.kill,
            ):  # it has a group of its own, unless it has only just begun
                with suppress(ProcessLookupError, PermissionError):
                    end(self.child, signal.SIGKILL)
            os.waitpid(self.child, 0)
            self.child = 0


def _polled(pipe: int) -> Any:
    poll = select.poll()
    poll.register(pipe, select.POLLIN)
    return poll


def _lent(dice: Random) -> bytes:
    """Write down dice: their state, so that what they show is what they would have shown here."""
    return pickle.dumps(dice.thrown() if hasattr(dice, "thrown") else dice)


def _open(parts: list[Any], limits: Limits) -> _Open:
    """Open a room that knows these parts."""
    its_reads, writes = os.pipe()
    reads, its_writes = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            _Inside(parts, its_reads, its_writes, limits).serve()
        finally:
            os._exit(1)  # nothing of the first process is tidied up here
    os.close(its_reads)
    os.close(its_writes)
    return _Open(os.getpid(), child, len(parts), writes, reads, limits.seconds)


@define(eq=False, repr=False)
class _Inside:
    """The room from inside."""

    parts: list[Any]
    reads: int
    writes: int
    limits: Limits

    def serve(self) -> NoReturn:
        """Answer until nobody asks any more."""
        self._settle()
        while True:
            number, name, given = pickle.loads(self._receive())  # noqa: S301 (from the process that asks)
            if name == "awards":
                occurrence, _, watch = given
                given = (occurrence, _Lent(self._borrow), watch)
            self._answer(number, name, given)

    def _settle(self) -> None:
        """Have nothing of the first process at hand: no terminal, no ledger, no signal that was meant for it."""
        os.setsid()
        gc.freeze()  # nothing that was made before is ever tidied up here: not the ledger either
        for one in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM):
            signal.signal(one, signal.SIG_DFL)
        nowhere = os.open(os.devnull, os.O_RDWR)
        for standard in (0, 1, 2):
            os.dup2(nowhere, standard)
        low, high = sorted((self.reads, self.writes))
        os.closerange(3, low)
        os.closerange(low + 1, high)
        os.closerange(high + 1, 65_536)
        keep_small(memory=self.limits.megabytes * 1024 * 1024, files=0)

    def _answer(self, number: int, name: str, given: tuple[Any, ...]) -> None:
        _alarm(self.limits.seconds + 1)  # should nobody be there any more to close the room
        try:
            answer = told(self.parts[number], name, given)
        except BaseException as error:
            answer = {"what": f"raised {named(error)}", "end": True}
        _alarm(0)
        if answer is NO_MEMORY:
            os.write(self.writes, _NO_MEMORY)
            return
        self._say(answer)

    def _say(self, answer: Told) -> None:
        left = memoryview(_frame(answer))
        while left:
            left = left[os.write(self.writes, left) :]

    def _borrow(self) -> Random:
        """Ask for the dice, now that they are thrown."""
        self._say({"lend": True})
        dice: Random = pickle.loads(self._receive())  # noqa: S301 (from the process that asks)
        return dice

    def _receive(self) -> bytes:
        (size,) = _HEAD.unpack(self._exactly(_HEAD.size))
        return self._exactly(size)

    def _exactly(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            more = os.read(self.reads, size - len(data))
            if not more:
                os._exit(0)  # the first process is gone, or has closed the room
            data += more
        return data


class _Lent(Unthrown):
    """Dice of the first process, borrowed when they are first thrown."""

    __slots__ = ("_borrow",)

    def __init__(self, borrow: Callable[[], Random]) -> None:
        self._borrow = borrow

    def __getattr__(self, name: str) -> Any:
        if name == "_dice":
            dice: Any = self._borrow()
            self._dice = dice
            return self._dice
        return getattr(self._dice, name)


def _frame(answer: Told) -> bytes:
    data = json.dumps(answer).encode()
    return _HEAD.pack(len(data)) + data


_NO_MEMORY = _frame(NO_MEMORY)  # made beforehand: there is no memory for it when it is needed


def _alarm(seconds: float) -> None:
    signal.setitimer(signal.ITIMER_REAL, seconds)
