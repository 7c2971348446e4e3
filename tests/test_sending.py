"""Sending: at least once, never twice by two at once, and whatever a notifier does, it is seen and nothing is lost.

The notifier is a stranger's, and where it hangs, ends or is ended, real processes are at work.
"""

import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from attrs import define

from cmengine.choices import Wish, choose_goals
from cmengine.consents import UNWANTED, give, stop
from cmengine.corrections import correct_event
from cmengine.engine import add_client, log_event, make_event
from cmengine.errors import CMError
from cmengine.letters import NOT_NOTED, PAUSES, letters
from cmengine.plugins import Registry, load_plugins
from cmengine.program import Program, open_program
from cmengine.sending import GRACE, Sender, gone, retry, send_waiting, standings
from cmengine.verify import verify
from cmengine.vouchers import issue_voucher

PLUGIN = '''
"""A notifier that does what it is told in the file `mood` beside where its messages arrive."""

import os
import signal
import sys
import time
from pathlib import Path
from typing import ClassVar

from attrs import frozen

from cmengine import Message, Notifier, hookimpl


@frozen(kw_only=True)
class Carrier:
    """Carries each message to the file `where`."""

    kind: ClassVar[str] = "carrier"

    where: Path = Path("arrived")

    def send(self, message: Message) -> None:
        mood = self.where.with_name("mood").read_text()
        for part in mood.split(", "):
            if part == "arrives":
                with self.where.open("a") as file:
                    file.write(f"{message.id}\\t{message.client}\\t{message.text}\\n")
            elif part == "raises":
                raise RuntimeError(f"no answer to {message.text!r}")
            elif part == "hangs":
                time.sleep(600)
            elif part == "ends":
                os._exit(3)
            elif part == "exits":
                sys.exit("enough")
            elif part == "ends the sender":
                os.kill(os.getppid(), signal.SIGKILL)
                time.sleep(600)


@hookimpl
def register_notifiers() -> list[type[Notifier]]:
    return [Carrier]
'''
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
kind = "carrier"
channel = "text"
"""
KINDS = '[kind.visit]\nlabel = "Came in"\n'
READY = "You have something ready to pick up."
needs_a_fork = pytest.mark.skipif(
    not hasattr(os, "fork") or sys.platform == "darwin",
    reason="a second process is made by forking",
)


def command(place: Path, *words: str) -> list[str]:
    return [
        sys.executable, "-c", "from cmengine.cli import main; main()",
        "--by", "ana", "-p", str(place / "program"), *words,
    ]  # fmt: skip


def environment(place: Path) -> dict[str, str]:
    path = os.pathsep.join([str(place / "site"), *filter(None, [os.environ.get("PYTHONPATH")])])
    return {**os.environ, "PYTHONPATH": path, "CMENGINE_CACHE": str(place / "cache")}


@define
class Place:
    """A program whose messages go by the carrier, in processes of their own or in this one."""

    path: Path
    registry: Registry
    now: datetime = datetime(2026, 7, 1, 18, 0, tzinfo=UTC)

    def do(self, *words: str, code: int = 0) -> str:
        done = subprocess.run(
            command(self.path, *words), env=environment(self.path), capture_output=True, text=True
        )
        assert done.returncode == code, done.stderr
        return done.stdout

    def data(self, *words: str) -> Any:
        return json.loads(self.do(*words, "--json"))

    def feels(self, mood: str) -> None:
        (self.path / "program" / "mood").write_text(mood)

    def arrived(self) -> list[str]:
        """The ids of what has arrived, in order."""
        where = self.path / "program" / "arrived"
        lines = where.read_text().splitlines() if where.exists() else []
        assert all(line.endswith(f"\t{READY}") for line in lines)
        return [line.split("\t")[0] for line in lines]

    def open(self) -> Program:
        return open_program(
            self.path / "program", by="ana", clock=lambda: self.now, registry=self.registry
        )


@pytest.fixture(scope="module")
def beginning(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two clients who chose the rule, and allow the channel; one visit each."""
    place = tmp_path_factory.mktemp("sending")
    info = place / "site" / "cm_carrier-1.0.dist-info"
    info.mkdir(parents=True)
    (place / "site" / "cm_carrier.py").write_text(PLUGIN)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: cm_carrier\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[cmengine]\ncarrier = cm_carrier\n")
    program = place / "program"
    subprocess.run(
        [sys.executable, "-c", "from cmengine.cli import main; main()", "init", program, "--zone", "UTC"],
        check=True,
        capture_output=True,
    )  # fmt: skip
    (program / "program.toml").write_text(
        'name = "P"\nzone = "UTC"\n[messages]\nquiet = "none"\nseconds = 1\n'
    )
    (program / "kinds.toml").write_text(KINDS)
    (program / "rules" / "rules.toml").write_text(RULES)
    (program / "mood").write_text("arrives")
    for words in (
        ("rules", "publish"),
        *(("client", "add", client) for client in ("c1", "c2")),
        *(
            ("goal", "choose", client, "drop-in", "--words", "w", "--on", "2026-01-01")
            for client in ("c1", "c2")
        ),
        *(("consent", "give", client, "--channel", "text") for client in ("c1", "c2")),
        *(
            ("log", client, "visit", "--on", "2026-01-05", "--id", client)
            for client in ("c1", "c2")
        ),
    ):
        subprocess.run(
            command(place, *words), env=environment(place), check=True, capture_output=True
        )
    return place


@pytest.fixture(scope="module")
def with_carrier(beginning: Path) -> Registry:
    spec = importlib.util.spec_from_file_location(
        "cm_carrier", beginning / "site" / "cm_carrier.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return load_plugins(module)


@pytest.fixture
def place(beginning: Path, with_carrier: Registry, tmp_path: Path) -> Place:
    return Place(Path(shutil.copytree(beginning, tmp_path / "place")), with_carrier)


def visit(program: Program, client: str, id: str) -> None:
    event, wrong = make_event(program, client=client, kind="visit", id=id)
    assert event is not None, wrong
    log_event(program, event)


# Whatever a notifier does

GOES = {"arrives": 1, "arrives, arrives": 2}
"""What it may do that is taken for sent, and how often it arrives."""
FAILS = {
    "raises": "RuntimeError: no answer to '(its words)'",
    "exits": "SystemExit: enough",
    "ends": "ended the process it was asked in (exit code 3)",
    "hangs": "had not answered after 1 seconds",
    "arrives, raises": "RuntimeError: no answer to '(its words)'",
    "arrives, ends": "ended the process it was asked in (exit code 3)",
    "arrives, hangs": "had not answered after 1 seconds",
}


@needs_a_fork
@pytest.mark.parametrize("mood", FAILS)
def test_what_does_not_go_is_listed_with_the_reason_and_tried_again_under_its_id(
    place: Place, mood: str
) -> None:
    place.feels(mood)
    told = place.data("outbox", "send")
    assert (told["sent"], told["waiting"], told["states"]) == (0, 2, {"pause": 2})
    assert {one["problem"] for one in told["problems"]} == {FAILS[mood]}
    listed = place.data("outbox", "list")["messages"]
    assert [(one["state"], one["why"], one["tries"]) for one in listed] == [
        ("pause", FAILS[mood], 1)
    ] * 2
    before = place.arrived()
    assert before == (["c1/drop-in/0", "c2/drop-in/0"] if "arrives" in mood else [])
    place.feels("arrives")
    assert place.data("outbox", "send")["sent"] == 0, "there is a pause first"
    assert len(place.data("outbox", "retry", "--all")["retried"]) == 2
    assert place.data("outbox", "send")["sent"] == 2
    assert place.arrived() == [*before, "c1/drop-in/0", "c2/drop-in/0"]
    assert place.data("outbox", "list")["waiting"] == 0
    assert place.data("verify")["awards"] == 2


@pytest.mark.parametrize("mood", GOES)
def test_what_went_is_never_sent_again(place: Place, mood: str) -> None:
    place.feels(mood)
    assert place.data("outbox", "send")["sent"] == 2
    assert place.arrived() == sorted(["c1/drop-in/0", "c2/drop-in/0"] * GOES[mood])
    place.feels("arrives")
    assert place.data("outbox", "send")["sent"] == 0
    over = place.data("outbox", "list", "--all")["gone"]
    assert [(one["id"], one["came"], one["tries"]) for one in over] == [
        ("c1/drop-in/0", "sent", 1),
        ("c2/drop-in/0", "sent", 1),
    ]


@needs_a_fork
@pytest.mark.parametrize("mood", ["ends the sender", "arrives, ends the sender"])
def test_who_dies_between_sending_and_noting_leaves_a_claim_that_runs_out(
    place: Place, mood: str
) -> None:
    place.feels(mood)
    place.do("outbox", "send", code=-signal.SIGKILL)
    first, second = place.data("outbox", "list")["messages"]
    assert (first["state"], second["state"]) == ("being sent", "due")
    assert place.data("verify")["awards"] == 2
    place.feels("arrives")
    assert place.data("outbox", "send")["sent"] == 1, "the other one; nobody knows of the first yet"
    place.now = datetime.fromisoformat(first["at"]) - timedelta(seconds=1)
    program = place.open()
    assert [one.state for one in standings(program)] == ["being sent"]
    assert list(send_waiting(program)) == []
    place.now += timedelta(seconds=1)
    (stands,) = standings(program)
    assert (stands.state, stands.why, stands.tries) == ("pause", NOT_NOTED, 1)
    place.now += timedelta(minutes=PAUSES[0])
    (sent,) = send_waiting(program)
    assert (sent.message.id, sent.problem) == ("c1/drop-in/0", "")
    once = ["c1/drop-in/0"] if mood.startswith("arrives") else []
    assert place.arrived() == [*once, "c2/drop-in/0", "c1/drop-in/0"]
    assert list(send_waiting(program)) == []
    program.close()


@needs_a_fork
def test_many_senders_at_once_send_each_message_once(place: Place) -> None:
    program = place.open()
    many = [f"d{n:02d}" for n in range(40)]
    for client in many:
        add_client(program, client)
        choose_goals(program, [Wish(client=client, rule="drop-in")])
        give(program, client, channel="text")
        visit(program, client, client)
    program.close()
    senders = [
        subprocess.Popen(
            command(place.path, "outbox", "send", "--json"),
            env=environment(place.path),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    told = [one.communicate() for one in senders]
    assert [one.returncode for one in senders] == [0] * 4, told
    assert sum(json.loads(out)["sent"] for out, _ in told) == 42
    assert sorted(place.arrived()) == sorted(f"{one}/drop-in/0" for one in ["c1", "c2", *many])
    assert place.data("verify")["problems"] == []


# Claims, pauses, and when to stop


def test_it_is_tried_after_growing_pauses_and_then_somebody_has_to_ask(place: Place) -> None:
    program = place.open()
    stop(program, "c2")
    pauses = []
    for _ in range(8):
        began = place.now
        (tried,) = send_waiting(program, lambda *_: "it was away")
        assert tried.problem == "it was away"
        stands = standings(program)[0]
        if stands.at is None:
            break
        pauses.append((stands.at - began).total_seconds() / 60)
        place.now = stands.at - timedelta(seconds=1)
        assert list(send_waiting(program, lambda *_: "")) == []
        place.now = stands.at
    assert pauses == [1, 5, 15, 60, 180, 360, 720]
    assert (stands.state, stands.why, stands.tries) == ("did not go", "it was away", 8)
    place.now += timedelta(days=400)
    assert list(send_waiting(program, lambda *_: "")) == []
    with pytest.raises(CMError, match="is not one that did not go"):
        retry(program, "c2/drop-in/0")
    assert [one.id for one in retry(program, "c1/drop-in/0")] == ["c1/drop-in/0"]
    assert [one.id for one in retry(program)] == [], "asked for once is enough"
    assert standings(program)[0].state == "due"
    assert [one.message.id for one in send_waiting(program, lambda *_: "")] == ["c1/drop-in/0"]
    assert [one["tries"] for one in gone(program) if one["client"] == "c1"] == [9]
    program.close()


def test_who_asks_for_more_takes_nothing_from_a_sender_who_is_at_it(place: Place) -> None:
    program = place.open()
    stop(program, "c2")
    list(send_waiting(program, lambda *_: "it was away"))
    place.now += timedelta(minutes=1)
    seen: list[list[str]] = []

    def meanwhile(*_: object) -> str:
        other = place.open()
        retry(other)
        seen.append([one.state for one in standings(other)])
        seen.append([one.message.id for one in send_waiting(other, lambda *_: "")])
        other.close()
        return ""

    assert len(list(send_waiting(program, meanwhile))) == 1
    assert seen == [["being sent"], []]
    program.close()


class Died(BaseException):
    """The power goes."""


def test_what_may_have_gone_goes_again_just_so_and_what_came_later_by_itself(place: Place) -> None:
    program = place.open()
    stop(program, "c2")
    visit(program, "c1", "second")

    def dies(*_: object) -> str:
        raise Died

    with pytest.raises(Died):
        list(send_waiting(program, dies))
    visit(program, "c1", "third")
    place.now += timedelta(seconds=1) + GRACE + timedelta(minutes=1)
    sent = [(one.message.id, one.messages) for one in send_waiting(program, lambda *_: "")]
    assert sent == [("c1/drop-in/0", 2)]
    sent = [(one.message.id, one.messages) for one in send_waiting(program, lambda *_: "")]
    assert sent == [("third/drop-in/0", 1)]
    program.close()


def test_what_failed_takes_along_what_came_later(place: Place) -> None:
    program = place.open()
    stop(program, "c2")
    list(send_waiting(program, lambda *_: "it was away"))
    visit(program, "c1", "second")
    place.now += timedelta(minutes=1)
    sent = [(one.message.id, one.messages) for one in send_waiting(program, lambda *_: "")]
    assert sent == [("c1/drop-in/0", 2)]
    assert standings(program) == []
    program.close()


def test_nothing_goes_once_everything_was_handed_over_and_that_is_noted(place: Place) -> None:
    program = place.open()
    issue_voucher(program, "c1")
    assert [one.state for one in standings(program)] == ["not needed", "due"]
    assert [one.message.client for one in send_waiting(program, lambda *_: "")] == ["c2"]
    assert [(one["client"], one["came"], one["why"]) for one in gone(program)] == [
        ("c1", "not needed", "nothing waits to be picked up any more"),
        ("c2", "sent", None),
    ]
    assert letters(program) == []
    visit(program, "c1", "later")
    assert [one.id for one in letters(program)] == ["later/drop-in/0"]
    program.close()


def test_stop_is_honored_between_two_messages(place: Place) -> None:
    program = place.open()
    other = place.open()

    def stops(*_: object) -> str:
        stop(other, "c2")
        return ""

    assert [one.message.client for one in send_waiting(program, stops)] == ["c1"]
    assert standings(program) == []
    assert [(one["client"], one["why"]) for one in gone(program)][-1] == ("c2", UNWANTED)
    program.close()
    other.close()


def test_what_was_seen_before_is_looked_at_again_when_it_is_claimed(place: Place) -> None:
    program = place.open()
    sender = Sender(program, lambda *_: "")
    first, second = letters(program)
    stop(program, "c1")
    assert sender.go(first) is None, "they said STOP since it was seen"
    other = place.open()
    assert [one.message.client for one in send_waiting(other, lambda *_: "")] == ["c2"]
    other.close()
    assert sender.go(second) is None, "somebody else has sent it since"
    assert [(one["id"], one["why"]) for one in gone(program)] == [
        ("c1/drop-in/0", UNWANTED),
        ("c2/drop-in/0", None),
    ]
    program.close()


def test_nobody_is_written_to_at_night(place: Place) -> None:
    settings = place.path / "program" / "program.toml"
    settings.write_text(settings.read_text().replace('"none"', '"21:00-08:00"'))
    place.now = datetime(2026, 7, 1, 23, 0, tzinfo=UTC)
    program = place.open()
    with program.ledger.writing():
        program.ledger.change_personal("c1", "set:zone", "America/Los_Angeles")
        program.ledger.change_personal("c2", "set:quiet", "22:00-12:00")
    assert [one.message.client for one in send_waiting(program, lambda *_: "")] == ["c1"]
    (stands,) = standings(program)
    assert (stands.state, stands.at) == ("quiet", datetime(2026, 7, 2, 12, 0, tzinfo=UTC))
    place.now = stands.at or place.now
    assert [one.message.client for one in send_waiting(program, lambda *_: "")] == ["c2"]
    program.close()


def test_a_message_with_words_that_would_not_do_is_not_sent(place: Place) -> None:
    folder = place.path / "program" / "templates"
    folder.mkdir()
    (folder / "ready.txt").write_text("You earned $2.50 at the needle exchange, last chance!")
    program = place.open()

    def never(*_: object) -> str:
        raise AssertionError("it was handed to a notifier")

    tried = list(send_waiting(program, never))
    assert len(tried) == 2
    assert all("the message 'ready'" in one.problem for one in tried)
    assert [one.state for one in standings(program)] == ["pause", "pause"]
    program.close()


def test_a_mistake_that_was_marked_takes_no_message_back_and_sends_none_twice(place: Place) -> None:
    program = place.open()
    correct_event(program, "c1", "it was somebody else")
    assert [one.message.client for one in send_waiting(program, lambda *_: "")] == ["c1", "c2"]
    assert verify(program).problems == []
    program.close()
