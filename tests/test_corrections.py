"""A mistake is marked and never taken out on the client: P6, as a property and in examples."""

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmengine.choices import Wish, choose_goals
from cmengine.corrections import correct_event, last_event_of
from cmengine.engine import add_client, log_event, make_event
from cmengine.errors import CMError
from cmengine.plugins import load_plugins
from cmengine.program import Program, open_program
from cmengine.publish import publish
from cmengine.starters import make_program
from cmengine.verify import verify

Make = Callable[..., Program]
FIRST = date(2026, 6, 1)
KINDS = '[kind.visit]\nlabel = "Came in"\n[kind.group]\nlabel = "Group"\n'
RULES = """
[[rule]]
id = "drop-in"
title = "Coming in"
[rule.goal]
kind = "any_of"
events = ["visit"]
per_day = 1
[[rule.reward]]
kind = "escalating_voucher"
start = "2.50"
step = "1.25"
[[rule.reward]]
kind = "every_nth"
every = 3
worth = "10.00"

[[rule]]
id = "welcome-back"
title = "Good to see you"
[rule.goal]
kind = "came_back"
events = ["visit"]
after_days = 5
beside = "drop-in"
[[rule.reward]]
kind = "fixed_voucher"
worth = "2.50"

[[rule]]
id = "first-group"
title = "A first group"
[rule.goal]
kind = "first_time"
events = ["group"]
[[rule.reward]]
kind = "fixed_voucher"
worth = "6.00"

[[rule]]
id = "weeks"
title = "By the calendar"
[rule.goal]
kind = "any_of"
events = ["visit"]
per_week = 2
[[rule.calendar]]
days = ["mon", "thu"]
weeks = 4
[[rule.reward]]
kind = "escalating_voucher"
start = "1.00"
step = "1.00"
climbs = "by_calendar"
"""


def enroll(program: Program) -> None:
    add_client(program, "c1")
    choose_goals(
        program,
        [
            Wish(client="c1", rule=name, on=FIRST)
            for name in ("drop-in", "welcome-back", "first-group", "weeks")
        ],
    )


def log(program: Program, name: str, day: int, kind: str = "visit") -> int:
    at = program.moment(FIRST + timedelta(days=day), None)
    event, wrong = make_event(program, client="c1", kind=kind, at=at, id=name)
    assert event is not None, wrong
    return sum(
        r.outcome.earned.cents for r in log_event(program, event).results if r.outcome.earned
    )


@pytest.fixture
def program(make: Make) -> Program:
    opened = make(RULES, KINDS)
    enroll(opened)
    return opened


def test_the_mistake_stays_paid_and_the_next_real_visit_earns_what_it_would_have_earned(
    program: Program,
) -> None:
    log(program, "a", 0)
    log(program, "b", 1)
    earned = program.ledger.balance("c1").earned
    done = correct_event(program, "b", "It was somebody else")
    assert program.ledger.balance("c1").earned == earned
    assert done.kept_cents == 375, (
        "the second rung; the calendar's first slot was taken by the visit before"
    )
    assert [a.cents for a in program.ledger.awards("event = 'b'")] == [375]
    assert all(a.corrected == (a.event == "b") for a in program.ledger.awards())
    log(program, "c", 2)
    assert [a.cents for a in program.ledger.awards("event = 'c' and rule = 'drop-in'")] == [375]
    assert verify(program).ok


def test_what_the_mistake_stood_in_the_way_of_is_made_good(program: Program) -> None:
    log(program, "wrong", 3)
    assert log(program, "real", 3) == 0, "the day counted already"
    done = correct_event(program, "wrong", "Wrong person")
    labels = {r.rule.id: r.outcome.earned.cents for r in done.caught_up if r.outcome.earned}
    assert labels["drop-in"] == 250
    assert verify(program).ok


def test_a_first_time_logged_by_mistake_leaves_the_first_time_free(program: Program) -> None:
    assert log(program, "wrong", 1, "group") == 600
    correct_event(program, "wrong", "Wrong person")
    assert log(program, "right", 2, "group") == 600
    assert log(program, "again", 3, "group") == 0
    assert verify(program).ok


def test_a_mistake_is_marked_once_with_a_reason_and_only_where_there_is_one(
    program: Program,
) -> None:
    log(program, "a", 0)
    for event, reason, said in (("nothing", "why", "no such event"), ("a", " ", "needs a reason")):
        with pytest.raises(CMError, match=said):
            correct_event(program, event, reason)
    correct_event(program, "a", "why")
    with pytest.raises(CMError, match="already"):
        correct_event(program, "a", "why")


def test_the_last_event_is_marked_once_and_no_other_by_the_way(program: Program) -> None:
    with pytest.raises(CMError, match="nothing is logged"):
        last_event_of(program, "c1")
    log(program, "a", 0)
    log(program, "b", 1)
    correct_event(program, last_event_of(program, "c1"), "Typed twice")
    with pytest.raises(CMError, match="marked as a mistake already"):
        last_event_of(program, "c1")


days = st.integers(0, 20)
things = st.lists(st.tuples(days, st.sampled_from(["visit", "group"])), min_size=1, max_size=7)


@settings(max_examples=40)
@given(things, st.integers(0, 6), days, st.sampled_from(["visit", "group"]))
def test_p6_after_a_correction_the_next_event_earns_at_least_what_it_would_have_earned_without_the_mistake(
    told: list[tuple[int, str]], which: int, day: int, kind: str
) -> None:
    registry = load_plugins()
    mistake = f"e{which % len(told)}"
    gained = []
    with TemporaryDirectory() as name:
        for never in (False, True):
            folder = Path(name) / f"p{never}"
            make_program(folder, zone="UTC", by="ana")
            (folder / "kinds.toml").write_text(KINDS)
            (folder / "rules" / "rules.toml").write_text(RULES)
            program = open_program(folder, by="ana", registry=registry)
            program.ledger.rows("pragma synchronous = off")
            publish(program)
            enroll(program)
            for n, (on, happened) in enumerate(told):
                if not (never and f"e{n}" == mistake):
                    log(program, f"e{n}", on, happened)
            if not never:
                before = program.ledger.balance("c1").earned
                correct_event(program, mistake, "It was somebody else")
                assert program.ledger.balance("c1").earned >= before
            gained.append(log(program, "next", day, kind))
            assert verify(program).ok
            program.close()
    assert gained[0] >= gained[1]
