"""CHANCE: dice of its own."""

import random
from collections.abc import Iterable
from random import Random
from typing import ClassVar

from attrs import frozen

from cmengine import Award, Occurrence, Reward, hookimpl


@frozen(kw_only=True)
class OwnDice:
    kind: ClassVar[str] = "own_dice"

    def awards(self, occurrence: Occurrence, dice: Random) -> Iterable[Award]:
        yield Award(label="a draw", cents=random.randint(1, 100))


@hookimpl
def register_rewards() -> list[type[Reward]]:
    return [OwnDice]
