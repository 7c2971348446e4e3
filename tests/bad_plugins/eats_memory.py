"""MEMORY: wants ever more of it."""

from collections.abc import Collection
from typing import Any, ClassVar

from attrs import frozen

from cmengine import Event, Goal, Met, hookimpl


@frozen(kw_only=True)
class EatsMemory:
    kind: ClassVar[str] = "eats_memory"

    def listens(self) -> Collection[str]:
        return ("visit",)

    def start(self) -> None:
        return None

    def step(self, memory: None, event: Event) -> tuple[None, Met | None]:
        eaten = []
        while True:
            eaten.append(bytearray(10_000_000))


@hookimpl
def register_goals() -> list[type[Goal[Any]]]:
    return [EatsMemory]
