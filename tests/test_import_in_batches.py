"""A long log is written in batches: the same rows as in one piece, also when it is stopped on the way."""

import csv
import json
import multiprocessing
import os
import signal
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from forks import another_thread

from cmengine import importing
from cmengine.choices import Wish, choose_goals, set_aside
from cmengine.engine import add_client, log_event, make_event
from cmengine.errors import CMError
from cmengine.importing import import_choices, import_events
from cmengine.program import Program, open_program
from cmengine.tables import has_lines
from cmengine.verify import verify

SEASON = Path(__file__).parent / "season"
EXPECTED: dict[str, Any] = json.loads((SEASON / "expected.json").read_text())
LOG = SEASON / "events.csv"


@pytest.fixture
def chosen(season: Program) -> Program:
    import_choices(season, SEASON / "choices.csv", add_clients=True)
    season.ledger.rows("pragma synchronous = off")  # durability is not what this is about
    return season


def lines() -> list[list[str]]:
    with LOG.open(newline="") as file:
        return list(csv.reader(file))


def write(path: Path, rows: list[list[str]]) -> Path:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    return path


def events(program: Program) -> int:
    return int(program.ledger.rows("select count(*) from events")[0][0])


def test_batches_of_any_size_give_the_same_rows(make: Any, contents: Any) -> None:
    rules, kinds = (SEASON / "rules.toml").read_text(), (SEASON / "kinds.toml").read_text()
    whole, parts = make(rules, kinds, name="whole"), make(rules, kinds, name="parts")
    parts.dice = whole.dice
    for program in (whole, parts):
        import_choices(program, SEASON / "choices.csv", add_clients=True)
        program.ledger.rows("pragma synchronous = off")
    one = import_events(whole, LOG, batch=100_000)
    many = import_events(parts, LOG, batch=97)
    assert (one.events, one.awards, one.cents) == (many.events, many.awards, many.cents)
    assert dict(one.per_rule) == dict(many.per_rule) == EXPECTED["per_rule"]
    assert contents(whole) == contents(parts)
    assert verify(parts).ok


@pytest.mark.parametrize(
    ("place", "column", "value", "said"),
    [
        (5_000, 2, "visitt", "there is no kind of event 'visitt'; did you mean 'visit'?"),
        (5_000, 1, "nobody", "there is no client 'nobody'"),
        (6_900, 4, "2999-01-01", "is in the future"),
        (6_900, 0, "", "id is empty"),
    ],
)
def test_a_line_that_is_off_in_a_late_batch_keeps_all_of_the_file_out(
    chosen: Program, tmp_path: Path, place: int, column: int, value: str, said: str
) -> None:
    rows = lines()
    rows[place][column] = value
    wrong = write(tmp_path / "wrong.csv", rows)
    with pytest.raises(CMError) as raised:
        import_events(chosen, wrong, batch=500)
    assert f"wrong.csv:{place + 1}:" in str(raised.value)
    assert said in str(raised.value)
    assert events(chosen) == 0


def test_an_id_for_two_different_events_keeps_all_of_the_file_out(
    chosen: Program, tmp_path: Path
) -> None:
    rows = lines()
    rows[6_000][0] = rows[10][0]
    wrong = write(tmp_path / "wrong.csv", rows)
    with pytest.raises(CMError, match="this id was already used for") as raised:
        import_events(chosen, wrong, batch=500)
    assert "wrong.csv:6001:" in str(raised.value)
    assert events(chosen) == 0


def test_an_id_that_the_ledger_has_for_another_event_keeps_all_of_the_file_out(
    chosen: Program, tmp_path: Path
) -> None:
    rows = lines()
    known = write(tmp_path / "known.csv", rows[:2])
    import_events(chosen, known)
    rows[1][2] = "missed_visit" if rows[1][2] != "missed_visit" else "visit"
    rows[1][3] = ""
    wrong = write(tmp_path / "wrong.csv", rows)
    with pytest.raises(CMError, match="this id was already used for"):
        import_events(chosen, wrong, batch=500)
    assert events(chosen) == 1


def test_lines_of_every_batch_are_set_aside_as_they_are_written(
    chosen: Program, tmp_path: Path
) -> None:
    rows = lines()
    for place in (1, 700, 6_971):
        rows[place][2] = "visitt"
    wrong, aside = write(tmp_path / "wrong.csv", rows), tmp_path / "aside.csv"
    done = import_events(chosen, wrong, skip_bad=aside, batch=500)
    assert done.set_aside == 3
    kept = [line for line in aside.read_text().splitlines() if not line.startswith("# ")]
    written = wrong.read_text().splitlines()
    assert kept == [written[0], written[1], written[700], written[6_971]]
    assert not list(tmp_path.glob("*.unfinished"))


KILLED = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from cmengine.importing import import_events
from cmengine.program import open_program

signal.signal(signal.SIGINT, signal.default_int_handler)  # also where the tests run in the background
program = open_program(Path(sys.argv[1]), by="ana", clock=lambda: datetime(2026, 7, 1, 18, tzinfo=UTC))
program.ledger.rows("pragma synchronous = off")
left = int(sys.argv[3])

def progress(read):
    global left
    left -= read
    if left < 0:
        os.kill(os.getpid(), getattr(signal, sys.argv[4]))

import_events(program, Path(sys.argv[2]), batch=400, progress=progress)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs a signal that nobody can catch")
@pytest.mark.parametrize("how", ["SIGKILL", "SIGINT"])
@pytest.mark.parametrize("share", [0.3, 1.2, 1.6, 1.8])
def test_stopped_on_the_way_it_goes_on_where_it_stopped(
    chosen: Program, share: float, how: str
) -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            KILLED,
            chosen.folder,
            LOG,
            str(int(LOG.stat().st_size * share)),
            how,
        ],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ},
    )
    assert done.returncode != 0
    kept = events(chosen)
    assert verify(chosen).ok
    assert 0 <= kept < EXPECTED["events"]
    assert (kept > 0) == (share > 1), "the first look at the file writes nothing"
    again = import_events(chosen, LOG, batch=400)
    assert again.events == EXPECTED["events"] - kept
    assert events(chosen) == EXPECTED["events"]
    per_rule = dict(
        tuple(row)
        for row in chosen.ledger.rows(
            "select rule, sum(cents) from award_list group by rule having sum(cents) > 0"
        )
    )
    assert per_rule == {rule: cents for rule, cents in EXPECTED["per_rule"].items() if cents}
    assert verify(chosen).ok


def test_what_others_log_between_two_batches_is_seen(chosen: Program) -> None:
    """Somebody at another desk logs for the same clients while the file comes in."""
    desk = open_program(chosen.folder, by="bo", clock=chosen.clock)
    clients = chosen.ledger.clients()
    logged = 0

    def meanwhile(read: int) -> None:
        nonlocal logged
        kind = "visit" if logged % 2 else "missed_visit"
        event, wrong = make_event(desk, client=clients[logged % 7], kind=kind, id=f"desk-{logged}")
        assert event is not None, wrong
        log_event(desk, event)
        logged += 1

    import_events(chosen, LOG, batch=300, progress=meanwhile)
    desk.close()
    assert logged > 5
    assert events(chosen) == EXPECTED["events"] + logged
    verdict = verify(chosen)
    assert verdict.ok, verdict.problems


def _import_from_a_process(folder: str, name: str) -> tuple[int, int]:
    """Import the log from another process; give how many were new, and how many known."""
    opened = open_program(Path(folder), by=name)
    done = import_events(opened, LOG, batch=300)
    opened.close()
    return done.events, done.duplicates


def test_three_who_import_the_same_file_at_once_bring_each_event_in_once(chosen: Program) -> None:
    folder = str(chosen.folder)
    with ProcessPoolExecutor(3, multiprocessing.get_context("spawn")) as pool:
        done = list(pool.map(_import_from_a_process, [folder] * 3, ["ana", "ben", "cleo"]))
    assert sum(new for new, _ in done) == EXPECTED["events"] == events(chosen)
    assert {new + known for new, known in done} == {len(lines()) - 1}
    per_rule = dict(
        tuple(row)
        for row in chosen.ledger.rows(
            "select rule, sum(cents) from award_list group by rule having sum(cents) > 0"
        )
    )
    assert per_rule == {rule: cents for rule, cents in EXPECTED["per_rule"].items() if cents}
    assert verify(chosen).ok


def test_a_full_disk_is_told_in_words_and_no_row_stays(make: Any) -> None:
    """Half a disk: SQLite itself takes the transaction back, and nothing may be written after that.

    The disk is a setting of this connection, so that a second process, before which the file is closed, is kept out.
    """
    program = make((SEASON / "rules.toml").read_text(), (SEASON / "kinds.toml").read_text())
    import_choices(program, SEASON / "choices.csv", add_clients=True)
    pages = program.ledger.rows("pragma page_count")[0][0]
    program.ledger.rows(f"pragma max_page_count = {pages + 100}")
    with another_thread(), pytest.raises(CMError) as raised:
        import_events(program, LOG)
    assert "the disk is full" in str(raised.value)
    assert "nothing was written" in str(raised.value)
    assert events(program) == 0
    program.ledger.rows("pragma max_page_count = 1000000")
    assert verify(program).ok
    assert import_events(program, LOG).events > 6_000
    assert verify(program).ok


@pytest.mark.parametrize(
    ("lines", "seconds", "longest", "next_lines"),
    [
        (5_000, 0.25, 0.5, 10_000),
        (20_000, 2.0, 0.5, 5_000),
        (20_000, 0.1, 0.5, 20_000),  # no more than there may be
        (1, 60.0, 0.5, 1),  # but always one
    ],
)
def test_a_batch_is_as_long_as_others_are_to_wait(
    lines: int, seconds: float, longest: float, next_lines: int
) -> None:
    assert importing._size(20_000, lines, seconds, longest) == next_lines


RULES = """
[[rule]]
id = "drop-in"
title = "Coming to the drop-in"
[rule.goal]
kind = "any_of"
events = ["visit"]
[[rule.reward]]
kind = "fixed_voucher"
worth = "2.50"
"""


def test_put_away_and_chosen_again_on_one_day_an_event_counts_once(make: Any) -> None:
    program = make(RULES)
    add_client(program, "c1")
    choose_goals(program, [Wish(client="c1", rule="drop-in")])

    def visit() -> None:
        event, wrong = make_event(program, client="c1", kind="visit")
        assert event is not None, wrong
        log_event(program, event)

    visit()
    set_aside(program, "c1", "drop-in")
    visit()  # it is shown to nobody now
    (again,), _ = choose_goals(program, [Wish(client="c1", rule="drop-in")])
    assert [result.outcome.earned.cents for result in again.caught_up if result.outcome.earned] == [
        250
    ], "the visit while it was put away counts now, and the one before is not counted twice"
    visit()
    assert program.ledger.balance("c1").earned == 750
    assert verify(program).ok


def test_what_is_known_already_makes_no_entry_in_the_journal(chosen: Program) -> None:
    import_events(chosen, LOG)
    before = chosen.ledger.rows("select count(*) from journal")[0][0]
    assert import_events(chosen, LOG).events == 0
    assert chosen.ledger.rows("select count(*) from journal")[0][0] == before


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("last", [True, False])
def test_more_lines_than_a_batch_are_never_taken_for_fewer(
    tmp_path: Path, end: str, last: bool
) -> None:
    file = tmp_path / "log.jsonl"
    for rows in (3, 4, 5):
        file.write_bytes((end.join(["{}"] * rows) + end * last).encode())
        assert has_lines(file, 4) or rows <= 4
    file.write_bytes(b"{}")
    assert not has_lines(file, 4)
