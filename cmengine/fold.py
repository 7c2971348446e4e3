"""The one way from an event to what it earns: which rules it concerns, and what each makes of it. Pure.

Logging at the desk, the import and the replay all walk through here; they differ only in where a
client's standing comes from.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from cmengine.evaluate import Ask, Dice, Outcome, Standing, ask, evaluate
from cmengine.model import Choice, Event, Rule
from cmengine.timeline import RuleOf, TimelineRow, Timelines, first_day, in_force

Recall = Callable[[Rule, date, Event], Standing]
"""Give the client's standing under a rule, first chosen on a day, with all that counts for an event."""


class Stretch(NamedTuple):
    """From the day `on`, events of these kinds are shown to `rule`; None where the goal is set aside."""

    on: date
    rule: Rule | None
    listens: frozenset[str] = frozenset()


class Line(NamedTuple):
    """What a client's agenda has of one rule: the day it was first chosen, and its stretches, latest first."""

    first: date
    stretches: tuple[Stretch, ...]


Agenda = Mapping[str, Sequence[Line]]
"""What each kind of event is shown to, in the order of the rules' ids."""


def agenda_of(timelines: Timelines, rule_of: RuleOf) -> Agenda:
    """Work out which rules a client's events are to be shown to."""
    agenda: dict[str, list[Line]] = {}
    for name in sorted(timelines):
        timeline = timelines[name]
        line = Line(
            first_day(timeline), tuple(_stretch(row.choice, rule_of) for row in timeline[::-1])
        )
        for kind in sorted({kind for stretch in line.stretches for kind in stretch.listens}):
            agenda.setdefault(kind, []).append(line)
    return agenda


def _stretch(choice: Choice, rule_of: RuleOf) -> Stretch:
    if not choice.stands:
        return Stretch(choice.on, None)
    rule = rule_of(choice)
    return Stretch(choice.on, rule, frozenset(rule.goal.listens()))


class Result(NamedTuple):
    """What one event came to under one rule."""

    rule: Rule
    standing: Standing
    outcome: Outcome


def results(
    agenda: Agenda, event: Event, recall: Recall, dice: Dice, ask: Ask = ask
) -> Iterator[Result]:
    """Show an event to every rule that its client has chosen and that listens to its kind.

    Rules are asked in the order of their ids. Each standing goes on from the outcome.
    """
    day = event.day
    for line in agenda.get(event.kind, ()):
        for stretch in line.stretches:
            if stretch.on <= day:
                break
        else:
            continue
        rule = stretch.rule
        if rule is None or event.kind not in stretch.listens:
            continue
        standing = recall(rule, line.first, event)
        standing.first = line.first  # it may have moved back since the standing was remembered
        outcome = evaluate(rule, standing, event, dice, ask)
        standing.take(outcome)
        yield Result(rule, standing, outcome)


def catches_up(before: Sequence[TimelineRow], choice: Choice, seq: int, event: Event) -> bool:
    """Say whether an event that was logged earlier counts under a choice that is only now written down.

    It does where its day belongs to the choice, no choice was in force on that day before, and the
    event was shown to the rule neither when it was logged nor since: what is logged late is on time,
    and so is a choice.
    """
    if not _catches(before, choice, event.day):
        return False
    known = [row for row in before if row.after_event < seq]
    return in_force(known, event.day) is None and not any(
        _catches(before[:place], before[place].choice, event.day)
        for place in range(len(known), len(before))
    )


def counted_under(timeline: Sequence[TimelineRow], seq: int, day: date) -> Choice | None:
    """Find the choice under which an event (its place in the log, its day) was shown to a rule, if any:
    the one in force when it was logged, or else the first that caught up with it.
    """
    known = [row for row in timeline if row.after_event < seq]
    choice = in_force(known, day)
    if choice is not None:
        return choice
    later = range(len(known), len(timeline))
    return next(
        (timeline[n].choice for n in later if _catches(timeline[:n], timeline[n].choice, day)), None
    )


def _catches(before: Sequence[TimelineRow], choice: Choice, day: date) -> bool:
    return choice.stands and day >= choice.on and in_force(before, day) is None
