"""The most that a rule can bring one client in a month, if its goal is met as often as counts. Pure. In cents.

A month is any 31 days of the first year under a rule. How often a time counts (`per_day`, `per_week`, a calendar, a goal
that is done with) is the rule's own; of a draw, the best slip is taken. What limits would hold back is not taken off:
it is earned all the same.
"""

from collections.abc import Iterable
from datetime import date, timedelta

from attrs import frozen

from cmengine.course import Course, Gain, State
from cmengine.errors import CMError
from cmengine.model import Rule

MONTH = 31  # days
YEAR = 364
TIMES = 100  # in a day: more than anybody means
MOST_STEPS = 150_000  # of one start, before it is said that it was not worked out
MONDAY = date(2000, 1, 3)  # where a rule has no first day, any will do


@frozen(kw_only=True)
class Worst:
    """The most that one client can earn under a rule in a month: `cents`; None where nothing bounds it
    (`endless`), or where it could not be worked out.
    """

    rule: str
    cents: int | None
    endless: bool = False

    def of_all(self, clients: int) -> int | None:
        """Give what so many clients can earn in a month."""
        return None if self.cents is None else self.cents * clients


def worst_of(rule: Rule) -> Worst:
    """Work out the most that one client can earn in a month, whatever they set for themselves."""
    most = 0
    try:
        for one in (rule, *rule.variants):
            often = _often(one)
            if often is None:
                return Worst(rule=rule.id, cents=None, endless=True)
            most = max(most, _most(one, often))
    except (CMError, _Unknown):
        return Worst(rule=rule.id, cents=None)
    return Worst(rule=rule.id, cents=most)


def is_endless(rule: Rule) -> bool:
    """Say whether a rule brings money as often as somebody logs, in a day that never ends. Raises CMError."""
    return any(_often(one) is None for one in (rule, *rule.variants))


class _Unknown(Exception):
    """A reward draws and does not say its odds, or there are too many ways."""


def _often(rule: Rule) -> int | None:
    """Say how often in a day a rule can pay; None where nothing bounds it."""
    pace = [number for number in (rule.per_day, rule.per_week) if number is not None]
    if pace:
        return min(pace)
    course = Course(rule, (rule.starts or MONDAY,) * TIMES)
    state, last = course.start(), 1
    for n in range(TIMES):
        state, gain = course.met(n, state)
        if _best(gain):
            last = n + 1
    return None if last > TIMES // 2 else last


def _best(gain: Gain) -> int:
    """Give the most that an opportunity can bring."""
    drawn = (one.times * max(cents for _, cents in one.odds) for one in gain.draws)
    return sum(cents for _, cents in gain.sure) + sum(drawn)


def _most(rule: Rule, often: int) -> int:
    begins = rule.starts or MONDAY
    if rule.calendar:  # its slots are counted from the first day on
        return max(
            max(_any_way(rule, _days(first, MONTH, often), [0]), _each_time(rule, first, often))
            for first in (begins + timedelta(days=n) for n in range(7))
        )
    # Who has done nothing so far is among those who may have done anything in the month before. A month may
    # begin on any day of the week.
    before = [(MONTH + n) * often for n in range(7 if rule.per_week else 1)]
    days = _days(begins, 2 * MONTH + 6, often)
    return max(_any_way(rule, days, before), _each_time(rule, begins, often))


def _days(first: date, number: int, often: int) -> tuple[date, ...]:
    return tuple(first + timedelta(days=n) for n in range(number) for _ in range(often))


def _any_way(rule: Rule, days: tuple[date, ...], months: Iterable[int]) -> int:
    """Give the most that can be earned in a month that begins with one of these opportunities, whichever are taken,
    those before it as well.
    """
    course = Course(rule, days)
    often = days.count(days[0])
    most = 0
    for begins in months:
        places: dict[State, int] = {_told_apart(rule, course.start()): 0}
        steps = 0
        for n in range(begins + MONTH * often):
            ahead: dict[State, int] = {}
            steps += len(places)
            if steps > MOST_STEPS:
                raise _Unknown
            for state, cents in places.items():
                met, gain = course.met(n, state)
                more = _best(gain) if n >= begins else 0
                for after, sum_ in ((met, cents + more), (course.missed(n, state), cents)):
                    place = _told_apart(rule, after)
                    ahead[place] = max(ahead.get(place, 0), sum_)
            places = ahead
        most = max(most, *places.values())
    if course.asked:
        raise _Unknown
    return most


def _told_apart(rule: Rule, state: State) -> State:
    """Leave out of a state what this rule does not count by."""
    return state._replace(
        today=state.today if rule.per_day else 0,
        this_week=state.this_week if rule.per_week else 0,
    )


def _each_time(rule: Rule, first: date, often: int) -> int:
    """Give the best 31 days of a year in which every opportunity is taken: a ladder is highest late."""
    days = _days(first, YEAR, often)
    course = Course(rule, days)
    state, gains = course.start(), []
    for n in range(len(days)):
        state, gain = course.met(n, state)
        gains.append(_best(gain))
    width = MONTH * often
    now = most = sum(gains[:width])
    for n in range(width, len(gains)):
        now += gains[n] - gains[n - width]
        most = max(most, now)
    return most
