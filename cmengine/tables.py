"""Read CSV and JSON Lines, row by row, with the line of each row; a line that is off is a mistake, not a stop."""

import csv
import json
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, TextIO

from attrs import frozen

from cmengine.errors import CMError, Mistake, did_you_mean, stop_if
from cmengine.options import misspelt
from cmengine.toml import cannot_read, no_file

MOST_LINE = 100_000
REMARK = "# "  # begins a line that says why the next one was set aside
Progress = Callable[[int], object]


@frozen
class Row:
    """A row of a file: its line, its cells by column, what was wrong with it, and how it was written."""

    line: int
    cells: dict[str, str]
    wrong: str = ""
    raw: str = ""


def read_rows(
    path: Path,
    columns: Sequence[str],
    needed: Sequence[str],
    progress: Progress = lambda done: None,
) -> Iterator[Row]:
    """Read a `.csv` or `.jsonl` file; give its rows. Raises CMError where the file as a whole is wrong."""
    try:
        if not path.is_file():
            raise no_file(path)
        with path.open(encoding="utf-8-sig", newline="", errors="surrogateescape") as file:
            read = (
                _json_rows if path.suffix.lower() in (".jsonl", ".ndjson", ".json") else _csv_rows
            )
            yield from read(path, file, columns, needed, progress)
    except OSError as error:
        raise cannot_read(path, error) from error


def _lines(path: Path, file: TextIO, progress: Progress) -> Iterator[str]:
    number = 0
    while line := file.readline(MOST_LINE):
        number += 1
        if len(line) == MOST_LINE and not line.endswith("\n"):
            raise CMError(
                Mistake(
                    f"{path}:{number}",
                    f"this line is longer than {MOST_LINE:,} letters",
                    "is this the right file?",
                )
            )
        progress(len(line))
        yield line


def _clean(cells: dict[str, str]) -> str:
    for column, text in cells.items():
        if _not_text(text):
            return f"{column}: is not UTF-8 text; save the file as UTF-8"
    return ""


def _not_text(text: str) -> bool:
    return "\0" in text or any("\ud800" <= letter <= "\udfff" for letter in text)


def _csv_rows(
    path: Path, file: TextIO, columns: Sequence[str], needed: Sequence[str], progress: Progress
) -> Iterator[Row]:
    kept: list[str] = []
    begins = 0

    def keeping() -> Iterator[str]:
        nonlocal begins
        for number, line in enumerate(_lines(path, file, progress), start=1):
            if not kept:
                if line.startswith(REMARK):
                    continue  # the reason why a line was set aside
                begins = number
            kept.append(line)
            yield line

    reader = csv.reader(keeping(), strict=True)
    header = next(_rows(reader), None)
    if header is None or isinstance(header, str):
        raise CMError(
            Mistake(str(path), header or "is empty", f"begin it with: {','.join(columns)}")
        )
    names = [name.strip() for name in header]
    stop_if(_header_mistakes(f"{path}:1", names, columns, needed))
    kept.clear()
    for cells in _rows(reader):
        raw, at = "".join(kept), begins
        kept.clear()
        if isinstance(cells, str):
            yield Row(at, {}, cells, raw)
        elif cells and len(cells) != len(names):
            wrong = f"has {len(cells)} cells, the first line has {len(names)}; a text with a comma in it needs quotes"
            yield Row(at, {}, wrong, raw)
        elif cells:
            found = dict(zip(names, cells, strict=True))
            yield Row(at, found, _clean(found), raw)


def _header_mistakes(
    where: str, names: Sequence[str], columns: Sequence[str], needed: Sequence[str]
) -> list[Mistake]:
    begin = f"begin with: {','.join(columns)}"
    if any(_not_text(name) for name in names):
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


def _rows(reader: Any) -> Iterator[list[str] | str]:
    while True:
        try:
            yield next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            said = (words for part, words in _CSV_ERRORS.items() if part in str(error))
            yield f"is not CSV: {next(said, error)}"


def _json_rows(
    path: Path, file: TextIO, columns: Sequence[str], needed: Sequence[str], progress: Progress
) -> Iterator[Row]:
    for number, line in enumerate(_lines(path, file, progress), start=1):
        if not line.strip() or line.startswith(REMARK):
            continue
        try:
            found = json.loads(line, parse_float=Decimal, parse_constant=str)
        except (ValueError, RecursionError):
            wrong = (
                "is not a line of JSON; write one object {...} on each line, with no list around"
            )
            yield Row(number, {}, wrong, line)
            continue
        if not isinstance(found, dict):
            yield Row(number, {}, "is not a JSON object {...}; write one on each line", line)
            continue
        unknown = [key for key in found if key not in columns]
        missing = [key for key in needed if found.get(key) in (None, "")]
        if unknown:
            yield Row(
                number,
                {},
                f"there is no column '{unknown[0]:.60}'; {did_you_mean(unknown[0], columns)}",
                line,
            )
        elif missing:
            yield Row(number, {}, f"{missing[0]} is missing; every line needs it", line)
        elif any(isinstance(value, (dict, list, bool)) for value in found.values()):
            wrong = "holds a value that is neither text nor a number; write text in quotes"
            yield Row(number, {}, wrong, line)
        else:
            cells = {key: "" if value is None else str(value) for key, value in found.items()}
            yield Row(number, cells, _clean(cells), line)
