"""A fixed episode of scheduled slots, and which slot a day has reached. Pure."""

from collections.abc import Sequence
from datetime import date, timedelta

from attrs import frozen

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@frozen
class Span:
    """Some weeks with the same weekdays: Monday, Wednesday and Friday for twelve weeks, say."""

    days: frozenset[int]
    weeks: int


def slots_until(spans: Sequence[Span], first: date, day: date) -> int:
    """Count the slots that are scheduled from `first` up to and with `day`.

    The spans follow each other; the first begins on the day `first`, whatever weekday it is, and a
    span of w weeks is 7 * w days long.
    """
    count = 0
    begins = first
    for span in spans:
        ends = begins + timedelta(weeks=span.weeks)
        until = min(day + timedelta(days=1), ends)
        if until > begins:
            whole, rest = divmod((until - begins).days, 7)
            some = ((begins.weekday() + n) % 7 for n in range(rest))
            count += whole * len(span.days) + sum(weekday in span.days for weekday in some)
        begins = ends
    return count


def all_slots(spans: Sequence[Span]) -> int:
    """Count the slots of the whole episode."""
    return sum(span.weeks * len(span.days) for span in spans)
