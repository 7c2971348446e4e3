"""SAME: goes by what was asked before."""

from collections.abc import Iterable
from random import Random
from typing import ClassVar

from attrs import frozen

from cmengine import Award, Occurrence, Reward, hookimpl

_SEEN: list[int] = []


@frozen(kw_only=True)
class WhoWasFirst:
    kind: ClassVar[str] = "who_was_first"

    def awards(self, occurrence: Occurrence, dice: Random) -> Iterable[Award]:
        _SEEN.append(occurrence.ordinal)
        yield Award(label="first" if len(_SEEN) == 1 else "later")


@hookimpl
def register_rewards() -> list[type[Reward]]:
    return [WhoWasFirst]
