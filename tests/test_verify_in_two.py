"""A long log is replayed by two processes; and whoever works at the desk meanwhile makes nothing look wrong."""

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from forks import ALONE, processes

from cmengine import database, ledger
from cmengine import verify as verifying
from cmengine.elsewhere import handed_out, in_child
from cmengine.engine import log_event, make_event
from cmengine.importing import import_choices, import_events
from cmengine.program import Program, open_program
from cmengine.verify import Verdict, verify

pytestmark = ALONE

SEASON = Path(__file__).parent / "season"
LOG = SEASON / "events.csv"


@pytest.fixture
def logged(season: Program) -> Program:
    """Have all of the season logged."""
    import_choices(season, SEASON / "choices.csv", add_clients=True)
    season.ledger.rows("pragma synchronous = off")  # durability is not what this is about
    import_events(season, LOG)
    return season


@pytest.fixture
def written_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the ledger as a newer SQLite has it kept."""
    monkeypatch.setattr(database, "journal_mode", lambda version: ("wal", "full"))


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have many portions of few events."""
    monkeypatch.setattr(verifying, "PORTION", 100)


def in_one(program: Program) -> Verdict:
    """Verify in a single process."""
    with processes() as begun:
        verdict = verify(program)
    assert not begun
    return verdict


@pytest.mark.usefixtures("small")
def test_two_processes_find_what_one_finds(logged: Program) -> None:
    one = in_one(logged)
    assert one.ok
    with processes() as begun:
        assert verify(logged, many=1) == one
    assert len(begun) == 1
    clients = logged.ledger.clients()
    for client in (clients[0], clients[len(clients) // 2], clients[-1]):
        logged.ledger.rows("update memories set times = times + 1 where client = ?", client)
    found = in_one(logged)
    assert sum("what the goal remembers" in problem for problem in found.problems) >= 3
    assert verify(logged, many=1) == found


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[str, bool], None]], None]:
    """Have every statement of the two processes seen before it is done, and whether it is of the first."""
    first, open_file = os.getpid(), database.connect

    def see(look: Callable[[str, bool], None]) -> None:
        def opened(path: Any) -> sqlite3.Connection:
            connection = open_file(path)
            connection.set_trace_callback(lambda sql: look(sql, os.getpid() == first))
            return connection

        monkeypatch.setattr(ledger, "connect", opened)

    return see


@pytest.mark.usefixtures("small")
def test_what_a_second_process_that_was_ended_had_is_done_by_the_first(
    logged: Program, seen: Callable[..., None]
) -> None:
    one = in_one(logged)
    told: list[int] = []
    read: list[str] = []

    def end(sql: str, first: bool) -> None:
        if not first and "from events where client in" in sql:
            read.append(sql)
            if len(read) == 4:
                os._exit(9)

    seen(end)
    with processes() as begun:
        assert verify(logged, told.append, many=1) == one
    assert len(begun) == 1
    assert sum(told) == one.clients


@pytest.mark.usefixtures("small")
def test_what_the_second_process_has_done_is_not_done_again(
    logged: Program, seen: Callable[..., None]
) -> None:
    one = in_one(logged)
    told: list[int] = []
    again: list[str] = []

    def wait(sql: str, first: bool) -> None:
        if first and sql == "pragma integrity_check":
            os.waitid(os.P_PID, begun[0], os.WEXITED | os.WNOWAIT)
        if first and "from events where client in" in sql:
            again.append(sql)

    seen(wait)
    with processes() as begun:
        assert verify(logged, told.append, many=1) == one
    assert not again
    assert sum(told) == one.clients


@pytest.mark.usefixtures("small")
def test_where_the_first_process_stops_the_second_ends_with_the_piece_that_it_has(
    logged: Program, seen: Callable[..., None]
) -> None:
    (may_go, let), (begun_with, say) = os.pipe(), os.pipe()

    def wait(sql: str, first: bool) -> None:
        if not first and "from events where client in" in sql:
            os.write(say, b"x")
            os.read(may_go, 1)

    def stop(done: int) -> None:
        raise KeyError(done)

    seen(wait)
    with processes() as begun, pytest.raises(KeyError):
        verify(logged, stop, many=1)
    os.write(let, b"x" * 1_000)
    os.waitpid(begun[0], 0)
    assert os.read(begun_with, 1_000) == b"x"
    for end in (may_go, let, begun_with, say):
        os.close(end)


def test_where_no_second_process_can_be_begun_the_first_does_it_alone(
    logged: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none_left() -> int:
        raise BlockingIOError("Resource temporarily unavailable")

    one = in_one(logged)
    before = list(Path("/proc/self/fd").iterdir())
    with monkeypatch.context() as patch:
        patch.setattr(os, "fork", none_left)
        assert verify(logged, many=1) == one
    assert len(list(Path("/proc/self/fd").iterdir())) == len(before)


def test_every_piece_of_work_is_handed_out_once(logged: Program) -> None:
    pieces = 20_000
    numbers = handed_out(pieces)
    theirs = in_child(logged.ledger, lambda: list(numbers))
    mine = list(numbers)
    others = theirs()
    assert others is not None
    assert sorted([*mine, *others]) == list(range(pieces))
    assert mine == sorted(mine) and others == sorted(others)


def test_what_came_of_a_process_that_did_not_end_well_is_nothing(logged: Program) -> None:
    numbers = handed_out(10)

    def work() -> list[int]:
        taken = [next(numbers) for _ in range(3)]
        raise RuntimeError(f"{taken} are lost")

    assert in_child(logged.ledger, work)() is None
    assert list(numbers) == list(range(3, 10))


@pytest.mark.usefixtures("written_ahead")
def test_what_is_logged_while_a_client_is_looked_at_does_not_look_wrong(logged: Program) -> None:
    """With a write-ahead log somebody can log between any two things that are read."""
    assert logged.ledger.rows("pragma journal_mode")[0][0] == "wal"
    desk = open_program(logged.folder, by="ben")
    earned, was = 0, logged.ledger.rows("select count(*) from events")[0][0]

    def between(sql: str) -> None:
        nonlocal earned
        if "from occurrences o where" in sql and not earned:
            for client in desk.ledger.clients():
                event, wrong = make_event(desk, client=client, kind="visit")
                assert event is not None, wrong
                earned += sum(
                    result.outcome.earned is not None for result in log_event(desk, event).results
                )

    logged.ledger._db.set_trace_callback(between)
    verdict = verify(logged)
    desk.close()
    assert earned
    assert verdict.ok, verdict.problems
    assert was <= verdict.events < verify(logged).events
