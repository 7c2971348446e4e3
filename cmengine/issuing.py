"""What limits would let a program issue in a course that is only thought of. Pure. Amounts are in cents.

The windows and what a limit leaves room for are those of `limits.py`; what stands here goes through a
course with them, for one client as well as for a table of everything that can come of one.
"""

from collections.abc import Sequence
from datetime import date
from itertools import accumulate
from typing import NamedTuple

from attrs import frozen

from cmengine.course import Course, Draws
from cmengine.limits import Cap, Window, room, window_of


@frozen(kw_only=True)
class Landing:
    """Where a cap first holds something back, if everything is met: of `cents`, `issued` are issued.

    `visit` counts opportunities from 1, `reward` the times it was met; `waiting` is what waits after the last of them.
    """

    cap: Cap
    visit: int
    reward: int
    on: date
    cents: int
    issued: int
    waiting: int


class Purse(NamedTuple):
    """What a client has: earned, issued, waiting to be issued, and issued in each cap's window.

    What is earned over a cap per award is in none of the others: it waits for another rule.
    """

    earned: int
    issued: int
    waiting: int
    spent: tuple[int, ...]


class Hand:
    """Issues what the caps allow, at each opportunity, oldest first."""

    def __init__(
        self, days: Sequence[date], caps: Sequence[Cap], budget_year: tuple[int, int]
    ) -> None:
        self.caps = [cap for cap in caps if cap.window != "award"]
        self.award = min((cap.most for cap in caps if cap.window == "award"), default=None)
        windows = [[window_of(day, cap.window, budget_year) for cap in self.caps] for day in days]
        self._goes_on = [
            tuple(n > 0 and window == windows[n - 1][k] for k, window in enumerate(now))
            for n, now in enumerate(windows)
        ]

    @property
    def free(self) -> bool:
        """Say whether there is no limit at all, so that everything earned is issued."""
        return not self.caps and self.award is None

    def empty(self) -> Purse:
        """Give the purse before the first opportunity."""
        return Purse(0, 0, 0, (0,) * len(self.caps))

    def over(self, cents: int) -> int:
        """Say how much of one award may ever be issued."""
        return cents if self.award is None else min(cents, self.award)

    def over_draw(self, draws: Draws) -> Draws:
        """Say how much of each draw may ever be issued."""
        return draws._replace(
            odds=tuple((weight, self.over(cents)) for weight, cents in draws.odds)
        )

    def give(self, n: int, purse: Purse, cents: int, allowed: int) -> Purse:
        """Earn `cents` at opportunity `n`, of which `allowed` may be issued, and issue what can be."""
        if not self.caps:
            if not cents:
                return purse
            return Purse(purse.earned + cents, purse.issued + allowed, 0, ())
        now, spent = purse.waiting + allowed, []
        if not now and not cents and all(self._goes_on[n]):
            return purse
        for cap, before, goes_on in zip(self.caps, purse.spent, self._goes_on[n], strict=True):
            already = before if goes_on else 0
            spent.append(already)
            now = min(now, room(cap, already))
        return Purse(
            purse.earned + cents,
            purse.issued + now,
            purse.waiting + allowed - now,
            tuple([already + now for already in spent]),
        )


def landing(course: Course, cap: Cap, budget_year: tuple[int, int] = (1, 1)) -> Landing | None:
    """Find the first reward that a cap holds back if everything is met; draws are taken at their mean."""
    hand = Hand(course.days, [cap], budget_year)
    purse, state = hand.empty(), course.start()
    found: tuple[int, int, int, int] | None = None
    for n in range(len(course.days)):
        state, gain = course.met(n, state)
        sure = [cents for _, cents in gain.sure]
        drawn = [round(draws.mean) for draws in gain.draws]
        allowed = sum(map(hand.over, sure)) + sum(round(hand.over_draw(d).mean) for d in gain.draws)
        before, cents = purse, sum(sure) + sum(drawn)
        purse = hand.give(n, before, cents, allowed)
        now = purse.issued - before.issued - before.waiting
        if found is None and now < cents:
            times = gain.occurrence.ordinal if gain.occurrence else 0
            found = n, times, cents, max(0, now)
    if found is None:
        return None
    n, times, cents, now = found
    return Landing(
        cap=cap,
        visit=n + 1,
        reward=times,
        on=course.days[n],
        cents=cents,
        issued=now,
        waiting=purse.earned - purse.issued,
    )


@frozen(kw_only=True)
class Shortage:
    """How far the program's money goes, in `trials` drawn.

    `enough` is the share of trials in which it is enough for everything issued, `waiting` what waits
    over all trials on average, in cents; `on` is the day on which the mean passes it, if it does.
    """

    amount: int
    enough: float
    waiting: float
    on: date | None


def shortage(
    days: Sequence[date], visits: Sequence[float], totals: Sequence[int], amount: int
) -> Shortage:
    """Set what is issued (the mean at each opportunity, and the total of each trial) against money."""
    short = [total - amount for total in totals if total > amount]
    passed = (day for day, spent in zip(days, accumulate(visits), strict=True) if spent > amount)
    return Shortage(
        amount=amount,
        enough=1 - len(short) / len(totals),
        waiting=sum(short) / len(totals),
        on=next(passed, None),
    )


def left_waiting(
    days: Sequence[date],
    visits: Sequence[float],
    window: Window,
    most: int,
    budget_year: tuple[int, int],
) -> float:
    """Say what waits at the end, in cents, if only `most` is issued in a window.

    `visits` is what would be issued at each opportunity; what waits goes on into the next window.
    """
    waiting, spent = 0.0, 0.0
    at: tuple[int, ...] | None = None
    for day, cents in zip(days, visits, strict=True):
        if at != (at := window_of(day, window, budget_year)):
            spent = 0.0
        now = min(waiting + cents, most - spent)
        waiting, spent = waiting + cents - now, spent + now
    return waiting
