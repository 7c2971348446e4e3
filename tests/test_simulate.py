"""What a simulation says is what the engine would do, and what the literature's tables say.

Every published amount here is typed out from its source or worked out anew.
"""

import json
import re
import tomllib
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from importlib.util import module_from_spec, spec_from_file_location
from itertools import product
from math import sqrt
from pathlib import Path
from random import Random
from typing import Any, ClassVar, cast
from xml.etree import ElementTree

import pytest
from attrs import frozen
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from cmengine import Award, Event, Met, Occurrence, Odds
from cmengine.bowl import Bowl, bowl_of, solve_bowl
from cmengine.budget import Forecast, forecast
from cmengine.cli import cli
from cmengine.course import Course, gain_of, opportunities
from cmengine.dice import dice_from
from cmengine.evaluate import play
from cmengine.issuing import Hand, landing, left_waiting, shortage
from cmengine.limits import Cap
from cmengine.model import Rule
from cmengine.plot import picture
from cmengine.plugins import load_plugins
from cmengine.rules import Reader
from cmengine.simulate import (
    Schedule,
    by_calendar,
    climbing,
    compare,
    each_time,
    outlook,
    paid,
    reset,
    reset_recover,
    what_if,
)
from cmengine.starters import starters
from cmengine.toml import parse, read_text

REGISTRY = load_plugins()
DICE = dice_from(b"what if")
MONDAY = date(2026, 1, 5)


def read(text: str) -> Rule:
    drafts, mistakes = Reader(REGISTRY).read_file(*parse(text, "rules.toml"))
    assert mistakes == []
    (draft,) = drafts
    return draft.rule


def starter(name: str, rule: str) -> Rule:
    path = starters()[name] / f"{name}.toml"
    drafts, mistakes = Reader(REGISTRY).read_file(*parse(read_text(path), str(path)))
    assert mistakes == []
    return next(draft.rule for draft in drafts if draft.rule.id == rule)


def course_of(rule: Rule, visits: int | None = None, per_week: int | None = None) -> Course:
    return Course(rule, opportunities(rule, MONDAY, visits=visits, per_week=per_week))


HIGGINS = starter("vouchers-higgins", "vouchers-each-time")
HIGGINS_CALENDAR = starter("vouchers-higgins", "vouchers-by-calendar")
CALIFORNIA = starter("stimulant-ladder", "stimulant-ladder")
CALIFORNIA_CALENDAR = starter("stimulant-ladder", "california-by-calendar")
PUBLISHED_BOWL = starter("fishbowl", "published-bowl")
DROP_IN = starter("drop-in", "drop-in")


# The days on which a goal could be met.


def test_three_visits_a_week_fall_on_monday_wednesday_and_friday() -> None:
    days = opportunities(HIGGINS, MONDAY, visits=36)
    assert [day.weekday() for day in days] == 12 * [0, 2, 4]
    assert days[-1] == date(2026, 3, 27)


def test_a_calendar_is_taken_as_it_stands_and_goes_on_where_more_visits_are_asked_for() -> None:
    days = opportunities(CALIFORNIA_CALENDAR, MONDAY)
    assert [day.weekday() for day in days] == 12 * [0, 3] + 12 * [0]
    assert opportunities(CALIFORNIA_CALENDAR, MONDAY, visits=38)[:36] == days
    assert opportunities(CALIFORNIA_CALENDAR, MONDAY, visits=5) == days[:5]
    assert opportunities(CALIFORNIA_CALENDAR, MONDAY, visits=37)[-1] == days[-1] + timedelta(7)


@given(st.integers(1, 20), st.integers(1, 6), st.dates(date(2024, 1, 1), date(2027, 1, 1)))
def test_no_week_has_more_visits_than_were_asked_for(pace: int, weeks: int, first: date) -> None:
    days = opportunities(DROP_IN, first, weeks=weeks, per_week=pace)
    assert len(days) == pace * weeks
    assert list(days) == sorted(days)
    assert first <= days[0] and days[-1] < first + timedelta(weeks=weeks)
    mondays = [day - timedelta(days=day.weekday()) for day in days]
    assert max(mondays.count(monday) for monday in mondays) <= pace


# The comparators. Figures: domain.md 1.0, worked out there and here apart from the program.


def total(
    course: Course, missed: int | None, schedule: Schedule, first: int | None = None
) -> float:
    happened = [n != missed for n in range(1, len(course.days) + 1)]
    return sum(paid(course, happened, schedule, first)) / 100


EVERY_SCHEDULE = [each_time, by_calendar, reset, reset_recover(5), reset_recover(2, at_once=True)]


@pytest.mark.parametrize("schedule", EVERY_SCHEDULE)
def test_without_a_setback_every_schedule_pays_what_was_published(schedule: Schedule) -> None:
    assert total(course_of(HIGGINS, 36), None, schedule) == 997.50
    assert total(course_of(CALIFORNIA, 36), None, schedule) == 599.00


@pytest.mark.parametrize("rule", [HIGGINS, HIGGINS_CALENDAR])
def test_one_positive_test_at_visit_18_of_the_vouchers_of_higgins(rule: Rule) -> None:
    found = {one.name: one.cents / 100 for one in compare(course_of(rule, 36), [18])}
    assert found == {
        "reset": 558.75,
        "reset_recover(5)": 753.75,
        "each_time": 941.25,
        "by_calendar": 963.75,
        "open_ended": 997.50,
    }


@pytest.mark.parametrize("rule", [CALIFORNIA, CALIFORNIA_CALENDAR])
def test_one_positive_test_at_visit_11_in_california(rule: Rule) -> None:
    course = course_of(rule, 36)
    found = {one.name: one.cents / 100 for one in compare(course, [11], 2, at_once=True)}
    assert found == {
        "reset": 475.00,
        "reset_recover(2)": 556.00,
        "each_time": 578.00,
        "by_calendar": 581.50,
        "open_ended": 599.00,
    }


def test_weeks_13_to_24_by_the_calendar_leave_572_50_in_california() -> None:
    course = course_of(CALIFORNIA, 36)
    assert climbing(CALIFORNIA) == 24
    assert total(course, 11, each_time, 24) == 572.50


def test_a_ladder_that_climbs_to_its_end_climbs_all_the_way() -> None:
    assert climbing(HIGGINS) is None
    assert climbing(PUBLISHED_BOWL) is None


def test_california_pays_10_00_and_then_17_50_again_on_the_second() -> None:
    course = course_of(CALIFORNIA, 36)
    happened = [n != 11 for n in range(1, 37)]
    amounts = paid(course, happened, reset_recover(2, at_once=True), 24)
    assert [amounts[n - 1] for n in (10, 11, 12, 13, 14)] == [16_00, 0, 10_00, 17_50, 17_50]


def test_higgins_pays_the_earlier_worth_again_on_the_sixth() -> None:
    amounts = paid(course_of(HIGGINS, 36), [n != 18 for n in range(1, 37)], reset_recover(5))
    bonus = 10_00
    assert amounts[16:25] == [22_50, 0, 2_50, 3_75, 5_00 + bonus, 6_25, 7_50, 23_75 + bonus, 25_00]


def test_a_setback_while_recovering_does_not_lower_what_is_come_back_to() -> None:
    happened = [True] * 6 + [False, True, False, True, True, True]
    rungs = [place and place[0] for place in reset_recover(2)(happened)]
    assert rungs == [1, 2, 3, 4, 5, 6, None, 1, None, 1, 2, 7]


def test_a_reset_leaves_128_of_164_draws_where_climbing_each_time_leaves_156() -> None:
    course = course_of(PUBLISHED_BOWL, 24)
    found = {one.name: one.cents for one in compare(course, [11])}
    assert found["reset"] == pytest.approx(128 * 221.8)
    assert found["each_time"] == pytest.approx(156 * 221.8)
    assert found["open_ended"] == pytest.approx(164 * 221.8)


@given(st.lists(st.booleans(), min_size=1, max_size=36))
def test_no_schedule_elsewhere_pays_more_than_climbing_here(happened: list[bool]) -> None:
    course = course_of(HIGGINS, len(happened))
    here = sum(paid(course, happened, each_time))
    for elsewhere in (reset, reset_recover(5)):
        assert sum(paid(course, happened, elsewhere)) <= here
    assert here <= sum(paid(course, happened, by_calendar))


@given(st.lists(st.booleans(), max_size=36))
def test_climbing_each_time_and_by_the_calendar_pay_what_the_engine_pays(
    happened: list[bool],
) -> None:
    for rule, schedule in ((HIGGINS, each_time), (HIGGINS_CALENDAR, by_calendar)):
        course = course_of(rule, 36)
        way = [*happened, *[False] * (36 - len(happened))]
        assert paid(course, way, schedule) == [cents for _, cents in course.walk(way, DICE)]


WITH_RESET = """
[[rule]]
id = "one"
title = "One"
{rule}
[rule.goal]
kind = "{goal}"
events = ["visit"]
{of_goal}
[[rule.reward]]
kind = "{reward}"
start = "2.50"
step = "1.25"
{of_reward}
"""
FITS: dict[str, str] = {
    "rule": "",
    "goal": "any_of",
    "of_goal": "",
    "reward": "escalating_voucher",
    "of_reward": "",
}


@pytest.mark.parametrize("word", ["reset", "reset_recover", "reset_recover(5)", "streak"])
@pytest.mark.parametrize(
    "place",
    [
        {"rule": "{word} = true"},
        {"rule": 'schedule = "{word}"'},
        {"goal": "{word}"},
        {"of_goal": "{word} = true"},
        {"reward": "{word}"},
        {"of_reward": "{word} = true"},
        {"of_reward": "{word} = 5"},
        {"of_reward": 'climbs = "{word}"'},
    ],
)
def test_no_rule_file_can_ask_for_a_reset(place: dict[str, str], word: str) -> None:
    key = re.sub(r"\W", "_", word)
    filled = {
        part: text.format(word=key if text.endswith(("= true", "= 5")) else word)
        for part, text in place.items()
    }
    wrong = WITH_RESET.format(**{**FITS, **filled})
    assert Reader(REGISTRY).read_file(*parse(WITH_RESET.format(**FITS), "fits.toml"))[1] == []
    tomllib.loads(wrong)
    drafts, mistakes = Reader(REGISTRY).read_file(*parse(wrong, "rules.toml"))
    assert drafts == []
    assert mistakes


def test_no_kind_of_any_plugin_is_called_reset() -> None:
    kinds = {kind for of_part in REGISTRY.kinds.values() for kind in of_part}
    assert kinds
    assert [kind for kind in kinds if "reset" in kind] == []


# The same as the engine, on the same choices, trial by trial.

HEAD = '[[rule]]\nid = "one"\ntitle = "One"\n'
MONEY = st.integers(0, 40_00).map(lambda cents: f'"{cents // 100}.{cents % 100:02d}"')
PACES = st.sampled_from(["", "per_day = 1\n", "per_week = 2\n", "per_day = 2\nper_week = 3\n"])
GOALS = st.one_of(
    st.just('kind = "any_of"\nevents = ["visit"]\n'),
    st.just('kind = "any_of"\nevents = ["test", "visit"]\nvalues = ["negative", "fewer"]\n'),
    st.just('kind = "first_time"\nevents = ["visit"]\n'),
    st.just('kind = "steps"\nevent = "step"\nsteps = ["call", "write", "go there"]\n'),
    st.just('kind = "at_least"\nevent = "walk"\ntarget = 4000\n'),
    st.just('kind = "at_most"\nevent = "drinks"\ntarget = 3\n'),
    st.just(
        'kind = "better_than"\nevent = "drinks"\ndirection = "lower"\nbar = 12\nby_percent = 25\n'
    ),
    st.just('kind = "came_back"\nevents = ["visit"]\nafter_days = 14\nbeside = "other"\n'),
)
CLIMBS = "each_time", "by_calendar"


@st.composite
def rewards(draw: st.DrawFn, climbs: str) -> str:
    kinds = ["fixed", "escalating", "ladder", "every_nth", "fishbowl", "praise", "item"]
    kind = draw(st.sampled_from(kinds))
    if kind == "fixed":
        return f'kind = "fixed_voucher"\nworth = {draw(MONEY)}\n'
    if kind == "every_nth":
        return f'kind = "every_nth"\nevery = {draw(st.integers(1, 4))}\nworth = {draw(MONEY)}\n'
    if kind == "praise":
        return 'kind = "praise"\nsays = ["Good to see you.", "Thank you."]\n'
    if kind == "item":
        return 'kind = "item"\nitem = "bus pass"\n'
    if kind == "fishbowl":
        draws = draw(st.integers(1, 3))
        return (
            f'kind = "fishbowl"\nfirst_draws = {draws}\nmore_each_time = {draw(st.integers(0, 2))}\n'
            f'most_draws = {draws + draw(st.integers(0, 5))}\nslips = [{{ says = "hello", count = 3 }}, '
            f'{{ says = "small", count = 2, worth = {draw(MONEY)} }}, '
            f'{{ says = "soap", count = 1, item = "soap" }}]\n'
        )
    if kind == "ladder":
        then = f"then = {draw(MONEY)}\n" if draw(st.booleans()) else ""
        return (
            f'kind = "ladder"\nclimbs = "{climbs}"\n{then}'
            f"phases = [{{ times = {draw(st.integers(1, 5))}, start = {draw(MONEY)}, "
            f"step = {draw(MONEY)}, every = {draw(st.integers(1, 3))} }}, "
            f"{{ times = {draw(st.integers(1, 5))}, worth = {draw(MONEY)} }}]\n"
        )
    cap = 'cap = "45.00"\n' if draw(st.booleans()) else ""
    return (
        f'kind = "escalating_voucher"\nstart = {draw(MONEY)}\nstep = {draw(MONEY)}\n'
        f'every = {draw(st.integers(1, 3))}\nclimbs = "{climbs}"\n{cap}'
    )


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    climbs = draw(st.sampled_from(CLIMBS))
    text = HEAD + "[rule.goal]\n" + draw(GOALS) + draw(PACES)
    listed = draw(st.lists(rewards(climbs), min_size=1, max_size=3))
    if any('climbs = "by_calendar"' in one for one in listed):
        text += '[[rule.calendar]]\ndays = ["mon", "thu"]\nweeks = 3\n'
        text += '[[rule.calendar]]\ndays = ["tue"]\nweeks = 2\n'
    return read(text + "".join(f"[[rule.reward]]\n{one}" for one in listed))


def setback(n: int, day: date) -> Event:
    at = datetime.combine(day, time(9), tzinfo=UTC)
    return Event(id=f"setback-{n}", client="client", kind="setback_shared", at=at, day=day)


def played(rule: Rule, way: Sequence[tuple[Event | None, int]], days: Sequence[date]) -> list[int]:
    """What the engine itself gives for the same events, with a setback wherever there is none."""
    logged = [event or setback(n, days[n]) for n, (event, _) in enumerate(way)]
    outcomes = play(rule, logged, DICE, days[0])
    return [outcome.earned.cents if outcome.earned else 0 for outcome in outcomes]


@given(
    rules(),
    st.one_of(st.none(), st.integers(1, 9)),
    st.integers(1, 24),
    st.floats(0, 1),
    st.integers(0, 10_000),
)
def test_every_trial_earns_what_the_engine_gives_on_the_same_choices(
    rule: Rule, per_week: int | None, visits: int, chance: float, seed: int
) -> None:
    course = course_of(rule, visits, per_week)
    dice = Random(seed)
    for _ in range(4):
        happened = [dice.random() < chance for _ in course.days]
        way = course.walk(happened, DICE)
        assert [cents for _, cents in way] == played(rule, way, course.days)


@given(rules(), st.one_of(st.none(), st.integers(1, 9)), st.integers(1, 12))
def test_if_everything_is_met_it_earns_what_the_engine_gives_and_if_nothing_is_nothing_at_all(
    rule: Rule, per_week: int | None, visits: int
) -> None:
    course = course_of(rule, visits, per_week)
    found = what_if(course, 0.5)
    assert (found.worst.mean, found.worst.spread, found.worst.times) == (0, 0, 0)
    assert set(found.worst.so_far) == {0}
    way = course.walk([True] * visits, DICE)
    if not any(isinstance(reward, Odds) for reward in rule.rewards):
        assert found.best.mean == sum(played(rule, way, course.days))
        assert found.best.spread == 0


@given(rules(), st.integers(1, 6), st.sampled_from([0.5, 0.8]))
def test_mean_and_spread_are_those_of_all_the_ways_there_are(
    rule: Rule, visits: int, chance: float
) -> None:
    """Against every way through, each played by the engine, with a bowl's own sums for the draws."""
    course = course_of(rule, visits, 3)
    mean = square = times = 0.0
    for happened in product([True, False], repeat=visits):
        p = 1.0
        for yes in happened:
            p *= chance if yes else 1 - chance
        events = [one for one, _ in course.walk(happened, DICE) if one]
        outcomes = play(rule, events, DICE, MONDAY)
        occurrences = [one.earned.occurrence for one in outcomes if one.earned]
        sums, variance = moments_of(rule, occurrences, outcomes)
        times += p * len(occurrences)
        mean += p * sums
        square += p * (variance + sums**2)
    found = outlook(course, chance)
    assert found.mean == pytest.approx(mean)
    assert found.spread == pytest.approx(sqrt(max(0.0, square - mean**2)), abs=1e-2)
    assert found.times == pytest.approx(times)
    assert sum(found.by_reward) == pytest.approx(found.mean)
    assert list(found.so_far) == sorted(found.so_far)


def moments_of(
    rule: Rule, occurrences: Sequence[Occurrence], outcomes: Sequence[Any]
) -> tuple[float, float]:
    mean = float(
        sum(
            award.cents
            for one in outcomes
            if one.earned
            for reward, award in one.earned.awards
            if not isinstance(rule.rewards[reward], Odds)
        )
    )
    variance = 0.0
    for occurrence in occurrences:
        for reward in rule.rewards:
            if isinstance(reward, Odds):
                draws, slips = reward.odds(occurrence)
                more, spread = bowl_of(slips).after(draws)
                mean, variance = mean + more, variance + spread**2
    return mean, variance


@frozen
class Watched:
    """A goal that writes down what it is asked."""

    kind: ClassVar[str] = "watched"
    asked: list[tuple[int, date]]

    def listens(self) -> tuple[str, ...]:
        return ("visit",)

    def start(self) -> int:
        return 0

    def step(self, memory: int, event: Event) -> tuple[int, Met | None]:
        self.asked.append((memory, event.day))
        return min(memory + 1, 3), Met(reason="came in")


def test_a_goal_is_asked_no_more_for_ten_thousand_clients_than_for_one() -> None:
    course = course_of(DROP_IN._replace(goal=cast(Any, Watched([]))), 12)
    goal = course.rule.goal
    assert isinstance(goal, Watched)
    what_if(course, 0.5)
    asked = len(goal.asked)
    of(course, clients=10_000, trials=20)
    course.walk([True] * 12, DICE)
    assert len(goal.asked) == asked
    assert len(set(goal.asked)) <= 4 * 12


def test_a_bowl_says_the_odds_with_which_it_draws() -> None:
    (reward,) = PUBLISHED_BOWL.rewards
    assert isinstance(reward, Odds)
    fifth = Occurrence(rule="x", on=MONDAY, value=None, ordinal=5, slot=None, reason="")
    draws, slips = reward.odds(fifth)
    assert draws == 5
    assert bowl_of(slips) == Bowl(((250, 0), (209, 1_00), (40, 20_00), (1, 100_00)))
    drawn = [
        award.cents for n in range(4_000) for award in reward.awards(fifth, DICE(f"{n}", "x", 0))
    ]
    mean, spread = bowl_of(slips).after(len(drawn))
    assert len(drawn) == 5 * 4_000
    assert abs(sum(drawn) - mean) < 4 * spread


def test_24_negative_tests_of_the_published_bowl_are_worth_363_75_with_a_spread_of_88_26() -> None:
    best = what_if(course_of(PUBLISHED_BOWL, 24), 0.8).best
    assert (round(best.mean / 100, 2), round(best.spread / 100, 2)) == (363.75, 88.26)


@frozen
class Coin:
    """A reward that draws and does not say its odds: 10.00 or nothing."""

    kind: ClassVar[str] = "coin"

    def awards(self, occurrence: Occurrence, dice: Random) -> list[Award]:
        return [Award(label="heads", cents=10_00)] if dice.random() < 0.5 else []


def test_a_reward_that_does_not_say_its_odds_is_estimated_and_named() -> None:
    course = course_of(DROP_IN._replace(rewards=(Coin(),)), 12)
    best = outlook(course, 1.0)
    assert course.asked == {"coin"}
    assert best.mean == pytest.approx(12 * 5_00, rel=0.15)
    assert best.spread == pytest.approx(sqrt(12) * 5_00, rel=0.05)


# What a program would pay.


def of(course: Course, caps: Sequence[Cap] = (), **how: Any) -> Forecast:
    ways = {"chance": 0.8, "clients": 20, "trials": 200, "dice": Random(5), **how}
    return forecast(course, Hand(course.days, caps, (1, 1)), **ways)


YEARLY = Cap(name="a year", window="calendar_year", most=750_00)


def test_750_00_a_year_lands_on_reward_31_of_higgins_which_issues_31_25_of_40_00() -> None:
    worths = [2_50 + 1_25 * n + (10_00 if n % 3 == 2 else 0) for n in range(36)]
    assert (sum(worths[:30]), worths[30], 750_00 - sum(worths[:30])) == (718_75, 40_00, 31_25)
    found = landing(course_of(HIGGINS, 36), YEARLY)
    assert found is not None
    assert (found.visit, found.reward, found.on) == (31, 31, date(2026, 3, 16))
    assert (found.cents, found.issued) == (40_00, 31_25)
    assert found.waiting == sum(worths) - 750_00 == 247_50


def test_a_limit_that_a_new_year_refills_issues_what_waited() -> None:
    december = Course(HIGGINS, opportunities(HIGGINS, date(2026, 11, 2), visits=36))
    small = Cap(name="small", window="calendar_year", most=500_00)
    found = landing(december, small)
    assert found is not None
    assert december.days[-1] == date(2027, 1, 22)
    assert found.waiting == 0


def test_200_00_a_month_holds_back_only_where_nine_tests_of_california_fall_in_one_month() -> None:
    """Four weeks bring 98.00, 146.00 and 194.00; March 2026 has those last four, and a test more."""
    monthly = Cap(name="a month", window="month", most=200_00)
    found = landing(course_of(CALIFORNIA_CALENDAR), monthly)
    assert found is not None
    assert (found.on, found.cents, found.issued) == (date(2026, 3, 30), 15_00, 200_00 - 194_00)
    assert found.waiting == 0


def test_5_00_an_award_issues_5_00_of_every_larger_one() -> None:
    each = Cap(name="each", window="award", most=5_00)
    found = landing(course_of(HIGGINS, 36), each)
    assert found is not None
    # the third voucher is worth 5.00, and the bonus beside it is an award of its own
    assert (found.reward, found.cents, found.issued) == (3, 15_00, 10_00)
    assert found.waiting == 997_50 - (2_50 + 3_75 + 34 * 5_00 + 12 * 5_00)


@given(
    rules(),
    st.integers(1, 6),
    st.lists(
        st.builds(
            Cap,
            name=st.just("some"),
            window=st.sampled_from(["award", "month", "calendar_year", "budget_year", "program"]),
            most=st.integers(0, 60_00),
        ),
        max_size=3,
    ),
)
def test_limits_hold_back_issuing_and_never_earning(
    rule: Rule, visits: int, caps: list[Cap]
) -> None:
    course = course_of(rule, visits, 1)
    free, held = of(course), of(course, caps)
    assert held.mean == free.mean
    assert held.spread == free.spread
    assert held.issued[0] <= held.earned[0] + 1e-6
    assert held.waiting >= 0
    for cap in caps:
        if cap.window == "program":
            assert held.totals[-1] <= 20 * cap.most


@pytest.mark.parametrize(
    "caps",
    [
        [],
        [Cap(name="a", window="month", most=30_00)],
        [Cap(name="a", window="award", most=6_00), Cap(name="b", window="program", most=40_00)],
    ],
    ids=["no limit", "a month", "an award and all"],
)
def test_the_mean_issued_is_that_of_all_the_ways_there_are(caps: list[Cap]) -> None:
    course = course_of(DROP_IN, 9, 1)
    earned = issued = 0.0
    for happened in product([True, False], repeat=9):
        p = 0.8 ** sum(happened) * 0.2 ** (9 - sum(happened))
        way = course.walk(happened, DICE)
        earned += p * sum(cents for _, cents in way)
        issued += p * plainly_issued(way, course, caps)
    found = of(course, caps)
    assert found.earned[0] == pytest.approx(20 * earned)
    assert found.issued[0] == pytest.approx(20 * issued)
    assert sum(found.visits) == pytest.approx(20 * issued)
    assert sum(month.mean for month in found.months) == pytest.approx(20 * issued)
    assert found.exact


def plainly_issued(
    way: Sequence[tuple[Event | None, int]], course: Course, caps: Sequence[Cap]
) -> int:
    """The same by hand: each award cut to its limit, the rest as far as each window has room."""
    events = [event for event, _ in way if event]
    outcomes = iter(play(course.rule, events, DICE, course.days[0]))
    waiting, all_issued = 0, 0
    by_month: dict[int, int] = {}
    for day, (event, _) in zip(course.days, way, strict=True):
        if event:
            earned = next(outcomes).earned
            for _, award in earned.awards if earned else ():
                waiting += min([award.cents, *(c.most for c in caps if c.window == "award")])
        room = [waiting]
        room += [c.most - by_month.get(day.month, 0) for c in caps if c.window == "month"]
        room += [c.most - all_issued for c in caps if c.window == "program"]
        now = min(room)
        waiting, all_issued = waiting - now, all_issued + now
        by_month[day.month] = by_month.get(day.month, 0) + now
    return all_issued


def test_the_trials_lie_where_the_exact_mean_and_spread_say() -> None:
    clients, trials = 400, 1_000
    found = of(course_of(HIGGINS, 36), clients=clients, trials=trials)
    spread = found.spread * sqrt(clients)
    assert abs(sum(found.totals) / trials - found.mean * clients) < 4 * spread / sqrt(trials)
    _, low, high = found.earned
    assert low == pytest.approx(clients * found.mean - 1.645 * spread, abs=0.4 * spread)
    assert high == pytest.approx(clients * found.mean + 1.645 * spread, abs=0.4 * spread)


def test_where_the_ways_are_too_many_clients_are_drawn_and_the_mean_stays_exact() -> None:
    course = course_of(PUBLISHED_BOWL, 24)
    found = of(course, trials=1_000)
    assert not found.exact
    assert found.mean == outlook(course, 0.8).mean
    spread = found.spread * sqrt(20)
    assert abs(sum(found.totals) / 1_000 - 20 * found.mean) < 5 * spread / sqrt(1_000)
    assert sum(found.visits) == pytest.approx(found.issued[0])


def test_the_same_seed_gives_the_same_trials() -> None:
    course = course_of(HIGGINS, 36)
    assert of(course, dice=Random(3)) == of(course_of(HIGGINS, 36), dice=Random(3))
    assert of(course, dice=Random(3)).totals != of(course, dice=Random(4)).totals


def test_a_client_who_meets_everything_has_no_spread_and_one_total() -> None:
    found = of(course_of(HIGGINS, 36), chance=1.0, clients=10)
    assert set(found.totals) == {9975_00}
    assert found.earned == (9975_00, 9975_00, 9975_00)


def test_money_that_is_not_enough_says_when_it_is_used_up_and_what_waits() -> None:
    days = [MONDAY + timedelta(weeks=n) for n in range(4)]
    found = shortage(days, [100.0] * 4, [350, 400, 450], 400)
    assert found.enough == pytest.approx(2 / 3)
    assert found.waiting == pytest.approx(50 / 3)
    assert found.on is None
    assert shortage(days, [100.0] * 4, [400], 250).on == days[2]


def test_what_waits_for_a_fund_goes_on_into_the_next_month() -> None:
    days = [date(2026, 1, 5), date(2026, 1, 12), date(2026, 2, 2), date(2026, 3, 2)]
    assert left_waiting(days, [80, 80, 20, 0], "month", 100, (1, 1)) == 0
    assert left_waiting(days, [80, 80, 90, 90], "month", 100, (1, 1)) == 40
    assert left_waiting(days, [80, 80, 90, 90], "program", 100, (1, 1)) == 240
    assert left_waiting(days, [80, 80, 20, 0], "budget_year", 100, (2, 1)) == 0


# Bowls.


def test_the_published_bowls_have_their_means_and_spreads() -> None:
    petry = Bowl(((250, 0), (209, 1_00), (40, 20_00), (1, 100_00)))
    assert (petry.count, petry.mean, petry.wins) == (500, Fraction(2218, 10), Fraction(1, 2))
    assert round(petry.spread / 100, 3) == 6.892
    mean, spread = petry.after(164)
    assert (round(mean / 100, 2), round(spread / 100, 2)) == (363.75, 88.26)
    group = Bowl(((69, 1_00), (20, 5_00), (10, 20_00), (1, 100_00)))
    assert (group.mean, group.wins) == (Fraction(4_69), Fraction(1))
    squares = Fraction(69 * 1 + 20 * 5**2 + 10 * 20**2 + 100**2, 100)
    assert group.spread / 100 == pytest.approx(sqrt(squares - Fraction(469, 100) ** 2))


def test_half_a_bowl_of_500_with_a_mean_of_2_218_is_the_published_one() -> None:
    found = solve_bowl([0, 1_00, 20_00, 100_00], Fraction(2218, 10), 500, Fraction(1, 2))
    assert found == Bowl(((250, 0), (209, 1_00), (40, 20_00), (1, 100_00)))


def test_a_bowl_without_a_share_of_wins_has_as_many_winning_slips_as_can_be() -> None:
    found = solve_bowl([0, 1_00, 20_00, 100_00], 2_00, 500)
    assert found is not None
    assert found.mean == 2_00
    more = [
        n20
        for n20 in range(1, 50)
        if (n1 := 1000 - 100 - 20 * n20) >= n20 and 500 - 1 - n20 - n1 >= 1
    ]
    assert {cents: n for n, cents in found.slips}[20_00] == min(more)


def test_where_no_bowl_has_the_mean_the_nearest_is_taken_or_none() -> None:
    nearest = solve_bowl([0, 5_00], 1_01, 100)
    assert nearest == Bowl(((80, 0), (20, 5_00)))
    assert solve_bowl([3_00, 7_00], 9_00, 4) == Bowl(((1, 3_00), (3, 7_00)))
    assert solve_bowl([1_00, 2_00, 3_00], 2_00, 2) is None
    assert solve_bowl([2_00], 2_00, 7) == Bowl(((7, 2_00),))


TIERS = st.lists(st.integers(0, 200).map(lambda n: 25 * n), min_size=2, max_size=4, unique=True)


@given(TIERS, st.data())
def test_a_bowl_that_there_is_can_be_found_again_by_its_mean(
    worths: list[int], data: st.DataObject
) -> None:
    tiers = sorted(worths)
    counts = data.draw(st.lists(st.integers(1, 40), min_size=len(tiers), max_size=len(tiers)))
    # the rarer the more it is worth, as bowls are
    there = Bowl(tuple(zip(sorted(counts, reverse=True), tiers, strict=True)))
    found = solve_bowl(worths, there.mean, there.count)
    assert found is not None
    assert found.mean == there.mean
    assert found.count == there.count
    assert [cents for _, cents in found.slips] == tiers
    assert min(n for n, _ in found.slips) >= 1


@given(TIERS.filter(lambda worths: min(worths) == 0), st.data())
def test_a_bowl_can_be_found_again_with_its_share_of_wins(
    worths: list[int], data: st.DataObject
) -> None:
    tiers = sorted(worths)
    counts = data.draw(st.lists(st.integers(1, 40), min_size=len(tiers), max_size=len(tiers)))
    there = Bowl(tuple(zip(counts, tiers, strict=True)))
    found = solve_bowl(worths, there.mean, there.count, there.wins)
    assert found is not None
    assert (found.mean, found.count, found.wins) == (there.mean, there.count, there.wins)


# The picture.

SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("title", ["I come in", 'Tea & "cake" <3', "\x1b[31mred\u202e"])
@pytest.mark.parametrize("clients", [None, 30])
def test_the_picture_is_xml_that_says_in_words_what_it_shows(
    title: str, clients: int | None
) -> None:
    course = course_of(DROP_IN, 48)
    program = of(course, clients=clients) if clients else None
    drawn = picture(title, course.days, what_if(course, 0.8), program, "USD")
    root = ElementTree.fromstring(drawn)
    assert root.tag == f"{SVG}svg"
    assert root.get("role") == "img"
    assert root.get("aria-labelledby") == "title desc"
    said = {one.get("id"): one.text or "" for one in root if one.get("id")}
    assert said["title"] == "".join(letter for letter in title if letter.isprintable())
    assert "All met: 613.75." in said["desc"]
    assert "None met: 0.00, nothing owed, nothing lost." in said["desc"]
    assert ("30 clients" in said["desc"]) == bool(clients)
    lines = {one.get("class") for one in root.iter(f"{SVG}polyline")}
    assert lines == {"line best", "line typical", "line worst"}
    words = " ".join(one.text or "" for one in root.iter(f"{SVG}text"))
    assert {"all met: 613.75", "80% met: 482.42", "none met: 0.00"} <= set(
        re.findall(r"(?:all|80%|none) met: [\d.]+", words)
    )
    assert len(list(root.iter(f"{SVG}rect"))) == (len(program.months) if program else 0)
    assert "prefers-color-scheme: dark" in drawn


@given(rules(), st.integers(1, 60))
def test_whatever_is_simulated_can_be_drawn(rule: Rule, visits: int) -> None:
    course = course_of(rule, visits, 5)
    drawn = picture(rule.title, course.days, what_if(course, 0.5))
    root = ElementTree.fromstring(drawn)
    points = " ".join(one.get("points") or "" for one in root.iter(f"{SVG}polyline"))
    numbers = [float(one) for one in re.split(r"[ ,]+", points)]
    assert min(numbers) >= 0
    assert max(numbers) <= 760


# The command line.

FILE = str(starters()["vouchers-higgins"] / "vouchers-higgins.toml")
ALWAYS = ["--rule", "vouchers-each-time", "--visits", "36", "--from", "2026-01-05"]


def run(*words: str) -> Any:
    return CliRunner().invoke(cli, list(words))


def typed(*words: str) -> str:
    done = run(*words)
    assert done.exit_code == 0, done.output
    assert isinstance(done.stdout, str)
    return done.stdout


def test_a_rule_file_alone_is_simulated_without_a_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    printed = typed("rules", "simulate", FILE, *ALWAYS, "--limit", "750.00", "--setback", "18")
    assert printed == HIGGINS_PRINTED
    assert list(tmp_path.iterdir()) == []


HIGGINS_PRINTED = """\
A voucher for each negative test, a little more every time   (vouchers-each-time)
36 visits, Mon 5 Jan 2026 to Fri 27 Mar 2026, with: test negative

What a client would see
                                       times  in all  spread  ladder  every_nth
  best: everything met                  36.0  997.50    0.00  877.50     120.00
  typical: each with a chance of 0.80   28.8  668.67   98.17  576.00      92.67
  worst: everything missed               0.0    0.00    0.00    0.00       0.00
  If everything is missed, nothing is owed and nothing lost.

  visit                   best so far  typical so far
      3  Fri 9 Jan 2026         21.25           13.52
      6  Fri 16 Jan 2026        53.75           36.45
      9  Fri 23 Jan 2026        97.50           67.28
     12  Fri 30 Jan 2026       152.50          105.39
     15  Fri 6 Feb 2026        218.75          150.65
     18  Fri 13 Feb 2026       296.25          203.07
     21  Fri 20 Feb 2026       385.00          262.67
     24  Fri 27 Feb 2026       485.00          329.47
     27  Fri 6 Mar 2026        596.25          403.47
     30  Fri 13 Mar 2026       718.75          484.67
     33  Fri 20 Mar 2026       852.50          573.07
     36  Fri 27 Mar 2026       997.50          668.67

Limits on what a client may be issued. What is over waits; it stays theirs.
  750.00: at most 750.00 in a calendar year.
    If everything is met, it lands on reward 31 (Mon 16 Mar 2026): 31.25 of 40.00 is issued then,
    and 247.50 waits at the end.

With a setback at visit 18 and every other visit met
  elsewhere: begin anew after a setback                        558.75
  elsewhere: begin anew, and go on as before after 5 in a row  753.75
  here: climb each time                                        941.25
  here: climb by the calendar                                  963.75
  here: climb each time, with a visit more for each setback    997.50
  What is done elsewhere is worked out to compare; no rule can ask for it.
"""

WITH_MONEY = """\
name = "Harbor"
zone = "America/Los_Angeles"
budget_year = "10-01"
[[fund]]
name = "grant"
amount = "5000.00"
[[limit]]
name = "a year"
window = "budget_year"
most = "400.00"
[[limit]]
name = "a month"
per = "fund"
fund = "grant"
window = "month"
most = "450.00"
"""


@pytest.fixture
def program(tmp_path: Path) -> str:
    folder = str(tmp_path / "harbor")
    typed("init", folder, "--starter", "drop-in")
    (tmp_path / "harbor" / "program.toml").write_text(WITH_MONEY)
    typed("-p", folder, "rules", "publish")
    return folder


IN_PROGRAM = ["drop-in", "--weeks", "48", "--from", "2026-01-05", "--clients", "12"]


def test_a_published_rule_is_simulated_with_the_limits_and_funds_of_its_program(
    program: str,
) -> None:
    printed = typed("-p", program, "rules", "simulate", *IN_PROGRAM)
    first, limits, then = printed.partition("Limits on what")
    assert first.startswith(
        "I come to the drop-in   (drop-in)\n"
        "48 visits, Mon 5 Jan 2026 to Mon 30 Nov 2026, with: visit\n"
    )
    assert limits + then == MONEY_PRINTED


MONEY_PRINTED = """\
Limits on what a client may be issued. What is over waits; it stays theirs.
  a year: at most 400.00 in a budget year.
    If everything is met, it lands on reward 33 (Mon 17 Aug 2026): 6.25 of 20.00 is issued then, and
    nothing waits at the end.

What the program would pay: 12 clients, 1000 trials, seed 1
  A client earns 482.42 on average, with a spread of 37.05.
              mean  5th percentile  95th percentile
  earned   5789.00         5565.00          5995.00
  issued   5789.00         5565.00          5995.00
  2026-01   251.90          207.69           296.12
  2026-02   421.86          363.40           480.32
  2026-03   635.25          562.85           707.65
  2026-04   512.14          447.80           576.49
  2026-05   511.88          447.70           576.06
  2026-06   639.95          567.91           712.00
  2026-07   512.01          447.83           576.19
  2026-08   636.34          564.95           707.72
  2026-09   422.77          340.11           505.43
  2026-10   604.89          504.87           704.92
  2026-11   640.00          567.95           712.05
  grant, 5000.00: enough for this rule alone in 0.0% of trials; on average it is used up on Mon 19
  Oct 2026; 786.72 waits at the end on average.
  a month, 450.00 in a month: 1065.23 waits at the end on average.
"""


def test_everything_that_is_printed_also_stands_in_one_document(
    program: str, tmp_path: Path
) -> None:
    svg = tmp_path / "drop-in.svg"
    words = [*IN_PROGRAM, "--setback", "3", "--plot", str(svg), "--json"]
    done = run("-p", program, "rules", "simulate", *words)
    found = json.loads(done.stdout)
    assert done.stderr == f"The picture is in {svg}\n"
    assert list(found) == [
        "rule",
        "title",
        "digest",
        "event",
        "days",
        "best",
        "typical",
        "worst",
        "estimated",
        "limits",
        "comparisons",
        "program",
    ]
    assert found["event"] == {"kind": "visit", "value": None}
    assert found["best"]["cents"] == 613_75
    assert found["best"]["so_far_cents"][-1] == 613_75
    assert found["worst"]["cents"] == 0
    assert len(found["days"]) == len(found["typical"]["so_far_cents"]) == 48
    assert found["limits"][0]["lands"]["reward"] == 33
    assert [one["a_rule_can"] for one in found["comparisons"]] == [False, False, True, True, True]
    paid_for = found["program"]
    assert paid_for["clients"] == 12
    assert paid_for["earned"]["p5_cents"] < paid_for["earned"]["p95_cents"]
    assert sum(one["mean_cents"] for one in paid_for["months"]) == pytest.approx(
        paid_for["issued"]["mean_cents"], abs=1
    )
    ElementTree.parse(svg)


def test_a_simulation_changes_nothing_in_the_program(program: str) -> None:
    before = {path: path.read_bytes() for path in Path(program).rglob("*") if path.is_file()}
    typed("-p", program, "rules", "simulate", *IN_PROGRAM)
    typed("-p", program, "rules", "solve-bowl", "group-bowl")
    after = {path: path.read_bytes() for path in Path(program).rglob("*") if path.is_file()}
    assert after == before


def test_a_draft_in_a_program_is_simulated_with_its_limits_before_it_is_published(
    program: str, tmp_path: Path
) -> None:
    draft = tmp_path / "draft.toml"
    draft.write_text(
        HEAD + '[rule.goal]\nkind = "any_of"\nevents = ["visit"]\n'
        '[[rule.reward]]\nkind = "fixed_voucher"\nworth = "50.00"\n'
    )
    printed = typed("-p", program, "rules", "simulate", str(draft), "--from", "2026-01-05")
    assert "it lands on reward 9 (Mon 2 Mar 2026): 0.00 of 50.00 is issued then" in printed


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["drop-on"], 1, "there is no published rule of this id; did you mean 'drop-in'?"),
        ([FILE], 1, "there are 2 rules in it; name one with --rule: vouchers-each-time"),
        ([FILE, "--rule", "vouchers"], 1, "no rule 'vouchers'"),
        (["nothing.toml"], 1, "nothing.toml"),
        (["drop-in", "--plot", "a.gif"], 2, "is an SVG or a PNG"),
        (
            ["drop-in", "--plot", "."],
            2,
            "'--plot': a picture is an SVG or a PNG; name a file like plot.svg",
        ),
        (["drop-in", "--limit", "2.5"], 2, "'2.5' is not an amount"),
        (["drop-in", "--limit", "2.50/moth"], 2, "did you mean 'month'?"),
        (["drop-in", "--visits", "3", "--weeks", "3"], 2, "--visits or --weeks, not both"),
        (["drop-in", "--weeks", "500", "--per-week", "5"], 2, "up to 1000 can be simulated"),
        (["drop-in", "--visits", "3", "--setback", "4"], 2, "there are 3 visits"),
        (["drop-in", "--chance", "80"], 2, "0<=x<=1"),
        (["drop-in", "--plot", "no/such/folder.svg"], 1, "cannot be written"),
    ],
)
def test_what_cannot_be_simulated_says_what_to_do(
    program: str, words: list[str], code: int, says: str
) -> None:
    done = run("-p", program, "rules", "simulate", *words)
    assert done.exit_code == code
    assert says in " ".join(done.stderr.split())
    assert done.stdout == ""


def test_the_picture_can_be_a_png(program: str, tmp_path: Path) -> None:
    pytest.importorskip("resvg_py", reason="the extra plot draws PNG")
    file = tmp_path / "drop-in.png"
    done = run("-p", program, "rules", "simulate", "drop-in", "--visits", "12", "--plot", str(file))
    assert done.exit_code == 0, done.stderr
    drawn = file.read_bytes()
    assert drawn.startswith(b"\x89PNG")
    assert int.from_bytes(drawn[16:20]) > 600, "wide enough to be read"


def test_a_bowl_is_solved_on_the_command_line() -> None:
    words = ["--tier", "0", "--tier", "1", "--tier", "20", "--tier", "100"]
    how = ["--mean", "2.218", "--wins", "0.5", "--draws", "164"]
    assert typed("rules", "solve-bowl", *words, *how) == (
        "A bowl of 500 slips\n"
        "  slips   worth  chance\n"
        "    250    0.00  0.5000\n"
        "    209    1.00  0.4180\n"
        "     40   20.00  0.0800\n"
        "      1  100.00  0.0020\n"
        "A draw is worth 2.218 on average, with a spread of 6.892.\n"
        "A slip is worth money with a chance of 0.5.\n"
        "164 draws are worth 363.75 on average, with a spread of 88.26.\n"
    )
    found = json.loads(typed("rules", "solve-bowl", *words, *how, "--json"))
    assert found["slips"][0] == {"count": 250, "cents": 0}
    assert (found["count"], found["mean_cents"], found["wins"]) == (500, 221.8, 0.5)
    assert found["draws"] == {"count": 164, "mean_cents": 36375.2, "spread_cents": 8825.96}


def test_the_bowl_of_a_rule_says_what_it_is_worth() -> None:
    file = str(starters()["fishbowl"] / "fishbowl.toml")
    printed = typed("rules", "solve-bowl", file, "--rule", "every-slip-wins")
    assert "A draw is worth 4.69 on average" in printed
    assert "A slip is worth money with a chance of 1." in printed
    done = run("rules", "solve-bowl", file, "--rule", "group-without-luck")
    assert (done.exit_code, "it draws from no bowl" in done.stderr) == (1, True)


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        ([], 2, "give --tier for each worth and --mean"),
        (["drop-in", "--mean", "2"], 2, "not both"),
        (["--tier", "1", "--tier", "1.00", "--mean", "1"], 2, "name each worth once"),
        (["--tier", "1", "--mean", "one"], 2, "is not an amount like 2.00"),
        (["--tier", "3", "--tier", "7", "--mean", "9"], 1, "choose a mean well between 3.00"),
    ],
)
def test_a_bowl_that_cannot_be_says_what_to_do(words: list[str], code: int, says: str) -> None:
    done = run("rules", "solve-bowl", *words)
    assert done.exit_code == code
    assert says in " ".join(done.stderr.split())


def test_the_gain_of_an_occurrence_is_asked_of_every_reward() -> None:
    third = Occurrence(rule="x", on=MONDAY, value=None, ordinal=3, slot=3, reason="")
    found = gain_of(HIGGINS, third)
    assert found.sure == ((0, 5_00), (1, 10_00))
    assert (found.mean, found.variance) == (15_00, 0)


def test_what_is_typed_in_the_docs_prints_what_they_show(tmp_path: Path) -> None:
    docs = Path(__file__).resolve().parent.parent / "docs"
    spec = spec_from_file_location("generate", docs / "generate.py")
    assert spec is not None and spec.loader is not None
    generate: Any = module_from_spec(spec)
    spec.loader.exec_module(generate)
    text = (docs / "simulate.md").read_text(encoding="utf-8")
    typed_lines = [line for _, block in generate.play(text, tmp_path) for line in block]
    assert len(typed_lines) > 5
    for line, shows, code, printed in typed_lines:
        assert (code, generate.steady(printed)) == (0, generate.steady(shows)), line
