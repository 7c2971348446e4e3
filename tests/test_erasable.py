"""What people said can be erased; until then nobody changes a letter of it without being found out."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest

from cmengine.choices import Wish, choose_goals
from cmengine.corrections import correct_event
from cmengine.database import STATE, WORDS
from cmengine.engine import add_client, log_event, make_event
from cmengine.erasable import SEALED
from cmengine.program import Program, open_program
from cmengine.verify import verify

Make = Callable[..., Program]

RULES = """
[[rule]]
id    = "drop-in"
title = "Coming in"
[rule.goal]
kind   = "any_of"
events = ["visit"]
[[rule.reward]]
kind  = "fixed_voucher"
worth = "2.50"
"""


@pytest.fixture
def program(make: Make) -> Program:
    """A program in which people have said things: names, words, a note, a reason, feedback."""
    opened = make(RULES)
    for client, name in (("c1", "Sky"), ("c2", "Rain")):
        add_client(opened, client, name)
        wish = Wish(
            client=client, rule="drop-in", words=f"The words of {client}", on=date(2026, 6, 1)
        )
        choose_goals(opened, [wish])
    event, wrong = make_event(opened, client="c1", kind="visit", id="e1")
    assert event is not None, wrong
    log_event(opened, event, note="Felt fine")
    correct_event(opened, "e1", "It was somebody else")
    with opened.ledger.writing():
        for n, said in enumerate(("Too far away", "Too loud"), start=1):
            opened.ledger.insert(
                "feedback", id=f"f{n}", kind="feedback", told_at="2026-06-02", noted_by="ana"
            )
            opened.ledger.insert("feedback_words", feedback=n, answer=0, said=said)
    assert verify(opened).ok
    return opened


def test_every_table_of_words_is_looked_at() -> None:
    assert set(SEALED) == WORDS <= STATE


def rows(program: Program, table: str) -> list[sqlite3.Row]:
    return program.ledger.rows(f"select * from {table}")


def by_shell(program: Program, *statements: tuple[str, tuple[object, ...]]) -> list[str]:
    """Change the file as the sqlite3 shell does, and give what verify finds then; it is put back."""
    path = Path(program.ledger.path)
    whole = path.read_bytes()
    with closing(sqlite3.connect(path)) as db:
        for (name,) in db.execute(
            "select name from sqlite_schema where type = 'trigger'"
        ).fetchall():
            if "words" in name:
                db.execute(f"drop trigger {name}")
        for sql, values in statements:
            db.execute(sql, values)
        db.commit()
    again = open_program(program.folder, by="ana", clock=program.clock, registry=program.registry)
    found = [one for one in verify(again).problems if not one.startswith("schema: the trigger")]
    again.close()
    path.write_bytes(whole)
    return found


def key_of(table: str) -> tuple[str, str]:
    first, second = SEALED[table].rpartition("order by ")[2].split(", ")
    return first, second


@pytest.mark.parametrize("table", SEALED)
def test_every_text_that_is_edited_is_found_and_its_row_named_without_the_words(
    table: str, program: Program
) -> None:
    first, second = key_of(table)
    edited = 0
    for row in rows(program, table):
        for column in set(row.keys()) - {first, second}:
            for text in (f"{row[column]}!", row[column][:-1]):
                if text == row[column]:
                    continue
                sql = f"update {table} set {column} = ? where {first} = ? and {second} = ?"
                (said, *more) = by_shell(program, (sql, (text, row[first], row[second])))
                assert (
                    said == f"{table} {row[first]} {row[second]}: the row is not as it was written"
                )
                assert not more
                edited += 1
    assert edited >= 4


@pytest.mark.parametrize("table", SEALED)
def test_words_that_change_places_or_are_put_in_are_found(table: str, program: Program) -> None:
    first, second = key_of(table)
    text = "text" if table == "personal" else "said"
    one, other = rows(program, table)[:2]
    sql = f"update {table} set {text} = ?, seal = ? where {first} = ? and {second} = ?"
    found = by_shell(
        program,
        (sql, (other[text], other["seal"], one[first], one[second])),
        (sql, (one[text], one["seal"], other[first], other[second])),
    )
    assert len(found) == 2
    column = (
        f"replace into {table} ({first}, {second}, {text}, seal) values (?, ?, 'Never said', '')"
    )
    (said,) = by_shell(program, (column, (one[first], one[second])))
    assert said.startswith(f"{table} {one[first]} {one[second]}: ")
    key = ("c2", "note:none") if table == "personal" else (2, 7)
    (said,) = by_shell(program, (column, key))
    assert said.startswith(f"{table} {key[0]} {key[1]}: ")


@pytest.mark.parametrize("table", SEALED)
def test_what_is_erased_is_gone_and_no_problem(table: str, program: Program) -> None:
    assert by_shell(program, (f"delete from {table}", ())) == []


def test_the_seal_tells_nothing_without_the_key(program: Program, make: Make) -> None:
    seals = [row["seal"] for table in SEALED for row in rows(program, table)]
    assert len(set(seals)) == len(seals)
    assert all(len(seal) == 32 and int(seal, 16) >= 0 for seal in seals)
    other = make(RULES, name="other")
    add_client(other, "c1", "Sky")
    (theirs,) = [row["seal"] for row in rows(other, "personal") if row["about"] == "name"]
    assert theirs not in seals
