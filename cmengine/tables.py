"""Read CSV and JSON Lines, row by row, with the line of each row; a line that is off is a mistake, not a stop."""

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any, TextIO

from attrs import define

from cmengine.errors import CMError, Mistake, did_you_mean, stop_if
from cmengine.options import misspelt
from cmengine.toml import cannot_read, no_file

MOST_LINE = 100_000
PIECE = 1 << 20  # bytes
REPORTED = 1_000  # lines between two reports of progress
REMARK = "# "  # begins a line that says why the next one was set aside
Progress = Callable[[int], object]


@define
class Row:
    """A row of a file: its first line, its cells in the order of the columns that were asked for ("" where
    the file has none), what was wrong with it, and its last line.
    """

    line: int
    cells: list[str]
    wrong: str
    last: int


def read_rows(
    path: Path,
    columns: Sequence[str],
    needed: Sequence[str],
    progress: Progress = lambda done: None,
) -> Iterator[Row]:
    """Read a `.csv` or `.jsonl` file; give its rows. Raises CMError where the file as a whole is wrong.

    `progress` is told every now and then how many bytes more were read.
    """
    as_json = path.suffix.lower() in (".jsonl", ".ndjson", ".json")
    read = _json_rows if as_json else _csv_rows
    yield from read(path, read_lines(path, progress), columns, needed)


def read_lines(path: Path, progress: Progress = lambda done: None) -> Iterator[str]:
    """Read a text file line by line, each of at most 100,000 letters. What is no UTF-8 is kept as it is (`is_text`).
    Raises CMError where it cannot be read, or a line is longer.
    """
    try:
        with _opened(path) as file:
            yield from _lines(path, file, progress)
    except OSError as error:
        raise cannot_read(path, error) from error


def has_lines(path: Path, lines: int) -> bool:
    """Say, after a quick look, whether so many lines of a file come to an end. Raises CMError."""
    ends = dict.fromkeys((b"\n", b"\r"), 0)
    try:
        if not path.is_file():
            raise no_file(path)
        with path.open("rb") as file:
            while max(ends.values()) < lines and (piece := file.read(PIECE)):
                ends = {end: number + piece.count(end) for end, number in ends.items()}
    except OSError as error:
        raise cannot_read(path, error) from error
    return max(ends.values()) >= lines


def raw_rows(path: Path, rows: Iterable[Row]) -> Iterator[str]:
    """Give rows, in the order of their lines, the way they are written in the file."""
    with _opened(path) as file:
        number = 0
        for row in rows:
            lines = []
            while number < row.last:
                number += 1
                line = file.readline()
                if number >= row.line:
                    lines.append(line)
            text = "".join(lines)
            yield text if text.endswith("\n") else text + "\n"


def _opened(path: Path) -> TextIO:
    if not path.is_file():
        raise no_file(path)
    return path.open(encoding="utf-8-sig", newline="", errors="surrogateescape")


def _lines(path: Path, file: TextIO, progress: Progress) -> Iterator[str]:
    told = 0
    for number, line in enumerate(iter(partial(file.readline, MOST_LINE), ""), start=1):
        if len(line) == MOST_LINE and line[-1] != "\n":
            what = f"this line is longer than {MOST_LINE:,} letters"
            raise CMError(Mistake(f"{path}:{number}", what, "is this the right file?"))
        if number % REPORTED == 0:
            progress(file.buffer.tell() - told)
            told = file.buffer.tell()
        yield line
    progress(file.buffer.tell() - told)


def _clean(columns: Sequence[str], cells: Sequence[str]) -> str:
    for column, text in zip(columns, cells, strict=True):
        if not is_text(text):
            return f"{column}: is not UTF-8 text; save the file as UTF-8"
    return ""


def is_text(text: str) -> bool:
    """Say whether what was read was UTF-8, without a zero byte."""
    if "\0" in text:
        return False
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _csv_rows(
    path: Path, lines: Iterator[str], columns: Sequence[str], needed: Sequence[str]
) -> Iterator[Row]:
    number = begins = 0
    fresh = clean = True  # at the beginning of a row; nothing in it that needs a closer look

    def kept() -> Iterator[str]:
        nonlocal number, begins, fresh, clean
        for line in lines:
            number += 1
            if fresh:
                if line.startswith(REMARK):
                    continue  # the reason why a line was set aside
                begins, fresh = number, False
            if not line.isascii() or "\0" in line:
                clean = False
            yield line

    reader = csv.reader(kept(), strict=True)
    header, wrong = _header(reader)
    if not header:
        begin = f"begin it with: {','.join(columns)}"
        raise CMError(Mistake(str(path), wrong or "is empty", begin))
    names = [name.strip() for name in header]
    stop_if(_header_mistakes(f"{path}:1", names, columns, needed))
    width = len(names)
    places = [names.index(column) if column in names else width for column in columns]
    in_order = places == list(range(width))
    while True:
        fresh = clean = True
        try:
            for cells in reader:
                if len(cells) == width:
                    wrong = "" if clean else _clean(names, cells)
                    ordered = cells if in_order else [[*cells, ""][place] for place in places]
                    yield Row(begins, ordered, wrong, number)
                elif cells:
                    wrong = f"has {len(cells)} cells, the first line has {width}; a text with a comma in it needs quotes"
                    yield Row(begins, [], wrong, number)
                fresh = clean = True
            return
        except csv.Error as error:
            yield Row(begins, [], _csv_error(error), number)


def _header(reader: Any) -> tuple[list[str], str]:
    try:
        return next(reader, []), ""
    except csv.Error as error:
        return [], _csv_error(error)


def _header_mistakes(
    where: str, names: Sequence[str], columns: Sequence[str], needed: Sequence[str]
) -> list[Mistake]:
    begin = f"begin with: {','.join(columns)}"
    if not all(is_text(name) for name in names):
        return [Mistake(where, "is not CSV in UTF-8", "save the table as CSV, in UTF-8")]
    if len(names) == 1 and any(mark in names[0] for mark in ";\t"):
        return [Mistake(where, "the cells are not separated by commas", begin)]
    mistakes = [
        Mistake(where, f"there is no column '{name:.60}'", did_you_mean(name, columns))
        for name in names
        if name not in columns
    ]
    said = misspelt(dict.fromkeys(names), columns)
    mistakes += [
        Mistake(where, f"the column '{name}' is missing", begin)
        for name in needed
        if name not in names and name not in said
    ]
    mistakes += [
        Mistake(where, f"the column '{name}' stands twice", "take one out")
        for name in sorted(set(names))
        if names.count(name) > 1
    ]
    return mistakes


_CSV_ERRORS = {
    "unexpected end of data": 'a quote " is opened here and not closed',
    "',' expected after '\"'": 'there is a quote " in the middle of a cell; write it twice, ""',
    "field larger than": "a cell is longer than 131,072 letters, or a quote is not closed",
}


def _csv_error(error: csv.Error) -> str:
    said = (words for part, words in _CSV_ERRORS.items() if part in str(error))
    return f"is not CSV: {next(said, error)}"


def _json_rows(
    path: Path, lines: Iterator[str], columns: Sequence[str], needed: Sequence[str]
) -> Iterator[Row]:
    for number, line in enumerate(lines, start=1):
        if line.isspace() or line.startswith(REMARK):
            continue
        cells, wrong = _json_cells(line, columns, needed)
        yield Row(number, cells, wrong, number)


def _json_cells(line: str, columns: Sequence[str], needed: Sequence[str]) -> tuple[list[str], str]:
    try:
        found = json.loads(line, parse_float=Decimal, parse_constant=str)
    except (ValueError, RecursionError):
        return [], "is not a line of JSON; write one object {...} on each line, with no list around"
    if not isinstance(found, dict):
        return [], "is not a JSON object {...}; write one on each line"
    unknown = [key for key in found if key not in columns]
    if unknown:
        todo = did_you_mean(unknown[0], columns)
        return [], f"there is no column '{unknown[0]:.60}'; {todo}"
    missing = [key for key in needed if found.get(key) in (None, "")]
    if missing:
        return [], f"{missing[0]} is missing; every line needs it"
    cells = []
    for column in columns:
        value = found.get(column)
        if isinstance(value, (dict, list, bool)):
            return [], "holds a value that is neither text nor a number; write text in quotes"
        cells.append("" if value is None else str(value))
    return cells, _clean(columns, cells)
