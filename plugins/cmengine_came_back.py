"""A goal for coming back after a while. Nothing is asked about the time between."""

from collections.abc import Collection
from datetime import date
from typing import Any, ClassVar

from attrs import field, frozen, validators

from cmengine import Event, Goal, Met, hookimpl


@frozen(kw_only=True)
class CameBack:
    """Met by one of `events` where the latest such day on record is at least `after_days` earlier.

    Other kinds of event in the gap change nothing, so an honest word in the middle costs nothing. The
    first ever is no return. `beside` names the rule under which an ordinary visit earns: the welcome
    may be worth at most what the least of those does, so that it never pays to stay away.
    """

    kind: ClassVar[str] = "came_back"

    events: tuple[str, ...]
    after_days: int = field(validator=validators.ge(1))
    beside: str

    def listens(self) -> Collection[str]:
        return self.events

    def start(self) -> date | None:
        return None

    def step(self, memory: date | None, event: Event) -> tuple[date | None, Met | None]:
        if memory is None:
            return event.day, None
        if event.day <= memory:
            return memory, None
        gap = (event.day - memory).days
        met = Met(reason=f"{event.kind} after {gap} days") if gap >= self.after_days else None
        return event.day, met


@hookimpl
def register_goals() -> list[type[Goal[Any]]]:
    return [CameBack]
