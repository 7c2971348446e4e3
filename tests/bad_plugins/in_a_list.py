"""ANSWERS: a memory that can change."""

from collections.abc import Collection
from typing import Any, ClassVar

from attrs import frozen

from cmengine import Event, Goal, Met, hookimpl


@frozen(kw_only=True)
class InAList:
    kind: ClassVar[str] = "in_a_list"

    def listens(self) -> Collection[str]:
        return ("visit",)

    def start(self) -> list[int]:
        return []

    def step(self, memory: list[int], event: Event) -> tuple[list[int], Met | None]:
        return [*memory[-3:], 1], Met(reason="visit")


@hookimpl
def register_goals() -> list[type[Goal[Any]]]:
    return [InAList]
