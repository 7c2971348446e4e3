"""A client's timeline under a rule, and which choice a day counts under. Pure."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from cmengine.model import Choice, Rule

RuleOf = Callable[[Choice], Rule]


class TimelineRow(NamedTuple):
    """A choice, changed, set aside or made again. `after_event` is the last event logged before that;
    `turn` orders it among choices and corrections.
    """

    choice: Choice
    after_event: int
    turn: int


class Correction(NamedTuple):
    """An event, by its place in the order of logging, that was marked as a mistake."""

    event: int
    after_event: int
    turn: int


Timelines = Mapping[str, Sequence[TimelineRow]]


def in_force(timeline: Sequence[TimelineRow], day: date) -> Choice | None:
    """Find the choice under which a day counts: the last row that begins by then, unless set aside."""
    for row in reversed(timeline):
        if row.choice.on <= day:
            return row.choice if row.choice.stands else None
    return None
