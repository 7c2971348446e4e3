"""CLOCK: counts in the year that it is now."""

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any, ClassVar

from attrs import frozen

from cmengine import Event, Goal, Met, hookimpl


@frozen(kw_only=True)
class ThisYear:
    kind: ClassVar[str] = "this_year"

    def listens(self) -> Collection[str]:
        return ("visit",)

    def start(self) -> None:
        return None

    def step(self, memory: None, event: Event) -> tuple[None, Met | None]:
        return None, Met(reason="visit") if datetime.now(UTC).year > 2000 else None


@hookimpl
def register_goals() -> list[type[Goal[Any]]]:
    return [ThisYear]
