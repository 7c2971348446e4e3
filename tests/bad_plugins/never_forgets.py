"""GROWTH: remembers every day."""

from collections.abc import Collection
from datetime import date
from typing import Any, ClassVar

from attrs import frozen

from cmengine import Event, Goal, Met, hookimpl


@frozen(kw_only=True)
class NeverForgets:
    kind: ClassVar[str] = "never_forgets"

    def listens(self) -> Collection[str]:
        return ("visit",)

    def start(self) -> tuple[date, ...]:
        return ()

    def step(self, memory: tuple[date, ...], event: Event) -> tuple[tuple[date, ...], Met | None]:
        return (*memory, event.day), Met(reason="visit")


@hookimpl
def register_goals() -> list[type[Goal[Any]]]:
    return [NeverForgets]
