"""SAME: goes by the zone of the machine."""

from collections.abc import Collection
from typing import Any, ClassVar

from attrs import frozen

from cmengine import Event, Goal, Met, hookimpl


@frozen(kw_only=True)
class ByZone:
    kind: ClassVar[str] = "by_zone"

    def listens(self) -> Collection[str]:
        return ("visit",)

    def start(self) -> None:
        return None

    def step(self, memory: None, event: Event) -> tuple[None, Met | None]:
        met = 6 < event.at.astimezone().hour < 20
        return None, Met(reason="by day") if met else None


@hookimpl
def register_goals() -> list[type[Goal[Any]]]:
    return [ByZone]
