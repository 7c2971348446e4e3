"""A ladder in phases: so many times at this worth, then so many at that."""

from collections.abc import Iterable
from random import Random
from typing import ClassVar, Literal

from attrs import field, frozen

from cmengine import (
    Award,
    Occurrence,
    Phase,
    Reward,
    cents,
    dollars,
    hookimpl,
    phase_at,
    phase_worth,
)


def _optional_cents(text: object) -> int | None:
    return None if text is None else cents(text)


@frozen(kw_only=True)
class Ladder:
    """Goes through `phases` in order; after the last, `then` each time, or nothing more in money.

    It climbs with each time it happens (`each_time`), or with the calendar's slots (`by_calendar`); a
    slot pays once.
    """

    kind: ClassVar[str] = "ladder"

    phases: tuple[Phase, ...]
    then: int | None = field(default=None, converter=_optional_cents)
    climbs: Literal["each_time", "by_calendar"] = "each_time"

    def _rung(self, occurrence: Occurrence) -> int | None:
        return occurrence.slot if self.climbs == "by_calendar" else occurrence.ordinal

    def awards(self, occurrence: Occurrence, dice: Random) -> Iterable[Award]:
        rung = self._rung(occurrence)
        if rung is None:
            return
        found = phase_at(rung, self.phases)
        worth = phase_worth(*found) if found else self.then
        if worth is not None:
            yield Award(label=f"voucher {dollars(worth)}", cents=worth)

    def arithmetic(self, occurrence: Occurrence) -> str:
        rung = self._rung(occurrence)
        if rung is None:
            return ""
        found = phase_at(rung, self.phases)
        if found is None:
            return "" if self.then is None else dollars(self.then)
        phase, count = found
        if phase.start is None:
            return dollars(phase.worth or 0)
        return f"{dollars(phase.start)} + {(count - 1) // phase.every} x {dollars(phase.step or 0)}"


@hookimpl
def register_rewards() -> list[type[Reward]]:
    return [Ladder]
