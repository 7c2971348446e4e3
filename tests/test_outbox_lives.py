"""Whatever happens to the outbox, in any order: nothing is lost, and nothing goes more often than it must.

Senders do well, fail, or die before they note it; time passes; people come in, are handed what waits, say STOP and
allow it again. A plain model of it is kept beside the ledger.
"""

import shutil
import tempfile
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from attrs import Factory, define
from hypothesis import given, settings
from hypothesis import strategies as st

from cmengine.choices import Wish, choose_goals
from cmengine.consents import give, stop
from cmengine.engine import add_client, log_event, make_event
from cmengine.letters import letters
from cmengine.model import Message, Notifier
from cmengine.plugins import Registry
from cmengine.program import Program, open_program
from cmengine.publish import publish
from cmengine.sending import gone, retry, send_waiting, standings
from cmengine.starters import make_program
from cmengine.verify import verify
from cmengine.vouchers import issue_voucher

NOON = datetime(2026, 7, 1, 18, 0, tzinfo=UTC)
CLIENTS = ("c1", "c2")
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


@pytest.fixture(scope="module")
def beginning(tmp_path_factory: pytest.TempPathFactory, registry: Registry) -> Path:
    folder = tmp_path_factory.mktemp("lives") / "p"
    make_program(folder, zone="UTC", by="ana", clock=lambda: NOON)
    (folder / "program.toml").write_text(
        'name = "P"\nzone = "UTC"\n[messages]\nquiet = "none"\ntries = 3\n'
    )
    (folder / "kinds.toml").write_text('[kind.visit]\nlabel = "Came in"\n')
    (folder / "rules" / "rules.toml").write_text(RULES)
    program = open_program(folder, by="ana", clock=lambda: NOON, registry=registry)
    publish(program)
    for client in CLIENTS:
        add_client(program, client)
        choose_goals(program, [Wish(client=client, rule="drop-in")])
        give(program, client, channel="outbox")
    program.close()
    return folder


class Died(BaseException):
    """The power goes."""


@define
class World:
    """The program, its clock, and what is known of it without looking into its ledger."""

    program: Program
    now: list[datetime]
    visits: Counter[str] = Factory(Counter)
    handed: Counter[str] = Factory(Counter)  # how often each id was handed to the notifier
    took: Counter[str] = Factory(Counter)  # and how often it took it
    noted: list[str] = Factory(list)  # the ids of which it was noted that they went
    allowed: set[str] = Factory(lambda: set(CLIENTS))

    def visit(self, client: str) -> None:
        self.visits[client] += 1
        id = f"{client}-{self.visits[client]}"
        event, _ = make_event(self.program, client=client, kind="visit", id=id)
        assert event is not None
        log_event(self.program, event)

    def send(self, how: str) -> None:
        def hand(notifier: Notifier, message: Message) -> str:
            assert message.client in self.allowed, "nobody is written to who does not allow it"
            assert self.program.ledger.balance(message.client).waiting > 0, "nothing waits for them"
            self.handed[message.id] += 1
            if how != "fails":
                self.took[message.id] += 1
            if how in ("dies", "dies before"):
                self.took[message.id] -= how == "dies before"
                raise Died
            return "it was away" if how == "fails" else ""

        try:
            for one in send_waiting(self.program, hand):
                if not one.problem:
                    self.noted.append(one.message.id)
        except Died:
            pass

    def do(self, what: str, client: str) -> None:
        if what == "visit":
            self.visit(client)
        elif what.startswith("send"):
            self.send(what.removeprefix("send, "))
        elif what == "minutes":
            self.now[0] += timedelta(minutes=2)
        elif what == "a day":
            self.now[0] += timedelta(days=1)
        elif what == "retry":
            retry(self.program)
        elif what == "stop":
            stop(self.program, client)
            self.allowed.discard(client)
        elif what == "give":
            give(self.program, client, channel="outbox")
            self.allowed.add(client)
        elif self.program.ledger.balance(client).waiting:
            issue_voucher(self.program, client)

    def look(self) -> None:
        """What is always so."""
        for client in CLIENTS:
            assert self.program.ledger.balance(client).earned == 250 * self.visits[client]
        assert len(set(self.noted)) == len(self.noted), "what went is not sent again"
        assert all(self.took[id] for id in self.noted)
        waiting = {one.letter.client: one.letter.messages for one in standings(self.program)}
        settled = self.settled()
        for client in CLIENTS:
            assert waiting.get(client, 0) + settled[client] == self.visits[client]

    def settled(self) -> Counter[str]:
        rows = self.program.ledger.rows(
            "select client, sum(settled) from message_list group by client"
        )
        return Counter({row[0]: row[1] for row in rows})


STEPS = st.tuples(
    st.sampled_from(
        [
            "visit", "visit", "send, well", "send, fails", "send, dies", "send, dies before",
            "minutes", "a day", "retry", "stop", "give", "hand over",
        ]
    ),
    st.sampled_from(CLIENTS),
)  # fmt: skip


@given(steps=st.lists(STEPS, max_size=25))
@settings(max_examples=60)
def test_nothing_is_lost_and_nothing_goes_more_often_than_it_must(
    beginning: Path, registry: Registry, steps: list[tuple[str, str]]
) -> None:
    with tempfile.TemporaryDirectory(prefix="lives-") as name:
        folder = Path(shutil.copytree(beginning, Path(name) / "p"))
        now = [NOON]
        program = open_program(folder, by="ana", clock=lambda: now[0], registry=registry)
        program.ledger.rows("pragma synchronous = off")  # what is tested here is not durability
        world = World(program, now)
        tries: Counter[str] = Counter()
        for what, client in steps:
            before = Counter(world.handed)
            world.do(what, client)
            if what in ("send, fails", "send, dies", "send, dies before"):
                tries += world.handed - before
            world.look()
        for client in CLIENTS:
            world.do("give", client)
        for _ in range(3):  # after a claim that runs out there may be more, that came later
            world.do("a day", "c1")
            world.do("retry", "c1")
            world.do("send, well", "c1")
        world.look()
        assert letters(program) == []
        for id, often in world.handed.items():
            assert often <= tries[id] + 1, "only a try that did not go is followed by another"
        sent = {one["id"] for one in gone(program) if one["came"] == "sent"}
        assert sent == set(world.noted)
        assert verify(program).problems == []
        program.close()
