"""A rule whose plugin is not installed: what the ledger kept still stands, and much of it can be checked.

Such a rule cannot be worked out again. Its occurrences, awards and sums are facts all the same.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from attrs import Factory, define

from cmengine.memory import of_text
from cmengine.program import Program
from cmengine.timeline import Timelines


@define
class Absent:
    """Knows which published rules need a plugin that is not there."""

    program: Program
    _known: dict[str, str] = Factory(dict)

    def of(self, digest: str) -> str:
        """Say what a version of a rule needs and nobody offers; nothing where all of it is there."""
        if digest not in self._known:
            self._known[digest] = self._needs(digest)
        return self._known[digest]

    def among(self, timelines: Timelines) -> dict[str, str]:
        """Find the rules of a client that cannot be worked out, each with what it needs."""
        found = {
            rule: next(filter(None, (self.of(row.choice.digest) for row in rows)), "")
            for rule, rows in timelines.items()
        }
        return {rule: needs for rule, needs in found.items() if needs}

    def _needs(self, digest: str) -> str:
        registry = self.program.registry
        found = (registry.find(part, kind) for part, kind in _kinds(self.program.table(digest)))
        needs = list(dict.fromkeys(what for cls, what, _ in found if cls is None))
        broken = [f"plugin '{one.name}' did not load" for one in registry.plugins if one.error]
        return "; ".join([*needs, *broken]) if needs else ""


def _kinds(table: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Name the kinds that a kept rule asks for. What is no rule at all is for others to complain about."""
    parts = {
        "goal": [table.get("goal")],
        "reward": table.get("reward"),
    }
    for part, listed in parts.items():
        for one in listed if isinstance(listed, list) else ():
            if isinstance(one, Mapping) and isinstance(one.get("kind"), str):
                yield part, one["kind"]


def kept_problems(program: Program, client: str, rule: str) -> Iterator[str]:
    """Check what the ledger kept of a rule that cannot be worked out: its days, its count, its sums."""
    ledger = program.ledger
    chosen = {row.choice.digest for row in ledger.timelines(client).get(rule, [])}
    counts = {
        seq: counts
        for (_, of), (seq, counts) in ledger.occurrences_of(client).items()
        if of == rule
    }
    reached: dict[int, int] = {}
    rows = ledger.rows(
        "select o.*, e.client as whose, e.on_day as day from occurrences o join events e on e.seq = o.event"
        " where o.client = ? and o.rule = ? order by o.seq",
        client,
        rule,
    )
    for row in rows:
        where = f"client {client}: event {row['event']}, rule '{rule}'"
        if row["whose"] != client or row["day"] != row["on_day"]:
            yield f"{where}: the occurrence does not fit its event"
        if row["digest"] not in chosen:
            yield f"{where}: the occurrence is under a version that was never chosen"
        before = reached.get(row["round"], 0)
        if row["ordinal"] <= before or (row["round"] == 0 and row["ordinal"] != before + 1):
            yield f"{where}: it is told to be time {row['ordinal']}, after time {before}"
        reached[row["round"]] = row["ordinal"]
    (cents,) = ledger.one(
        "select coalesce(sum(a.cents), 0) from awards a join occurrences o on o.seq = a.occurrence"
        " where o.client = ? and o.rule = ?",
        client,
        rule,
    ) or (0,)
    kept = ledger.remembered(client, rule)
    times = sum(counts.values())
    if (kept.times, kept.cents) != (times, cents) if kept else times or cents:
        yield f"client {client}, rule '{rule}': its count or its sum is not that of its awards"
    if kept is not None and not _readable(kept.memory):
        yield f"client {client}, rule '{rule}': what the goal remembers cannot be read"


def _readable(memory: str) -> bool:
    try:
        of_text(memory)
    except (ValueError, TypeError, ArithmeticError):
        return False
    return True
