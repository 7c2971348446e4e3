"""CHANCE: asks the machine for chance."""

import secrets
from collections.abc import Iterable
from random import Random
from typing import ClassVar

from attrs import frozen

from cmengine import Award, Occurrence, Reward, hookimpl


@frozen(kw_only=True)
class FromTheMachine:
    kind: ClassVar[str] = "from_the_machine"

    def awards(self, occurrence: Occurrence, dice: Random) -> Iterable[Award]:
        yield Award(label="a draw", cents=secrets.randbelow(100))


@hookimpl
def register_rewards() -> list[type[Reward]]:
    return [FromTheMachine]
