"""What clients allow. Taking it back stops what it allowed at once, and changes nothing that was earned."""

import json
import shutil
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from hypothesis import given, settings
from hypothesis import strategies as st

from cmengine.choices import Wish, choose_goals
from cmengine.consents import (
    ON_A_CHANNEL,
    PURPOSES,
    allows,
    consents,
    give,
    stop,
    withdraw,
)
from cmengine.engine import add_client, log_event, make_event
from cmengine.errors import CMError
from cmengine.greetings import write
from cmengine.plugins import Registry
from cmengine.program import Program, open_program
from cmengine.publish import publish
from cmengine.sending import gone, send_waiting, standings
from cmengine.starters import make_program
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
CHANNELS = ("text", "mail")


NOON = datetime(2026, 7, 1, 18, 0, tzinfo=UTC)


def begun(program: Program) -> Program:
    for client in ("c1", "c2"):
        add_client(program, client)
    choose_goals(program, [Wish(client=one, rule="drop-in") for one in ("c1", "c2")])
    return program


@pytest.fixture
def program(make: Make) -> Program:
    return begun(make(RULES, KINDS))


@pytest.fixture(scope="module")
def beginning(tmp_path_factory: pytest.TempPathFactory, registry: Registry) -> Path:
    folder = tmp_path_factory.mktemp("consents") / "p"
    make_program(folder, zone="America/Chicago", by="ana", clock=lambda: NOON)
    (folder / "kinds.toml").write_text(KINDS)
    (folder / "rules" / "rules.toml").write_text(RULES)
    program = open_program(folder, by="ana", clock=lambda: NOON, registry=registry)
    publish(program)
    begun(program).close()
    return folder


def visit(program: Program, client: str) -> None:
    event, wrong = make_event(program, client=client, kind="visit")
    assert event is not None, wrong
    log_event(program, event)


STEP = st.tuples(
    st.sampled_from(["give", "withdraw", "stop", "visit", "send"]),
    st.sampled_from(["c1", "c2"]),
    st.sampled_from(CHANNELS),
)


@given(steps=st.lists(STEP, max_size=20))
@settings(max_examples=60)
def test_only_what_is_allowed_is_sent_and_what_is_earned_is_the_same(
    beginning: Path, registry: Registry, steps: list[tuple[str, str, str]]
) -> None:
    with tempfile.TemporaryDirectory(prefix="consents-") as folder:
        place = Path(folder) / "p"
        shutil.copytree(beginning, place)
        program = open_program(place, by="ana", clock=lambda: NOON, registry=registry)
        live_through(program, steps)
        program.close()


def live_through(program: Program, steps: list[tuple[str, str, str]]) -> None:
    allowed: set[tuple[str, str]] = set()
    visits = dict.fromkeys(("c1", "c2"), 0)
    unsent: dict[tuple[str, str], int] = {}
    for what, client, channel in steps:
        if what == "give":
            give(program, client, channel=channel)
            allowed.add((client, channel))
        elif what == "withdraw":
            withdraw(program, client, channel=channel)
            allowed.discard((client, channel))
            unsent.pop((client, channel), None)  # what waited is not wanted any more
        elif what == "stop":
            stop(program, client)
            allowed -= {(client, one) for one in CHANNELS}
            for one in CHANNELS:
                unsent.pop((client, one), None)
        elif what == "visit":
            visit(program, client)
            visits[client] += 1
            for one in CHANNELS:
                unsent[client, one] = unsent.get((client, one), 0) + 1
        else:
            sent = list(send_waiting(program, lambda *_: ""))
            told = {(one.message.client, one.channel): one.messages for one in sent}
            assert told == {key: count for key, count in unsent.items() if key in allowed}
            unsent = {key: count for key, count in unsent.items() if key not in told}
        for one, count in visits.items():
            assert program.ledger.balance(one).earned == 250 * count
        for one in visits:
            for way in CHANNELS:
                assert allows(program, one, "messages", way) == ((one, way) in allowed)
    assert verify(program).problems == []


def test_what_was_written_last_stands_and_everything_is_kept(program: Program) -> None:
    give(program, "c1", channel="text", how="written")
    withdraw(program, "c1", channel="text")
    (one,) = consents(program)
    assert (one.given, one.how, one.noted_by) == (False, "spoken", "ana")
    give(program, "c1", channel="text")
    assert program.ledger.rows("select count(*) from consents")[0][0] == 3
    assert program.ledger.rows("select count(*) from consents where client = 'c2'")[0][0] == 0


def test_fuller_words_go_with_the_consent_to_be_written_to(program: Program) -> None:
    give(program, "c1", channel="text")
    give(program, "c1", "fuller", "text")
    give(program, "c1", "information")
    give(program, "c1", channel="mail")
    gone = withdraw(program, "c1", "messages", "text")
    assert [(one.purpose, one.channel) for one in gone] == [
        ("fuller", "text"),
        ("messages", "text"),
    ]
    assert allows(program, "c1", "messages", "mail")
    assert [(one.purpose, one.channel) for one in stop(program, "c1")] == [("messages", "mail")]
    assert allows(program, "c1", "information"), "STOP is about messages"
    assert {one.purpose for one in withdraw(program, "c1")} == {"information", "equity", "sharing"}
    assert withdraw(program, "c1") == []


@pytest.mark.parametrize("purpose", PURPOSES)
def test_a_no_is_kept_where_nobody_had_said_yes(program: Program, run: Run, purpose: str) -> None:
    ways = CHANNELS if purpose in ON_A_CHANNEL else ("",)
    for way in ways:
        words = ("--channel", way) if way else ()
        done = run("consent", "withdraw", "c1", "--purpose", purpose, *words, folder=program.folder)
        on = f" on {way}" if way else ""
        assert done.stdout == (
            f"Noted: from now on, no to {purpose}{on}. All that c1 has earned stays theirs.\n"
        )
    sql = "select channel, purpose, given from consents order by channel"
    assert [*program.ledger.tuples(sql)] == [(way, purpose, 0) for way in sorted(ways)]
    done = run("consent", "withdraw", "c1", "--purpose", purpose, folder=program.folder)
    assert done.stdout.startswith("Noted already: the no stands.")
    assert len(program.ledger.rows(sql)) == len(ways)


def test_who_says_no_to_sharing_is_in_no_export(program: Program, run: Run, tmp_path: Path) -> None:
    run("consent", "withdraw", "c1", "--purpose", "sharing", folder=program.folder)
    done = run(
        "export",
        "data",
        str(tmp_path / "out"),
        "--tables",
        "clients,consents",
        "--to",
        "x",
        "--purpose",
        "y",
        "--consent",
        "z",
        folder=program.folder,
    )
    assert done.exit_code == 0, done.output
    for name in ("clients", "consents"):
        assert "c1" not in (tmp_path / "out" / f"{name}.csv").read_text()
    assert "c2" in (tmp_path / "out" / "clients.csv").read_text()


@pytest.mark.parametrize("how", ["stop", "withdraw"])
def test_what_waited_when_all_was_taken_back_never_goes(program: Program, how: str) -> None:
    give(program, "c1", channel="text")
    write(program, "c1", "hello")
    (stop if how == "stop" else withdraw)(program, "c1")
    give(program, "c1", channel="text")
    assert standings(program) == []
    assert [(one["template"], one["came"], one["why"]) for one in gone(program)] == [
        ("hello", "not needed", "not wanted any more")
    ]
    assert list(send_waiting(program, lambda *_: "")) == []
    write(program, "c1", "hello")
    assert [one.state for one in standings(program)] == ["due"], "a new one goes as ever"


def test_the_outbox_counts_only_what_can_go(program: Program, run: Run) -> None:
    visit(program, "c1")
    run("client", "set", "c1", "quiet=none", folder=program.folder)  # whatever time it is now
    shown = run("outbox", "list", folder=program.folder).stdout
    assert shown.endswith("Nothing of it can go just now.\n")
    give(program, "c1", channel="text")
    shown = run("outbox", "list", folder=program.folder).stdout
    assert shown.endswith("\n1 can go now. Send: cmengine outbox send\n")


def test_an_answer_is_handed_on_by_a_gateway_and_not_kept(program: Program, run: Run) -> None:
    def heard(words: str) -> dict[str, Any]:
        done = run("consent", "stop", "c1", "--heard", "--json", folder=program.folder, typed=words)
        assert done.exit_code == 0
        told: dict[str, Any] = json.loads(done.stdout)
        return told

    give(program, "c1", channel="text")
    give(program, "c1", channel="mail")
    assert heard("see you, my secret word is canary")["stopped"] is False
    assert b"canary" not in (program.folder / "program.db").read_bytes()
    assert allows(program, "c1", "messages", "text")
    told = heard("Stop.")
    assert (told["stopped"], [one["channel"] for one in told["withdrawn"]]) == (
        True,
        ["mail", "text"],
    )
    again = {"client": "c1", "stopped": True, "withdrawn": [], "answer": None}
    assert heard("No más") == again


def test_everything_that_stands_in_the_way_is_said_and_nothing_is_written(program: Program) -> None:
    for words, said in {
        ("c1", "messages", ""): "--channel: is missing: this consent is for one channel",
        ("c1", "equity", "text"): "--channel: a consent for 'equity' is for no channel",
        (
            "c1",
            "messages",
            "texts",
        ): "--channel: no published rule has the channel 'texts'; did you mean 'text'?",
        ("c1", "messages", "By Mail"): "--channel: 'By Mail' is not the name of a channel",
        ("c1", "selling", ""): "--purpose: 'selling' is not what a consent is for",
        ("nobody", "messages", "text"): "client 'nobody': there is no such client",
    }.items():
        with pytest.raises(CMError) as caught:
            give(program, *words)
        assert str(caught.value).startswith(said)
    with pytest.raises(CMError) as caught:
        give(program, "c1", "messages", "", "shouted")
    assert len(caught.value.mistakes) == 2
    assert consents(program) == []


def test_all_that_a_consent_can_be_for_is_told(program: Program, run: Run) -> None:
    told = run("consent", "--help", folder=program.folder).stdout
    assert all(name in told and words in told for name, words in PURPOSES.items())


def test_what_waits_for_a_consent_is_said_and_no_mistake(program: Program, run: Run) -> None:
    visit(program, "c1")
    assert [one.why for one in standings(program)] == ["no consent for text", "no consent for mail"]
    give(program, "c1", channel="mail")
    assert [one.state for one in standings(program)] == ["no consent", "due"]
    told = json.loads(run("consent", "channels", "--json", folder=program.folder).stdout)
    assert told["channels"] == [
        {"channel": "mail", "allowed_by": 1},
        {"channel": "text", "allowed_by": 0},
    ]


def test_a_consent_is_noted_with_its_moment(program: Program, clock: Any) -> None:
    first = give(program, "c1", channel="text")
    clock.now += timedelta(days=1)
    assert give(program, "c1", channel="text").noted_at > first.noted_at
