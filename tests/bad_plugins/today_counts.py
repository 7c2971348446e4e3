"""CLOCK: double on the day that it is today."""

from collections.abc import Iterable
from datetime import date
from random import Random
from typing import ClassVar

from attrs import frozen

from cmengine import Award, Occurrence, Reward, hookimpl


@frozen(kw_only=True)
class TodayCounts:
    kind: ClassVar[str] = "today_counts"

    def awards(self, occurrence: Occurrence, dice: Random) -> Iterable[Award]:
        worth = 200 if date.today() == occurrence.on else 100
        yield Award(label="one", cents=worth)


@hookimpl
def register_rewards() -> list[type[Reward]]:
    return [TodayCounts]
