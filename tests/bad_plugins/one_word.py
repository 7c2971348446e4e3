"""ANSWERS: listens to a word instead of a list."""

from typing import Any, ClassVar

from attrs import frozen

from cmengine import Event, Goal, Met, hookimpl


@frozen(kw_only=True)
class OneWord:
    kind: ClassVar[str] = "one_word"

    def listens(self) -> Any:
        return "visit"

    def start(self) -> None:
        return None

    def step(self, memory: None, event: Event) -> tuple[None, Met | None]:
        return None, Met(reason="visit")


@hookimpl
def register_goals() -> list[type[Goal[Any]]]:
    return [OneWord]
