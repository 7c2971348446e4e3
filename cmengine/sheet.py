"""Rows on their way into the ledger: what many events come to, written table by table.

Numbers are given here, in the order of logging, so that an event logged alone and one among thousands
are written alike. Make a sheet inside a write transaction, and `write` it before the transaction ends.
"""

from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache

from attrs import Factory, define

from cmengine.ledger import Ledger, Remembered
from cmengine.model import Earned, Event

EVENTS = (
    "insert into events (seq, id, client, kind, occurred_at, on_day, value, is_number, evidence,"
    " logged_at, logged_by) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
OCCURRENCES = (
    "insert into occurrences (seq, event, client, rule, digest, round, ordinal, on_day, slot, reason)"
    " values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
AWARDS = "insert into awards (occurrence, n, reward, label, cents, item) values (?, ?, ?, ?, ?, ?)"
MESSAGES = (
    "insert into messages (id, client, event, digest, notify, channel, text, made_at)"
    " values (?, ?, ?, ?, ?, ?, ?, ?)"
)
MEMORIES = (
    "insert into memories (client, rule, memory, times, cents, round, latest)"
    " values (?, ?, ?, ?, ?, ?, ?) on conflict do update set memory = excluded.memory,"
    " times = excluded.times, cents = excluded.cents, round = excluded.round, latest = excluded.latest"
)

Row = tuple[object, ...]


@define(eq=False, repr=False)
class Sheet:
    """Rows that are not written yet, and the numbers that the next ones get."""

    ledger: Ledger
    last_event: int
    last_occurrence: int
    events: list[Row] = Factory(list)
    occurrences: list[Row] = Factory(list)
    awards: list[Row] = Factory(list)
    messages: list[Row] = Factory(list)
    memories: list[Row] = Factory(list)
    _moment: datetime | None = None
    _moment_text: str = ""

    def add_event(self, event: Event, logged_at: datetime, at: str = "") -> int:
        """Add an event that is logged at a moment; give its place in the order of logging.

        `at` is the event's own moment as text, where that is known already.
        """
        value = event.value
        number = isinstance(value, Decimal)
        self.last_event += 1
        self.events.append(
            (
                self.last_event,
                event.id,
                event.client,
                event.kind,
                at or event.at.isoformat(),
                day_text(event.day),
                format(value, "f") if number else value,
                number,
                event.evidence,
                self.moment_text(logged_at),
                event.by,
            )
        )
        return self.last_event

    def add_earned(self, event: int, client: str, digest: str, earned: Earned, round: int) -> None:
        """Add an occurrence and its awards."""
        occurrence = earned.occurrence
        self.last_occurrence += 1
        number = self.last_occurrence
        self.occurrences.append(
            (
                number,
                event,
                client,
                occurrence.rule,
                digest,
                round,
                occurrence.ordinal,
                day_text(occurrence.on),
                occurrence.slot,
                occurrence.reason,
            )
        )
        for n, (reward, award) in enumerate(earned.awards, start=1):
            self.awards.append((number, n, reward, award.label, award.cents, award.item))

    def add_memory(self, client: str, rule: str, now: Remembered) -> None:
        """Add what a client's goal remembers now."""
        latest = None if now.latest is None else day_text(now.latest)
        self.memories.append((client, rule, now.memory, now.times, now.cents, now.round, latest))

    def add_message(
        self,
        id: str,
        client: str,
        event: int,
        digest: str,
        notify: int,
        channel: str,
        text: str,
        at: datetime,
    ) -> None:
        """Add a message that waits to be sent."""
        self.messages.append(
            (id, client, event, digest, notify, channel, text, self.moment_text(at))
        )

    def moment_text(self, at: datetime) -> str:
        """Write the moment at which rows are made: the same for many."""
        if at is not self._moment:
            self._moment, self._moment_text = at, at.isoformat()
        return self._moment_text

    def write(self) -> None:
        """Write everything, and begin anew."""
        for sql, rows in (
            (EVENTS, self.events),
            (OCCURRENCES, self.occurrences),
            (AWARDS, self.awards),
            (MESSAGES, self.messages),
            (MEMORIES, self.memories),
        ):
            if rows:
                self.ledger.append(sql, rows)
                rows.clear()


@lru_cache(maxsize=4096)
def day_text(day: date) -> str:
    """Write a day the way the ledger has it."""
    return day.isoformat()


def new_sheet(ledger: Ledger) -> Sheet:
    """Begin a sheet where the ledger stands. Call it inside a write transaction."""
    return Sheet(ledger, ledger.last_event(), ledger.last_occurrence())
