"""Rows on their way into the ledger: what many events come to, written table by table.

Numbers are given here, in the order of logging, so that an event logged alone and one among thousands
are written alike. Make a sheet inside a write transaction, and `write` it before the transaction ends.
Rows are kept one behind the other, and hundreds of them go into the ledger with one statement: that
takes a quarter less than a statement a row.
"""

from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from cmengine.ledger import Ledger
from cmengine.model import Earned, Event


class _Table(NamedTuple):
    """A table that rows are appended to: its name, its columns, and what happens where a row is there."""

    name: str
    columns: tuple[str, ...]
    otherwise: str = ""


def _table(name: str, columns: str, otherwise: str = "") -> _Table:
    return _Table(name, tuple(columns.split()), otherwise)


EVENTS = _table(
    "events",
    "seq id client kind occurred_at on_day value is_number evidence logged_at logged_by",
)
OCCURRENCES = _table("occurrences", "seq event client rule digest round ordinal on_day slot reason")
AWARDS = _table("awards", "occurrence n reward label cents item")
MESSAGES = _table("messages", "seq id client event digest notify channel template made_at")
MEMORIES = _table(
    "memories",
    "client rule memory times cents round latest",
    "on conflict do update set memory = excluded.memory, times = excluded.times,"
    " cents = excluded.cents, round = excluded.round, latest = excluded.latest",
)


class Sheet:
    """Rows that are not written yet, their cells one behind the other, and the numbers that the next get."""

    def __init__(
        self, ledger: Ledger, last_event: int, last_occurrence: int, last_message: int
    ) -> None:
        self.ledger = ledger
        self.last_event = last_event
        self.last_occurrence = last_occurrence
        self.last_message = last_message
        self.events: list[object] = []
        self.occurrences: list[object] = []
        self.awards: list[object] = []
        self.messages: list[object] = []
        self.memories: list[object] = []
        self._moment: datetime | None = None
        self._moment_text = ""

    def add_event(self, event: Event, logged_at: datetime, at: str = "") -> int:
        """Add an event that is logged at a moment; give its place in the order of logging.

        `at` is the event's own moment as text, where that is known already.
        """
        value = event.value
        number = isinstance(value, Decimal)
        self.last_event = seq = self.last_event + 1
        if logged_at is not self._moment:
            self._moment, self._moment_text = logged_at, logged_at.isoformat()
        self.events += (
            seq,
            event.id,
            event.client,
            event.kind,
            at or event.at.isoformat(),
            day_text(event.day),
            format(value, "f") if number else value,
            1 if number else 0,
            event.evidence,
            self._moment_text,
            event.by,
        )
        return seq

    def add_earned(self, event: int, client: str, digest: str, earned: Earned, round: int) -> None:
        """Add an occurrence and its awards."""
        occurrence = earned.occurrence
        self.last_occurrence = number = self.last_occurrence + 1
        self.occurrences += (
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
        awards = self.awards
        for n, (reward, award) in enumerate(earned.awards, start=1):
            awards += (number, n, reward, award.label, award.cents, award.item)

    def add_memory(
        self,
        client: str,
        rule: str,
        memory: str,
        times: int,
        cents: int,
        round: int,
        latest: date | None,
    ) -> None:
        """Add what a client's goal remembers now, as `Remembered` has it."""
        day = None if latest is None else day_text(latest)
        self.memories += (client, rule, memory, times, cents, round, day)

    def add_message(
        self,
        id: str,
        client: str,
        event: int,
        digest: str,
        notify: int,
        channel: str,
        template: str,
        at: datetime,
    ) -> None:
        """Add a message that waits to be sent."""
        if at is not self._moment:
            self._moment, self._moment_text = at, at.isoformat()
        self.last_message = seq = self.last_message + 1
        self.messages += (
            seq,
            id,
            client,
            event,
            digest,
            notify,
            channel,
            template,
            self._moment_text,
        )

    def write(self) -> None:
        """Write everything, and begin anew."""
        tables = (
            (EVENTS, self.events),
            (OCCURRENCES, self.occurrences),
            (AWARDS, self.awards),
            (MESSAGES, self.messages),
            (MEMORIES, self.memories),
        )
        self.events, self.occurrences, self.awards, self.messages, self.memories = (
            [],
            [],
            [],
            [],
            [],
        )
        self.ledger.append([(*table, cells) for table, cells in tables if cells])


@lru_cache(maxsize=4096)
def day_text(day: date) -> str:
    """Write a day the way the ledger has it."""
    return day.isoformat()


def new_sheet(ledger: Ledger) -> Sheet:
    """Begin a sheet where the ledger stands. Call it inside a write transaction."""
    return Sheet(ledger, ledger.last_event(), ledger.last_occurrence(), ledger.last_message())
