"""FILES: writes down what it sees."""

from collections.abc import Collection
from typing import Any, ClassVar

from attrs import frozen

from cmengine import Event, Goal, Met, hookimpl


@frozen(kw_only=True)
class WritesADiary:
    kind: ClassVar[str] = "writes_a_diary"

    def listens(self) -> Collection[str]:
        return ("visit",)

    def start(self) -> None:
        return None

    def step(self, memory: None, event: Event) -> tuple[None, Met | None]:
        with open("diary.txt", "a") as file:  # noqa: PTH123
            file.write(event.kind)
        return None, Met(reason="visit")


@hookimpl
def register_goals() -> list[type[Goal[Any]]]:
    return [WritesADiary]
