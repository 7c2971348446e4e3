"""A log that a second process works out comes to just what it comes to without one, whoever else writes
meanwhile, and whatever becomes of either process: a long one, batch by batch, and one that is kept in one piece.
"""

import json
import os
import random
import signal
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from forks import ALONE, another_thread, ended_at, processes

from cmengine import engine, ledger
from cmengine.choices import Wish, choose_goals
from cmengine.corrections import correct_event
from cmengine.engine import log_event, make_event
from cmengine.errors import CMError
from cmengine.importing import FEW, Imported, import_choices, import_events
from cmengine.ledger import Ledger
from cmengine.program import Program, open_program
from cmengine.verify import verify

pytestmark = ALONE

SEASON = Path(__file__).parent / "season"
LOG = SEASON / "events.csv"
PROGRAMS = Path(__file__).parent / "programs"
EXPECTED: dict[str, Any] = json.loads((SEASON / "expected.json").read_text())

CALENDAR = """
[[rule]]
id    = "mondays"
title = "Mondays and Thursdays"
[rule.goal]
kind   = "any_of"
events = ["visit"]
[[rule.calendar]]
days  = ["mon", "thu"]
weeks = 40
[[rule.reward]]
kind   = "escalating_voucher"
start  = "1.00"
step   = "0.25"
climbs = "by_calendar"
"""
FOLLOWED = {
    "in order": 0,
    "out of order": 1,
    "out of order, and some lines twice": 2,
}


def chosen(make: Any, name: str) -> Program:
    """Make the program of the season, with a calendar beside, and all its choices."""
    rules = (SEASON / "rules.toml").read_text() + CALENDAR
    program: Program = make(rules, (SEASON / "kinds.toml").read_text(), name=name)
    import_choices(program, SEASON / "choices.csv", add_clients=True)
    choose_goals(
        program,
        [
            Wish(
                client=client,
                rule="mondays",
                on=program.day(program.moment(None, None)).replace(month=1, day=5),
            )
            for client in program.ledger.clients()[::2]
        ],
    )
    program.ledger.rows("pragma synchronous = off")  # durability is not what this is about
    return program


def events(program: Program) -> int:
    return int(program.ledger.rows("select count(*) from events")[0][0])


ONE_PIECE = 100_000  # lines, of which the log has fewer


def entries(program: Program) -> int:
    """Count what was written to the journal: an entry a transaction."""
    return int(program.ledger.rows("select count(*) from journal")[0][0])


def alone(program: Program, log: Path) -> Imported:
    """Import all of a file in one batch, without a second process."""
    with processes() as begun, another_thread():
        done = import_events(program, log, batch=ONE_PIECE)
    assert not begun
    return done


@pytest.mark.parametrize("how", FOLLOWED)
@pytest.mark.parametrize("batch", [61, 700, ONE_PIECE])
def test_worked_out_ahead_it_is_what_it_is_without(
    make: Any, contents: Any, tmp_path: Path, how: str, batch: int
) -> None:
    head, *lines = LOG.read_text().splitlines()
    dice = random.Random(f"{how} {batch}")
    if FOLLOWED[how] > 0:
        dice.shuffle(lines)
    if FOLLOWED[how] > 1:
        for line in dice.sample(lines, 300):
            lines.insert(dice.randrange(len(lines)), line)
    log = tmp_path / "log.csv"
    log.write_text("\n".join([head, *lines]) + "\n")
    one, two = chosen(make, "one"), chosen(make, "two")
    two.dice = one.dice
    wanted = alone(one, log)
    opened: list[Path] = []
    watch(log, opened)
    before = entries(two)
    with processes() as begun:
        found = import_events(two, log, batch=batch)
    assert len(begun) == 1
    assert (entries(two) == before + 1) == (batch == ONE_PIECE)
    with pytest.raises(ChildProcessError):
        os.waitpid(begun[0], os.WNOHANG)  # it has ended, and was waited for
    assert len(opened) <= 4, "nothing was left for the first process to read once more"
    assert found == wanted
    known = len(lines) - EXPECTED["events"]
    assert found.duplicates == known >= (300 if FOLLOWED[how] > 1 else 73)
    assert contents(one) == contents(two)
    columns = "seq, id, client, kind, occurred_at, on_day, value, is_number, evidence, logged_by"
    both = [p.ledger.rows(f"select {columns} from events order by seq") for p in (one, two)]
    assert list(map(tuple, both[0])) == list(map(tuple, both[1]))
    verdict = verify(two)
    assert verdict.ok, verdict.problems


def test_clients_who_are_no_longer_remembered_are_read_again(
    make: Any, contents: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of those whose rows are on their way, the file does not know yet: they are remembered in any case."""
    one, two = chosen(make, "one"), chosen(make, "two")
    two.dice = one.dice
    wanted = alone(one, LOG)
    monkeypatch.setattr(engine, "MOST_PAGES", 0)
    with processes() as begun:
        found = import_events(two, LOG, batch=61)
    assert len(begun) == 1
    assert found == wanted
    assert contents(one) == contents(two)
    verdict = verify(two)
    assert verdict.ok, verdict.problems


_WATCHED: dict[str, list[Path]] = {}


def watch(path: Path, opened: list[Path]) -> None:
    """Take down when this process opens a file."""
    if not _WATCHED:
        sys.addaudithook(_look)
    _WATCHED.clear()
    _WATCHED[str(path)] = opened


def _look(event: str, details: tuple[object, ...]) -> None:
    if event == "open" and str(details[0]) in _WATCHED:
        _WATCHED[str(details[0])].append(Path(str(details[0])))


@pytest.mark.parametrize("every", [1, 3])
def test_what_others_log_between_two_batches_is_seen(make: Any, every: int) -> None:
    program = chosen(make, "program")
    desk = open_program(program.folder, by="bo", clock=program.clock)
    clients = program.ledger.clients()
    told = logged = 0

    def meanwhile(read: int) -> None:
        nonlocal logged, told
        told += 1
        if told % every or not events(program):
            return
        kind = "visit" if logged % 2 else "missed_visit"
        event, wrong = make_event(desk, client=clients[logged % 7], kind=kind, id=f"desk-{logged}")
        assert event is not None, wrong
        log_event(desk, event)
        if logged % 4 == 3:  # and what they had logged was a mistake
            correct_event(desk, f"desk-{logged - 1}", "It was somebody else")
        logged += 1

    with processes() as begun:
        done = import_events(program, LOG, batch=300, progress=meanwhile)
    desk.close()
    assert len(begun) == 1
    assert logged > 5
    assert events(program) == done.events + logged
    assert done.events == EXPECTED["events"]
    verdict = verify(program)
    assert verdict.ok, verdict.problems


@pytest.mark.parametrize("after", [1, 3])
def test_without_the_second_process_the_first_goes_on_alone(
    make: Any, contents: Any, after: int
) -> None:
    one, two = chosen(make, "one"), chosen(make, "two")
    two.dice = one.dice
    wanted = alone(one, LOG)
    with processes() as begun:
        batches = 0

        def kill(read: int) -> None:
            nonlocal batches
            batches += events(two) > 0
            if begun and batches == after:
                os.kill(begun[0], signal.SIGKILL)

        found = import_events(two, LOG, batch=400, progress=kill)
    assert found == wanted
    assert contents(one) == contents(two)
    assert verify(two).ok


def test_where_no_process_can_be_begun_the_first_does_it_alone(
    make: Any, contents: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none_left() -> int:
        raise BlockingIOError("Resource temporarily unavailable")

    one, two = chosen(make, "one"), chosen(make, "two")
    two.dice = one.dice
    wanted = alone(one, LOG)
    monkeypatch.setattr(os, "fork", none_left)
    assert import_events(two, LOG, batch=400) == wanted
    assert contents(one) == contents(two)


@pytest.mark.parametrize("part", [1, 3, 4])
def test_of_one_piece_all_is_taken_back_where_the_second_process_is_gone(
    make: Any, contents: Any, part: int
) -> None:
    one, two = chosen(make, "one"), chosen(make, "two")
    two.dice = one.dice
    wanted = alone(one, LOG)
    before = entries(two)
    with processes() as begun, ended_at(part, signal.SIGKILL):
        found = import_events(two, LOG, batch=ONE_PIECE)
    assert len(begun) == 1
    assert found == wanted
    assert entries(two) == before + 1
    assert contents(one) == contents(two)
    assert verify(two).ok


def test_one_piece_that_is_more_than_the_memory_for_pages_can_still_be_worked_out_ahead(
    make: Any, contents: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite would write to the file before the end, and with a rollback journal nobody else could read it."""
    one, two = chosen(make, "one"), chosen(make, "two")
    two.dice = one.dice
    wanted = alone(one, LOG)
    monkeypatch.setattr(Ledger.bulk.__wrapped__, "__defaults__", (64,))  # type: ignore[attr-defined]
    opened: list[Path] = []
    watch(LOG, opened)
    with processes() as begun:
        found = import_events(two, LOG, batch=ONE_PIECE)
    assert len(begun) == 1
    assert len(opened) == 2, "the first process has only counted lines"
    assert found == wanted
    assert contents(one) == contents(two)
    assert verify(two).ok


def test_what_others_log_before_one_piece_begins_is_seen(
    make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the last moment, somebody logs what the log has further below, and more for the same days."""
    program = chosen(make, "program")
    desk = open_program(program.folder, by="bo", clock=program.clock)
    fork, logged = os.fork, 0

    def last_moment() -> int:
        nonlocal logged
        child = fork()
        if child:
            for line in LOG.read_text().splitlines()[5_000:5_040]:
                id, client, kind, value, at, _ = line.split(",")
                moment = desk.moment(None, None) if not at else datetime.fromisoformat(at)
                event, wrong = make_event(
                    desk, client=client, kind=kind, value=value or None, at=moment, id=id
                )
                assert event is not None, wrong
                logged += not log_event(desk, event).again
        return child

    monkeypatch.setattr(os, "fork", last_moment)
    done = import_events(program, LOG)
    desk.close()
    assert logged > 30
    assert done.events == EXPECTED["events"] - logged
    assert events(program) == EXPECTED["events"]
    verdict = verify(program)
    assert verdict.ok, verdict.problems


def test_where_the_ledger_is_larger_than_the_memory_for_it_a_piece_is_smaller(
    make: Any, contents: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is written then lies all over the file, and whoever stands at a desk would wait for too long."""
    one, two = chosen(make, "one"), chosen(make, "two")
    two.dice = one.dice
    wanted = alone(one, LOG)
    size = two.folder.joinpath("program.db").stat().st_size
    monkeypatch.setattr(ledger, "WRITING_KIB", size // 1024 - 1)
    before = entries(two)
    assert import_events(two, LOG) == wanted
    assert entries(two) > before + 1
    assert contents(one) == contents(two)


def test_for_a_few_lines_no_process_is_begun(make: Any, tmp_path: Path) -> None:
    program = chosen(make, "program")
    lines = LOG.read_text().splitlines()
    log = tmp_path / "log.csv"
    log.write_text("\n".join(lines[: FEW - 1]) + "\n")
    with processes() as begun:
        import_events(program, log)
        assert not begun
        import_events(program, LOG)
    assert len(begun) == 1
    assert events(program) == EXPECTED["events"]


@pytest.mark.parametrize("killed", [False, True])
def test_progress_is_told_of_all_that_is_read_twice_and_no_more(make: Any, killed: bool) -> None:
    program = chosen(make, "program")
    told = 0
    with processes() as begun:

        def progress(read: int) -> None:
            nonlocal told
            told += read
            if killed and begun and events(program) > 2_000:
                os.kill(begun.pop(), signal.SIGKILL)

        import_events(program, LOG, batch=400, progress=progress)
    assert len(begun) == (0 if killed else 1)
    assert told == 2 * LOG.stat().st_size


def test_progress_is_told_of_one_piece_too(make: Any) -> None:
    program = chosen(make, "program")
    told: list[int] = []
    with processes() as begun:
        import_events(program, LOG, progress=told.append)
    assert len(begun) == 1
    assert sum(told) == 2 * LOG.stat().st_size


@pytest.mark.parametrize("batch", [500, ONE_PIECE])
def test_lines_of_every_batch_are_set_aside(make: Any, tmp_path: Path, batch: int) -> None:
    program = chosen(make, "program")
    lines = LOG.read_text().splitlines()
    for place in (1, 700, 6_971):
        lines[place] = lines[place].replace(",", ",nobody-", 1)
    log, aside = tmp_path / "log.csv", tmp_path / "aside.csv"
    log.write_text("\n".join(lines) + "\n")
    with processes() as begun:
        done = import_events(program, log, skip_bad=aside, batch=batch)
    assert len(begun) == 1
    assert done.set_aside == 3
    kept = [line for line in aside.read_text().splitlines() if not line.startswith("# ")]
    assert kept == [lines[0], lines[1], lines[700], lines[6_971]]
    assert verify(program).ok


def test_a_line_that_is_off_keeps_all_of_one_piece_out(make: Any, tmp_path: Path) -> None:
    """The id of an early line comes once more, far below, with another client."""
    program = chosen(make, "program")
    lines = LOG.read_text().splitlines()
    client = lines[5].split(",")[1]
    other = next(one for one in program.ledger.clients() if one != client)
    lines[6_000] = lines[5].replace(client, other)
    lines[6_500] = lines[6_500].replace(",", ",nobody-", 1)
    log = tmp_path / "log.csv"
    log.write_text("\n".join(lines) + "\n")
    before = entries(program)
    with processes() as begun, pytest.raises(CMError) as raised:
        import_events(program, log)
    assert len(begun) == 1
    assert [mistake.where for mistake in raised.value.mistakes] == [f"{log}:6001", f"{log}:6501"]
    assert f"this id was already used for {client}" in str(raised.value)
    assert events(program) == 0
    assert entries(program) == before
    assert verify(program).ok


def test_a_line_that_goes_off_meanwhile_ends_it_where_it_stands(make: Any) -> None:
    """Somebody uses the id of a later line for something else, while the file comes in."""
    program = chosen(make, "program")
    desk = open_program(program.folder, by="bo", clock=program.clock)
    id, client = LOG.read_text().splitlines()[6_000].split(",")[:2]
    logged = False

    def meanwhile(read: int) -> None:
        nonlocal logged
        if events(program) and not logged:
            event, _ = make_event(desk, client=client, kind="missed_visit", id=id)
            assert event is not None
            log_event(desk, event)
            logged = True

    with pytest.raises(CMError, match="this id was already used for") as raised:
        import_events(program, LOG, batch=400, progress=meanwhile)
    desk.close()
    assert "events.csv:6001:" in str(raised.value)
    assert 400 <= events(program) < 6_000
    assert verify(program).ok


ENDED = """
import os, signal, sys
sys.path.insert(0, sys.argv[5])
from datetime import UTC, datetime
from pathlib import Path
from forks import ended_at
from cmengine.importing import import_events
from cmengine.program import open_program

signal.signal(signal.SIGINT, signal.default_int_handler)
program = open_program(Path(sys.argv[1]), by="ana", clock=lambda: datetime(2026, 7, 1, 18, tzinfo=UTC))
fork = os.fork

def seen():
    child = fork()
    if child:
        print(child, flush=True)
    return child

os.fork = seen

def progress(read):
    if program.ledger.last_event() > 400:
        os.killpg(0, getattr(signal, sys.argv[3]))

import_events(program, Path(sys.argv[2]), batch=int(sys.argv[4]), progress=progress)
"""


@pytest.mark.parametrize("batch", [200, ONE_PIECE])
@pytest.mark.parametrize("whom", ["os.kill(os.getpid()", "os.killpg(0"])
@pytest.mark.parametrize("how", ["SIGINT", "SIGKILL"])
def test_of_an_import_that_is_stopped_no_process_is_left(
    make: Any, how: str, whom: str, batch: int
) -> None:
    """Ctrl-C reaches both processes; what else stops the first one, the first one alone."""
    program = chosen(make, "program")
    before = entries(program)
    script = ENDED.replace("os.killpg(0", whom)
    if batch == ONE_PIECE:  # which tells of no progress on the way
        kill = "os.killpg" if "killpg" in whom else "os.kill"
        of_whom = "0" if "killpg" in whom else "os.getpid()"
        ended = f"with ended_at(3, signal.{how}, {kill}, {of_whom}):\n    import_events"
        script = ENDED.replace("\nimport_events", f"\n{ended}")
    reads, writes = os.pipe()
    with subprocess.Popen(
        [sys.executable, "-c", script, program.folder, LOG, how, str(batch), PROGRAMS],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        pass_fds=[writes],
        start_new_session=True,
        text=True,
    ) as done:
        os.close(writes)
        told, wrong = done.communicate()
        assert os.read(reads, 1) == b"", "when both have ended, nobody holds the other end"
    os.close(reads)
    assert told.strip().isdecimal(), "there was a second process"
    assert done.returncode != 0
    assert wrong.count("Traceback") == (how == "SIGINT"), "the second process says nothing"
    if batch == ONE_PIECE:
        assert (events(program), entries(program)) == (0, before)
    else:
        assert 400 < events(program) < EXPECTED["events"]
    assert verify(program).ok
