"""PUNISHES: one stream of chance for everybody: another draw changes the next."""

from collections.abc import Iterable
from random import Random
from typing import ClassVar

from attrs import frozen

from cmengine import Award, Occurrence, Reward, hookimpl

STREAM = Random(7)


@frozen(kw_only=True)
class OneStream:
    kind: ClassVar[str] = "one_random_stream"

    def awards(self, occurrence: Occurrence, dice: Random) -> Iterable[Award]:
        worth = STREAM.randrange(500)
        yield Award(label=f"slip {worth}", cents=worth)


@hookimpl
def register_rewards() -> list[type[Reward]]:
    return [OneStream]
