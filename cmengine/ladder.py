"""Schedules as plain functions of a count. Pure, in whole cents.

A count is the number of times something happened, or a slot of a calendar; it starts at 1. Nothing
here can see a date, a gap or a setback, so nothing here can go back.
"""

from collections.abc import Sequence

from attrs import field, frozen, validators

from cmengine.money import cents


def _optional_cents(text: object) -> int | None:
    return None if text is None else cents(text)


@frozen(kw_only=True)
class Phase:
    """A stretch of a ladder: `times` rewards, all of one `worth`, or from `start` by `step`.

    `worth`, `start` and `step` are in cents. With `every = 2` each rung counts twice before the
    next.
    """

    times: int = field(validator=validators.ge(1))
    worth: int | None = field(default=None, converter=_optional_cents)
    start: int | None = field(default=None, converter=_optional_cents)
    step: int | None = field(default=None, converter=_optional_cents)
    every: int = field(default=1, validator=validators.ge(1))

    def __attrs_post_init__(self) -> None:
        if (self.worth is None) == (self.start is None):
            raise ValueError(
                "a phase has either a worth, or a start and a step; keep one of the two"
            )
        if self.worth is not None and self.step:
            raise ValueError("a phase with a worth has no step; write start instead of worth")


def climb(count: int, start: int, step: int, every: int = 1, cap: int | None = None) -> int:
    """Give the worth of the `count`-th time on a ladder that climbs by `step` every `every` times."""
    worth = start + step * ((count - 1) // every)
    return worth if cap is None else min(worth, cap)


def phase_at(count: int, phases: Sequence[Phase]) -> tuple[Phase, int] | None:
    """Find the phase that the `count`-th time falls in, and how many times into it; None after the last."""
    for phase in phases:
        if count <= phase.times:
            return phase, count
        count -= phase.times
    return None


def phase_worth(phase: Phase, count: int) -> int:
    """Give the worth of the `count`-th time within one phase, in cents."""
    if phase.worth is not None:
        return phase.worth
    return climb(count, phase.start or 0, phase.step or 0, phase.every)
