"""Whatever staff do, in whatever order: what is earned only grows, and a replay agrees with the ledger."""

import shutil
import tempfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from cmengine.choices import Wish, choose_goals, set_aside, set_goal
from cmengine.corrections import correct_event
from cmengine.engine import add_client, log_event, make_event
from cmengine.errors import CMError
from cmengine.importing import import_events
from cmengine.plugins import load_plugins
from cmengine.program import Program, open_program
from cmengine.publish import publish
from cmengine.starters import make_program
from cmengine.verify import verify
from cmengine.vouchers import issue_voucher, redeem_voucher

FIRST = date(2026, 3, 2)
REGISTRY = load_plugins()

KINDS = """
[kind.visit]
label = "Came in"
[kind.missed_visit]
label = "Did not make it in"
[kind.drinks]
label = "Drinks"
unit = "drinks"
[kind.step]
label = "A step"
text = true
"""
RULES = """
[[rule]]
id = "drop-in"
title = "Coming in, edition EDITION"
[rule.goal]
kind = "any_of"
events = ["visit"]
per_day = 1
[[rule.reward]]
kind = "escalating_voucher"
start = "5.EDITION0"
step = "1.25"
[[rule.reward]]
kind = "every_nth"
every = 3
worth = "10.00"

[[rule]]
id = "welcome-back"
title = "Good to see you again"
[rule.goal]
kind = "came_back"
events = ["visit"]
after_days = 14
beside = "drop-in"
[[rule.reward]]
kind = "fixed_voucher"
worth = "2.50"

[[rule]]
id = "fewer-drinks"
title = "My own number"
client_sets = ["goal.target"]
[rule.goal]
kind = "at_most"
event = "drinks"
target = 4
per_week = 2
[[rule.reward]]
kind = "fishbowl"
first_draws = 1
more_each_time = 1
slips = [{ says = "small", count = 9, worth = "1.00" }, { says = "pass", count = 1, item = "bus pass" }]

[[rule]]
id = "my-steps"
title = "My own steps"
client_sets = ["goal.steps"]
[rule.goal]
kind = "steps"
event = "step"
[[rule.reward]]
kind = "fixed_voucher"
worth = "3.00"

[[rule]]
id = "season"
title = "A season by the calendar"
[rule.goal]
kind = "any_of"
events = ["visit"]
[[rule.calendar]]
days = ["mon", "thu"]
weeks = 6
[[rule.reward]]
kind = "ladder"
climbs = "by_calendar"
phases = [{ times = 6, start = "2.00", step = "0.50" }, { times = 6, worth = "4.00" }]
"""
IDS = ("drop-in", "welcome-back", "fewer-drinks", "my-steps", "season")
SETTINGS = {"fewer-drinks": (("goal.target", "3"),), "my-steps": (("goal.steps", "call,form,go"),)}


class Work(RuleBasedStateMachine):
    codes = Bundle("codes")
    clients = st.sampled_from(["c1", "c2"])
    names = st.sampled_from(IDS)
    days_back = st.integers(0, 12)
    things = st.sampled_from(
        [
            ("visit", None),
            ("visit", None),
            ("missed_visit", None),
            ("drinks", "2"),
            ("drinks", "5"),
            ("step", "call"),
            ("step", "go"),
        ]
    )

    def __init__(self) -> None:
        super().__init__()
        self.now = datetime(2026, 3, 30, 18, 0, tzinfo=UTC)
        self.folder = Path(tempfile.mkdtemp(prefix="work-"))
        make_program(self.folder / "p", zone="America/Chicago", by="ana", clock=lambda: self.now)
        (self.folder / "p" / "kinds.toml").write_text(KINDS)
        self.program = self.opened()
        self.edition = 0
        self.publish()
        for client in ("c1", "c2"):
            add_client(self.program, client)
        long_ago = self.day(20)
        for name in ("drop-in", "fewer-drinks", "my-steps"):
            wish = Wish(client="c1", rule=name, settings=SETTINGS.get(name, ()), on=long_ago)
            choose_goals(self.program, [wish])
        self.earned = {"c1": 0, "c2": 0}
        self.kept: dict[str, tuple[str, int]] = {}

    def opened(self) -> Program:
        program = open_program(
            self.folder / "p", by="ana", clock=lambda: self.now, registry=REGISTRY
        )
        program.ledger.rows("pragma synchronous = off")  # what is tested here is not durability
        return program

    def publish(self) -> None:
        text = RULES.replace("EDITION", str(self.edition))
        (self.program.folder / "rules" / "rules.toml").write_text(text)
        publish(self.program)

    def day(self, back: int) -> date:
        return self.program.today() - timedelta(days=back)

    @rule(client=clients, name=names, back=days_back)
    def choose(self, client: str, name: str, back: int) -> None:
        wish = Wish(
            client=client,
            rule=name,
            words="mine",
            settings=SETTINGS.get(name, ()),
            on=self.day(back),
        )
        beside = Wish(client=client, rule="drop-in", words="mine", on=self.day(back))
        try:
            choose_goals(self.program, [wish, beside] if name == "welcome-back" else [wish])
        except CMError:
            return  # chosen already, or before the day it was set aside: nothing may have changed

    @rule(client=clients, back=days_back, bar=st.integers(0, 6))
    def move_the_bar(self, client: str, back: int, bar: int) -> None:
        try:
            set_goal(
                self.program,
                client,
                "fewer-drinks",
                (("goal.target", str(bar)),),
                self.day(back),
            )
        except CMError:
            return

    @rule(client=clients, name=names, back=days_back)
    def put_away(self, client: str, name: str, back: int) -> None:
        try:
            set_aside(self.program, client, name, self.day(back))
        except CMError:
            return

    @rule(client=clients, happened=st.lists(st.tuples(days_back, things), min_size=1, max_size=6))
    def log(self, client: str, happened: list[tuple[int, tuple[str, str | None]]]) -> None:
        for back, (kind, value) in happened:
            at = self.program.moment(self.day(back), None)
            event, wrong = make_event(self.program, client=client, kind=kind, value=value, at=at)
            assert event is not None, wrong
            logged = log_event(self.program, event)
            again = log_event(self.program, event)
            assert again.again
            assert not again.results
            if kind == "missed_visit":
                assert not logged.results

    @rule(which=st.integers(0, 50))
    def correct(self, which: int) -> None:
        ids = [row[0] for row in self.program.ledger.rows("select id from events order by seq")]
        if ids:
            try:
                correct_event(self.program, ids[which % len(ids)], "It was somebody else")
            except CMError as error:
                assert "already" in str(error)

    @rule(target=codes, client=clients)
    def issue(self, client: str) -> str:
        try:
            return issue_voucher(self.program, client).code
        except CMError:
            assert self.program.ledger.balance(client).waiting == 0
            return ""

    @rule(code=codes)
    def redeem(self, code: str) -> None:
        if not code:
            return
        before = self.program.ledger.rows("select count(*) from redemptions")[0][0]
        try:
            redeem_voucher(self.program, code)
        except CMError:
            assert before == self.program.ledger.rows("select count(*) from redemptions")[0][0]

    @rule()
    def publish_a_new_version(self) -> None:
        self.edition = (self.edition + 1) % 3
        self.publish()

    @rule(most=st.sampled_from(["0.01", "5.00", "750.00"]))
    def a_funder_changes_a_limit(self, most: str) -> None:
        text = f'name = "p"\nzone = "America/Chicago"\n[[limit]]\nname = "l"\nwindow = "month"\nmost = "{most}"\n'
        (self.program.folder / "program.toml").write_text(text)
        self.program.close()
        self.program = self.opened()

    @rule(order=st.randoms(use_true_random=False))
    def the_same_log_comes_in_again_in_overlapping_parts(self, order: Random) -> None:
        rows = self.program.ledger.rows(
            "select id, client, kind, value, occurred_at, evidence from events"
        )
        lines = [",".join(str(cell or "") for cell in row) for row in rows]
        order.shuffle(lines)
        half = len(lines) // 2
        for n, part in enumerate((lines[: half + 1], lines[half:], lines)):
            file = self.folder / f"part-{n}.csv"
            file.write_text("\n".join(["id,client,kind,value,at,evidence", *part]) + "\n")
            done = import_events(self.program, file)
            assert (done.events, done.duplicates) == (0, len(part))

    @rule(weeks=st.integers(1, 5))
    def time_goes_by(self, weeks: int) -> None:
        self.now += timedelta(weeks=weeks)

    @rule()
    def the_desk_is_closed_and_opened(self) -> None:
        self.program.close()
        self.program = self.opened()

    @invariant()
    def what_is_earned_only_grows_and_stands(self) -> None:
        for client in ("c1", "c2"):
            balance = self.program.ledger.balance(client)
            assert balance.earned >= self.earned[client]
            assert 0 <= balance.waiting <= balance.earned
            self.earned[client] = balance.earned
        now = {award.id: (award.label, award.cents) for award in self.program.ledger.awards()}
        assert self.kept.items() <= now.items()
        self.kept = now

    def teardown(self) -> None:
        try:
            verdict = verify(self.program)
            assert verdict.ok, verdict.problems
        finally:
            self.program.close()
            shutil.rmtree(self.folder)


TestWork = Work.TestCase
TestWork.settings = settings(max_examples=100, stateful_step_count=25, deadline=None)
