"""ANSWERS: True instead of Met."""

from collections.abc import Collection
from typing import Any, ClassVar

from attrs import frozen

from cmengine import Event, Goal, hookimpl


@frozen(kw_only=True)
class TrueInstead:
    kind: ClassVar[str] = "true_instead"

    def listens(self) -> Collection[str]:
        return ("visit",)

    def start(self) -> None:
        return None

    def step(self, memory: None, event: Event) -> Any:
        return None, True


@hookimpl
def register_goals() -> list[type[Goal[Any]]]:
    return [TrueInstead]
