"""A prize bowl. Slips go back after each draw, so one draw never changes another's chances."""

from collections.abc import Iterable
from functools import cached_property
from random import Random
from typing import ClassVar

from attrs import field, frozen, validators

from cmengine import Award, Occurrence, Reward, cents, dollars, draw, hookimpl


def _optional_cents(text: object) -> int:
    return 0 if text is None else cents(text)


@frozen(kw_only=True)
class Slip:
    """`count` slips in the bowl that say `says`, for `worth` in money or an `item`; or words alone.

    A slip with an item gives the item; its worth only says what that is worth.
    """

    says: str
    count: int = field(validator=[validators.ge(1), validators.le(1_000_000)])
    worth: int = field(default=None, converter=_optional_cents)
    item: str | None = None

    @property
    def award(self) -> Award:
        """What such a slip gives."""
        if self.item is not None:
            return Award(label=f"slip: {self.says}", item=self.item)
        worth = f" {dollars(self.worth)}" if self.worth else ""
        return Award(label=f"slip: {self.says}{worth}", cents=self.worth)


@frozen(kw_only=True)
class Fishbowl:
    """The first time gives `first_draws`, each further time `more_each_time` more, up to `most_draws`.

    Where it is `certain`, nothing is left to chance: each draw is worth the average of the slips, rounded
    up to the cent, and what each thing in the bowl is worth has to be said.
    """

    kind: ClassVar[str] = "fishbowl"

    slips: tuple[Slip, ...]
    first_draws: int = field(default=1, validator=validators.ge(1))
    more_each_time: int = field(default=0, validator=validators.ge(0))
    most_draws: int = field(default=100, validator=[validators.ge(1), validators.le(100)])
    certain: bool = False

    def __attrs_post_init__(self) -> None:
        if self.most_draws < self.first_draws:
            raise ValueError(
                f"most_draws ({self.most_draws}) is fewer than first_draws ({self.first_draws});"
                " make it larger"
            )
        unknown = [slip for slip in self.slips if slip.item is not None and not slip.worth]
        if self.certain and unknown:
            raise ValueError(
                f"certain: what the slip '{unknown[0].says}' is worth is not known, so there is no"
                f" average; say what '{unknown[0].item}' is worth, with worth"
            )

    def _draws(self, occurrence: Occurrence) -> int:
        return min(
            self.first_draws + self.more_each_time * (occurrence.ordinal - 1), self.most_draws
        )

    @cached_property
    def _bowl(self) -> tuple[tuple[int, Award], ...]:
        """What is in the bowl: how many such slips, and what each gives."""
        return tuple((slip.count, slip.award) for slip in self.slips)

    @property
    def _average(self) -> int:
        """What a draw is worth on average, in cents, rounded up."""
        worth = sum(slip.count * slip.worth for slip in self.slips)
        return -(-worth // sum(slip.count for slip in self.slips))

    def awards(self, occurrence: Occurrence, dice: Random) -> Iterable[Award]:
        draws = self._draws(occurrence)
        if self.certain:
            worth = draws * self._average
            return [Award(label=f"certain {dollars(worth)}", cents=worth)]
        return [draw(self._bowl, dice) for _ in range(draws)]

    def promise(self, occurrence: Occurrence) -> str:
        draws = self._draws(occurrence)
        if self.certain:
            return f"certain {dollars(draws * self._average)}"
        return "1 draw from the bowl" if draws == 1 else f"{draws} draws from the bowl"

    def arithmetic(self, occurrence: Occurrence) -> str:
        draws = self._draws(occurrence)
        return f"{draws} x {dollars(self._average)}" if self.certain else ""

    def odds(self, occurrence: Occurrence) -> tuple[int, tuple[tuple[int, Award], ...]]:
        if self.certain:
            return 0, ()
        return self._draws(occurrence), self._bowl


@hookimpl
def register_rewards() -> list[type[Reward]]:
    return [Fishbowl]
