"""SAME: goes by the order of a set."""

from collections.abc import Iterable
from random import Random
from typing import ClassVar

from attrs import frozen

from cmengine import Award, Occurrence, Reward, hookimpl


@frozen(kw_only=True)
class BySetOrder:
    kind: ClassVar[str] = "by_set_order"

    def awards(self, occurrence: Occurrence, dice: Random) -> Iterable[Award]:
        words = {f"slip {n}" for n in range(30)}
        yield Award(label=next(iter(words)))


@hookimpl
def register_rewards() -> list[type[Reward]]:
    return [BySetOrder]
