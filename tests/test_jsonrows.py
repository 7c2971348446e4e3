"""Rows that SQLite writes in the canonical form are the same as those that Python writes."""

import json
import sqlite3
from contextlib import closing
from itertools import chain
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmengine.chain import journaled_tables
from cmengine.journal import Sealer
from cmengine.jsonrows import JsonRows
from cmengine.shape import made_shape

KEY = b"k" * 32
COLUMNS = ("seq", "client", "value", "label", "item", "reason")
NUMBERS = st.integers(-(2**63), 2**63 - 1)
PLAIN = st.text(st.characters(exclude_categories=["C"]))
TEXTS = st.one_of(PLAIN, st.sampled_from(['"', "\\", "],[", "[]", ",", '","', "é", "\U0001f600"]))


def written(rows: list[tuple[Any, ...]]) -> list[str]:
    """Have SQLite write rows."""
    made = JsonRows(COLUMNS, Sealer(KEY))
    with closing(sqlite3.connect(":memory:")) as db:
        db.execute(f"create table things ({', '.join(COLUMNS)})")
        db.executemany(f"insert into things values ({', '.join('?' * len(COLUMNS))})", rows)
        return made.lines(db.execute(f"select {made.select} from things").fetchone())


def canonical(rows: list[tuple[Any, ...]]) -> list[str]:
    return Sealer(KEY).lines(COLUMNS, list(chain.from_iterable(rows)))


def many(cells: st.SearchStrategy[Any]) -> st.SearchStrategy[list[tuple[Any, ...]]]:
    return st.lists(st.tuples(*[cells] * len(COLUMNS)), min_size=1, max_size=5)


@given(many(st.one_of(st.none(), NUMBERS, TEXTS)))
def test_sqlite_writes_what_python_writes_or_says_that_it_cannot(
    rows: list[tuple[Any, ...]],
) -> None:
    unsealed = [cell for row in rows for cell in (row[0], row[3], row[4])]
    try:
        lines = written(rows)
    except ValueError:
        assert any("],[" in cell for cell in unsealed if isinstance(cell, str))
        return
    assert lines == canonical(rows)


@given(many(st.one_of(st.none(), NUMBERS, st.text(st.characters(exclude_categories=["Cs"])))))
def test_what_sqlite_writes_otherwise_is_not_what_python_writes_of_other_rows(
    rows: list[tuple[Any, ...]],
) -> None:
    """A control character may be written in another way; it is the same JSON all the same."""
    try:
        lines = written(rows)
    except ValueError:
        return
    assert list(map(json.loads, lines)) == list(map(json.loads, canonical(rows)))


def test_bytes_are_not_written() -> None:
    with pytest.raises(sqlite3.OperationalError):
        written([(1, "c1", None, b"\x01", None, "")])


def test_no_journaled_table_has_numbers_with_fractions() -> None:
    """SQLite would write 0.30000000000000004 as 0.3, which another row may have."""
    with closing(sqlite3.connect(":memory:")) as db:
        for (kind, name), (_, sql) in made_shape().items():
            if kind == "table" and name in journaled_tables():
                db.execute(sql)
                info = db.execute("select type from pragma_table_info(?)", (name,))
                assert {one.lower() for (one,) in info} <= {"integer", "text", "blob"}
                assert "strict" in sql.lower()
