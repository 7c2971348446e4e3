"""PUNISHES: at most two count in a calendar month, so a gap can push one over the cap."""

from collections.abc import Collection
from typing import Any, ClassVar

from attrs import frozen

from cmengine import Event, Goal, Met, hookimpl


@frozen(kw_only=True)
class MonthlyCap:
    kind: ClassVar[str] = "monthly_cap"

    def listens(self) -> Collection[str]:
        return ("visit",)

    def start(self) -> tuple[tuple[int, int], ...]:
        return ()

    def step(
        self, memory: tuple[tuple[int, int], ...], event: Event
    ) -> tuple[tuple[tuple[int, int], ...], Met | None]:
        month = (event.day.year, event.day.month)
        if memory.count(month) >= 2:
            return memory, None
        return (*memory, month), Met(reason="within the month's cap")


@hookimpl
def register_goals() -> list[type[Goal[Any]]]:
    return [MonthlyCap]
