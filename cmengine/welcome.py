"""A welcome for somebody who comes back must never make it pay to stay away. Pure.

The reward for coming back may be worth at most what the least ordinary visit earns under the rule
beside it: then coming in during the gap earns at least as much as the welcome would have.
"""

from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime
from itertools import product, starmap
from random import Random

from cmengine.errors import CMError, Mistake, did_you_mean
from cmengine.evaluate import awards_of
from cmengine.model import Event, Occurrence, Rule
from cmengine.money import dollars
from cmengine.nodice import NoDice
from cmengine.rules import Draft
from cmengine.slots import all_slots

TIMES = 400  # how many times of a rule are asked for the least or most they earn
THROWS = 25  # with how many dice each, for the first forty times
_DAY = date(2000, 1, 3)


def welcome_problem(welcome: Rule, ordinary: Rule) -> str:
    """Say why a welcome may not stand beside a rule, or give nothing."""
    events = tuple(welcome.goal.listens())
    lacking = [kind for kind in events if kind not in ordinary.goal.listens()]
    lacking += [kind for kind in events if kind not in lacking and not _meets(ordinary, kind)]
    if lacking:
        return f"'{lacking[0]}' brings somebody back under '{welcome.id}' but earns nothing under '{ordinary.id}'"
    if ordinary.per_week is not None:
        return f"'{ordinary.id}' counts only some visits of a week, so a visit in the gap could earn less than coming back"
    if not _covers(ordinary, welcome):
        return f"'{ordinary.id}' does not run on all the days on which '{welcome.id}' does"
    most, least = max(_cents(welcome)), min(_cents(ordinary))
    if most > least:
        return (
            f"a welcome of {dollars(most)} is worth more than the least that an ordinary visit earns under "
            f"'{ordinary.id}' ({dollars(least)}), so it would pay to stay away"
        )
    return ""


def welcome_mistakes(
    drafts: Sequence[Draft], others: Sequence[Rule], named: Collection[str]
) -> list[Mistake]:
    """Check every welcome among rules that are read together.

    `others` are rules published before; `named` are the ids of all rules in the files, also of those
    whose own mistakes come first.
    """
    rules = {rule.id: rule for rule in others} | {draft.rule.id: draft.rule for draft in drafts}
    mistakes = []
    for draft in drafts:
        beside = getattr(draft.rule.goal, "beside", None)
        if beside is None:
            continue
        place = draft.place.at("goal", "beside")
        if beside in named and beside not in {other.rule.id for other in drafts}:
            continue
        others_named = sorted({*rules, *named} - {draft.rule.id})
        if beside not in others_named:
            mistakes.append(
                place.wrong(
                    f"goal.beside: there is no other rule '{beside:.64}'",
                    did_you_mean(beside, others_named) or "add the rule under which a visit earns",
                )
            )
            continue
        other = rules[beside]
        ways = product((draft.rule, *draft.rule.variants), (other, *other.variants))
        problem = next(filter(None, starmap(welcome_problem, ways)), "")
        if problem:
            todo = "change one of the two, so that coming in earlier earns at least as much"
            mistakes.append(place.wrong(f"goal.beside: {problem}", todo))
    return mistakes


def _meets(rule: Rule, kind: str) -> bool:
    day = rule.starts or _DAY
    event = Event(id="ask", client="ask", kind=kind, at=datetime(2000, 1, 3, tzinfo=UTC), day=day)
    try:
        return rule.goal.step(rule.goal.start(), event)[1] is not None
    except Exception:
        return False


def _covers(ordinary: Rule, welcome: Rule) -> bool:
    starts = ordinary.starts is None or (
        welcome.starts is not None and ordinary.starts <= welcome.starts
    )
    ends = ordinary.ends is None or (welcome.ends is not None and welcome.ends <= ordinary.ends)
    return starts and ends


def _cents(rule: Rule) -> set[int]:
    """Ask what each time of a rule earns, in cents: the first 400 times, also where a slot is taken."""
    found: set[int] = set()
    slots = all_slots(rule.calendar)
    for ordinal in range(1, TIMES + 1):
        for slot in {None, (ordinal - 1) % slots + 1} if slots else {None}:
            occurrence = Occurrence(
                rule=rule.id,
                on=rule.starts or _DAY,
                value=None,
                ordinal=ordinal,
                slot=slot,
                reason="",
            )
            found |= _amounts(rule, occurrence)
    return found


def _amounts(rule: Rule, occurrence: Occurrence) -> set[int]:
    """Give what one occurrence can earn; where chance has a say, what some throws of the dice gave."""
    numbers = range(len(rule.rewards))
    try:
        return {sum(a.cents for n in numbers for a in awards_of(rule, n, occurrence, NoDice(0)))}
    except CMError:
        return {
            sum(
                a.cents
                for n in numbers
                for a in awards_of(rule, n, occurrence, Random(f"{throw}/{n}"))
            )
            for throw in range(THROWS if occurrence.ordinal <= 40 else 1)
        }
