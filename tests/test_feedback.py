"""What people say: it stands as they said it, is answered by somebody else than it names, and lowers nothing."""

import csv
import io
import json
import re
import shutil
import sqlite3
import zipfile
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from hypothesis import given, settings
from hypothesis import strategies as st

from cmengine.choices import Wish, choose_goals
from cmengine.engine import add_client, log_event, make_event
from cmengine.errors import CMError
from cmengine.feedback import (
    add_feedback,
    answer_feedback,
    feedback_list,
    looks_after,
    shown_as,
)
from cmengine.funds import allowed
from cmengine.plugins import Registry
from cmengine.program import Program, open_program
from cmengine.publish import publish
from cmengine.starters import make_program
from cmengine.verify import verify
from cmengine.vouchers import issue_voucher

Make = Callable[..., Program]
Run = Callable[..., Result]
ROOT = Path(__file__).resolve().parent.parent

HEAD = 'name = "p"\nzone = "America/Los_Angeles"\n'
STAFF = 'staff = ["ana", "ben", "mia"]\n'
MONEY = (
    '[[fund]]\nname = "grant"\namount = "60.00"\n'
    '[[limit]]\nname = "month"\nwindow = "month"\nmost = "20.00"\n'
)
RULES = """
[[rule]]
id = "drop-in"
title = "Coming in"
[rule.goal]
kind = "any_of"
events = ["visit"]
[[rule.reward]]
kind = "escalating_voucher"
start = "2.50"
step = "1.25"
[[rule.reward]]
kind = "fishbowl"
slips = [{ says = "one", count = 9, worth = "1.00" }, { says = "ten", count = 1, worth = "10.00" }]
[[rule.notify]]
kind = "outbox"
"""


def at_the_desk_of(program: Program, by: str) -> Program:
    """Open the same program at somebody else's desk."""
    return open_program(program.folder, by=by, clock=program.clock, registry=program.registry)


@pytest.fixture
def staffed(make: Make) -> Program:
    program = make(RULES, settings=HEAD + STAFF)
    for client in ("c1", "c2"):
        add_client(program, client)
    return program


# Who looks after it

NAMES = st.sampled_from(["ana", "ben", "mia", "Ana", "zoe"])


@given(st.lists(NAMES), st.lists(NAMES), st.none() | NAMES, NAMES)
def test_a_complaint_never_goes_to_the_one_it_names(
    first: list[str], staff: list[str], about: str | None, noted_by: str
) -> None:
    found = looks_after(first, staff, about, noted_by)
    able = [one for one in first + staff if about is None or one.casefold() != about.casefold()]
    assert (found is None) == (not able)
    assert found is None or found in able
    if any(one.casefold() != noted_by.casefold() for one in able):
        assert found is not None and found.casefold() != noted_by.casefold()


@pytest.mark.parametrize(
    "about, goes_to",
    [("ben", "mia"), ("mia", "ben"), ("ana", "ben"), (None, "ben")],
)
def test_a_complaint_goes_to_somebody_else_on_the_staff(
    staffed: Program, about: str | None, goes_to: str
) -> None:
    told = add_feedback(staffed, "The door was shut.", client="c1", complaint=True, about=about)
    assert told.goes_to == goes_to


def test_those_who_look_after_complaints_come_first(make: Make) -> None:
    program = make(settings=HEAD + STAFF + '[feedback]\ncomplaints = ["mia", "ben"]\n')
    assert add_feedback(program, "It was loud.", complaint=True).goes_to == "mia"
    assert add_feedback(program, "It was loud.", complaint=True, about="MIA").goes_to == "ben"


def test_where_there_is_nobody_else_it_stays_in_sight(make: Make, run: Run) -> None:
    program = make(settings=HEAD + 'staff = ["ana"]\n')
    add_client(program, "c1")
    done = run(
        *("feedback", "add", "c1", "--complaint", "--about", "ana"),
        folder=program.folder,
        typed="Nobody listened.\n",
    )
    assert done.exit_code == 0
    assert "There is nobody else whom it could go to" in done.output
    (row,) = program.ledger.rows("select * from feedback_list where answered_at is null")
    assert row["goes_to"] is None


def test_the_one_it_names_neither_sees_nor_answers_it(staffed: Program, run: Run) -> None:
    add_feedback(staffed, "Ben shouted.", client="c1", complaint=True, about="ben")
    add_feedback(staffed, "The tea is good.", client="c2")
    for words in (["list"], ["list", "--json"], ["list", "--client", "c1"], ["list", "--open"]):
        at_bens = ["--by", "ben", "feedback", *words]
        done = run(*at_bens, folder=staffed.folder)
        assert done.exit_code == 0
        assert "shouted" not in done.output and "complaint" not in done.output
    assert "Ben shouted." in run("feedback", "list", folder=staffed.folder).output
    bens = at_the_desk_of(staffed, "ben")
    assert [one["words"] for one in feedback_list(bens)] == ["The tea is good."]
    with pytest.raises(CMError, match="there is no such feedback"):
        answer_feedback(bens, shown_as(1), "It was not so")
    with bens.ledger.writing("a tool of somebody's own"), pytest.raises(sqlite3.IntegrityError):
        row = {"changed": 0, "answered_at": "2026-07-01T09:00:00", "answered_by": "ben"}
        bens.ledger.insert("answers", feedback=1, **row)
    bens.close()


# What becomes of it


def test_it_is_told_with_what_was_answered_and_done(staffed: Program, run: Run) -> None:
    done = run("feedback", "add", "c1", folder=staffed.folder, typed="The chairs\nare hard.\n")
    assert (
        f"Written down as number {shown_as(1)}" in done.output and "within 14 days" in done.output
    )
    words = ["--said", "You are right, sorry.", "--did", "There are cushions."]
    answered = run("feedback", "answer", shown_as(1), *words, "--json", folder=staffed.folder)
    (one,) = json.loads(run("feedback", "list", "--json", folder=staffed.folder).output)["feedback"]
    assert json.loads(answered.output) == one
    assert (one["words"], one["days"], one["late"]) == ("The chairs\nare hard.", 0, False)
    assert [(a["said"], a["did"], a["answered_by"]) for a in one["answers"]] == [
        ("You are right, sorry.", "There are cushions.", "ana")
    ]
    shown = run("feedback", "list", folder=staffed.folder).output
    assert "They said: The chairs are hard." in shown
    assert "ana answered: You are right, sorry." in shown and "Done: There are cushions." in shown
    (row,) = staffed.ledger.rows("select * from feedback_list")
    assert (row["changed"], row["answered_by"]) == (1, "ana")
    assert run("feedback", "list", "--open", folder=staffed.folder).output.startswith("Nothing")


def test_a_change_counts_with_whichever_answer_it_came(
    staffed: Program, clock: Any, run: Run
) -> None:
    add_feedback(staffed, "Nobody said hello.", complaint=True)
    first = clock.now
    for did in ("", "Talked with Ben.", ""):
        answer_feedback(staffed, shown_as(1), "Sorry.", did)
        clock.now += timedelta(days=3)
    (row,) = staffed.ledger.rows("select * from feedback_list")
    assert (row["changed"], row["answered_at"][:10]) == (1, f"{first:%Y-%m-%d}")
    (told,) = json.loads(run("report", "--json", folder=staffed.folder).stdout)["feedback"]
    assert (told["answered"], told["changed"], told["median_days"]) == (1, 1, 0)


def test_an_answer_after_which_nothing_was_done_says_so(staffed: Program) -> None:
    add_feedback(staffed, "Open on Sundays, please.")
    one = answer_feedback(staffed, shown_as(1), "We asked, and there is no money for it.")
    assert one["answers"][0]["did"] == ""
    assert staffed.ledger.rows("select changed from feedback_list")[0][0] == 0


@pytest.mark.parametrize("days, late", [(13, False), (14, True), (200, True)])
def test_it_is_late_after_fourteen_days(
    staffed: Program, clock: Any, days: int, late: bool
) -> None:
    add_feedback(staffed, "The door was shut.", complaint=True)
    clock.now += timedelta(days=days)
    (one,) = feedback_list(staffed, only_open=True)
    assert (one["days"], one["late"]) == (days, late)
    answer_feedback(staffed, str(one["id"]), "Sorry for the wait.")
    (one,) = feedback_list(staffed)
    assert (one["days"], one["late"]) == (days, False)


def test_nobody_writes_anew_what_somebody_said(staffed: Program) -> None:
    add_feedback(staffed, "I was here on Tuesday.", client="c1")
    with sqlite3.connect(staffed.ledger.path) as other:
        for change in (
            "update feedback_words set said = 'I was not'",
            "insert into feedback_words values (1, 0, 'I was not', '', '')",
            "update feedback set kind = 'complaint'",
            "delete from feedback",
        ):
            with pytest.raises(sqlite3.IntegrityError):
                other.execute(change)
    assert feedback_list(staffed)[0]["words"] == "I was here on Tuesday."
    assert verify(staffed).problems == []


def test_what_was_said_can_be_erased_and_the_rest_stands(staffed: Program) -> None:
    add_feedback(staffed, "Something that was theirs.", client="c1")
    answer_feedback(staffed, shown_as(1), "Thank you.", "A new lamp.")
    with sqlite3.connect(staffed.ledger.path) as other:
        other.execute("delete from feedback_words where feedback = 1")
    (one,) = feedback_list(staffed)
    assert one["words"] == "(erased)" and one["answers"][0]["said"] == "(erased)"
    assert verify(staffed).problems == []


def test_a_client_says_something_about_an_entry_of_theirs(staffed: Program, run: Run) -> None:
    """They contest what was written down about them: it stands beside it, and it is answered."""
    choose_goals(staffed, [Wish(client="c1", rule="drop-in", words="mine")])
    for client in ("c1", "c2"):
        event, _ = make_event(staffed, client=client, kind="visit", id=f"of-{client}")
        assert event is not None
        log_event(staffed, event)
    said = ["--words", "I was there in the morning, too"]
    done = run("feedback", "add", "c1", "--entry", "of-c1", *said, folder=staffed.folder)
    assert done.exit_code == 0
    (one,) = feedback_list(staffed, client="c1")
    assert one["entry"] == "of-c1"
    assert "about the entry of-c1" in run("feedback", "list", folder=staffed.folder).output
    for who in (["c1"], []):
        bad = run("feedback", "add", *who, "--entry", "of-c2", *said, folder=staffed.folder)
        assert bad.exit_code == 1 and "is no entry about this client" in bad.output
    assert len(feedback_list(staffed)) == 1


def test_who_is_not_named_is_not_kept(staffed: Program) -> None:
    told = add_feedback(staffed, "It smells of paint.")
    assert told.client is None
    (row,) = staffed.ledger.rows("select client, event, names from feedback")
    assert tuple(row) == (None, None, None)


def test_every_mistake_is_said_at_once_and_nothing_is_written(staffed: Program, run: Run) -> None:
    bad = run(
        *("feedback", "add", "c1", "--complaint", "--about", "bem", "--to", "zoe"),
        *("--entry", "none", "--words", "  "),
        folder=staffed.folder,
    )
    assert bad.exit_code == 1
    assert len(bad.output.splitlines()) == 4
    assert "did you mean 'ben'?" in bad.output and "there are no words" in bad.output
    to_themselves = ["--complaint", "--about", "ben", "--to", "Ben", "--words", "x"]
    bad = run("feedback", "add", *to_themselves, folder=staffed.folder)
    assert bad.exit_code == 1 and "a complaint about ben cannot go to ben" in bad.output
    assert run("feedback", "add", "--about", "ben", folder=staffed.folder).exit_code == 2
    assert run("feedback", "add", "nobody", "--words", "x", folder=staffed.folder).exit_code == 1
    long = ["feedback", "add", "--words", "x" * 10_001]
    assert "longer than 10,000" in run(*long, folder=staffed.folder).output
    for words in (["9", "--said", "x"], [shown_as(1), "--said", " "]):
        assert run("feedback", "answer", *words, folder=staffed.folder).exit_code == 1
    assert staffed.ledger.rows("select count(*) from feedback")[0][0] == 0
    assert staffed.ledger.rows("select count(*) from feedback_words")[0][0] == 0


def test_a_name_that_is_no_name_is_refused_where_there_is_no_staff_list(make: Make) -> None:
    program = make(settings=HEAD)
    for name in (" ", "x" * 101, "a\nb"):
        with pytest.raises(CMError, match="is not a name"):
            add_feedback(program, "Words.", complaint=True, about=name)
    assert add_feedback(program, "Words.", complaint=True, about="ben").goes_to is None


def test_who_looks_after_complaints_is_among_the_staff(make: Make) -> None:
    with pytest.raises(CMError, match="'bem' is not among the staff; did you mean 'ben'"):
        make(settings=HEAD + STAFF + '[feedback]\ncomplaints = ["bem"]\n')


# Where they stand


def entry_of(program: Program, client: str) -> str:
    """Log something for a client; give its id."""
    choose_goals(program, [Wish(client=client, rule="drop-in", words="mine")])
    event, _ = make_event(program, client=client, kind="visit", id=f"of-{client}")
    assert event is not None
    log_event(program, event)
    return event.id


def rows_of(file: Path) -> list[dict[str, str]]:
    with zipfile.ZipFile(file) as parts:
        text = parts.read("feedback.csv").decode()
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_their_own_record_has_their_words_and_what_was_answered(staffed: Program, run: Run) -> None:
    """And nobody else's record has them, nor what others are given."""
    entry = entry_of(staffed, "c1")
    add_feedback(staffed, "I was there at nine,\nand it says ten.", client="c1", entry=entry)
    add_feedback(staffed, "Ben shouted.", client="c1", complaint=True, about="ben")
    add_feedback(staffed, "The tea is good.", client="c2")
    answer_feedback(staffed, shown_as(1), "You are right.")
    answer_feedback(staffed, shown_as(1), "It stands so now.", "Marked as a mistake.")
    place = staffed.folder.parent
    own = ("export", "client", "c1", place / "own.zip", "--no-guard")
    assert run(*own, folder=staffed.folder).exit_code == 0
    first, second = rows_of(place / "own.zip")
    assert (first["event"], first["words"]) == (entry, "I was there at nine,\nand it says ten.")
    assert first["answers"] == "You are right.\nIt stands so now."
    assert first["done"] == "Marked as a mistake."
    assert (second["kind"], second["words"], second["answers"]) == ("complaint", "Ben shouted.", "")
    grounds = ("--to", "County", "--purpose", "audit", "--consent", "1", "--words")
    done = run("export", "data", place / "all.zip", *grounds, folder=staffed.folder)
    assert done.exit_code == 0, done.output
    assert [row["client"] for row in rows_of(place / "all.zip")] == ["c1", "c1", "c2"]
    with zipfile.ZipFile(place / "all.zip") as parts:
        whole = b"".join(parts.read(name) for name in parts.namelist()).decode()
    for words in ("I was there at nine", "Ben shouted", "tea is good", "It stands so", "Marked as"):
        assert words not in whole


@pytest.mark.parametrize("desk", ["ben", "BEN"])
def test_a_file_made_at_the_desk_of_the_one_it_names_does_not_show_it(
    make: Make, run: Run, desk: str
) -> None:
    """Neither in the client's own record nor in what others are given; another desk writes it."""
    staffed = make(
        RULES, settings=HEAD
    )  # without a list of the staff, a name may be written as one likes
    add_client(staffed, "c1")
    add_feedback(staffed, "Ben shouted.", client="c1", complaint=True, about="ben")
    add_feedback(staffed, "It was loud.", client="c1", complaint=True)
    place = staffed.folder.parent
    own = ("--by", desk, "export", "client", "c1", place / "own.zip")
    assert run(*own, folder=staffed.folder).exit_code == 0
    assert [row["words"] for row in rows_of(place / "own.zip")] == ["It was loud."]
    grounds = ("--to", "County", "--purpose", "audit", "--consent", "1")
    done = run("--by", desk, "export", "data", place / "all.zip", *grounds, folder=staffed.folder)
    assert done.exit_code == 0, done.output
    told = [(row["kind"], row["client"]) for row in rows_of(place / "all.zip")]
    assert told == [("complaint", "c1")]


def test_erased_words_are_in_no_record(staffed: Program, run: Run) -> None:
    add_feedback(staffed, "Something that was theirs.", client="c1")
    answer_feedback(staffed, shown_as(1), "Thank you.", "A new lamp.")
    with sqlite3.connect(staffed.ledger.path) as other:
        other.execute("delete from feedback_words where feedback = 1")
    file = staffed.folder.parent / "own.zip"
    assert run("export", "client", "c1", file, folder=staffed.folder).exit_code == 0
    (row,) = rows_of(file)
    assert (row["words"], row["answers"], row["done"]) == ("", "", "")


def test_their_words_about_an_entry_are_seen_with_what_concerns_them(
    staffed: Program, run: Run
) -> None:
    entry = entry_of(staffed, "c1")
    add_feedback(staffed, "I was there\nat nine, too.", client="c1", entry=entry)
    add_feedback(staffed, "The chairs are hard.", client="c1")
    add_feedback(staffed, "Ben wrote it.", client="c1", complaint=True, about="ben", entry=entry)
    shown = run("client", "show", "c1", folder=staffed.folder).output
    assert f"About the entry {entry} they said on " in shown
    assert shown.count("I was there at nine, too.") == 1
    assert shown.count("Ben wrote it.") == 1
    assert "chairs" not in shown
    assert "they said" not in run("client", "show", "c2", folder=staffed.folder).output
    data = json.loads(run("client", "show", "c1", "--json", folder=staffed.folder).output)
    assert [(one["number"], one["entry"], one["words"]) for one in data["said"]] == [
        (shown_as(1), entry, "I was there\nat nine, too."),
        (shown_as(3), entry, "Ben wrote it."),
    ]
    at_bens = run("--by", "ben", "client", "show", "c1", folder=staffed.folder).output
    assert "Ben wrote it" not in at_bens and "I was there at nine, too." in at_bens


# It lowers nothing


def at_noon() -> datetime:
    return datetime(2026, 7, 1, 12, 0, tzinfo=UTC)


STEPS = st.lists(
    st.tuples(st.sampled_from(["visit", "issue", "complaint", "answer"]), st.sampled_from("12")),
    max_size=14,
)


def play(folder: Path, registry: Registry, clock: Any, steps: Sequence[tuple[str, str]]) -> Any:
    """Do the steps in a program; give all that was earned, issued, charged and held back."""
    program = open_program(folder, by="ana", clock=clock, registry=registry)
    try:
        handed = [do_step(program, number, step, f"c{n}") for number, (step, n) in enumerate(steps)]
        return [one for one in handed if one is not None], what_stands(program)
    finally:
        program.close()


def do_step(program: Program, number: int, step: str, client: str) -> Any:
    if step == "visit":
        event, _ = make_event(program, client=client, kind="visit", id=f"event-{client}-{number}")
        assert event is not None
        log_event(program, event)
    elif step == "issue":
        try:
            done = issue_voucher(program, client)
        except CMError as error:
            return re.sub(
                r"(voucher|replace) [0-9A-Z]{6}\b", "a number", str(error)
            )  # they are random
        return done.cents, done.waiting, done.shares, done.held, done.near
    elif step == "complaint":
        add_feedback(program, "It was not fair.", client=client, complaint=True, about="ana")
    elif step == "answer" and program.ledger.one("select 1 from feedback"):
        other = at_the_desk_of(program, "ben")
        answer_feedback(other, shown_as(1), "Sorry.")
        other.close()
    return None


def what_stands(program: Program) -> Any:
    ledger = program.ledger
    tables = {
        "occurrences": "*",
        "awards": "*",
        "memories": "*",
        "charges": "occurrence, n, fund, cents",
        "messages": "id, client, event, channel",
    }
    kept = {name: [tuple(r) for r in ledger.rows(f"select {c} from {name} order by 1, 2")] for name, c in tables.items()}  # fmt: skip
    return kept, [allowed(program, client) for client in ("c1", "c2")]


@settings(max_examples=25)
@given(steps=STEPS)
def test_a_complaint_changes_nothing_of_what_is_earned_or_issued(
    steps: list[tuple[str, str]], tmp_path_factory: pytest.TempPathFactory, registry: Registry
) -> None:
    """The same program, with the same secret of its draws, with and without what was said."""
    place = tmp_path_factory.mktemp("complaints")
    begun = place / "begun"
    make_program(begun, zone="UTC", by="ana", clock=at_noon)
    (begun / "program.toml").write_text(HEAD + MONEY)
    (begun / "rules" / "rules.toml").write_text(RULES)
    program = open_program(begun, by="ana", clock=at_noon, registry=registry)
    publish(program)
    for client in ("c1", "c2"):
        add_client(program, client)
    choose_goals(program, [Wish(client=f"c{n}", rule="drop-in", words="mine") for n in "12"])
    program.close()
    silent = [(step if step in ("visit", "issue") else "nothing", n) for step, n in steps]
    for name in ("with", "without"):
        shutil.copytree(begun, place / name)
    told = play(place / "with", registry, at_noon, steps)
    assert told == play(place / "without", registry, at_noon, silent)


def test_nothing_that_earns_or_issues_reads_what_people_say() -> None:
    """The tables are named in their own modules, and where they are only shown."""
    may = {"feedback", "status", "migrations", "database", "erasable", "ledger"}  # it erases them
    for path in (ROOT / "cmengine").glob("*.py"):
        if path.stem.startswith(("report", "export", "forget", "transparen")):
            continue
        words = path.read_text(encoding="utf-8")
        assert path.stem in may or "feedback_list" not in words, path
        assert path.stem in may or "from feedback" not in words.replace("from feedback import", "")


def test_what_it_is_shown_as_is_one_of_its_own_and_counts_nothing() -> None:
    shown = [shown_as(seq) for seq in range(2**20)]
    assert len(set(shown)) == 2**20
    steps = {after > before for before, after in pairwise(shown)}
    assert steps == {True, False}


def test_the_one_it_names_gets_the_same_words_as_for_a_number_that_is_not_there(
    staffed: Program, run: Run
) -> None:
    add_feedback(staffed, "The tea is good.", client="c1")
    add_feedback(staffed, "Ben shouted.", client="c1", complaint=True, about="ben")

    def told(number: str) -> str:
        words = ("--by", "ben", "feedback", "answer", number, "--said", "No.")
        done = run(*words, folder=staffed.folder)
        assert done.exit_code == 1
        return done.stderr.replace(number, "IT")

    assert told(shown_as(2)) == told(shown_as(3)) == told("nothing")
    answer_feedback(staffed, shown_as(2).lower(), "Sorry.")
