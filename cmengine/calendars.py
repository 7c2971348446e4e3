"""The calendar of a rule file: tables of weekdays and weeks, read as a fixed episode of slots. Pure."""

from collections.abc import Mapping
from typing import Any

import attrs
from attrs import field, frozen

from cmengine.errors import Mistake, did_you_mean
from cmengine.options import Place, read_options
from cmengine.slots import WEEKDAYS, Span


@frozen(kw_only=True, eq=False, repr=False)
class SpanTable:
    days: tuple[str, ...]
    weeks: int = field(validator=[attrs.validators.ge(1), attrs.validators.le(520)])


def read_calendar(spans: Any, place: Place) -> tuple[tuple[Span, ...], list[Mistake]]:
    """Read the tables of a calendar; give its spans, and every mistake."""
    if not isinstance(spans, list) or not all(isinstance(one, Mapping) for one in spans):
        todo = "begin each with [[rule.calendar]], in double brackets"
        return (), [place.wrong("calendar must be a list of tables", todo)]
    built, mistakes = [], []
    for n, table in enumerate(spans):
        here = place.at(n)
        span, wrong = read_options(SpanTable, table, here, called="calendar")
        mistakes += wrong
        if span is None:
            continue
        bad = [day for day in span.days if day not in WEEKDAYS]
        mistakes += [
            here.at("days").wrong(f"days: '{day}' is not a weekday", did_you_mean(day, WEEKDAYS))
            for day in bad
        ]
        if not bad:
            built.append(Span(frozenset(WEEKDAYS.index(day) for day in span.days), span.weeks))
    return tuple(built), mistakes
