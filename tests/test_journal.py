"""The journal: who did what, and when, for every row that is written; what cannot be journaled does not happen."""

import ast
import hashlib
import hmac
import json
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import date
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from hypothesis import given
from hypothesis import strategies as st

import cmengine
from cmengine import chain as walking
from cmengine.chain import Chain, entries, journaled_tables
from cmengine.choices import Wish, choose_goals
from cmengine.database import STATE
from cmengine.engine import add_client, log_event, make_event
from cmengine.errors import CMError
from cmengine.importing import import_events
from cmengine.journal import FORM, SEALED, Draft, Sealer, Signature, entry_of
from cmengine.ledger import open_ledger
from cmengine.program import Program, open_program
from cmengine.sha import MANY, Keyed
from cmengine.sheet import AWARDS, EVENTS, MESSAGES, OCCURRENCES
from cmengine.verify import verify
from cmengine.vouchers import issue_voucher, redeem_voucher

Make = Callable[..., Program]
Run = Callable[..., Result]
HERE = Path(cmengine.__file__).parent

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
[[rule.notify]]
kind = "outbox"
"""
LOG = "id,client,kind,at\n" + "".join(
    f"e{n:03},c{n % 3 + 1},visit,2026-06-{n % 28 + 1:02}\n" for n in range(40)
)


@pytest.fixture
def program(make: Make) -> Program:
    opened = make(RULES)
    for client in ("c1", "c2", "c3"):
        add_client(opened, client)
        choose_goals(opened, [Wish(client=client, rule="drop-in", words="Me", on=date(2026, 6, 1))])
    return opened


def log(program: Program, id: str, client: str = "c1", on: str = "2026-06-02") -> None:
    at = program.moment(date.fromisoformat(on), None)
    event, wrong = make_event(program, client=client, kind="visit", at=at, id=id)
    assert event is not None, wrong
    log_event(program, event)


def last(program: Program) -> tuple[str, str, str, dict[str, int]]:
    """Who, when, what of the last entry, and the rows by table."""
    *_, entry = entries(program.ledger)
    rows = {table: count for table, count, _, _ in entry.read_parts()}
    return entry.written_by, entry.written_at, entry.what, rows


def test_every_act_leaves_an_entry_that_says_who_did_what_and_when(program: Program) -> None:
    now = "2026-07-01T11:00:00-07:00"
    log(program, "one")
    one = {"events": 1, "occurrences": 1, "awards": 1, "messages": 1}
    assert last(program) == ("ana", now, "log event", one)
    program.by = "ben"
    issued = issue_voucher(program, "c1")
    rows = {"terms": 1, "charges": 1, "vouchers": 1}  # the first voucher under these terms
    assert last(program) == ("ben", now, "issue voucher", rows)
    redeem_voucher(program, issued.code)
    assert last(program) == ("ben", now, "redeem voucher", {"redemptions": 1})
    first = next(entries(program.ledger))
    assert first.what == "make database"
    assert first.read_parts() == [("draw_secrets", 1, 1, 1), ("program", 2, None, None)]


def test_the_journal_names_nobody_and_holds_no_code_and_no_word(program: Program) -> None:
    add_client(program, "canary-9", "Canary Name")
    wish = Wish(client="canary-9", rule="drop-in", words="Canary words", on=date(2026, 6, 1))
    choose_goals(program, [wish])
    event, _ = make_event(program, client="canary-9", kind="visit", id="e9")
    assert event is not None
    log_event(program, event, note="Canary note")
    code = issue_voucher(program, "canary-9").code
    text = "\n".join(repr(tuple(row)) for row in program.ledger.rows("select * from journal"))
    for secret in ("Canary", "canary-9", code):
        assert secret not in text


def test_nothing_that_was_written_leaves_no_entry(program: Program) -> None:
    before = len(list(entries(program.ledger)))
    log(program, "one")
    log(program, "one")  # a double click
    with pytest.raises(CMError):
        issue_voucher(program, "c1", cents=999_999)
    assert len(list(entries(program.ledger))) == before + 1


def test_what_cannot_be_journaled_does_not_happen(program: Program) -> None:
    with closing(sqlite3.connect(program.ledger.path)) as db:
        db.execute(
            "create trigger jam before insert on journal begin select raise(abort, 'no'); end"
        )
    with pytest.raises(sqlite3.IntegrityError):
        log(program, "one")
    assert program.ledger.find_event("one") is None
    with closing(sqlite3.connect(program.ledger.path)) as db:
        db.execute("drop trigger jam")
    log(program, "one")
    assert verify(program).ok


def test_what_is_written_past_the_journal_is_not_kept(program: Program) -> None:
    sql = "insert into clients values ('c9', '2026-07-01', 'ana')"
    past = pytest.raises(RuntimeError, match="1 rows were written past the journal")
    with past, program.ledger.writing():
        program.ledger.rows(sql)
    assert not program.ledger.has_client("c9")


def test_a_ledger_that_nobody_signs_cannot_be_written(program: Program) -> None:
    with closing(open_ledger(program.ledger.path)) as ledger:
        with pytest.raises(RuntimeError, match="nobody signs"), ledger.writing():
            ledger.insert("clients", client="c9", added_at="", added_by="")
        assert not ledger.has_client("c9")


def test_with_another_key_nothing_is_written(program: Program) -> None:
    wrong = Signature("ana", "2026-07-01T11:00:00-07:00", b"another key")
    program.ledger.sign = lambda: wrong
    with pytest.raises(CMError, match="was not sealed with this program's key"):
        add_client(program, "c9")
    assert not program.ledger.has_client("c9")


def test_sql_that_writes_stands_in_the_ledger_alone() -> None:
    """There are two ways to write a row, insert and append, and both journal it."""
    found = set()
    for path in HERE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
                continue
            words = node.value.split()
            begins = tuple(word.lower() for word in words[:2])
            if begins in {("insert", "into"), ("delete", "from"), ("insert", "or")} or (
                len(words) > 2 and begins[0] == "update" and words[2].lower() == "set"
            ):
                found.add(path.name)
    assert found == {"ledger.py", "datasette.py"}, "the second writes a file for others"
    writes = (HERE / "ledger.py").read_text(encoding="utf-8").count("insert into")
    assert writes == 4, "insert, append, the journal itself, and words that are replaced"


def test_a_sheet_has_every_column_of_its_tables_in_their_order(program: Program) -> None:
    for table in (EVENTS, OCCURRENCES, AWARDS, MESSAGES):
        names = program.ledger.rows("select name from pragma_table_info(?)", table.name)
        assert table.columns == tuple(row[0] for row in names)


def marks(program: Program) -> dict[str, bytes]:
    """The marks of all rows, by table, in the order of writing."""
    found: dict[str, bytes] = {}
    for entry in entries(program.ledger):
        at = 0
        for table, count, _, _ in entry.read_parts():
            found[table] = found.get(table, b"") + entry.marks[8 * at : 8 * (at + count)]
            at += count
    return found


def test_rows_are_journaled_alike_one_by_one_and_in_bulk(make: Make, tmp_path: Path) -> None:
    file = tmp_path / "log.csv"
    file.write_text(LOG)
    found = []
    for batch in (1, 7, 100):
        program = make(RULES, name=f"program-{batch}")
        for client in ("c1", "c2", "c3"):
            add_client(program, client)
        wishes = [
            Wish(client=one, rule="drop-in", on=date(2026, 6, 1)) for one in ("c1", "c2", "c3")
        ]
        choose_goals(program, wishes)
        import_events(program, file, batch=batch)
        verdict = verify(program)
        assert verdict.ok
        kept = {
            table: len(marks(program)[table]) // 8 for table in ("events", "awards", "messages")
        }
        assert kept == {"events": 40, "awards": 40, "messages": 40}
        tables = program.ledger.rows("select occurrence, n, cents from awards")
        found.append([tuple(row) for row in tables])
    assert found[0] == found[1] == found[2]


def test_every_row_is_journaled_once(program: Program) -> None:
    log(program, "one")
    issue_voucher(program, "c1")
    rows = {
        table: program.ledger.rows(f"select count(*) from {table}")[0][0]
        for table in journaled_tables()
    }
    assert {table: len(found) // 8 for table, found in marks(program).items()} == {
        table: count for table, count in rows.items() if count
    }
    walk = Chain(program.ledger, Sealer(program.keys.journal))
    assert list(walk.problems()) == []
    assert walk.rows == sum(rows.values())


@pytest.mark.parametrize(("most", "at_once"), [(8, 1), (walking.MOST_MARKS, 8)])
def test_large_entries_are_not_held_together(
    program: Program, monkeypatch: pytest.MonkeyPatch, most: int, at_once: int
) -> None:
    """An entry has eight bytes of marks for each row: a million rows are no matter, thirty times of them are."""
    for n in range(8 - len(list(entries(program.ledger)))):
        log(program, f"e{n}")
    read: list[str] = []
    monkeypatch.setattr(walking, "MOST_MARKS", most)
    program.ledger._db.set_trace_callback(read.append)
    assert [entry.seq for entry in entries(program.ledger)] == [*range(1, 9)]
    limits = {int(sql.split()[-1]) for sql in read if "written_at" in sql}
    assert limits == {at_once}


def test_the_journal_fits_while_others_write(program: Program, clock: Any) -> None:
    """Clients come in no order of their codes, so that rows are written before and behind the walk."""

    def write() -> None:
        other = open_program(program.folder, by="ben", clock=clock, registry=program.registry)
        for n in range(60):
            add_client(other, f"x{n * 37 % 60:02}")
            log(other, f"b{n}")
        other.close()

    with ThreadPoolExecutor(1) as desk:
        writing = desk.submit(write)
        while not writing.done():
            problems = verify(program).problems
            assert [one for one in problems if not one.startswith("client ")] == []
        writing.result()
    assert verify(program).ok


# The canonical form, worked out here as journal.py describes it, with hashlib, hmac and json alone.

KEY = bytes(range(32))
COLUMNS = ("seq", "client", "label", "cents", "item", "reason")
ROWS: list[tuple[object, ...]] = [
    (1, "c001", "voucher 2.50", 250, None, "visit"),
    (2, "c002", 'a "quote", a \\ and ],[', 0, "bus pass", None),
    (3, "c001", "línea\nπ 💐 \x00 \x7f", 1, "", "Called my sister"),
]
# A form, once written, never changes: this is the hash of the second entry below, on its first day.
GOLDEN = "b44976cfa1177c62e37abb667e03b6eb257a3c9e1bec61f392c913dae2cc587f"


def plain_hash(row: tuple[object, ...], columns: tuple[str, ...], key: bytes) -> bytes:
    cells = [
        hmac.new(key, f"{column}\0{cell}".encode(), "sha256").hexdigest()[:32]
        if column in ("client", "reason") and isinstance(cell, str)
        else cell
        for column, cell in zip(columns, row, strict=True)
    ]
    return hashlib.sha256(json.dumps(cells, separators=(",", ":")).encode()).digest()


def plain_entry(
    seq: int, before: bytes, who: tuple[str, str, str], parts: object, hashes: list[bytes]
) -> tuple[bytes, bytes, bytes]:
    """Work out the digest, the hash and the seal of an entry."""
    digest = hashlib.sha256(b"".join(hashes)).digest()
    at, by, what = who
    header = [seq, 1, at, by, what, json.dumps(parts, separators=(",", ":")), digest.hex()]
    text = json.dumps(header, separators=(",", ":")).encode()
    hash = hashlib.sha256(before + text + b"".join(one[:8] for one in hashes)).digest()
    return digest, hash, hmac.new(KEY, hash, "sha256").digest()


def test_version_1_of_the_form_is_what_it_was_on_its_first_day() -> None:
    at, by = "2026-07-01T11:00:00-07:00", "ana"
    before = bytes(32)
    sealer = Sealer(KEY)
    found = []
    for seq, rows in ((1, ROWS[:1]), (2, ROWS[1:])):
        draft = Draft(sealer)
        draft.add("things", COLUMNS, list(chain.from_iterable(rows)))
        draft.add("others", ("name", "made"), ("x", b"\x01\xff"))
        entry = entry_of(draft.contents(), seq, before, Signature(by, at, KEY), "try it", sealer)
        hashes = [plain_hash(row, COLUMNS, KEY) for row in rows]
        hashes.append(hashlib.sha256(b'["x",{"hex":"01ff"}]').digest())
        parts = [["things", len(rows), rows[0][0], rows[-1][0]], ["others", 1, None, None]]
        wanted = plain_entry(seq, before, (at, by, "try it"), parts, hashes)
        assert (entry.digest, entry.hash, entry.seal) == wanted
        assert entry.v == FORM == 1
        before = entry.hash
        found.append(entry.hash.hex())
    assert found[1] == GOLDEN
    assert {"client", "reason", "value", "text", "settings", "problem"} <= SEALED


CELLS = st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1), st.text(), st.binary(max_size=8))


@given(st.lists(st.tuples(CELLS, CELLS, CELLS), min_size=1, max_size=MANY + 5).map(lambda r: r * 2))
def test_rows_are_hashed_alike_alone_and_among_many(rows: list[tuple[Any, ...]]) -> None:
    columns = ("seq", "client", "label")
    sealer = Sealer(KEY)
    together = sealer.hashes(columns, list(chain.from_iterable(rows)))
    alone = [h for row in rows for h in Sealer(KEY).hashes(columns, row)]
    assert together == alone


@given(st.tuples(CELLS, CELLS), st.tuples(CELLS, CELLS))
def test_rows_that_differ_never_look_alike(one: tuple[Any, ...], other: tuple[Any, ...]) -> None:
    lines = [Sealer(KEY).lines(("a", "b"), row) for row in (one, other)]
    assert (lines[0] == lines[1]) == (one == other)


@given(st.binary(max_size=200), st.binary(max_size=200))
def test_what_is_keyed_is_an_hmac(key: bytes, data: bytes) -> None:
    assert Keyed(key)(data) == hmac.digest(key, data, "sha256")


def test_the_cache_and_what_can_be_erased_are_not_journaled(program: Program) -> None:
    log(program, "one")
    assert not {"memories", "personal"} & set(marks(program))
    assert {"memories", "personal"} <= STATE


def test_head_list_and_anchor_on_the_command_line(program: Program, run: Run) -> None:
    folder = program.folder
    log(program, "one")
    head = json.loads(run("journal", "head", "--json", folder=folder).stdout)
    *_, entry = entries(program.ledger)
    assert head["anchor"] == f"{entry.seq}:{entry.hash.hex()}"
    said = run("journal", "head", folder=folder).stdout.splitlines()
    assert said[1] == head["anchor"]
    assert run("verify", "--anchor", head["anchor"], folder=folder).exit_code == 0
    other = f"{entry.seq}:{'0' * 64}"
    wrong = run("verify", "--anchor", other, "--json", folder=folder)
    assert wrong.exit_code == 1
    assert json.loads(wrong.stdout)["problems"] == [
        f"journal: entry {entry.seq} is not the one that the anchor was made of"
    ]
    assert run("verify", "--anchor", "17", folder=folder).exit_code == 2
    listed = json.loads(run("journal", "list", "--json", folder=folder).stdout)["entries"]
    assert len(listed) == entry.seq
    assert listed[-1]["what"] == "log event"
    assert listed[-1]["rows"] == {"events": 1, "occurrences": 1, "awards": 1, "messages": 1}
    none = run("journal", "list", "--since", "2026-07-02", "--json", folder=folder)
    assert json.loads(none.stdout)["entries"] == []
    assert run("journal", "list", folder=folder).stdout.endswith(f"{entry.seq} entries.\n")
