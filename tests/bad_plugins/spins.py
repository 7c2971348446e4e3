"""TIME: goes round and round."""

from collections.abc import Collection
from typing import Any, ClassVar

from attrs import frozen

from cmengine import Event, Goal, Met, hookimpl


@frozen(kw_only=True)
class Spins:
    kind: ClassVar[str] = "spins"

    def listens(self) -> Collection[str]:
        return ("visit",)

    def start(self) -> None:
        return None

    def step(self, memory: None, event: Event) -> tuple[None, Met | None]:
        while True:
            pass


@hookimpl
def register_goals() -> list[type[Goal[Any]]]:
    return [Spins]
