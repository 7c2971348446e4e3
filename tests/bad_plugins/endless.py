"""ANSWERS: never comes to an end."""

from collections.abc import Iterable
from random import Random
from typing import ClassVar

from attrs import frozen

from cmengine import Award, Occurrence, Reward, hookimpl


@frozen(kw_only=True)
class Endless:
    kind: ClassVar[str] = "endless"

    def awards(self, occurrence: Occurrence, dice: Random) -> Iterable[Award]:
        while True:
            yield Award(label="more")


@hookimpl
def register_rewards() -> list[type[Reward]]:
    return [Endless]
