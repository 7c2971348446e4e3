"""What is said of rules that are held: one calm line each, with what to do."""

from collections.abc import Sequence
from typing import Any

from cmengine.cli.show import count, note

LATER = "what it earns is added with: cmengine retry"


def say_held(holds: Sequence[Any], kept: str) -> None:
    """Say which rules could not be worked out just now; `kept` says what is kept all the same."""
    for rule, some in _by_rule(holds).items():
        whom = f" for {count(len(some), 'client')}" if len(some) > 1 else ""
        note(
            f"Note: rule '{rule}' could not be worked out just now{whom} ({some[0].problem});"
            f" {kept}, and {LATER}"
        )


def held_data(holds: Sequence[Any]) -> list[dict[str, Any]]:
    """Show held rules as data."""
    return [
        {
            "rule": one.rule,
            "since": one.day.isoformat(),
            "problem": one.problem,
            "alternatives": [LATER],
        }
        for one in holds
    ]


def counted_data(holds: Sequence[Any]) -> list[dict[str, Any]]:
    """Show rules that are held for several clients as data."""
    return [
        {
            "rule": rule,
            "clients": len(some),
            "problem": some[0].problem,
            "alternatives": [LATER],
        }
        for rule, some in _by_rule(holds).items()
    ]


def _by_rule(holds: Sequence[Any]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for one in holds:
        found.setdefault(one.rule, []).append(one)
    return found
