"""What helps to stay safe, told to those who want to hear it; what clients are proud of; greetings."""

import json
import re
import tempfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from hypothesis import given, settings
from hypothesis import strategies as st

from cmengine.choices import Wish, choose_goals
from cmengine.consents import allows, give, withdraw
from cmengine.engine import add_client, log_event, make_event
from cmengine.errors import CMError
from cmengine.greetings import write, write_information
from cmengine.information import TOPICS, USUAL, after_event, answer, fits, offers, told
from cmengine.plugins import Registry
from cmengine.program import Program, open_program
from cmengine.sections import Topic
from cmengine.sending import send_waiting, standings
from cmengine.starters import make_program
from cmengine.strengths import add_strength, remove_strength, strengths
from cmengine.telling import tell
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

[[rule]]
id = "no-opioids"
title = "A week without opioids"
[rule.goal]
kind = "any_of"
events = ["week"]
[[rule.reward]]
kind = "fixed_voucher"
worth = "2.50"
"""
KINDS = (
    '[kind.visit]\nlabel = "Came in"\n[kind.week]\nlabel = "A week"\n'
    '[kind.missed_visit]\nlabel = "Did not come"\n'
)
TOLD = "Naloxone can bring a person back from an overdose."


@pytest.fixture
def program(make: Make) -> Program:
    made = make(RULES, KINDS)
    add_client(made, "c1")
    first = made.today() - timedelta(days=100)
    choose_goals(made, [Wish(client="c1", rule="drop-in", on=first)])
    return made


def log(program: Program, kind: str, days_ago: int) -> list[str]:
    """Log something, and say what the client may be asked about then."""
    at = program.now() - timedelta(days=days_ago)
    event, wrong = make_event(program, client="c1", kind=kind, at=at)
    assert event is not None, wrong
    log_event(program, event)
    return [one.topic for one in after_event(program, event)]


# Offered when it fits, and told to who wants to hear it

EVERY = list(TOPICS)


def test_after_a_gap_of_fourteen_days_one_may_ask(program: Program) -> None:
    assert log(program, "visit", 60) == [], "the first time is no return"
    assert log(program, "visit", 47) == [], "after thirteen days"
    assert log(program, "visit", 33) == EVERY, "after fourteen"
    assert log(program, "visit", 33) == []
    log(program, "missed_visit", 20)
    log(program, "missed_visit", 12)
    assert log(program, "visit", 10) == EVERY, "that nobody came is no visit"
    assert log(program, "visit", 40) == [], "written down late, after a later one"


def test_the_desk_sees_that_it_may_ask_and_never_the_text(program: Program, run: Run) -> None:
    log(program, "visit", 60)
    done = run("log", "c1", "visit", folder=program.folder)
    assert (
        "You may ask whether they would like to hear about: naloxone, not_alone and tolerance"
        in (done.stdout)
    )
    assert TOLD not in done.output
    told = json.loads(run("log", "c1", "visit", "--json", folder=program.folder).stdout)
    assert told["offers"] == []
    choice = ("goal", "choose", "c1", "no-opioids", "--words", "Try it")
    told = json.loads(run(*choice, "--json", folder=program.folder).stdout)
    assert told["offers"] == EVERY
    lines = run("log", "--stdin", folder=program.folder, typed="c1 visit\n").stdout
    assert "You may ask" not in lines


NO = pytest.raises(CMError, match="has not said that they would like to hear about it")


def test_without_permission_there_is_no_tip(program: Program) -> None:
    for topic in TOPICS:
        with NO:
            told(program, "c1", topic)
        with NO:
            write_information(program, "c1", topic, "text")
    give(program, "c1", channel="text")
    give(program, "c1", "fuller", "text")
    with NO:
        write_information(program, "c1", "naloxone", "text")
    assert program.ledger.rows("select count(*) from messages")[0][0] == 0
    (noted,) = answer(program, "c1", "naloxone", wants=True)
    assert noted.may
    assert TOLD in told(program, "c1", "naloxone")
    for topic in ("not_alone", "tolerance"):
        with NO:
            told(program, "c1", topic)
        with NO:
            write_information(program, "c1", topic, "text")
    answer(program, "c1", "", wants=True)
    answer(program, "c1", "naloxone", wants=False)
    assert [one.may for one in offers(program, "c1")] == [False, True, True]
    answer(program, "c1", "naloxone", wants=True)
    withdraw(program, "c1", "information")
    for topic in TOPICS:
        with pytest.raises(CMError, match="c1 said no on"):
            told(program, "c1", topic)


SAID = st.lists(st.tuples(st.sampled_from(["", *EVERY]), st.booleans(), st.booleans()), max_size=12)


@given(said=SAID)
@settings(max_examples=25, deadline=None)
def test_a_yes_is_for_what_it_was_said_of_and_the_last_word_stands(
    registry: Registry, said: list[tuple[str, bool, bool]]
) -> None:
    with tempfile.TemporaryDirectory(prefix="information-") as folder:
        place = Path(folder) / "p"
        make_program(place)
        program = open_program(place, by="ana", registry=registry)
        add_client(program, "c1")
        may = dict.fromkeys(TOPICS, False)
        for topic, wants, taken_back in said:
            answer(program, "c1", topic, wants=wants)
            may |= dict.fromkeys([topic] if topic else TOPICS, wants)
            if taken_back:
                withdraw(program, "c1", "information")
                may = dict.fromkeys(TOPICS, False)
            assert {one.topic: one.may for one in offers(program, "c1")} == may
        program.close()


def test_a_no_is_told_with_its_day_and_nobody_is_to_ask_again(program: Program, run: Run) -> None:
    run("information", "offer", "c1", "naloxone", "--answer", "no", folder=program.folder)
    done = run("information", "say", "c1", "naloxone", folder=program.folder)
    assert done.exit_code == 1
    assert re.search(r"c1 said no on \d{4}-\d\d-\d\d; nobody asks again", done.stderr)
    assert "ask them" not in done.stderr
    done = run("information", "say", "c1", "tolerance", folder=program.folder)
    assert "has not said that they would like to hear about it; ask them" in done.stderr
    assert (
        run("information", "offer", "c1", "--answer", "yes", folder=program.folder).exit_code == 2
    )
    run("information", "offer", "c1", "--all", "--answer", "yes", folder=program.folder)
    assert TOLD in run("information", "say", "c1", "naloxone", folder=program.folder).stdout


def test_who_says_no_is_not_asked_again_and_can_ask_for_it(program: Program) -> None:
    log(program, "visit", 60)
    answer(program, "c1", "naloxone", wants=False)
    assert log(program, "visit", 40) == ["not_alone", "tolerance"]
    assert not allows(program, "c1", "information")
    answer(program, "c1", "naloxone", wants=True)
    assert TOLD in told(program, "c1", "naloxone")
    (first, *_) = offers(program, "c1")
    assert (first.topic, first.answer, first.told) == ("naloxone", "yes", True)


def test_it_goes_by_a_channel_only_in_fuller_words_and_while_it_is_wanted(program: Program) -> None:
    answer(program, "c1", "naloxone", wants=True)
    give(program, "c1", channel="text")
    with pytest.raises(CMError, match="no consent for fuller words on text"):
        write_information(program, "c1", "naloxone", "text")
    give(program, "c1", "fuller", "text")
    write_information(program, "c1", "naloxone", "text")
    withdraw(program, "c1", "information")
    assert [one.why for one in standings(program)] == ["no consent for information"]
    assert list(send_waiting(program, lambda *_: "")) == []
    give(program, "c1", "information")
    (sent,) = send_waiting(program, lambda *_: "")
    assert TOLD in sent.message.text
    assert verify(program).problems == []


@given(
    gap=st.none() | st.integers(-50, 400),
    kind=st.none() | st.sampled_from(["visit", "week", "other"]),
    rule=st.sampled_from(["", "drop-in", "no-opioids"]),
)
def test_what_fits_is_what_is_written_down(gap: int | None, kind: str | None, rule: str) -> None:
    topic = Topic(topic="naloxone", after_gap=20, kinds=("week",), rules=("drop-in",))
    expected = (gap or 0) >= 20 or kind == "week" or rule == "drop-in"
    assert fits(topic, gap=gap, kind=kind, rule=rule, text="fentanyl") == expected
    assert not any(fits(one, kind=kind, rule=rule) for one in USUAL), "a gap, or opioids"


def test_a_program_says_what_fits_and_mistakes_in_it_are_said(make: Make, run: Run) -> None:
    own = '\n[[information]]\ntopic = "tolerance"\nkinds = ["week"]\nrules = ["drop-in"]\n'
    program = make(RULES, KINDS)
    toml = program.folder / "program.toml"
    before = toml.read_text()
    toml.write_text(before + own)
    for words in (
        ("client", "add", "c1"),
        ("goal", "choose", "c1", "no-opioids", "--words", "w", "--on", "2026-01-01"),
    ):
        assert "You may ask" not in run(*words, folder=program.folder).stdout
    told = run("goal", "choose", "c1", "drop-in", "--words", "w", folder=program.folder).stdout
    assert "You may ask whether they would like to hear about: tolerance" in told
    assert "tolerance" in run("log", "c1", "week", folder=program.folder).stdout
    assert "You may ask" not in run("log", "c1", "visit", folder=program.folder).stdout
    toml.write_text(before + own.replace("tolerance", "tolerence"))
    done = run("client", "list", folder=program.folder)
    assert done.exit_code == 1
    assert "there is nothing to tell about 'tolerence'; did you mean 'tolerance'?" in done.stderr


def test_it_is_told_in_their_language(program: Program) -> None:
    give(program, "c1", "information")
    with program.ledger.writing():
        program.ledger.change_personal("c1", "set:language", "es")
    text = told(program, "c1", "naloxone")
    assert text == tell("information.naloxone", "es", {})
    assert text != tell("information.naloxone", "en", {})


# What somebody is proud of, and greetings


def test_a_greeting_draws_on_what_they_are_proud_of_only_where_they_want_fuller_words(
    program: Program,
) -> None:
    add_strength(program, "c1", "I fix every bike on my street")
    give(program, "c1", channel="text")
    write(program, "c1", "hello")
    (sent,) = send_waiting(program, lambda *_: "")
    assert "bike" not in sent.message.text
    give(program, "c1", "fuller", "text")
    for template in ("hello", "welcome_back"):
        write(program, "c1", template)
        (sent,) = send_waiting(program, lambda *_: "")
        assert "I fix every bike on my street" in sent.message.text
    withdraw(program, "c1", "fuller", "text")
    write(program, "c1", "hello")
    (sent,) = send_waiting(program, lambda *_: "")
    assert "bike" not in sent.message.text


def test_a_text_of_the_programs_own_draws_on_it_only_there_too(program: Program) -> None:
    (program.folder / "templates").mkdir()
    (program.folder / "templates" / "hello.txt").write_text("Hello! {{ strength }}")
    add_strength(program, "c1", "I fix every bike")
    give(program, "c1", channel="text")
    write(program, "c1", "hello")
    (sent,) = send_waiting(program, lambda *_: "")
    assert sent.message.text == "Hello!"


WORDS = st.text(st.characters(categories=("L", "N", "P", "Zs")), min_size=1, max_size=80)


@given(texts=st.lists(WORDS.filter(str.strip), max_size=6))
def test_their_own_words_are_never_altered_nor_judged(texts: list[str]) -> None:
    for text in texts:
        said = tell("hello", "en", {"strength": text}, fuller=True)
        assert " ".join(text.split()) in said


def test_what_they_are_proud_of_is_kept_apart_and_taken_out(program: Program) -> None:
    words = ("A junkie who got nine people home", "I cook", "I fix bikes")
    assert [add_strength(program, "c1", one).id for one in words] == ["1", "2", "3"]
    remove_strength(program, "c1", "2")
    assert [(one.id, one.text) for one in strengths(program, "c1")] == [
        ("1", words[0]),
        ("3", words[2]),
    ]
    entries = program.ledger.rows("select * from journal")
    assert not any("bikes" in str(value) for row in entries for value in tuple(row))
    with pytest.raises(CMError, match="is not there"):
        remove_strength(program, "c1", "2")
    for bad in ("", "  ", "x" * 501, "\x1b[2J"):
        with pytest.raises(CMError):
            add_strength(program, "c1", bad)


def test_a_greeting_needs_a_consent_a_channel_and_a_template(program: Program, run: Run) -> None:
    def wrong(*words: str) -> str:
        done = run("outbox", "write", "c1", *words, folder=program.folder)
        assert done.exit_code == 1
        return done.stderr

    assert "no consent for any channel" in wrong("hello")
    assert "no consent for mail" in wrong("hello", "--channel", "mail")
    give(program, "c1", channel="text")
    give(program, "c1", channel="mail")
    assert "c1 allows several" in wrong("hello")
    assert "'helo' is not a greeting; did you mean 'hello'?" in wrong("helo")
    assert "is not a greeting" in wrong("information.naloxone")
    assert "is not a greeting" in wrong("ready")
    assert program.ledger.rows("select count(*) from messages")[0][0] == 0
    data: Any = json.loads(
        run(
            "outbox", "write", "c1", "hello", "--channel", "mail", "--json", folder=program.folder
        ).stdout
    )
    write(program, "c1", "hello", "mail")
    (sent,) = send_waiting(program, lambda *_: "")
    assert (sent.message.id, sent.channel, sent.messages) == (data["id"], "mail", 2)


def test_a_greeting_whose_words_would_not_do_is_refused(program: Program) -> None:
    give(program, "c1", channel="text")
    (program.folder / "templates").mkdir()
    (program.folder / "templates" / "hello.txt").write_text(
        "Last chance to come to the methadone group"
    )
    with pytest.raises(CMError, match="the message 'hello'"):
        write(program, "c1", "hello")
    assert program.ledger.rows("select count(*) from messages")[0][0] == 0
