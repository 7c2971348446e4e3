"""PUNISHES: only every third good one in a row counts."""

from collections.abc import Collection
from typing import Any, ClassVar

from attrs import frozen

from cmengine import Event, Goal, Met, hookimpl


@frozen(kw_only=True)
class ConsecutiveBonus:
    kind: ClassVar[str] = "consecutive_bonus"

    def listens(self) -> Collection[str]:
        return ("visit", "setback")

    def start(self) -> int:
        return 0

    def step(self, memory: int, event: Event) -> tuple[int, Met | None]:
        if event.kind == "setback":
            return 0, None
        run = memory + 1
        return (0, Met(reason="three in a row")) if run == 3 else (run, None)


@hookimpl
def register_goals() -> list[type[Goal[Any]]]:
    return [ConsecutiveBonus]
