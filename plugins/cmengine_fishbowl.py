"""A prize bowl. Slips go back after each draw, so one draw never changes another's chances."""

from collections.abc import Iterable
from random import Random
from typing import ClassVar

from attrs import field, frozen, validators

from cmengine import Award, Occurrence, Reward, cents, dollars, hookimpl


def _optional_cents(text: object) -> int:
    return 0 if text is None else cents(text)


@frozen(kw_only=True)
class Slip:
    """`count` slips in the bowl that say `says`, for `worth` in money or an `item`; or words alone."""

    says: str
    count: int = field(validator=[validators.ge(1), validators.le(1_000_000)])
    worth: int = field(default=None, converter=_optional_cents)
    item: str | None = None

    def __attrs_post_init__(self) -> None:
        if self.worth and self.item:
            raise ValueError(f"the slip '{self.says}' has a worth and an item; give it one of them")


@frozen(kw_only=True)
class Fishbowl:
    """The first time gives `first_draws`, each further time `more_each_time` more, up to `most_draws`."""

    kind: ClassVar[str] = "fishbowl"

    slips: tuple[Slip, ...]
    first_draws: int = field(default=1, validator=validators.ge(1))
    more_each_time: int = field(default=0, validator=validators.ge(0))
    most_draws: int = field(default=100, validator=[validators.ge(1), validators.le(100)])

    def __attrs_post_init__(self) -> None:
        if self.most_draws < self.first_draws:
            raise ValueError(
                f"most_draws ({self.most_draws}) is fewer than first_draws ({self.first_draws});"
                " make it larger"
            )

    def _draws(self, occurrence: Occurrence) -> int:
        return min(
            self.first_draws + self.more_each_time * (occurrence.ordinal - 1), self.most_draws
        )

    def awards(self, occurrence: Occurrence, dice: Random) -> Iterable[Award]:
        counts = [slip.count for slip in self.slips]
        for slip in dice.choices(self.slips, weights=counts, k=self._draws(occurrence)):
            worth = f" {dollars(slip.worth)}" if slip.worth else ""
            yield Award(label=f"slip: {slip.says}{worth}", cents=slip.worth, item=slip.item)

    def promise(self, occurrence: Occurrence) -> str:
        draws = self._draws(occurrence)
        return "1 draw from the bowl" if draws == 1 else f"{draws} draws from the bowl"

    def odds(self, occurrence: Occurrence) -> tuple[int, tuple[tuple[int, int], ...]]:
        return self._draws(occurrence), tuple((slip.count, slip.worth) for slip in self.slips)


@hookimpl
def register_rewards() -> list[type[Reward]]:
    return [Fishbowl]
