"""PUNISHES: more than seven days away, and counting begins anew."""

from collections.abc import Collection
from datetime import date
from typing import Any, ClassVar

from attrs import frozen

from cmengine import Event, Goal, Met, hookimpl


@frozen(kw_only=True)
class SevenDayGap:
    kind: ClassVar[str] = "seven_day_gap"

    def listens(self) -> Collection[str]:
        return ("visit",)

    def start(self) -> tuple[date, int] | None:
        return None

    def step(
        self, memory: tuple[date, int] | None, event: Event
    ) -> tuple[tuple[date, int], Met | None]:
        near = memory is not None and abs((event.day - memory[0]).days) <= 7
        times = memory[1] + 1 if memory is not None and near else 1
        return (event.day, times), Met(reason="on a roll") if times >= 2 else None


@hookimpl
def register_goals() -> list[type[Goal[Any]]]:
    return [SevenDayGap]
