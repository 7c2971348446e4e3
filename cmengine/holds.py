"""Rules that are held for a client: what could not be worked out, from which event on, and why.

While a rule is held for a client, what happens is kept and not shown to it for them, so that order and
count stay as they would have been. `retry` goes on from there.
"""

import json
from collections.abc import Collection, Iterable, Sequence
from datetime import date
from typing import Any, ClassVar

from attrs import define, frozen

from cmengine.absent import Absent
from cmengine.errors import CMError, Fault
from cmengine.fold import Agenda
from cmengine.ledger import Ledger
from cmengine.model import Choice, Event, Met, Rule
from cmengine.program import Program
from cmengine.refusals import Refusal, note_refusals
from cmengine.timeline import RuleOf, Timelines

INSTEAD = ("it is kept, and what it earns is added with: cmengine retry",)
"""What can be done where a rule is held."""

MOST_PROBLEM = 500  # letters of what is kept of why


@frozen(kw_only=True)
class Hold:
    """A rule that is held for a client since an event (`event` is its place in the order of logging)."""

    client: str
    rule: str
    event: int
    problem: str
    day: date
    number: int = 0


def hold_of(fault: Fault, seq: int, event: Event) -> Hold:
    """Make the hold of a rule that could not be worked out for an event. What the event says is left out."""
    problem = fault.problem
    if isinstance(event.value, str) and event.value:
        problem = problem.replace(event.value, "...")
    return Hold(
        client=event.client,
        rule=fault.rule,
        event=seq,
        problem=" ".join(problem.split())[:MOST_PROBLEM],
        day=event.day,
    )


def add_holds(program: Program, holds: Iterable[Hold]) -> None:
    """Write down holds, within a write transaction, after their events."""
    at = program.now().isoformat()
    holds = list(holds)
    for hold in holds:
        program.ledger.insert(
            "holds",
            client=hold.client,
            rule=hold.rule,
            event=hold.event,
            problem=hold.problem,
            held_at=at,
            held_by=program.by,
        )
    note_refusals(
        program,
        [
            Refusal(reason="held", what=one.rule, client=one.client, instead=INSTEAD)
            for one in holds
        ],
    )


def resume(program: Program, hold: Hold) -> None:
    """Write down that a rule goes on, within a write transaction."""
    program.ledger.insert(
        "resumptions",
        hold=hold.number,
        resumed_at=program.now().isoformat(),
        resumed_by=program.by,
    )


def all_held(ledger: Ledger) -> list[Hold]:
    """Give what is held now, in the order in which it was."""
    return [_hold(row) for row in ledger.rows("select * from held order by seq")]


def held_of(ledger: Ledger, clients: Sequence[str]) -> dict[str, dict[str, Hold]]:
    """Give what is held now for some clients, by client and rule."""
    found: dict[str, dict[str, Hold]] = {}
    if ledger.rows("select max(seq) from holds")[0][0] is None:
        return found
    sql = "select * from held where client in (select value from json_each(?)) order by seq"
    for row in ledger.each(sql, json.dumps(clients)):
        found.setdefault(row["client"], {})[row["rule"]] = _hold(row)
    return found


def held_for(ledger: Ledger, client: str) -> dict[str, Hold]:
    """Give what is held now for a client, by rule."""
    return held_of(ledger, [client]).get(client, {})


def _hold(row: Any) -> Hold:
    return Hold(
        client=row["client"],
        rule=row["rule"],
        event=row["event"],
        problem=row["problem"],
        day=date.fromisoformat(row["day"]),
        number=row["seq"],
    )


def after(agenda: Agenda, kind: str, rule: str) -> Agenda:
    """Give what is still to be asked of an event of a kind, after a rule."""
    lines = agenda[kind]
    place = next(
        n
        for n, line in enumerate(lines)
        if any(one.rule is not None and one.rule.id == rule for one in line.stretches)
    )
    return {kind: lines[place + 1 :]}


@define(eq=False, repr=False)
class _Gone:
    """Stands where a goal cannot be had: it is shown everything, and says why it cannot tell."""

    kind: ClassVar[str] = "gone"

    rule: str
    problem: str
    kinds: Collection[str]

    def listens(self) -> Collection[str]:
        return self.kinds

    def start(self) -> None:
        return None

    def step(self, memory: Any, event: Event) -> tuple[None, Met | None]:
        raise Fault(self.rule, self.problem)


def rule_or_gone(program: Program) -> RuleOf:
    """Give the rule of a choice, or where it cannot be had, one that says so when it is shown something."""
    absent = Absent(program)

    def rule_of(choice: Choice) -> Rule:
        problem = _why_gone(program, choice, absent)
        return _gone(program, choice, problem) if problem else program.rule_of(choice)

    return rule_of


def gone_among(program: Program, timelines: Timelines) -> dict[str, str]:
    """Find the rules of a client that cannot be had, each with why."""
    absent = Absent(program)
    found: dict[str, str] = {}
    for rule, rows in timelines.items():
        for row in rows:
            problem = _why_gone(program, row.choice, absent)
            if problem:
                found[rule] = problem
    return found


def _why_gone(program: Program, choice: Choice, absent: Absent) -> str:
    """Say why a rule cannot be built, or asked what it listens to; nothing where it can."""
    try:
        goal = program.rule_of(choice).goal
        for ask in (goal.listens, goal.start):
            ask()  # of a stranger's goal, asked once and known from then on
    except Fault as fault:
        return fault.problem
    except CMError as error:
        return absent.of(choice.digest) or "; ".join(map(str, error.mistakes))
    return ""


def _gone(program: Program, choice: Choice, problem: str) -> Rule:
    table = program.table(choice.digest)
    return Rule(
        id=choice.rule,
        title=table["title"],
        goal=_Gone(choice.rule, problem, tuple(program.kinds)),
        rewards=(),
        starts=table.get("starts"),
        ends=table.get("ends"),
        digest=choice.digest,
    )
