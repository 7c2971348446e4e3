"""How a prize bowl is shown: its slips, the odds of each, and what a draw is worth."""

from collections.abc import Sequence
from typing import Any

from cmengine.cli.show import count, say, table

Slips = Sequence[tuple[int, Any]]


def say_bowl(slips: Slips, indent: str) -> None:
    """Show what is in a bowl, with the odds of each slip."""
    total = sum(number for number, _ in slips)
    say(f"{indent}In the bowl: {count(total, 'slip')}. Each goes back after a draw.")
    rows, first = [], 1
    for number, award in slips:
        last = first + number - 1
        places = f"slip {first}" if number == 1 else f"slips {first} to {last}"
        rows.append((places, award.label, f"{number} in {total}", percent(number, total)))
        first += number
    table(rows, indent=f"{indent}  ")
    say(f"{indent}{average(slips)}")


def in_short(slips: Slips) -> str:
    """Say the odds of a bowl, and what a draw is worth, in one line."""
    total = sum(number for number, _ in slips)
    told = ", ".join(f"{award.label} {number} in {total}" for number, award in slips)
    return f"The bowl: {told}. {average(slips)}"


def average(slips: Slips) -> str:
    """Say what a draw is worth on average: in money, and how often it is a thing."""
    from cmengine.bowl import bowl_of

    worth = exactly(bowl_of(slips).mean)
    total = sum(number for number, _ in slips)
    things = sum(number for number, award in slips if award.item is not None)
    beside = f", and a thing {things} times in {total}" if things else ""
    return f"A draw is worth {worth} in money on average{beside}."


def exactly(cents: Any) -> str:
    """Write an amount that may have parts of a cent, to a hundredth of one: ``2.218``."""
    text = f"{float(cents) / 100:.4f}".rstrip("0")
    whole, _, part = text.partition(".")
    return f"{whole}.{part:0<2}"


def percent(number: int, total: int) -> str:
    """Write a share of slips in percent, with four figures at most."""
    return f"{100 * number / total:.4g}%"


def bowl_data(slips: Slips) -> dict[str, Any]:
    """Give a bowl as data."""
    from cmengine.bowl import bowl_of

    total = sum(number for number, _ in slips)
    return {
        "count": total,
        "slips": [
            {
                "count": number,
                "label": award.label,
                "cents": award.cents,
                "item": award.item,
                "chance": f"{number}/{total}",
            }
            for number, award in slips
        ],
        "mean_cents": round(float(bowl_of(slips).mean), 6),
    }


def bowls_of(rule: Any) -> list[dict[str, Any]]:
    """Give the bowls that the first time of a rule draws from: the reward's number (from 0), and the slips."""
    from datetime import date

    from cmengine.model import Occurrence, Odds

    first = Occurrence(rule=rule.id, on=date.min, value=None, ordinal=1, slot=1, reason="")
    asked = [
        (n, reward.odds(first)[1])
        for n, reward in enumerate(rule.rewards)
        if isinstance(reward, Odds)
    ]
    return [{"reward": n, "slips": slips} for n, slips in asked if slips]
