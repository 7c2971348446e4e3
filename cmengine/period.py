"""The days that a report is about. Pure."""

import re
from collections.abc import Iterator
from datetime import date, timedelta

from attrs import frozen

_MONTH = re.compile(r"\d{4}-\d{2}", re.ASCII)
_YEAR = re.compile(r"\d{4}", re.ASCII)


@frozen
class Period:
    """The days from `first` to `last`, both among them. Raises ValueError where it would end before it begins."""

    first: date
    last: date

    def __attrs_post_init__(self) -> None:
        if self.last < self.first:
            raise ValueError(f"{self.last} is before {self.first}; look at both days")

    def months(self, until: date) -> Iterator[str]:
        """Name its months, such as ``2026-01``, as far as they have begun by a day."""
        year, month = self.first.year, self.first.month
        while max(self.first, date(year, month, 1)) <= min(self.last, until):
            yield f"{year:04}-{month:02}"
            year, month = (year + 1, 1) if month == 12 else (year, month + 1)


def month_of(text: str) -> Period:
    """Read a month written like ``2026-01``. Raises ValueError, in words."""
    if not _MONTH.fullmatch(text) or not 1 <= int(text[5:]) <= 12 or not int(text[:4]) >= 1900:
        raise ValueError(f"'{text:.20}' is not a month; write it like 2026-01")
    first = date.fromisoformat(f"{text}-01")
    after = (first + timedelta(days=31)).replace(day=1)
    return Period(first, after - timedelta(days=1))


def year_of(text: str, begins: tuple[int, int]) -> Period:
    """Read a budget year, named by the year in which it begins: ``2026``. Raises ValueError, in words."""
    if not _YEAR.fullmatch(text) or not 1900 <= int(text) < 2999:
        raise ValueError(f"'{text:.20}' is not a year; write it like 2026")
    return _budget_year(int(text), begins)


def year_with(day: date, begins: tuple[int, int]) -> Period:
    """Give the budget year that a day lies in; a budget year begins on (month, day)."""
    return _budget_year(day.year - ((day.month, day.day) < begins), begins)


def _budget_year(year: int, begins: tuple[int, int]) -> Period:
    first, after = (date(one, *begins) for one in (year, year + 1))
    return Period(first, after - timedelta(days=1))
