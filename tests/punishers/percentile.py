"""PUNISHES: better than the second lowest of the last four readings: a good reading raises the bar."""

from collections.abc import Collection
from decimal import Decimal
from typing import Any, ClassVar

from attrs import frozen

from cmengine import Event, Goal, Met, hookimpl


@frozen(kw_only=True)
class Percentile:
    kind: ClassVar[str] = "percentile"
    numeric: ClassVar[bool] = True

    def listens(self) -> Collection[str]:
        return ("reading",)

    def start(self) -> tuple[Decimal, ...]:
        return ()

    def step(
        self, memory: tuple[Decimal, ...], event: Event
    ) -> tuple[tuple[Decimal, ...], Met | None]:
        reading = event.value if isinstance(event.value, Decimal) else Decimal(0)
        met = len(memory) < 4 or reading <= sorted(memory)[1]
        return (*memory, reading)[-4:], Met(reason="low enough") if met else None


@hookimpl
def register_goals() -> list[type[Goal[Any]]]:
    return [Percentile]
