"""PUNISHES: only what is logged before five in the afternoon counts."""

from collections.abc import Collection
from typing import Any, ClassVar

from attrs import frozen

from cmengine import Event, Goal, Met, hookimpl


@frozen(kw_only=True)
class OfficeHours:
    kind: ClassVar[str] = "office_hours"

    def listens(self) -> Collection[str]:
        return ("visit",)

    def start(self) -> None:
        return None

    def step(self, memory: None, event: Event) -> tuple[None, Met | None]:
        return None, Met(reason="in time") if event.at.hour < 17 else None


@hookimpl
def register_goals() -> list[type[Goal[Any]]]:
    return [OfficeHours]
