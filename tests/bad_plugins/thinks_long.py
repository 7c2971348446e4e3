"""TIME: slow."""

from collections.abc import Iterable
from random import Random
from typing import ClassVar

from attrs import frozen

from cmengine import Award, Occurrence, Reward, hookimpl


@frozen(kw_only=True)
class ThinksLong:
    kind: ClassVar[str] = "thinks_long"

    def awards(self, occurrence: Occurrence, dice: Random) -> Iterable[Award]:
        number = sum(range(20_000_000))
        yield Award(label="one", cents=number % 2)


@hookimpl
def register_rewards() -> list[type[Reward]]:
    return [ThinksLong]
