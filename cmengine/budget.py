"""What a rule would cost a program: clients, trials, limits on issuing, months. Pure.

What can come of one client is worked out first, with its chance; a trial then draws every client of
the program from that. Amounts are in cents.
"""

from bisect import bisect
from collections.abc import Sequence
from itertools import accumulate, pairwise
from math import ceil, sqrt
from random import Random

from attrs import frozen

from cmengine.course import Course
from cmengine.issuing import Hand
from cmengine.simulate import outlook
from cmengine.ways import ways_of

QUANTILES = 1 << 16  # how many equally likely clients a trial draws from
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


def forecast(
    course: Course, hand: Hand, chance: float, clients: int, trials: int, dice: Random
) -> Forecast:
    """Say what a program would pay for so many clients, each meeting the goal with the same chance."""
    one = outlook(course, chance)
    table = ways_of(course, hand, chance, dice)
    waiting = sum(p * (earned - issued) for p, earned, issued in table.ways)
    earned, issued = _trials(table.ways, clients, trials, dice)
    if not table.exact:
        # Clients who were drawn are a little off; the mean of earning is known exactly.
        off = clients * (one.mean - sum(p * cents for p, cents, _ in table.ways))
        most = clients * max(cents for _, _, cents in table.ways)
        earned = [round(cents + off) for cents in earned]
        issued = [min(most, round(cents + off)) for cents in issued]
    visits = table.visits
    if hand.free:
        visits = [now - before for before, now in pairwise((0.0, *one.so_far))]
    return Forecast(
        clients=clients,
        trials=trials,
        mean=one.mean,
        spread=one.spread,
        earned=_percentiles(clients * one.mean, earned),
        issued=_percentiles(clients * (one.mean - waiting), issued),
        held=sum(p for p, e, i in table.ways if e > i),
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
    ways: Sequence[tuple[float, int, int]], clients: int, trials: int, dice: Random
) -> tuple[list[int], list[int]]:
    """Draw every client of the program, so many times; give what all earned, and what was issued.

    Clients are drawn from QUANTILES equally likely ones, which is three times as fast as from the
    table itself. What waits is added up in the same number as what is earned, far to the left of it.
    """
    ordered = sorted(ways, key=lambda way: way[1:])
    chances = list(accumulate(p for p, _, _ in ordered))
    last = len(ordered) - 1
    far = 1 << (clients * ordered[-1][1]).bit_length()
    population = []
    for n in range(QUANTILES):
        _, earned, issued = ordered[min(last, bisect(chances, (n + 0.5) / QUANTILES))]
        population.append(earned + far * (earned - issued))
    all_earned, all_issued = [], []
    for _ in range(trials):
        waiting, total = divmod(sum(dice.choices(population, k=clients)), far)
        all_earned.append(total)
        all_issued.append(total - waiting)
    return sorted(all_earned), sorted(all_issued)
