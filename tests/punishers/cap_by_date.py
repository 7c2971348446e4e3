"""PUNISHES: a cap of two is filled in the order of dates, so a late entry takes a later one's place for good."""

from collections.abc import Collection
from datetime import date
from typing import Any, ClassVar

from attrs import frozen

from cmengine import Event, Goal, Met, hookimpl


@frozen(kw_only=True)
class CapByDate:
    kind: ClassVar[str] = "cap_by_date"

    def listens(self) -> Collection[str]:
        return ("visit", "long_visit")

    def start(self) -> tuple[date, ...]:
        return ()

    def step(self, memory: tuple[date, ...], event: Event) -> tuple[tuple[date, ...], Met | None]:
        filled = tuple(sorted((*memory, event.day)))[:2]
        counts = event.kind == "long_visit" and event.day in filled
        return filled, Met(reason="within the cap") if counts else None


@hookimpl
def register_goals() -> list[type[Goal[Any]]]:
    return [CapByDate]
