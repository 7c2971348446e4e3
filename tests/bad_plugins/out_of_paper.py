"""RAISES: always."""

from collections.abc import Iterable
from random import Random
from typing import ClassVar

from attrs import frozen

from cmengine import Award, Occurrence, Reward, hookimpl


@frozen(kw_only=True)
class OutOfPaper:
    kind: ClassVar[str] = "out_of_paper"

    def awards(self, occurrence: Occurrence, dice: Random) -> Iterable[Award]:
        raise RuntimeError("out of paper")


@hookimpl
def register_rewards() -> list[type[Reward]]:
    return [OutOfPaper]
