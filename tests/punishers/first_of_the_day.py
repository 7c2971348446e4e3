"""PUNISHES: only the first of a day is looked at, and it must be large: an earlier small one takes its place."""

from collections.abc import Collection
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar

from attrs import frozen

from cmengine import Event, Goal, Met, hookimpl


@frozen(kw_only=True)
class FirstOfTheDay:
    kind: ClassVar[str] = "first_of_the_day"
    numeric: ClassVar[bool] = True

    def listens(self) -> Collection[str]:
        return ("reading",)

    def start(self) -> frozenset[date]:
        return frozenset()

    def step(self, memory: frozenset[date], event: Event) -> tuple[frozenset[date], Met | None]:
        if event.day in memory:
            return memory, None
        large = isinstance(event.value, Decimal) and event.value >= 5
        return memory | {event.day}, Met(reason="large") if large else None


@hookimpl
def register_goals() -> list[type[Goal[Any]]]:
    return [FirstOfTheDay]
