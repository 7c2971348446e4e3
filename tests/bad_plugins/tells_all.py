"""MACHINE: prints what it gives."""

from collections.abc import Iterable
from random import Random
from typing import ClassVar

from attrs import frozen

from cmengine import Award, Occurrence, Reward, hookimpl


@frozen(kw_only=True)
class TellsAll:
    kind: ClassVar[str] = "tells_all"

    def awards(self, occurrence: Occurrence, dice: Random) -> Iterable[Award]:
        print(occurrence)
        yield Award(label="one", cents=100)


@hookimpl
def register_rewards() -> list[type[Reward]]:
    return [TellsAll]
