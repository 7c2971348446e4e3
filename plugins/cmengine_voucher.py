"""Vouchers: of the same worth every time, climbing, or for every third (or n-th) time."""

from collections.abc import Iterable
from random import Random
from typing import ClassVar, Literal

from attrs import field, frozen, validators

from cmengine import Award, Occurrence, Reward, cents, climb, dollars, hookimpl


def _optional_cents(text: object) -> int | None:
    return None if text is None else cents(text)


@frozen(kw_only=True)
class FixedVoucher:
    """Worth `worth`, every time."""

    kind: ClassVar[str] = "fixed_voucher"

    worth: int = field(converter=cents)

    def awards(self, occurrence: Occurrence, dice: Random) -> Iterable[Award]:
        yield Award(label=f"voucher {dollars(self.worth)}", cents=self.worth)

    def arithmetic(self, occurrence: Occurrence) -> str:
        return dollars(self.worth)


@frozen(kw_only=True)
class EscalatingVoucher:
    """Worth `start`, and `step` more with every `every` times, up to `cap`.

    It climbs with each time it happens (`each_time`), or with the calendar's slots (`by_calendar`); a
    slot pays once.
    """

    kind: ClassVar[str] = "escalating_voucher"

    start: int = field(converter=cents)
    step: int = field(converter=cents)
    every: int = field(default=1, validator=validators.ge(1))
    cap: int | None = field(default=None, converter=_optional_cents)
    climbs: Literal["each_time", "by_calendar"] = "each_time"

    def __attrs_post_init__(self) -> None:
        if self.cap is not None and self.cap < self.start:
            raise ValueError(
                f"cap ({dollars(self.cap)}) is below start ({dollars(self.start)}); make it larger"
            )

    def _rung(self, occurrence: Occurrence) -> int | None:
        return occurrence.slot if self.climbs == "by_calendar" else occurrence.ordinal

    def awards(self, occurrence: Occurrence, dice: Random) -> Iterable[Award]:
        rung = self._rung(occurrence)
        if rung is not None:
            worth = climb(rung, self.start, self.step, self.every, self.cap)
            yield Award(label=f"voucher {dollars(worth)}", cents=worth)

    def arithmetic(self, occurrence: Occurrence) -> str:
        rung = self._rung(occurrence)
        if rung is None:
            return ""
        climbed = (rung - 1) // self.every
        text = f"{dollars(self.start)} + {climbed} x {dollars(self.step)}"
        capped = self.cap is not None and self.start + climbed * self.step > self.cap
        return f"{dollars(self.cap or 0)}, the most ({text} would be more)" if capped else text


@frozen(kw_only=True)
class EveryNth:
    """Worth `worth` at every `every`-th time ever, in a row or not; with `times`, so many of them."""

    kind: ClassVar[str] = "every_nth"

    every: int = field(validator=validators.ge(1))
    worth: int = field(converter=cents)
    times: int | None = field(default=None, validator=validators.optional(validators.ge(1)))

    def awards(self, occurrence: Occurrence, dice: Random) -> Iterable[Award]:
        bonus, rest = divmod(occurrence.ordinal, self.every)
        if rest == 0 and (self.times is None or bonus <= self.times):
            yield Award(label=f"bonus {dollars(self.worth)}", cents=self.worth)

    def arithmetic(self, occurrence: Occurrence) -> str:
        return dollars(self.worth)


@hookimpl
def register_rewards() -> list[type[Reward]]:
    return [FixedVoucher, EscalatingVoucher, EveryNth]
