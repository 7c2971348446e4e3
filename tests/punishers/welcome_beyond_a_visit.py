"""PUNISHES: staying away for two weeks earns; coming in meanwhile earns nothing."""

from collections.abc import Collection
from datetime import date
from typing import Any, ClassVar

from attrs import frozen

from cmengine import Event, Goal, Met, hookimpl


@frozen(kw_only=True)
class WelcomeBeyondAVisit:
    kind: ClassVar[str] = "welcome_beyond_a_visit"

    def listens(self) -> Collection[str]:
        return ("visit",)

    def start(self) -> date | None:
        return None

    def step(self, memory: date | None, event: Event) -> tuple[date | None, Met | None]:
        if memory is None or event.day <= memory:
            return memory or event.day, None
        return event.day, Met(reason="back after a while") if (
            event.day - memory
        ).days >= 14 else None


@hookimpl
def register_goals() -> list[type[Goal[Any]]]:
    return [WelcomeBeyondAVisit]
