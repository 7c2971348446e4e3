"""Where a client stands today, and what the same again will bring."""

from collections.abc import Sequence
from datetime import timedelta

from attrs import evolve

from cmengine.ahead import what_comes
from cmengine.errors import Fault
from cmengine.evaluate import Standing
from cmengine.memory import of_text
from cmengine.model import Event, Rule
from cmengine.program import Program
from cmengine.timeline import TimelineRow, first_day


def standing_now(program: Program, rule: Rule, timeline: Sequence[TimelineRow]) -> Standing:
    """Read where a client stands under a rule today."""
    client, first = timeline[0].choice.client, first_day(timeline)
    kept = program.ledger.remembered(client, rule.id)
    standing = Standing(
        memory=of_text(kept.memory) if kept else rule.goal.start(),
        first=first,
        times=kept.times if kept else 0,
    )
    if rule.calendar:
        from cmengine.slots import slots_until  # late: few rules have a calendar

        reached = max(1, slots_until(rule.calendar, first, program.today()))
        if program.ledger.slot_taken(client, rule.id, reached):
            standing.slots |= {reached}
    return standing


def coming(program: Program, event: Event, rules: Sequence[str]) -> dict[str, list[str]]:
    """Say what the same again, another day, will earn under some of a client's rules, by their titles."""
    timelines = program.ledger.timelines(event.client)
    found = {}
    for name in rules:
        timeline = timelines.get(name)
        if not timeline or not timeline[-1].choice.stands:
            continue
        try:
            labels = _again(program, event, timeline)
        except Fault:
            continue  # what comes is not known just now; when it comes, it counts
        if labels:
            found[name] = labels
    return found


def _again(program: Program, event: Event, timeline: Sequence[TimelineRow]) -> list[str]:
    rule = program.rule_of(timeline[-1].choice)
    standing = standing_now(program, rule, timeline)
    tomorrow = max(event.day, program.today()) + timedelta(days=1)
    again = rule.goal.step(standing.memory, evolve(event, day=tomorrow))[1]
    return what_comes(rule, standing, program.today()) if again and rule.open_on(tomorrow) else []
