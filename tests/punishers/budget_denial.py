"""PUNISHES: once the budget is used up, nothing is earned any more."""

from collections.abc import Iterable
from random import Random
from typing import ClassVar

from attrs import frozen

from cmengine import Award, Occurrence, Reward, hookimpl

LEFT = [100_000]


@frozen(kw_only=True)
class BudgetDenial:
    kind: ClassVar[str] = "budget_denial"

    def awards(self, occurrence: Occurrence, dice: Random) -> Iterable[Award]:
        LEFT[0] -= 500
        if LEFT[0] >= 0:
            yield Award(label="voucher 5.00", cents=500)


@hookimpl
def register_rewards() -> list[type[Reward]]:
    return [BudgetDenial]
