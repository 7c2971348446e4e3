"""Tables as an SQLite file to be looked at with Datasette, and the description that Datasette shows with it."""

import json
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any

from cmengine.sqlite import sqlite3
from cmengine.tabled import TYPES, About, Column, Sheet, Type, references

BATCH = 10_000
APPLICATION_ID = 0x636D6578  # "cmex": a file that was exported, no ledger
SQL_TYPES: dict[Type, str] = {
    "text": "text",
    "whole": "integer",
    "number": "real",
    "cents": "integer",
    "day": "text",
    "moment": "text",
    "yes": "integer",
}


def write_sqlite(path: Path, sheets: list[Sheet], about: About) -> None:
    """Write tables as an SQLite file, with keys from one to the other, and one that says what the columns are."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute(f"pragma application_id = {APPLICATION_ID}")
        db.execute(
            "pragma journal_mode = off"
        )  # the file has no name yet: it is there as a whole, or not
        db.execute("begin")
        for sheet in sheets:
            db.execute(_create(sheet, sheets))
            marks = ", ".join("?" * len(sheet.columns))
            rows = sheet.rows()
            while batch := list(islice(rows, BATCH)):
                db.executemany(f"insert into {sheet.name} values ({marks})", batch)  # noqa: S608
            for column in references(sheet, sheets):
                db.execute(f"create index {sheet.name}_by_{column} on {sheet.name} ({column})")
        _describe(db, sheets, about)
        db.execute("commit")
        db.execute("pragma journal_mode = delete")


def _create(sheet: Sheet, sheets: list[Sheet]) -> str:
    refers = references(sheet, sheets)
    parts = [
        f"  {one.name} {SQL_TYPES[one.type]}{' primary key' if n == 0 and _is_key(one) else ''}"
        + (
            f" references {refers[one.name][0]} ({refers[one.name][1]})"
            if one.name in refers
            else ""
        )
        for n, one in enumerate(sheet.columns)
    ]
    return f"create table {sheet.name} (\n" + ",\n".join(parts) + "\n) strict"


def _is_key(column: Column) -> bool:
    return not column.to and column.name != "month"


def _describe(db: Any, sheets: list[Sheet], about: About) -> None:
    db.execute(
        "create table about_columns (table_name text, column_name text, type text, means text,"
        " primary key (table_name, column_name)) strict"
    )
    db.executemany(
        "insert into about_columns values (?, ?, ?, ?)",
        [(s.name, one.name, TYPES[one.type], one.means) for s in sheets for one in s.columns],
    )
    db.execute("create table about (line integer primary key, says text not null) strict")
    lines = [about.title, *([about.notice] if about.notice else []), *about.remarks]
    db.executemany("insert into about (says) values (?)", [(line,) for line in lines])


def datasette_metadata(database: str, sheets: list[Sheet], about: About) -> str:
    """Write the description of a file for `datasette FILE -m METADATA`, as JSON."""
    tables = {
        sheet.name: {
            "description": f"{sheet.means} {about.notice}".strip(),
            "columns": {one.name: one.means for one in sheet.columns},
        }
        for sheet in sheets
    }
    found = {
        "title": about.title,
        "description": " ".join([about.notice, *about.remarks]).strip(),
        "databases": {database: {"tables": tables}},
    }
    return json.dumps(found, indent=1, ensure_ascii=False) + "\n"
