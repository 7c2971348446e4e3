"""Work an award of the ledger out again from what the ledger keeps."""

from datetime import date

from cmengine.absent import Absent
from cmengine.errors import CMError, Fault, Mistake
from cmengine.explain import Explanation, explain_award
from cmengine.fold import counted_under
from cmengine.ledger import AwardRow
from cmengine.model import Award, Choice, Occurrence, Rule
from cmengine.money import dollars
from cmengine.program import Program
from cmengine.turns import turn_of, turns_of


def explained(program: Program, award: str) -> tuple[AwardRow, Rule | None, Explanation]:
    """Find an award by its number, and explain it under the version of the rule that gave it.

    Where a plugin that it needs is not installed any more, or has no answer, there is no rule, and the award is told as
    it was kept.
    """
    row = award_named(program, award)
    absent = Absent(program).of(row.digest)
    if not absent:
        try:
            return row, *_worked_out(program, row)
        except Fault as fault:
            absent = fault.problem
    told = Explanation(
        title=program.table(row.digest)["title"],
        arithmetic=f"{row.label}: {dollars(row.cents)}",
        award=None,
        agrees=True,
        absent=absent,
    )
    return row, None, told


def _worked_out(program: Program, row: AwardRow) -> tuple[Rule, Explanation]:
    kept = Award(label=row.label, cents=row.cents, item=row.item)
    rule = rule_for(program, row)
    dice = program.dice(row.event, row.rule, row.reward)
    occurrence, place = occurrence_of(program, row), place_of(program, row)
    return rule, explain_award(rule, row.reward, occurrence, place, kept, dice)


def award_named(program: Program, award: str) -> AwardRow:
    """Find an award by the number that people type, like ``17.1``. Raises CMError."""
    row = program.ledger.find_award(award)
    if row is None:
        raise CMError(
            Mistake(
                f"award '{award:.40}'",
                "there is no such award",
                "the numbers stand in: cmengine awards",
            )
        )
    return row


def occurrence_of(program: Program, row: AwardRow) -> Occurrence:
    """Give the occurrence that an award comes from, as its rewards were shown it."""
    found = program.ledger.find_event(row.event)
    return Occurrence(
        rule=row.rule,
        on=row.on,
        value=found.event.value if found else None,
        ordinal=row.ordinal,
        slot=row.slot,
        reason=row.reason,
    )


def place_of(program: Program, row: AwardRow) -> int:
    """Give an award's place (from 0) among those of its reward for the same occurrence."""
    of_reward = program.ledger.awards("occurrence = ? and reward = ?", row.occurrence, row.reward)
    return [one.n for one in of_reward].index(row.n)


def rule_for(program: Program, row: AwardRow) -> Rule:
    """Build the rule that gave an award, with the client's settings. Raises CMError without its plugins."""
    return program.rule_of(_choice(program, row))


def worked_from(program: Program, row: AwardRow, rule: Rule | None) -> dict[str, object]:
    """Give what an award is worked out from, in technical words."""
    choice = _choice(program, row)
    found = program.ledger.find_event(row.event)
    table = program.table(row.digest)
    return {
        "event": row.event,
        "value": None if found is None or found.event.value is None else str(found.event.value),
        "evidence": found.event.evidence if found else None,
        "rule version": row.digest,
        "settings": dict(choice.settings),
        "goal": _part(rule.goal) if rule else str(table["goal"]),
        "reward": _part(rule.rewards[row.reward]) if rule else str(table["reward"][row.reward]),
        "ordinal": row.ordinal,
        "slot": row.slot,
        "dice": f"HMAC-SHA256(draw secret, event + rule + {row.reward} + throw)",
        "draw secret's hash": turn_of(turns_of(program.ledger), row.event_seq).commitment,
    }


def _part(part: object) -> str:
    return f"{type(part).__module__}: {part!r}"


def _choice(program: Program, row: AwardRow) -> Choice:
    """Find the choice under which an award was earned, for the version and the client's settings."""
    timeline = program.ledger.timelines(row.client).get(row.rule, [])
    choice = counted_under(timeline, row.event_seq, row.on)
    if choice is not None and choice.digest == row.digest:
        return choice
    return Choice(
        id="", client=row.client, rule=row.rule, digest=row.digest, settings=(), on=date.min
    )
