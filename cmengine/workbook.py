"""Tables as an XLSX workbook, a sheet each, in which text stays text. Needs the extra `export`."""

import re
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, date, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from cmengine.errors import CMError, Mistake
from cmengine.tabled import TYPES, About, Cells, Column, Sheet

MOST_ROWS = 1_048_575  # of a sheet, under its head
MOST_TEXT = 32_767  # letters of a cell
_NO_XML = re.compile("[\ufffe\uffff]")


def write_xlsx(path: Path, sheets: list[Sheet], about: About) -> None:
    """Write tables as a workbook; a first sheet says what they are. Raises CMError without the extra.

    No cell holds a formula or a link: each is written as text, a number, a date or a truth.
    """
    try:
        import xlsxwriter
    except ImportError as error:
        todo = "install it with: pip install 'cmengine[export]'"
        raise CMError(Mistake("xlsx", "XlsxWriter is not installed", todo)) from error
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "tmpdir": str(path.parent),
    }
    with closing(xlsxwriter.Workbook(str(path), options)) as book:
        book.set_properties(
            {"title": about.title, "comments": about.notice, "created": datetime(2000, 1, 1)}  # noqa: DTZ001
        )
        book.set_size(1200, 900)
        formats = {
            "head": book.add_format({"bold": True}),
            "text": book.add_format({"num_format": "@"}),
            "day": book.add_format({"num_format": "yyyy-mm-dd"}),
        }
        _write_about(book.add_worksheet("About"), sheets, about, formats)
        for sheet in sheets:
            rows = sheet.rows()
            for part in _parts(rows):
                n = sum(1 for one in book.worksheets() if one.name.split(" ")[0] == sheet.name)
                name = f"{sheet.name} {n + 1}" if n else sheet.name
                _write_sheet(book.add_worksheet(name), sheet, part, formats)


def _parts(rows: Iterator[Cells]) -> Iterator[Iterator[Cells]]:
    """Cut rows into as many sheets as they need: one at least."""
    first = True
    while True:
        head = list(islice(rows, 1))
        if not head and not first:
            return
        first = False
        yield _chain(head, islice(rows, MOST_ROWS - 1))
        if not head:
            return


def _chain(head: list[Cells], rest: Iterator[Cells]) -> Iterator[Cells]:
    yield from head
    yield from rest


def _write_about(page: Any, sheets: list[Sheet], about: About, formats: dict[str, Any]) -> None:
    page.set_column(0, 1, 18)
    page.set_column(2, 2, 22)
    page.set_column(3, 3, 100)
    lines: list[tuple[str, ...]] = [(about.title,)]
    lines += [(about.notice,)] if about.notice else []
    lines += [*((remark,) for remark in about.remarks), ()]
    lines.append(("table", "column", "type", "what it is"))
    for sheet in sheets:
        lines.append((sheet.name, "", "", sheet.means))
        lines += [(sheet.name, one.name, TYPES[one.type], one.means) for one in sheet.columns]
    for row, line in enumerate(lines):
        for column, text in enumerate(line):
            page.write_string(row, column, text, formats["head"] if row == 0 else formats["text"])


def _write_sheet(page: Any, sheet: Sheet, rows: Iterator[Cells], formats: dict[str, Any]) -> None:
    page.freeze_panes(1, 0)
    for column, one in enumerate(sheet.columns):
        page.set_column(column, column, max(12, len(one.name) + 2))
        page.write_string(0, column, one.name, formats["head"])
    written = [_writer(page, one, column, formats) for column, one in enumerate(sheet.columns)]
    for row, cells in enumerate(rows, start=1):
        for write, cell in zip(written, cells, strict=True):
            if cell is not None:
                write(row, cell)


def _writer(
    page: Any, column: Column, at: int, formats: dict[str, Any]
) -> Callable[[int, Any], object]:
    """Give what writes a cell of a column."""
    if column.type == "yes":
        return lambda row, cell: page.write_boolean(row, at, bool(cell))
    if column.type in ("whole", "cents"):
        return lambda row, cell: page.write_number(row, at, cell)
    if column.type == "number":
        return lambda row, cell: page.write_number(row, at, float(cell))
    if column.type == "day":
        return lambda row, cell: _write_day(page, row, at, cell, formats)

    def write(row: int, cell: Any) -> None:
        text = _NO_XML.sub("\ufffd", str(cell))
        if len(text) > MOST_TEXT:
            what = f"{column.name} of row {row} has {len(text):,} letters; a cell of XLSX holds {MOST_TEXT:,}"
            raise CMError(Mistake("xlsx", what, "export it as CSV or JSON Lines"))
        page.write_string(row, at, text, formats["text"])

    return write


def _write_day(page: Any, row: int, at: int, cell: str, formats: dict[str, Any]) -> None:
    day = datetime.combine(date.fromisoformat(cell), datetime.min.time(), UTC).replace(tzinfo=None)
    page.write_datetime(row, at, day, formats["day"])
