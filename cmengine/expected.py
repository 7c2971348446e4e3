"""What may still come until the end of a period, worked out from the weeks before. Pure. Amounts are in cents.

Whole past weeks, Monday to Sunday, are drawn with replacement until the days that are left are full (a
bootstrap, Efron 1979, https://doi.org/10.1214/aos/1176344552); that is done a thousand times with dice that
always fall the same way. The range holds nine of ten of them. It knows of no trend, no season and no plan.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from random import Random

from attrs import frozen

from cmengine.days import week_of

LEAST_WEEKS = 6  # fewer past weeks than this are too few to say anything
TRIALS = 1_000
SEED = 1


@frozen
class Expected:
    """What is there so far, and at the end of the period: on average, and where nine of ten trials lie.

    `weeks` is how many past weeks were drawn from. With too few of them, there is nothing but what is so far.
    """

    so_far: int
    weeks: int
    mean: int | None = None
    low: int | None = None
    high: int | None = None


def weekly(by_day: Mapping[date, int], begun: date | None, past: date, monday: date) -> list[int]:
    """Sum up whole weeks from the Monday `past` to before `monday`; those before it had begun are left out."""
    first = past if begun is None else max(past, week_of(begun))
    if begun is None or first >= monday:
        return []
    sums = dict.fromkeys((first + timedelta(weeks=n) for n in range((monday - first).days // 7)), 0)
    for day, cents in by_day.items():
        if first <= day < monday:
            sums[week_of(day)] += cents
    return list(sums.values())


def expect(so_far: int, weeks: Sequence[int], days_left: int) -> Expected:
    """Say what there may be after so many days more."""
    if days_left <= 0:
        return Expected(so_far, len(weeks), so_far, so_far, so_far)
    if len(weeks) < LEAST_WEEKS:
        return Expected(so_far, len(weeks))
    dice = Random(SEED)
    whole, rest = divmod(days_left, 7)
    totals = sorted(
        so_far + sum(dice.choices(weeks, k=whole)) + dice.choice(weeks) * rest // 7
        for _ in range(TRIALS)
    )
    mean = so_far + round(sum(weeks) / len(weeks) * days_left / 7)
    return Expected(
        so_far, len(weeks), mean, totals[TRIALS * 5 // 100], totals[TRIALS * 95 // 100 - 1]
    )
