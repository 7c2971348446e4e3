"""`outbox send --watch` goes on until it is stopped, never in a hurry, and wakes when there is something to do."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from attrs import Factory, define

from cmengine.choices import Wish, choose_goals
from cmengine.consents import give
from cmengine.engine import add_client, log_event, make_event
from cmengine.program import Program, open_program
from cmengine.watching import Round, watch

RULES = """
[[rule]]
id = "drop-in"
title = "I come in"
[rule.goal]
kind = "any_of"
events = ["visit"]
[[rule.reward]]
kind = "fixed_voucher"
worth = "2.50"
"""
KINDS = '[kind.visit]\nlabel = "Came in"\n'
EVERY = 30.0


@define
class Waiting:
    """Waits in no time: the clock is put forward, and what is planned for then is done by somebody else."""

    clock: Any
    plans: dict[int, Callable[[], object]] = Factory(dict)
    waited: list[float] = Factory(list)
    ends: int = 20

    def __call__(self, seconds: float) -> bool:
        self.waited.append(seconds)
        self.clock.now += timedelta(seconds=seconds)
        self.plans.get(len(self.waited), lambda: None)()
        return len(self.waited) >= self.ends


@pytest.fixture
def program(make: Callable[..., Program]) -> Program:
    made = make(RULES, KINDS)
    add_client(made, "c1")
    choose_goals(made, [Wish(client="c1", rule="drop-in")])
    give(made, "c1", channel="outbox")
    return made


def another(program: Program, clock: Any) -> Program:
    return open_program(program.folder, by="ben", clock=clock, registry=program.registry)


def visit(program: Program, clock: Any) -> None:
    other = another(program, clock)
    event, _ = make_event(other, client="c1", kind="visit")
    assert event is not None
    log_event(other, event)
    other.close()


def test_it_looks_when_somebody_has_written_and_says_nothing_meanwhile(
    program: Program, clock: Any
) -> None:
    wait = Waiting(clock, {3: lambda: visit(program, clock), 7: lambda: visit(program, clock)})
    rounds = list(watch(program, wait, EVERY))
    assert [len(one.tried) for one in rounds] == [0, 1, 1]
    assert all(isinstance(one, Round) and one.waiting == [] for one in rounds)
    assert wait.waited == [EVERY] * 20, "it is never in a hurry"


def test_it_is_there_when_a_pause_or_the_night_is_over(program: Program, clock: Any) -> None:
    where = program.folder / "outbox.txt"
    where.mkdir()  # so that nothing can be written there
    visit(program, clock)
    began = clock.now
    wait = Waiting(clock, {2: where.rmdir}, ends=6)
    rounds = list(watch(program, wait, EVERY))
    assert [[bool(one.problem) for one in round.tried] for round in rounds] == [[True], [False]]
    assert rounds[1].at - began == timedelta(minutes=1)
    clock.now = datetime(2026, 7, 2, 5, 0, tzinfo=UTC)  # ten in the evening in Los Angeles
    visit(program, clock)
    wait = Waiting(clock, ends=2000)
    (asleep, awake) = watch(program, wait, EVERY)
    assert [one.state for one in asleep.waiting] == ["quiet"]
    assert (len(awake.tried), f"{awake.at:%H:%M}") == (1, "08:00")


def test_it_stops_after_the_message_that_is_being_sent(program: Program, clock: Any) -> None:
    for client in ("c2", "c3"):
        add_client(program, client)
        choose_goals(program, [Wish(client=client, rule="drop-in")])
        give(program, client, channel="outbox")
        event, _ = make_event(program, client=client, kind="visit")
        assert event is not None
        log_event(program, event)
    visit(program, clock)
    asked: list[bool] = []

    def stopped() -> bool:
        asked.append(len(asked) >= 1)
        return asked[-1]

    (only,) = watch(program, Waiting(clock), EVERY, stopped)
    assert len(only.tried) == 1
    assert len(only.waiting) == 2


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_real_one_sends_what_comes_and_ends_cleanly_when_it_is_asked_to(
    program: Program, how: signal.Signals
) -> None:
    settings = program.folder / "program.toml"
    settings.write_text(f'{settings.read_text()}\n[messages]\nquiet = "none"\n')
    start = [sys.executable, "-c", "from cmengine.cli import main; main()", "--by", "ana"]
    at = ["-p", str(program.folder)]
    watching = subprocess.Popen(
        [*start, *at, "outbox", "send", "--watch", "--every", "1", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    assert watching.stdout is not None
    assert json.loads(watching.stdout.readline())["sent"] == 0
    subprocess.run([*start, *at, "log", "c1", "visit"], check=True, capture_output=True)
    assert json.loads(watching.stdout.readline())["sent"] == 1
    watching.send_signal(how)
    out, err = watching.communicate()
    assert (watching.returncode, out, err) == (0, "", "")
    assert len(Path(program.folder / "outbox.txt").read_text().splitlines()) == 1
