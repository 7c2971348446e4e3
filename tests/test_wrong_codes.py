"""Codes that cannot be used: one sentence for all of them, and a pause for whoever tries many."""

import multiprocessing
import re
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from click.testing import Result
from hypothesis import given
from hypothesis import strategies as st

from cmengine.choices import Wish, choose_goals
from cmengine.engine import add_client, log_event, make_event
from cmengine.errors import CMError
from cmengine.ids import new_code
from cmengine.program import Program, open_program
from cmengine.replacing import print_by_code, replace_voucher
from cmengine.tries import wait_until
from cmengine.verify import verify
from cmengine.vouchers import issue_voucher, redeem_voucher

Make = Callable[..., Program]
Run = Callable[..., Result]
START = datetime(2026, 7, 1, 18, 0, tzinfo=UTC)
SECOND, MINUTE, HOUR, DAY = (timedelta(seconds=n) for n in (1, 60, 3600, 86400))

RULES = """
[[rule]]
id = "drop-in"
title = "Coming in"
[rule.goal]
kind = "any_of"
events = ["visit"]
[[rule.reward]]
kind = "fixed_voucher"
worth = "40.00"
"""


@pytest.fixture
def program(make: Make) -> Program:
    """A program in which 40.00 wait for c1."""
    opened = make(RULES)
    add_client(opened, "c1")
    choose_goals(opened, [Wish(client="c1", rule="drop-in", words="w", on=date(2026, 6, 1))])
    event, _ = make_event(opened, client="c1", kind="visit")
    assert event is not None
    log_event(opened, event)
    return opened


def said(call: Callable[[], object]) -> str:
    with pytest.raises(CMError) as error:
        call()
    return str(error.value)


def tried(program: Program) -> list[tuple[datetime, str]]:
    """Every wrong code that was counted: when, and at which desk."""
    rows = program.ledger.rows("select tried_at, desk from tries order by seq")
    return [(datetime.fromisoformat(row[0]), row[1]) for row in rows]


def most_within(moments: list[datetime], span: timedelta) -> int:
    """The most of these moments that fall within any such time: one after the other, by hand."""
    return max(
        (sum(1 for other in moments if one <= other < one + span) for one in moments), default=0
    )


def test_of_every_code_that_cannot_be_used_the_same_is_said(program: Program) -> None:
    used = issue_voucher(program, "c1", cents=100)
    redeem_voucher(program, used.code)
    lost = issue_voucher(program, "c1", cents=100)
    replace_voucher(program, lost.voucher, "Lost the slip")
    sentences = {
        said(lambda code=code: redeem_voucher(program, code))  # type: ignore[misc]
        for code in (used.code, lost.code, new_code())
    }
    sentences.add(said(lambda: print_by_code(program, lost.code)))
    assert sentences == {
        "this code: cannot be used here; read it again, letter by letter; staff can look it up"
    }


@pytest.mark.parametrize("use", [redeem_voucher, print_by_code])
def test_as_much_is_read_for_every_code_that_cannot_be_used(
    program: Program, monkeypatch: pytest.MonkeyPatch, use: Callable[[Program, str], object]
) -> None:
    """Whether a code was ever given out cannot be told from the time that the answer takes: each is looked for by the
    same statements, on as many rows.
    """
    used, lost, halved = (issue_voucher(program, "c1", cents=100) for _ in range(3))
    redeem_voucher(program, used.code)
    replace_voucher(program, lost.voucher, "Lost the slip")
    redeem_voucher(program, halved.code, cents=50)
    redeem_voucher(program, halved.code, cents=50)
    asked: list[str] = []
    rows: list[bool] = []
    one = program.ledger.one

    def counted(sql: str, *values: object) -> Any:
        found = one(sql, *values)
        if "voucher_list" in sql:
            rows.append(found is not None)
        return found

    monkeypatch.setattr(program.ledger, "one", counted)
    read = []
    for code in (new_code(), used.code, lost.code, halved.code, new_code()):
        program.ledger._db.set_trace_callback(asked.append)
        said(lambda code=code: use(program, code))  # type: ignore[misc]
        program.ledger._db.set_trace_callback(None)
        read.append([re.sub(r"'[^']*'|[0-9]+|null", "?", sql, flags=re.I) for sql in asked])
        asked.clear()
    looked = [sql for sql in read[0] if "voucher_list" in sql]
    assert len(looked) == 1, read[0]
    assert read == [read[0]] * 5
    assert sum("voucher_codes" in sql for sql in read[0]) == 1
    # Of a code that there is none of, the latest voucher is read in its place.
    assert rows == [True] * 5


def test_staff_are_told_why_and_no_code_is_in_it(program: Program, clock: Any) -> None:
    used, lost = (issue_voucher(program, "c1", cents=100) for _ in range(2))
    redeem_voucher(program, used.code)
    replace_voucher(program, lost.voucher, "Lost the slip")
    never = new_code()
    for code, reason in (
        (used.code, f"voucher {used.voucher} was used on 2026-07-01 at 11:00, at the desk of ana"),
        (lost.code, f"voucher {lost.voucher} was given another code on 2026-07-01 at 11:00"),
        (never, "it belongs to no voucher of this program"),
    ):
        text = said(lambda code=code: redeem_voucher(program, code, details=True))  # type: ignore[misc]
        assert text.splitlines()[1] == f"this code: {reason}"
        assert code not in text


def test_staff_are_told_when_a_code_was_replaced_and_at_whose_desk_it_was_used_last(
    program: Program, clock: Any
) -> None:
    issued = issue_voucher(program, "c1", cents=300)
    codes = [issued.code]
    for _ in range(2):
        clock.now += DAY
        codes.append(replace_voucher(program, issued.voucher, "Lost the slip").code)
    ben = open_program(program.folder, by="ben", clock=clock, registry=program.registry)
    for desk, cents in ((program, 100), (ben, 200)):
        clock.now += DAY
        redeem_voucher(desk, codes[2], cents=cents)
    ben.close()
    for code, reason in zip(
        codes,
        (
            "was given another code on 2026-07-02 at 11:00",
            "was given another code on 2026-07-03 at 11:00",
            "was used on 2026-07-05 at 11:00, at the desk of ben",
        ),
        strict=True,
    ):
        text = said(lambda code=code: redeem_voucher(program, code, details=True))  # type: ignore[misc]
        assert text.splitlines()[1] == f"this code: voucher {issued.voucher} {reason}"


def test_a_slip_of_the_finger_is_no_try(program: Program) -> None:
    issued = issue_voucher(program, "c1")
    off = ("0" if issued.code[0] != "0" else "1") + issued.code[1:]
    for _ in range(100):
        assert "has a letter or two that do not fit" in said(lambda: redeem_voucher(program, off))
    assert tried(program) == []
    assert redeem_voucher(program, issued.code).cents == 4000


def test_after_five_wrong_codes_a_desk_waits_for_the_rest_of_a_minute(
    program: Program, clock: Any
) -> None:
    issued = issue_voucher(program, "c1")
    for _ in range(5):
        assert "cannot be used here" in said(lambda: redeem_voucher(program, new_code()))
        clock.now += 2 * SECOND
    paused = said(lambda: redeem_voucher(program, issued.code))
    assert paused.endswith("none is looked at just now; try again in 51 seconds")
    assert len(tried(program)) == 5, "what was not looked at is no try"
    other = open_program(program.folder, by="ben", clock=clock, registry=program.registry)
    assert redeem_voucher(other, issued.code, cents=1).cents == 1, "another desk goes on"
    other.close()
    clock.now = START + MINUTE
    assert redeem_voucher(program, issued.code).cents == 3999


def test_what_was_typed_is_kept_nowhere(program: Program) -> None:
    code = new_code()
    said(lambda: redeem_voucher(program, code))
    program.close()
    for file in program.folder.glob("program.db*"):
        assert code.encode() not in file.read_bytes()
        assert code.replace("-", "").encode() not in file.read_bytes()


def attack(desks: int, tries: int, patience: Callable[[], timedelta]) -> list[tuple[datetime, str]]:
    """Try codes as often as is allowed, from several desks in turn; give the tries that were looked at."""
    now, done = START, list[tuple[datetime, str]]()
    while len(done) < tries:
        waits = []
        for desk in (f"desk-{n}" for n in range(desks)):
            until = wait_until(done[-200:], desk, now)  # no day has more
            if until is None:
                done.append((now, desk))
            else:
                assert until > now
                waits.append(until)
            if until is not None and until - now > MINUTE:
                break  # everybody waits
        now = (min(waits) if waits else now + SECOND) + patience()
    return done[:tries]


@pytest.mark.parametrize("desks", [1, 8])
def test_ten_thousand_tries_take_months(desks: int) -> None:
    done = attack(desks, 10_000, lambda: timedelta(0))
    moments = [moment for moment, _ in done]
    for desk in {desk for _, desk in done}:
        here = [moment for moment, at in done if at == desk]
        assert all(b - a >= MINUTE for a, b in zip(here, here[5:], strict=False))
    # Within any hour: fifty, and what the pauses of 1, 2, 4, 8, 15, 15, 15 minutes after them leave room for.
    assert all(b - a >= HOUR for a, b in zip(moments, moments[50 + 7 :], strict=False))
    # Over a day no more than 50, 4 while the pause grows, and one each quarter of an hour.
    assert moments[-1] - moments[0] >= 10_000 / (50 + 4 + 24 * 4 + 1) * DAY


@given(st.integers(0, 2**32), st.integers(1, 12))
def test_whoever_waits_as_long_as_is_said_may_try_again(seed: int, desks: int) -> None:
    dice = Random(seed)
    done = attack(desks, 120, lambda: dice.choice((0, 1, 7, 100)) * SECOND)
    now = done[-1][0]
    for desk in range(desks):
        until = wait_until(done, f"desk-{desk}", now)
        if until is not None:
            assert until - now <= 15 * MINUTE
            assert wait_until(done, f"desk-{desk}", until) is None
            assert wait_until(done, f"desk-{desk}", until - SECOND) == until
    assert wait_until(done, "desk-0", now + DAY) is None, (
        "a day later all is as if nothing had been"
    )


def test_fifty_wrong_codes_in_an_hour_make_every_desk_wait_longer_each_time(
    program: Program, clock: Any
) -> None:
    issued = issue_voucher(program, "c1")
    for _ in range(50):
        said(lambda: redeem_voucher(program, new_code()))
        clock.now += 13 * SECOND
    desk = open_program(program.folder, by="ben", clock=clock, registry=program.registry)
    for minutes in (1, 2, 4, 8, 15, 15):
        left = int((tried(program)[-1][0] + minutes * MINUTE - clock.now).total_seconds()) + 1
        assert said(lambda: redeem_voucher(desk, issued.code)).endswith(f"in {left} seconds")
        clock.now = tried(program)[-1][0] + minutes * MINUTE
        assert "cannot be used here" in said(lambda: redeem_voucher(desk, new_code()))
    clock.now += 15 * MINUTE
    assert redeem_voucher(desk, issued.code).cents == 4000
    desk.close()


def test_a_clock_that_was_ahead_keeps_nobody_waiting(program: Program, clock: Any) -> None:
    issued = issue_voucher(program, "c1")
    clock.now += 3650 * DAY
    for _ in range(5):
        said(lambda: redeem_voucher(program, new_code()))
    clock.now = START + HOUR
    assert redeem_voucher(program, issued.code).cents == 4000


def _guess(folder: str, desk: str, times: int) -> int:
    """Try codes from another process; give how many were looked at."""
    opened = open_program(Path(folder), by=desk)
    looked = 0
    for _ in range(times):
        try:
            redeem_voucher(opened, new_code())
        except CMError as error:
            looked += "cannot be used here" in str(error)
    opened.close()
    return looked


def test_many_processes_at_once_get_no_more_tries_than_one(program: Program) -> None:
    program.close()
    with ProcessPoolExecutor(8, multiprocessing.get_context("spawn")) as pool:
        # Two processes a desk, then others who each call themselves something new.
        names = [f"desk-{n // 2}" for n in range(8)] + [f"name-{n}" for n in range(24)]
        looked = list(pool.map(_guess, [str(program.folder)] * 32, names, [8] * 32))
    again = open_program(program.folder, by="ana", registry=program.registry)
    done = tried(again)
    assert sum(looked) == len(done)
    for desk in set(names):
        assert most_within([moment for moment, at in done if at == desk], MINUTE) <= 5
    assert most_within([moment for moment, _ in done], HOUR) <= 50 + 7
    assert len(done) >= 20, "those who did wait their turn were looked at"
    assert verify(again).ok
    again.close()
