"""Tables as CSV and JSON Lines: one file a table, each row as soon as it is read."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

from cmengine.guard import guarded
from cmengine.tabled import Column, Sheet


def write_csv(path: Path, sheet: Sheet, *, guard: bool = True) -> None:
    """Write a table as CSV (RFC 4180) in UTF-8. With `guard`, no text in it is taken for a formula."""
    shown = [_in_csv(column, guard) for column in sheet.columns]
    with _new(path) as file:
        out = csv.writer(file, lineterminator="\r\n")
        out.writerow(sheet.names)
        for cells in sheet.rows():
            out.writerow([show(cell) for show, cell in zip(shown, cells, strict=True)])


def write_jsonl(path: Path, sheet: Sheet) -> None:
    """Write a table as JSON Lines: an object a row, every column in each, null where there is nothing."""
    shown = [_in_json(column) for column in sheet.columns]
    with _new(path) as file:
        for cells in sheet.rows():
            pairs = (show(cell) for show, cell in zip(shown, cells, strict=True))
            file.write("{" + ", ".join(pairs) + "}\n")


def _new(path: Path) -> TextIO:
    return path.open("x", encoding="utf-8", newline="")


def _in_csv(column: Column, guard: bool) -> Callable[[Any], str]:
    if column.type == "yes":
        return lambda cell: "" if cell is None else "true" if cell else "false"
    if column.type == "text" and guard:
        return lambda cell: "" if cell is None else guarded(cell)
    return lambda cell: "" if cell is None else str(cell)


def _in_json(column: Column) -> Callable[[Any], str]:
    name = f"{json.dumps(column.name)}: "
    if column.type == "yes":
        return lambda cell: name + ("null" if cell is None else "true" if cell else "false")
    if column.type in ("number", "whole", "cents"):
        return lambda cell: name + ("null" if cell is None else str(cell))
    return lambda cell: name + json.dumps(cell, ensure_ascii=False)
