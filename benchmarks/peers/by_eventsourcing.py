"""eventsourcing does the whole work, in its own recorder: an aggregate a client, a domain event an event.

    python -m peers.by_eventsourcing FOLDER LOG       (in the folder above)

A client decides in plain Python what an event earns (as by_hand.py), and triggers an event that carries
it. The clients of a batch are kept in memory and saved together. It makes FOLDER/eventsourcing.db, and
reads that again for the digest. It has no table of occurrences, no messages that wait, no balances.
"""

import csv
import sys
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from digest import line, of_lines
from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event
from measure import tell, timed
from peers.by_hand import decide
from peers.host import LABELS, LISTENING, facts_of
from script import BACK, ZONE, State, chosen, dollars

from cmengine.database import connect
from cmengine.importing import BATCH
from cmengine.settings import DATABASE

READ = 1_000


class Client(Aggregate):
    """A client, and where they stand under each rule."""

    @event("Enrolled")
    def __init__(self, code: str, target: int) -> None:
        self.code = code
        self.target = target
        self.states: dict[str, State] = {}

    @staticmethod
    def create_id(code: str, target: int) -> UUID:
        return uuid5(NAMESPACE_URL, f"/clients/{code}")

    def log(self, key: str, kind: str, value: str, at: str, day: date) -> None:
        """Decide what an event earns, and let it happen."""
        earned: list[Any] = []
        targets = {self.code: self.target}
        for rule in LISTENING.get(kind, ()):
            state = self.states.setdefault(rule, State())
            facts, count, reason = facts_of(rule, state, day, value, targets, self.code)
            amounts = decide(rule, facts)
            if amounts is not None:
                awards = [
                    [f"{label} {dollars(int(cents))}", int(cents)]
                    for label, cents in zip(LABELS[rule], amounts, strict=True)
                    if cents is not None
                ]
                earned.append([rule, state.times + 1, day.isoformat(), reason, awards, count])
        self.logged(key, kind, value, at, day.isoformat(), earned)

    @event("Logged")
    def logged(self, key: str, kind: str, value: str, at: str, on: str, earned: list[Any]) -> None:
        """Go on from an event."""
        for rule in LISTENING.get(kind, ()):
            state = self.states.setdefault(rule, State())
            if rule == BACK and (state.memory == "null" or on > state.memory[9:19]):
                state.memory = f'{{"date":"{on}"}}'
        for rule, ordinal, _, _, _, count in earned:
            state = self.states[rule]
            state.times = ordinal
            state.days.add(count)


def load(app: Application[UUID], targets: dict[str, int], log: Path) -> None:
    """Load a log."""
    clients: dict[str, Client] = {}
    touched: dict[str, Client] = {}
    with log.open(newline="", encoding="utf-8") as file:
        lines = csv.reader(file)
        next(lines)
        for n, (key, code, kind, value, at, _) in enumerate(lines, start=1):
            client = clients.get(code)
            if client is None:
                client = clients[code] = Client(code, targets[code])
            touched[code] = client
            client.log(key, kind, value, at, datetime.fromisoformat(at).astimezone(ZONE).date())
            if n % BATCH == 0:
                app.save(*touched.values())
                touched.clear()
        app.save(*touched.values())


def written(app: Application[UUID], codes: dict[UUID, str]) -> Iterator[tuple[str, str]]:
    """Read back what was recorded: each event's id, and its canonical line."""
    start: int | None = 1
    while start is not None:
        some = app.recorder.select_notifications(start, READ)
        for notification in some:
            found: Any = app.mapper.to_domain_event(notification)
            if hasattr(found, "key"):
                evidence = "staff" if found.kind == "visit" else "self"
                told = (found.key, codes[found.originator_id], found.kind, found.at, found.on)
                earned = [tuple(one[:5]) for one in found.earned]
                yield found.key, line((*told, found.value or None, evidence), earned)
        start = some[-1].id + 1 if len(some) == READ else None


def main(folder: Path, log: Path) -> None:
    """Load, say how long it took, and what was recorded."""
    own = folder / "eventsourcing.db"
    with timed() as took:
        database = connect(folder / DATABASE)
        _, targets = chosen(database)
        database.close()
        app = Application[UUID](
            {"PERSISTENCE_MODULE": "eventsourcing.sqlite", "SQLITE_DBNAME": str(own)}
        )
        load(app, targets, log)
        app.close()
    app = Application[UUID](
        {"PERSISTENCE_MODULE": "eventsourcing.sqlite", "SQLITE_DBNAME": str(own)}
    )
    codes = {Client.create_id(code, 0): code for code in targets}
    ledger = of_lines(text for _, text in sorted(written(app, codes)))
    app.close()
    tell(took, ledger=ledger, mib=own.stat().st_size / 2**20)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
