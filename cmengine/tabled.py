"""What a file for others is made of: tables, columns, what each means and is measured in. Pure."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal

from attrs import frozen

Type = Literal["text", "whole", "number", "cents", "day", "moment", "yes"]
TYPES: dict[Type, str] = {
    "text": "text",
    "whole": "a whole number",
    "number": "a decimal number",
    "cents": "money, in whole cents",
    "day": "a day of the program, like 2026-01-05",
    "moment": "a time with its offset, like 2026-01-05T09:30:00-08:00",
    "yes": "true or false",
}
Cells = tuple[Any, ...]
"""The cells of a row, as SQLite has them: text, whole numbers, or None."""


@frozen
class Column:
    """A column: its name, type and meaning, the SQL that it is read with, the table it refers to, whether it
    may hold what somebody typed about or as a person, and whether it is in a client's own record alone.
    """

    name: str
    type: Type
    means: str
    sql: str = ""
    to: str = ""
    words: bool = False
    own: bool = False


@frozen(kw_only=True)
class Table:
    """A table of an export. The first column names a row.

    `source` is the SQL that it is read from, `whose` and `day` the parts of it that say which client and
    which day a row belongs to ("" where it is nobody's, or of no day), `order` what its rows are ordered by.
    """

    name: str
    means: str
    columns: tuple[Column, ...]
    source: str
    whose: str = ""
    day: str = ""
    order: str


@frozen(kw_only=True)
class Sheet:
    """A table that is about to be written: its columns, and a way to go through its rows."""

    name: str
    means: str
    columns: tuple[Column, ...]
    rows: Callable[[], Iterator[Cells]]

    @property
    def names(self) -> list[str]:
        """Name the columns."""
        return [column.name for column in self.columns]


@frozen(kw_only=True)
class About:
    """What goes with the tables: a title, and the notice of 42 CFR 2.32 where clients' records are in them."""

    title: str
    notice: str = ""
    remarks: tuple[str, ...] = ()


NOTICE_COLUMN = Column("notice", "text", "the notice that goes with these records (42 CFR 2.32)")


def with_notice(sheet: Sheet, notice: str) -> Sheet:
    """Add a last column that says the notice in every row, so that it stays with each part of the table."""
    if not notice:
        return sheet

    def rows() -> Iterator[Cells]:
        return ((*cells, notice) for cells in sheet.rows())

    return Sheet(
        name=sheet.name, means=sheet.means, columns=(*sheet.columns, NOTICE_COLUMN), rows=rows
    )


def references(sheet: Sheet, sheets: Sequence[Sheet]) -> dict[str, tuple[str, str]]:
    """Say for the columns that refer to another of the sheets: which, and to its first column."""
    first = {one.name: one.columns[0].name for one in sheets}
    return {
        column.name: (column.to, first[column.to])
        for column in sheet.columns
        if column.to in first and column.to != sheet.name
    }
