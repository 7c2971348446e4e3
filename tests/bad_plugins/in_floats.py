"""ANSWERS: a memory that cannot be kept."""

from collections.abc import Collection
from typing import Any, ClassVar

from attrs import frozen

from cmengine import Event, Goal, Met, hookimpl


@frozen(kw_only=True)
class InFloats:
    kind: ClassVar[str] = "in_floats"

    def listens(self) -> Collection[str]:
        return ("visit",)

    def start(self) -> float:
        return 0.0

    def step(self, memory: float, event: Event) -> tuple[float, Met | None]:
        return memory + 0.5, Met(reason="visit")


@hookimpl
def register_goals() -> list[type[Goal[Any]]]:
    return [InFloats]
