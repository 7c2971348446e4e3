"""The one way from an event to what it earns: which rules it concerns, and what each makes of it. Pure.

Logging at the desk, the import and the replay all walk through here; they differ only in where a
client's standing comes from.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import date

from attrs import frozen

from cmengine.evaluate import Dice, Outcome, Standing, evaluate
from cmengine.model import Choice, Event, Rule
from cmengine.timeline import TimelineRow, Timelines, in_force

RuleOf = Callable[[Choice], Rule]
Recall = Callable[[Rule, date, Event], Standing]
"""Give the client's standing under a rule, first chosen on a day, with all that counts for an event."""


@frozen
class Result:
    """What one event came to under one choice."""

    choice: Choice
    rule: Rule
    standing: Standing
    outcome: Outcome


def results(
    timelines: Timelines, event: Event, rule_of: RuleOf, recall: Recall, dice: Dice
) -> Iterator[Result]:
    """Show an event to every rule that its client has chosen and that listens to its kind.

    Rules are asked in the order of their ids. Each standing goes on from the outcome.
    """
    for rule_id in sorted(timelines):
        choice = in_force(timelines[rule_id], event.day)
        if choice is None:
            continue
        rule = rule_of(choice)
        if event.kind not in rule.goal.listens():
            continue
        standing = recall(rule, timelines[rule_id][0].choice.on, event)
        outcome = evaluate(rule, standing, event, dice)
        standing.take(outcome)
        yield Result(choice, rule, standing, outcome)


def catches_up(before: Sequence[TimelineRow], choice: Choice, event: Event) -> bool:
    """Say whether an event that was logged earlier counts under a choice that is only now written down.

    It does where its day belongs to the choice, and no choice was in force on that day before: what
    is logged late is on time, and so is a choice.
    """
    return choice.stands and event.day >= choice.on and in_force(before, event.day) is None
