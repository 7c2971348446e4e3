"""One client's way through a rule, opportunity by opportunity, each distinct step asked for once. Pure.

A goal's step is pure and its memory hashable, so where a client stands is a small value, and what
follows from it is the same for everybody who stands there. That makes a table of transitions: ten
thousand clients walk through it without asking a plugin again.
"""

from collections.abc import Hashable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import islice, product
from random import Random
from typing import Any, NamedTuple

import attrs
from attrs import Factory, define, frozen

from cmengine.days import week_number
from cmengine.errors import CMError
from cmengine.evaluate import Dice, Standing, awards_of, evaluate
from cmengine.model import Event, Occurrence, Odds, Rule, Samples, Value
from cmengine.nodice import Drawn, NoDice
from cmengine.slots import Span, slots_until

MOST_VISITS = 1_000
ASKED = 400  # how often a reward is asked that draws and does not say its odds


def opportunities(
    rule: Rule,
    first: date,
    *,
    visits: int | None = None,
    weeks: int | None = None,
    per_week: int | None = None,
) -> tuple[date, ...]:
    """Lay out the days on which the goal could be met, from the day `first` on.

    They are the slots of the rule's calendar, if it has one and neither `weeks` nor `per_week` is
    given; else `per_week` visits (the rule's own pace, or 1) are spread over each of `weeks` (12).
    `visits` is how many of those days are taken; after the last, it goes on in the same way.
    """
    if rule.calendar and weeks is None and per_week is None:
        days = _scheduled(rule.calendar, first)
        planned = sum(span.weeks * len(span.days) for span in rule.calendar)
        return tuple(islice(days, planned if visits is None else visits))
    pace = per_week or rule.per_week or 1
    count = pace * (weeks or 12) if visits is None else visits
    return tuple(
        first + timedelta(days=7 * (n // pace) + 7 * (n % pace) // pace) for n in range(count)
    )


def _scheduled(spans: Sequence[Span], first: date) -> Iterator[date]:
    begins = first
    for span in [*spans, Span(spans[-1].days, MOST_VISITS)]:
        ends = begins + timedelta(weeks=span.weeks)
        while begins < ends:
            if begins.weekday() in span.days:
                yield begins
            begins += timedelta(days=1)


class State(NamedTuple):
    """Where a client stands, with nothing in it that can no longer matter."""

    memory: Hashable
    times: int = 0
    today: int = 0
    this_week: int = 0
    slots: frozenset[int] = frozenset()


class Draws(NamedTuple):
    """So many independent draws of one reward; for one draw, each (weight, cents)."""

    reward: int
    times: int
    odds: tuple[tuple[int, int], ...]

    @property
    def mean(self) -> float:
        """What all the draws bring on average, in cents."""
        return self.times * self._moment(1)

    @property
    def variance(self) -> float:
        """The variance of what all the draws bring, in cents squared."""
        return self.times * (self._moment(2) - self._moment(1) ** 2)

    def _moment(self, power: int) -> float:
        weights = sum(weight for weight, _ in self.odds)
        return sum(weight * float(cents) ** power for weight, cents in self.odds) / weights


@frozen
class Gain:
    """What one opportunity brings: amounts that are sure, as (reward, cents), and draws."""

    occurrence: Occurrence | None = None
    sure: tuple[tuple[int, int], ...] = ()
    draws: tuple[Draws, ...] = ()

    @property
    def mean(self) -> float:
        """What it brings on average, in cents."""
        return sum(cents for _, cents in self.sure) + sum(one.mean for one in self.draws)

    @property
    def variance(self) -> float:
        """The variance of what it brings, in cents squared."""
        return sum(one.variance for one in self.draws)


NOTHING = Gain()


@define
class Course:
    """A rule over the days on which its goal could be met, chosen on the first of them.

    `asked` are the kinds of reward that draw and do not say their odds: what they bring is known
    only from having been asked ASKED times.
    """

    rule: Rule
    days: tuple[date, ...]
    asked: set[str] = Factory(set)
    _steps: dict[tuple[int, State], tuple[State, Gain]] = Factory(dict)
    _missed: dict[tuple[int, State], State] = Factory(dict)
    _events: dict[tuple[date, Hashable], tuple[str, Value]] = Factory(dict)

    def start(self) -> State:
        """Say where a client stands before the first opportunity."""
        return State(self.rule.goal.start())

    def missed(self, n: int, state: State) -> State:
        """Say where a client stands if nothing happens at opportunity `n` (from 0): where they stood."""
        key = (n, state)
        if key not in self._missed:
            self._missed[key] = self._pruned(n, state)
        return self._missed[key]

    def met(self, n: int, state: State) -> tuple[State, Gain]:
        """Say where a client stands, and what it brings, if the goal is met at opportunity `n` (from 0)."""
        key = (n, state)
        if key not in self._steps:
            self._steps[key] = self._asked(n, state)
        return self._steps[key]

    def event(self, n: int, state: State) -> Event:
        """Make an event of opportunity `n` that meets the goal; where none can, one it would be shown."""
        day = self.days[n]
        key = (day, state.memory)
        if key not in self._events:
            self._events[key] = _meeting(self.rule, state.memory, day)
        kind, value = self._events[key]
        return _event(n, day, kind, value)

    def walk(self, happened: Sequence[bool], dice: Dice) -> list[tuple[Event | None, int]]:
        """Go one way through it, with the dice of a program: the event of each opportunity, and its cents."""
        state = self.start()
        way: list[tuple[Event | None, int]] = []
        for n, yes in enumerate(happened):
            if not yes:
                state = self.missed(n, state)
                way.append((None, 0))
                continue
            event = self.event(n, state)
            state, gain = self.met(n, state)
            cents = sum(amount for _, amount in gain.sure)
            if gain.occurrence is not None:
                for draws in gain.draws:
                    own = dice(event.id, self.rule.id, draws.reward)
                    drawn = awards_of(self.rule, draws.reward, gain.occurrence, own)
                    cents += sum(award.cents for award in drawn)
            way.append((event, cents))
        return way

    def _asked(self, n: int, state: State) -> tuple[State, Gain]:
        day = self.days[n]
        standing = Standing(memory=state.memory, first=self.days[0], times=state.times)
        standing.days[day] = state.today
        standing.weeks[week_number(day)] = state.this_week
        standing.slots = state.slots
        # The goal, the pace and the calendar first; what each reward gives is asked for below, since
        # one that draws cannot be asked for an amount.
        outcome = evaluate(_unrewarded(self.rule), standing, self.event(n, state), _no_dice)
        standing.take(outcome)
        after = State(
            standing.memory,
            standing.times,
            standing.days.get(day, 0),
            standing.weeks.get(week_number(day), 0),
            standing.slots,
        )
        if outcome.earned is None:
            return self._pruned(n, after), NOTHING
        return self._pruned(n, after), gain_of(self.rule, outcome.earned.occurrence, self.asked)

    def _pruned(self, n: int, state: State) -> State:
        """Leave out of a state what no later opportunity can see, so that equal standings are equal."""
        if n + 1 == len(self.days):
            return State(None)
        day, following = self.days[n], self.days[n + 1]
        calendar = self.rule.calendar
        slot = max(1, slots_until(calendar, self.days[0], following)) if calendar else 0
        return State(
            state.memory,
            state.times,
            state.today if following == day else 0,
            state.this_week if week_number(following) == week_number(day) else 0,
            frozenset(taken for taken in state.slots if taken >= slot),
        )


def gain_of(
    rule: Rule, occurrence: Occurrence, asked: set[str] | None = None, only: int | None = None
) -> Gain:
    """Ask every reward of a rule, or `only` one, what an occurrence brings; of draws, what they can bring.

    The kinds that draw and do not say their odds are added to `asked`.
    """
    sure: list[tuple[int, int]] = []
    draws: list[Draws] = []
    for number, reward in enumerate(rule.rewards):
        if only not in (None, number):
            continue
        try:
            awards = awards_of(rule, number, occurrence, NoDice(0))
        except CMError as error:
            if not isinstance(error.__cause__, Drawn):
                raise
        else:
            sure += [(number, award.cents) for award in awards if award.cents]
            continue
        if isinstance(reward, Odds):
            times, slips = reward.odds(occurrence)
            odds = tuple((count, award.cents) for count, award in slips)
            draws.append(Draws(number, times, odds))
            continue
        if asked is not None:
            asked.add(reward.kind)
        throws = (awards_of(rule, number, occurrence, Random(seed)) for seed in range(ASKED))  # noqa: S311
        seen = tuple((1, sum(award.cents for award in awards)) for awards in throws)
        draws.append(Draws(number, 1, seen))
    return Gain(occurrence, tuple(sure), tuple(draws))


def _unrewarded(rule: Rule) -> Rule:
    return rule._replace(rewards=())


def _no_dice(event: str, rule: str, reward: int) -> Random:
    return NoDice(0)


def _event(n: int, day: date, kind: str, value: Value) -> Event:
    at = datetime.combine(day, time(12), tzinfo=UTC)
    return Event(id=f"opportunity-{n + 1}", client="client", kind=kind, at=at, day=day, value=value)


def _meeting(rule: Rule, memory: Hashable, day: date) -> tuple[str, Value]:
    """Find an event that meets a goal, by asking it: with its own samples, without a value, with each it names.

    Where nothing meets it now (it is done with, or it is a first visit before a return), an event
    that it remembers is the next best.
    """
    kinds = sorted(rule.goal.listens())
    values: list[Value] = [None, *_named(rule.goal), Decimal(0), Decimal(1_000_000_000)]
    own = rule.goal.samples() if isinstance(rule.goal, Samples) else ()
    tries = [*((kind, value) for kind, value in own if kind in kinds), *product(kinds, values)]
    shown: list[tuple[str, Value]] = []
    remembered: list[tuple[str, Value]] = []
    for kind, value in tries:
        try:
            after, met = rule.goal.step(memory, _event(0, day, kind, value))
        except Exception:  # noqa: S112 - a value that this goal cannot read is not the one
            continue
        if met is not None:
            return kind, value
        shown.append((kind, value))
        if after != memory:
            remembered.append((kind, value))
    return next(iter([*remembered, *shown]), (kinds[0], None))


def _named(goal: Any) -> Iterator[Value]:
    """Give the words and numbers that stand in a goal's options: what an event's value could be."""
    options = (
        [getattr(goal, one.name) for one in attrs.fields(type(goal))]
        if attrs.has(type(goal))
        else []
    )
    for option in options:
        for one in option if isinstance(option, tuple) else (option,):
            if isinstance(one, (str, Decimal)):
                yield one
            elif isinstance(one, int) and not isinstance(one, bool):
                yield Decimal(one)
