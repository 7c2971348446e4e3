"""A client's timeline under a rule, and which choice a day counts under. Pure."""

from collections.abc import Mapping, Sequence
from datetime import date

from attrs import frozen

from cmengine.model import Choice


@frozen
class TimelineRow:
    """A choice, changed, set aside or made again, and the last event logged before that."""

    choice: Choice
    after_event: int


Timelines = Mapping[str, Sequence[TimelineRow]]


def in_force(timeline: Sequence[TimelineRow], day: date) -> Choice | None:
    """Find the choice under which a day counts: the last row that begins by then, unless set aside."""
    for row in reversed(timeline):
        if row.choice.on <= day:
            return row.choice if row.choice.stands else None
    return None
