"""A goal: what counts as a positive change."""

from collections.abc import Collection
from typing import Any, ClassVar

from attrs import frozen

from cmengine import Event, Goal, Met, hookimpl


@frozen(kw_only=True)
class NewGoal:
    """Met by each `event`."""

    kind: ClassVar[str] = "new_goal"

    event: str

    def listens(self) -> Collection[str]:
        return (self.event,)

    def start(self) -> None:
        return None

    def step(self, memory: None, event: Event) -> tuple[None, Met | None]:
        return memory, Met(reason=event.kind)


@hookimpl
def register_goals() -> list[type[Goal[Any]]]:
    return [NewGoal]
