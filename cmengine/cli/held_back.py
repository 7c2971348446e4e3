"""How what limits and funds hold back is shown, and what is nearly used."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from cmengine.cli.show import money, note, problem, say, wrapped

if TYPE_CHECKING:
    from cmengine.errors import Refused
    from cmengine.forewarn import Ahead
    from cmengine.limits import Held, Near


def say_held_back(held: "Iterable[Held]", indent: str = "  ") -> None:
    """Say what waits, why, and what can be done."""
    for one in held:
        say(wrapped(indent, f"{money(one.cents)} waits, and stays theirs: {one.why}; {one.todo}."))


def held_back_data(held: "Iterable[Held]") -> list[dict[str, Any]]:
    """Give what waits, and why, as data."""
    return [
        {
            "cents": one.cents,
            "why": one.why,
            "todo": one.todo,
            "alternatives": list(one.instead),
            "until": one.until and one.until.isoformat(),
            "reasons": [
                {"kind": r.kind, "fund": r.fund or None, "limit": r.cap.name if r.cap else None}
                for r in one.reasons
            ],
        }
        for one in held
    ]


def refused_data(error: "Refused") -> dict[str, Any]:
    """Give what was refused, why, and what can be done instead, as data."""
    from cmengine.refusals import REASONS

    return {
        "refused": [
            {
                "reason": one.reason,
                "words": REASONS[one.reason].words,
                "what": one.what,
                "client": one.client,
                "cents": one.cents,
                "alternatives": list(one.instead),
            }
            for one in error.refusals
        ],
        "problems": [problem(one) for one in error.mistakes],
    }


def note_near(near: "Iterable[Near]") -> None:
    """Remark on what is nearly used."""
    for one in near:
        note(f"Note: {one.words}")


def near_data(near: "Iterable[Near]") -> list[dict[str, Any]]:
    """Give what is nearly used as data."""
    return [
        {
            "name": one.name,
            "per": one.per,
            "window": one.window,
            "used_cents": one.used,
            "warn_cents": one.at,
            "most_cents": one.most,
        }
        for one in near
    ]


def note_ahead(ahead: "Iterable[Ahead]") -> None:
    """Remark on the limits that a rule reaches by itself."""
    for one in ahead:
        note(f"Note: {one.words}.")


def ahead_data(ahead: "Iterable[Ahead]") -> list[dict[str, Any]]:
    """Give the limits that a rule reaches by itself as data."""
    return [
        {
            "rule": one.rule,
            "limit": one.cap.name,
            "most_cents": one.cap.most,
            "window": one.cap.window,
            "reward": one.reward,
            "on": one.on.isoformat(),
            "cents": one.cents,
            "issued_cents": one.issued,
        }
        for one in ahead
    ]
