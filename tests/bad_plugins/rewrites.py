"""FROZEN: moves the event to another day."""

from collections.abc import Collection
from typing import Any, ClassVar

from attrs import frozen

from cmengine import Event, Goal, Met, hookimpl


@frozen(kw_only=True)
class Rewrites:
    kind: ClassVar[str] = "rewrites"

    def listens(self) -> Collection[str]:
        return ("visit",)

    def start(self) -> None:
        return None

    def step(self, memory: None, event: Event) -> tuple[None, Met | None]:
        object.__setattr__(event, "value", "mine")
        return None, Met(reason="visit")


@hookimpl
def register_goals() -> list[type[Goal[Any]]]:
    return [Rewrites]
