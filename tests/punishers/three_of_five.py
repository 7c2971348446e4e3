"""PUNISHES: three good ones among the last five entries; any entry pushes one out."""

from collections.abc import Collection
from typing import Any, ClassVar

from attrs import frozen

from cmengine import Event, Goal, Met, hookimpl


@frozen(kw_only=True)
class ThreeOfFive:
    kind: ClassVar[str] = "three_of_five"

    def listens(self) -> Collection[str]:
        return ("visit", "setback")

    def start(self) -> tuple[bool, ...]:
        return ()

    def step(self, memory: tuple[bool, ...], event: Event) -> tuple[tuple[bool, ...], Met | None]:
        last = (*memory, event.kind == "visit")[-5:]
        return last, Met(reason="three of five") if event.kind == "visit" and sum(
            last
        ) >= 3 else None


@hookimpl
def register_goals() -> list[type[Goal[Any]]]:
    return [ThreeOfFive]
