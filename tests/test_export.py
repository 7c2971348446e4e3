"""What is written for others: the same in every format, nothing of it runs, and it leaves with grounds or says nothing of anybody."""

import asyncio
import csv
import io
import json
import re
import sqlite3
import subprocess
import sys
import zipfile
from collections import Counter, defaultdict
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import duckdb
import openpyxl
import pandas
import pytest
from click.testing import Result
from datasette.app import Datasette
from hypothesis import given
from hypothesis import strategies as st

import cmengine
from cmengine.choices import Wish, choose_goals
from cmengine.corrections import correct_event
from cmengine.disclosures import NOTICE, Grounds, disclosures, own_grounds
from cmengine.engine import add_client, log_event, make_event
from cmengine.errors import CMError
from cmengine.exporting import OWN_TABLES, export_tables, wanted
from cmengine.exports import TABLES
from cmengine.folded import LEAST, Cell, fold
from cmengine.guard import guarded, unguarded
from cmengine.newfile import new_private
from cmengine.program import Program
from cmengine.stocking import add_stock
from cmengine.vouchers import issue_voucher

Run = Callable[..., Result]
Make = Callable[..., Program]
WHY = Grounds(recipient="County", purpose="audit", consent="2026-017")
GROUNDS = ("--to", "County", "--purpose", "audit", "--consent", "2026-017")

KINDS = """
[kind.visit]
label = "Came in"
[kind.drinks]
label = "Drinks"
unit = "drinks"
[kind.screen]
label = "A screen"
values = ["negative", "positive"]
evidence = "test"
[kind.positive_change]
label = "Something better"
text = true
"""
RULES = """
[[rule]]
id = "drop-in"
title = "Coming in"
[rule.goal]
kind = "any_of"
events = ["visit", "positive_change"]
[[rule.reward]]
kind = "escalating_voucher"
start = "2.50"
step = "1.25"
climbs = "each_time"
[[rule.reward]]
kind = "item"
item = "bus pass"
"""
SETTINGS = """
name = "Riverside"
zone = "America/Los_Angeles"
[[fund]]
name = "gifts"
amount = "9000.00"
"""

# What a spreadsheet, a terminal or a page might run, where somebody planted it as a name, a word or a note.
HOSTILE = [
    "=1+1", "=cmd|' /C calc'!A0", "+1+1", "-1+1", "@SUM(1+1)", "\t=1+1", "\r=1+1", "\n=1+1", " =1+1",
    '"=1+1', '";=1+1;"', "x;=1+1", "x,=1+1", "x\t=1+1", "x\n=1+1", "x|=1+1", "'=1+1", "''=1+1", "＝1+1",
    "＋1", "－1", "＠SUM(1)", "=HYPERLINK(\"http://example.org\",\"here\")", "=WEBSERVICE(\"http://example.org\")",
    "=IMPORTXML(\"http://example.org\",\"//a\")", "{=1+1}", "http://example.org", "mailto:a@example.org",
    "-5", "+15551234567", "%0A=1+1", "\u200b=1+1", "\u202egnp.exe", "\x1b[31mred\x1b[0m",
    "\x1b]0;title\x07", "\x1b]8;;http://example.org\x1b\\link\x1b]8;;\x1b\\", "\x9b31m", "\x07\x08\x0b",
    "<script>alert(1)</script>", "</td><img src=x onerror=alert(1)>", "\ufffe\uffff", "_x003D_1+1",
    "1e5", "007", "2026-01-05", "TRUE", "NaN", "null",
]  # fmt: skip


@pytest.fixture
def program(make: Make) -> Program:
    """A program in which every hostile text is a name, a client's own word, a value and a note."""
    opened = make(RULES, KINDS, SETTINGS)
    wishes = []
    for n, text in enumerate(HOSTILE):
        add_client(opened, f"c{n:03}", text)
        wishes.append(Wish(client=f"c{n:03}", rule="drop-in", words=text, on=date(2026, 5, 1)))
    choose_goals(opened, wishes)
    add_stock(opened, stock_file(opened.folder))
    for n, text in enumerate(HOSTILE):
        log(opened, f"c{n:03}", "positive_change", text, note=text, at=n)
        log(opened, f"c{n:03}", "visit", at=n + 100)
        log(opened, f"c{n:03}", "drinks", f"{n % 3}.5", at=n + 200)
        log(opened, f"c{n:03}", "screen", "negative" if n else "positive", at=n + 300)
    correct_event(opened, "e100", "it was somebody else")
    for client in ("c001", "c002"):
        issue_voucher(opened, client)
    return opened


def stock_file(folder: Path) -> Path:
    file = folder.parent / "things.csv"
    file.write_text("item,count,value\nbus pass,40,2.00\n")
    return file


def log(
    program: Program, client: str, kind: str, value: str | None = None, note: str = "", at: int = 0
) -> None:
    event, wrong = make_event(
        program,
        client=client,
        kind=kind,
        value=value,
        at=datetime(2026, 5, 2, 17, tzinfo=UTC) + timedelta(hours=at),
        id=f"e{at}",
    )
    assert event is not None, wrong
    log_event(program, event, note)


def consent(program: Program, client: str, given: int, purpose: str = "sharing") -> None:
    with program.ledger.writing():
        program.ledger.insert(
            "consents",
            id=program.new_id(),
            client=client,
            channel="",
            purpose=purpose,
            given=given,
            how="spoken",
            noted_at=program.now().isoformat(),
            noted_by="ana",
        )


def export(program: Program, name: str, format: str | None = None, **options: Any) -> Path:
    path = program.folder.parent / name
    why = None if options.get("deidentified") else WHY
    export_tables(program, path, wanted(path, format, **{"words": True, **options}), why)
    return path


def csv_cells(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline="")))


# Every format says the same


def test_every_format_holds_what_the_ledger_holds(program: Program) -> None:
    """The events, read by a statement of our own, against each file, read by a library of somebody else's."""
    truth = [
        tuple(row)
        for row in program.ledger.rows(
            "select e.id, e.client, e.kind, e.occurred_at, e.on_day, e.evidence, p.text,"
            " (select sum(a.cents) from occurrences o, awards a where o.event = e.seq and a.occurrence = o.seq),"
            " e.value, e.is_number, e.id = 'e100' from events e left join personal p"
            " on p.about = 'note:' || e.id order by e.seq"
        )
    ]
    assert len(truth) == 4 * len(HOSTILE)

    def same(found: list[dict[str, Any]], text: Callable[[Any], Any] = lambda cell: cell) -> None:
        assert len(found) == len(truth)
        for row, (id, client, kind, at, day, evidence, note, cents, value, is_number, wrong) in zip(
            found, truth, strict=True
        ):
            assert (row["event"], row["client"], row["kind"]) == (id, client, kind)
            moment = datetime.fromisoformat(str(row["occurred_at"]))
            assert moment == datetime.fromisoformat(at)
            assert str(row["on_day"])[:10] == day
            assert row["evidence"] == evidence
            assert (row["note"] or None) == text(note)
            assert int(row["earned_cents"]) == (cents or 0)
            assert row["corrected"] in (bool(wrong), int(wrong), str(bool(wrong)).lower())
            number = row["number"]
            assert (Decimal(str(number)) if number not in (None, "") else None) == (
                Decimal(value) if is_number else None
            )
            coded = is_number or kind == "screen"
            assert (row["value"] or None) == (value if coded else None)
            assert (row["words"] or None) == (None if coded else text(value))

    head, *rows = csv_cells(export(program, "e.csv", tables=["events"]).read_bytes().decode())
    same([{k: unguarded(v) for k, v in zip(head, row, strict=True)} for row in rows])
    head, *rows = csv_cells(
        export(program, "raw.csv", tables=["events"], guard=False).read_bytes().decode()
    )
    same([dict(zip(head, row, strict=True)) for row in rows])
    lines = export(program, "e.jsonl", tables=["events"]).read_bytes().split(b"\n")
    same([json.loads(line) for line in lines if line])
    with closing(sqlite3.connect(export(program, "e.db"))) as db:
        db.row_factory = sqlite3.Row
        same([dict(row) for row in db.execute("select * from events order by rowid")])
    parquet = export(program, "e.parquet", tables=["events"])
    with duckdb.connect() as duck:
        duck.execute("set timezone = 'UTC'")
        found = duck.execute(
            "select * replace (occurred_at::varchar as occurred_at) from read_parquet(?)",
            [str(parquet)],
        )
        names = [one[0] for one in found.description or ()]
        same([dict(zip(names, row, strict=True)) for row in found.fetchall()])
    sheet = openpyxl.load_workbook(export(program, "e.xlsx"))["events"]
    head, *rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    same([dict(zip(head, map(of_xlsx, row), strict=True)) for row in rows], text=in_xml)


def of_xlsx(cell: Any) -> Any:
    """Read a cell as Excel does: _x001B_ is one letter."""
    if not isinstance(cell, str):
        return cell
    return in_xml(re.sub("_x([0-9A-F]{4})_", lambda m: chr(int(m[1], 16)), cell))


def in_xml(text: str | None) -> str | None:
    """Write a text as XML can have it."""
    return text and text.replace("\r\n", "\n").replace("\r", "\n").replace(
        "\ufffe\uffff", "\ufffd" * 2
    )


def test_other_programs_find_the_types(program: Program) -> None:
    parquet = export(program, "e.parquet", tables=["events"])
    vouchers = export(program, "vouchers.parquet", tables=["vouchers"])
    with duckdb.connect() as duck:
        types = {
            row[0]: row[1]
            for row in duck.execute(
                "describe select * from read_parquet(?)", [str(parquet)]
            ).fetchall()
        }
        told = dict(
            duck.execute("select key, value from parquet_kv_metadata(?)", [str(parquet)]).fetchall()
        )
        money = duck.execute("select sum(cents) from read_parquet(?)", [str(vouchers)]).fetchone()
    assert types["on_day"] == "DATE"
    assert types["occurred_at"] == "TIMESTAMP WITH TIME ZONE"
    assert types["number"] == "DECIMAL(18,6)"
    assert (types["earned_cents"], types["corrected"]) == ("BIGINT", "BOOLEAN")
    assert told[b"notice"].decode() == NOTICE
    assert told[b"column.note"].decode() == "a note that staff made"
    (issued,) = program.ledger.rows("select sum(cents) from vouchers")[0]
    assert money == (issued,)

    frame = pandas.read_csv(export(program, "v.csv", tables=["vouchers"]))
    assert frame["cents"].sum() == issued
    frame = pandas.read_json(export(program, "v.jsonl", tables=["vouchers"]), lines=True)
    assert frame["cents"].sum() == issued
    book = export(program, "v.xlsx", tables=["vouchers", "choices"])
    assert pandas.read_excel(book, sheet_name="vouchers")["cents"].sum() == issued
    assert str(pandas.read_excel(book, sheet_name="choices")["on_day"].dtype).startswith(
        "datetime64"
    )
    with duckdb.connect() as duck:
        duck.execute("set TimeZone = 'UTC'")
        path = export(program, "w.csv", tables=["vouchers"])
        assert duck.execute(f"select sum(cents) from '{path}'").fetchone() == (issued,)


def test_the_file_for_datasette_is_whole_and_described(program: Program) -> None:
    path = export(program, "program.db")
    metadata = json.loads(path.with_name("program.metadata.json").read_text())
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        assert db.execute("pragma integrity_check").fetchone() == ("ok",)
        assert db.execute("pragma foreign_key_check").fetchall() == []
        keys = {
            (table, key[3], key[2], key[4])
            for table in TABLES
            for key in db.execute(f"pragma foreign_key_list({table})")
        }
        columns = {
            table: [row[1] for row in db.execute(f"pragma table_info({table})")] for table in TABLES
        }
        assert db.execute("select says from about").fetchall()[1] == (NOTICE,)
    assert ("charges", "voucher", "vouchers", "voucher") in keys
    assert ("awards", "occurrence", "occurrences", "occurrence") in keys
    assert len(keys) >= 17
    described = metadata["databases"]["program"]["tables"]
    assert {table: list(described[table]["columns"]) for table in TABLES} == columns

    async def page(address: str) -> tuple[int, str]:
        shown = Datasette([], immutables=[str(path)], metadata=metadata)
        await shown.invoke_startup()
        answer = await shown.client.get(address)
        return answer.status_code, answer.text

    status, text = asyncio.run(page("/program/events.json?_shape=array&_size=max"))
    assert status == 200
    assert len(json.loads(text)) == 4 * len(HOSTILE)
    for table in ("clients", "choices", "events"):
        status, text = asyncio.run(page(f"/program/{table}?_size=max"))
        assert status == 200
        assert NOTICE in text
        assert "<script>alert" not in text
        assert "<img src=x" not in text


def test_the_same_ledger_gives_the_same_bytes(program: Program) -> None:
    for ending in (".csv", ".jsonl", ".parquet"):
        first, second = (
            export(program, f"{name}{ending}", tables=["events"]).read_bytes() for name in "ab"
        )
        assert first == second
    for ending, format in ((".xlsx", None), (".db", None), (".zip", "csv"), (".zip", "jsonl")):
        first, second = (
            export(program, f"{format}-{name}{ending}", format).read_bytes() for name in "ab"
        )
        assert first == second


def test_a_folder_says_what_is_in_it(program: Program) -> None:
    folder = export(program, "all", "csv")
    package = json.loads((folder / "datapackage.json").read_text())
    assert {one["name"] for one in package["resources"]} == set(TABLES)
    for one in package["resources"]:
        head = csv_cells((folder / one["path"]).read_bytes().decode())[0]
        assert head == [field["name"] for field in one["schema"]["fields"]]
        assert head[-1] == "notice"
        assert one["guarded"] == "'"
        assert all(field["description"] for field in one["schema"]["fields"])
    assert NOTICE in (folder / "README.txt").read_text()
    assert oct(folder.stat().st_mode)[-3:] == "700"
    assert {oct(one.stat().st_mode)[-3:] for one in folder.iterdir()} == {"600"}
    unguarded_folder = export(program, "raw", "csv", guard=False)
    raw = json.loads((unguarded_folder / "datapackage.json").read_text())
    assert {one["guarded"] for one in raw["resources"]} == {""}


def test_a_window_of_days(program: Program) -> None:
    path = export(
        program, "w.csv", tables=["events"], first=date(2026, 5, 4), last=date(2026, 5, 5)
    )
    _, *rows = csv_cells(path.read_text())
    truth = program.ledger.rows(
        "select count(*) from events where on_day in ('2026-05-04', '2026-05-05')"
    )
    assert len(rows) == truth[0][0] > 0


# Nothing of it runs


def begins_a_formula(cell: str) -> bool:
    """Say whether a spreadsheet would take a cell for a formula; a plain number is one that it is not."""
    if cell[:1] in ("\t", "\r", "\n"):
        return True
    bare = cell.lstrip(' "\u00a0\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\ufeff')
    number = re.fullmatch(r"-[0-9]+([.][0-9]+)?", cell)
    return bare[:1] in tuple("=+-@＝＋－＠") and not number


@given(st.text(st.sampled_from("=+-@\t\r\n;,|'\" a1.\u200b＝"), max_size=12))
def test_guarded_text_runs_nowhere_and_comes_back(text: str) -> None:
    assert unguarded(guarded(text)) == text
    out = io.StringIO(newline="")
    csv.writer(out).writerow(["x", guarded(text), "y"])
    for separator in ",;\t|":
        for row in csv.reader(io.StringIO(out.getvalue(), newline=""), delimiter=separator):
            assert not [cell for cell in row if begins_a_formula(cell)]


@given(st.text())
def test_any_text_comes_back(text: str) -> None:
    assert unguarded(guarded(text)) == text


def test_a_number_stays_one() -> None:
    assert [guarded(text) for text in ("-5", "5", "-0.5", "2026-01-05")] == [
        "-5", "5", "-0.5", "2026-01-05",
    ]  # fmt: skip
    assert [guarded(text) for text in ("-5+1", "+5", "- 5", "--5")] == [
        "'-5+1", "'+5", "'- 5", "'--5",
    ]  # fmt: skip


def test_no_cell_of_a_csv_begins_a_formula(program: Program) -> None:
    folder = export(program, "all", "csv")
    seen = 0
    for file in folder.glob("*.csv"):
        for row in csv_cells(file.read_bytes().decode()):
            assert not [cell for cell in row if begins_a_formula(cell)], file
            seen += len(row)
    assert seen > 2_000


def test_no_cell_of_a_workbook_is_a_formula_or_a_link(program: Program) -> None:
    path = export(program, "all.xlsx")
    with zipfile.ZipFile(path) as parts:
        names = parts.namelist()
        text = b"".join(parts.read(name) for name in names if "worksheets" in name)
    assert b"<f>" not in text
    assert b"<f " not in text
    assert b"hyperlink" not in text
    assert not [name for name in names if "externalLink" in name or "vba" in name.lower()]
    book = openpyxl.load_workbook(path)
    cells = [cell for page in book for row in page.iter_rows() for cell in row]
    assert not [cell for cell in cells if cell.data_type == "f" or cell.hyperlink]
    shown = {of_xlsx(cell.value) for cell in next(iter(book["clients"].iter_cols(6, 6)))}
    assert {in_xml(text) for text in HOSTILE} < shown
    assert book["About"]["A2"].value == NOTICE


def test_nothing_reaches_the_terminal_as_it_is(program: Program, run: Run) -> None:
    for n, text in enumerate(HOSTILE):
        client = f"c{n:03}"
        done = [
            run("client", "show", client, folder=program.folder),
            run("goal", "list", client, folder=program.folder),
            run("events", "--client", client, folder=program.folder),
        ]
        for one in done:
            assert one.exit_code == 0, (text, one.output)
            assert not set(one.output) & {
                *map(chr, range(9)),
                *map(chr, range(11, 32)),
                "\x9b",
                "\u202e",
            }


# With grounds, or without anybody


def test_clients_data_leave_with_grounds_only(program: Program, run: Run) -> None:
    place = program.folder.parent
    for tables in ([], ["--tables", "events"], ["--tables", "stock,refusals"]):
        done = run("export", "data", place / "x.xlsx", *tables, folder=program.folder)
        assert done.exit_code == 1
        assert done.output.count("clients' data leave the program only with it") == 3
    with pytest.raises(CMError):
        export_tables(program, place / "x.xlsx", wanted(place / "x.xlsx", None), None)
    assert not list(place.glob("x*"))
    assert disclosures(program) == []
    done = run(
        "export", "data", place / "s.xlsx", "--tables", "stock,funds,rules", folder=program.folder
    )
    assert done.exit_code == 0, done.output
    assert disclosures(program) == []


def test_what_was_given_is_written_down_for_everybody_it_concerns(
    program: Program, run: Run
) -> None:
    place = program.folder.parent
    for name in ("a.xlsx", "b.db", "c", "d.zip"):
        done = run("export", "data", place / name, *GROUNDS, "--json", folder=program.folder)
        assert done.exit_code == 0, done.output
        shown = json.loads(done.stdout)
        listed = json.loads(
            run("disclosures", "--client", "c007", "--json", folder=program.folder).stdout
        )["disclosures"]
        assert listed[-1]["id"] == shown["disclosure"]
        assert (listed[-1]["recipient"], listed[-1]["purpose"]) == ("County", "audit")
        assert (listed[-1]["consent"], listed[-1]["clients"]) == ("2026-017", len(HOSTILE))
    assert len(disclosures(program)) == 4


def test_what_was_given_is_listed_in_words_that_fit_a_terminal(program: Program, run: Run) -> None:
    place = program.folder.parent
    long = ("--to", "County of " * 18, "--purpose", "an audit of " * 15, "--consent", "n" * 40)
    run("export", "data", place / "a.xlsx", *long, folder=program.folder)
    run("export", "data", place / "b.xlsx", "--words", *GROUNDS, folder=program.folder)
    shown = run("disclosures", folder=program.folder).stdout
    assert max(map(len, shown.splitlines())) <= 100
    assert "xlsx: every table, without words; about" in shown
    assert "xlsx: every table, with words; about" in shown
    assert "to County, for audit, under consent 2026-017" in shown


def test_who_withdrew_is_left_out_and_keeps_what_they_earned(program: Program, run: Run) -> None:
    before = {client: program.ledger.balance(client) for client in ("c003", "c004")}
    consent(program, "c003", 0)
    consent(program, "c004", 0)
    consent(program, "c004", 1)  # given again: the latest word counts
    consent(program, "c005", 0, "equity")  # something else
    place = program.folder.parent
    done = run("export", "data", place / "all", *GROUNDS, folder=program.folder)
    assert "Left out: 1 client" in done.output
    for file in (place / "all").glob("*.csv"):
        text = file.read_text()
        assert "c003" not in text
        assert ("c004" in text and "c005" in text) == (file.stem in (
            "clients", "choices", "events", "occurrences", "awards", "consents", "messages",
        ))  # fmt: skip
    assert "c003" not in {row[0] for row in program.ledger.rows("select client from disclosed")}
    assert {client: program.ledger.balance(client) for client in before} == before
    own = run("export", "client", "c003", place / "own.zip", folder=program.folder)
    assert own.exit_code == 0, own.output


def test_who_withdraws_meanwhile_stops_it(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The files are written from what stood a moment ago; nothing is given of who has withdrawn since."""
    copy = program.ledger.copy

    def copied(path: Path) -> None:
        copy(path)
        consent(program, "c003", 0)

    monkeypatch.setattr(program.ledger, "copy", copied)
    path = program.folder.parent / "x.xlsx"
    with pytest.raises(CMError, match="has withdrawn their consent to sharing"):
        export_tables(program, path, wanted(path, None), WHY)
    assert not path.exists()
    assert disclosures(program) == []


def test_a_client_is_given_their_own_record(program: Program, run: Run) -> None:
    place = program.folder.parent
    done = run("export", "client", "c001", place / "own", folder=program.folder)
    assert done.exit_code == 0, done.output
    words = HOSTILE[1]
    held = {file.stem: csv_cells(file.read_text()) for file in (place / "own").glob("*.csv")}
    assert [unguarded(cell) for cell in held["choices"][1]].count(words) == 1
    assert [unguarded(cell) for row in held["events"] for cell in row].count(words) == 2
    assert held["vouchers"][1][1] == "c001"
    assert not [
        cell for rows in held.values() for row in rows[1:] for cell in row if cell == "c002"
    ]
    (told,) = disclosures(program, "c001")
    assert (told["recipient"], told["purpose"], told["clients"]) == ("c001", "their own record", 1)
    assert disclosures(program, "c002") == []
    done = run("export", "client", "nobody", place / "x", folder=program.folder)
    assert done.exit_code == 1


def abouts() -> set[str]:
    """Every way in which the engine names what it keeps about a person, as its code has it."""
    found: set[str] = set()
    for file in Path(cmengine.__file__).parent.rglob("*.py"):
        text = file.read_text()
        if "keep_personal(" in text or "change_personal(" in text:
            found |= set(re.findall(r'^ABOUT = "([a-z]+:)"', text, re.MULTILINE))
            found |= set(
                re.findall(
                    r'(?:keep|change)_personal\(\s*[^,]+,\s*f?"([a-z]+:?)', text, re.MULTILINE
                )
            )
    return found


def test_their_own_record_holds_every_line_that_is_kept_of_them(program: Program) -> None:
    known = abouts()
    assert known >= {"name", "note:", "set:", "strength:", "stratum:", "correction:", "replaced:"}
    with program.ledger.writing():
        for client in ("c001", "c002"):
            for n, about in enumerate(sorted(known | {"something-that-comes-later:"})):
                name = about + (f"planted-{n}" if about.endswith(":") else "-planted")
                program.ledger.keep_personal(client, name, f"said by {client}, {n}")
    path = program.folder.parent / "own"
    want = wanted(path, "jsonl", client="c001", words=True, tables=OWN_TABLES)
    export_tables(program, path, want, own_grounds("c001"))
    given = [json.loads(line) for line in (path / "personal.jsonl").read_text().splitlines()]
    # Counted by SQL of our own, and not by the engine's.
    with closing(sqlite3.connect(program.folder / "program.db")) as db:
        kept = db.execute(
            "select about, client, text from personal where client = 'c001'"
        ).fetchall()
    assert len(kept) > len(known)
    assert sorted((one["about"], one["client"], one["text"]) for one in given) == sorted(kept)
    assert "said by c002" not in (path / "personal.jsonl").read_text()
    everybody = program.folder.parent / "all"
    export_tables(program, everybody, wanted(everybody, "jsonl", words=True), WHY)
    assert not (everybody / "personal.jsonl").exists()


def test_without_words_nothing_that_was_typed_goes_out(program: Program) -> None:
    folder = export(program, "plain", "csv", words=False, guard=False)
    told = "".join(file.read_bytes().decode() for file in folder.iterdir())
    for text in HOSTILE:
        if len(text) > 5 and not text.startswith(("2026", "mailto", "http")):
            assert text not in told, repr(text)
    assert "it was somebody else" not in told


# Nobody can be picked out


def many(make: Make, clients: int = 30, seed: int = 1) -> tuple[Program, list[tuple[Any, ...]]]:
    """A program with many clients, and every event as (client, month, kind, value, evidence)."""
    program = make(RULES, KINDS, SETTINGS)
    dice = Random(seed)
    names = [f"q{n:02}z" for n in range(clients)]
    for name in names:
        add_client(program, name, f"Name of {name}")
    choose_goals(
        program,
        [
            Wish(client=name, rule="drop-in", words=f"Hope {name}", on=date(2026, 3, 1))
            for name in names
        ],
    )
    held = []
    for n in range(clients * 12):
        client = dice.choice(names)
        kind = dice.choice(["visit", "visit", "drinks", "screen", "positive_change"])
        value = {
            "drinks": str(dice.choice([0, 1, 2, 40])),
            "screen": dice.choice(["negative"] * 9 + ["positive"]),
        }
        value["positive_change"] = f"words of {client}"
        at = datetime(2026, 3, 2, 18, tzinfo=UTC) + timedelta(hours=dice.randrange(24 * 120))
        event, _ = make_event(
            program, client=client, kind=kind, value=value.get(kind), at=at, id=f"id-{client}-{n}"
        )
        assert event is not None
        log_event(program, event, f"note on {client}")
        shown = value.get(kind) if kind in ("drinks", "screen") else None
        held.append((client, event.day.isoformat()[:7], kind, shown, event.evidence))
    return program, held


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_row_without_grounds_is_of_many_people(make: Make, seed: int) -> None:
    program, held = many(make, seed=seed)
    folder = export(program, "d", "csv", deidentified=True, words=False)
    head, *rows = csv_cells((folder / "events.csv").read_text())
    assert head == ["month", "kind", "value", "evidence", "events", "cents", "people"]
    assert len(rows) > 8
    left = list(held)
    total = 0
    for month, kind, value, evidence, events, _, people in sorted(
        rows, key=lambda row: row[:4].count("(other)") + 2 * (len(row[0]) == 4)
    ):
        assert int(people) >= LEAST
        meant = [
            one
            for one in left
            if one[1].startswith(month)
            and kind in (one[2], "(other)")
            and value in (one[3] or "", "(other)")
            and evidence in (one[4], "(other)")
        ]
        if "(other)" not in (kind, value, evidence) and len(month) == 7:
            # What is told exactly is all that there is of it.
            assert (len(meant), len({one[0] for one in meant})) == (int(events), int(people))
            left = [one for one in left if one not in meant]
        total += int(events)
    assert total <= len(held)
    for file in folder.glob("*.csv"):
        head, *rows = csv_cells(file.read_text())
        if "people" in head:
            assert all(int(row[head.index("people")]) >= LEAST for row in rows), file


def test_nothing_of_anybody_is_in_what_needs_no_grounds(make: Make, run: Run) -> None:
    program, _ = many(make)
    place = program.folder.parent
    issue_voucher(program, "q01z")
    for name in ("d.zip", "d.xlsx", "d.db", "p.zip"):
        more = ("--format", "parquet") if name == "p.zip" else ()
        done = run(
            "export", "data", place / name, *more, "--deidentified", "--json", folder=program.folder
        )
        assert done.exit_code == 0, done.output
        assert json.loads(done.stdout)["disclosure"] is None
    folder = export(program, "d", "jsonl", deidentified=True, words=False)
    planted = ["q0", "q1", "q2", "Name of", "Hope", "words of", "note on", "id-", "ana"]
    texts = [file.read_text() for file in folder.iterdir()]
    with zipfile.ZipFile(place / "d.xlsx") as book:
        texts += [book.read(name).decode() for name in book.namelist()]
    texts.append((place / "d.db").read_bytes().decode("latin-1"))
    for text in texts:
        for one in planted:
            assert one not in text.replace("analy", ""), one
        assert NOTICE not in text
    days = {row[0][:10] for row in program.ledger.rows("select occurred_at from events")}
    assert not [day for text in texts for day in days if day in text and day != "2026-07-01"]
    assert disclosures(program) == []


def test_nobody_is_followed_from_one_export_to_the_next(make: Make) -> None:
    """There is nothing in a row that stands for one person: no row has fewer than 11, none has an id."""
    program, _ = many(make)
    first = export(program, "one", "csv", deidentified=True, words=False)
    # What happens in the month that is not over changes nothing, so the two cannot be held against each other.
    for n in range(30):
        event, _ = make_event(
            program,
            client=f"q{n:02}z",
            kind="visit",
            at=datetime(2026, 7, 1, 17, tzinfo=UTC),
            id=f"late-{n}",
        )
        assert event is not None
        log_event(program, event)
    second = export(program, "two", "csv", deidentified=True, words=False)
    for name in ("events", "occurrences", "awards", "choices", "clients"):
        one, two = ((folder / f"{name}.csv").read_bytes() for folder in (first, second))
        assert one == two
    for file in first.glob("*.csv"):
        head, *rows = csv_cells(file.read_text())
        if "people" not in head:
            continue
        keys = [tuple(row[: head.index(file.stem)]) for row in rows]
        assert len(keys) == len(set(keys)), "a sort of thing stands in one row, whoever it was"


CELLS = st.dictionaries(
    st.tuples(
        st.sampled_from(["2026-01", "2026-02", "2027-01"]),
        st.sampled_from("abc"),
        st.sampled_from("xyz"),
    ),
    st.lists(st.integers(0, 14), min_size=1, max_size=30),
    max_size=20,
)


@given(CELLS)
def test_folding_shows_only_what_many_have_in_common_and_loses_nothing_else(
    things: dict[tuple[str, ...], list[int]],
) -> None:
    cells = {
        key: Cell(len(who), (sum(who),), len(set(who)), frozenset(map(str, who)))
        for key, who in things.items()
    }
    steps = (
        {2: "*"},
        {2: "*", 0: lambda month: month[:4]},
        {0: lambda month: month[:4], 1: "*", 2: "*"},
    )
    shown, left = fold(cells, steps, least=5)
    assert all(cell.people >= 5 for cell in shown.values())
    assert sum(cell.count for cell in shown.values()) + left == sum(map(len, things.values()))
    for key, cell in cells.items():
        if cell.people >= 5:
            assert shown[key] == cell, "what can be told exactly is"
    # Worked out once more, thing by thing.
    told: Counter[tuple[str, ...]] = Counter()
    rest = {key: list(who) for key, who in things.items()}
    for step in ({}, *steps):
        met: dict[tuple[Any, ...], list[int]] = defaultdict(list)
        origin = defaultdict(list)
        for key, who in rest.items():
            coarse = tuple(
                part if (how := step.get(n)) is None else how(part) if callable(how) else how
                for n, part in enumerate(key)
            )
            met[coarse] += who
            origin[coarse].append(key)
        for coarse, who in met.items():
            if len(set(who)) >= 5 and coarse not in told:
                told[coarse] = len(who)
                for key in origin[coarse]:
                    del rest[key]
    assert {key: cell.count for key, cell in shown.items()} == dict(told)


# A new file, all of it or none


def test_nothing_is_written_over(program: Program, run: Run) -> None:
    place = program.folder.parent
    (place / "there.xlsx").write_text("mine")
    (place / "there").mkdir()
    (place / "link.db").symlink_to(place / "nowhere")
    (place / "b.metadata.json").write_text("mine")
    for name in ("there.xlsx", "there", "link.db", "b.db"):
        done = run("export", "data", place / name, *GROUNDS, folder=program.folder)
        assert done.exit_code == 1
        assert "is already there; name a new file" in done.output
    assert (place / "there.xlsx").read_text() == "mine"
    assert not (place / "b.db").exists()
    done = run("export", "data", place / "no" / "x.db", *GROUNDS, folder=program.folder)
    assert (done.exit_code, "cannot be written" in done.output) == (1, True)
    assert disclosures(program) == []
    assert not list(place.glob(".cmengine-*"))


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("x.csv",), "a file of the format csv holds one table; name one with --tables"),
        (("x.parquet", "--tables", "events,awards"), "holds one table"),
        (("x.doc",), "'.doc' is no ending that is known"),
        (("x.csv", "--format", "xlsx"), "is not named like a file of the format xlsx"),
        (("x", "--format", "xlsx"), "xlsx is one file; name it like x.xlsx"),
        (("x.zip", "--format", "docx"), "'docx' is no format"),
        (("x.zip", "--tables", "event"), "there is no table 'event'; did you mean 'events'?"),
        (("x.zip", "--deidentified", "--words"), "--deidentified has no words in it"),
    ],
)
def test_what_cannot_be_is_said(
    program: Program, run: Run, words: tuple[str, ...], says: str
) -> None:
    done = run("export", "data", *words, *GROUNDS, folder=program.folder)
    assert done.exit_code in (1, 2)
    assert says in done.output
    assert disclosures(program) == []


@pytest.mark.parametrize(("name", "module"), [("x.xlsx", "xlsxwriter"), ("x.zip", "duckdb")])
def test_without_the_extra_it_says_what_to_install(
    program: Program, run: Run, monkeypatch: pytest.MonkeyPatch, name: str, module: str
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    more = ("--format", "parquet") if module == "duckdb" else ()
    done = run(
        "export", "data", program.folder.parent / name, *more, *GROUNDS, folder=program.folder
    )
    assert done.exit_code == 1
    assert "pip install 'cmengine[export]'" in done.output
    assert not (program.folder.parent / name).exists()
    assert disclosures(program) == []


def test_a_full_disk_leaves_nothing(program: Program) -> None:
    """Beyond so many bytes no file grows; what was begun is taken away."""
    place = program.folder.parent
    code = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "sys.dont_write_bytecode = True;"  # Python keeps half a module, and trips over it later
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4000, 4000));"
        "from cmengine.cli import main; main()"
    )
    words = [
        "--by",
        "ana",
        "-p",
        str(program.folder),
        "export",
        "data",
        str(place / "x.zip"),
        *GROUNDS,
    ]
    done = subprocess.run(
        [sys.executable, "-c", code, *words], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert not (place / "x.zip").exists()
    assert not list(place.glob(".cmengine-*"))
    assert disclosures(program) == []


def test_a_file_is_its_owners_alone_and_takes_nobodys_name(tmp_path: Path) -> None:
    for name in ("x.csv", "x.db"):
        with new_private(tmp_path / name) as places:
            places[0].write_text("mine")
        assert oct((tmp_path / name).stat().st_mode)[-3:] == "600"
    late = tmp_path / "late.csv"
    with (
        pytest.raises(CMError, match="is already there"),
        new_private(late, before=lambda: late.write_text("theirs")) as places,
    ):
        places[0].write_text("mine")
    assert late.read_text() == "theirs"
    assert not list(tmp_path.glob(".cmengine-*"))


def test_what_a_stop_has_left_of_an_export_is_cleared_away_and_the_name_is_free(
    program: Program, run: Run
) -> None:
    """Stopped between the name and what it was to hold: an empty file, and a copy beside it."""
    place = program.folder.parent
    (place / "out.zip").touch()
    left = place / ".cmengine-abc.unfinished"
    left.mkdir()
    (left / "clients.csv").write_text("what is known about people")
    done = run("export", "data", place / "out.zip", *GROUNDS, folder=program.folder)
    assert done.exit_code == 0, done.output
    assert (place / "out.zip").stat().st_size
    assert not list(place.glob(".cmengine-*"))
