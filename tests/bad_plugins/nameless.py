"""ANSWERS: an award without words."""

from collections.abc import Iterable
from random import Random
from typing import ClassVar

from attrs import frozen

from cmengine import Award, Occurrence, Reward, hookimpl


@frozen(kw_only=True)
class Nameless:
    kind: ClassVar[str] = "nameless"

    def awards(self, occurrence: Occurrence, dice: Random) -> Iterable[Award]:
        yield Award(label="")


@hookimpl
def register_rewards() -> list[type[Reward]]:
    return [Nameless]
