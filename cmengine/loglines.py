"""The lines of a log in a file, read as events; what is off is said of each line."""

import re
from array import array
from collections.abc import Iterator, Sequence
from datetime import datetime, time, timedelta
from itertools import pairwise
from pathlib import Path
from sys import intern
from typing import Any
from zoneinfo import ZoneInfo

from attrs import Factory, define, field

from cmengine.days import YEARS, moment_on, read_day
from cmengine.engine import event_of, look_at, look_at_words, read_value, same_event
from cmengine.errors import CMError, Mistake, did_you_mean
from cmengine.model import Event, Value
from cmengine.program import Program
from cmengine.tables import Progress, Row, read_rows

EVENT_COLUMNS = ("id", "client", "kind", "value", "at", "evidence")
NEEDED = ("id", "client", "kind", "at")
MOST_READ, MOST_SHORT = 10_000, 40  # how many values are remembered, and of how many letters
UNREAD = object()
_READ: list[str] = []
# A moment that datetime.isoformat would write just so.
_AS_WRITTEN = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-](?!00:00)\d\d:\d\d", re.ASCII
).fullmatch

Bad = tuple[Row, Sequence[Mistake]]
ReadLine = tuple[Row, Event | None, str, Sequence[Mistake]]
"""A line, its event, the event's moment as the ledger writes it where that is known, or the mistakes."""
_Seen = tuple[str, str, str, Value, datetime, str]
"""What a line says, looked at: id, client, kind, value, moment, evidence."""


@define
class LogLines:
    """The lines of a file, read as events; times that name no zone are in `zone`."""

    program: Program
    path: Path
    zone: ZoneInfo | None
    _known: dict[str, str] = field(init=False)  # one copy of each code for all events
    _now: datetime = field(init=False)
    _surely_past: str = field(init=False)
    _read: dict[tuple[str, str], Any] = Factory(dict)

    def __attrs_post_init__(self) -> None:
        self._known = {client: client for client in self.program.ledger.clients()}
        self._now = self.program.now()
        # What begins with an earlier date is over in every time zone, and need not be compared.
        self._surely_past = f"{(self._now - timedelta(days=2)).date()}"

    def rows(self, progress: Progress = lambda done: None) -> Iterator[Row]:
        return read_rows(self.path, EVENT_COLUMNS, NEEDED, progress)

    def read(self, progress: Progress = lambda done: None) -> Iterator[ReadLine]:
        """Give each line with its event, or with its mistakes."""
        program, look = self.program, self._look
        for row in self.rows(progress):
            wrong: list[tuple[str, str]] = []
            seen = look(row, wrong)
            if seen is None:
                yield row, None, "", self._mistakes(row, wrong)
            else:
                at = row.cells[4]
                row.cells = _READ  # what is held for long is held without its letters
                yield row, event_of(program, *seen), at if _AS_WRITTEN(at) else "", ()

    def bad(self, progress: Progress) -> list[Bad]:
        """Find every line that is off, also where an id comes again with a different event."""
        bad: list[Bad] = []
        last, in_order = "", True  # where every id is greater than the one before, none comes twice
        ledger = self.program.ledger
        highest = ledger.last_id()
        for row in self.rows(progress):
            wrong: list[tuple[str, str]] = []
            seen = self._look(row, wrong)
            if seen is None:
                bad.append((row, self._mistakes(row, wrong)))
                continue
            if seen[0] > last:
                last = seen[0]
            else:
                in_order = False
            if seen[0] <= highest and (stored := ledger.find_event(seen[0])) is not None:
                different = self._different(row, stored.event, event_of(self.program, *seen))
                if different:
                    bad.append((row, different))
        twice = set() if in_order else self._twice()
        if twice:
            named = {row.line for row, _ in bad}
            bad += [one for one in self._again(twice) if one[0].line not in named]
            bad.sort(key=lambda one: one[0].line)
        return bad

    def _twice(self) -> set[int]:
        """Find the ids that may stand on two lines, by their hashes."""
        ids = _Ids()
        for row in self.rows():
            if not row.wrong:
                ids.add(row.cells[0])
        return ids.twice()

    def _again(self, twice: set[int]) -> Iterator[Bad]:
        """Look once more at the ids that may stand on two lines."""
        first: dict[str, Event] = {}
        for row, event, _, _ in self.read():
            if event is not None and hash(event.id) in twice:
                mistakes = self._different(row, first.setdefault(event.id, event), event)
                if mistakes:
                    yield row, mistakes

    def _different(self, row: Row, known: Event, event: Event) -> Sequence[Mistake]:
        try:
            same_event(known, event)
        except CMError as error:
            return at_line(self.path, row, error)
        return ()

    def _look(self, row: Row, wrong: list[tuple[str, str]]) -> _Seen | None:
        """Read what a line says; None where something is wrong with it."""
        if row.wrong:
            wrong.append((row.wrong, ""))
            return None
        id, client, kind, value, at, evidence = row.cells
        try:
            moment = read_moment(at, self.program, self.zone)
        except ValueError as error:
            moment = self._now
            wrong.append((f"at: {error}", ""))
        if not id or id.isspace():
            todo = "give every event an id of its own, so that it is never counted twice"
            wrong.append(("id is empty", todo))
        known = self._known.get(client)
        if known is None:
            known = client
            todo = did_you_mean(client, self._known) or "enroll with: cmengine client add"
            wrong.append((f"there is no client '{client:.64}'", todo))
        read = self._read.get((kind, value), UNREAD)
        if read is UNREAD:
            read = self._value(kind, value, wrong)
        if at >= self._surely_past:
            look_at(moment, self._now, wrong)
        if evidence or len(id) > 200 or not id.isprintable():
            look_at_words(id, evidence, wrong)
        return None if wrong else (id, known, intern(kind), read, moment, evidence)

    def _value(self, kind: str, value: str, wrong: list[tuple[str, str]]) -> Value:
        """Read a value, and remember it: the same few come again and again."""
        before = len(wrong)
        read = read_value(self.program.kinds, kind, value, wrong)
        if len(wrong) == before and len(value) < MOST_SHORT and len(self._read) < MOST_READ:
            self._read[kind, value] = read
        return read

    def _mistakes(self, row: Row, wrong: list[tuple[str, str]]) -> list[Mistake]:
        return [Mistake(f"{self.path}:{row.line}", *one) for one in wrong]


@define
class _Ids:
    """Finds the ids that may stand on two lines, in eight bytes a line."""

    _buckets: "list[array[int]]" = Factory(lambda: [array("q") for _ in range(64)])

    def add(self, id: str) -> None:
        number = hash(id)
        self._buckets[number & 63].append(number)

    def twice(self) -> set[int]:
        """Give the hashes that came more than once."""
        return {a for bucket in self._buckets for a, b in pairwise(sorted(bucket)) if a == b}


def at_line(path: Path, row: Row, error: CMError) -> Sequence[Mistake]:
    """Say of a line what is wrong with its event; what is wrong elsewhere stops everything."""
    mistakes = [
        Mistake(f"{path}:{row.line}", mistake.what, mistake.todo)
        for mistake in error.mistakes
        if mistake.where.startswith("event")
    ]
    if not mistakes:
        raise error
    return mistakes


def read_moment(text: str, program: Program, zone: ZoneInfo | None) -> datetime:
    """Read a date, or a time with its offset; without one, `zone` says where it was. Raises ValueError."""
    if len(text) == 10:
        zone, boundary = program.settings.zone, program.settings.day_boundary
        return moment_on(read_day(text), time(12), zone, boundary)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"'{text:.40}' is not a time like 2026-01-05T09:30:00-08:00") from None
    if not YEARS.start <= moment.year < YEARS.stop:
        raise ValueError(
            f"{moment.date()} is not a day of the years 1900 to 2999; look at the year"
        )
    if moment.tzinfo is not None:
        return moment
    if zone is None:
        raise ValueError(
            f"'{text:.40}' does not say in which time zone; add the offset, or say --zone NAME"
        )
    return moment.replace(tzinfo=zone)
