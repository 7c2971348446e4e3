"""What somebody would write by hand for this one program: dicts, `executemany`, and none of the promises.

    python -m script FOLDER LOG       (in this folder)

It knows the four rules of make_log.py by heart, believes every line, looks nothing up, cannot go on where
it stopped, and is wrong as soon as a rule, a version or a choice is another. The rows it writes are those
that the import writes, byte for byte, with an entry in the journal for each batch; schema, settings and
batches are the same.
"""

import csv
import gc
import json
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from itertools import chain
from pathlib import Path
from zoneinfo import ZoneInfo

from measure import tell, timed

from cmengine.database import connect
from cmengine.importing import BATCH
from cmengine.journal import Signature
from cmengine.ledger import Ledger
from cmengine.settings import DATABASE, KEY, read_keys
from cmengine.sheet import AWARDS, EVENTS, MEMORIES, MESSAGES, OCCURRENCES

ZONE = ZoneInfo("America/Chicago")
LOGGED_AT = "2026-07-01T13:00:00-05:00"
VISIT, DRINKS, CHANGE, BACK = "drop-in", "fewer-drinks", "my-own-change", "welcome-back"


class State:
    """Where one client stands under one rule."""

    __slots__ = ("cents", "days", "latest", "memory", "times")

    def __init__(self) -> None:
        self.times = self.cents = 0
        self.memory = "null"
        self.latest: str | None = None
        self.days: set[int] = set()  # days, or weeks, that have counted


class Tables:
    """Rows that are not written yet."""

    def __init__(self, database: sqlite3.Connection, ledger: Ledger) -> None:
        self.database, self.ledger = database, ledger
        self.events: list[tuple[object, ...]] = []
        self.occurrences: list[tuple[object, ...]] = []
        self.awards: list[tuple[object, ...]] = []
        self.messages: list[tuple[object, ...]] = []
        self.shown: dict[tuple[str, str], State] = {}

    def write(self) -> None:
        """Write a batch."""
        memories = [
            (client, rule, state.memory, state.times, state.cents, 0, state.latest)
            for (client, rule), state in self.shown.items()
        ]
        with self.ledger.writing("load"):
            for table, rows in (
                (EVENTS, self.events),
                (OCCURRENCES, self.occurrences),
                (AWARDS, self.awards),
                (MESSAGES, self.messages),
                (MEMORIES, memories),
            ):
                marks = ", ".join("?" * len(table.columns))
                self.database.executemany(
                    f"insert into {table.name} values ({marks}) {table.otherwise}", rows
                )
                if rows:
                    self.ledger.note(table.name, table.columns, list(chain.from_iterable(rows)))
        for rows in (self.events, self.occurrences, self.awards, self.messages):
            rows.clear()
        self.shown.clear()


@contextmanager
def opened(folder: Path) -> Iterator[Tables]:
    """Open a ledger with the settings that the import has."""
    gc.disable()
    path = folder / DATABASE
    database = connect(path)
    ledger = Ledger(database, path)
    key = read_keys(folder / KEY).journal
    ledger.sign = lambda: Signature("desk", LOGGED_AT, key)
    with ledger.bulk():
        yield Tables(database, ledger)
    database.close()


def chosen(database: sqlite3.Connection) -> tuple[dict[str, str], dict[str, int]]:
    """Read the version of each rule, and the number of drinks that each client chose."""
    digests, targets = {}, {}
    for client, rule, digest, settings in database.execute(
        "select client, rule, digest, settings from choices"
    ):
        digests[rule] = digest
        if rule == DRINKS:
            targets[client] = int(dict(json.loads(settings))["goal.target"])
    return digests, targets


def dollars(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}"


def load(folder: Path, log: Path) -> None:
    """Load a log."""
    with opened(folder) as tables, log.open(newline="", encoding="utf-8") as file:
        digests, targets = chosen(tables.database)
        states: dict[tuple[str, str], State] = {}
        shown, add_event = tables.shown, tables.events.append
        add_occurrence, add_award = tables.occurrences.append, tables.awards.append
        add_message = tables.messages.append
        number = 0
        lines = csv.reader(file)
        next(lines)
        for seq, (id, client, kind, value, at, _) in enumerate(lines, start=1):
            day = datetime.fromisoformat(at).astimezone(ZONE).date()
            on = day.isoformat()
            add_event(
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
            earned: list[tuple[str, State, str, list[tuple[str, int]]]] = []
            if kind == "visit":
                state = states.get((client, VISIT)) or states.setdefault((client, VISIT), State())
                shown[client, VISIT] = state
                count = day.toordinal()
                if count not in state.days:
                    state.days.add(count)
                    worth = min(250 + 125 * state.times, 2000)
                    awards = [(f"voucher {dollars(worth)}", worth)]
                    if (state.times + 1) % 3 == 0:
                        awards.append(("bonus 10.00", 1000))
                    earned.append((VISIT, state, "visit", awards))
                state = states.get((client, BACK)) or states.setdefault((client, BACK), State())
                shown[client, BACK] = state
                gap = 0
                if state.memory != "null":
                    before = date.fromisoformat(state.memory[9:19])
                    gap = (day - before).days
                if state.memory == "null" or gap > 0:
                    state.memory = f'{{"date":"{on}"}}'
                if gap >= 10:
                    earned.append((BACK, state, f"visit after {gap} days", [("voucher 2.50", 250)]))
            elif kind == "drinks":
                state = states.get((client, DRINKS)) or states.setdefault((client, DRINKS), State())
                shown[client, DRINKS] = state
                target = targets[client]
                if int(value) <= target:
                    reason = f"drinks {value}, at most {target}"
                    earned.append((DRINKS, state, reason, [("voucher 2.00", 200)]))
            elif kind == "positive_change":
                state = states.get((client, CHANGE)) or states.setdefault((client, CHANGE), State())
                shown[client, CHANGE] = state
                count = (day.toordinal() - 1) // 7
                if count not in state.days:
                    state.days.add(count)
                    earned.append((CHANGE, state, "positive_change", [("voucher 5.00", 500)]))
            for rule, state, reason, awards in earned:
                number += 1
                state.times += 1
                if state.latest is None or on > state.latest:
                    state.latest = on
                digest = digests[rule]
                add_occurrence(
                    (number, seq, client, rule, digest, 0, state.times, on, None, reason)
                )
                for n, (label, cents) in enumerate(awards, start=1):
                    state.cents += cents
                    add_award((number, n, n - 1, label, cents, None))
                add_message(
                    (number, f"{id}/{rule}/0", client, seq, digest, 0, "outbox", "ready", LOGGED_AT)
                )
            if seq % BATCH == 0:
                tables.write()
        tables.write()


if __name__ == "__main__":
    folder, log = map(Path, sys.argv[1:])
    with timed() as took:
        load(folder, log)
    tell(took)
