"""ANSWERS: a float."""

from collections.abc import Iterable
from random import Random
from typing import ClassVar

from attrs import frozen

from cmengine import Award, Occurrence, Reward, hookimpl


@frozen(kw_only=True)
class HalfACent:
    kind: ClassVar[str] = "half_a_cent"

    def awards(self, occurrence: Occurrence, dice: Random) -> Iterable[Award]:
        yield Award(label="half", cents=0.5)  # type: ignore[arg-type]


@hookimpl
def register_rewards() -> list[type[Reward]]:
    return [HalfACent]
