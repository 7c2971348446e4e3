"""A reward: what a client gets each time."""

from collections.abc import Iterable
from random import Random
from typing import ClassVar

from attrs import field, frozen

from cmengine import Award, Occurrence, Reward, cents, dollars, hookimpl


@frozen(kw_only=True)
class NewReward:
    """Worth `worth`, each time."""

    kind: ClassVar[str] = "new_reward"

    worth: int = field(converter=cents)

    def awards(self, occurrence: Occurrence, dice: Random) -> Iterable[Award]:
        yield Award(label=f"voucher {dollars(self.worth)}", cents=self.worth)

    def arithmetic(self, occurrence: Occurrence) -> str:
        return dollars(self.worth)


@hookimpl
def register_rewards() -> list[type[Reward]]:
    return [NewReward]
