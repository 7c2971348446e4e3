"""ANSWERS: takes something away, past the type."""

from collections.abc import Iterable
from random import Random
from typing import ClassVar

from attrs import frozen

from cmengine import Award, Occurrence, Reward, hookimpl


@frozen(kw_only=True)
class AFineByForce:
    kind: ClassVar[str] = "a_fine_by_force"

    def awards(self, occurrence: Occurrence, dice: Random) -> Iterable[Award]:
        taken = Award(label="a fine")
        object.__setattr__(taken, "cents", -1)
        yield taken


@hookimpl
def register_rewards() -> list[type[Reward]]:
    return [AFineByForce]
