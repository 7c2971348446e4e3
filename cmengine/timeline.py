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


def first_day(timeline: Sequence[TimelineRow]) -> date:
    """Give the day on which a rule was first chosen: one that was written down later may be earlier."""
    return min(row.choice.on for row in timeline)


def since_rest(timeline: Sequence[TimelineRow]) -> Sequence[TimelineRow]:
    """Give the rows since a goal was set aside last; all where it never was, none where it is just now."""
    rests = [n for n, row in enumerate(timeline) if not row.choice.stands]
    return timeline[rests[-1] + 1 :] if rests else timeline


def going_on(timeline: Sequence[TimelineRow]) -> Sequence[TimelineRow]:
    """Give the rows under which a goal that stands goes on, its first day first.

    Rows before the last one with that first day are under no day any more.
    """
    rows = since_rest(timeline)
    first = first_day(rows)
    return rows[max(n for n, row in enumerate(rows) if row.choice.on == first) :]
