"""Among many events a reward is asked once for each rung, where only the rung matters to it."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from random import Random
from typing import ClassVar

import pytest
from attrs import field, frozen

from cmengine.dice import KeyedDice, dice_from
from cmengine.evaluate import ask
from cmengine.model import Award, Occurrence, Reward, Rule, Value
from cmengine.tariff import Tariff
from cmengine.trial import _Everything

DICE = dice_from(b"tariff")


@frozen(kw_only=True)
class Counting:
    """A reward that notes how often it is asked."""

    kind: ClassVar[str] = "counting"
    asked: list[int] = field(factory=list)

    def awards(self, occurrence: Occurrence, dice: Random) -> Iterable[Award]:
        self.asked.append(occurrence.ordinal)
        yield Award(label="a voucher", cents=occurrence.ordinal)


@frozen(kw_only=True)
class ByDay(Counting):
    def awards(self, occurrence: Occurrence, dice: Random) -> Iterable[Award]:
        yield Award(label=f"{occurrence.on}", cents=1)


@frozen(kw_only=True)
class ByValue(Counting):
    def awards(self, occurrence: Occurrence, dice: Random) -> Iterable[Award]:
        yield Award(label=f"{occurrence.value or 'nothing'}", cents=1)


@frozen(kw_only=True)
class ByLuck(Counting):
    def awards(self, occurrence: Occurrence, dice: Random) -> Iterable[Award]:
        yield Award(label="a slip", cents=dice.randrange(1_000_000))


@frozen(kw_only=True)
class ByWhatItLooksLike(Counting):
    def awards(self, occurrence: Occurrence, dice: Random) -> Iterable[Award]:
        yield Award(label=repr(occurrence), cents=1)


@frozen(kw_only=True)
class NowAndThen(Counting):
    """Looks at the day only at the second time, and hides it when it throws the dice in vain."""

    def awards(self, occurrence: Occurrence, dice: Random) -> Iterable[Award]:
        if occurrence.ordinal == 2:
            try:
                yield Award(label=f"{occurrence.on} {dice.random()}", cents=2)
            except Exception:
                yield Award(label="no dice", cents=2)
        yield Award(label="a voucher", cents=1)


def rule(reward: Reward) -> Rule:
    return Rule(id="r", title="r", goal=_Everything(), rewards=(reward,), digest="d" * 64)


def happened(ordinal: int, on: date, value: Value = None, slot: int | None = None) -> Occurrence:
    return Occurrence(rule="r", on=on, value=value, ordinal=ordinal, slot=slot, reason="visit")


@pytest.mark.parametrize(
    "reward", [Counting(), ByDay(), ByValue(), ByLuck(), ByWhatItLooksLike(), NowAndThen()]
)
def test_a_tariff_gives_what_the_reward_gives(reward: Reward) -> None:
    tariff, asked = Tariff(), rule(reward)
    for n in range(60):
        one = happened(1 + n % 3, date(2026, 1, 1 + n % 28), Decimal(n % 4), slot=n % 2 or None)
        assert tariff(asked, one, f"e{n}", DICE) == ask(asked, one, f"e{n}", DICE)


def test_a_reward_that_looks_at_the_rung_alone_is_asked_once_for_each() -> None:
    reward = Counting()
    tariff, asked = Tariff(), rule(reward)
    for n in range(60):
        tariff(asked, happened(1 + n % 3, date(2026, 1, 1 + n % 28)), f"e{n}", DICE)
    assert sorted(reward.asked) == [1, 2, 3]


def test_two_versions_of_a_rule_have_a_tariff_each() -> None:
    tariff = Tariff()
    one = happened(1, date(2026, 1, 1))
    old = rule(Counting())
    new = Rule(id="r", title="r", goal=_Everything(), rewards=(ByDay(),), digest="e" * 64)
    assert tariff(old, one, "e", DICE) != tariff(new, one, "e", DICE)


def test_dice_are_made_when_they_are_thrown_and_are_the_same_dice() -> None:
    asked: list[str] = []

    def secret(event: str) -> bytes:
        asked.append(event)
        return b"tariff"

    dice = dice_from(secret)("event", "rule", 0)
    assert isinstance(dice, Random)
    assert asked == []
    plain = KeyedDice(b"tariff", "event", "rule", 0)
    assert [dice.random(), dice.choice("abc"), dice.gauss(0, 1)] == [
        plain.random(),
        plain.choice("abc"),
        plain.gauss(0, 1),
    ]
    assert asked == ["event"]
