"""PUNISHES: worth what the event says, so a small one that takes the day's place costs the large one."""

from collections.abc import Iterable
from random import Random
from typing import ClassVar

from attrs import frozen

from cmengine import Award, Occurrence, Reward, hookimpl


@frozen(kw_only=True)
class PaysByAmount:
    kind: ClassVar[str] = "pays_by_amount"

    def awards(self, occurrence: Occurrence, dice: Random) -> Iterable[Award]:
        yield Award(label="voucher", cents=int(occurrence.value or 0) * 100)


@hookimpl
def register_rewards() -> list[type[Reward]]:
    return [PaysByAmount]
