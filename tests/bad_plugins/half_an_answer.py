"""ANSWERS: forgets the memory."""

from collections.abc import Collection
from typing import Any, ClassVar

from attrs import frozen

from cmengine import Event, Goal, Met, hookimpl


@frozen(kw_only=True)
class HalfAnAnswer:
    kind: ClassVar[str] = "half_an_answer"

    def listens(self) -> Collection[str]:
        return ("visit",)

    def start(self) -> None:
        return None

    def step(self, memory: None, event: Event) -> Any:
        return Met(reason="visit")


@hookimpl
def register_goals() -> list[type[Goal[Any]]]:
    return [HalfAnAnswer]
