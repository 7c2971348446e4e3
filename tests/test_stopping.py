"""STOP that was heard is honored at once, answered once where it was said, and nothing follows."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from click.testing import Result

from cmengine.choices import Wish, choose_goals
from cmengine.consents import FULLER, allows, give, stop, withdraw
from cmengine.engine import add_client, log_event, make_event
from cmengine.forgetting import forget
from cmengine.greetings import write
from cmengine.letters import claim, letters
from cmengine.preferences import change
from cmengine.program import Program
from cmengine.sending import MAY_HAVE_GONE, TOO_LATE, YES_AGAIN, gone, send_waiting, standings
from cmengine.stopping import says_stop, stop_heard
from cmengine.verify import verify

Run = Callable[..., Result]
Make = Callable[..., Program]
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
[[rule.notify]]
kind = "outbox"
channel = "text"
[[rule.notify]]
kind = "outbox"
where = "mails.txt"
channel = "mail"
"""
KINDS = '[kind.visit]\nlabel = "Came in"\n'
DONE = (
    "Done. We will not write to you here again. All that is yours stays yours. If you want to hear from us"
    " again, just tell us."
)


@pytest.fixture
def program(make: Make) -> Program:
    opened = make(RULES, KINDS)
    add_client(opened, "c1")
    choose_goals(opened, [Wish(client="c1", rule="drop-in")])
    give(opened, "c1", channel="text")
    return opened


def visit(program: Program) -> None:
    event, wrong = make_event(program, client="c1", kind="visit")
    assert event is not None, wrong
    log_event(program, event)


def told(program: Program, problem: str = "") -> list[tuple[str, str]]:
    """Send what can go; give what was tried, on which channel and in which words."""
    sent = send_waiting(program, lambda *_: problem)
    return [(one.channel, one.message.text) for one in sent]


@pytest.mark.parametrize(
    "text",
    [
        "STOP", "stop", "Stop.", " stop!\n", "please stop", "Stop texting me", "UNSUBSCRIBE", "opt out", "opt-out",
        "Cancel", "end", "QUIT", "revoke", "stopall", "STOP ALL", "alto", "¡Basta ya!",
        "Alto", "para", "parar", "PARA", "baja", "no mas", "No más", "¡no más!", "no más mensajes", "parar por favor",
    ],
)  # fmt: skip
def test_words_that_mean_stop(text: str) -> None:
    assert says_stop(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "thanks!",
        "I will stop by on Tuesday",
        "don't stop",
        "the bus stop",
        "no",
        "para mañana",
        "más tarde",
        "weekend",
        "ok",
    ],
)
def test_words_that_do_not(text: str) -> None:
    assert not says_stop(text)


def test_it_is_answered_once_and_nothing_follows(program: Program) -> None:
    visit(program)
    withdrawn, way = stop_heard(program, "c1")
    assert (len(withdrawn), way) == (2, "text"), "no to text, and to mail, which was not asked"
    assert not allows(program, "c1", "messages", "text")
    assert told(program) == [("text", DONE)], "and not that something is ready"
    visit(program)
    assert told(program) == []
    assert stop_heard(program, "c1") == ([], "")
    assert told(program) == []
    assert program.ledger.balance("c1").waiting == 500
    assert verify(program).ok


def test_who_says_it_twice_before_the_answer_went_is_answered_once(program: Program) -> None:
    stop_heard(program, "c1")
    stop_heard(program, "c1")
    stop(program, "c1")
    withdraw(program, "c1")
    assert told(program) == [("text", DONE)]
    assert told(program) == []


def test_the_answer_does_not_wait_for_the_end_of_quiet_hours(program: Program, clock: Any) -> None:
    clock.now = datetime(2026, 7, 2, 6, 0, tzinfo=UTC)  # eleven at night there
    visit(program)
    assert [one.state for one in standings(program)] == ["quiet", "no consent"]
    stop_heard(program, "c1")
    assert told(program) == [("text", DONE)]


def test_after_five_minutes_it_is_too_late(program: Program, clock: Any) -> None:
    stop_heard(program, "c1")
    clock.now += timedelta(minutes=5)
    assert [one.state for one in standings(program)] == ["due"]
    clock.now += timedelta(seconds=1)
    (stands,) = standings(program)
    assert (stands.state, stands.why) == ("not needed", TOO_LATE)
    assert told(program) == []
    assert [(one["template"], one["came"], one["why"]) for one in gone(program)] == [
        ("stopped", "not needed", TOO_LATE)
    ]
    assert letters(program) == []


def test_what_did_not_go_is_tried_again_while_there_is_time(program: Program, clock: Any) -> None:
    stop_heard(program, "c1")
    assert told(program, "it was away") == [("text", DONE)]
    assert told(program) == []
    clock.now += timedelta(minutes=1)
    assert told(program, "it was away") == [("text", DONE)]
    clock.now += timedelta(minutes=5)
    assert told(program) == []
    assert letters(program) == []


def test_what_may_have_gone_is_not_sent_once_more(program: Program, clock: Any) -> None:
    stop_heard(program, "c1")
    with program.ledger.writing():
        assert claim(program, letters(program)[0], program.now() + timedelta(minutes=1))
    assert [one.state for one in standings(program)] == ["being sent"]
    clock.now += timedelta(minutes=2)  # who was at it ended before it was noted
    assert told(program) == []
    assert gone(program)[-1]["why"] == MAY_HAVE_GONE


def test_who_allows_it_again_is_not_told_that_nothing_comes(program: Program) -> None:
    stop_heard(program, "c1")
    give(program, "c1", channel="text")
    assert [one.why for one in standings(program)] == [YES_AGAIN]
    write(program, "c1", "hello")
    ((_, text),) = told(program)
    assert text.startswith("Hi! Just saying hello.")
    stop_heard(program, "c1")
    assert told(program) == [("text", DONE)], "and STOP is answered as ever"


@pytest.mark.parametrize(
    ("heard_on", "answered"),
    [("text", "text"), ("mail", "mail"), (None, ""), ("owls", "")],
)
def test_it_is_answered_where_it_was_said_and_ends_everywhere(
    program: Program, heard_on: str | None, answered: str
) -> None:
    give(program, "c1", channel="mail")
    give(program, "c1", FULLER, "mail")
    withdrawn, way = stop_heard(program, "c1", heard_on)
    assert way == answered
    assert {(one.channel, one.purpose) for one in withdrawn} == {
        ("mail", "messages"), ("mail", "fuller"), ("text", "messages"),
    }  # fmt: skip
    assert told(program) == ([(answered, DONE)] if answered else [])


def test_a_channel_that_they_had_not_allowed_says_nothing(program: Program) -> None:
    assert stop_heard(program, "c1", "mail")[1] == ""
    assert told(program) == []


def test_it_is_answered_in_their_language(program: Program) -> None:
    change(program, "c1", [("language", "es")])
    stop_heard(program, "c1")
    ((_, text),) = told(program)
    assert text.startswith("Listo.")


def test_who_asks_to_be_forgotten_is_not_written_to(program: Program) -> None:
    stop_heard(program, "c1")
    forget(program, "c1")
    assert told(program) == []


def test_the_gateway_is_told_where_the_answer_goes(program: Program, run: Run) -> None:
    def heard(*more: str, code: int = 0) -> str:
        words = ("consent", "stop", "c1", *more)
        done = run(*words, folder=program.folder, typed="stop\n")
        assert done.exit_code == code
        return done.output

    assert json.loads(heard("--heard", "--channel", "text", "--json"))["answer"] == "text"
    assert told(program) == [("text", DONE)]
    give(program, "c1", channel="text")
    assert json.loads(heard("--heard", "--no-answer", "--json"))["answer"] is None
    give(program, "c1", channel="text")
    assert "That it is done is said once on text. Send: cmengine outbox send" in heard("--heard")
    assert told(program) == [("text", DONE)]
    give(program, "c1", channel="text")
    assert "said once" not in heard(), "who says it at the desk was told at the desk"
    assert "go together with --heard" in heard("--channel", "text", code=2)
    assert told(program) == []
