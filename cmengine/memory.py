"""What a goal remembers, as text and back. Pure.

A memory is None, a bool, int, str, date or Decimal, or tuples and frozensets of them.
"""

import json
from collections.abc import Hashable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

_DATE = '{"date":"'  # a day by itself
_WRITER = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False)


def to_text(memory: Hashable) -> str:
    """Write a memory as canonical text. Raises TypeError for a type that cannot be kept."""
    if memory is None:  # these two are what most goals remember
        return "null"
    if type(memory) is date:
        return f'{_DATE}{memory.isoformat()}"}}'
    return _WRITER.encode(_plain(memory))


def of_text(text: str) -> Hashable:
    """Read back what `to_text` wrote."""
    if text == "null":
        return None
    if text.startswith(_DATE):
        return date.fromisoformat(text[len(_DATE) : -2])
    return _revive(json.loads(text))


def _plain(value: Any) -> Any:
    if value is None or type(value) in (bool, int, str):
        return value
    if type(value) is date and not isinstance(value, datetime):
        return {"date": value.isoformat()}
    if type(value) is Decimal:
        return {"number": str(value)}
    if type(value) is tuple:
        return [_plain(one) for one in value]
    if type(value) is frozenset:
        return {
            "set": sorted(
                (_plain(one) for one in value), key=lambda one: json.dumps(one, sort_keys=True)
            )
        }
    raise TypeError(
        f"a goal cannot remember a {type(value).__name__}; use numbers, text, dates, tuples, frozensets"
    )


def _revive(value: Any) -> Hashable:
    if isinstance(value, list):
        return tuple(_revive(one) for one in value)
    if isinstance(value, dict):
        ((shape, held),) = value.items()
        if shape == "date":
            return date.fromisoformat(held)
        return Decimal(held) if shape == "number" else frozenset(_revive(one) for one in held)
    return value  # type: ignore[no-any-return]
