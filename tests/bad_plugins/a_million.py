"""ANSWERS: a million awards."""

from collections.abc import Iterable
from random import Random
from typing import ClassVar

from attrs import frozen

from cmengine import Award, Occurrence, Reward, hookimpl


@frozen(kw_only=True)
class AMillion:
    kind: ClassVar[str] = "a_million"

    def awards(self, occurrence: Occurrence, dice: Random) -> Iterable[Award]:
        return [Award(label="one", cents=1)] * 1_000_000


@hookimpl
def register_rewards() -> list[type[Reward]]:
    return [AMillion]
