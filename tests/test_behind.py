"""Rows that a second thread writes: the same as if they had been written at once, or nothing of them."""

import sys
import threading
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from cmengine.behind import NAME, TURN, Behind
from cmengine.engine import add_client
from cmengine.errors import CMError
from cmengine.importing import import_choices, import_events
from cmengine.model import Event
from cmengine.program import Program
from cmengine.sheet import new_sheet
from cmengine.sqlite import sqlite3
from cmengine.verify import verify

SEASON = Path(__file__).parent / "season"
AT = datetime(2026, 1, 5, 12, tzinfo=UTC)


@pytest.fixture
def program(make: Any) -> Program:
    made: Program = make()
    add_client(made, "c1")
    return made


def event(id: str, client: str = "c1") -> Event:
    return Event(id=id, client=client, kind="visit", at=AT, day=date(2026, 1, 5))


def behind() -> int:
    """Count the threads that write behind this one; others may come and go."""
    return sum(one.name.startswith(NAME) for one in threading.enumerate())


def ids(program: Program) -> list[str]:
    return [row[0] for row in program.ledger.rows("select id from events order by seq")]


def test_what_is_asked_of_the_ledger_waits_for_what_is_written_behind(program: Program) -> None:
    ledger = program.ledger
    with ledger.behind(), ledger.writing():
        sheet = new_sheet(ledger)
        for n in range(3_000):
            sheet.add_event(event(f"e{n:04d}"), AT)
        sheet.write()
        assert behind() == 1
        assert ledger.last_event() == 3_000
        assert ledger.find_event("e2999") is not None
    assert behind() == 0
    assert len(ids(program)) == 3_000
    assert verify(program).ok


def test_a_row_that_cannot_be_takes_all_of_its_transaction_back_and_what_follows_it(
    program: Program,
) -> None:
    ledger = program.ledger
    with ledger.behind():
        with ledger.writing():
            sheet = new_sheet(ledger)
            sheet.add_event(event("kept"), AT)
            sheet.write()
        with pytest.raises(sqlite3.IntegrityError), ledger.writing():
            sheet = new_sheet(ledger)
            sheet.add_event(event("taken back"), AT)
            sheet.write()
            sheet.add_event(event("of nobody there is", "nobody"), AT)
            sheet.write()
            sheet.add_event(event("after it"), AT)
            sheet.write()
            sheet.add_event(event("and after that"), AT)
            sheet.write()
        with ledger.writing():
            sheet = new_sheet(ledger)
            sheet.add_event(event("the next"), AT)
            sheet.write()
    assert ids(program) == ["kept", "the next"]
    assert verify(program).ok


def test_stopped_by_hand_nothing_of_the_transaction_is_kept(program: Program) -> None:
    ledger = program.ledger
    with pytest.raises(KeyboardInterrupt), ledger.behind(), ledger.writing():
        sheet = new_sheet(ledger)
        for n in range(2_000):
            sheet.add_event(event(f"e{n:04d}"), AT)
        sheet.write()
        raise KeyboardInterrupt
    assert behind() == 0
    assert ids(program) == []
    assert verify(program).ok


def test_alone_again_all_is_written_or_it_is_said(program: Program) -> None:
    ledger = program.ledger
    with ledger.behind(), ledger.writing():
        sheet = new_sheet(ledger)
        sheet.add_event(event("one"), AT)
        sheet.write()
        ledger.alone()
        assert behind() == 0
        sheet.add_event(event("two"), AT)
        sheet.write()
    with pytest.raises(sqlite3.IntegrityError), ledger.behind(), ledger.writing():
        sheet = new_sheet(ledger)
        sheet.add_event(event("of nobody there is", "nobody"), AT)
        sheet.write()
        ledger.alone()
    assert ids(program) == ["one", "two"]
    assert verify(program).ok


def test_after_a_mistake_nothing_more_is_done_until_it_is_told() -> None:
    done: list[int] = []
    behind = Behind()

    def wrong() -> None:
        raise ValueError("no")

    behind.do(wrong)
    with pytest.raises(ValueError, match="no"):
        behind.do(lambda: done.append(1))
    behind.do(lambda: done.append(2))
    behind.wait()
    behind.end()
    assert done == [2]


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, GeneratorExit, MemoryError])
def test_whatever_ends_the_work_is_told(error: type[BaseException]) -> None:
    behind = Behind()

    def wrong() -> None:
        raise error

    behind.do(wrong)
    with pytest.raises(error):
        behind.wait()
    behind.do(wrong)
    assert isinstance(behind.settle(), error)
    assert behind.settle() is None, "it is told once"
    behind.end()


def test_work_is_done_one_piece_after_the_other_and_waited_for() -> None:
    done: list[int] = []
    running = threading.Semaphore(1)
    behind = Behind()

    def piece(n: int) -> None:
        assert running.acquire(blocking=False), "two pieces at once"
        sum(range(200_000))
        done.append(n)
        running.release()

    for n in range(20):
        behind.do(partial(piece, n))
        assert len(done) >= n, "what was begun before is done"
    behind.wait()
    assert done == list(range(20))
    behind.do(partial(piece, 20))
    behind.end()
    assert done[-1] == 20


def test_threads_take_their_turns_quicker_while_there_are_two_and_then_as_before(
    program: Program,
) -> None:
    usual = (
        0.005  # as Python has it: https://docs.python.org/3/library/sys.html#sys.setswitchinterval
    )
    sys.setswitchinterval(usual)
    with program.ledger.behind():
        assert sys.getswitchinterval() == pytest.approx(TURN)
    assert sys.getswitchinterval() == pytest.approx(usual)


def test_a_full_disk_is_told_in_words_and_no_row_stays(make: Any, tmp_path: Path) -> None:
    """Half a disk: SQLite itself takes the transaction back, and nothing may be written after that."""
    program = make((SEASON / "rules.toml").read_text(), (SEASON / "kinds.toml").read_text())
    import_choices(program, SEASON / "choices.csv", add_clients=True)
    pages = program.ledger.rows("pragma page_count")[0][0]
    program.ledger.rows(f"pragma max_page_count = {pages + 100}")
    with pytest.raises(CMError) as raised:
        import_events(program, SEASON / "events.csv")
    assert "the disk is full" in str(raised.value)
    assert "nothing was written" in str(raised.value)
    assert ids(program) == []
    program.ledger.rows("pragma max_page_count = 1000000")
    assert verify(program).ok
    assert import_events(program, SEASON / "events.csv").events > 6_000
    assert verify(program).ok
