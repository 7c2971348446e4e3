"""The promises, each as a property over rules and histories that nobody thought of."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from attrs import evolve, frozen
from hypothesis import assume, given
from hypothesis import strategies as st

from cmengine.dice import dice_from
from cmengine.evaluate import awards_of, play
from cmengine.kinds import Kind
from cmengine.limits import Cap, Due, Spent, Terms, allowance
from cmengine.model import Event, Occurrence, Rule
from cmengine.options import Place
from cmengine.plugins import load_plugins
from cmengine.rules import Reader

FIRST = date(2026, 1, 5)
KINDS = {
    "visit": Kind(label="Came in"),
    "group": Kind(label="Came to the group"),
    "missed_visit": Kind(label="Did not make it in"),
    "test": Kind(label="Test", values=("negative", "positive")),
    "drinks": Kind(label="Drinks", unit="drinks"),
    "step": Kind(label="A step", text=True),
    "setback_shared": Kind(label="Told us", text=True),
}
READER = Reader(load_plugins(), KINDS)
DICE = dice_from(b"promises")

amounts = st.integers(0, 3000).map(lambda cents: f"{cents // 100}.{cents % 100:02d}")
small = st.integers(1, 5)


def rule_of(table: Mapping[str, Any]) -> Rule:
    rule, mistakes = READER.read_rule(table, Place("drawn.toml"))
    assert rule is not None, mistakes
    return rule


pace = st.fixed_dictionaries(
    {}, optional={"per_day": st.integers(1, 2), "per_week": st.integers(1, 4)}
)
goals = st.one_of(
    st.builds(lambda p: {"kind": "any_of", "events": ["visit"], **p}, pace),
    st.builds(lambda p: {"kind": "any_of", "events": ["visit", "group"], **p}, pace),
    st.builds(lambda p: {"kind": "any_of", "events": ["test"], "values": ["negative"], **p}, pace),
    st.builds(
        lambda n, p: {"kind": "at_most", "event": "drinks", "target": Decimal(n), **p},
        st.integers(0, 6),
        pace,
    ),
    st.builds(
        lambda n, p: {"kind": "at_least", "event": "drinks", "target": Decimal(n), **p},
        st.integers(0, 6),
        pace,
    ),
    st.builds(
        lambda n, better, p: {
            "kind": "better_than",
            "event": "drinks",
            "direction": "lower",
            "bar": Decimal(n),
            "by_percent": Decimal(better),
            **p,
        },
        st.integers(0, 6),
        st.sampled_from([0, 25]),
        pace,
    ),
    st.just({"kind": "first_time", "events": ["visit", "group"]}),
    st.builds(
        lambda p: {"kind": "steps", "event": "step", "steps": ["call", "form", "go"], **p}, pace
    ),
)
phases = st.lists(
    st.one_of(
        st.builds(lambda times, worth: {"times": times, "worth": worth}, small, amounts),
        st.builds(
            lambda times, start, step, every: {
                "times": times,
                "start": start,
                "step": step,
                "every": every,
            },
            small,
            amounts,
            amounts,
            small,
        ),
    ),
    min_size=1,
    max_size=4,
)
sure_rewards = st.one_of(
    st.builds(lambda worth: {"kind": "fixed_voucher", "worth": worth}, amounts),
    st.builds(
        lambda start, step, every: {
            "kind": "escalating_voucher",
            "start": start,
            "step": step,
            "every": every,
        },
        amounts,
        amounts,
        small,
    ),
    st.builds(
        lambda every, worth: {"kind": "every_nth", "every": every, "worth": worth}, small, amounts
    ),
    st.builds(lambda phases: {"kind": "ladder", "phases": phases}, phases),
    st.builds(
        lambda phases, then: {"kind": "ladder", "phases": phases, "then": then}, phases, amounts
    ),
    st.just({"kind": "item", "item": "bus pass"}),
    st.just({"kind": "praise", "says": ["Good to see you.", "Thank you."]}),
)
bowls = st.builds(
    lambda first, more, most: {
        "kind": "fishbowl",
        "first_draws": first,
        "more_each_time": more,
        "most_draws": first + most,
        "slips": [
            {"says": "small", "count": 3, "worth": "1.00"},
            {"says": "large", "count": 1, "worth": "20.00"},
        ],
    },
    small,
    st.integers(0, 2),
    st.integers(0, 8),
)


def _table(goal: Mapping[str, Any], rewards: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {"id": "drawn", "title": "A drawn rule", "goal": dict(goal), "reward": list(rewards)}


sure_rules = st.builds(_table, goals, st.lists(sure_rewards, min_size=1, max_size=3)).map(rule_of)
any_rules = st.builds(
    _table, goals, st.lists(st.one_of(sure_rewards, bowls), min_size=1, max_size=3)
).map(rule_of)


@frozen
class Told:
    """What happened: on which day (counted from the first), of which kind, with which value."""

    day: int
    kind: str
    value: str | Decimal | None


days = st.integers(0, 60)
things = st.one_of(
    st.builds(Told, days, st.sampled_from(["visit", "group", "missed_visit"]), st.none()),
    st.builds(Told, days, st.just("test"), st.sampled_from(["negative", "positive"])),
    st.builds(Told, days, st.just("drinks"), st.integers(0, 9).map(Decimal)),
    st.builds(
        Told, days, st.just("step"), st.sampled_from(["call", "form", "go", "something else"])
    ),
    st.builds(Told, days, st.just("setback_shared"), st.just("a hard week")),
)
histories = st.lists(things, max_size=14).map(
    lambda told: [event(n, one) for n, one in enumerate(told)]
)


def event(number: int | str, told: Told) -> Event:
    day = FIRST + timedelta(days=told.day)
    at = datetime.combine(day, time(12), tzinfo=UTC)
    name = number if isinstance(number, str) else f"e{number}"
    return Event(id=name, client="c", kind=told.kind, at=at, day=day, value=told.value)


Awards = dict[str, list[tuple[str, int]]]


def awards(rule: Rule, events: Sequence[Event], first: date = FIRST) -> Awards:
    """What each event earned: labels and cents, by the event's id."""
    outcomes = play(rule, events, DICE, first)
    return {
        event.id: [(a.label, a.cents) for _, a in outcome.earned.awards] if outcome.earned else []
        for event, outcome in zip(events, outcomes, strict=True)
    }


def total(earned: Awards) -> int:
    return sum(cents for several in earned.values() for _, cents in several)


def inserted(events: Sequence[Event], one: Event, place: int) -> list[Event]:
    n = place % (len(events) + 1)
    return [*events[:n], one, *events[n:]]


@given(any_rules, histories, things, st.integers(0, 20))
def test_np1_a_setback_anywhere_changes_nothing(
    rule: Rule, events: list[Event], told: Told, place: int
) -> None:
    setback = event("setback", told)
    before = awards(rule, events)
    more = inserted(events, setback, place)
    # What counts as a time is no setback, also where that time earns nothing by itself.
    assume(play(rule, more, DICE, FIRST)[more.index(setback)].earned is None)
    after = awards(rule, more)
    assert after.pop("setback") == []
    assert after == before


@given(sure_rules, histories, things, st.integers(0, 20))
def test_np2_a_good_thing_anywhere_never_hurts_then_or_later(
    rule: Rule, events: list[Event], told: Told, place: int
) -> None:
    more = inserted(events, event("good", told), place)
    n = place % (len(events) + 1)
    for end in range(len(events) + 1):
        with_it = more[: end + 1] if end >= n else more[:end]
        assert total(awards(rule, with_it)) >= total(awards(rule, events[:end]))


@given(bowls, histories, things, st.integers(0, 20))
def test_np2_with_chance_a_good_thing_never_takes_a_draw_or_a_slip_away(
    bowl: dict[str, Any], events: list[Event], told: Told, place: int
) -> None:
    rule = rule_of(_table({"kind": "any_of", "events": ["visit", "group"]}, [bowl]))
    before = awards(rule, events)
    after = awards(rule, inserted(events, event("good", told), place))
    for name, slips in before.items():
        assert after[name][: len(slips)] == slips


@given(sure_rules, histories, st.integers(0, 20))
def test_np3_leaving_one_out_costs_at_most_one_time_of_the_rule(
    rule: Rule, events: list[Event], place: int
) -> None:
    assume(events)
    n = place % len(events)
    fewer = [*events[:n], *events[n + 1 :]]
    most = max(
        (
            sum(
                award.cents
                for number in range(len(rule.rewards))
                for award in awards_of(
                    rule,
                    number,
                    Occurrence(
                        rule=rule.id, on=FIRST, value=None, ordinal=ordinal, slot=None, reason=""
                    ),
                    Random(0),
                )
            )
            for ordinal in range(1, len(events) + 1)
        ),
        default=0,
    )
    assert total(awards(rule, events)) - total(awards(rule, fewer)) <= most


@given(any_rules, histories)
def test_np4_nothing_is_below_zero_and_what_is_earned_only_grows(
    rule: Rule, events: list[Event]
) -> None:
    so_far: Awards = {}
    for end in range(len(events) + 1):
        now = awards(rule, events[:end])
        assert all(cents >= 0 for several in now.values() for _, cents in several)
        assert so_far.items() <= now.items()
        so_far = now


@given(any_rules, histories, st.integers(0, 60), st.integers(1, 40))
def test_np5_a_gap_of_weeks_lowers_nothing_that_comes_after_it(
    rule: Rule, events: list[Event], since: int, weeks: int
) -> None:
    begins = FIRST + timedelta(days=since)
    later = [
        evolve(one, day=one.day + timedelta(weeks=weeks), at=one.at + timedelta(weeks=weeks))
        if one.day >= begins
        else one
        for one in events
    ]
    before, after = awards(rule, events), awards(rule, later)
    for name, several in before.items():
        assert len(after[name]) >= len(several)
    assert total(after) >= total(before)


@given(sure_rules, histories, st.randoms(use_true_random=False))
def test_np6_the_order_of_logging_changes_no_total(
    rule: Rule, events: list[Event], order: Random
) -> None:
    shuffled = list(events)
    order.shuffle(shuffled)
    assert total(awards(rule, shuffled)) == total(awards(rule, events))


@given(any_rules, histories, things)
def test_np6_a_late_entry_lowers_nothing_that_is_there(
    rule: Rule, events: list[Event], told: Told
) -> None:
    late = event("late", told)
    after = awards(rule, [*events, late])
    assert {name: several for name, several in after.items() if name != "late"} == awards(
        rule, events
    )


@given(any_rules, histories)
def test_p7_the_same_log_gives_the_same_awards(rule: Rule, events: list[Event]) -> None:
    assert awards(rule, events) == awards(rule, events)


@given(bowls, histories, st.integers(0, 400), st.binary(min_size=1, max_size=4))
def test_p8b_a_draw_depends_on_the_secret_and_the_event_alone(
    bowl: dict[str, Any], events: list[Event], days_later: int, secret: bytes
) -> None:
    rule = rule_of(
        _table({"kind": "any_of", "events": ["visit", "group"]}, [{**bowl, "more_each_time": 0}])
    )
    moved = [
        evolve(one, day=one.day + timedelta(days=days_later), client="somebody else")
        for one in reversed(events)
    ]
    dice = dice_from(secret)

    def slips(those: Sequence[Event]) -> dict[str, list[str]]:
        outcomes = play(rule, those, dice, FIRST)
        return {
            one.id: [award.label for _, award in outcome.earned.awards] if outcome.earned else []
            for one, outcome in zip(those, outcomes, strict=True)
        }

    assert slips(events) == slips(moved)


@given(any_rules, histories, st.integers(0, 6000), st.integers(0, 6000), st.integers(1, 4))
def test_p9_a_limit_holds_back_issuing_and_never_earning_and_raised_pays_the_rest(
    rule: Rule, events: list[Event], first: int, more: int, every: int
) -> None:
    """Issued at every so-manyth event: in the end the limit, or all; raised, the rest; earned as before."""
    earned = awards(rule, events)
    waiting: list[Due] = []
    spent: list[Spent] = []

    def issue(most: int) -> None:
        terms = Terms(caps=(Cap(name="all", window="program", most=most),))
        may = allowance("c", waiting, spent, (), terms, FIRST)
        left = {due.award: due.cents for due in waiting}
        for share in may.shares:
            left[share.award] -= share.cents
            spent.append(Spent("", FIRST, share.cents, "c"))
        waiting[:] = [evolve(due, cents=left[due.award]) for due in waiting if left[due.award]]

    for n, one in enumerate(events):
        waiting += [
            Due(client="c", award=(n, k), rule=rule.id, cents=cents, since=FIRST)
            for k, (_, cents) in enumerate(earned[one.id])
            if cents
        ]
        if n % every == 0:
            issue(first)
            assert sum(one.cents for one in spent) <= first
    for most in (first, first + more, first):
        before = sum(one.cents for one in spent)
        issue(most)
        assert sum(one.cents for one in spent) == max(before, min(most, total(earned)))
    assert awards(rule, events) == earned


# A welcome is promised together with the rule beside it: the two are judged as one.

LEAST = st.integers(0, 1000)


@st.composite
def welcomes(draw: st.DrawFn) -> tuple[Rule, Rule]:
    start = draw(LEAST)
    worth = draw(st.integers(0, start))
    ordinary = {
        "id": "drop-in",
        "title": "Coming in",
        "goal": {"kind": "any_of", "events": ["visit"], "per_day": 1},
        "reward": [
            {
                "kind": "escalating_voucher",
                "start": f"{start // 100}.{start % 100:02d}",
                "step": draw(amounts),
            }
        ],
    }
    welcome = {
        "id": "welcome-back",
        "title": "Good to see you again",
        "goal": {
            "kind": "came_back",
            "events": ["visit"],
            "after_days": draw(st.integers(1, 30)),
            "beside": "drop-in",
        },
        "reward": [{"kind": "fixed_voucher", "worth": f"{worth // 100}.{worth % 100:02d}"}],
    }
    return rule_of(ordinary), rule_of(welcome)


def both(rules: tuple[Rule, Rule], events: Sequence[Event]) -> int:
    return sum(total(awards(rule, events)) for rule in rules)


@given(welcomes(), histories, days, st.integers(0, 20))
def test_np2_coming_in_during_a_gap_never_earns_less_than_staying_away(
    rules: tuple[Rule, Rule], events: list[Event], day: int, later: int
) -> None:
    """The others were logged on their days; the visit is logged on its day, or late."""
    visit = event("visit", Told(day, "visit", None))
    on_time = sorted(events, key=lambda one: one.day)
    place = min(len(on_time), sum(one.day < visit.day for one in on_time) + later)
    more = [*on_time[:place], visit, *on_time[place:]]
    assert both(rules, more) >= both(rules, on_time)


@given(welcomes(), histories, things, st.integers(0, 20))
def test_np1_an_honest_word_in_the_gap_costs_no_welcome(
    rules: tuple[Rule, Rule], events: list[Event], told: Told, place: int
) -> None:
    assume(told.kind != "visit")
    more = inserted(events, event("word", told), place)
    for rule in rules:
        after = awards(rule, more)
        after.pop("word")
        assert after == awards(rule, events)


CALENDAR = [{"days": ["mon", "wed", "fri"], "weeks": 4}]


@given(histories, things, st.integers(0, 20))
def test_np1_np2_np3_hold_on_a_calendar(events: list[Event], told: Told, place: int) -> None:
    rule = rule_of(
        {
            **_table(
                {"kind": "any_of", "events": ["visit"]},
                [
                    {
                        "kind": "escalating_voucher",
                        "start": "2.50",
                        "step": "1.25",
                        "climbs": "by_calendar",
                    }
                ],
            ),
            "calendar": CALENDAR,
        }
    )
    one = event("one", told)
    before, after = awards(rule, events), awards(rule, inserted(events, one, place))
    # Twelve slots: the last is worth 2.50 + 11 x 1.25 = 16.25, and no slot pays twice.
    assert 0 <= total(after) - total(before) <= 1625
    paid = sorted(cents for several in after.values() for _, cents in several)
    assert len(paid) == len(set(paid))
    if told.kind != "visit":
        after.pop("one")
        assert after == before
