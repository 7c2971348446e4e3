"""A rule's table as it is kept when it is published: canonical text, digest, a client's settings in it. Pure."""

import json
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import attrs

from cmengine.errors import did_you_mean
from cmengine.options import from_text

if TYPE_CHECKING:
    from cmengine.plugins import Registry

Table = Mapping[str, Any]


def digest(table: Table) -> str:
    """Name one version of a rule by its content: the SHA-256 of its canonical text."""
    import hashlib

    return hashlib.sha256(to_json(table).encode()).hexdigest()


def to_json(table: Table, *, sort: bool = True) -> str:
    """Write a rule's table as canonical JSON, for the ledger and for the digest. Without `sort`, keys stay as they stood."""
    return json.dumps(
        table, default=_plain, sort_keys=sort, separators=(",", ":"), ensure_ascii=False
    )


def of_json(text: str) -> dict[str, Any]:
    """Read back what `to_json` wrote."""
    table: dict[str, Any] = json.loads(text, object_hook=_revive)
    return table


def with_settings(
    table: Table, settings: Iterable[tuple[str, str]], registry: "Registry"
) -> dict[str, Any]:
    """Put a client's own settings into a copy of a rule's table. Raises ValueError, in words.

    ``goal.KEY`` is an option of the goal, ``reward.KEY`` one of every reward that has it.
    """
    goal, rewards = dict(table["goal"]), [dict(one) for one in table["reward"]]
    allowed = table.get("client_sets", [])
    for key, text in settings:
        if key not in allowed:
            raise ValueError(
                f"'{key}' is not the client's to set; {did_you_mean(key, allowed) or 'in this rule nothing is'}"
            )
        part, _, name = key.partition(".")
        for one in [goal] if part == "goal" else rewards:
            cls, _, _ = registry.find(part, one["kind"])
            if cls is not None and name in {a.name for a in attrs.fields(cls)}:
                try:
                    one[name] = from_text(cls, name, text)
                except ValueError as error:
                    raise ValueError(f"{key}: {error}") from error
    return {**table, "goal": goal, "reward": rewards}


def of_rewards(settings: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Give those of a client's settings that concern the rewards."""
    return tuple((key, text) for key, text in settings if key.startswith("reward."))


def in_words(settings: Iterable[tuple[str, str]]) -> str:
    """Write settings the way they are typed: ``reward.certain = true``."""
    return ", ".join(f"{key} = {text}" for key, text in settings)


def still_to_set(
    table: Table, settings: Iterable[tuple[str, str]], registry: "Registry"
) -> list[str]:
    """Name what the client must still set before the rule can be chosen."""
    cls, _, _ = registry.find("goal", table["goal"]["kind"])
    given = {key for key, _ in settings}
    needed = (
        {f"goal.{a.name}" for a in attrs.fields(cls) if a.default is attrs.NOTHING}
        if cls
        else set()
    )
    return [
        key
        for key in table.get("client_sets", [])
        if key in needed and key not in given and key.partition(".")[2] not in table["goal"]
    ]


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return {"$number": format(value, "f")}
    if isinstance(value, date) and not isinstance(value, datetime):
        return {"$date": value.isoformat()}
    return {"$text": str(value)}


def _revive(found: dict[str, Any]) -> Any:
    if len(found) == 1:
        if "$number" in found:
            return Decimal(found["$number"])
        if "$date" in found:
            return date.fromisoformat(found["$date"])
    return found
