"""What may be issued now, and why not more: limits, funds, and who comes first, as values."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from random import Random
from typing import Any

import pytest
from attrs import evolve, frozen
from hypothesis import given
from hypothesis import strategies as st

from cmengine.course import Course
from cmengine.issuing import Hand
from cmengine.limits import (
    Allowance,
    Cap,
    Due,
    Fund,
    Share,
    Spent,
    Terms,
    allowance,
    binding,
    could_be_issued,
    first_day,
    held_of_all,
    in_order,
    near,
    plenty,
    turns_over,
    warn_line,
    window_of,
)
from cmengine.options import Place
from cmengine.plugins import load_plugins
from cmengine.rules import Reader

JAN = date(2026, 1, 5)
PEOPLE = ["ann", "bea", "cal"]


@frozen
class Given:
    """A share that was issued: to whom, on which day."""

    client: str
    on: date
    share: Share


def asked(
    client: str,
    queue: Sequence[Due],
    terms: Terms,
    today: date,
    given: Sequence[Given] = (),
) -> Allowance:
    """Ask with what was issued so far, and with what each fund paid of what waits."""
    left, spent = what_is_left(queue, given)
    return allowance(client, left, spent, [evolve(one, client="") for one in spent], terms, today)


def what_is_left(queue: Sequence[Due], given: Sequence[Given]) -> tuple[list[Due], list[Spent]]:
    """Give what still waits after some was issued, and what was issued."""
    paid: dict[tuple[int, int], Counter[str]] = {}
    for one in given:
        paid.setdefault(one.share.award, Counter())[one.share.fund] += one.share.cents
    left = [
        evolve(
            due,
            cents=due.cents - paid.get(due.award, Counter()).total(),
            paid=dict(paid.get(due.award, {})),
        )
        for due in queue
        if due.cents > paid.get(due.award, Counter()).total()
    ]
    return left, [Spent(one.share.fund, one.on, one.share.cents, one.client) for one in given]


def issued(client: str, on: date, may: Allowance, cents: int | None = None) -> list[Given]:
    return [Given(client, on, share) for share in may.first(may.cents if cents is None else cents)]


def due(n: int, cents: int, client: str = "ann", rule: str = "drop-in", since: date = JAN) -> Due:
    return Due(client=client, award=(n, 1), rule=rule, cents=cents, since=since)


# Windows, worked by hand.


@pytest.mark.parametrize(
    ("window", "day", "begins", "next_one"),
    [
        ("month", date(2026, 1, 31), date(2026, 1, 1), date(2026, 2, 1)),
        ("month", date(2024, 2, 29), date(2024, 2, 1), date(2024, 3, 1)),
        ("month", date(2026, 12, 31), date(2026, 12, 1), date(2027, 1, 1)),
        ("calendar_year", date(2026, 12, 31), date(2026, 1, 1), date(2027, 1, 1)),
        ("budget_year", date(2026, 9, 30), date(2025, 10, 1), date(2026, 10, 1)),
        ("budget_year", date(2026, 10, 1), date(2026, 10, 1), date(2027, 10, 1)),
        ("program", date(2026, 10, 1), None, None),
        ("award", date(2026, 10, 1), None, None),
    ],
)
def test_a_window_begins_and_turns_over_on_its_days(
    window: Any, day: date, begins: date | None, next_one: date | None
) -> None:
    assert first_day(day, window, (10, 1)) == begins
    assert turns_over(day, window, (10, 1)) == next_one


@given(
    st.dates(date(2000, 1, 1), date(2040, 1, 1)),
    st.sampled_from(["month", "calendar_year", "budget_year"]),
    st.sampled_from([(1, 1), (7, 1), (10, 1), (2, 28), (12, 31)]),
)
def test_a_day_is_in_the_window_that_begins_on_or_before_it(
    day: date, window: Any, year: tuple[int, int]
) -> None:
    begins, turns = first_day(day, window, year), turns_over(day, window, year)
    assert begins is not None and turns is not None
    assert begins <= day < turns
    assert window_of(begins, window, year) == window_of(day, window, year)
    before, last = begins - timedelta(days=1), turns - timedelta(days=1)
    assert window_of(last, window, year) == window_of(day, window, year)
    assert window_of(before, window, year) != window_of(day, window, year)
    assert window_of(turns, window, year) != window_of(day, window, year)


def test_funds_pay_in_the_order_that_they_say_and_then_by_name() -> None:
    assert in_order({"b": "", "a": ""}) == ["a", "b"]
    assert in_order({"a": "b", "b": "c", "c": ""}) == ["c", "b", "a"]
    assert in_order({"gifts": "grant", "grant": "", "city": ""}) == ["city", "grant", "gifts"]
    with pytest.raises(ValueError, match="after itself"):
        in_order({"a": "b", "b": "a"})


# One client and a limit, worked by hand.


def test_without_funds_and_limits_all_that_waits_may_be_issued() -> None:
    may = asked("ann", [due(1, 250), due(2, 375)], Terms(), JAN)
    assert (may.cents, may.waiting, may.held) == (625, 625, ())
    assert may.first(300) == (Share((1, 1), "", 250), Share((2, 1), "", 50))
    with pytest.raises(ValueError, match="more than may be issued"):
        may.first(626)


def test_the_remainder_is_paid_and_the_rest_waits_until_the_window_turns() -> None:
    terms = Terms(caps=(Cap(name="year", window="calendar_year", most=750_00),))
    before = [Given("ann", JAN, Share((1, 1), "", 718_75))]
    queue = [due(1, 718_75), due(2, 40_00)]
    may = asked("ann", queue, terms, date(2026, 3, 16), before)
    assert (may.cents, may.waiting) == (31_25, 40_00)
    (held,) = may.held
    assert (held.cents, held.until) == (8_75, date(2027, 1, 1))
    assert (
        held.why
        == "the limit 'year' lets 750.00 a calendar year be issued to one client, and that is reached"
    )
    assert held.todo == "more can be issued from 2027-01-01 on"
    after = [*before, *issued("ann", date(2026, 3, 16), may)]
    assert asked("ann", queue, terms, date(2026, 12, 31), after).cents == 0
    assert asked("ann", queue, terms, date(2027, 1, 1), after).cents == 8_75


def test_a_limit_per_award_lets_so_much_of_each_and_the_rest_waits_for_a_change() -> None:
    terms = Terms(caps=(Cap(name="small", window="award", most=4_99, ask="Maria"),))
    queue = [due(1, 12_50), due(2, 3_00)]
    may = asked("ann", queue, terms, JAN)
    assert [share.cents for share in may.shares] == [4_99, 3_00]
    assert may.held[0].cents == 7_51
    assert may.held[0].until is None
    assert may.held[0].todo == "whoever set the limit may raise it, or ask Maria"
    after = issued("ann", JAN, may)
    assert asked("ann", queue, terms, date(2030, 1, 1), after).cents == 0
    raised = evolve(terms, caps=(evolve(terms.caps[0], most=10_00),))
    assert asked("ann", queue, raised, JAN, after).shares == (Share((1, 1), "", 5_01),)


def test_of_several_limits_the_one_that_lasts_the_longest_says_until_when() -> None:
    caps = (
        Cap(name="month", window="month", most=10_00),
        Cap(name="year", window="calendar_year", most=10_00),
    )
    may = asked("ann", [due(1, 25_00)], Terms(caps=caps), JAN)
    assert (may.cents, may.held[0].until) == (10_00, date(2027, 1, 1))
    assert "'year'" in may.held[0].why


def test_a_second_fund_pays_at_once_what_a_limit_of_the_first_holds_back() -> None:
    caps = (Cap(name="grant's", window="budget_year", most=750_00, fund="grant"),)
    grant, gifts = Fund(name="grant", amount=5000_00), Fund(name="gifts", amount=100_00)
    before = [Given("ann", JAN, Share((1, 1), "grant", 718_75))]
    queue = [due(1, 718_75), due(2, 40_00)]
    terms = Terms(funds=(grant, gifts), caps=caps)
    may = asked("ann", queue, terms, JAN, before)
    assert may.shares == (Share((2, 1), "grant", 31_25), Share((2, 1), "gifts", 8_75))
    assert may.held == ()
    other = evolve(terms, funds=(grant, evolve(gifts, pays_for=("group",))))
    may = asked("ann", queue, other, JAN, before)
    assert (may.cents, may.held[0].cents) == (31_25, 8_75)
    assert "may pay once 'drop-in' stands in its pays_for" in may.held[0].todo
    assert "another fund may pay it at once" in may.held[0].todo


def test_what_another_fund_paid_is_not_added_up_in_a_limit_of_one_fund() -> None:
    caps = (Cap(name="grant's", window="program", most=10_00, fund="grant"),)
    terms = Terms(
        funds=(Fund(name="gifts", amount=7_00), Fund(name="grant", amount=99_00)), caps=caps
    )
    queue = [due(1, 30_00)]
    may = asked("ann", queue, terms, JAN)
    assert may.shares == (Share((1, 1), "gifts", 7_00), Share((1, 1), "grant", 10_00))
    after = issued("ann", JAN, may, 12_00)
    assert asked("ann", queue, terms, JAN, after).shares == (Share((1, 1), "grant", 5_00),)
    everybody = evolve(terms, caps=(evolve(caps[0], fund=""),))
    assert asked("ann", queue, everybody, JAN).cents == 10_00


def test_an_empty_fund_says_so_and_a_rule_that_nothing_pays_for_too() -> None:
    terms = Terms(funds=(Fund(name="grant", amount=3_00, ask="Maria"),))
    may = asked("ann", [due(1, 5_00)], terms, JAN)
    assert (may.cents, may.held[0].cents) == (3_00, 2_00)
    assert may.held[0].why == "the fund 'grant' is used up just now"
    assert "cmengine fund add 'grant' AMOUNT" in may.held[0].todo
    assert "ask Maria" in may.held[0].todo
    nothing = Terms(funds=(Fund(name="grant", amount=0, pays_for=("group",)),))
    assert (
        asked("ann", [due(1, 5_00)], nothing, JAN).held[0].why
        == "no fund pays for 'drop-in' so far"
    )


def test_a_limit_is_in_force_from_its_first_day_to_its_last() -> None:
    cap = Cap(
        name="2026",
        window="program",
        most=1_00,
        starts=date(2026, 1, 10),
        ends=date(2026, 1, 20),
    )
    terms = Terms(caps=(cap,))
    queue = [due(1, 9_00)]
    assert asked("ann", queue, terms, date(2026, 1, 9)).cents == 9_00
    before = [Given("ann", date(2026, 1, 9), Share((0, 1), "", 5_00))]
    may = asked("ann", queue, terms, date(2026, 1, 10), before)
    assert (may.cents, may.held[0].until) == (1_00, date(2026, 1, 21))
    assert asked("ann", queue, terms, date(2026, 1, 21), before).cents == 9_00


# Who comes first.


def test_what_is_scarce_is_kept_for_whoever_earned_it_earlier() -> None:
    terms = Terms(funds=(Fund(name="grant", amount=100_00),))
    queue = [due(1, 80_00, "ann"), due(2, 30_00, "bea")]
    may = asked("bea", queue, terms, JAN)
    assert (may.cents, may.held[0].cents) == (20_00, 10_00)
    assert "kept for those who earned it earlier" in may.held[0].why
    assert asked("ann", queue, terms, JAN, issued("bea", JAN, may)).cents == 80_00


def test_nobody_is_kept_waiting_by_somebody_whom_another_limit_holds_back() -> None:
    """Ann earned first, and has had her month: what is left is for Bea, who stands at the desk."""
    terms = Terms(
        funds=(Fund(name="grant", amount=100_00),),
        caps=(Cap(name="month", window="month", most=50_00),),
    )
    before = [Given("ann", JAN, Share((0, 1), "grant", 50_00))]
    queue = [due(0, 50_00, "ann"), due(1, 40_00, "ann"), due(2, 50_00, "bea")]
    assert asked("ann", queue, terms, JAN, before).cents == 0
    assert asked("bea", queue, terms, JAN, before).cents == 50_00


def test_room_in_a_funds_month_is_kept_until_a_month_has_ended_with_room_left() -> None:
    """Ann waits since 10 January and does not come by. In February her room is kept. It ends with room
    left over, so that from March on the room is for whoever comes; the money stays kept.
    """
    terms = Terms(
        funds=(Fund(name="grant", amount=90_00),),
        caps=(Cap(name="fund's month", window="month", most=50_00, per="fund", fund="grant"),),
    )
    queue = [
        due(1, 60_00, "ann", since=date(2026, 1, 10)),
        due(2, 45_00, "bea", since=date(2026, 1, 11)),
    ]
    for day in (date(2026, 1, 12), date(2026, 1, 31), date(2026, 2, 1), date(2026, 2, 28)):
        may = asked("bea", queue, terms, day)
        assert may.cents == 0
        assert may.held[0].until == turns_over(day, "month", (1, 1))
    march = date(2026, 3, 1)
    may = asked("bea", queue, terms, march)
    assert may.cents == 40_00, "50.00 could be issued to Ann now, and are kept of the 90.00"
    after = issued("bea", march, may)
    assert asked("ann", queue, terms, march, after).cents == 10_00
    assert asked("ann", queue, terms, date(2026, 4, 1), after).cents == 50_00


# What funders change, and what lies on a border.


def test_a_limit_or_a_fund_that_was_lowered_takes_nothing_back() -> None:
    """More was issued than may be now: nothing more is issued, and never less than nothing."""
    before = [Given("ann", JAN, Share((1, 1), "grant", 30_00))]
    queue = [due(1, 30_00), due(2, 12_00)]
    limit = Cap(name="month", window="month", most=20_00)
    for terms in (
        Terms(funds=(Fund(name="grant", amount=500_00),), caps=(limit,)),
        Terms(funds=(Fund(name="grant", amount=20_00),)),
        Terms(funds=(Fund(name="grant", amount=20_00), Fund(name="gifts", amount=0))),
    ):
        may = asked("ann", queue, terms, JAN, before)
        assert (may.cents, may.shares, may.waiting) == (0, (), 12_00)
        assert [held.cents for held in may.held] == [12_00]
    both = Terms(funds=(Fund(name="grant", amount=20_00), Fund(name="gifts", amount=7_00)))
    assert asked("ann", queue, both, JAN, before).shares == (Share((2, 1), "gifts", 7_00),)


def test_of_two_funds_the_one_that_may_pay_again_first_says_from_when_on() -> None:
    terms = Terms(
        funds=(Fund(name="grant", amount=99_00), Fund(name="gifts", amount=99_00)),
        caps=(
            Cap(name="year", window="calendar_year", most=0, fund="grant"),
            Cap(name="month", window="month", most=0, fund="gifts"),
        ),
    )
    (held,) = asked("ann", [due(1, 5_00)], terms, JAN).held
    assert held.until == date(2026, 2, 1)
    assert "'year'" in held.why and "'month'" in held.why


def test_what_holds_for_several_funds_is_said_once() -> None:
    terms = Terms(
        funds=(Fund(name="grant", amount=99_00), Fund(name="gifts", amount=99_00)),
        caps=(Cap(name="month", window="month", most=0, ask="Maria"),),
    )
    (held,) = asked("ann", [due(1, 5_00)], terms, JAN).held
    assert (
        held.why
        == "the limit 'month' lets 0.00 a month be issued to one client, and that is reached"
    )
    assert held.instead == ("more can be issued from 2026-02-01 on", "ask Maria")


def test_a_limit_without_an_end_lasts_longer_than_any_other() -> None:
    for caps in (
        (Cap(name="month", window="month", most=0), Cap(name="ever", window="program", most=0)),
        (Cap(name="ever", window="program", most=0), Cap(name="month", window="month", most=0)),
    ):
        (held,) = asked("ann", [due(1, 5_00)], Terms(caps=caps), JAN).held
        assert "'ever'" in held.why and held.until is None
        assert held.instead == ("whoever set the limit may raise it",)


def test_a_limit_that_ends_before_its_window_turns_holds_back_no_longer_than_that() -> None:
    for ends, until in (
        (date(2026, 1, 20), date(2026, 1, 21)),
        (date(2026, 1, 31), date(2026, 2, 1)),
        (date(2026, 3, 31), date(2026, 2, 1)),
    ):
        cap = Cap(name="month", window="month", most=0, ends=ends)
        (held,) = asked("ann", [due(1, 5_00)], Terms(caps=(cap,)), JAN).held
        assert held.until == until
    last = Cap(name="month", window="month", most=0, ends=JAN)
    assert asked("ann", [due(1, 5_00)], Terms(caps=(last,)), JAN).cents == 0
    assert asked("ann", [due(1, 5_00)], Terms(caps=(last,)), JAN + timedelta(days=1)).cents == 5_00


def test_a_month_in_which_a_limit_began_is_no_month_that_ended_with_room_left() -> None:
    """The limit began on 10 February: March is the first whole month in which Ann could have had room."""
    cap = Cap(
        name="fund's month", window="month", most=50_00, per="fund", fund="grant",
        starts=date(2026, 2, 10),
    )  # fmt: skip
    terms = Terms(funds=(Fund(name="grant", amount=200_00),), caps=(cap,))
    queue = [
        due(1, 60_00, "ann", since=date(2026, 1, 10)),
        due(2, 45_00, "bea", since=date(2026, 1, 11)),
    ]
    assert asked("bea", queue, terms, date(2026, 3, 31)).cents == 0
    assert asked("bea", queue, terms, date(2026, 4, 1)).cents == 45_00
    always = evolve(terms, caps=(evolve(cap, starts=date(2026, 2, 1)),))
    assert asked("bea", queue, always, date(2026, 3, 1)).cents == 45_00


def test_room_was_there_for_whoever_waited_before_the_month_began() -> None:
    cap = Cap(name="fund's month", window="month", most=50_00, per="fund", fund="grant")
    terms = Terms(funds=(Fund(name="grant", amount=200_00),), caps=(cap,))
    for since, march in ((date(2026, 1, 31), 45_00), (date(2026, 2, 1), 0)):
        queue = [due(1, 60_00, "ann", since=since), due(2, 45_00, "bea", since=since)]
        assert asked("bea", queue, terms, date(2026, 3, 1)).cents == march
        assert asked("bea", queue, terms, date(2026, 4, 1)).cents == 45_00


def test_of_somebody_who_is_late_no_more_money_is_kept_than_there_is_room_for() -> None:
    """45.00 of March's 50.00 are issued: for Ann 5.00 of the money are kept, and the other 5.00 of room are Bea's."""
    cap = Cap(name="fund's month", window="month", most=50_00, per="fund", fund="grant")
    terms = Terms(funds=(Fund(name="grant", amount=55_00),), caps=(cap,))
    march = date(2026, 3, 1)
    before = [Given("cal", march, Share((0, 1), "grant", 45_00))]
    queue = [
        due(0, 45_00, "cal"),
        due(1, 60_00, "ann", since=date(2026, 1, 10)),
        due(2, 45_00, "bea", since=date(2026, 1, 11)),
    ]
    may = asked("bea", queue, terms, march, before)
    assert (may.cents, [held.cents for held in may.held]) == (5_00, [40_00])
    assert asked("ann", queue, terms, march, [*before, *issued("bea", march, may)]).cents == 0


def test_what_another_fund_paid_of_an_award_is_not_added_up_in_a_limit_of_one_fund() -> None:
    cap = Cap(name="grant's", window="award", most=10_00, fund="grant")
    terms = Terms(funds=(Fund(name="grant", amount=99_00),), caps=(cap,))
    queue = [due(1, 30_00)]
    before = [
        Given("ann", JAN, Share((1, 1), "gifts", 7_00)),
        Given("ann", JAN, Share((1, 1), "grant", 4_00)),
    ]
    assert asked("ann", queue, terms, JAN, before).shares == (Share((1, 1), "grant", 6_00),)
    any_fund = evolve(terms, caps=(evolve(cap, most=15_00, fund=""),))
    assert asked("ann", queue, any_fund, JAN, before).shares == (Share((1, 1), "grant", 4_00),)


def test_plenty_is_as_much_as_waits_to_the_cent_and_no_less() -> None:
    fund = Fund(name="grant", amount=100_00)
    month = Cap(name="month", window="month", most=40_00, per="fund", fund="grant")
    award = Cap(name="award", window="award", most=1, per="fund", fund="grant")
    spent = [Spent("grant", JAN, 10_00)]
    assert plenty(Terms(funds=(fund,)), spent, 90_00, JAN)
    assert not plenty(Terms(funds=(fund,)), spent, 90_01, JAN)
    assert not plenty(Terms(funds=(fund, Fund(name="gifts", amount=5_00))), spent, 90_00, JAN)
    terms = Terms(funds=(fund,), caps=(month,))
    assert plenty(terms, spent, 30_00, JAN) and not plenty(terms, spent, 30_01, JAN)
    assert plenty(terms, spent, 40_00, date(2026, 2, 1)), "a month later the room is there again"
    assert plenty(Terms(funds=(fund,), caps=(award,)), spent, 90_00, JAN), "of each award apart"


def test_of_what_nothing_was_used_nothing_is_said_and_sources_stand_with_lines_alone() -> None:
    year = Cap(name="year", window="calendar_year", most=750_00, cite="OIG 22-04")
    terms = Terms(
        funds=(Fund(name="empty", amount=0), Fund(name="gifts", amount=1)),
        caps=(year,),
        lines=(
            evolve(year, most=600_00),
            Cap(name="first cent", window="program", most=0, per="fund"),
            Cap(name="of all", window="month", most=3, per="fund", fund="gifts"),
            Cap(name="award", window="award", most=0),
        ),
    )
    assert near("ann", [], [], terms, JAN) == []
    others = [Spent("gifts", JAN, 600_00, "bea")]
    assert [one.name for one in near("ann", others, [], terms, JAN)] == []
    found = near("ann", [Spent("gifts", JAN, 600_00, "ann")], [Spent("gifts", JAN, 3)], terms, JAN)
    assert [one.words for one in found] == [
        "'year': 600.00 of 750.00 has been issued to them this calendar year",
        "'first cent': 0.03 has been issued in all; the line is at 0.00",
        "'of all': 0.03 has been issued in all this month; the line is at 0.03",
        "'gifts': 0.03 of 0.01 has been issued in all",
    ]


@given(st.integers(0, 10**9))
def test_a_line_is_reached_at_80_percent_and_not_a_cent_before(amount: int) -> None:
    line = warn_line(amount)
    assert line * 100 >= amount * 80
    assert (line - 1) * 100 < amount * 80


def test_what_another_fund_pays_at_once_is_offered_where_one_fund_has_its_own_limit() -> None:
    terms = Terms(
        funds=(Fund(name="grant", amount=9_00, ask="Maria"),),
        caps=(Cap(name="all", window="month", most=5_00, per="fund", fund="grant", ask="Sol"),),
    )
    (held,) = asked("ann", [due(1, 8_00)], terms, JAN).held
    assert (
        held.why
        == "the limit 'all' lets 5.00 a month be issued to all clients together, and that is reached"
    )
    assert held.instead == (
        "more can be issued from 2026-02-01 on",
        "another fund may pay it at once",
        "ask Sol",
    )
    small = evolve(terms, caps=(Cap(name="one", window="award", most=5_00),))
    (held,) = asked("ann", [due(1, 8_00)], small, JAN).held
    assert held.why == "the limit 'one' lets 5.00 of one award be issued"
    assert held.instead == ("whoever set the limit may raise it", "ask Maria")


def test_a_fund_that_is_empty_and_would_not_pay_is_not_named_beside_a_limit() -> None:
    cap = Cap(name="month", window="month", most=0)
    for left, kinds in ((0, ["limit"]), (7_00, ["limit", "rule"])):
        funds = (
            Fund(name="grant", amount=100_00),
            Fund(name="gifts", amount=left, pays_for=("group",)),
        )
        ((held, whose),) = held_of_all([due(1, 5_00)], (), (), Terms(funds=funds, caps=(cap,)), JAN)
        assert ([str(one.kind) for one in held.reasons], held.cents) == (kinds, 5_00)
        assert list(whose) == ["ann"]


def test_where_no_fund_pays_for_a_rule_it_is_said_also_where_all_are_empty() -> None:
    for left, words in (
        (0, "no fund pays for 'drop-in' so far"),
        (7_00, "the fund 'gifts' does not pay for 'drop-in' so far"),
    ):
        funds = (Fund(name="gifts", amount=left, pays_for=("group",)),)
        ((held, _),) = held_of_all([due(1, 5_00)], (), (), Terms(funds=funds), JAN)
        assert (held.cents, held.why) == (5_00, words)
        assert held.instead


def test_nothing_is_kept_for_others_where_there_are_none() -> None:
    """A month of the fund's is full by what waits for Ann alone; with Bea before her it is kept for Bea."""
    cap = Cap(name="fund's month", window="month", most=10_00, per="fund", fund="grant")
    terms = Terms(funds=(Fund(name="grant", amount=100_00),), caps=(cap,))
    alone = [due(1, 8_00), due(2, 8_00)]
    ((held, _),) = held_of_all(alone, (), (), terms, JAN)
    assert (held.cents, [one.kind for one in held.reasons]) == (6_00, ["limit"])
    ((held, whose),) = held_of_all([due(1, 8_00, "bea"), due(2, 8_00)], (), (), terms, JAN)
    assert (held.cents, list(whose)) == (6_00, ["ann"])
    assert [one.kind for one in held.reasons] == ["queue"]
    fund = Terms(funds=(Fund(name="grant", amount=10_00),))
    ((held, _),) = held_of_all(alone, (), (), fund, JAN)
    assert (held.cents, [one.kind for one in held.reasons]) == (6_00, ["fund"])
    ((held, _),) = held_of_all([due(1, 8_00, "bea"), due(2, 8_00)], (), (), fund, JAN)
    assert (held.cents, [one.kind for one in held.reasons]) == (6_00, ["queue"])


# The same, whatever happens.

days = st.dates(date(2026, 1, 1), date(2027, 6, 30))
caps = st.builds(
    Cap,
    name=st.sampled_from(["one", "two"]),
    window=st.sampled_from(["award", "month", "calendar_year", "budget_year", "program"]),
    most=st.integers(0, 40),
    per=st.sampled_from(["client", "client", "fund"]),
    fund=st.sampled_from(["", "grant", "gifts"]),
).map(lambda cap: evolve(cap, fund=cap.fund or "grant") if cap.per == "fund" else cap)
funds = st.lists(
    st.builds(
        Fund,
        name=st.sampled_from(["grant", "gifts"]),
        amount=st.integers(0, 80),
        pays_for=st.sampled_from([(), (), ("drop-in",), ("group",)]),
    ),
    min_size=1,
    max_size=2,
    unique_by=lambda fund: fund.name,
).map(tuple)
terms_drawn = st.builds(
    Terms,
    funds=st.one_of(st.just((Fund(),)), funds),
    caps=st.lists(caps, max_size=3).map(tuple),
    budget_year=st.sampled_from([(1, 1), (10, 1)]),
)
queues = st.lists(
    st.tuples(st.sampled_from(PEOPLE), st.integers(1, 30), st.sampled_from(["drop-in", "group"])),
    max_size=8,
).map(
    lambda rows: [
        due(n, cents, who, rule, date(2026, 1, 1)) for n, (who, cents, rule) in enumerate(rows, 1)
    ]
)
visits = st.lists(
    st.tuples(days, st.sampled_from(PEOPLE), st.one_of(st.none(), st.integers(1, 30))), max_size=8
).map(lambda rows: sorted(rows, key=lambda row: row[0]))


def beyond(given: Sequence[Given], now: Sequence[Given], terms: Terms) -> list[str]:
    """Find by plain adding up what goes beyond a limit or a fund and was added to just now."""
    today = now[0].on if now else JAN
    named = {fund.name: fund for fund in terms.funds}
    found = [
        f"fund {name}"
        for name, fund in named.items()
        if fund.amount is not None
        and any(one.share.fund == name for one in now)
        and sum(one.share.cents for one in given if one.share.fund == name) > fund.amount
    ]

    def name_of(cap: Cap, one: Given) -> str | None:
        if cap.fund not in ("", one.share.fund):
            return None
        year = one.on.year - (f"{one.on:%m-%d}" < "{:02}-{:02}".format(*terms.budget_year))
        span = {
            "award": f"award {one.share.award}",
            "month": f"{one.on:%Y-%m}",
            "calendar_year": f"{one.on:%Y}",
            "budget_year": f"budget {year}",
            "program": "all",
        }[cap.window]
        return span + (one.client if cap.per == "client" else "")

    for cap in terms.caps:
        sums: Counter[str] = Counter()
        for one in given:
            if (name := name_of(cap, one)) is not None:
                sums[name] += one.share.cents
        touched = {name for one in now if (name := name_of(cap, one)) is not None}
        found += [f"{cap.name} {name}" for name in touched if sums[name] > cap.most]
    assert all(one.on == today for one in now)
    return found


@given(queues, visits, st.lists(terms_drawn, min_size=1, max_size=3))
def test_never_above_a_limit_or_a_fund_in_force_and_always_as_much_as_can_be(
    queue: list[Due],
    visits: list[tuple[date, str, int | None]],
    several: list[Terms],
) -> None:
    """Funders change their minds from one visit to the next; what was issued stays issued."""
    given: list[Given] = []
    for n, (day, client, cents) in enumerate(visits):
        terms = several[n % len(several)]
        may = asked(client, queue, terms, day, given)
        assert may.cents + sum(held.cents for held in may.held) == may.waiting
        assert all(share.cents > 0 for share in may.shares)
        assert all(held.cents > 0 for held in may.held)
        earned = sum(due.cents for due in queue if due.client == client)
        before = sum(one.share.cents for one in given if one.client == client)
        assert may.waiting == earned - before
        now = issued(client, day, may, None if cents is None else min(cents, may.cents))
        assert beyond([*given, *now], now, terms) == []
        given += now
        for share in may.shares:
            of = next(due for due in queue if due.award == share.award)
            assert of.client == client
            fund = next(fund for fund in terms.funds if fund.name == share.fund)
            assert fund.pays(of.rule)
        alone = [one for one in queue if one.client == client]
        for one in alone:  # a cent more from any fund would be beyond something
            rest = one.cents - sum(g.share.cents for g in given if g.share.award == one.award)
            for fund in terms.funds if rest and cents is None else ():
                more = [Given(client, day, Share(one.award, fund.name, 1))]
                if not fund.pays(one.rule) or beyond([*given, *more], more, terms):
                    continue
                assert any(r.kind == "queue" for held in may.held for r in held.reasons)


@given(queues, visits, terms_drawn, st.sampled_from(PEOPLE), st.integers(0, 30))
def test_no_later_award_jumps_ahead_of_an_earlier_one(
    queue: list[Due],
    visits: list[tuple[date, str, int | None]],
    terms: Terms,
    client: str,
    cents: int,
) -> None:
    """What could be issued for whatever was earned earlier can still be issued, just as much of it.

    Nobody has been waiting for a whole window of a fund here: see the test above for that.
    """
    terms = evolve(
        terms,
        caps=tuple(
            evolve(cap, window="program") if cap.per == "fund" else cap for cap in terms.caps
        ),
    )
    given: list[Given] = []
    for day, who, _ in visits:
        given += issued(who, day, asked(who, queue, terms, day, given))
    today = visits[-1][0] if visits else JAN
    may = asked(client, queue, terms, today, given)
    now = issued(client, today, may, min(cents, may.cents))
    if not now:
        return
    last = max(one.share.award for one in now)
    for other in PEOPLE:
        if other == client:
            continue
        mine = [asked(other, queue, terms, today, some) for some in (given, [*given, *now])]
        before, after = [[share for share in each.shares if share.award < last] for each in mine]
        assert before == after


@given(queues, terms_drawn, days)
def test_where_there_is_plenty_others_need_not_be_thought_of(
    queue: list[Due], terms: Terms, today: date
) -> None:
    waiting = sum(one.cents for one in queue)
    if not plenty(terms, [], waiting, today):
        return
    for client in PEOPLE:
        alone = [one for one in queue if one.client == client]
        assert asked(client, queue, terms, today) == asked(client, alone, terms, today)


@given(queues, visits, terms_drawn, days)
def test_who_could_be_issued_something_is_found_for_all_at_once(
    queue: list[Due], visits: list[tuple[date, str, int | None]], terms: Terms, today: date
) -> None:
    given: list[Given] = []
    for day, client, cents in visits:
        may = asked(client, queue, terms, day, given)
        given += issued(client, day, may, None if cents is None else min(cents, may.cents))
    today = max([today, *(one.on for one in given)])
    one_by_one = {client for client in PEOPLE if asked(client, queue, terms, today, given).cents}
    left, spent = what_is_left(queue, given)
    from_funds = [evolve(one, client="") for one in spent]
    assert could_be_issued(left, spent, from_funds, terms, today) == one_by_one


@given(queues, terms_drawn, st.permutations(PEOPLE))
def test_nothing_is_kept_that_nobody_could_have(
    queue: list[Due], terms: Terms, order: list[str]
) -> None:
    """When everybody has come by on one day, in any order, nobody is kept waiting for somebody else."""
    given: list[Given] = []
    for client in [*order, *order, *order]:
        given += issued(client, JAN, asked(client, queue, terms, JAN, given))
    for client in PEOPLE:
        may = asked(client, queue, terms, JAN, given)
        assert may.cents == 0
        assert not [r for held in may.held for r in held.reasons if r.kind == "queue"]


# What is thought of ahead, and what is issued, agree.

READER = Reader(load_plugins(), None)


@given(
    st.integers(1, 30),
    st.integers(0, 400),
    st.lists(
        st.builds(
            Cap,
            name=st.just("some"),
            window=st.sampled_from(["award", "month", "calendar_year", "budget_year", "program"]),
            most=st.integers(0, 3000),
        ),
        max_size=3,
    ),
)
def test_simulated_is_what_would_be_issued(visits: int, start: int, limits: list[Cap]) -> None:
    rule, mistakes = READER.read_rule(
        {
            "id": "drop-in",
            "title": "Coming in",
            "goal": {"kind": "any_of", "events": ["visit"]},
            "reward": [
                {
                    "kind": "escalating_voucher",
                    "start": f"{start // 100}.{start % 100:02}",
                    "step": "0.35",
                },
                {"kind": "every_nth", "every": 3, "worth": "5.00"},
            ],
        },
        Place("drawn"),
    )
    assert rule is not None, mistakes
    course = Course(rule, tuple(JAN + timedelta(weeks=2 * n) for n in range(visits)))
    terms = Terms(caps=tuple(limits), budget_year=(4, 1))
    hand = Hand(course.days, limits, terms.budget_year)
    purse, state = hand.empty(), course.start()
    queue: list[Due] = []
    given: list[Given] = []
    for n, day in enumerate(course.days):
        state, gain = course.met(n, state)
        amounts = [cents for _, cents in gain.sure]
        purse = hand.give(n, purse, sum(amounts), sum(map(hand.over, amounts)))
        queue += [due(len(queue) + k, cents) for k, cents in enumerate(amounts, 1) if cents]
        given += issued("ann", day, asked("ann", queue, terms, day, given))
        assert purse.earned == sum(one.cents for one in queue)
        assert purse.issued == sum(one.share.cents for one in given)


def test_the_limits_that_bind_whichever_fund_pays() -> None:
    grant, gifts = Fund(name="grant", amount=1), Fund(name="gifts", amount=1, pays_for=("group",))
    everybody = Cap(name="all", window="month", most=1)
    grants = Cap(name="grant's", window="month", most=1, fund="grant")
    fund_s = Cap(name="fund's", window="month", most=1, fund="grant", per="fund")
    old = Cap(name="old", window="month", most=1, ends=date(2025, 1, 1))
    terms = Terms(funds=(grant, gifts), caps=(everybody, grants, fund_s, old))
    assert binding(terms, "drop-in", JAN) == [everybody, grants]
    assert binding(terms, "group", JAN) == [everybody], "gifts may pay what the grant may not"


# Warnings ahead of time.


def test_at_80_percent_of_a_limit_or_a_fund_it_is_said_and_a_line_warns_without_holding() -> None:
    terms = Terms(
        funds=(Fund(name="grant", amount=1000_00),),
        caps=(Cap(name="year", window="calendar_year", most=750_00),),
        lines=(
            Cap(name="year", window="calendar_year", most=600_00),
            Cap(name="tax report", window="calendar_year", most=2000_00, cite="IRS, 2026"),
        ),
    )

    def said(to_ann: int, in_all: int) -> list[str]:
        to = [Spent("grant", JAN, to_ann, "ann")]
        return [one.words for one in near("ann", to, [Spent("grant", JAN, in_all)], terms, JAN)]

    assert said(599_99, 799_99) == []
    assert said(600_00, 799_99) == [
        "'year': 600.00 of 750.00 has been issued to them this calendar year"
    ]
    assert said(2000_00, 800_00) == [
        "'year': 2000.00 of 750.00 has been issued to them this calendar year",
        "'tax report': 2000.00 has been issued to them this calendar year; the line is at 2000.00 (IRS, 2026)",
        "'grant': 800.00 of 1000.00 has been issued in all",
    ]


def test_the_same_question_has_the_same_answer_in_any_order_of_what_was_issued() -> None:
    dice = Random(1)
    given = [
        Given(dice.choice(PEOPLE), JAN + timedelta(days=n), Share((n, 1), "grant", 5))
        for n in range(20)
    ]
    queue = [due(100 + n, 7, PEOPLE[n % 3]) for n in range(9)]
    terms = Terms(
        funds=(Fund(name="grant", amount=150),), caps=(Cap(name="m", window="month", most=40),)
    )
    answer = asked("bea", queue, terms, date(2026, 1, 30), given)
    for _ in range(5):
        dice.shuffle(given)
        assert asked("bea", queue, terms, date(2026, 1, 30), given) == answer
