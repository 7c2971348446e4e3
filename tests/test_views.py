"""The views that other programs read from: every column is documented, and no words of a person are in them."""

import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest
from busy import KINDS, SETTINGS, live, rules
from sqlite_utils import Database

from cmengine.program import Program
from cmengine.shape import made_shape, shape_problems
from cmengine.verify import verify

Make = Callable[..., Program]
PAGE = Path(__file__).parent.parent / "docs" / "views.md"
VIEWS = sorted(name for kind, name in made_shape() if kind == "view" and name.startswith("report_"))


@pytest.fixture
def program(make: Make, clock: Any) -> Program:
    clock.now = datetime(2026, 7, 1, 20, 0, tzinfo=UTC)
    made = make(rules(), KINDS, SETTINGS)
    live(made, clock, Random(7), 40)
    return made


def test_every_view_and_column_is_on_the_page() -> None:
    text = PAGE.read_text(encoding="utf-8")
    told = {
        name: re.findall(r"^\| `(\w+)` \|", part, re.MULTILINE)
        for name, part in re.findall(
            r"^## `(\w+)`\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL
        )
    }
    from cmengine.migrations import migrate

    with closing(sqlite3.connect(":memory:", isolation_level=None)) as db:
        migrate(db)
        columns = {
            view: [row[1] for row in db.execute(f"pragma table_info({view})")] for view in VIEWS
        }
    assert told == columns
    assert len(VIEWS) == 17


def test_each_can_be_read_with_other_tools(program: Program) -> None:
    """With sqlite-utils, with Python's own module, and as the ledger itself reads."""
    db = Database(sqlite3.connect(f"file:{program.folder / 'program.db'}?mode=ro", uri=True))
    for view in VIEWS:
        rows = list(db[view].rows)
        assert [tuple(row.values()) for row in rows] == list(
            program.ledger.tuples(f"select * from {view}")
        )
    assert set(VIEWS) <= set(db.view_names())
    db.close()


def test_they_come_to_what_the_tables_hold(program: Program) -> None:
    def one(sql: str) -> Any:
        return program.ledger.rows(sql)[0][0]

    for view, table in {
        "clients": "clients", "events": "events", "choices": "choices", "occurrences": "occurrences",
        "awards": "awards", "vouchers": "vouchers", "charges": "charges", "feedback": "feedback",
        "refusals": "refusals", "messages": "messages", "rules": "publications",
    }.items():  # fmt: skip
        assert (
            one(f"select count(*) from report_{view}") == one(f"select count(*) from {table}") > 0
            or view == "messages"
        )
    earned, issued = one("select sum(cents) from awards"), one("select sum(cents) from vouchers")
    assert one("select sum(earned_cents) from report_clients") == earned
    assert one("select sum(cents) from report_earned") == earned
    assert one("select sum(cents) from report_awards") == earned
    assert one("select sum(issued_cents) from report_awards") == issued
    assert one("select sum(cents) from report_spending") == issued
    assert one("select sum(issued_cents) from report_funds") == issued
    assert one("select sum(cents) from report_waiting") == earned - issued
    assert one("select sum(waiting_cents) from report_clients") == earned - issued
    assert one("select count(*) from report_waiting where item is not null") == one(
        "select (select count(*) from awards where item is not null)"
        " - (select count(*) from vouchers where item is not null)"
    )
    assert one("select count(*) from report_events where corrected") == one(
        "select count(*) from corrections"
    )
    assert one(
        "select count(*) from report_awards where first_issued_at is null and item is null and cents > 0"
    ) == one(
        "select count(*) from awards a where cents > 0 and not exists"
        " (select 1 from charges c where c.occurrence = a.occurrence and c.n = a.n)"
    )
    assert one("select count(*) from report_returns where days < 14") == 0


def test_no_words_of_a_person_are_in_them(program: Program) -> None:
    """Names, notes, texts of events, words of choices, feedback: a mark in each is found in no view."""
    mark = "Quibblefern"
    with program.ledger.writing("mark"):
        for client in program.ledger.clients():
            program.ledger.keep_personal(client, "name", mark)
        for (number,) in program.ledger.tuples("select seq from feedback"):
            program.ledger.insert("feedback_words", feedback=number, answer=0, said=mark)
    from cmengine.engine import log_event, make_event

    event, _ = make_event(program, client="c001", kind="positive_change", value=mark)
    assert event is not None
    log_event(program, event, note=mark)
    for view in VIEWS:
        for row in program.ledger.tuples(f"select * from {view}"):
            assert not any(mark in str(cell) for cell in row), view


def test_a_view_that_was_changed_or_taken_out_is_named(program: Program) -> None:
    assert verify(program).ok
    with closing(sqlite3.connect(program.folder / "program.db", isolation_level=None)) as db:
        db.execute("drop view report_earned")
        db.execute("drop view report_funds")
        db.execute("create view report_funds as select 1 as fund")
        db.execute("create view my_own as select 1 as fund")
    assert list(shape_problems(program.ledger)) == [
        "schema: the view report_earned is missing",
        "schema: the view report_funds is not as cmengine makes it",
    ]
