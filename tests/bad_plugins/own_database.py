"""DATABASE: keeps a table of its own."""

import sqlite3
from collections.abc import Collection
from contextlib import closing
from typing import Any, ClassVar

from attrs import frozen

from cmengine import Event, Goal, Met, hookimpl


@frozen(kw_only=True)
class OwnDatabase:
    kind: ClassVar[str] = "own_database"

    def listens(self) -> Collection[str]:
        return ("visit",)

    def start(self) -> None:
        return None

    def step(self, memory: None, event: Event) -> tuple[None, Met | None]:
        with closing(sqlite3.connect(":memory:")) as found:
            found.execute("select 1")
        return None, Met(reason="visit")


@hookimpl
def register_goals() -> list[type[Goal[Any]]]:
    return [OwnDatabase]
