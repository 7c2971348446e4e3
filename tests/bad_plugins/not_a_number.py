"""ANSWERS: not a number."""

from collections.abc import Iterable
from random import Random
from typing import ClassVar

from attrs import frozen

from cmengine import Award, Occurrence, Reward, hookimpl


@frozen(kw_only=True)
class NotANumber:
    kind: ClassVar[str] = "not_a_number"

    def awards(self, occurrence: Occurrence, dice: Random) -> Iterable[Award]:
        yield Award(label="nan", cents=float("nan"))  # type: ignore[arg-type]


@hookimpl
def register_rewards() -> list[type[Reward]]:
    return [NotANumber]
