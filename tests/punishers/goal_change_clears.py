"""PUNISHES: a changed mind clears what was done."""

from collections.abc import Collection
from typing import Any, ClassVar

from attrs import frozen

from cmengine import Event, Goal, Met, hookimpl


@frozen(kw_only=True)
class GoalChangeClears:
    kind: ClassVar[str] = "goal_change_clears"

    def listens(self) -> Collection[str]:
        return ("visit", "goal_changed")

    def start(self) -> int:
        return 0

    def step(self, memory: int, event: Event) -> tuple[int, Met | None]:
        if event.kind == "goal_changed":
            return 0, None
        return memory + 1, Met(reason="second or later") if memory >= 1 else None


@hookimpl
def register_goals() -> list[type[Goal[Any]]]:
    return [GoalChangeClears]
