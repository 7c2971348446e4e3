"""PUNISHES: worth less from the second month on."""

from collections.abc import Iterable
from random import Random
from typing import ClassVar

from attrs import frozen

from cmengine import Award, Occurrence, Reward, hookimpl


@frozen(kw_only=True)
class LooksAtTheDate:
    kind: ClassVar[str] = "looks_at_the_date"

    def awards(self, occurrence: Occurrence, dice: Random) -> Iterable[Award]:
        worth = 500 if (occurrence.on.year, occurrence.on.month) <= (2026, 1) else 100
        yield Award(label="voucher", cents=worth)


@hookimpl
def register_rewards() -> list[type[Reward]]:
    return [LooksAtTheDate]
