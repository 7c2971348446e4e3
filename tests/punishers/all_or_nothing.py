"""PUNISHES: both samples of a day must be good: one that is not spoils the other."""

from collections.abc import Collection
from datetime import date
from typing import Any, ClassVar

from attrs import frozen

from cmengine import Event, Goal, Met, hookimpl


@frozen(kw_only=True)
class AllOrNothing:
    kind: ClassVar[str] = "all_or_nothing"

    def listens(self) -> Collection[str]:
        return ("visit", "setback")

    def start(self) -> frozenset[date]:
        return frozenset()

    def step(self, memory: frozenset[date], event: Event) -> tuple[frozenset[date], Met | None]:
        if event.kind == "setback":
            return memory | {event.day}, None
        return memory, None if event.day in memory else Met(reason="all good so far")


@hookimpl
def register_goals() -> list[type[Goal[Any]]]:
    return [AllOrNothing]
