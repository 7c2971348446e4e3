"""STAYS: GeneratorExit."""

from collections.abc import Iterable
from random import Random
from typing import ClassVar

from attrs import frozen

from cmengine import Award, Occurrence, Reward, hookimpl


@frozen(kw_only=True)
class GivesUp:
    kind: ClassVar[str] = "gives_up"

    def awards(self, occurrence: Occurrence, dice: Random) -> Iterable[Award]:
        yield Award(label="one")
        raise GeneratorExit


@hookimpl
def register_rewards() -> list[type[Reward]]:
    return [GivesUp]
