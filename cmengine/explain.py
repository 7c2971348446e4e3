"""An award in words that recompute it to the cent. Pure."""

from random import Random

from attrs import frozen

from cmengine.evaluate import awards_of
from cmengine.model import Arithmetic, Award, Occurrence, Rule
from cmengine.money import dollars

UNCHANGED = (
    "a setback or a missed day, before it or after it",
    "anything that is logged later, also for an earlier day",
    "time going by: it does not run out",
    "what anybody else did, or how much money the program has",
)


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
