"""Goals that count what happens: every one of these events, in a row or not."""

from collections.abc import Collection
from typing import Any, ClassVar

from attrs import frozen

from cmengine import Event, Goal, Met, hookimpl


@frozen(kw_only=True)
class AnyOf:
    """Met by any of `events`; with `values`, only where the event has one of these values."""

    kind: ClassVar[str] = "any_of"

    events: tuple[str, ...]
    values: tuple[str, ...] | None = None

    def listens(self) -> Collection[str]:
        return self.events

    def start(self) -> None:
        return None

    def step(self, memory: None, event: Event) -> tuple[None, Met | None]:
        if self.values is not None and event.value not in self.values:
            return None, None
        return None, Met(
            reason=event.kind if self.values is None else f"{event.kind} {event.value}"
        )


@hookimpl
def register_goals() -> list[type[Goal[Any]]]:
    return [AnyOf]
