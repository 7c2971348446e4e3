"""Rules that are judged together, and what a history earns under them. Pure.

Luck is held still (the same dice for every event), so that a law never mistakes bad luck for a
punishment; that draws depend on nothing but their event is a law of its own.
"""

from collections import Counter
from collections.abc import Sequence
from random import Random

from attrs import evolve, frozen

from cmengine.evaluate import Dice, play
from cmengine.histories import FIRST, History
from cmengine.model import Award, Rule

Got = dict[str, tuple[Award, ...]]
"""What each event of a history earned, by its name."""


def same_luck(event: str, rule: str, reward: int) -> Random:
    return Random(f"{rule}/{reward}")


@frozen
class Case:
    """Rules that are judged together (a welcome and the rule beside it), and how to play them."""

    rules: tuple[Rule, ...]

    def got(self, history: History, dice: Dice = same_luck, hours: int = 0) -> Got:
        """Play a history under every rule; give what each event earned."""
        events = [evolve(told, hour=(told.hour + hours) % 24).event() for told in history]
        found: dict[str, tuple[Award, ...]] = {told.name: () for told in history}
        for rule in self.rules:
            for event, outcome in zip(events, play(rule, events, dice, FIRST), strict=True):
                if outcome.earned is not None:
                    found[event.id] += tuple(award for _, award in outcome.earned.awards)
        return found

    def counts(self, history: History, place: int) -> bool:
        """Say whether the event at a place is an occurrence, though perhaps one with no award."""
        events = [told.event() for told in history]
        return any(
            play(rule, events, same_luck, FIRST)[place].earned is not None for rule in self.rules
        )

    def steps(self, history: History) -> dict[tuple[str, int], int]:
        """Give the most that each reward of each rule gave for one occurrence, in cents."""
        events = [told.event() for told in history]
        most: dict[tuple[str, int], int] = {}
        for rule in self.rules:
            for outcome in play(rule, events, same_luck, FIRST):
                worth = Counter[int]()
                for number, award in outcome.earned.awards if outcome.earned else ():
                    worth[number] += award.cents
                for number, amount in worth.items():
                    most[rule.id, number] = max(most.get((rule.id, number), 0), amount)
        return most

    @property
    def weekly(self) -> bool:
        """Say whether weeks matter, so that only whole weeks may be put in between."""
        return any(rule.per_week is not None or rule.calendar for rule in self.rules)


def cents(awards: Sequence[Award]) -> int:
    """Add up awards, in cents."""
    return sum(award.cents for award in awards)


def total(got: Got) -> int:
    """Add up all that a history earned, in cents."""
    return sum(map(cents, got.values()))


def items(awards: Sequence[Award]) -> int:
    return sum(award.item is not None for award in awards)


def all_items(got: Got) -> int:
    return sum(map(items, got.values()))


def fewer(after: Sequence[Award], before: Sequence[Award]) -> bool:
    return cents(after) < cents(before) or items(after) < items(before)
