"""PUNISHES: after a mistake has been marked, the next real one pays for it."""

from collections.abc import Collection
from typing import Any, ClassVar

from attrs import frozen

from cmengine import Event, Goal, Met, hookimpl


@frozen(kw_only=True)
class Netting:
    kind: ClassVar[str] = "netting"

    def listens(self) -> Collection[str]:
        return ("visit", "correction")

    def start(self) -> int:
        return 0

    def step(self, memory: int, event: Event) -> tuple[int, Met | None]:
        if event.kind == "correction":
            return memory + 1, None
        return (memory - 1, None) if memory else (0, Met(reason="came in"))


@hookimpl
def register_goals() -> list[type[Goal[Any]]]:
    return [Netting]
