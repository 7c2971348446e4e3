"""Why an event earned nothing under a rule, kindly, and what can be done where something can."""

from collections.abc import Collection
from functools import partial

from cmengine.days import days_of_week
from cmengine.engine import was_held
from cmengine.errors import CMError, Fault
from cmengine.model import Choice, Event, Hints, Rule
from cmengine.program import Program
from cmengine.timeline import TimelineRow, first_day, in_force

HELD = "is held just now; this is kept, and what it earns is added with: cmengine retry"
NOT_MET = "was not met by this one, and nothing is lost: whenever it comes, it counts"


def reasons(program: Program, event: Event) -> dict[str, str]:
    """Say for each chosen rule that listens to this kind of event, and gave nothing for it, why.

    The keys are the titles of the rules. Where another rule gave something, a rule that was just not
    met is passed over.
    """
    ledger = program.ledger
    gave = {award.rule for award in ledger.awards("event = ?", event.id)}
    held = _held(program, event.client)
    said = {}
    for name, timeline in ledger.timelines(event.client).items():
        choice = next(row.choice for row in reversed(timeline) if row.choice.stands)
        if name in held and name not in gave:
            if _may_listen(program, choice, event.kind):
                said[program.table(choice.digest)["title"]] = HELD
            continue
        try:
            rule = program.rule_of(choice)
        except CMError:
            from cmengine.absent import Absent  # late: it is seldom asked

            needs = Absent(program).of(choice.digest)
            if not needs:
                raise
            if name not in gave:
                said[program.table(choice.digest)["title"]] = f"cannot be asked just now ({needs})"
            continue
        try:
            if name not in gave and event.kind in rule.goal.listens():
                said[rule.title] = _reason(program, event, rule, timeline)
        except Fault as fault:
            said[rule.title] = f"cannot be asked just now ({fault.problem})"
    return {title: why for title, why in said.items() if not (gave and why == NOT_MET)}


def _held(program: Program, client: str) -> Collection[str]:
    """Name the rules that are held for a client."""
    if not was_held(program.ledger):
        return ()
    from cmengine.holds import held_for  # late: it is seldom that any is

    return held_for(program.ledger, client)


def _may_listen(program: Program, choice: Choice, kind: str) -> bool:
    """Say whether a rule that is held may listen to a kind of event; one that cannot be asked may."""
    try:
        return kind in program.rule_of(choice).goal.listens()
    except CMError:
        return True


def on_the_menu(program: Program, event: Event) -> list[str]:
    """Name published rules that this client has not chosen and that listen to this kind of event."""
    chosen = program.ledger.timelines(event.client)
    from cmengine.absent import Absent

    absent = Absent(program)
    return [
        rule
        for rule, digest in program.ledger.current_digests().items()
        if rule not in chosen and not absent.of(digest) and event.kind in _listens(program, digest)
    ]


def _listens(program: Program, digest: str) -> Collection[str]:
    """Name the kinds of event that a published rule listens to; none where it cannot be asked."""
    try:
        rule = program.contained(program.specimen(program.table(digest), digest))
        return rule.goal.listens()
    except CMError:
        return ()


def _reason(program: Program, event: Event, rule: Rule, timeline: list[TimelineRow]) -> str:
    choice = in_force(timeline, event.day)
    if choice is None:
        first = first_day(timeline)
        if event.day < first:
            return f"counts from {first} on, the day it was chosen"
        return "is set aside just now; it can be chosen again at any time, and goes on where it was"
    if not rule.open_on(event.day):
        return f"runs from {rule.starts or 'the beginning'} to {rule.ends or 'no end'}"
    counted = partial(program.ledger.counted, event.client, rule.id)
    if rule.per_day is not None and counted((event.day,)) >= rule.per_day:
        return "counted already that day, and stays counted"
    if rule.per_week is not None and counted(days_of_week(event.day)) >= rule.per_week:
        return "counted already that week, as often as a week counts, and stays counted"
    if isinstance(rule.goal, Hints) and rule.goal.hint(event):
        return f"{rule.goal.hint(event)} Logged as it is; if that was a slip, log it again"
    return NOT_MET
