"""RAISES: where an event has no value."""

from collections.abc import Collection
from typing import Any, ClassVar

from attrs import frozen

from cmengine import Event, Goal, Met, hookimpl


@frozen(kw_only=True)
class OnlyWords:
    kind: ClassVar[str] = "only_words"

    def listens(self) -> Collection[str]:
        return ("visit",)

    def start(self) -> None:
        return None

    def step(self, memory: None, event: Event) -> tuple[None, Met | None]:
        return None, Met(reason="yes") if event.value.lower() == "yes" else None  # type: ignore[union-attr]


@hookimpl
def register_goals() -> list[type[Goal[Any]]]:
    return [OnlyWords]
