"""PUNISHES: a setback takes the climber back: three good ones in a row are needed again."""

from collections.abc import Collection
from typing import Any, ClassVar

from attrs import frozen

from cmengine import Event, Goal, Met, hookimpl


@frozen(kw_only=True)
class Reset:
    kind: ClassVar[str] = "reset"

    def listens(self) -> Collection[str]:
        return ("visit", "setback")

    def start(self) -> int:
        return 0

    def step(self, memory: int, event: Event) -> tuple[int, Met | None]:
        if event.kind == "setback":
            return 0, None
        return memory + 1, Met(reason="again") if memory >= 2 else None


@hookimpl
def register_goals() -> list[type[Goal[Any]]]:
    return [Reset]
