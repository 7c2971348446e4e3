"""What an event earns. Pure: a rule, where the client stands, the event and dice go in; awards come out."""

from collections.abc import Callable, Hashable, Iterable
from datetime import date
from itertools import islice
from random import Random
from typing import NamedTuple

from cmengine.days import week_number
from cmengine.errors import CMError, Fault
from cmengine.model import Award, Earned, Event, Met, Occurrence, Rule

Dice = Callable[[str, str, int], Random]
"""Give the dice for one draw: from the event's id, the rule's id and the number of the reward."""

Ask = Callable[[Rule, Occurrence, str, Dice], tuple[tuple[int, Award], ...]]
"""Ask every reward of a rule what an occurrence earns: for each award, which reward gave it."""

MOST_AWARDS = 1_000
MOST_CENTS = 100_000_000


class Standing:
    """Where a client stands under one rule: what the goal remembers, and what has counted so far.

    `days` and `weeks` (by `week_number`) hold how many occurrences counted then; a ledger need only
    fill in the day and week of the event at hand. `slots` are the calendar slots taken. `first` is the
    day on which the client first chose the rule, `latest` the latest day of all that counts.
    `by_day` and `by_week` say whether days and weeks are counted at all.
    """

    by_day = by_week = True

    __slots__ = ("days", "first", "latest", "memory", "slots", "times", "weeks")

    def __init__(
        self, memory: Hashable, first: date, times: int = 0, latest: date | None = None
    ) -> None:
        self.memory = memory
        self.first = first
        self.times = times
        self.latest = latest
        self.days: dict[date, int] = {}
        self.weeks: dict[int, int] = {}
        self.slots: frozenset[int] = frozenset()

    def take(self, outcome: "Outcome") -> None:
        """Go on from what an event has come to."""
        self.memory = outcome.memory
        if outcome.earned is not None:
            occurrence = outcome.earned.occurrence
            self.times = occurrence.ordinal
            self.count(occurrence)

    def count(self, occurrence: Occurrence) -> None:
        """Let an occurrence count for its day, its week and its slot."""
        on = occurrence.on
        if self.latest is None or on > self.latest:
            self.latest = on
        if self.by_day:
            self.days[on] = self.days.get(on, 0) + 1
        if self.by_week:
            week = week_number(on)
            self.weeks[week] = self.weeks.get(week, 0) + 1
        if occurrence.slot is not None:
            self.slots |= {occurrence.slot}


class Outcome(NamedTuple):
    """What one event came to under one rule. `counted_already` says "day" or "week" where the
    rule's pace had been reached, so that this time stays free for another day.
    """

    memory: Hashable
    earned: Earned | None = None
    counted_already: str = ""


def ask(
    rule: Rule, occurrence: Occurrence, event: str, dice: Dice
) -> tuple[tuple[int, Award], ...]:
    """Ask every reward of a rule what an occurrence earns; `event` is the id of what is drawn for."""
    return tuple(
        [
            (number, award)
            for number in range(len(rule.rewards))
            for award in awards_of(rule, number, occurrence, dice(event, rule.id, number))
        ]
    )


def evaluate(rule: Rule, standing: Standing, event: Event, dice: Dice, ask: Ask = ask) -> Outcome:
    """Decide what `event` earns under `rule` for a client who stands at `standing`.

    Changes nothing it is given; `ask` asks the rewards. Raises Fault, naming the plugin, where a goal or reward raises or
    answers with something that cannot be.
    """
    day = event.day
    if not rule.open_on(day):
        return Outcome(standing.memory)
    try:
        memory, met = rule.goal.step(standing.memory, event)
        hash(memory)
    except CMError:
        raise  # it is in words already
    except (Exception, SystemExit, GeneratorExit) as error:
        raise _fault(rule, rule.goal, f"raised {_named(error)}") from error
    if met is None:
        return Outcome(memory)
    if type(met) is not Met:
        raise _fault(rule, rule.goal, f"answered {met!r:.80} instead of Met or None")
    if rule.per_day is not None and standing.days.get(day, 0) >= rule.per_day:
        return Outcome(standing.memory, None, "day")
    if rule.per_week is not None and standing.weeks.get(week_number(day), 0) >= rule.per_week:
        return Outcome(standing.memory, None, "week")
    occurrence = Occurrence(
        rule=rule.id,
        on=day,
        value=event.value,
        ordinal=standing.times + 1,
        slot=free_slot(rule, standing, day) if rule.calendar else None,
        reason=met.reason,
    )
    awards = ask(rule, occurrence, event.id, dice)
    return Outcome(memory, Earned(occurrence=occurrence, awards=awards))


def free_slot(rule: Rule, standing: Standing, day: date) -> int | None:
    """Give the calendar slot that `day` has reached, or None without a calendar or where it is taken.

    Somebody who comes before the first scheduled day takes the first slot.
    """
    if not rule.calendar:
        return None
    from cmengine.slots import slots_until  # late: few rules have a calendar

    slot = max(1, slots_until(rule.calendar, standing.first, day))
    return None if slot in standing.slots else slot


def awards_of(rule: Rule, number: int, occurrence: Occurrence, dice: Random) -> list[Award]:
    """Ask the `number`-th reward of a rule what an occurrence earns, and check the answer."""
    reward = rule.rewards[number]
    try:
        awards = list(islice(reward.awards(occurrence, dice), MOST_AWARDS + 1))
    except CMError:
        raise
    except (Exception, SystemExit, GeneratorExit) as error:
        raise _fault(rule, reward, f"raised {_named(error)}") from error
    if len(awards) > MOST_AWARDS:
        raise _fault(rule, reward, f"gave more than {MOST_AWARDS} awards for one occurrence")
    for award in awards:
        if type(award) is not Award:
            raise _fault(rule, reward, f"gave {award!r:.80}, which is not an Award")
        if not 0 <= award.cents <= MOST_CENTS or type(award.cents) is not int:
            raise _fault(rule, reward, f"gave an award of {award.cents!r:.40} cents")
        if type(award.label) is not str or not isinstance(award.item, str | None):
            raise _fault(rule, reward, "gave an award whose label or item is not text")
    return awards


def play(
    rule: Rule, events: Iterable[Event], dice: Dice, first: date | None = None
) -> list[Outcome]:
    """Fold events of one client, in the order of logging, and give what each came to.

    `first` is the first day of the client's choice; without it, the earliest day among the events.
    An event before it, or of a kind the goal does not listen to, comes to nothing.
    """
    logged = list(events)
    begins = first or min((event.day for event in logged), default=date.min)
    listens = frozenset(rule.goal.listens())
    standing = Standing(memory=rule.goal.start(), first=begins)
    outcomes = []
    for event in logged:
        if event.kind in listens and event.day >= begins:
            outcome = evaluate(rule, standing, event, dice)
            standing.take(outcome)
        else:
            outcome = Outcome(standing.memory)
        outcomes.append(outcome)
    return outcomes


def _named(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def _fault(rule: Rule, part: object, what: str) -> Fault:
    kind = getattr(part, "kind", type(part).__name__)
    return Fault(rule.id, f"'{kind}' {what}", type(part).__module__)
