"""Everything that can come of one client, with its chance. Pure, in whole cents.

The chances of all the ways through a course are added up; ways that come to the same are one. That is
exact. Where it would grow too large (many different draws, say), clients are drawn instead.
"""

from bisect import bisect
from collections.abc import Callable
from itertools import accumulate
from random import Random

from attrs import frozen

from cmengine.course import Course, Gain, State
from cmengine.issuing import Hand, Purse

MOST_WAYS = 600_000  # steps in the exact table before clients are drawn instead
MOST_SUMS = 100_000  # steps in adding up the draws of one opportunity before each is drawn
DRAWN = 20_000  # how many clients are drawn then


class _TooManyError(Exception):
    """The exact table would grow too large."""


@frozen
class Ways:
    """Everything that can come of one client: each (chance, cents earned, cents issued).

    `visits` is the mean issued at each opportunity, `variances` the variance of that in each month.
    """

    ways: list[tuple[float, int, int]]
    visits: list[float]
    variances: list[float]
    exact: bool


def ways_of(course: Course, hand: Hand, chance: float, dice: Random) -> Ways:
    """Add up everything that can come of a client who meets the goal with this chance each time."""
    try:
        return _every_way(course, hand, chance)
    except _TooManyError:
        return _drawn(course, hand, chance, dice)


def _every_way(course: Course, hand: Hand, chance: float) -> Ways:
    """Add up the chances of all ways through the course; ways that come to the same are one.

    Each place keeps its chance, and the first two moments of what has been issued in the month so
    far on the ways there, each weighted with their chance.
    """
    outcomes = _Outcomes(hand)
    places: dict[tuple[State, Purse], list[float]] = {
        (course.start(), hand.empty()): [1.0, 0.0, 0.0]
    }
    visits: list[float] = []
    variances: list[float] = []
    work = 0
    for n, day in enumerate(course.days):
        ahead: dict[tuple[State, Purse], list[float]] = {}
        given = 0.0
        for (state, purse), (p, m1, m2) in places.items():
            branches: list[tuple[float, State, int, int]] = []
            if chance < 1:
                branches.append((1 - chance, course.missed(n, state), 0, 0))
            if chance > 0:
                after, gain = course.met(n, state)
                branches += [(chance * q, after, c, a) for q, c, a in outcomes.of(gain)]
            work += len(branches)
            if work > MOST_WAYS:
                raise _TooManyError
            for q, after, cents, allowed in branches:
                then = hand.give(n, purse, cents, allowed)
                now = then.issued - purse.issued
                at = ahead.setdefault((after, then), [0.0, 0.0, 0.0])
                at[0] += q * p
                at[1] += q * (m1 + p * now)
                at[2] += q * (m2 + 2 * now * m1 + p * now * now)
                given += q * p * now
        visits.append(given)
        if n + 1 == len(course.days) or _month(course, n + 1) != (day.year, day.month):
            mean = sum(m1 for _, m1, _ in ahead.values())
            variances.append(max(0.0, sum(m2 for _, _, m2 in ahead.values()) - mean**2))
            for at in ahead.values():
                at[1] = at[2] = 0.0
        places = ahead
    ways: dict[tuple[int, int], float] = {}
    for (_, purse), (p, _, _) in places.items():
        pair = purse.earned, purse.issued
        ways[pair] = ways.get(pair, 0.0) + p
    return Ways([(p, e, i) for (e, i), p in ways.items()], visits, variances, exact=True)


def _month(course: Course, n: int) -> tuple[int, int]:
    return course.days[n].year, course.days[n].month


def _drawn(course: Course, hand: Hand, chance: float, dice: Random) -> Ways:
    """Draw clients, one way through the course each."""
    visits = [0] * len(course.days)
    names = list(dict.fromkeys(_month(course, n) for n in range(len(course.days))))
    place = [names.index(_month(course, n)) for n in range(len(course.days))]
    sums, squares = [0] * len(names), [0] * len(names)
    throws = _Throws(_Outcomes(hand), dice)
    ways: dict[tuple[int, int], float] = {}
    for _ in range(DRAWN):
        state, purse = course.start(), hand.empty()
        by_month = [0] * len(names)
        for n, month in enumerate(place):
            cents = allowed = 0
            if dice.random() < chance:
                state, gain = course.met(n, state)
                cents, allowed = throws.of(gain)
            else:
                state = course.missed(n, state)
            then = hand.give(n, purse, cents, allowed)
            now = then.issued - purse.issued
            visits[n] += now
            by_month[month] += now
            purse = then
        for month, cents in enumerate(by_month):
            sums[month] += cents
            squares[month] += cents * cents
        pair = purse.earned, purse.issued
        ways[pair] = ways.get(pair, 0.0) + 1 / DRAWN
    moments = zip(sums, squares, strict=True)
    return Ways(
        [(p, e, i) for (e, i), p in ways.items()],
        [cents / DRAWN for cents in visits],
        [max(0.0, square / DRAWN - (cents / DRAWN) ** 2) for cents, square in moments],
        exact=False,
    )


class _Outcomes:
    """The distribution of what an opportunity brings: (chance, cents, cents that may be issued)."""

    def __init__(self, hand: Hand) -> None:
        self.hand = hand
        self._of: dict[tuple[object, object], list[tuple[float, int, int]]] = {}
        self._sums: dict[tuple[int, tuple[tuple[int, int], ...]], dict[tuple[int, int], float]] = {}

    def of(self, gain: Gain) -> list[tuple[float, int, int]]:
        """Give it, worked out once for all opportunities that bring the same."""
        key = gain.sure, gain.draws
        if key not in self._of:
            self._of[key] = self._added_up(gain)
        return self._of[key]

    def _added_up(self, gain: Gain) -> list[tuple[float, int, int]]:
        sure = sum(cents for _, cents in gain.sure)
        found = {(sure, sum(self.hand.over(cents) for _, cents in gain.sure)): 1.0}
        for draws in gain.draws:
            found = _both(found, self._sum(draws.times, draws.odds))
        return [(p, cents, allowed) for (cents, allowed), p in found.items()]

    def _sum(self, count: int, odds: tuple[tuple[int, int], ...]) -> dict[tuple[int, int], float]:
        """Add up so many draws, by halves."""
        key = (count, odds)
        if key not in self._sums:
            if count < 1:
                self._sums[key] = {(0, 0): 1.0}
            elif count == 1:
                weights = sum(weight for weight, _ in odds)
                one: dict[tuple[int, int], float] = {}
                for weight, cents in odds:
                    pair = cents, self.hand.over(cents)
                    one[pair] = one.get(pair, 0.0) + weight / weights
                self._sums[key] = one
            else:
                half, other = count // 2, count - count // 2
                self._sums[key] = _both(self._sum(half, odds), self._sum(other, odds))
        return self._sums[key]


def _both(
    a: dict[tuple[int, int], float], b: dict[tuple[int, int], float]
) -> dict[tuple[int, int], float]:
    if len(a) * len(b) > MOST_SUMS:
        raise _TooManyError
    found: dict[tuple[int, int], float] = {}
    for (cents, allowed), p in a.items():
        for (more, also), q in b.items():
            pair = cents + more, allowed + also
            found[pair] = found.get(pair, 0.0) + p * q
    return found


Throw = Callable[[], tuple[int, int]]


class _Throws:
    """Draws what an opportunity brings: cents, and cents that may be issued."""

    def __init__(self, outcomes: _Outcomes, dice: Random) -> None:
        self._outcomes = outcomes
        self._dice = dice
        self._how: dict[int, tuple[Gain, Throw]] = {}

    def of(self, gain: Gain) -> tuple[int, int]:
        """Draw it once. A course keeps each of its gains, so that the object itself is the key."""
        if id(gain) not in self._how:
            self._how[id(gain)] = gain, self._made(gain)
        return self._how[id(gain)][1]()

    def _made(self, gain: Gain) -> Throw:
        try:
            outcomes = self._outcomes.of(gain)
        except _TooManyError:
            return lambda: self._one_by_one(gain)
        pairs = [(cents, allowed) for _, cents, allowed in outcomes]
        if len(pairs) == 1:
            return lambda: pairs[0]
        chances = list(accumulate(p for p, _, _ in outcomes))
        random, last = self._dice.random, len(pairs) - 1
        return lambda: pairs[min(last, bisect(chances, random()))]

    def _one_by_one(self, gain: Gain) -> tuple[int, int]:
        over = self._outcomes.hand.over
        awards = [cents for _, cents in gain.sure]
        for draws in gain.draws:
            weights = [weight for weight, _ in draws.odds]
            awards += [c for _, c in self._dice.choices(draws.odds, weights, k=draws.times)]
        return sum(awards), sum(map(over, awards))
