"""CHANCE: new dice each time."""

from collections.abc import Iterable
from random import Random
from typing import ClassVar

from attrs import frozen

from cmengine import Award, Occurrence, Reward, hookimpl


@frozen(kw_only=True)
class Unseeded:
    kind: ClassVar[str] = "unseeded"

    def awards(self, occurrence: Occurrence, dice: Random) -> Iterable[Award]:
        yield Award(label="a draw", cents=Random().randint(1, 100))


@hookimpl
def register_rewards() -> list[type[Reward]]:
    return [Unseeded]
