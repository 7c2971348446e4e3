"""FROZEN: counts on its own."""

from collections.abc import Iterable
from random import Random
from typing import ClassVar

from attrs import field, frozen

from cmengine import Award, Occurrence, Reward, hookimpl


@frozen(kw_only=True)
class CountsItself:
    kind: ClassVar[str] = "counts_itself"

    seen: list[int] = field(factory=list, init=False)

    def awards(self, occurrence: Occurrence, dice: Random) -> Iterable[Award]:
        self.seen.append(1)
        yield Award(label="one", cents=100)


@hookimpl
def register_rewards() -> list[type[Reward]]:
    return [CountsItself]
