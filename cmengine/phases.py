"""Ladders of several phases, one after the other. Pure, in whole cents."""

from collections.abc import Sequence

from attrs import field, frozen, validators

from cmengine.ladder import climb
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
