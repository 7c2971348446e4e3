"""Bring in many events, or many choices, from a file: all of it, or all but the lines set aside.

A long log is written in batches, each a transaction of its own. It is read through once before, so
that a line that is off is named before anything is kept; what a batch has written stays written, and
the same file imported again goes on from there.
"""

import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, TextIO
from zoneinfo import ZoneInfo

from attrs import Factory, define

from cmengine.choices import Chosen, Wish, choose_goals
from cmengine.days import read_day
from cmengine.durable import sync
from cmengine.elsewhere import can_fork, no_garbage
from cmengine.engine import MOST_NAME, Logbook, Logged, client_code_mistakes
from cmengine.errors import CMError, Mistake, first_of, stop_if
from cmengine.loglines import Bad, LogLines, ReadLine, at_line
from cmengine.newfile import give_name, is_taken
from cmengine.program import Program
from cmengine.tables import REMARK, Progress, has_lines, raw_rows, read_rows
from cmengine.tariff import Tariff

if TYPE_CHECKING:
    from cmengine.holds import Hold

WHAT = "import events"  # says the journal
CHOICE_COLUMNS = ("client", "rule", "words", "on", "set")
BATCH = 20_000  # events a transaction
FEW = 4_000  # events that one process has logged before a second one is of any help
FIRST_BATCH = (
    5_000  # of a long file, to see how long that takes here; and in one piece, whatever the ledger
)
LONGEST = 0.7  # seconds of a batch: others who want to write are to wait for no longer than one
LONGEST_ANEW = 0.5  # where somebody has written meanwhile: how long it takes is less well known


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

    def add(self, more: "Imported", set_aside: int) -> None:
        """Add what a batch came to, and how many of its lines were set aside."""
        self.events += more.events
        self.duplicates += more.duplicates
        self.awards += more.awards
        self.cents += more.cents
        self.per_rule += more.per_rule
        self.set_aside += set_aside


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
    transaction at most; a long file takes fewer where they would keep others waiting, and so does any file where the
    ledger is too large to be held in memory.
    """
    lines = LogLines(program, path, zone)
    one_piece = batch if program.ledger.is_small() else min(batch, FIRST_BATCH)
    long = has_lines(path, one_piece)  # perhaps one more than a piece, and surely not less
    few = not long and not has_lines(path, FEW)
    twice = long and skip_bad is None
    told: Progress = progress if twice else (lambda done: progress(2 * done))

    def check() -> None:
        if twice:
            stop_if(_some(path, lines.bad(progress)))

    with _aside(skip_bad, path) as aside, no_garbage():
        coming = _Coming(program, path, lines, told, aside)
        if few or not can_fork() or program.asks_strangers:
            check()
            coming.alone(batch, long=long)
        elif not (coming.ahead(batch, check) if long else coming.in_one(batch)):
            coming.alone(batch, long=long)
    return coming.imported


@define
class _Decided:
    """What some lines came to: the counts of it, and the lines that are off."""

    counts: Imported
    bad: list[Bad]


@define
class _Decide:
    """Works out what lines come to, one batch after the other, and lets the ledger have the rows."""

    program: Program
    path: Path
    setting_aside: bool
    _tariff: Tariff = Factory(Tariff)
    _book: Logbook | None = None

    def __call__(self, lines: "list[ReadLine]", anew: bool = False) -> _Decided:
        """Do so. With `anew`, what came before does not hold any more."""
        if self._book is None or anew:
            self._book = Logbook(self.program, self._tariff)
        book, counts, now = self._book, Imported(), self.program.now()
        bad: list[Bad] = []
        book.look_up(event.client for _, event, _, _ in lines if event is not None)
        for row, event, at, mistakes in lines:
            wrong = mistakes
            if event is not None and (self.setting_aside or not bad):
                try:
                    _count(counts, book.log(event, now, at))
                except CMError as error:
                    wrong = at_line(self.path, row, error)
            if wrong:
                bad.append((row, wrong))
        book.close()
        return _Decided(counts, bad)

    @property
    def held(self) -> "list[Hold]":
        """Give the rules that could not be worked out."""
        return self._book.held if self._book is not None else []


@define
class _Coming:
    """A log that comes in, batch by batch: all of a batch is kept, or nothing of it."""

    program: Program
    path: Path
    lines: LogLines
    told: Progress
    aside: list[Bad] | None
    imported: Imported = Factory(Imported)
    _done: int = 0  # lines
    _read: int = 0  # bytes

    def ahead(self, most: int, check: Callable[[], object]) -> bool:
        """Check, and keep what a second process works out, as long as it can; say whether that was all."""
        from cmengine.forerunner import forerunner  # late: only for long logs

        ledger, size = self.program.ledger, min(most, FIRST_BATCH)
        again = max(1, size // 2)  # lines that are worked out anew while everybody waits
        with forerunner(self.program, self.lines.read, self._decide()) as runner, ledger.bulk():
            version = ledger.others()
            runner.ask(size)
            check()
            while (batch := runner.answer()) is not None and batch.lines:
                runner.ask(size)  # it is worked out while this one is written
                with ledger.writing(WHAT):
                    began = monotonic()
                    anew = ledger.others() != version  # what was worked out may not hold any more
                    if anew:
                        version, size = ledger.others(), again
                        runner.ask(min(batch.lines, again), anew=True)
                        batch = runner.answer()
                        runner.ask(size)
                    if batch is None:
                        return False
                    self._stop_at(batch.said)
                    ledger.append_drafted(batch.rows, batch.contents)
                took = monotonic() - began
                if anew:
                    again = _size(most, batch.lines, took, LONGEST_ANEW)
                else:
                    size = _size(most, batch.lines, took)
                self._keep(batch.said, batch.lines)
                self._tell(batch.read)
            if batch is not None:
                self._tell(batch.read)
            return batch is not None

    def in_one(self, lines: int) -> bool:
        """Keep in one transaction what a second process works out meanwhile, if it can; say whether it could."""
        from cmengine.forerunner import forerunner

        program, ledger = self.program, self.program.ledger
        with forerunner(program, self.lines.read, self._decide(), in_parts=True) as runner:
            try:
                with ledger.bulk(spill=False), ledger.writing(WHAT):
                    runner.ask(lines)
                    while (part := runner.answer()) is not None and not part.ends:
                        ledger.append(part.rows)
                    if part is None:
                        raise _NotAhead  # all of it is taken back
                    self._stop_at(part.said)
            except _NotAhead:
                return False
        self._keep(part.said, part.lines)
        self._tell(part.read)
        return True

    def alone(self, most: int, *, long: bool) -> None:
        """Keep what is left, in this process."""
        read = islice(self.lines.read(self._tell_on()), self._done, None)
        decide, ledger = self._decide(), self.program.ledger
        size = min(most, FIRST_BATCH) if long else most
        with ledger.bulk():
            while some := list(islice(read, size)):
                with ledger.writing(WHAT):
                    began = monotonic()
                    decided = decide(some)
                    self._stop_at(decided)
                if long:
                    size = _size(most, len(some), monotonic() - began)
                self._keep(decided, len(some))
        self.imported.held = decide.held

    def _decide(self) -> _Decide:
        return _Decide(self.program, self.path, self.aside is not None)

    def _stop_at(self, decided: _Decided) -> None:
        if self.aside is None:
            stop_if(_some(self.path, decided.bad))

    def _keep(self, decided: _Decided, lines: int) -> None:
        self._done += lines
        if self.aside is not None:
            self.aside += decided.bad
        self.imported.add(decided.counts, len(decided.bad))

    def _tell(self, more: int) -> None:
        self._read += more
        self.told(more)

    def _tell_on(self) -> Progress:
        """Tell what is read beyond what was read already."""
        known = self._read

        def progress(more: int) -> None:
            nonlocal known
            again = min(known, more)
            known -= again
            self.told(more - again)

        return progress


class _NotAhead(Exception):
    """What was begun with a second process cannot be ended with it."""


def _size(most: int, lines: int, seconds: float, longest: float = LONGEST) -> int:
    """Give how many lines the next batch may have, from how long the last one took."""
    return max(1, min(most, int(lines * longest / seconds)))


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


@contextmanager
def _aside(file: Path | None, path: Path) -> Iterator[list[Bad] | None]:
    """Gather lines to set aside, and write them, each under the reason, so that they can be mended and
    imported, into a file that only its owner can read; without any, no file is made.
    """
    if file is None:
        yield None
        return
    unfinished = file.with_name(f"{file.name}.unfinished")
    bad: list[Bad] = []
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


def _set_aside(out: TextIO, path: Path, bad: Sequence[Bad]) -> None:
    if bad and path.suffix.lower() == ".csv":
        with path.open(encoding="utf-8-sig", errors="surrogateescape") as source:
            out.write(source.readline())
    raw = raw_rows(path, [row for row, _ in bad])
    for (_, mistakes), text in zip(bad, raw, strict=True):
        out.writelines(f"{REMARK}{mistake}\n" for mistake in mistakes)
        out.write(text)


def _some(path: Path, bad: Sequence[Bad]) -> Sequence[Mistake]:
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
