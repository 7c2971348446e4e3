"""GROWTH: looks at all that it has ever seen."""

from collections.abc import Collection
from typing import Any, ClassVar

from attrs import frozen

from cmengine import Event, Goal, Met, hookimpl


@frozen(kw_only=True)
class EverSlower:
    kind: ClassVar[str] = "ever_slower"

    def listens(self) -> Collection[str]:
        return ("visit",)

    def start(self) -> int:
        return 0

    def step(self, memory: int, event: Event) -> tuple[int, Met | None]:
        count = memory + 1
        sum(range(3 * count))
        return count, Met(reason="visit")


@hookimpl
def register_goals() -> list[type[Goal[Any]]]:
    return [EverSlower]
