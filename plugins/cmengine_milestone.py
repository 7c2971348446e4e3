"""Goals that are met once: a first time, or each of a client's own small steps."""

from collections.abc import Collection
from typing import Any, ClassVar

from attrs import frozen

from cmengine import Event, Goal, Met, did_you_mean, hookimpl


@frozen(kw_only=True)
class FirstTime:
    """Met by the first of these `events`, whenever it comes."""

    kind: ClassVar[str] = "first_time"

    events: tuple[str, ...]

    def listens(self) -> Collection[str]:
        return self.events

    def start(self) -> bool:
        return False

    def step(self, memory: bool, event: Event) -> tuple[bool, Met | None]:
        return True, None if memory else Met(reason=f"{event.kind}, for the first time")

    def finished(self, memory: bool) -> bool:
        return memory


@frozen(kw_only=True)
class Steps:
    """Met by each of the client's own `steps`, in any order, each once.

    The value of `event` says which step it was; capitals and blanks make no difference. What is to
    come when all are done is an `every_nth`.
    """

    kind: ClassVar[str] = "steps"

    event: str
    steps: tuple[str, ...]

    def listens(self) -> Collection[str]:
        return (self.event,)

    def start(self) -> frozenset[str]:
        return frozenset()

    def step(self, memory: frozenset[str], event: Event) -> tuple[frozenset[str], Met | None]:
        done = _plain(str(event.value))
        meant = next((step for step in self.steps if _plain(step) == done), None)
        if meant is None or done in memory:
            return memory, None
        return memory | {done}, Met(reason=meant)

    def finished(self, memory: frozenset[str]) -> bool:
        return memory.issuperset(map(_plain, self.steps))

    def hint(self, event: Event) -> str:
        if _plain(str(event.value)) in map(_plain, self.steps):
            return ""
        return (
            f"'{event.value}' is none of these steps; {did_you_mean(str(event.value), self.steps)}"
        )


def _plain(words: str) -> str:
    return " ".join(words.split()).casefold()


@hookimpl
def register_goals() -> list[type[Goal[Any]]]:
    return [FirstTime, Steps]
