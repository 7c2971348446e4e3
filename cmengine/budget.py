"""What a rule would cost a program: clients, trials, limits on issuing, months. Pure.

For one client, the chances of everything that can come of it are added up over all the ways through
the course; that table is exact. Where it would grow too large (many different draws, say), DRAWN
clients are drawn instead. A trial then draws every client of the program from the table. Amounts are
in cents.
"""

from collections.abc import Sequence
from itertools import accumulate, pairwise
from math import ceil, sqrt
from random import Random

from attrs import frozen

from cmengine.course import Course, Gain, State
from cmengine.issuing import Hand, Purse
from cmengine.simulate import outlook

MOST_WAYS = 600_000  # steps in the exact table before clients are drawn instead
MOST_SUMS = 250_000  # steps in adding up the draws of one opportunity before that
DRAWN = 20_000  # how many clients are drawn then
Z = 1.6448536269514722  # the 95th percentile of the normal curve


@frozen(kw_only=True)
class Month:
    """What a program issues in one month: the mean, and where nine of ten months would lie."""

    name: str
    mean: float
    low: float
    high: float


@frozen(kw_only=True)
class Forecast:
    """What a program would pay. `earned`, `issued`: (mean, 5th percentile, 95th) of all clients.

    `spread` is the standard deviation of what one client earns; `held` the share of clients who have
    something waiting at the end, `waiting` its mean over all clients. `visits` is the mean issued at
    each opportunity to all clients, `totals` what was issued in each trial, from the least to the most.
    `ways` is how many different outcomes the table holds, `exact` whether it is complete.
    """

    clients: int
    trials: int
    mean: float
    spread: float
    earned: tuple[float, int, int]
    issued: tuple[float, int, int]
    held: float
    waiting: float
    months: tuple[Month, ...]
    visits: tuple[float, ...]
    totals: tuple[int, ...]
    ways: int
    exact: bool


class _TooManyError(Exception):
    """The exact table would grow too large."""


@frozen
class _Table:
    """Everything that can come of one client: each (chance, cents earned, cents issued).

    `visits` is the mean issued at each opportunity, `variances` the variance of that in each month.
    """

    ways: list[tuple[float, int, int]]
    visits: list[float]
    variances: list[float]
    exact: bool


def forecast(
    course: Course, hand: Hand, chance: float, clients: int, trials: int, dice: Random
) -> Forecast:
    """Say what a program would pay for so many clients, each meeting the goal with the same chance."""
    one = outlook(course, chance)
    try:
        table = _every_way(course, hand, chance)
    except _TooManyError:
        table = _drawn(course, hand, chance, dice)
    total = sum(p for p, _, _ in table.ways)
    free = hand.free
    earned, issued = _trials(table.ways, clients, trials, dice, both=not free)
    if free:
        # Where clients were drawn, their mean is a little off; the exact mean is known.
        off = clients * (one.mean - sum(p * cents for p, cents, _ in table.ways) / total)
        issued = earned = [round(cents + off) for cents in earned]
    earned, issued = sorted(earned), sorted(issued)
    waiting = sum(p * (e - i) for p, e, i in table.ways) / total
    visits = table.visits
    if free:
        visits = [now - before for before, now in pairwise((0.0, *one.so_far))]
    return Forecast(
        clients=clients,
        trials=trials,
        mean=one.mean,
        spread=one.spread,
        earned=_percentiles(clients * one.mean, earned),
        issued=_percentiles(clients * (one.mean - waiting), issued),
        held=sum(p for p, e, i in table.ways if e > i) / total,
        waiting=waiting,
        months=_months(course, visits, table.variances, clients),
        visits=tuple(clients * mean for mean in visits),
        totals=tuple(issued),
        ways=len(table.ways),
        exact=table.exact,
    )


def _months(
    course: Course, visits: Sequence[float], variances: Sequence[float], clients: int
) -> tuple[Month, ...]:
    """Add up what is issued to all clients by month, with its band by the normal curve."""
    means: dict[str, float] = {}
    for day, mean in zip(course.days, visits, strict=True):
        name = f"{day:%Y-%m}"
        means[name] = means.get(name, 0.0) + clients * mean
    months = []
    for (name, mean), variance in zip(means.items(), variances, strict=True):
        reach = Z * sqrt(clients * variance)
        months.append(Month(name=name, mean=mean, low=max(0.0, mean - reach), high=mean + reach))
    return tuple(months)


def _percentiles(mean: float, totals: Sequence[int]) -> tuple[float, int, int]:
    def at(share: float) -> int:
        return totals[max(0, ceil(share * len(totals)) - 1)]

    return mean, at(0.05), at(0.95)


def _trials(
    ways: Sequence[tuple[float, int, int]], clients: int, trials: int, dice: Random, *, both: bool
) -> tuple[list[int], list[int]]:
    """Draw every client of the program, so many times; give what all earned, and what was issued.

    Two amounts of one way are added up as one number, with the second far to the left of the first.
    """
    chances = list(accumulate(p for p, _, _ in ways))
    far = 1 << 64
    amounts = [e + far * i if both else e for _, e, i in ways]
    earned, issued = [], []
    for _ in range(trials):
        total = sum(dice.choices(amounts, cum_weights=chances, k=clients))
        earned.append(total % far)
        issued.append(total // far)
    return earned, issued


def _every_way(course: Course, hand: Hand, chance: float) -> _Table:
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
    return _Table([(p, e, i) for (e, i), p in ways.items()], visits, variances, exact=True)


def _month(course: Course, n: int) -> tuple[int, int]:
    return course.days[n].year, course.days[n].month


def _drawn(course: Course, hand: Hand, chance: float, dice: Random) -> _Table:
    """Draw clients, one way through the course each."""
    visits = [0.0] * len(course.days)
    names = list(dict.fromkeys(_month(course, n) for n in range(len(course.days))))
    place = [names.index(_month(course, n)) for n in range(len(course.days))]
    sums, squares = [0.0] * len(names), [0.0] * len(names)
    ways: dict[tuple[int, int], float] = {}
    for _ in range(DRAWN):
        state, purse = course.start(), hand.empty()
        by_month = [0] * len(names)
        for n in range(len(course.days)):
            cents = allowed = 0
            if dice.random() < chance:
                state, gain = course.met(n, state)
                cents, allowed = _thrown(gain, hand, dice)
            else:
                state = course.missed(n, state)
            then = hand.give(n, purse, cents, allowed)
            visits[n] += then.issued - purse.issued
            by_month[place[n]] += then.issued - purse.issued
            purse = then
        for k, cents in enumerate(by_month):
            sums[k] += cents
            squares[k] += cents * cents
        pair = purse.earned, purse.issued
        ways[pair] = ways.get(pair, 0.0) + 1
    moments = zip(sums, squares, strict=True)
    variances = [max(0.0, square / DRAWN - (cents / DRAWN) ** 2) for cents, square in moments]
    return _Table(
        [(p, e, i) for (e, i), p in ways.items()],
        [cents / DRAWN for cents in visits],
        variances,
        exact=False,
    )


def _thrown(gain: Gain, hand: Hand, dice: Random) -> tuple[int, int]:
    """Draw what one opportunity brings: cents, and cents that may be issued."""
    awards = [cents for _, cents in gain.sure]
    for draws in gain.draws:
        weights = list(accumulate(weight for weight, _ in draws.odds))
        thrown = dice.choices(draws.odds, cum_weights=weights, k=draws.times)
        awards += [cents for _, cents in thrown]
    return sum(awards), sum(map(hand.over, awards))


class _Outcomes:
    """The distribution of what an opportunity brings: (chance, cents, cents that may be issued)."""

    def __init__(self, hand: Hand) -> None:
        self._hand = hand
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
        found = {(sure, sum(self._hand.over(cents) for _, cents in gain.sure)): 1.0}
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
                    pair = cents, self._hand.over(cents)
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
