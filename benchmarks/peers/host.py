"""What a rule engine needs around it to do the whole work: the same for each of them, written once.

It reads the log, keeps the counters and writes the rows, as script.py does; the engine decides. For each
rule that listens to an event the engine is asked once, with the facts that the rule needs, and answers
with the cents of each reward, None for a reward that gives nothing, or None for a goal that is not met.
"""

import csv
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path

from measure import tell, timed
from script import (
    BACK,
    CHANGE,
    DRINKS,
    LOGGED_AT,
    VISIT,
    ZONE,
    State,
    chosen,
    dollars,
    opened,
)

from cmengine.importing import BATCH

Facts = dict[str, int]
Decide = Callable[[str, Facts], Sequence[float | None] | None]
"""Give what a rule earns, from its facts: `ordinal` (the how manieth time), `counted` (how many counted on
this day or in this week), `gap` (days since the latest visit), `number` and `target`."""

LISTENING = {"visit": (VISIT, BACK), "drinks": (DRINKS,), "positive_change": (CHANGE,)}
LABELS = {
    VISIT: ("voucher", "bonus"),
    BACK: ("voucher",),
    DRINKS: ("voucher",),
    CHANGE: ("voucher",),
}


def facts_of(
    rule: str, state: State, day: date, value: str, targets: Mapping[str, int], client: str
) -> tuple[Facts, int, str]:
    """Gather what a rule needs to know; give it, the day or week that would count, and the reason."""
    if rule == VISIT:
        count = day.toordinal()
        return {"ordinal": state.times + 1, "counted": int(count in state.days)}, count, "visit"
    if rule == CHANGE:
        count = (day.toordinal() - 1) // 7
        return {"counted": int(count in state.days)}, count, "positive_change"
    if rule == DRINKS:
        target = targets[client]
        return {"number": int(value), "target": target}, 0, f"drinks {value}, at most {target}"
    gap = -1
    if state.memory != "null":
        gap = (day - date.fromisoformat(state.memory[9:19])).days
    if state.memory == "null" or gap > 0:
        state.memory = f'{{"date":"{day.isoformat()}"}}'
    return {"gap": gap}, 0, f"visit after {gap} days"


def load(folder: Path, log: Path, decide: Decide) -> None:
    """Load a log, every decision by `decide`."""
    with opened(folder) as tables, log.open(newline="", encoding="utf-8") as file:
        digests, targets = chosen(tables.database)
        states: dict[tuple[str, str], State] = {}
        number = 0
        lines = csv.reader(file)
        next(lines)
        for seq, (id, client, kind, value, at, _) in enumerate(lines, start=1):
            day = datetime.fromisoformat(at).astimezone(ZONE).date()
            on = day.isoformat()
            tables.events.append(
                (
                    seq,
                    id,
                    client,
                    kind,
                    at,
                    on,
                    value or None,
                    int(kind == "drinks"),
                    "staff" if kind == "visit" else "self",
                    LOGGED_AT,
                    "desk",
                )
            )
            for rule in LISTENING.get(kind, ()):
                state = states.get((client, rule)) or states.setdefault((client, rule), State())
                tables.shown[client, rule] = state
                facts, count, reason = facts_of(rule, state, day, value, targets, client)
                amounts = decide(rule, facts)
                if amounts is None:
                    continue
                number += 1
                state.times += 1
                state.days.add(count)
                if state.latest is None or on > state.latest:
                    state.latest = on
                digest = digests[rule]
                tables.occurrences.append(
                    (number, seq, client, rule, digest, 0, state.times, on, None, reason)
                )
                n = 0
                for reward, (label, amount) in enumerate(zip(LABELS[rule], amounts, strict=True)):
                    if amount is not None:
                        n += 1
                        cents = int(amount)
                        state.cents += cents
                        tables.awards.append(
                            (number, n, reward, f"{label} {dollars(cents)}", cents, None)
                        )
                tables.messages.append(
                    (number, f"{id}/{rule}/0", client, seq, digest, 0, "outbox", "ready", LOGGED_AT)
                )
            if seq % BATCH == 0:
                tables.write()
        tables.write()


def main(words: Sequence[str], decide: Decide) -> None:
    """Load the log that is named, and say how long it took."""
    folder, log = map(Path, words)
    with timed() as took:
        load(folder, log, decide)
    tell(took)
