"""PUNISHES: the date is part of the key of the draw, so correcting a date draws again."""

from collections.abc import Iterable
from random import Random
from typing import ClassVar

from attrs import frozen

from cmengine import Award, Occurrence, Reward, hookimpl


@frozen(kw_only=True)
class DateInTheDraw:
    kind: ClassVar[str] = "date_in_the_draw"

    def awards(self, occurrence: Occurrence, dice: Random) -> Iterable[Award]:
        worth = Random(f"{dice.random()} {occurrence.on}").randrange(500)
        yield Award(label=f"slip {worth}", cents=worth)


@hookimpl
def register_rewards() -> list[type[Reward]]:
    return [DateInTheDraw]
