"""What concerns a client, gathered to be shown: what they chose, how often, what waits, what comes."""

from collections.abc import Sequence
from datetime import timedelta

from attrs import evolve, frozen

from cmengine.absent import Absent
from cmengine.evaluate import Standing
from cmengine.explain import what_comes
from cmengine.ledger import Balance
from cmengine.memory import of_text
from cmengine.model import Choice, Event, Rule
from cmengine.program import Program
from cmengine.slots import slots_until
from cmengine.timeline import TimelineRow
from cmengine.vouchers import waiting_items


@frozen(kw_only=True)
class GoalView:
    """A goal as a client can be shown it. `times` is how often it has happened so far.

    `absent` says what it needs and no plugin offers; what comes next is then not known.
    """

    choice: Choice
    title: str
    times: int
    cents: int
    coming: list[str]
    absent: str = ""


@frozen(kw_only=True)
class Overview:
    """Everything that concerns one client."""

    client: str
    name: str
    balance: Balance
    goals: list[GoalView]
    put_away: list[Choice]
    items: list[str]
    open_vouchers: int


def overview(program: Program, client: str) -> Overview:
    """Gather what concerns a client. Raises CMError where there is no such client."""
    program.must_have(client)
    timelines = program.ledger.timelines(client)
    latest = [rows[-1].choice for rows in timelines.values()]
    row = program.ledger.one(
        "select count(*) from voucher_list where client = ? and not redeemed", client
    )
    return Overview(
        client=client,
        name=program.ledger.personal(client).get("name", ""),
        balance=program.ledger.balance(client),
        goals=[goal_view(program, rows) for rows in timelines.values() if rows[-1].choice.stands],
        put_away=[choice for choice in latest if not choice.stands],
        items=[item for _, _, item in waiting_items(program, client)],
        open_vouchers=row[0] if row else 0,
    )


def goal_view(program: Program, timeline: Sequence[TimelineRow]) -> GoalView:
    """Gather one goal of a client."""
    choice = timeline[-1].choice
    kept = program.ledger.remembered(choice.client, choice.rule)
    absent = next(iter(Absent(program).among({choice.rule: timeline}).values()), "")
    if absent:
        return GoalView(
            choice=choice,
            title=program.table(choice.digest)["title"],
            times=kept.times if kept else 0,
            cents=kept.cents if kept else 0,
            coming=[],
            absent=absent,
        )
    rule = program.rule_of(choice)
    standing = standing_now(program, rule, timeline)
    return GoalView(
        choice=choice,
        title=rule.title,
        times=standing.times,
        cents=kept.cents if kept else 0,
        coming=what_comes(rule, standing, program.today()),
    )


def standing_now(program: Program, rule: Rule, timeline: Sequence[TimelineRow]) -> Standing:
    """Read where a client stands under a rule today."""
    first = timeline[0].choice
    kept = program.ledger.remembered(first.client, rule.id)
    standing = Standing(
        memory=of_text(kept.memory) if kept else rule.goal.start(),
        first=first.on,
        times=kept.times if kept else 0,
    )
    if rule.calendar:
        reached = max(1, slots_until(rule.calendar, first.on, program.today()))
        if program.ledger.slot_taken(first.client, rule.id, reached):
            standing.slots.add(reached)
    return standing


def coming(program: Program, event: Event, rules: Sequence[str]) -> dict[str, list[str]]:
    """Say what the same again, another day, will earn under some of a client's rules, by their titles."""
    timelines = program.ledger.timelines(event.client)
    found = {}
    for name in rules:
        timeline = timelines.get(name)
        if not timeline or not timeline[-1].choice.stands:
            continue
        rule = program.rule_of(timeline[-1].choice)
        standing = standing_now(program, rule, timeline)
        tomorrow = max(event.day, program.today()) + timedelta(days=1)
        again = rule.goal.step(standing.memory, evolve(event, day=tomorrow))[1]
        labels = (
            what_comes(rule, standing, program.today()) if again and rule.open_on(tomorrow) else []
        )
        if labels:
            found[name] = labels
    return found
