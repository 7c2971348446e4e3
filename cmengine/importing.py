"""Bring in many events, or many choices, from a file: all of it, or all but the lines set aside.

A long log is written in batches, each a transaction of its own. It is read through once before, so
that a line that is off is named before anything is kept; what a batch has written stays written, and
the same file imported again goes on from there.
"""

import os
import re
from array import array
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, time, timedelta
from functools import partial
from itertools import islice, pairwise
from pathlib import Path
from sys import intern
from time import monotonic
from typing import TYPE_CHECKING, Any, TextIO
from zoneinfo import ZoneInfo

from attrs import Factory, define, field

from cmengine.choices import Chosen, Wish, choose_goals
from cmengine.days import YEARS, moment_on, read_day
from cmengine.durable import sync
from cmengine.elsewhere import no_garbage
from cmengine.engine import (
    MOST_NAME,
    Logbook,
    Logged,
    client_code_mistakes,
    event_of,
    look_at,
    look_at_words,
    read_value,
    same_event,
)
from cmengine.errors import CMError, Mistake, did_you_mean, first_of, stop_if
from cmengine.model import Event, Value
from cmengine.newfile import give_name, is_taken
from cmengine.program import Program
from cmengine.tables import REMARK, Progress, Row, has_lines, raw_rows, read_rows
from cmengine.tariff import Tariff

if TYPE_CHECKING:
    from cmengine.holds import Hold

EVENT_COLUMNS = ("id", "client", "kind", "value", "at", "evidence")
NEEDED = ("id", "client", "kind", "at")
CHOICE_COLUMNS = ("client", "rule", "words", "on", "set")
BATCH = 20_000  # events a transaction
FIRST_BATCH = 5_000  # of a long file, to see how long that takes here
LONGEST = 0.7  # seconds of a batch: others who want to write are to wait for no longer than one
MOST_READ, MOST_SHORT = 10_000, 40  # how many values are remembered, and of how many letters
UNREAD = object()
_READ: list[str] = []
# A moment that datetime.isoformat would write just so.
_AS_WRITTEN = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-](?!00:00)\d\d:\d\d", re.ASCII
).fullmatch


@define
class Imported:
    """What an import came to. `cents` and `per_rule` are what it earned, in cents; `held` are the rules that
    could not be worked out for somebody, and what they earn is still to come.
    """

    events: int = 0
    duplicates: int = 0
    awards: int = 0
    cents: int = 0
    set_aside: int = 0
    per_rule: Counter[str] = Factory(Counter)
    held: "list[Hold]" = Factory(list)


def import_events(
    program: Program,
    path: Path,
    *,
    skip_bad: Path | None = None,
    zone: ZoneInfo | None = None,
    progress: Progress = lambda done: None,
    batch: int = BATCH,
) -> Imported:
    """Log every event of a file, in the order of its lines; known ids are counted as duplicates.

    A line that is off stops the whole file, and then nothing of it is kept; with `skip_bad`, such
    lines go to that file instead, with the reason. `zone` is for times that name none. `progress` is
    told how much was read: all in all, twice the length of the file. `batch` is how many lines make a
    transaction at most; a long file takes fewer where they would keep others waiting.
    """
    lines = _Lines(program, path, zone)
    long = has_lines(path, batch)  # perhaps one more than a batch, and surely not less
    twice = long and skip_bad is None
    if twice:
        stop_if(_some(path, lines.bad(progress)))
    imported = Imported()
    book = Logbook(program, Tariff())
    told: Progress = progress if twice else (lambda done: progress(2 * done))
    ledger = program.ledger
    with _aside(skip_bad, path) as aside, ledger.bulk(), ledger.behind(), no_garbage():
        read = lines.read(told)
        size = min(batch, FIRST_BATCH) if long else batch
        ahead: list[_Read] = []
        while some := ahead + list(islice(read, max(0, size - len(ahead)))):
            began = monotonic()
            ahead = []
            # Half of the next lines while the disk is busy, and half in between: then others have their turn.
            more = partial(_read_on, read, len(some) // 2, ahead)
            _keep(program, book, path, some, imported, aside, more)
            if long:
                size = max(1, min(batch, int(len(some) * LONGEST / (monotonic() - began))))
    imported.held = book.held
    return imported


def _keep(
    program: Program,
    book: Logbook,
    path: Path,
    lines: "list[_Read]",
    imported: Imported,
    aside: "list[_Bad] | None",
    meanwhile: Callable[[], object],
) -> None:
    """Write a batch, or nothing of it; lines that are off are set aside, or stop it."""
    bad: list[_Bad] = []
    now = program.now()
    done = Imported()
    with program.ledger.writing(meanwhile=meanwhile):
        book.look_up(event.client for _, event, _, _ in lines if event is not None)
        for row, event, at, mistakes in lines:
            wrong = mistakes
            if event is not None and (aside is not None or not bad):
                try:
                    _count(done, book.log(event, now, at))
                except CMError as error:
                    wrong = _at_line(path, row, error)
            if wrong:
                bad.append((row, wrong))
        if aside is None:
            stop_if(_some(path, bad))
        book.close()
    if aside is not None:
        aside += bad
    imported.events += done.events
    imported.duplicates += done.duplicates
    imported.awards += done.awards
    imported.cents += done.cents
    imported.per_rule += done.per_rule
    imported.set_aside += len(bad)


def _read_on(read: "Iterator[_Read]", lines: int, into: "list[_Read]") -> None:
    into.extend(islice(read, lines))


def _at_line(path: Path, row: Row, error: CMError) -> Sequence[Mistake]:
    """Say of a line what is wrong with its event; what is wrong elsewhere stops everything."""
    mistakes = [
        Mistake(f"{path}:{row.line}", mistake.what, mistake.todo)
        for mistake in error.mistakes
        if mistake.where.startswith("event")
    ]
    if not mistakes:
        raise error
    return mistakes


def _count(imported: Imported, logged: Logged) -> None:
    if logged.again:
        imported.duplicates += 1
        return
    imported.events += 1
    per_rule = imported.per_rule
    for result in logged.results:
        earned = result.outcome.earned
        if earned is not None:
            cents, rule = earned.cents, result.rule.id
            imported.awards += len(earned.awards)
            imported.cents += cents
            per_rule[rule] = per_rule.get(rule, 0) + cents


_Bad = tuple[Row, Sequence[Mistake]]
_Read = tuple[Row, Event | None, str, Sequence[Mistake]]
"""A line, its event, the event's moment as the ledger writes it where that is known, or the mistakes."""
_Seen = tuple[str, str, str, Value, datetime, str]
"""What a line says, looked at: id, client, kind, value, moment, evidence."""


@define
class _Lines:
    """The lines of a log, read as events."""

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

    def read(self, progress: Progress = lambda done: None) -> Iterator[_Read]:
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

    def bad(self, progress: Progress) -> list[_Bad]:
        """Find every line that is off, also where an id comes again with a different event."""
        bad: list[_Bad] = []
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

    def _again(self, twice: set[int]) -> Iterator[_Bad]:
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
            return _at_line(self.path, row, error)
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


@contextmanager
def _aside(file: Path | None, path: Path) -> Iterator[list[_Bad] | None]:
    """Gather lines to set aside, and write them, each under the reason, so that they can be mended and
    imported, into a file that only its owner can read; without any, no file is made.
    """
    if file is None:
        yield None
        return
    unfinished = file.with_name(f"{file.name}.unfinished")
    bad: list[_Bad] = []
    try:
        if is_taken(file):
            todo = "name a new file for the lines set aside"
            raise CMError(Mistake(str(file), "is already there", todo))
        unfinished.unlink(missing_ok=True)  # what a stop has left
        number = os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        out = os.fdopen(number, "w", encoding="utf-8", errors="surrogateescape")
    except OSError as error:
        raise _cannot_write(file, error, "nothing was imported") from error
    try:
        with out:
            yield bad
            _set_aside(out, path, bad)
        if bad:
            sync(unfinished)
            give_name(unfinished, file)
            sync(file.resolve().parent)
    except OSError as error:
        raise _cannot_write(file, error, "import again with another file") from error
    finally:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)


def _cannot_write(file: Path, error: OSError, todo: str) -> CMError:
    return CMError(Mistake(str(file), f"cannot be written ({error.strerror})", todo))


def _set_aside(out: TextIO, path: Path, bad: Sequence[_Bad]) -> None:
    if bad and path.suffix.lower() == ".csv":
        with path.open(encoding="utf-8-sig", errors="surrogateescape") as source:
            out.write(source.readline())
    raw = raw_rows(path, [row for row, _ in bad])
    for (_, mistakes), text in zip(bad, raw, strict=True):
        out.writelines(f"{REMARK}{mistake}\n" for mistake in mistakes)
        out.write(text)


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


def _some(path: Path, bad: Sequence[_Bad]) -> Sequence[Mistake]:
    mistakes = [mistake for _, several in bad for mistake in several]
    return first_of(
        mistakes, str(path), "mend these first, or set lines aside with --skip-bad FILE"
    )


def import_choices(
    program: Program, path: Path, *, add_clients: bool = False
) -> tuple[list[Chosen], list[str]]:
    """Write down every choice of a CSV file, all or none; give them and the clients enrolled for it."""
    wishes: list[Wish] = []
    mistakes: list[Mistake] = []
    for row in read_rows(path, CHOICE_COLUMNS, ("client", "rule")):
        where = f"{path}:{row.line}"
        if row.wrong:
            mistakes.append(Mistake(where, row.wrong))
            continue
        client, rule, words, on, settings = row.cells
        try:
            wishes.append(
                Wish(
                    client=client,
                    rule=rule,
                    words=words,
                    settings=read_settings_text(settings.split(";")),
                    on=read_day(on) if on else None,
                    where=where,
                )
            )
        except ValueError as error:
            mistakes.append(Mistake(where, str(error)))
    return choose_goals(program, wishes, add_clients=add_clients, unread=mistakes)


def read_settings_text(parts: list[str] | tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Read settings written KEY=VALUE. Raises ValueError."""
    settings = {}
    for part in parts:
        if not part.strip():
            continue
        key, equals, text = part.partition("=")
        if not equals or not key.strip():
            raise ValueError(f"'{part:.60}' is not a setting; write it like goal.target=5")
        if key.strip() in settings:
            raise ValueError(f"'{key.strip():.60}' is set twice; set it once")
        settings[key.strip()] = text.strip()
    return tuple(sorted(settings.items()))


def import_clients(program: Program, path: Path) -> tuple[list[str], int]:
    """Enroll every client of a CSV file with a column client (and name); give the new ones and how many were known."""
    rows = list(read_rows(path, ("client", "name"), ("client",)))
    mistakes = []
    for row in rows:
        where = f"{path}:{row.line}"
        if row.wrong:
            mistakes.append(Mistake(where, row.wrong))
            continue
        mistakes += [
            Mistake(where, f"{m.where} {m.what}", m.todo)
            for m in client_code_mistakes(row.cells[0])
        ]
        if len(row.cells[1]) > MOST_NAME:
            mistakes.append(Mistake(where, f"the name is longer than {MOST_NAME} letters"))
    stop_if(mistakes)
    added, known = [], 0
    with program.ledger.writing():
        for row in rows:
            client, name = row.cells
            if program.ledger.has_client(client):
                known += 1
                continue
            program.ledger.add_client(client, program.now(), program.by)
            if name:
                program.ledger.keep_personal(client, "name", name)
            added.append(client)
    return added, known
