"""ANSWERS: takes something away."""

from collections.abc import Iterable
from random import Random
from typing import ClassVar

from attrs import frozen

from cmengine import Award, Occurrence, Reward, hookimpl


@frozen(kw_only=True)
class AFine:
    kind: ClassVar[str] = "a_fine"

    def awards(self, occurrence: Occurrence, dice: Random) -> Iterable[Award]:
        yield Award(label="a fine", cents=-1)


@hookimpl
def register_rewards() -> list[type[Reward]]:
    return [AFine]
