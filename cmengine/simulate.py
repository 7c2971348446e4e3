"""What a client would see before agreeing, and what other schedules would have paid. Pure.

The classic schedules that go back after a setback stand here, as a comparison that no rule file can
name. Amounts are in cents; a mean may have parts of a cent.
"""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from math import sqrt

from attrs import frozen

from cmengine.course import Course, State, gain_of
from cmengine.model import Occurrence, Rule
from cmengine.phases import Phase


@frozen(kw_only=True)
class Outlook:
    """What a client earns if each opportunity is met with the same chance.

    `mean` and `spread` (the standard deviation) are of everything earned, and exact; `by_reward`
    divides the mean among the rule's rewards; `so_far` is the mean up to each opportunity.
    """

    chance: float
    times: float
    mean: float
    spread: float
    by_reward: tuple[float, ...]
    so_far: tuple[float, ...]


@frozen(kw_only=True)
class Outlooks:
    """Everything met, met with some chance, and nothing met: then nothing is owed, and nothing lost."""

    best: Outlook
    typical: Outlook
    worst: Outlook


def what_if(course: Course, chance: float) -> Outlooks:
    """Say what a client would see before agreeing to a rule."""
    return Outlooks(
        best=outlook(course, 1.0), typical=outlook(course, chance), worst=outlook(course, 0.0)
    )


def outlook(course: Course, chance: float) -> Outlook:
    """Work out mean and spread exactly, by adding up over everywhere a client could stand.

    Each place is kept with its probability, and with the first and second moment of what has been
    earned on the ways there, each weighted with their probability.
    """
    places: dict[State, tuple[float, float, float]] = {course.start(): (1.0, 0.0, 0.0)}
    by_reward = [0.0] * len(course.rule.rewards)
    so_far: list[float] = []
    times = 0.0
    for n in range(len(course.days)):
        ahead: dict[State, tuple[float, float, float]] = {}
        for state, (p, m1, m2) in places.items():
            if chance < 1:
                miss = 1 - chance
                _add(ahead, course.missed(n, state), (miss * p, miss * m1, miss * m2))
            if chance > 0:
                after, gain = course.met(n, state)
                mean, square = gain.mean, gain.variance + gain.mean**2
                moments = (p, m1 + p * mean, m2 + 2 * mean * m1 + p * square)
                _add(ahead, after, (chance * moments[0], chance * moments[1], chance * moments[2]))
                times += chance * p * (gain.occurrence is not None)
                for reward, cents in gain.sure:
                    by_reward[reward] += chance * p * cents
                for draws in gain.draws:
                    by_reward[draws.reward] += chance * p * draws.mean
        places = ahead
        so_far.append(sum(m1 for _, m1, _ in places.values()))
    mean = so_far[-1] if so_far else 0.0
    variance = sum(m2 for _, _, m2 in places.values()) - mean**2
    return Outlook(
        chance=chance,
        times=times,
        mean=mean,
        # What rounding leaves of a variance that is nothing is nothing.
        spread=sqrt(variance) if variance > 1e-9 * mean**2 else 0.0,
        by_reward=tuple(by_reward),
        so_far=tuple(so_far),
    )


def _add(
    places: dict[State, tuple[float, float, float]], state: State, more: tuple[float, float, float]
) -> None:
    p, m1, m2 = places.get(state, (0.0, 0.0, 0.0))
    places[state] = (p + more[0], m1 + more[1], m2 + more[2])


# Comparisons. For each opportunity, the rung of the ladder and the count for bonuses and draws, or
# None where it is not met.

Place = tuple[int, int] | None
Schedule = Callable[[Sequence[bool]], list[Place]]


def each_time(happened: Sequence[bool]) -> list[Place]:
    """Climb with each time it happens; a setback holds the rung where it is (HOLD, OPEN-ENDED)."""
    count = 0
    places: list[Place] = []
    for yes in happened:
        count += yes
        places.append((count, count) if yes else None)
    return places


def by_calendar(happened: Sequence[bool]) -> list[Place]:
    """Climb with each opportunity, met or not (CALENDAR); bonuses count the times it was met."""
    return [
        (n, place[1]) if place else None for n, place in enumerate(each_time(happened), start=1)
    ]


def reset(happened: Sequence[bool]) -> list[Place]:
    """Begin anew after a setback: the classic schedule, which no rule here can ask for."""
    run = 0
    places: list[Place] = []
    for yes in happened:
        run = run + 1 if yes else 0
        places.append((run, run) if yes else None)
    return places


def reset_recover(n: int, *, at_once: bool = False) -> Schedule:
    """Begin anew after a setback, and go on from the earlier rung after `n` times in a row.

    The earlier rung is paid from the next time on, or, `at_once`, already with the n-th. As Higgins
    and colleagues did with n = 5 (the sixth pays it), and California with n = 2 (the second does).
    """

    def places_of(happened: Sequence[bool]) -> list[Place]:
        rung, run, held = 0, 0, 0
        places: list[Place] = []
        for yes in happened:
            if not yes:
                held, rung, run = max(held, rung), 0, 0
                places.append(None)
                continue
            run += 1
            rung += 1
            if held and run == (n if at_once else n + 1):
                rung, held = max(rung, held + 1), 0
            places.append((rung, rung))
        return places

    return places_of


def climbing(rule: Rule) -> int | None:
    """Say how many opportunities a ladder climbs for, where fixed amounts follow; else None.

    There is nothing to climb and so nothing to go back from in those: they go by the calendar, as
    weeks 13 to 24 do in California.
    """
    for reward in rule.rewards:
        phases = [one for one in getattr(reward, "phases", ()) if isinstance(one, Phase)]
        climbs = [n for n, phase in enumerate(phases, start=1) if phase.step]
        if climbs and climbs[-1] < len(phases):
            return sum(phase.times for phase in phases[: climbs[-1]])
    return None


def paid(
    course: Course, happened: Sequence[bool], schedule: Schedule, climbing: int | None = None
) -> list[float]:
    """Say what a schedule would have paid at each opportunity, in cents; of draws, the mean.

    With `climbing`, the schedule has its say in so many opportunities; the others go by the calendar.
    """
    amounts = []
    for n, place in enumerate(schedule(happened)):
        if place is None:
            amounts.append(0.0)
            continue
        rung, count = place
        if climbing is not None and n >= climbing:
            rung = n + 1
        day = course.days[min(n, len(course.days) - 1)]
        on = day + timedelta(weeks=max(0, n + 1 - len(course.days)))
        rewards = range(len(course.rule.rewards))
        amounts.append(sum(_paid(course.rule, reward, on, rung, count) for reward in rewards))
    return amounts


def _paid(rule: Rule, reward: int, on: date, rung: int, count: int) -> float:
    """Ask one reward: a ladder is shown the rung whichever way it climbs, anything else the count."""
    ladder = hasattr(rule.rewards[reward], "climbs")
    ordinal = rung if ladder else count
    occurrence = Occurrence(
        rule=rule.id, on=on, value=None, ordinal=ordinal, slot=rung, reason="a comparison"
    )
    return gain_of(rule, occurrence, only=reward).mean


@frozen(kw_only=True)
class Comparison:
    """What one schedule would have paid, in cents. `here` is False where no rule can ask for it."""

    name: str
    cents: float
    here: bool


def compare(
    course: Course, setbacks: Sequence[int], recover: int = 5, *, at_once: bool = False
) -> list[Comparison]:
    """Set the schedules side by side for setbacks at some opportunities (from 1) and all others met."""
    happened = [n not in setbacks for n in range(1, len(course.days) + 1)]
    later = [*happened, *(True for yes in happened if not yes)]
    first = climbing(course.rule)
    again = reset_recover(recover, at_once=at_once)

    def row(name: str, way: Sequence[bool], schedule: Schedule, here: bool) -> Comparison:
        cents = sum(paid(course, way, schedule, None if here else first))
        return Comparison(name=name, cents=cents, here=here)

    return [
        row("reset", happened, reset, False),
        row(f"reset_recover({recover})", happened, again, False),
        row("each_time", happened, each_time, True),
        row("by_calendar", happened, by_calendar, True),
        row("open_ended", later, each_time, True),
    ]
