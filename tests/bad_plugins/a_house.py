"""ANSWERS: more money than there is."""

from collections.abc import Iterable
from random import Random
from typing import ClassVar

from attrs import frozen

from cmengine import Award, Occurrence, Reward, hookimpl


@frozen(kw_only=True)
class AHouse:
    kind: ClassVar[str] = "a_house"

    def awards(self, occurrence: Occurrence, dice: Random) -> Iterable[Award]:
        yield Award(label="a house", cents=10**30)


@hookimpl
def register_rewards() -> list[type[Reward]]:
    return [AHouse]
