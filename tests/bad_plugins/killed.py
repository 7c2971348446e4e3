"""STAYS: a signal."""

import signal
from collections.abc import Collection
from typing import Any, ClassVar

from attrs import frozen

from cmengine import Event, Goal, Met, hookimpl


@frozen(kw_only=True)
class Killed:
    kind: ClassVar[str] = "killed"

    def listens(self) -> Collection[str]:
        return ("visit",)

    def start(self) -> None:
        return None

    def step(self, memory: None, event: Event) -> tuple[None, Met | None]:
        signal.raise_signal(signal.SIGKILL)
        return None, None


@hookimpl
def register_goals() -> list[type[Goal[Any]]]:
    return [Killed]
