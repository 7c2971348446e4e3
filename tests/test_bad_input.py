"""What cannot be at the desk: imports, logging, choices, vouchers, folders. Said in words, and nothing is written."""

import json
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest
from click.testing import Result

from cmengine.choices import Wish, choose_goals
from cmengine.engine import add_client
from cmengine.ids import new_code
from cmengine.program import open_program
from cmengine.publish import publish
from cmengine.settings import SETTINGS
from cmengine.starters import make_program

Run = Callable[..., Result]
SEASON = Path(__file__).parent / "season"
HEAD = "id,client,kind,value,at,evidence\n"
DAY = "2026-01-05"
NOT_HERE = "this code: cannot be used here; read it again, letter by letter; staff can look it up"


def content(folder: Path) -> list[str]:
    """Give everything that is in a program's ledger, but for the note that somebody tried a code."""
    with closing(sqlite3.connect(folder / "program.db")) as connection:
        return [line for line in connection.iterdump() if '"tries"' not in line]


@pytest.fixture(scope="session")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A program of the season's rules with c1, who chose drop-in, and c2."""
    folder = tmp_path_factory.mktemp("first") / "program"
    make_program(folder, zone="America/Los_Angeles", by="ana")
    shutil.copy(SEASON / "kinds.toml", folder / "kinds.toml")
    shutil.copy(SEASON / "rules.toml", folder / "rules" / "rules.toml")
    program = open_program(folder, by="ana")
    publish(program)
    add_client(program, "c1")
    add_client(program, "c2")
    choose_goals(program, [Wish(client="c1", rule="drop-in", words="w", on=date(2026, 1, 5))])
    program.close()
    return folder


@pytest.fixture
def folder(first: Path, tmp_path: Path) -> Path:
    """A copy of the program, to do with as one likes."""
    copy = tmp_path / "program"
    shutil.copytree(first, copy)
    return copy


Refused = Callable[..., list[str]]


@pytest.fixture
def refused(folder: Path, run: Run) -> Refused:
    """Run a command that must be refused; give its lines. Nothing may be written."""

    def lines(*words: str | Path, typed: str | None = None, code: int = 1) -> list[str]:
        before = content(folder)
        result = run(*words, folder=folder, typed=typed)
        assert result.exit_code == code, result.output
        assert result.stdout == ""
        assert content(folder) == before
        return [line.removeprefix("Error: ") for line in result.stderr.splitlines()]

    return lines


@pytest.fixture
def importing(tmp_path: Path, refused: Refused) -> Refused:
    """Import text that must be refused; give its lines without the file's name."""

    def lines(text: str | bytes, *options: str | Path, name: str = "events.csv") -> list[str]:
        file = tmp_path / name
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        said = refused("import", file, *options)
        assert file.read_bytes() == (text if isinstance(text, bytes) else text.encode())
        return [line.removeprefix(f"{file}:") for line in said]

    return lines


def rows(*lines: str) -> str:
    return HEAD + "".join(f"{line}\n" for line in lines)


def test_all_bad_lines_of_a_long_file_are_named_at_once(importing: Refused) -> None:
    good = [f"e{n},c1,visit,,{DAY}T09:00:00-08:00,staff" for n in range(6000)]
    good[4998] = f"e4998,c1,visti,,{DAY}T09:00:00-08:00,staff"
    good[5500] = "e5500,c1"
    good[5998] = "e5998,c9,drinks,-3,yesterday,x"
    assert importing(rows(*good)) == [
        "5000: there is no kind of event 'visti'; did you mean 'visit'?",
        "5502: has 2 cells, the first line has 6; a text with a comma in it needs quotes",
        "6000: at: 'yesterday' is not a time like 2026-01-05T09:30:00-08:00",
        "6000: there is no client 'c9'; there is 'c1', 'c2'",
        "6000: drinks: -3 drinks is below zero; write 0 or more",
        "6000: 'x' is no kind of evidence; there is 'device', 'document', 'self', 'staff', 'test'",
    ]


LINES = {
    "an unknown client": (f"a,cX,visit,,{DAY},", "there is no client 'cX'; there is 'c1', 'c2'"),
    "a value that cannot be": (
        f"a,c1,stimulant_test,negatve,{DAY},",
        "stimulant_test: 'negatve' is not one of its values; did you mean 'negative'?",
    ),
    "no value": (
        f"a,c1,stimulant_test,,{DAY},",
        "stimulant_test: it needs a value: negative or positive",
    ),
    "no number": (
        f"a,c1,drinks,many,{DAY},",
        'drinks: "many" is not a number; write it like 4000 or 2.5',
    ),
    "not a number": (
        f"a,c1,drinks,nan,{DAY},",
        'drinks: "nan" is not a number; write it like 4000 or 2.5',
    ),
    "a value too many": (
        f"a,c1,visit,5,{DAY},",
        "visit: it takes no value, and was given '5'; leave it out",
    ),
    "a long text": (
        f"a,c1,positive_change,{'x' * 2001},{DAY},",
        "positive_change: the text is longer than 2,000 letters; shorten it",
    ),
    "no zone": (
        f"a,c1,visit,,{DAY}T09:00:00,",
        f"at: '{DAY}T09:00:00' does not say in which time zone; add the offset, or say --zone NAME",
    ),
    "a future day": (
        "a,c1,visit,,2199-01-05,",
        "2199-01-05 12:00 is in the future; log it when it has happened",
    ),
    "no day": (
        "a,c1,visit,,2026-02-30,",
        "at: there is no such day as 2026-02-30; look at the month and the day",
    ),
    "a year nobody means": (
        "a,c1,visit,,0001-01-01T00:00:00+14:00,",
        "at: 0001-01-01 is not a day of the years 1900 to 2999; look at the year",
    ),
    "no id": (
        f",c1,visit,,{DAY},",
        "id is empty; give every event an id of its own, so that it is never counted twice",
    ),
    "an id of a space": (
        f" ,c1,visit,,{DAY},",
        "id is empty; give every event an id of its own, so that it is never counted twice",
    ),
    "an id with an escape": (
        f"\x1b[31m,c1,visit,,{DAY},",
        "the id cannot be one; give it 1 to 200 letters that can be printed",
    ),
    "a NUL": (f"a,c1,vi\0sit,,{DAY},", "kind: is not UTF-8 text; save the file as UTF-8"),
    "a quote not closed": (
        f'a,c1,"visit,,{DAY},',
        'is not CSV: a quote " is opened here and not closed',
    ),
    "a quote in a cell": (
        f'a,c1,"vi"sit,,{DAY},',
        'is not CSV: there is a quote " in the middle of a cell; write it twice, ""',
    ),
    "a cell too many": (
        f"a,c1,visit,,{DAY},staff,more",
        "has 7 cells, the first line has 6; a text with a comma in it needs quotes",
    ),
    "a line of a million letters": (
        f"a,c1,positive_change,{'x' * 1_000_000},{DAY},",
        "this line is longer than 100,000 letters; is this the right file?",
    ),
}


@pytest.mark.parametrize(("line", "said"), LINES.values(), ids=LINES)
def test_a_line_that_cannot_be_is_named_and_nothing_lands(
    importing: Refused, line: str, said: str
) -> None:
    good = f"good,c1,visit,,{DAY},staff"
    assert importing(rows(good, line)) == [f"3: {said}"]


def test_bytes_that_are_no_text_are_named(importing: Refused) -> None:
    line = b"a,c1,positive_change,caf\xe9," + DAY.encode() + b",\n"
    assert importing(HEAD.encode() + line) == [
        "2: value: is not UTF-8 text; save the file as UTF-8"
    ]


FILES = {
    "empty": (b"", " is empty; begin it with: id,client,kind,value,at,evidence"),
    "another header": (
        b"idd,client,kind,value,at\n",
        "1: there is no column 'idd'; did you mean 'id'?",
    ),
    "a missing column": (
        b"id,client,kind\n",
        "1: the column 'at' is missing; begin with: id,client,kind,value,at,evidence",
    ),
    "a column twice": (b"id,client,kind,at,at\n", "1: the column 'at' stands twice; take one out"),
    "semicolons": (
        HEAD.replace(",", ";").encode(),
        "1: the cells are not separated by commas; begin with: id,client,kind,value,at,evidence",
    ),
    "UTF-16": (
        HEAD.encode("utf-16"),
        "1: is not CSV in UTF-8; save the table as CSV, in UTF-8",
    ),
    "a spreadsheet": (
        b"PK\x03\x04\x00\xff\xfe",
        "1: is not CSV in UTF-8; save the table as CSV, in UTF-8",
    ),
}


@pytest.mark.parametrize(("text", "said"), FILES.values(), ids=FILES)
def test_a_file_that_is_no_table_of_events_is_said_once(
    importing: Refused, text: bytes, said: str
) -> None:
    assert importing(text) == [said]


JSON_LINES = {
    "a list": ("[1]", "is not a JSON object {...}; write one on each line"),
    "a list over lines": (
        "[",
        "is not a line of JSON; write one object {...} on each line, with no list around",
    ),
    "a number": ("5", "is not a JSON object {...}; write one on each line"),
    "nothing in it": ("{}", "id is missing; every line needs it"),
    "a key nobody knows": (
        '{"id": "a", "client": "c1", "kind": "visit", "at": "2026-01-05", "cliend": 1}',
        "there is no column 'cliend'; did you mean 'client'?",
    ),
    "a list in it": (
        '{"id": ["a"], "client": "c1", "kind": "visit", "at": "2026-01-05"}',
        "holds a value that is neither text nor a number; write text in quotes",
    ),
    "NaN": (
        '{"id": "a", "client": "c1", "kind": "drinks", "value": NaN, "at": "2026-01-05"}',
        'drinks: "NaN" is not a number; write it like 4000 or 2.5',
    ),
    "a number beyond all": (
        '{"id": "a", "client": "c1", "kind": "drinks", "value": 1e999999999, "at": "2026-01-05"}',
        'drinks: "1E+999999999" is not a number; write it like 4000 or 2.5',
    ),
    "half a letter": (
        '{"id": "\\ud800", "client": "c1", "kind": "visit", "at": "2026-01-05"}',
        "id: is not UTF-8 text; save the file as UTF-8",
    ),
    "deep": (
        "[" * 50_000,
        "is not a line of JSON; write one object {...} on each line, with no list around",
    ),
    "too long": (
        '"' + "x" * 100_000 + '"',
        "this line is longer than 100,000 letters; is this the right file?",
    ),
}


@pytest.mark.parametrize(("line", "said"), JSON_LINES.values(), ids=JSON_LINES)
def test_a_line_of_json_that_cannot_be_is_named(importing: Refused, line: str, said: str) -> None:
    good = '{"id": "good", "client": "c1", "kind": "visit", "at": "2026-01-05"}'
    assert importing(f"{good}\n{line}\n", name="events.jsonl") == [f"2: {said}"]


def test_an_id_stands_for_one_event_in_a_file_and_in_the_ledger(
    importing: Refused, run: Run, folder: Path, tmp_path: Path
) -> None:
    known = f"a,c1,visit,,{DAY},"
    used = f"this id was already used for c1, visit, {DAY}"
    (within,) = importing(rows(known, "a,c1,visit,,2026-01-06,"))
    assert within.startswith(f"3: {used}")
    (tmp_path / "once.csv").write_text(rows(known, known))
    assert json.loads(run("import", tmp_path / "once.csv", "--json", folder=folder).stdout) == {
        "events": 1, "duplicates": 1, "awards": 1, "cents": 250, "set_aside": 0, "per_rule": {"drop-in": 250},
        "held": [],
    }  # fmt: skip
    against = importing(rows("a,c2,visit,,2026-01-05,", "b,cX,visit,,2026-01-05,"))
    assert len(against) == 2
    assert against[0].startswith(f"2: {used}")


def test_more_than_fifty_mistakes_are_counted(importing: Refused) -> None:
    said = importing(rows(*(f"e{n},cX,visit,,{DAY}," for n in range(60))))
    assert len(said) == 51
    assert said[-1].endswith(
        "and 10 more mistakes; mend these first, or set lines aside with --skip-bad FILE"
    )


def test_bad_lines_can_be_set_aside_as_they_were_written(
    run: Run, folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "events.csv").write_text(
        rows("bad,c1,visti,,2026-01-05,", "good,c1,visit,,2026-01-05,")
    )
    done = run(
        "import", tmp_path / "events.csv", "--skip-bad", tmp_path / "aside.csv", folder=folder
    )
    assert done.exit_code == 0
    assert (tmp_path / "aside.csv").read_text() == (
        "id,client,kind,value,at,evidence\n"
        f"# {tmp_path}/events.csv:2: there is no kind of event 'visti'; did you mean 'visit'?\n"
        "bad,c1,visti,,2026-01-05,\n"
    )
    assert "1 event logged" in done.stdout
    assert (tmp_path / "aside.csv").stat().st_mode & 0o077 == 0, "it tells of clients"


@pytest.mark.skipif(os.name != "posix", reason="needs links")
def test_lines_that_are_set_aside_follow_no_link(run: Run, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "events.csv").write_text(rows("bad,c1,visti,,2026-01-05,"))
    (tmp_path / "letter").write_text("mine")
    (tmp_path / "aside.csv.unfinished").symlink_to(tmp_path / "letter")
    words = ("import", tmp_path / "events.csv", "--skip-bad")
    assert run(*words, tmp_path / "aside.csv", folder=folder).exit_code == 0
    assert "visti" in (tmp_path / "aside.csv").read_text()
    (tmp_path / "nowhere.csv").symlink_to(tmp_path / "not there")
    assert "is already there" in run(*words, tmp_path / "nowhere.csv", folder=folder).stderr
    assert (tmp_path / "letter").read_text() == "mine"
    assert not (tmp_path / "not there").exists()


def test_lines_are_never_set_aside_over_a_file_or_nowhere(
    importing: Refused, tmp_path: Path
) -> None:
    (tmp_path / "there.csv").write_text("mine")
    bad = rows(f"bad,c1,visti,,{DAY},", f"good,c1,visit,,{DAY},")
    (over,) = importing(bad, "--skip-bad", tmp_path / "there.csv")
    assert over.endswith("there.csv: is already there; name a new file for the lines set aside")
    assert (tmp_path / "there.csv").read_text() == "mine"
    (nowhere,) = importing(bad, "--skip-bad", tmp_path / "no" / "such" / "folder.csv")
    assert nowhere.endswith("cannot be written (No such file or directory); nothing was imported")


def test_a_file_to_import_that_is_not_one_is_said(refused: Refused, tmp_path: Path) -> None:
    assert refused("import", tmp_path) == [f"{tmp_path}: is a folder; name a file in it"]
    missing = tmp_path / "missing.csv"
    assert refused("import", missing) == [f"{missing}: there is no such file; check the name"]
    (long,) = refused("import", "x" * 5000)
    assert long.endswith(
        ": cannot be read (File name too long); check its name and its permissions"
    )


def test_choices_are_imported_all_or_none_with_every_mistake(
    refused: Refused, tmp_path: Path
) -> None:
    file = tmp_path / "choices.csv"
    file.write_text(
        "client,rule,words,on,set\n"
        "c2,drop-in,w,2026-01-05,\n"
        "cX,dropin,w,2026-01-05,\n"
        "c2,safer-use,w,soon,\n"
        "c2,fewer-drinks,w,2026-01-05,goal.target\n"
        "c2,fewer-drinks,w,2026-01-05,goal.target=none\n"
        "c2,stimulant-free,w,2199-01-05,\n"
    )
    assert [line.removeprefix(f"{file}:") for line in refused("goal", "import", file)] == [
        "4: 'soon' is not a date like 2026-01-05",
        "5: 'goal.target' is not a setting; write it like goal.target=5",
        "3: there is no client 'cX'; enroll them first",
        "3: there is no published rule 'dropin'; did you mean 'drop-in'?",
        '6: goal.target: "none" is not a number; write it like 4000 or 2.5',
        "7: 2199-01-05 is in the future; write down the choice when it is made",
    ]
    file.write_text("client,rule\na b,drop-in\n")
    (line,) = refused("goal", "import", file, "--add-clients")
    assert line.startswith(f"{file}:2: 'a b' is not a code")


DESK = {
    "everything about an event": (
        ["log", "cX", "visti", "--evidence", "photo", "--on", "2199-01-01", "--id", "\x1b"],
        [
            "client 'cX': there is no such client; enroll them with: cmengine client add",
            "log: there is no kind of event 'visti'; did you mean 'visit'?",
            "log: 2199-01-01 12:00 is in the future; log it when it has happened",
            "log: 'photo' is no kind of evidence; there is 'device', 'document', 'self', 'staff', 'test'",
            "log: the id cannot be one; give it 1 to 200 letters that can be printed",
        ],
    ),
    "a number that is none": (
        ["log", "c1", "drinks", "some"],
        ['log: drinks: "some" is not a number; write it like 4000 or 2.5'],
    ),
    "a blank id": (
        ["log", "c1", "visit", "--id", " "],
        ["log: the id cannot be one; give it 1 to 200 letters that can be printed"],
    ),
    "a long note": (
        ["log", "c1", "visit", "--note", "x" * 2001],
        ["the note: is longer than 2,000 letters; shorten it"],
    ),
    "marks in a kind": (
        ["log", "c1", "visit\x1b]\x07\u202e"],
        [
            r"log: there is no kind of event 'visit\x1b]\x07\u202e'; did you mean 'visit'?",
        ],
    ),
    "a mistake there is not": (
        ["correct", "k9", "--reason", "w"],
        [
            "event 'k9': there is no such event; ids stand in: cmengine events --client CLIENT"
        ],
    ),
    "awards of a client without a code": (
        ["awards", "--client", ""],
        ["client '': there is no such client; enroll them with: cmengine client add"],
    ),
    "a client twice": (
        ["client", "add", "c1"],
        ["client 'c1': is already enrolled; see: cmengine client show c1"],
    ),
    "a code that is none": (
        ["client", "add", "Sky Blue"],
        ["client 'Sky Blue': is not a code; use letters, digits, - _ and ., at most 64, like c001"],
    ),
    "a long name": (
        ["client", "add", "c3", "--name", "x" * 201],
        ["the name: is longer than 200 letters; shorten it"],
    ),
    "an unknown client and rule": (
        ["goal", "choose", "cX", "dropin", "--words", "w"],
        [
            "client 'cX': there is no such client; enroll them first",
            "client 'cX': there is no published rule 'dropin'; did you mean 'drop-in'?",
        ],
    ),
    "a choice twice": (
        ["goal", "choose", "c1", "drop-in", "--words", "w"],
        [
            "client 'c1': 'drop-in' is already chosen, from 2026-01-05 on; if it was chosen earlier, say --on"
            " with that day; change a setting with goal set, or put it away with goal set-aside"
        ],
    ),
    "a choice tomorrow": (
        ["goal", "choose", "c2", "drop-in", "--words", "w", "--on", "2199-01-01"],
        ["client 'c2': 2199-01-01 is in the future; write down the choice when it is made"],
    ),
    "a welcome alone": (
        ["goal", "choose", "c2", "welcome-back", "--words", "w"],
        [
            "client 'c2': 'welcome-back' goes together with 'drop-in'; choose 'drop-in' first, or in the same"
            " import, from the same day"
        ],
    ),
    "a setting that is none": (
        ["goal", "choose", "c2", "fewer-drinks", "--words", "w", "--set", "goal.tarket=5"],
        ["client 'c2': 'goal.tarket' is not the client's to set; did you mean 'goal.target'?"],
    ),
    "a setting without a value": (
        ["goal", "choose", "c2", "fewer-drinks", "--words", "w", "--set", "goal.target"],
        ["--set: 'goal.target' is not a setting; write it like goal.target=5"],
    ),
    "a setting twice": (
        ["goal", "choose", "c2", "fewer-drinks", "--words", "w", "--set", "goal.target=5", "--set", "goal.target=6"],
        ["--set: 'goal.target' is set twice; set it once"],
    ),
    "a number of drinks below zero": (
        ["goal", "choose", "c2", "fewer-drinks", "--words", "w", "--set", "goal.target=-5"],
        ["client 'c2': target: -5 is too small; write 0 or more"],
    ),
    "a setting of a goal not chosen": (
        ["goal", "set", "c1", "fewer-drinks", "goal.target=5"],
        ["client 'c1', rule 'fewer-drinks': this goal is not chosen now; there is 'drop-in'"],
    ),
    "an award there is not": (
        ["explain", "99999999999999999999.1"],
        ["award '99999999999999999999.1': there is no such award; the numbers stand in: cmengine awards"],
    ),
    "no award": (
        ["explain", "one"],
        ["award 'one': there is no such award; the numbers stand in: cmengine awards"],
    ),
    "a rule there is not": (
        ["rules", "show", "dropin"],
        ["rule 'dropin': there is no published rule of this id; did you mean 'drop-in'?"],
    ),
    "an amount with a sign": (
        ["voucher", "issue", "c1", "--amount", "$5"],
        ["--amount: '$5' is not an amount in whole cents; write it like 2.50"],
    ),
    "an amount below zero": (
        ["voucher", "issue", "c1", "--amount=-5"],
        ["--amount: '-5' is below zero; nothing here can take money away"],
    ),
    "a voucher of nothing": (
        ["voucher", "issue", "c1"],
        ["client 'c1': nothing is waiting just now; see what comes next: cmengine client show c1"],
    ),
    "a thing that is not waiting": (
        ["voucher", "issue", "c1", "--item", "bus pass"],
        ["client 'c1': no 'bus pass' is waiting; nothing of the kind has been earned yet"],
    ),
    "a code of another kind": (
        ["voucher", "redeem", "ABC"],
        [
            "this code: has a letter or two that do not fit; read it again, letter by letter: it has 18, like"
            " 4Q7Z2N-8KTC31-M5VX9A"
        ],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("words", "said"), DESK.values(), ids=DESK)
def test_what_cannot_be_at_the_desk_is_said_all_at_once(
    refused: Refused, words: list[str], said: list[str]
) -> None:
    assert refused(*words) == said


def test_a_change_from_a_day_before_the_choice_is_refused(refused: Refused) -> None:
    (line,) = refused("goal", "set-aside", "c1", "drop-in", "--on", "2025-12-31")
    assert line.startswith(
        "client 'c1', rule 'drop-in': 2025-12-31 is not a day from 2026-01-05 to today"
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ["log", "c1", "visit", "--on", "2026-02-30"],
            "there is no such day as 2026-02-30; look at the month and the day",
        ),
        (["log", "c1", "visit", "--on", "0001-01-01"], "look at the year"),
        (["log", "c1", "visit", "--at", "25:00"], "'25:00' is not a time like 14:30"),
        (["log", "c1"], "Missing argument 'KIND'"),
        (["correct", "--reason", "w"], "name the event by its id, or a client with --last CLIENT"),
        (["goal", "choose", "c1", "drop-in"], "Missing option '--words'"),
        (["voucher", "issue", "c1", "--amount", "1.00", "--item", "x"], "not both"),
        (["--json", "refusals"], "--json comes after the command: cmengine COMMAND --json"),
        (["--jsn", "refusals"], "No such option '--jsn'"),
        (["events"], "name the client: cmengine events c001"),
        (["events", "c1", "--client", "c1"], "name the client once"),
        (["clinet", "list"], "no command 'clinet'; did you mean 'client'?"),
    ],
)
def test_a_command_that_is_not_one_is_a_usage_error(
    refused: Refused, words: list[str], said: str
) -> None:
    lines = refused(*words, code=2)
    assert lines[0].startswith("Usage: cmengine")
    assert said in lines[-1]


def test_a_date_that_is_off_hides_nothing_else(refused: Refused) -> None:
    lines = refused("log", "c09", "vist", "--on", "2026-99-99", "--at", "25:00")
    said = "\n".join(lines)
    for part in (
        "client 'c09': there is no such client",
        "did you mean 'visit'?",
        "--on: there is no such day as 2026-99-99",
        "--at: '25:00' is not a time like 14:30",
    ):
        assert part in said
    lines = refused("log", "--stdin", typed="c1 visit --on 2026-02-30\nc1 vist --on x\n")
    said = "\n".join(lines)
    assert "line 1: log: Invalid value for '--on': there is no such day as 2026-02-30" in said
    assert "line 2: log: " in said
    assert "line 2: --on: 'x' is not a date like 2026-01-05" in said


def test_a_folder_is_no_page(refused: Refused, tmp_path: Path) -> None:
    for words, name in (
        (("report", "--html"), "report.html"),
        (("report", "--public"), "page.html"),
        (("journal", "export"), "audit.zip"),
    ):
        line = refused(*words, tmp_path, code=2)[-1]
        assert f"is a folder; name a file in it, like {tmp_path / name}" in line


def test_what_is_set_is_shown_where_nothing_is_set(run: Run, folder: Path) -> None:
    shown = run("client", "set", "c1", folder=folder)
    assert (shown.exit_code, shown.stdout) == (0, "c1: nothing is set; what holds for all holds\n")
    run("client", "set", "c1", "called=Sky", folder=folder)
    assert run("client", "set", "c1", folder=folder).stdout == "c1: called Sky\n"
    assert run("client", "set", "nobody", folder=folder).exit_code == 1


def test_events_are_asked_for_by_a_word_or_an_option(run: Run, folder: Path) -> None:
    shown = run("events", "c1", folder=folder)
    assert shown.exit_code == 0
    assert shown.stdout == run("events", "--client", "c1", folder=folder).stdout


def test_an_id_given_twice_counts_once_and_never_for_something_else(
    refused: Refused, run: Run, folder: Path
) -> None:
    words = ("log", "c1", "visit", "--id", "k1", "--on", DAY)
    run(*words, folder=folder)
    before = content(folder)
    again = run(*words, "--json", folder=folder)
    assert json.loads(again.stdout)["again"] is True
    assert content(folder) == before
    (line,) = refused("log", "c1", "visit", "--id", "k1", "--on", "2026-01-06")
    assert line.startswith(f"event 'k1': this id was already used for c1, visit, {DAY}")


def test_hours_that_the_clock_skips_or_doubles_are_one_day(run: Run, folder: Path) -> None:
    for day, at in (("2026-03-08", "02:30"), ("2025-11-02", "01:30")):
        done = run("log", "c1", "visit", "--on", day, "--at", at, "--json", folder=folder)
        assert json.loads(done.stdout)["day"] == day


@pytest.fixture
def code(run: Run, folder: Path) -> str:
    """The code of a voucher of 2.50, of 6.25 that was earned."""
    for day in ("2026-01-05", "2026-01-06"):
        run("log", "c1", "visit", "--on", day, folder=folder)
    issued = run("voucher", "issue", "c1", "--amount", "2.50", "--json", folder=folder)
    code: str = json.loads(issued.stdout)["code"]
    return code


def test_no_more_is_issued_than_is_waiting(refused: Refused, code: str) -> None:
    assert refused("voucher", "issue", "c1", "--amount", "3.76") == [
        "client 'c1': 3.76 is more than is waiting; at most 3.75 can be issued now"
    ]
    assert refused("voucher", "issue", "c1", "--amount", "0") == [
        "client 'c1': a voucher of 0.00 is no voucher; there is 3.75 waiting"
    ]


def wrong_codes(code: str) -> Iterator[str]:
    """Give the code with one letter wrong, and with two neighbors swapped, at every place."""
    for place, letter in enumerate(code):
        if letter == "-":
            continue
        yield code[:place] + ("7" if letter != "7" else "8") + code[place + 1 :]
        after = code[place + 1 : place + 2]
        if after not in ("", "-", letter):
            yield code[:place] + after + letter + code[place + 2 :]


def test_a_code_with_a_wrong_or_swapped_letter_is_never_taken(
    refused: Refused, run: Run, folder: Path, code: str
) -> None:
    for wrong in list(wrong_codes(code))[::5]:
        (line,) = refused("voucher", "redeem", wrong)
        assert line.startswith("this code: has a letter or two that do not fit")
        assert wrong not in line
    done = run("voucher", "redeem", typed=code.lower().replace("-", " ") + "\n", folder=folder)
    assert done.exit_code == 0
    (twice,) = refused("voucher", "redeem", code)
    assert twice == NOT_HERE
    public, why = refused("voucher", "redeem", code, "--details")
    assert public == NOT_HERE
    assert why.startswith("this code: voucher ")
    assert "was used on " in why
    assert code not in public + why


def test_a_code_of_another_program_is_said(refused: Refused) -> None:
    assert refused("voucher", "redeem", new_code()) == [NOT_HERE]
    assert refused("voucher", "redeem", new_code(), "--details") == [
        NOT_HERE,
        "this code: it belongs to no voucher of this program",
    ]


def test_things_that_wait_are_named_where_no_money_does(
    refused: Refused, run: Run, folder: Path
) -> None:
    (folder / "rules" / "pass.toml").write_text(
        '[[rule]]\nid = "pass"\ntitle = "A pass"\n[rule.goal]\nkind = "any_of"\nevents = ["visit"]\n'
        '[[rule.reward]]\nkind = "item"\nitem = "bus pass"\n'
    )
    run("rules", "publish", folder / "rules" / "pass.toml", folder=folder)
    run("goal", "choose", "c2", "pass", "--words", "w", folder=folder)
    run("log", "c2", "visit", folder=folder)
    assert refused("voucher", "issue", "c2") == [
        "client 'c2': no money is waiting just now; there is 'bus pass' waiting; name it with:"
        " --item 'bus pass'"
    ]


MARKS = "\x1b[31mred\x1b]8;;http://x\x07 \u202eevil\u2066 \x9b \u200b\t\N{PARTY POPPER}"


def test_marks_are_shown_as_escapes_and_kept_exactly(run: Run, folder: Path) -> None:
    run("client", "add", "c3", "--name", MARKS, folder=folder)
    run("goal", "choose", "c3", "drop-in", "--words", MARKS, folder=folder)
    logged = run("log", "c3", "positive_change", MARKS, folder=folder)
    shown = run("client", "show", "c3", folder=folder)
    listed = run("goal", "list", folder=folder)
    for text in (logged.output, shown.output, listed.output):
        assert r"\x1b[31mred\x1b]8;;http://x\x07 \u202eevil\u2066 \x9b" in text
        assert "\N{PARTY POPPER}" in text
        assert all(letter.isprintable() or letter == "\n" for letter in text)
    exact = json.loads(run("goal", "list", "c3", "--json", folder=folder).stdout)
    assert exact["goals"][0]["words"] == MARKS


SETTINGS_MISTAKES = """\
name = "n"
zone = "America/Los_Angels"
currency = "JPY"
day_boundary = "25:00"
budget_year = "13-01"
staf = ["ana"]

[[fund]]
name = "grant"
amount = 10000

[[limit]]
name = "yearly"
window = "year"
most = "750.00"
"""


def test_all_mistakes_of_the_settings_and_the_kinds_are_said_at_once(
    folder: Path, refused: Refused
) -> None:
    (folder / SETTINGS).write_text(SETTINGS_MISTAKES)
    (folder / "kinds.toml").write_text('[kind.visit]\nlable = "Came in"\n[kind.test]\nlabel = 5\n')
    assert [line.removeprefix(f"{folder}/") for line in refused("client", "list")] == [
        "program.toml:6: 'staf' is not an option of 'program'; did you mean 'staff'?",
        "program.toml:2: zone: 'America/Los_Angels' is not a time zone; did you mean 'America/Los_Angeles'?",
        "program.toml:3: currency: JPY is not counted in hundredths, as amounts here are; choose a currency"
        " that is",
        'program.toml:4: day_boundary: 25:00 is not a time from "00:00" to "12:00"; write it like "04:00"',
        'program.toml:5: budget_year: 13-01 is not a day of the year; write it like "10-01"',
        'program.toml:10: amount: 10000 is not an amount in whole cents; write it in quotes like "2.50"',
        "program.toml:14: window: \"year\" is not one of its words; there is 'award', 'budget_year',"
        " 'calendar_year', 'month', 'program'",
        "kinds.toml:2: kind 'visit': 'lable' is not an option of 'kind'; did you mean 'label'?",
        "kinds.toml:4: kind 'test': label: 5 is not text; write it in quotes",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[[limit]]\nname = "l"\nper = "fund"\nwindow = "month"\nmost = "5"\n', "names no fund there is; add a [[fund]]"),
        ('[[fund]]\nname = "grant"\namount = "5"\n[[limit]]\nname = "l"\nfund = "grnat"\nwindow = "month"\nmost = "5"\n', "did you mean 'grant'?"),
        ('[[fund]]\nname = "a"\namount = "5"\n[[fund]]\nname = "a"\namount = "5"\n', "there is already a fund named 'a'"),
        ("day_boundary = 23:00:00\n", "23:00:00 is not a time from"),
        ('zone2 = "x"\n', "'zone2' is not an option of 'program'; did you mean 'zone'?"),
    ],
)  # fmt: skip
def test_settings_that_do_not_fit_together_are_said(
    folder: Path, refused: Refused, text: str, said: str
) -> None:
    (folder / SETTINGS).write_text('name = "n"\nzone = "UTC"\n' + text)
    (line,) = refused("client", "list")
    assert said in line


def test_whoever_is_not_among_the_staff_is_told_how_to_say_who_they_are(
    folder: Path, refused: Refused, run: Run
) -> None:
    text = (folder / SETTINGS).read_text()
    (folder / SETTINGS).write_text('staff = ["ben", "zoe"]\n' + text)
    assert refused("client", "list") == [
        f"{folder}/program.toml: 'ana' is not among the staff of this program; say who you are with:"
        " cmengine --by NAME; there is 'ben', 'zoe'"
    ]
    assert run("--by", "zoe", "client", "list", folder=folder).exit_code == 0


def missing(db: Path) -> None:
    db.unlink()


def empty(db: Path) -> None:
    db.write_bytes(b"")


def a_folder(db: Path) -> None:
    db.unlink()
    db.mkdir()


def no_database(db: Path) -> None:
    db.write_bytes(b"this is a letter to my sister" * 1000)


def of_somebody_else(db: Path) -> None:
    db.unlink()
    with closing(sqlite3.connect(db)) as connection:
        connection.execute("create table mine (a)")
        connection.commit()


def newer(db: Path) -> None:
    with closing(sqlite3.connect(db)) as connection:
        connection.execute("pragma user_version = 99")
        connection.commit()


def cut_off(db: Path) -> None:
    db.write_bytes(db.read_bytes()[:6000])


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (missing, "the program's ledger is not here; put it back from a backup"),
        (empty, "is empty; put it back from a backup"),
        (a_folder, "is a folder, not a ledger; put it back from a backup"),
        (no_database, "(file is not a database); nothing was written; this is not a ledger, or it is damaged"),
        (of_somebody_else, "is another program's database; name the folder of a program with -p"),
        (newer, "was written by a newer cmengine (schema 99; this one knows 1); update cmengine"),
        (cut_off, "the file is damaged; restore a backup"),
    ],
)  # fmt: skip
def test_a_ledger_that_cannot_be_used_is_left_as_it_is(
    folder: Path, run: Run, harm: Callable[[Path], None], said: str
) -> None:
    harm(folder / "program.db")
    there = sorted(folder.iterdir())
    kept = (folder / "program.db").read_bytes() if (folder / "program.db").is_file() else b""
    for words in (("client", "list"), ("client", "add", "c9"), ("verify",)):
        result = run(*words, folder=folder)
        assert (result.exit_code, result.stdout) == (1, "")
        assert said in result.stderr
        assert result.stderr.count("\n") == 1
    assert sorted(folder.iterdir()) == there
    if kept:
        assert (folder / "program.db").read_bytes() == kept


def test_a_key_that_is_not_the_programs_own_is_refused(folder: Path, refused: Refused) -> None:
    key = folder / "program.key"
    kept = json.loads(key.read_text())
    key.write_text(json.dumps({**kept, "draws": ["00" * 32]}))
    (other,) = refused("client", "list")
    assert other.startswith(f"{key}: this is not the key that this program promised its draws with")
    others = ('{"draws": 5, "codes": "aa"}', '{"draws": ["x"], "codes": "y"}', "[" * 100_000)
    for text in ("", "[]", "{}", *others):
        key.write_text(text)
        (line,) = refused("client", "list")
        assert line.startswith(f"{key}: the program's key cannot be read; put the file back")
    key.unlink()
    (line,) = refused("client", "list")
    assert line.startswith(f"{key}: the program's key cannot be read; put the file back")


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is forbidden to the root user")
def test_a_folder_that_cannot_be_written_can_still_be_read(
    folder: Path, refused: Refused, run: Run
) -> None:
    (folder / "program.db").chmod(0o400)
    folder.chmod(0o500)
    try:
        assert run("client", "list", folder=folder).exit_code == 0
        (line,) = refused("client", "add", "c9")
        assert "the file or its folder cannot be written; check its permissions" in line
    finally:
        folder.chmod(0o700)


def test_a_folder_without_a_program_is_said(tmp_path: Path, run: Run) -> None:
    for folder in (tmp_path, tmp_path / "nothing"):
        result = run("client", "list", folder=folder)
        assert (result.exit_code, result.stdout) == (1, "")
        assert result.stderr == (
            f"Error: {folder}: there is no program here (no program.toml); make one with: cmengine init DIR,"
            " or name its folder with: cmengine -p DIR\n"
        )
    assert list(tmp_path.iterdir()) == []
    long = run("client", "list", folder=Path("x" * 300))
    assert long.exit_code == 1
    assert "cannot be read (File name too long)" in long.stderr


def test_a_program_is_made_only_where_there_is_none(tmp_path: Path, folder: Path, run: Run) -> None:
    before = content(folder)
    result = run("init", folder)
    assert result.exit_code == 1
    assert (
        "has program.toml and kinds.toml and program.db and program.key and rules in it already"
        in (result.stderr)
    )
    assert content(folder) == before
    (tmp_path / "file").write_text("mine")
    for name, said in (
        ("file", "is a file; name a new folder"),
        ("file/inside", "cannot be written (Not a directory); choose another folder"),
        ("x" * 300, "cannot be written (File name too long); choose another folder"),
    ):
        result = run("init", tmp_path / name, "--zone", "UTC")
        assert (result.exit_code, result.stdout) == (1, "")
        assert said in result.stderr
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.parametrize(
    ("option", "said"),
    [
        (["--starter", "drop-inn"], "there is no such starter; did you mean 'drop-in'?"),
        (["--zone", "LA"], "'LA' is not a time zone; did you mean 'America/Los_Angeles'?"),
        (["--zone", "chicago"], "did you mean 'America/Chicago'?"),
        (
            ["--zone", "LA", "--starter", "dropin"],
            "there is no such starter; did you mean 'drop-in'?",
        ),
        (["--zone", "LA", "--starter", "dropin"], "did you mean 'America/Los_Angeles'?"),
        (["--zone", "Mars/Base"], "'Mars/Base' is not a time zone; write it like America/Chicago"),
        (["--zone", 'U"TC'], "is not a time zone"),
        (["--currency", "KWD"], "KWD is not counted in hundredths"),
        (["--name", "x" * 2001], "name is longer than 2,000 letters; write a few words"),
    ],
)
def test_a_new_program_that_cannot_be_leaves_nothing_behind(
    tmp_path: Path, run: Run, option: list[str], said: str
) -> None:
    result = run("init", tmp_path / "new", *option)
    assert (result.exit_code, result.stdout) == (1, "")
    assert said in result.stderr
    assert list(tmp_path.iterdir()) == []
