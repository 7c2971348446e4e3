"""CHANCE: a new name each time."""

import uuid
from collections.abc import Collection
from typing import Any, ClassVar

from attrs import frozen

from cmengine import Event, Goal, Met, hookimpl


@frozen(kw_only=True)
class ANewName:
    kind: ClassVar[str] = "a_new_name"

    def listens(self) -> Collection[str]:
        return ("visit",)

    def start(self) -> None:
        return None

    def step(self, memory: None, event: Event) -> tuple[None, Met | None]:
        return None, Met(reason=str(uuid.uuid4()))


@hookimpl
def register_goals() -> list[type[Goal[Any]]]:
    return [ANewName]
