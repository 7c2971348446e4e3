"""The totals of published programs, to the cent, from the rule files that ship.

Every amount here is typed out or worked out anew; none is taken from the program.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from math import sqrt
from pathlib import Path

import pytest
from cmengine_fishbowl import Fishbowl, Slip

from cmengine.dice import dice_from
from cmengine.evaluate import play
from cmengine.kinds import read_kinds
from cmengine.model import Event, Rule
from cmengine.plugins import load_plugins
from cmengine.rules import Reader
from cmengine.settings import KINDS
from cmengine.starters import starters
from cmengine.toml import parse, read_text

REGISTRY = load_plugins()
DICE = dice_from(b"published ladders")
MONDAY = date(2026, 1, 5)

Visit = tuple[date, bool]


def rule_of(starter: str, file: str, rule: str) -> Rule:
    folder = starters()[starter]
    return read(read_text(folder / file), folder)[rule]


def read(text: str, folder: Path) -> dict[str, Rule]:
    kinds, mistakes = read_kinds(*parse(read_text(folder / KINDS), KINDS))
    assert mistakes == []
    drafts, mistakes = Reader(REGISTRY, kinds).read_file(*parse(text, "rules.toml"))
    assert mistakes == []
    return {draft.rule.id: draft.rule for draft in drafts}


def events(kind: str, visits: Sequence[Visit]) -> list[Event]:
    return [
        Event(
            id=f"{kind}-{n}",
            client="c1",
            kind=kind,
            at=datetime.combine(day, time(10), tzinfo=UTC),
            day=day,
            value="negative" if negative else "positive",
        )
        for n, (day, negative) in enumerate(visits, start=1)
    ]


def earned(rule: Rule, kind: str, visits: Sequence[Visit], first: date = MONDAY) -> list[int]:
    outcomes = play(rule, events(kind, visits), DICE, first)
    return [outcome.earned.cents if outcome.earned else 0 for outcome in outcomes]


def without(visits: Sequence[Visit], number: int) -> list[Visit]:
    """The same visits, with a positive test at one of them."""
    return [(day, negative and n != number) for n, (day, negative) in enumerate(visits, start=1)]


def weekly(days: Sequence[int], weeks: int, begin: date = MONDAY) -> list[Visit]:
    return [
        (begin + timedelta(weeks=week, days=day), True) for week in range(weeks) for day in days
    ]


# Higgins and colleagues: Monday, Wednesday, Friday, twelve weeks.

HIGGINS = weekly([0, 2, 4], 12)
AFTERWARDS: Visit = (MONDAY + timedelta(weeks=12), True)
CHECKPOINTS = {
    3: 21_25,
    6: 53_75,
    9: 97_50,
    12: 152_50,
    18: 296_25,
    24: 485_00,
    27: 596_25,
    30: 718_75,
    31: 758_75,
    36: 997_50,
}
BOTH = pytest.mark.parametrize("id", ["vouchers-each-time", "vouchers-by-calendar"])


def higgins(rule: str) -> Rule:
    return rule_of("vouchers-higgins", "vouchers-higgins.toml", rule)


@BOTH
def test_36_negative_tests_come_to_997_50(id: str) -> None:
    assert sum(earned(higgins(id), "test", HIGGINS)) == 997_50


@BOTH
@pytest.mark.parametrize("visits", CHECKPOINTS)
def test_on_the_way_there_it_comes_to_what_was_published(id: str, visits: int) -> None:
    assert sum(earned(higgins(id), "test", HIGGINS[:visits])) == CHECKPOINTS[visits]


@BOTH
def test_after_36_vouchers_and_12_bonuses_nothing_more_comes_in_money(id: str) -> None:
    longer = HIGGINS + weekly([0, 2, 4], 12, MONDAY + timedelta(weeks=12))
    assert sum(earned(higgins(id), "test", longer)) == 997_50


def test_a_setback_at_the_18th_visit_leaves_941_25_within_36_visits() -> None:
    assert sum(earned(higgins("vouchers-each-time"), "test", without(HIGGINS, 18))) == 941_25


def test_a_setback_at_the_18th_visit_leaves_963_75_by_the_calendar() -> None:
    assert sum(earned(higgins("vouchers-by-calendar"), "test", without(HIGGINS, 18))) == 963_75


def test_a_37th_visit_brings_all_of_997_50_after_a_setback() -> None:
    visits = [*without(HIGGINS, 18), AFTERWARDS]
    assert sum(earned(higgins("vouchers-each-time"), "test", visits)) == 997_50


@pytest.mark.parametrize("number", range(1, 37))
def test_a_setback_at_any_visit_is_only_a_delay_where_it_climbs_each_time(number: int) -> None:
    rule = higgins("vouchers-each-time")
    with_setback = earned(rule, "test", [*without(HIGGINS, number), AFTERWARDS])
    assert with_setback[number - 1] == 0
    assert with_setback[: number - 1] + with_setback[number:] == earned(rule, "test", HIGGINS)


@pytest.mark.parametrize("number", range(1, 37))
def test_a_setback_by_the_calendar_costs_its_own_slot_and_one_bonus_at_most(number: int) -> None:
    rule = higgins("vouchers-by-calendar")
    own = 2_50 + 1_25 * (number - 1)
    assert sum(earned(rule, "test", without(HIGGINS, number))) == 997_50 - own - 10_00


def test_what_the_original_would_have_paid_stands_in_the_header() -> None:
    rungs = [2_50 + 1_25 * n for n in range(36)]
    reset = sum(rungs[:17]) + 5 * 10_00 + sum(rungs[:18]) + 6 * 10_00
    restored = sum(rungs[:17]) + 5 * 10_00 + sum(rungs[:5]) + sum(rungs[17:30]) + 6 * 10_00
    assert (reset, restored) == (558_75, 753_75)
    header = header_of("vouchers-higgins", "vouchers-higgins.toml")
    assert {"558.75", "753.75", "963.75", "941.25", "997.50"} <= header


# California: two tests a week for twelve weeks, then one a week for twelve.

SECOND_HALF = MONDAY + timedelta(weeks=12)
CALIFORNIA = weekly([0, 3], 12) + weekly([0], 12, SECOND_HALF)
WEEKS = [10_00 + 1_50 * n for n in range(12)]
EACH_TIME = "stimulant-ladder"
BY_CALENDAR = "california-by-calendar"


def california(rule: str) -> Rule:
    return rule_of("stimulant-ladder", "stimulant-ladder.toml", rule)


@pytest.mark.parametrize("rule", [EACH_TIME, BY_CALENDAR])
def test_36_negative_tests_come_to_599_00_in_california(rule: str) -> None:
    amounts = earned(california(rule), "stimulant_test", CALIFORNIA)
    published = [week for week in WEEKS for _ in range(2)] + 6 * [15_00] + 5 * [10_00] + [21_00]
    assert amounts == published
    assert (len(amounts), sum(amounts)) == (36, 599_00)


@pytest.mark.parametrize("rule", [EACH_TIME, BY_CALENDAR])
def test_the_first_three_months_come_to_98_and_146_and_194(rule: str) -> None:
    amounts = earned(california(rule), "stimulant_test", CALIFORNIA)
    assert [sum(amounts[n : n + 8]) for n in (0, 8, 16)] == [98_00, 146_00, 194_00]


def test_a_setback_at_visit_11_leaves_578_00_climbing_each_time_and_599_00_a_visit_later() -> None:
    visits = without(CALIFORNIA, 11)
    assert sum(earned(california(EACH_TIME), "stimulant_test", visits)) == 578_00
    later = [*visits, (MONDAY + timedelta(weeks=24), True)]
    assert sum(earned(california(EACH_TIME), "stimulant_test", later)) == 599_00


def test_a_setback_at_visit_11_leaves_581_50_by_the_calendar() -> None:
    visits = without(CALIFORNIA, 11)
    assert sum(earned(california(BY_CALENDAR), "stimulant_test", visits)) == 581_50


def test_holding_the_level_for_twelve_weeks_and_then_going_by_the_calendar_leaves_572_50() -> None:
    halves = read(IN_HALVES, starters()["stimulant-ladder"])
    visits = without(CALIFORNIA, 11)
    first = earned(halves["first-half"], "stimulant_test", visits)
    second = earned(halves["second-half"], "stimulant_test", visits, SECOND_HALF)
    assert (sum(first), sum(second)) == (411_50, 161_00)
    assert sum(first) + sum(second) == 572_50


IN_HALVES = """
[[rule]]
id    = "first-half"
title = "Twelve weeks, one step up each time"
ends  = 2026-03-29
[rule.goal]
kind   = "any_of"
events = ["stimulant_test"]
values = ["negative"]
[[rule.reward]]
kind   = "ladder"
phases = [{ times = 24, start = "10.00", step = "1.50", every = 2 }]

[[rule]]
id     = "second-half"
title  = "Twelve more weeks"
[rule.goal]
kind   = "any_of"
events = ["stimulant_test"]
values = ["negative"]
[[rule.calendar]]
days  = ["mon"]
weeks = 12
[[rule.reward]]
kind   = "ladder"
climbs = "by_calendar"
phases = [{ times = 6, worth = "15.00" }, { times = 5, worth = "10.00" }, { times = 1, worth = "21.00" }]
"""


def test_what_california_would_have_paid_with_its_reset_stands_in_the_header() -> None:
    rungs = [week for week in WEEKS for _ in range(2)]
    later = 6 * 15_00 + 5 * 10_00 + 21_00
    reset = sum(rungs[:10]) + sum(rungs[:13]) + later
    restored = sum(rungs[:10]) + rungs[0] + sum(rungs[10:22]) + later
    assert (reset, restored) == (475_00, 556_00)
    header = header_of("stimulant-ladder", "stimulant-ladder.toml")
    assert {"475.00", "556.00", "581.50", "578.00", "599.00"} <= header


# Bowls.

TWICE_A_WEEK = weekly([0, 3], 12)


def bowl(rule: str) -> tuple[Rule, tuple[Slip, ...]]:
    found = rule_of("fishbowl", "fishbowl.toml", rule)
    reward = found.rewards[0]
    assert isinstance(reward, Fishbowl)
    return found, reward.slips


def mean_of(slips: Sequence[Slip]) -> Fraction:
    return Fraction(
        sum(slip.count * slip.worth for slip in slips), 100 * sum(slip.count for slip in slips)
    )


def variance_of(slips: Sequence[Slip]) -> Fraction:
    squares = Fraction(
        sum(slip.count * slip.worth**2 for slip in slips), sum(slip.count for slip in slips)
    )
    return squares / 100**2 - mean_of(slips) ** 2


def test_the_published_bowl_has_500_slips_a_mean_of_2_218_and_a_deviation_of_6_892() -> None:
    _, slips = bowl("published-bowl")
    assert [(slip.count, slip.worth) for slip in slips] == [
        (250, 0),
        (209, 1_00),
        (40, 20_00),
        (1, 100_00),
    ]
    assert mean_of(slips) == Fraction(2218, 1000)
    assert round(sqrt(variance_of(slips)), 3) == 6.892


def test_the_bowl_in_which_every_slip_wins_has_a_mean_of_4_69() -> None:
    _, slips = bowl("every-slip-wins")
    assert [(slip.count, slip.worth) for slip in slips] == [
        (69, 1_00),
        (20, 5_00),
        (10, 20_00),
        (1, 100_00),
    ]
    assert mean_of(slips) == Fraction(469, 100)
    assert min(slip.worth for slip in slips) > 0


def test_whoever_would_rather_not_draw_gets_what_a_draw_is_worth_on_average() -> None:
    rule = rule_of("fishbowl", "fishbowl.toml", "group-without-luck")
    assert earned(rule, "group_attended", [(MONDAY, True)]) == [4_69]


@pytest.mark.parametrize(
    ("id", "kind", "mean", "deviation"),
    [
        ("published-bowl", "test", 2.218, 6.892),
        # the square root of (69 x 1 + 20 x 25 + 10 x 400 + 10000) / 100 - 4.69 squared
        ("every-slip-wins", "group_attended", 4.69, sqrt(145.69 - 4.69**2)),
    ],
)
def test_100_000_draws_come_near_the_mean(
    id: str, kind: str, mean: float, deviation: float
) -> None:
    rule, _ = bowl(id)
    visits: list[Visit] = [
        (MONDAY + timedelta(weeks=n // 2, days=3 * (n % 2)), True) for n in range(100_000)
    ]
    if id == "published-bowl":
        visits = visits[:12_600]
    drawn = [
        award.cents
        for outcome in play(rule, events(kind, visits), DICE)
        if outcome.earned
        for _, award in outcome.earned.awards
    ][:100_000]
    assert len(drawn) == 100_000
    assert abs(sum(drawn) / 100_000 / 100 - mean) < 4 * deviation / sqrt(100_000)


def test_24_negative_tests_bring_164_draws() -> None:
    rule, slips = bowl("published-bowl")
    outcomes = play(rule, events("test", TWICE_A_WEEK), DICE)
    draws = [len(outcome.earned.awards) if outcome.earned else 0 for outcome in outcomes]
    assert draws == [1, 2, 3, 4, 5, 6, 7] + 17 * [8]
    assert sum(draws) == 164
    assert round(float(164 * mean_of(slips)), 2) == 363.75
    assert round(sqrt(164 * variance_of(slips)), 2) == 88.26


def test_a_setback_moves_the_draws_and_takes_none_away() -> None:
    rule, _ = bowl("published-bowl")
    visits = [*without(TWICE_A_WEEK, 11), (SECOND_HALF, True)]
    outcomes = play(rule, events("test", visits), DICE)
    draws = [len(outcome.earned.awards) if outcome.earned else 0 for outcome in outcomes]
    assert draws[10] == 0
    assert draws[:10] + draws[11:] == [1, 2, 3, 4, 5, 6, 7] + 17 * [8]


def test_what_a_reset_would_have_left_of_the_draws_stands_in_the_header() -> None:
    up = [1, 2, 3, 4, 5, 6, 7, 8]
    assert sum(up) + 16 * 8 == 164
    assert sum(up) + 2 * 8 + sum(up) + 5 * 8 == 128
    assert sum(up) + 15 * 8 == 156
    assert {"128", "156", "164"} <= header_of("fishbowl", "fishbowl.toml")


# The drop-in has no published total; its header says what a year comes to.


def test_48_visits_to_the_drop_in_come_to_what_its_header_says() -> None:
    rule = rule_of("drop-in", "drop-in.toml", "drop-in")
    climbing = [2_50, 3_75, 5_00, 6_25, 7_50, 8_75]
    assert sum(earned(rule, "visit", weekly([0], 48))) == (sum(climbing) + 42 * 10_00 + 16 * 10_00)
    assert {"613.75", "33.75"} <= header_of("drop-in", "drop-in.toml")
    assert sum(climbing) + 42 * 10_00 + 16 * 10_00 == 613_75


def header_of(starter: str, file: str) -> set[str]:
    """The words of the comment at the head of a rule file."""
    text = read_text(starters()[starter] / file).partition("[[rule]]")[0]
    return {word.strip(",.:;()") for word in text.split()}
