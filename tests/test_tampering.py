"""Whatever is done to a ledger's file with a tool that is not cmengine is found, and named.

Everything here works over all the tables that there are, so that a new one is covered on the day it comes.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import date
from itertools import islice
from pathlib import Path
from shutil import copyfile
from typing import Any

import pytest
from attrs import frozen

from cmengine import chain as walking
from cmengine.chain import UNKEPT, Chain, Table, entries, head_of
from cmengine.choices import Wish, choose_goals
from cmengine.corrections import correct_event
from cmengine.database import STATE
from cmengine.engine import add_client, log_event, make_event
from cmengine.importing import import_events
from cmengine.journal import Anchor, Entry, Sealer, hash_of, marks_of, read_anchor
from cmengine.ledger import open_ledger
from cmengine.program import Program
from cmengine.shape import made_shape, shape_problems
from cmengine.verify import verify
from cmengine.vouchers import issue_voucher, redeem_voucher

Make = Callable[..., Program]
SHAPE = made_shape()
FACTS = sorted(name for kind, name in SHAPE if kind == "table" and name not in UNKEPT)
PARTS = sorted(
    (kind, name)
    for kind, name in SHAPE
    if kind not in ("table", "step") and "autoindex" not in name
)

RULES = """
[[rule]]
id    = "drop-in"
title = "Coming in"
[rule.goal]
kind    = "any_of"
events  = ["visit"]
per_day = 1
[[rule.reward]]
kind  = "escalating_voucher"
start = "2.50"
step  = "1.25"
[[rule.reward]]
kind = "item"
item = "bus pass"
[[rule.notify]]
kind = "outbox"
"""


@frozen
class Kept:
    """A program with rows in every table, and its file as it was, to begin each attack from."""

    program: Program
    file: Path
    anchor: Anchor

    def problems(self, anchor: Anchor | None = None) -> list[str]:
        """Say what the schema and the journal find; rows that make little sense are no matter here."""
        sealer = Sealer(self.program.keys.journal)
        with closing(open_ledger(self.program.ledger.path)) as ledger, ledger.any_text():
            found, other = (
                list(Chain(ledger, sealer, anchor, least).problems()) for least in (1, 1 << 62)
            )
            assert found == other, "whoever writes the rows, SQLite or Python"
            return [*shape_problems(ledger), *found]

    def rows(self, table: str) -> list[tuple[Any, ...]]:
        """Give a table's rows as they were."""
        with closing(sqlite3.connect(self.file)) as shell:
            return shell.execute(f"select * from {table}").fetchall()

    def info(self, table: str) -> list[tuple[str, str, int]]:
        """Give each column's name, type, and place in the key."""
        with closing(sqlite3.connect(self.file)) as shell:
            sql = "select name, type, pk from pragma_table_info(?) order by cid"
            return shell.execute(sql, (table,)).fetchall()


@contextmanager
def shell(kept: Kept) -> Iterator[sqlite3.Connection]:
    """Open the file as the `sqlite3` shell does: its triggers dropped before, and made again after."""
    copyfile(kept.file, kept.program.ledger.path)
    with closing(sqlite3.connect(kept.program.ledger.path, isolation_level=None)) as opened:
        opened.execute("pragma ignore_check_constraints = on")
        triggers = opened.execute(
            "select name, sql from sqlite_schema where type = 'trigger'"
        ).fetchall()
        opened.execute("begin")
        for name, _ in triggers:
            opened.execute(f"drop trigger {name}")
        yield opened
        for _, sql in triggers:
            opened.execute(sql)
        opened.execute("commit")


@pytest.fixture
def kept(make: Make, tmp_path: Path) -> Kept:
    program = make(RULES)
    add_client(program, "c2", "Sky")
    add_client(program, "c1")
    for client in ("c1", "c2"):
        wish = Wish(client=client, rule="drop-in", words="See people", on=date(2026, 6, 1))
        choose_goals(program, [wish])
    for day in (3, 2, 1, 4):
        for client in ("c2", "c1"):
            event, _ = make_event(
                program,
                client=client,
                kind="visit",
                at=program.moment(date(2026, 6, day), None),
                id=f"{client}-{day}",
            )
            assert event is not None
            log_event(program, event)
    correct_event(program, "c2-4", "Logged twice")
    correct_event(program, "c2-3", "Somebody else")  # released in another order than earned
    for cents in (300, 200, 100):
        redeem_voucher(program, issue_voucher(program, "c1", cents=cents).code)
    issue_voucher(program, "c2", item="bus pass")
    fill(program)
    return keep(program, tmp_path / "kept.db")


def keep(program: Program, file: Path) -> Kept:
    head = head_of(program.ledger)
    assert head is not None
    copyfile(program.ledger.path, file)
    kept = Kept(program, file, Anchor(head.seq, head.hash))
    assert kept.problems() == []
    return kept


def fill(program: Program) -> None:
    """Put two rows into every table that has fewer, however little sense they make."""
    db = program.ledger._db
    db.execute("pragma foreign_keys = off")
    db.execute("pragma ignore_check_constraints = on")
    triggers = db.execute("select name, sql from sqlite_schema where type = 'trigger'").fetchall()
    for name, _ in triggers:
        db.execute(f"drop trigger {name}")
    for table in FACTS:
        for n in range(len(program.ledger.rows(f"select 1 from {table}")), 2):
            info = program.ledger.rows("select * from pragma_table_info(?)", table)
            row: dict[str, object] = {}
            for column in info:
                kind = column["type"].lower()
                some: object = 70 - n if kind == "integer" else f"text {n}"
                row[column["name"]] = bytes([n]) * 32 if kind == "blob" else some
            with program.ledger.writing("fill"):
                program.ledger.insert(table, **row)
    for _, sql in triggers:
        db.execute(sql)
    db.execute("pragma ignore_check_constraints = off")
    db.execute("pragma foreign_keys = on")


def other(cell: Any, kind: str) -> Any:
    """Give something else than what stands there."""
    if cell is None:
        return 1 if kind.lower() == "integer" else "something"
    if isinstance(cell, int):
        return cell + 1000
    return cell + (b"!" if isinstance(cell, bytes) else "!")


def called(table: str, info: list[tuple[str, str, int]], row: tuple[Any, ...]) -> str:
    keys = [str(row[n]) for _, n in sorted((pk, n) for n, (_, _, pk) in enumerate(info) if pk)]
    return f"{table} {'.'.join(keys)}:"


def key_of(info: list[tuple[str, str, int]]) -> str:
    return " and ".join(f"{name} is ?" for name, _, pk in sorted(info, key=lambda i: i[2]) if pk)


def key_values(info: list[tuple[str, str, int]], row: tuple[Any, ...]) -> list[Any]:
    return [row[n] for _, n in sorted((pk, n) for n, (_, _, pk) in enumerate(info) if pk)]


def test_every_fact_table_has_a_key_and_rows_here(kept: Kept) -> None:
    assert {"events", "awards", "vouchers", "redemptions", "clients", "released"} <= set(FACTS)
    for table in FACTS:
        assert any(pk for _, _, pk in kept.info(table)), f"{table} needs a primary key"
        assert len(kept.rows(table)) >= 2, table


@pytest.mark.parametrize("table", FACTS)
def test_every_cell_that_is_edited_is_found_and_the_row_named(table: str, kept: Kept) -> None:
    info = kept.info(table)
    for n, (column, kind, pk) in enumerate(info):
        row = kept.rows(table)[1]
        now = other(row[n], kind)
        with shell(kept) as db:
            sql = f"update {table} set {column} = ? where {key_of(info)}"
            assert db.execute(sql, [now, *key_values(info, row)]).rowcount == 1
        changed = (*row[:n], now, *row[n + 1 :]) if pk else row
        problems = kept.problems()
        assert any(one.startswith(called(table, info, changed)) for one in problems), (
            column,
            problems,
        )


def test_rows_are_passed_over_together_only_where_all_of_them_are_as_written(kept: Kept) -> None:
    sealer = Sealer(kept.program.keys.journal)
    for table in FACTS:
        info = kept.info(table)
        rows = sorted(kept.rows(table), key=lambda row: key_values(info, row))
        hashes = sealer.hashes(
            [name for name, _, _ in info], [cell for row in rows for cell in row]
        )
        has_bytes = any(isinstance(cell, bytes) for row in rows for cell in row)
        together = Table(kept.program.ledger, table, sealer)
        assert together.hashes(marks_of([*hashes, bytes(32)])) == []
        assert together.hashes(marks_of([*hashes[:-1], bytes(32)])) == []
        assert together.hashes(marks_of(hashes)) == ([] if has_bytes else hashes), table
        left = [row for some, _, _ in together.read(1 << 62) for row in some]
        assert left == (rows if has_bytes else []), table


@pytest.mark.parametrize("table", ["events", "awards"])
def test_among_many_rows_of_one_entry_each_that_was_edited_is_named(
    table: str, kept: Kept, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walking, "MANY", 3)
    file = tmp_path / "week.csv"
    file.write_text(
        "id,client,kind,at\n"
        + "".join(f"week-{n},c1,visit,2026-06-{n:02}T10:00-07:00\n" for n in range(5, 16))
    )
    assert import_events(kept.program, file).events == 11
    kept = keep(kept.program, tmp_path / "more.db")
    info = kept.info(table)
    for row in kept.rows(table)[-11:]:
        with shell(kept) as db:
            db.execute(
                f"update {table} set {info[-1][0]} = 'other' where {key_of(info)}",
                key_values(info, row),
            )
        named = [one for one in kept.problems() if one.startswith(called(table, info, row))]
        assert len(named) == 1


@pytest.mark.parametrize("table", FACTS)
def test_every_row_that_is_taken_out_is_missed(table: str, kept: Kept) -> None:
    info = kept.info(table)
    for row in kept.rows(table):
        with shell(kept) as db:
            sql = f"delete from {table} where {key_of(info)}"
            assert db.execute(sql, key_values(info, row)).rowcount == 1
        problems = kept.problems()
        numbered = called(table, info, row)[:-1]
        assert any(
            one.startswith((f"{numbered}: the row that entry", f"{table}: a row that entry"))
            for one in problems
        ), problems


@pytest.mark.parametrize("table", FACTS)
def test_every_row_that_is_added_or_replaced_is_found(table: str, kept: Kept) -> None:
    info = kept.info(table)
    row = kept.rows(table)[0]
    marks = ", ".join("?" * len(row))
    added = [
        cell if not pk else other(cell, kind) for cell, (_, kind, pk) in zip(row, info, strict=True)
    ]
    with shell(kept) as db:
        for name, _ in db.execute(  # another row may not have what must be there once
            "select name, sql from sqlite_schema where type = 'index' and sql is not null and tbl_name = ?",
            (table,),
        ).fetchall():
            db.execute(f"drop index {name}")
        uniques = unique_columns(db, table)
        fresh = [
            other(cell, kind) if name in uniques and not pk else cell
            for cell, (name, kind, pk) in zip(added, info, strict=True)
        ]
        db.execute(f"insert into {table} values ({marks})", fresh)
    assert any(
        one.startswith(f"{called(table, info, tuple(fresh))} the journal does not have this row")
        for one in kept.problems()
    )

    # As the shell does it: triggers there, and they do not fire for a row that is replaced.
    for n, (name, kind, pk) in enumerate(info):
        if pk:
            continue
        copyfile(kept.file, kept.program.ledger.path)
        with closing(sqlite3.connect(kept.program.ledger.path, isolation_level=None)) as db:
            db.execute("pragma ignore_check_constraints = on")
            now = (*row[:n], other(row[n], kind), *row[n + 1 :])
            try:
                db.execute(f"insert or replace into {table} values ({marks})", now)
            except sqlite3.IntegrityError:
                continue  # a trigger of its own refused it
        problems = kept.problems()
        assert any(one.startswith(called(table, info, row)) for one in problems), (name, problems)


def unique_columns(db: sqlite3.Connection, table: str) -> set[str]:
    indexes = db.execute('select name from pragma_index_list(?) where "unique"', (table,))
    return {
        column
        for (index,) in indexes.fetchall()
        for (column,) in db.execute("select name from pragma_index_info(?)", (index,))
    }


@pytest.mark.parametrize("table", FACTS)
def test_two_rows_that_change_places_are_both_named(table: str, kept: Kept) -> None:
    info = kept.info(table)
    first, second = kept.rows(table)[:2]
    with shell(kept) as db:
        for row in (first, second):
            db.execute(f"delete from {table} where {key_of(info)}", key_values(info, row))
        marks = ", ".join("?" * len(first))
        for a, b in ((first, second), (second, first)):
            mixed = [x if pk else y for x, y, (_, _, pk) in zip(a, b, info, strict=True)]
            db.execute(f"insert into {table} values ({marks})", mixed)
    problems = kept.problems()
    alike = {len({x, y}) for x, y, (_, _, pk) in zip(first, second, info, strict=True) if not pk}
    for row in (first, second):
        named = any(one.startswith(called(table, info, row)) for one in problems)
        assert named != (alike <= {1}), "nothing has changed where they only differ by their keys"


@pytest.mark.parametrize("column", Entry._fields)
def test_every_edit_of_the_journal_itself_is_found(column: str, kept: Kept) -> None:
    with shell(kept) as db:
        (before,) = db.execute(f"select {column} from journal where seq = 5").fetchone()
        now = (
            before[:-1] + bytes([before[-1] ^ 1])
            if isinstance(before, bytes)
            else other(before, "")
        )
        db.execute(f"update journal set {column} = ? where seq = 5", (now,))
    problems = kept.problems()
    assert any(one.startswith("journal: ") and "entry 5" in one for one in problems), problems


def test_entries_that_are_taken_out_or_change_places_are_found(kept: Kept) -> None:
    with shell(kept) as db:
        db.execute("delete from journal where seq = 5")
    assert "journal: entry 5 is missing" in kept.problems()
    with shell(kept) as db:
        db.execute("delete from journal where seq between 5 and 7")
    assert "journal: entries 5 to 7 are missing" in kept.problems()
    with shell(kept) as db:
        db.execute("delete from journal where seq = 1")
    assert "journal: entry 1 is missing" in kept.problems()
    with shell(kept) as db:
        db.execute("update journal set seq = -5 where seq = 5")
        db.execute("update journal set seq = 5 where seq = 6")
        db.execute("update journal set seq = 6 where seq = -5")
    assert any(
        one.startswith("journal: entry 5 is not as it was written") for one in kept.problems()
    )
    with shell(kept) as db:
        db.execute("delete from journal")
    problems = kept.problems()
    assert any("the journal does not have this row" in one for one in problems)


def cut(db: sqlite3.Connection, kept: Kept, entries: int) -> None:
    """Take out the last entries, and every row that they wrote, so that all fits together again."""
    last = kept.anchor.seq - entries
    for (parts,) in db.execute(
        "select parts from journal where seq > ? order by seq desc", (last,)
    ).fetchall():
        import json

        for table, count, _, _ in json.loads(parts):
            order = ", ".join(f"{name} desc" for name, _, pk in kept.info(table) if pk)
            keys = [name for name, _, pk in kept.info(table) if pk]
            rows = db.execute(
                f"select {', '.join(keys)} from {table} order by {order} limit {count}"
            ).fetchall()
            for row in rows:
                db.execute(
                    f"delete from {table} where {' and '.join(f'{k} is ?' for k in keys)}", row
                )
    db.execute("delete from journal where seq > ?", (last,))


def test_what_is_cut_off_at_the_end_is_found_with_an_anchor(kept: Kept) -> None:
    with kept.program.ledger.writing():
        kept.program.ledger.set_fact("moved_to", "the new house")
    later = keep(kept.program, kept.file)
    with shell(later) as db:
        cut(db, later, 1)
    assert kept.problems() == [], "the end of a chain cannot tell that there was more"
    assert kept.problems(anchor=kept.anchor) == [], "an older anchor cannot tell either"
    (said,) = kept.problems(anchor=later.anchor)
    assert said == (
        f"journal: it ends with entry {kept.anchor.seq}, but the anchor is of entry {later.anchor.seq};"
        f" what was written after entry {kept.anchor.seq} is missing"
    )


def forge(db: sqlite3.Connection, program: Program, key: bytes) -> None:
    """Make every redemption one cent less, and the whole journal anew to fit."""
    db.execute("update redemptions set cents = cents - 1")
    sealer = Sealer(key)
    before = bytes(32)
    taken: dict[str, int] = {}
    fields = ", ".join(Entry._fields)
    for row in db.execute(f"select {fields} from journal order by seq").fetchall():
        entry = Entry(*row)
        hashes: list[bytes] = []
        for table, count, _, _ in entry.read_parts():
            info = db.execute(
                "select name, pk from pragma_table_info(?) order by cid", (table,)
            ).fetchall()
            order = ", ".join(name for name, pk in sorted(info, key=lambda one: one[1]) if pk)
            at = taken.get(table, 0)
            sql = f"select * from {table} order by {order} limit {count} offset {at}"
            taken[table] = at + count
            cells = [cell for one in db.execute(sql).fetchall() for cell in one]
            hashes += sealer.hashes([name for name, _ in info], cells)
        import hashlib

        digest = hashlib.sha256(b"".join(hashes)).digest()
        entry = entry._replace(digest=digest, marks=marks_of(hashes))
        before = hash_of(before, entry)
        db.execute(
            "update journal set digest = ?, marks = ?, hash = ?, seal = ? where seq = ?",
            (digest, entry.marks, before, sealer.seal(before), entry.seq),
        )


@pytest.fixture
def orderly(make: Make, tmp_path: Path) -> Kept:
    """A program in which every table grew in the order of its keys, so that a forger has it easy."""
    program = make(RULES)
    add_client(program, "c1")
    choose_goals(program, [Wish(client="c1", rule="drop-in", on=date(2026, 6, 1))])
    event, _ = make_event(program, client="c1", kind="visit")
    assert event is not None
    log_event(program, event)
    redeem_voucher(program, issue_voucher(program, "c1", cents=200).code)
    assert verify(program).ok
    return keep(program, tmp_path / "orderly.db")


def test_a_journal_that_was_made_anew_is_found_by_its_seals_or_by_an_anchor(orderly: Kept) -> None:
    with shell(orderly) as db:
        forge(db, orderly.program, b"not the key of this program.....")
    (said, *_) = orderly.problems()
    assert said.startswith("journal: none of it was sealed with this program's key")

    with shell(orderly) as db:
        forge(db, orderly.program, orderly.program.keys.journal)
    assert orderly.problems() == [], "who has the file and the key can do this; see docs/trust.md"
    (said,) = orderly.problems(anchor=orderly.anchor)
    assert said == (
        f"journal: entry {orderly.anchor.seq} is not the one that the anchor was made of"
    )


@pytest.mark.parametrize(("kind", "name"), PARTS)
def test_every_part_of_the_schema_that_is_dropped_is_named(
    kind: str, name: str, kept: Kept
) -> None:
    copyfile(kept.file, kept.program.ledger.path)
    with closing(sqlite3.connect(kept.program.ledger.path)) as db:
        db.execute(f"drop {kind} {name}")
    problems = kept.problems()
    assert any(
        one.startswith(f"schema: the {kind} {name}") and one.endswith("is missing")
        for one in problems
    )


def test_a_part_of_the_schema_that_is_changed_or_added_is_named(kept: Kept) -> None:
    with closing(sqlite3.connect(kept.program.ledger.path)) as db:
        db.executescript(
            "drop trigger events_no_delete;"
            "create trigger events_no_delete before delete on events begin select 1; end;"
            "create trigger quiet after insert on awards begin select 1; end;"
            "create unique index one_each on vouchers (id);"
            "create table mine (n integer); create view my_report as select * from awards;"
        )
    assert kept.problems()[:3] == [
        "schema: the trigger events_no_delete on events is not as cmengine makes it",
        "schema: the index one_each on vouchers was not made by cmengine",
        "schema: the trigger quiet on awards was not made by cmengine",
    ]


def test_text_that_is_none_is_found_like_any_other_edit(kept: Kept) -> None:
    with shell(kept) as db:
        db.execute("update events set logged_by = cast(x'ff' as text) where seq = 2")
    assert any(one.startswith("events 2: the row is not as entry") for one in kept.problems())


def test_more_issued_than_earned_is_named_for_whom_it_is(orderly: Kept) -> None:
    """250 cents were earned, and 200 issued; another voucher of 200 is 150 too much."""
    (row,), info = orderly.rows("vouchers"), orderly.info("vouchers")
    again = {name: cell for (name, _, _), cell in zip(info, row, strict=True)}
    again |= {"seq": 2, "id": "again", "code_hash": "another"}
    with shell(orderly) as db:
        db.execute(
            f"insert into vouchers values ({', '.join('?' * len(again))})", [*again.values()]
        )
    said = [one for one in verify(orderly.program).problems if one.startswith("client")]
    assert said == ["client c1: 150 cents more were issued than earned"]


def test_an_anchor_is_read_as_it_is_printed(kept: Kept) -> None:
    assert read_anchor(str(kept.anchor)) == kept.anchor
    assert read_anchor(f"  {str(kept.anchor)[:30]}\n {str(kept.anchor)[30:]} ") == kept.anchor
    for text in ("", "5", "5:", "5:ab", f"0:{'0' * 64}", f"-1:{'0' * 64}", f"x:{'0' * 64}"):
        with pytest.raises(ValueError, match="is not an anchor"):
            read_anchor(text)


def test_what_may_change_is_not_in_the_journal(kept: Kept) -> None:
    tables = {part[0] for row in kept.rows("journal") for part in Entry(*row).read_parts()}
    assert tables == set(FACTS)
    assert not tables & STATE


def rowids(file: bytes, root: int, size: int) -> list[int]:
    """Find where in a file the numbers of a table's first rows stand; none where they have no numbers.

    See "B-tree pages" in SQLite's file format (https://sqlite.org/fileformat2.html).
    """
    page = (root - 1) * size
    while file[page] == 0x05:  # a page of pages
        cell = page + int.from_bytes(file[page + 12 : page + 14])
        page = (int.from_bytes(file[cell : cell + 4]) - 1) * size
    if file[page] != 0x0D:  # a leaf of a table
        return []
    count = int.from_bytes(file[page + 3 : page + 5])
    places = []
    for n in range(count):
        at = page + int.from_bytes(file[page + 8 + 2 * n : page + 10 + 2 * n])
        while file[at] & 0x80:  # the length of the row goes on
            at += 1
        places.append(at + 1)
    return places


def test_rows_that_a_damage_has_put_out_of_order_are_not_read_round_and_round(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A single bit of a number may do that: SQLite looks for what comes after 2, and finds 2 behind a 3."""
    monkeypatch.setattr(walking, "FEW", 2)
    whole, sealer = kept.file.read_bytes(), Sealer(kept.program.keys.journal)
    with closing(sqlite3.connect(kept.file)) as db:
        size = db.execute("pragma page_size").fetchone()[0]
        roots = dict(db.execute("select name, rootpage from sqlite_schema where type = 'table'"))
    caught: dict[tuple[str, str], bytes] = {}
    file = Path(kept.program.ledger.path)
    for table in (*FACTS, "journal"):
        for place in rowids(whole, roots[table], size)[: 3 if table in FACTS else None]:
            for bit in range(3 if table in FACTS else 7):
                damaged = bytearray(whole)
                damaged[place] ^= 1 << bit
                file.write_bytes(damaged)
                with closing(open_ledger(file)) as ledger:
                    rows = Table(ledger, table, sealer).read(1 << 62) if table in FACTS else None
                    read: Iterator[object] = entries(ledger) if rows is None else rows
                    try:
                        assert len(list(islice(read, 200))) < 200
                    except sqlite3.DatabaseError as error:
                        caught[table, str(error)] = bytes(damaged)
    words = "the rows of {} are not in the order of their keys"
    assert ("journal", words.format("journal")) in caught
    for table, said in caught:
        if table in ("choices", "corrections", "events", "journal"):
            file.write_bytes(caught[table, said])
            with closing(open_ledger(file)) as kept.program.ledger:
                problems = verify(kept.program).problems
            assert words.format(table) in problems[0]
            assert any("out of order" in one for one in problems[1:])
            assert not any("***" in one for one in problems)
