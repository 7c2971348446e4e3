"""A prize bowl in numbers: what a draw is worth, and how many slips of each worth to put in. Pure.

Slips go back after each draw. Worths are in cents.
"""

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from math import gcd, sqrt

from attrs import frozen

from cmengine.model import Award

MOST_TRIED = 200_000


@frozen
class Bowl:
    """Slips in a bowl, as (how many, cents)."""

    slips: tuple[tuple[int, int], ...]

    @property
    def count(self) -> int:
        """How many slips there are."""
        return sum(count for count, _ in self.slips)

    @property
    def mean(self) -> Fraction:
        """What a draw is worth on average, in cents, exactly."""
        return Fraction(sum(count * cents for count, cents in self.slips), self.count)

    @property
    def spread(self) -> float:
        """The standard deviation of a draw, in cents."""
        squares = Fraction(sum(count * cents**2 for count, cents in self.slips), self.count)
        return sqrt(squares - self.mean**2)

    @property
    def wins(self) -> Fraction:
        """The chance that a slip is worth money."""
        return Fraction(sum(count for count, cents in self.slips if cents), self.count)

    def after(self, draws: int) -> tuple[float, float]:
        """Give mean and standard deviation, in cents, of so many draws together."""
        return float(draws * self.mean), self.spread * sqrt(draws)


def bowl_of(slips: Iterable[tuple[int, Award]]) -> Bowl:
    """Make a bowl of slips as a reward says them; of a thing, no worth is known here."""
    return Bowl(tuple((count, award.cents) for count, award in slips))


def solve_bowl(
    worths: Sequence[int], mean: Fraction | int, slips: int, wins: Fraction | None = None
) -> Bowl | None:
    """Find a bowl of `slips` slips with these worths, each there at least once, and this mean in cents.

    `wins` is the share of slips that are to be worth money. Of the bowls that fit, it takes one with
    few large slips, and as many of a worth as of the next larger one or more, where there is such a
    bowl. Where none has exactly this mean, it takes the nearest that there is; None where there is
    none at all.
    """
    tiers = sorted(set(worths), reverse=True)
    if len(tiers) != len(worths) or min(worths, default=-1) < 0 or slips < len(tiers):
        return None
    if len(tiers) == 1:
        return Bowl(((slips, tiers[0]),))
    winning = None
    if wins is not None and tiers[-1] == 0:
        winning = round(wins * slips)
        if not len(tiers) - 1 <= winning < slips:
            return None
    for total in _near(mean * slips, tiers, slips):
        for ordered in (True, False):
            if winning is None:
                counts = _fill(tiers, slips, total, ordered=ordered)
            else:
                counts = _fill(tiers[:-1], winning, total, ordered=ordered)
                counts = counts and [*counts, slips - winning]
            if counts:
                return Bowl(tuple(zip(reversed(counts), reversed(tiers), strict=True)))
    return None


def _near(wanted: Fraction | int, tiers: Sequence[int], slips: int) -> Iterator[int]:
    """Give the sums that a bowl of so many slips can have, from the one nearest to that wanted on."""
    step = gcd(*(worth - tiers[-1] for worth in tiers))
    least = slips * tiers[-1]
    nearest = least + step * round((wanted - least) / step)
    for n in range(200):
        both = {nearest - n * step, nearest + n * step}
        yield from sorted(both, key=lambda total: abs(Fraction(total - wanted)))


def _fill(tiers: Sequence[int], slips: int, total: int, *, ordered: bool) -> list[int] | None:
    """Find how many slips of each worth (from the largest) come to `slips` slips and `total` cents.

    Tries few of the larger ones first; the last two follow from the two sums.
    """
    tried = 0

    def go(n: int, slips: int, total: int, least: int) -> list[int] | None:
        nonlocal tried
        tried += 1
        left = len(tiers) - n
        if tried > MOST_TRIED or not tiers[-1] * slips <= total <= tiers[n] * slips:
            return None
        if left == 1:
            return [slips] if slips >= least and total == slips * tiers[n] else None
        if left == 2:
            high, rest = divmod(total - tiers[n + 1] * slips, tiers[n] - tiers[n + 1])
            low = slips - high
            fits = rest == 0 and high >= least and low >= 1
            # Slips without a prize stand outside the order: there may be few of them, or many.
            in_order = low >= high or not ordered or tiers[n + 1] == 0
            return [high, low] if fits and in_order else None
        for count in range(least, slips - left + 2):
            if count * tiers[n] > total:
                return None
            found = go(n + 1, slips - count, total - count * tiers[n], count if ordered else 1)
            if found:
                return [count, *found]
        return None

    return go(0, slips, total, 1)
