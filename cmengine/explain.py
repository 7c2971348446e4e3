"""An award in words that recompute it to the cent, and what comes next. Pure."""

from collections.abc import Sequence
from datetime import date
from random import Random

from attrs import frozen

from cmengine.errors import CMError
from cmengine.evaluate import Standing, awards_of
from cmengine.model import Arithmetic, Award, Finishes, Occurrence, Promise, Rule
from cmengine.money import dollars
from cmengine.slots import all_slots, slots_until

UNCHANGED = (
    "a setback or a missed day, before it or after it",
    "anything that is logged later, also for an earlier day",
    "time going by: it does not run out",
    "what anybody else did, or how much money the program has",
)


class Drawn(Exception):
    """A reward reached for the dice while it was only asked what comes."""


class NoDice(Random):
    """Dice that refuse to be thrown: to find out whether chance has a say."""

    def random(self) -> float:
        raise Drawn

    def getrandbits(self, k: int, /) -> int:
        raise Drawn


@frozen(kw_only=True)
class Explanation:
    """Why an award is what it is. `agrees` is True where working it out again gives the same award.

    `absent` says which plugin would be needed to work it out again, where it is not installed: then
    the award is told as it was kept.
    """

    title: str
    arithmetic: str
    award: Award | None
    agrees: bool
    absent: str = ""


def explain_award(
    rule: Rule, reward: int, occurrence: Occurrence, place: int, award: Award, dice: Random
) -> Explanation:
    """Work an award out again from its occurrence; `place` is its place among those of its reward."""
    again = awards_of(rule, reward, occurrence, dice)
    same = again[place] if place < len(again) else None
    kind = rule.rewards[reward]
    if isinstance(kind, Arithmetic) and kind.arithmetic(occurrence):
        text = kind.arithmetic(occurrence)
        arithmetic = f"{text} = {dollars(award.cents)}" if text != dollars(award.cents) else text
    else:
        arithmetic = f"{award.label}: {dollars(award.cents)}"
    return Explanation(title=rule.title, arithmetic=arithmetic, award=same, agrees=same == award)


def what_comes(rule: Rule, standing: Standing, today: date) -> list[str]:
    """Say what the next time will earn, without drawing: ``["voucher 5.00", "3 draws from the bowl"]``.

    Of a goal that is done with, nothing.
    """
    if isinstance(rule.goal, Finishes) and rule.goal.finished(standing.memory):
        return []
    slot = None
    if rule.calendar:
        reached = max(1, slots_until(rule.calendar, standing.first, today))
        following = reached + 1 if reached in standing.slots else reached
        slot = following if following <= all_slots(rule.calendar) else None
    return _earns(rule, standing.times + 1, slot, today)


def first_times(rule: Rule, today: date, times: int = 12) -> list[list[str]]:
    """Say what the first times earn, one slot of the calendar after the other."""
    slots = all_slots(rule.calendar)
    return [_earns(rule, n, n if n <= slots else None, today) for n in range(1, times + 1)]


def _earns(rule: Rule, ordinal: int, slot: int | None, on: date) -> list[str]:
    coming = Occurrence(rule=rule.id, on=on, value=None, ordinal=ordinal, slot=slot, reason="")
    said: list[str] = []
    for number, reward in enumerate(rule.rewards):
        if isinstance(reward, Promise):
            said.append(reward.promise(coming))
            continue
        try:
            awards = awards_of(rule, number, coming, NoDice(0))
        except CMError as error:
            if not isinstance(error.__cause__, Drawn):
                raise
            said.append("a draw")
        else:
            said += [award.label for award in awards if award.cents or award.item]
    return said


def labels(awards: Sequence[tuple[int, Award]]) -> list[str]:
    """Give the labels of awards, in order."""
    return [award.label for _, award in awards]
