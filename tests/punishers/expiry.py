"""PUNISHES: progress runs out thirty days after it was made."""

from collections.abc import Collection
from datetime import date
from typing import Any, ClassVar

from attrs import frozen

from cmengine import Event, Goal, Met, hookimpl


@frozen(kw_only=True)
class Expiry:
    kind: ClassVar[str] = "expiry"

    def listens(self) -> Collection[str]:
        return ("visit",)

    def start(self) -> tuple[date, ...]:
        return ()

    def step(self, memory: tuple[date, ...], event: Event) -> tuple[tuple[date, ...], Met | None]:
        valid = tuple(day for day in memory if abs((event.day - day).days) <= 30)
        return (*valid, event.day), Met(reason="three that have not run out") if len(
            valid
        ) >= 2 else None


@hookimpl
def register_goals() -> list[type[Goal[Any]]]:
    return [Expiry]
