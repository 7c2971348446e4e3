"""ANSWERS: text instead of awards."""

from random import Random
from typing import Any, ClassVar

from attrs import frozen

from cmengine import Occurrence, Reward, hookimpl


@frozen(kw_only=True)
class InAWord:
    kind: ClassVar[str] = "in_a_word"

    def awards(self, occurrence: Occurrence, dice: Random) -> Any:
        return "2.50"


@hookimpl
def register_rewards() -> list[type[Reward]]:
    return [InAWord]
