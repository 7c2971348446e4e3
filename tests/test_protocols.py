"""The starters after published protocols, to the cent, with what the originals would have paid.

Every amount here is typed out or worked out anew; none is taken from the program.
"""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from math import sqrt
from pathlib import Path

import pytest
from click.testing import Result
from cmengine_fishbowl import Fishbowl, Slip

from cmengine.dice import dice_from
from cmengine.evaluate import play
from cmengine.kept import with_settings
from cmengine.kinds import read_kinds
from cmengine.model import Event, Rule, Value
from cmengine.plugins import load_plugins
from cmengine.rules import Reader
from cmengine.settings import KINDS
from cmengine.starters import starters
from cmengine.toml import parse, read_text

REGISTRY = load_plugins()
DICE = dice_from(b"protocols")
MONDAY = date(2026, 1, 5)

Told = tuple[date, str, Value]


def rule_of(starter: str, rule: str, **settings: str) -> Rule:
    """One rule of a starter, with what a client sets in its goal."""
    folder = starters()[starter]
    kinds, mistakes = read_kinds(*parse(read_text(folder / KINDS), KINDS))
    assert mistakes == []
    reader = Reader(REGISTRY, kinds)
    drafts, mistakes = reader.read_file(*parse(read_text(folder / f"{starter}.toml"), "rules.toml"))
    assert mistakes == []
    draft = next(draft for draft in drafts if draft.rule.id == rule)
    own = [(f"goal.{key}", text) for key, text in settings.items()]
    found, mistakes = reader.read_rule(with_settings(draft.table, own, REGISTRY), draft.place)
    assert mistakes == []
    assert found is not None
    return found


def awards(rule: Rule, told: Sequence[Told]) -> list[list[int]]:
    """What each event earns, award by award, in cents."""
    events = [
        Event(
            id=f"e{n}",
            client="c1",
            kind=kind,
            at=datetime.combine(day, time(10), tzinfo=UTC),
            day=day,
            value=value,
        )
        for n, (day, kind, value) in enumerate(told)
    ]
    return [
        [award.cents for _, award in outcome.earned.awards] if outcome.earned else []
        for outcome in play(rule, events, DICE, MONDAY)
    ]


def earned(rule: Rule, told: Sequence[Told]) -> list[int]:
    return [sum(cents) for cents in awards(rule, told)]


def weekly(kind: str, days: Sequence[int], weeks: int, value: Value = None) -> list[Told]:
    return [
        (MONDAY + timedelta(weeks=week, days=day), kind, value)
        for week in range(weeks)
        for day in days
    ]


def but(told: Sequence[Told], number: int, kind: str, value: Value = None) -> list[Told]:
    """The same events, with another one in the place of the `number`-th."""
    there = list(told)
    there[number - 1] = (told[number - 1][0], kind, value)
    return there


def header_of(starter: str) -> set[str]:
    """The words of the comment at the head of a rule file."""
    text = read_text(starters()[starter] / f"{starter}.toml").partition("[[rule]]")[0]
    return {word.strip(",.:;()") for word in text.split()}


def runs(length: int, left_out: int) -> tuple[int, int]:
    """How long the two runs are that one setback leaves."""
    return left_out - 1, length - left_out


# The prize bowl of the Department of Veterans Affairs: 24 tests, 164 draws.

VETERANS = weekly("test", [0, 3], 12, "negative")
DRAWS = [1, 2, 3, 4, 5, 6, 7] + 17 * [8]
BOWLS = pytest.mark.parametrize("id", ["va-prize-bowl", "va-every-slip-wins"])


def slips_of(id: str) -> tuple[Slip, ...]:
    reward = rule_of("va-prize-bowl", id).rewards[0]
    assert isinstance(reward, Fishbowl)
    return reward.slips


def mean_and_variance(slips: Sequence[Slip]) -> tuple[Fraction, Fraction]:
    every = [Fraction(slip.worth, 100) for slip in slips for _ in range(slip.count)]
    mean = sum(every, Fraction(0)) / len(every)
    return mean, sum(((one - mean) ** 2 for one in every), Fraction(0)) / len(every)


@BOWLS
def test_24_negative_tests_bring_a_veteran_164_draws(id: str) -> None:
    draws = [len(one) for one in awards(rule_of("va-prize-bowl", id), VETERANS)]
    assert draws == DRAWS
    assert sum(draws) == 164


def test_164_draws_from_the_published_bowl_come_to_363_75_give_or_take_88_26() -> None:
    slips = slips_of("va-prize-bowl")
    assert [(slip.count, slip.worth) for slip in slips] == [
        (250, 0),
        (209, 1_00),
        (40, 20_00),
        (1, 100_00),
    ]
    mean, variance = mean_and_variance(slips)
    assert (mean, round(float(164 * mean), 2)) == (Fraction(1109, 500), 363.75)
    assert round(sqrt(164 * variance), 2) == 88.26
    assert {"363.75", "88.26"} <= header_of("va-prize-bowl")


def test_the_bowl_in_which_every_slip_wins_is_worth_the_same_with_less_chance_in_it() -> None:
    slips = slips_of("va-every-slip-wins")
    mean, variance = mean_and_variance(slips)
    assert sum(slip.count for slip in slips) == 500
    assert min(slip.worth for slip in slips) == 1_00
    assert mean == Fraction(1109, 500)
    assert round(sqrt(164 * variance), 2) == 67.64
    assert "67.64" in header_of("va-prize-bowl")


@pytest.mark.parametrize(
    ("starter", "id"), [("va-prize-bowl", "va-without-luck"), ("fishbowl", "tests-without-luck")]
)
def test_without_luck_each_draw_is_its_average_rounded_up_for_the_client(
    starter: str, id: str
) -> None:
    amounts = earned(rule_of(starter, id), VETERANS)
    assert amounts == [draws * 2_22 for draws in DRAWS]
    assert sum(amounts) == 364_08
    assert Fraction(1109, 500) < Fraction(222, 100) < Fraction(1109, 500) + Fraction(1, 100)
    assert "364.08" in header_of(starter)


@BOWLS
@pytest.mark.parametrize("number", [1, 8, 11, 24])
def test_a_veterans_setback_moves_the_draws_and_takes_none_away(id: str, number: int) -> None:
    visits = [*but(VETERANS, number, "test", "positive"), (date(2026, 3, 30), "test", "negative")]
    draws = [len(one) for one in awards(rule_of("va-prize-bowl", id), visits)]
    assert draws[number - 1] == 0
    assert draws[: number - 1] + draws[number:] == DRAWS


def test_what_a_reset_would_have_left_a_veteran_stands_in_the_header() -> None:
    before, after = runs(24, 11)
    reset = sum(DRAWS[:before]) + sum(DRAWS[:after])
    held = sum(DRAWS[: before + after])
    assert (reset, held, sum(DRAWS)) == (128, 156, 164)
    in_money = [f"{float(n * Fraction(1109, 500)):.2f}" for n in (reset, held)]
    assert in_money == ["283.90", "346.01"]
    assert {"128", "156", "164", *in_money} <= header_of("va-prize-bowl")


# Schedules that thin. The half year of Higgins and colleagues: 36 tests, then 24 small vouchers.

HALF_YEAR = weekly("test", [0, 2, 4], 20, "negative")
VISITS = weekly("visit", [0, 2, 4], 14)


def test_a_half_year_of_60_negative_tests_comes_to_1021_50() -> None:
    amounts = earned(rule_of("thinning", "half-year"), HALF_YEAR)
    rungs = [2_50 + 1_25 * n + (10_00 if n % 3 == 2 else 0) for n in range(36)]
    assert amounts == rungs + 24 * [1_00]
    assert sum(amounts[:36]) == 997_50
    assert sum(amounts) == 1021_50


@pytest.mark.parametrize("number", [1, 18, 36, 37, 60])
def test_a_setback_in_the_half_year_costs_one_small_voucher_or_a_visit_more(number: int) -> None:
    rule = rule_of("thinning", "half-year")
    with_setback = but(HALF_YEAR, number, "test", "positive")
    assert sum(earned(rule, with_setback)) == 1020_50
    later = (MONDAY + timedelta(weeks=20), "test", "negative")
    assert sum(earned(rule, [*with_setback, later])) == 1021_50


def test_what_the_half_year_would_have_paid_with_a_reset_stands_in_the_header() -> None:
    rungs = [2_50 + 1_25 * n for n in range(36)]
    before, after = runs(36, 18)
    bonuses = (before // 3 + after // 3) * 10_00
    reset = sum(rungs[:before]) + sum(rungs[:after]) + bonuses + 24 * 1_00
    restored = sum(rungs[:before]) + sum(rungs[:5]) + sum(rungs[17:30]) + bonuses + 24 * 1_00
    assert (reset, restored) == (582_75, 777_75)
    assert {"582.75", "777.75", "1020.50", "1021.50", "997.50"} <= header_of("thinning")


def test_a_strong_start_comes_to_360_00_in_36_visits_and_goes_on_at_2_00() -> None:
    amounts = earned(rule_of("thinning", "strong-start"), VISITS)
    assert amounts == 12 * [15_00] + 12 * [10_00] + 12 * [5_00] + 6 * [2_00]
    assert sum(amounts[:36]) == 360_00


@pytest.mark.parametrize("number", range(1, 37))
def test_one_visit_fewer_leaves_355_00_of_a_strong_start_whichever_it_was(number: int) -> None:
    rule = rule_of("thinning", "strong-start")
    fewer = but(VISITS[:36], number, "missed_visit")
    assert sum(earned(rule, fewer)) == 355_00
    assert sum(earned(rule, [*fewer, VISITS[36]])) == 360_00
    assert {"355.00", "360.00"} <= header_of("thinning")


@pytest.mark.parametrize("weeks", [1, 4, 52])
def test_a_gap_brings_a_strong_start_neither_up_nor_down(weeks: int) -> None:
    rule = rule_of("thinning", "strong-start")
    away = [
        (day + timedelta(weeks=weeks) if n >= 15 else day, kind, value)
        for n, (day, kind, value) in enumerate(VISITS)
    ]
    assert earned(rule, away) == earned(rule, VISITS)


# Attendance: two a week, a bonus by count.

COMING = weekly("appointment_kept", [1, 3], 12)


def test_24_visits_come_to_300_00_with_four_bonuses() -> None:
    amounts = earned(rule_of("attendance", "attendance"), COMING)
    assert amounts == [25_00 if n % 5 == 0 else 10_00 for n in range(1, 25)]
    assert sum(amounts) == 24 * 10_00 + 4 * 15_00 == 300_00


def test_any_day_and_hour_of_the_week_is_as_good_as_the_planned_one() -> None:
    rule = rule_of("attendance", "attendance")
    for days in ([0, 6], [2, 2], [5, 6]):
        assert earned(rule, weekly("group_attended", days, 12)) == earned(rule, COMING)


def test_one_visit_that_does_not_happen_leaves_290_00_and_a_25th_brings_300_00() -> None:
    rule = rule_of("attendance", "attendance")
    fewer = but(COMING, 5, "missed_visit")
    assert sum(earned(rule, fewer)) == 290_00
    assert sum(earned(rule, [*fewer, (date(2026, 4, 1), "group_attended", None)])) == 300_00


def test_what_five_in_a_row_would_have_left_stands_in_the_header() -> None:
    before, after = runs(24, 5)
    in_a_row = 23 * 10_00 + (before // 5 + after // 5) * 15_00
    four_of_five = [told for n, told in enumerate(COMING, start=1) if n % 5]
    here = sum(earned(rule_of("attendance", "attendance"), four_of_five))
    assert (in_a_row, len(four_of_five), here) == (275_00, 20, 260_00)
    assert {"275.00", "290.00", "300.00", "200.00", "260.00"} <= header_of("attendance")


def test_every_tenth_time_is_marked_with_years_between() -> None:
    rule = rule_of("attendance", "ten-times")
    rare = [(MONDAY + timedelta(days=200 * n), "group_attended", None) for n in range(20)]
    assert earned(rule, rare) == 2 * [*9 * [0], 5_00]


# Activities that clients choose: three a week, a bonus with every third.


def active(*a_week: int) -> list[Told]:
    kinds = ["activity_paper", "activity_seen", "activity_told"]
    return [
        (MONDAY + timedelta(weeks=week, days=2 * n), kinds[n], "in their own words")
        for week, times in enumerate(a_week)
        for n in range(times)
    ]


def test_three_activities_a_week_come_to_25_00_a_week_and_600_00_in_24_weeks() -> None:
    amounts = earned(rule_of("activities", "activities"), active(*24 * [3]))
    assert amounts == 24 * [5_00, 5_00, 15_00]
    assert sum(amounts[:12]) == 100_00
    assert sum(amounts) == 600_00


@pytest.mark.parametrize(
    ("weeks", "bundled", "here"),
    [
        ([2, *23 * [3]], 585_00, 585_00),
        ([2, 2, 2, *21 * [3]], 555_00, 575_00),
        (24 * [2], 240_00, 400_00),
    ],
)
def test_two_of_three_activities_leave_what_the_header_says(
    weeks: list[int], bundled: int, here: int
) -> None:
    assert sum(5_00 * n + (10_00 if n == 3 else 0) for n in weeks) == bundled
    assert sum(earned(rule_of("activities", "activities"), active(*weeks))) == here
    shown = {f"{cents // 100}.{cents % 100:02}" for cents in (bundled, here, 600_00)}
    assert shown <= header_of("activities")


def test_the_activity_that_was_not_done_can_be_done_later_for_all_of_600_00() -> None:
    weeks = active(2, *23 * [3], 1)
    assert sum(earned(rule_of("activities", "activities"), weeks)) == 600_00


def test_each_activity_draws_a_slip_that_wins_and_every_third_brings_the_bonus() -> None:
    got = awards(rule_of("activities", "activities-bowl"), active(3, 2, 1))
    assert [len(one) for one in got] == [1, 1, 2, 1, 1, 2]
    assert all(one[0] >= 1_00 for one in got)
    assert [one[1:] for one in got] == [[], [], [10_00], [], [], [10_00]]


def test_a_list_of_six_own_steps_comes_to_50_00_in_any_order() -> None:
    steps = ["dentist", "library card", "housing form", "bank account", "walk", "call mother"]
    rule = rule_of("activities", "my-own-steps", steps=",".join(steps))
    done: list[Told] = [
        (MONDAY + timedelta(days=3 * n), "step_done", step) for n, step in enumerate(steps)
    ]
    assert sum(earned(rule, done)) == sum(earned(rule, _backwards(done))) == 6 * 5_00 + 2 * 10_00


def _backwards(told: Sequence[Told]) -> list[Told]:
    days = [day for day, _, _ in told]
    return [(day, kind, value) for day, (_, kind, value) in zip(days, reversed(told), strict=True)]


# Any improvement: a quarter below the client's own bar.


def readings(*numbers: str) -> list[Told]:
    return [
        (MONDAY + timedelta(weeks=n // 3, days=2 * (n % 3)), "reading", Decimal(number))
        for n, number in enumerate(numbers)
    ]


@pytest.mark.parametrize(
    ("bar", "meets", "just_not"),
    [
        ("1000", "750", "751"),
        ("1000", "750.0", "750.000001"),
        ("7", "5.25", "5.26"),
        ("0", "0", "1"),
    ],
)
def test_a_quarter_below_the_bar_is_met_to_the_last_digit(
    bar: str, meets: str, just_not: str
) -> None:
    rule = rule_of("any-improvement", "any-improvement", bar=bar)
    assert earned(rule, readings(just_not, meets)) == [0, 2_50]


def test_neither_success_nor_setback_moves_the_bar() -> None:
    rule = rule_of("any-improvement", "any-improvement", bar="1000")
    assert earned(rule, readings("750", "740", "1200", "750")) == [2_50, 3_75, 0, 5_00]
    assert earned(rule, readings("1", "750", "9999", "750")) == [2_50, 3_75, 0, 5_00]


def test_a_bar_at_the_reading_before_would_have_paid_two_of_those_three() -> None:
    row = [1000, 750, 740, 1200, 750]
    moving = [100 * (was - now) >= 25 * was for was, now in pairwise(row)]
    assert moving == [True, False, False, True]


def test_24_readings_come_to_213_75_and_a_setback_costs_one_voucher_or_a_visit_more() -> None:
    rule = rule_of("any-improvement", "any-improvement", bar="1000")
    rungs = [2_50, 3_75, 5_00, 6_25, 7_50, 8_75] + 18 * [10_00]
    assert earned(rule, readings(*24 * ["700"])) == rungs
    setback = readings(*11 * ["700"], "1500", *13 * ["700"])
    assert sum(earned(rule, setback[:24])) == 203_75
    assert sum(earned(rule, setback)) == sum(rungs) == 213_75
    before, after = runs(24, 12)
    assert sum(rungs[:before]) + sum(rungs[:after]) == 177_50
    assert {"213.75", "203.75", "177.50"} <= header_of("any-improvement")


def test_holding_steady_counts_every_week() -> None:
    rule = rule_of("any-improvement", "holding-steady", bar="5")
    weeks: list[Told] = [
        (MONDAY + timedelta(weeks=n), "own_count", Decimal(count))
        for n, count in enumerate(["5", "5.0", "5.01", "4", "9", "5"])
    ]
    assert earned(rule, weeks) == [10_00, 10_00, 0, 10_00, 0, 10_00]


def test_only_the_client_moves_the_bar(tmp_path: Path, run: Callable[..., Result]) -> None:
    folder = tmp_path / "program"

    def done(*words: str) -> Result:
        result = run(*words, folder=folder)
        assert result.exit_code == 0, result.output
        return result

    def logged(on: str, *numbers: str) -> list[int]:
        shown = [
            done("log", "c1", "reading", number, "--on", on, "--json").stdout for number in numbers
        ]
        return [sum(award["cents"] for award in json.loads(one)["awards"]) for one in shown]

    assert run("init", folder, "--starter", "any-improvement", "--zone", "UTC").exit_code == 0
    done("rules", "publish")
    done("client", "add", "c1")
    chosen = ("goal", "choose", "c1", "any-improvement", "--words", "less", "--on", "2024-01-01")
    done(*chosen, "--set", "goal.bar=1000")
    assert logged("2024-01-01", "751", "750") == [0, 2_50]
    assert logged("2024-01-02", "10") == [3_75]
    assert logged("2024-01-08", "750") == [5_00]
    done("goal", "set", "c1", "any-improvement", "goal.bar=2000", "--on", "2024-02-05")
    assert logged("2024-02-05", "1501", "1500") == [0, 6_25]
    done("goal", "set", "c1", "any-improvement", "goal.bar=800", "--on", "2024-03-04")
    assert logged("2024-03-04", "601", "600") == [0, 7_50]
    assert logged("2024-02-06", "1500") == [8_75], "written down late, it meets the bar of its day"
