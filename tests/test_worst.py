"""The most that a rule can bring in a month: nobody who logs all that can be logged gets more, and somebody gets it."""

import json
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from random import Random
from typing import ClassVar

import pytest
from click.testing import Result

from cmengine.choices import Wish, choose_goals
from cmengine.engine import add_client, log_event, make_event
from cmengine.evaluate import play
from cmengine.model import Award, Event, Occurrence, Rule
from cmengine.program import Program
from cmengine.publish import in_files
from cmengine.worst import MONTH, Worst, worst_of

Run = Callable[..., Result]
Make = Callable[..., Program]

KINDS = '[kind.visit]\nlabel = "Came in"\n[kind.group]\nlabel = "Group"\n'
VISITS = 'kind = "any_of"\nevents = ["visit"]\n'
FIXED = 'kind = "fixed_voucher"\nworth = "1.00"\n'
CLIMBS = 'kind = "escalating_voucher"\nstart = "2.50"\nstep = "1.25"\n'
TWO = 'kind = "ladder"\nphases = [{ times = 5, worth = "9.00" }, { times = 40, start = "1.00", step = "0.50" }]\n'
FALLS = 'kind = "ladder"\nphases = [{ times = 12, worth = "9.00" }]\nthen = "1.00"\n'
NTH = 'kind = "every_nth"\nevery = 7\nworth = "5.00"\n'
BACK = 'kind = "came_back"\nevents = ["visit"]\nafter_days = 10\nbeside = "day"\n'


def rule_text(goal: str, *rewards: str, more: str = "") -> str:
    given = "".join(f"[[rule.reward]]\n{reward}" for reward in rewards)
    return f'[[rule]]\nid = "own"\ntitle = "My own"\n{more}[rule.goal]\n{goal}{given}'


ALL = (3,) * 7
SLOTS = CLIMBS + 'climbs = "by_calendar"\n'
SPAN = '[[rule.calendar]]\ndays = ["mon", "thu"]\nweeks = 3\n'

RULES = [
    # goal, rewards; the most in 31 days, by hand
    (VISITS + "per_day = 1\n", (FIXED,), 31 * 100),
    (VISITS + "per_day = 2\n", (FIXED,), 62 * 100),
    # From a Sunday on: 3 of that week, 3 in each of the next four, 3 on the last Monday and Tuesday.
    (VISITS + "per_week = 3\n", (FIXED,), 18 * 100),
    (VISITS + "per_day = 1\nper_week = 3\n", (FIXED,), (1 + 4 * 3 + 2) * 100),
    # In a year 364 times: the last 31 of them are the dearest.
    (VISITS + "per_day = 1\n", (CLIMBS,), sum(250 + 125 * n for n in range(364 - 31, 364))),
    (VISITS + "per_day = 1\n", (CLIMBS + 'cap = "10.00"\n',), 31 * 1000),
    # The dear rungs come first, and then those at the top of a ladder that ends.
    (VISITS + "per_day = 1\n", (TWO,), sum(100 + 50 * n for n in range(40 - 31, 40))),
    (VISITS + "per_day = 1\n", (FALLS,), 12 * 900 + 19 * 100),
    # Of the 31 times, the first and the last may be a seventh one: 7, 14, 21, 28, 35.
    (VISITS + "per_day = 1\n", (NTH,), 5 * 500),
    ('kind = "first_time"\nevents = ["visit", "group"]\n', (FIXED,), 100),
    # Back on the days 0, 10, 20 and 30 of the month, after a visit in the one before.
    (BACK, (FIXED,), 4 * 100),
]  # fmt: skip


def rule_of(
    make: Make, goal: str, rewards: tuple[str, ...], more: str = "", name: str = "program"
) -> tuple[Program, Rule]:
    day = rule_text(VISITS + "per_day = 1\n", FIXED.replace("1.00", "2.00")).replace(
        '"own"', '"day"'
    )
    text = rule_text(goal, *rewards) + more + (day if goal == BACK else "")
    program = make(text, KINDS, 'name = "p"\nzone = "UTC"\n', name=name)
    return program, in_files(program)["own"]


@pytest.mark.parametrize(("goal", "rewards", "cents"), RULES)
def test_the_most_in_a_month_is_what_it_is_by_hand(
    make: Make, goal: str, rewards: tuple[str, ...], cents: int
) -> None:
    _, rule = rule_of(make, goal, rewards)
    assert worst_of(rule) == Worst(rule="own", cents=cents)


def events(days: list[date]) -> Iterator[Event]:
    for n, day in enumerate(days):
        at = datetime.combine(day, time(12), tzinfo=UTC)
        yield Event(id=f"e{n}", client="c", kind="visit", at=at, day=day)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("goal", "rewards", "cents"), RULES)
def test_no_year_of_anybody_holds_a_month_that_brings_more(
    make: Make, goal: str, rewards: tuple[str, ...], cents: int, seed: int
) -> None:
    """Years that are drawn: how often somebody comes, from which day of the week on, whole months without."""
    _, rule = rule_of(make, goal, rewards)
    dice = Random(f"{seed} {goal}")
    for often in (0.1, 0.5, 0.9, 1):
        first = date(2026, 1, 1) + timedelta(days=dice.randrange(7))
        days = [
            first + timedelta(days=n)
            for n in range(364)
            for _ in range(3)
            if dice.random() < often and (often == 1 or n // 31 % 3 != seed)
        ]
        earned = dict.fromkeys((first + timedelta(days=n) for n in range(364)), 0)
        for event, outcome in zip(
            events(days), play(rule, events(days), lambda *_: dice), strict=True
        ):
            earned[event.day] += outcome.earned.cents if outcome.earned else 0
        by_day = list(earned.values())
        assert max(sum(by_day[n : n + MONTH]) for n in range(364 - MONTH + 1)) <= cents


@pytest.mark.parametrize(
    ("goal", "rewards", "more", "visits"),
    [(goal, rewards, "", ALL) for goal, rewards, _ in RULES[:4]]
    + [
        (VISITS + "per_day = 1\n", (FALLS,), "", ALL),
        (VISITS + "per_day = 1\n", (SLOTS,), SPAN, ALL),
        (VISITS + "per_day = 2\n", (SLOTS, FIXED), SPAN, ALL),
        # Who comes four times on a Sunday, and then once a day, takes every slot and the 21st time.
        (VISITS + "per_week = 4\n", (SLOTS, NTH), SPAN, (1, 1, 1, 1, 0, 0, 4)),
    ],
)
def test_who_logs_all_that_can_be_logged_in_a_month_gets_it(
    make: Make, goal: str, rewards: tuple[str, ...], more: str, visits: tuple[int, ...]
) -> None:
    """In the ledger, through the engine: seven clients, each from another day of the week on. `visits` are so many
    on a Monday, and so on.
    """
    program, rule = rule_of(make, goal, rewards, more)
    first = program.today() - timedelta(days=60)
    for n in range(7):
        client, begins = f"c{n}", first + timedelta(days=n)
        add_client(program, client)
        choose_goals(program, [Wish(client=client, rule="own", words="w", on=begins)])
        for day in (begins + timedelta(days=m) for m in range(MONTH)):
            for time_ in range(visits[day.weekday()]):
                event, _ = make_event(
                    program,
                    client=client,
                    kind="visit",
                    at=program.moment(day, time(9 + time_)),
                    id=f"{client}-{day}-{time_}",
                )
                assert event is not None
                log_event(program, event)
    most = max(program.ledger.balance(f"c{n}").earned for n in range(7))
    assert most == worst_of(rule).cents


def test_of_a_draw_the_best_slip_is_taken(make: Make) -> None:
    bowl = (
        'kind = "fishbowl"\nfirst_draws = 2\nslips = [{ says = "a", count = 99, worth = "1.00" },'
        ' { says = "b", count = 1, worth = "100.00" }]\n'
    )
    _, rule = rule_of(make, VISITS + "per_day = 1\n", (bowl,))
    assert worst_of(rule).cents == 31 * 2 * 10_000


def test_what_clients_may_set_counts_at_its_dearest(make: Make) -> None:
    _, rule = rule_of(make, VISITS + "per_day = 1\n", (FIXED,))
    _, dear = rule_of(make, VISITS + "per_day = 1\n", (CLIMBS + 'cap = "10.00"\n',), name="other")
    assert worst_of(rule._replace(variants=(dear, rule))).cents == 31 * 1000


class Wild:
    """Draws, and does not say from what."""

    kind: ClassVar[str] = "wild"

    def awards(self, occurrence: Occurrence, dice: Random) -> Iterable[Award]:
        yield Award(label="wild", cents=100 if dice.random() < 0.999 else 1_000_000)


def test_of_a_draw_without_odds_the_worst_is_not_known(make: Make) -> None:
    _, rule = rule_of(make, VISITS + "per_day = 1\n", (FIXED,))
    assert worst_of(rule._replace(rewards=(Wild(),))) == Worst(rule="own", cents=None)


@pytest.mark.parametrize(
    ("goal", "rewards", "more"),
    [
        (VISITS, (FIXED,), ""),
        (VISITS, (NTH,), ""),
        (VISITS, (SLOTS, FIXED), SPAN),  # the calendar bounds the first alone
    ],
)  # fmt: skip
def test_what_nothing_bounds_has_no_limit(
    make: Make, goal: str, rewards: tuple[str, ...], more: str
) -> None:
    _, rule = rule_of(make, goal, rewards, more)
    assert worst_of(rule) == Worst(rule="own", cents=None, endless=True)


def test_rules_check_says_it_for_a_client_and_for_all(make: Make, run: Run, tmp_path: Path) -> None:
    text = rule_text(VISITS + "per_day = 1\n", FIXED)
    endless = rule_text(VISITS, FIXED).replace('"own"', '"free"')
    program = make(text + endless, KINDS, 'name = "p"\nzone = "UTC"\n')
    head = "The most that a client can earn in 31 days, if it happens as often as counts:\n"
    free = "  free  no limit: give it a pace, such as per_day = 1\n"
    assert f"{head}  own   31.00\n{free}" in run("rules", "check", folder=program.folder).stdout
    for n in range(3):
        add_client(program, f"c{n}")
    head = head.replace("client can", "client, and all 3 clients can")
    said = run("rules", "check", folder=program.folder).stdout
    assert f"{head}  own   31.00, all 93.00\n{free}" in said
    told = json.loads(run("rules", "check", "--json", folder=program.folder).stdout)["worst"]
    own = {"rule": "own", "month_cents": 3100, "endless": False, "clients": 3, "all_cents": 9300}
    none = {"rule": "free", "month_cents": None, "endless": True, "clients": 3, "all_cents": None}
    assert told == [own, none]
    (tmp_path / "kinds.toml").write_text(KINDS)
    (tmp_path / "alone.toml").write_text(text)
    done = run("rules", "check", tmp_path / "alone.toml", "--json", folder=tmp_path)
    assert json.loads(done.stdout)["worst"] == [{**own, "clients": 0, "all_cents": 0}]
