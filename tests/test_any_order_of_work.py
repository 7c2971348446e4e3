"""Whatever staff do, in whatever order: what is earned only grows, and a replay agrees with the ledger."""

import shutil
import tempfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from cmengine import charges
from cmengine.choices import Wish, choose_goals, set_aside, set_goal
from cmengine.corrections import correct_event
from cmengine.engine import add_client, log_event, make_event
from cmengine.errors import CMError
from cmengine.funds import add_money, allowed
from cmengine.importing import import_events
from cmengine.money import dollars
from cmengine.plugins import load_plugins
from cmengine.program import Program, open_program
from cmengine.publish import publish
from cmengine.starters import make_program
from cmengine.verify import verify
from cmengine.vouchers import Issued, issue_voucher, redeem_voucher

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
        self.issued = {"c1": 0, "c2": 0}
        self.limits: list[tuple[str, str, int]] = []  # fund, window, most
        self.funds: dict[str, int] = {}

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

    @rule(target=codes, client=clients, part=st.sampled_from([None, None, 1, 300]))
    def issue(self, client: str, part: int | None) -> str:
        may = allowed(self.program, client)
        waiting = self.program.ledger.balance(client).waiting
        assert may.waiting == waiting
        assert may.cents + sum(held.cents for held in may.held) == waiting
        assert all(held.why and held.todo for held in may.held)
        others = self.could_be_issued("c2" if client == "c1" else "c1")
        try:
            done = issue_voucher(self.program, client, cents=part)
        except CMError as error:
            assert may.cents < (part or 1)
            assert ("just now" in str(error)) or waiting < (part or 1)
            return ""
        assert done.cents == (may.cents if part is None else part) <= may.cents
        assert done.waiting == waiting - done.cents
        self.issued[client] += done.cents
        self.nothing_is_beyond_what_is_in_force(done)
        last = max((share.award for share in done.shares), default=(0, 0))
        now = self.could_be_issued("c2" if client == "c1" else "c1")
        for award, cents in others.items():  # whoever earned earlier has what they had
            assert award > last or now[award] == cents
        return done.code

    def could_be_issued(self, client: str) -> dict[tuple[int, int], int]:
        """What could be issued now for each award of a client."""
        found: dict[tuple[int, int], int] = {}
        for share in allowed(self.program, client).shares:
            found[share.award] = found.get(share.award, 0) + share.cents
        return found

    def nothing_is_beyond_what_is_in_force(self, done: Issued) -> None:
        """Add up by plain SQL what was issued in the windows of today."""
        today = self.program.today().isoformat()
        prefix = {"month": today[:7], "calendar_year": today[:4], "program": ""}
        paid = {share.fund for share in done.shares}
        for fund, window, most in self.limits:
            if fund in paid or (not fund and paid):
                row = self.program.ledger.one(
                    "select coalesce(sum(c.cents), 0) from charges c join vouchers v on v.id = c.voucher"
                    " where v.client = ? and c.on_day like ? || '%' and ? in ('', c.fund)",
                    done.client,
                    prefix[window],
                    fund,
                )
                assert row is not None
                assert row[0] <= most
        for fund in paid:
            row = self.program.ledger.one("select sum(cents) from charges where fund = ?", fund)
            assert row is not None
            assert not self.funds or row[0] <= self.funds[fund]

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

    @rule(
        limits=st.lists(
            st.tuples(
                st.sampled_from(["", "grant"]),
                st.sampled_from(["month", "calendar_year", "program"]),
                st.sampled_from([1, 500, 2000, 75000]),
            ),
            max_size=2,
        ),
        grant=st.sampled_from([None, 0, 700, 3000, 100000]),
        gifts=st.sampled_from([0, 250, 2000]),
    )
    def funders_change_their_minds(
        self, limits: list[tuple[str, str, int]], grant: int | None, gifts: int
    ) -> None:
        text = 'name = "p"\nzone = "America/Chicago"\n'
        self.funds = {} if grant is None else {"grant": grant, "gifts": gifts}
        for name, cents in self.funds.items():
            text += f'[[fund]]\nname = "{name}"\namount = "{dollars(cents)}"\n'
            text += 'after = "grant"\n' if name == "gifts" else ""
        self.limits = [one for one in limits if not one[0] or one[0] in self.funds]
        for n, (fund, window, most) in enumerate(self.limits):
            text += f'[[limit]]\nname = "l{n}"\nwindow = "{window}"\nmost = "{dollars(most)}"\n'
            text += f'fund = "{fund}"\n' if fund else ""
        (self.program.folder / "program.toml").write_text(text)
        self.program.close()
        self.program = self.opened()
        more = charges.put_in(self.program.ledger)
        self.funds = {name: cents + more.get(name, 0) for name, cents in self.funds.items()}

    @rule(cents=st.sampled_from([1, 500]))
    def money_comes_in(self, cents: int) -> None:
        if self.funds:
            add_money(self.program, "gifts", cents)
            self.funds["gifts"] += cents

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
            assert balance.issued == self.issued[client]
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
