"""Small histories to try a rule on: what can happen under it, on which days. Pure."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import pairwise, product
from random import Random

from attrs import evolve, frozen

from cmengine.kinds import Kinds
from cmengine.model import Event, Goal, Rule, Samples, Value

FIRST = date(2026, 1, 5)  # a Monday
DAYS = (0, 1, 2, 3, 6, 7, 8, 13, 14, 15, 21, 29, 30, 31, 45, 60, 90)
FEW_DAYS = (0, 1, 8, 22)
_NUMBERS = (Decimal(1), Decimal(2), Decimal(3), Decimal(5), Decimal(8))


@frozen
class Thing:
    """Something that can happen: a kind of event with a value."""

    kind: str
    value: Value = None


@frozen
class Told:
    """A thing that happened, so many days after the first. `name` is its id, whatever it moves to."""

    name: str
    day: int
    thing: Thing
    hour: int = 12

    def event(self) -> Event:
        """Make the event."""
        day = FIRST + timedelta(days=self.day)
        at = datetime.combine(day, time(self.hour), tzinfo=UTC)
        return Event(
            id=self.name,
            client="somebody",
            kind=self.thing.kind,
            at=at,
            day=day,
            value=self.thing.value,
        )

    def said(self) -> str:
        """Say it the way people do: ``visit on 5 Jan``."""
        day = FIRST + timedelta(days=self.day)
        value = "" if self.thing.value is None else f" {self.thing.value}"
        return f"{self.thing.kind}{value} on {day.day} {day:%b}"


History = tuple[Told, ...]
"""In the order of logging, which need not be the order of the days."""


def things(rules: Sequence[Rule], kinds: Kinds | None = None) -> list[Thing]:
    """Name what can happen under some rules: every kind they listen to, with values worth trying.

    A goal may name its own with `samples`; a kind of event that no rule listens to is among them.
    """
    found: dict[Thing, None] = {}
    for rule in rules:
        if isinstance(rule.goal, Samples):
            found.update((Thing(kind, value), None) for kind, value in rule.goal.samples())
        for kind in sorted(rule.goal.listens()):
            found.update((Thing(kind, value), None) for value in _values(rule.goal, kind, kinds))
    return [*found, Thing("something_else")]


def _values(goal: Goal[object], kind: str, kinds: Kinds | None) -> Sequence[Value]:
    known = kinds.get(kind) if kinds else None
    named = getattr(goal, "values", None) or getattr(goal, "steps", None)
    if known and known.values:
        return known.values
    if getattr(goal, "numeric", False) or (known and known.unit):
        own = [
            v
            for v in (getattr(goal, "target", None), getattr(goal, "bar", None))
            if isinstance(v, Decimal)
        ]
        return [around for v in own for around in (v - 1, v, v + 1) if around >= 0] or _NUMBERS
    if named:
        return (*named, "something else")
    return (None,)


def small(things: Sequence[Thing], most: int) -> Iterator[History]:
    """Give every history of up to `most` events, logged in the order of their days, on few days."""
    moments = [(day, thing) for day in FEW_DAYS for thing in things]
    for length in range(most + 1):
        for chosen in product(moments, repeat=length):
            if all(a[0] <= b[0] for a, b in pairwise(chosen)):
                yield tuple(Told(f"e{n}", day, thing) for n, (day, thing) in enumerate(chosen))


def drawn(things: Sequence[Thing], dice: Random, most: int = 9) -> History:
    """Draw a history; one in four is logged in another order than that of its days."""
    days = sorted(dice.choices(DAYS, k=dice.randint(1, most)))
    told = [Told(f"e{n}", day, dice.choice(things)) for n, day in enumerate(days)]
    if dice.random() < 0.25:
        dice.shuffle(told)
    return tuple(told)


def moved(history: History, days: int, since: int = -(10**6)) -> History:
    """Move everything that happened on or after the day `since` by so many days."""
    return tuple(
        evolve(told, day=told.day + days) if told.day >= since else told for told in history
    )


def in_order(history: History) -> History:
    """Put a history in the order of its days, as it stands when everything is logged on its day."""
    return tuple(sorted(history, key=lambda told: told.day))
