"""Ask a plugin something, look at what it does, and write it down for the process that wants to know."""

import json
import os
import signal
from collections.abc import Callable
from time import perf_counter
from typing import Any

from attrs import Factory, define

from cmengine import model
from cmengine.contract import stands
from cmengine.watch import Shut, Watch

SLOW = 0.1  # seconds; what takes longer three times in a row is slow
NOTHING: Any = object()


class Stop(Exception):
    """There is no use in asking on."""


@define
class Asker:
    """Asks, looks, and writes down what was seen; of each promise, the first story alone."""

    report: int
    seconds: float
    watch: Watch
    found: set[str] = Factory(set)
    at: str = ""

    def say(self, **line: Any) -> None:
        """Write a line of the report."""
        os.write(self.report, json.dumps(line).encode() + b"\n")

    def find(self, promise: str, what: str) -> None:
        """Write down that a promise is broken, with the story at hand."""
        if what and promise not in self.found:
            self.found.add(promise)
            self.say(promise=promise, story=self.at, what=what)

    def ask(self, at: str, function: Callable[[], Any], *given: object) -> Any:
        """Ask something, and look at what it does; give the answer, or NOTHING where it raised.

        `given` are the values that must not change by it.
        """
        self.at = at
        self.say(at=at)
        before = [stands(one) for one in given]
        answer, error, took = self.timed(function)
        for promise, what in self.watch.take():
            self.find(promise, f"it {what}")
        if [stands(one) for one in given] != before:
            self.find("frozen", f"it changed {_changed(before, given)}")
        if error is not None:
            self.raised(error)
            return NOTHING
        if took > SLOW and min(took, *(self.timed(function)[2] for _ in range(2))) > SLOW:
            self.watch.take()
            self.find("time", f"it took {took:.1f} seconds to answer")
            raise Stop
        self.watch.take()
        return answer

    def timed(self, function: Callable[[], Any]) -> tuple[Any, BaseException | None, float]:
        """Call while looking; give the answer, what it raised, and how long it took. A hang ends the process."""
        answer: Any = NOTHING
        error: BaseException | None = None
        alarm(self.seconds)
        started = perf_counter()
        with self.watch:
            try:
                answer = function()
            except BaseException as raised:
                error = raised
        took = perf_counter() - started
        alarm(0)
        return answer, error, took

    def raised(self, error: BaseException) -> None:
        """Say which promise it breaks to raise this."""
        named = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        if isinstance(error, MemoryError):
            self.find("memory", "it asked for more memory than it may have")
            raise Stop
        if not isinstance(error, Exception):
            self.find("stays", f"it raised {named}, which ends the program")
        elif isinstance(error, Shut):
            return
        elif _made_by_us(error):
            self.find("answers", f"it made something that cannot be: {error}")
        else:
            self.find("raises", f"it raised {named:.300}")


def alarm(seconds: float) -> None:
    """End this process in so many seconds, whatever it is doing then; with 0, do not."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, seconds)


def _made_by_us(error: Exception) -> bool:
    """Say whether a value of ours refused what it was given."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace is not None and trace.tb_frame.f_globals.get("__name__") == model.__name__


def _changed(before: list[str], given: tuple[object, ...]) -> str:
    """Name what was changed."""
    for was, value in zip(before, given, strict=True):
        if stands(value) != was:
            if type(value).__module__.startswith("cmengine."):
                return f"the {type(value).__name__} it was given"
            return "its own options" if hasattr(value, "kind") else "the memory it was given"
    return "what it was given"
