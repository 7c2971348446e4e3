"""A document of tables and charts, for a terminal or a page to show in their own way. Pure."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from attrs import frozen

from cmengine.hidden import MARK
from cmengine.money import dollars

Told = Mapping[str, Any]


@frozen
class Bar:
    """One bar of a chart: its name, its length, what is written at its end, and where a range begins and ends."""

    name: str
    length: float
    said: str
    low: float | None = None
    high: float | None = None


@frozen
class Chart:
    """Bars under a title, all to the same scale."""

    title: str
    bars: tuple[Bar, ...]


@frozen
class Table:
    """Rows of text under heads; the columns named in `numbers` hold numbers."""

    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: frozenset[int] = frozenset()


@frozen(kw_only=True)
class Section:
    """A part of a report: its title, what is said, the figures that it is made from, tables and charts."""

    title: str
    words: tuple[str, ...] = ()
    figures: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()
    charts: tuple[Chart, ...] = ()
    cites: tuple[str, ...] = ()


def day(text: str) -> str:
    """Write a day the way it is said: ``Mon 26 Jan 2026``."""
    on = date.fromisoformat(text)
    return f"{on:%a} {on.day} {on:%b %Y}"


def table(title: str, heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> Table:
    numbers = frozenset(
        n
        for n in range(1, len(heads))
        if rows and all(row[n] in ("-", MARK) or row[n][:1].isdigit() for row in rows)
    )
    return Table(title, heads, tuple(rows), numbers)


def money_or(cents: int | None) -> str:
    return "-" if cents is None else dollars(cents)


def share(part: int, whole: int) -> str:
    """Write a share: ``34%``. What is not all is never said to be all, nor what is something nothing."""
    percent = round(100 * part / whole)
    return f"{min(max(percent, int(part > 0)), 100 - int(part < whole))}%"


def count_of(number: int, one: str, many: str = "") -> str:
    """Write a number of things: ``1 award``, ``2 awards``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def span(minutes: int) -> str:
    """Write how long something took: ``35 minutes``, ``3 hours``, ``2 days``."""
    if minutes < 120:
        return count_of(minutes, "minute")
    return (
        count_of(round(minutes / 60), "hour")
        if minutes < 2880
        else count_of(round(minutes / 1440), "day")
    )
