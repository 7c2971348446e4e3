"""SAME: goes by Python's hashes."""

from collections.abc import Iterable
from random import Random
from typing import ClassVar

from attrs import frozen

from cmengine import Award, Occurrence, Reward, hookimpl


@frozen(kw_only=True)
class ByHash:
    kind: ClassVar[str] = "by_hash"

    def awards(self, occurrence: Occurrence, dice: Random) -> Iterable[Award]:
        yield Award(label="one", cents=hash(occurrence.rule) % 1000)


@hookimpl
def register_rewards() -> list[type[Reward]]:
    return [ByHash]
