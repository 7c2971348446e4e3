"""The ledger in SQLite: open it, read what one event needs, append. Facts only grow.

One way to write: `with ledger.writing():` begins an immediate transaction, so that what is read inside
is still true when it is written; everything in it is kept, or nothing. At its end the ledger itself puts
an entry into the journal; what cannot be journaled does not happen.
"""

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from time import monotonic
from typing import Any, NamedTuple

from cmengine.database import (
    APPLICATION_ID,
    SCHEMA,
    STATE,
    WAIT_SECONDS,
    WORDS,
    connect,
    in_words,
    room_left,
)
from cmengine.errors import CMError, Mistake
from cmengine.journal import ENTRY, NOTHING, Contents, Draft, Sealer, Signature, entry_of
from cmengine.model import Choice, Event
from cmengine.places import StrPath, is_file
from cmengine.sqlite import sqlite3
from cmengine.timeline import Correction, TimelineRow

WRITING_KIB = 48 * 1024  # of pages: a batch touches one or two for each client
READING_KIB = 32 * 1024  # of what a check looks up, here and there
LOOK_MILLISECONDS = 20  # within these, SQLite looks after 1, 2, 5 and 10 milliseconds
MOST_ROWS = 512  # in one statement: SQLite allows 32,766 cells
FAR = 2**62  # beyond every number
_EVENT = "seq, id, client, kind, occurred_at, on_day, value, is_number, evidence, logged_by"
_THESE = "(select value from json_each(?))"


Rows = tuple[str, tuple[str, ...], str, Sequence[object]]
"""Rows for a table: its name, all its columns in its own order, what happens where a row is there, and the
cells, one row behind the other, as SQLite has them."""


class Stored(NamedTuple):
    """An event with its place in the order of logging."""

    seq: int
    event: Event


class KeptOccurrence(NamedTuple):
    """An occurrence as it is kept: the event (by its place) and rule it comes from, its round, ordinal,
    day, slot, reason and version, its awards (n, reward, label, cents, item), and whether it still counts.
    """

    event: int
    rule: str
    fact: tuple[object, ...]
    awards: list[tuple[object, ...]]
    counts: bool


class AwardRow(NamedTuple):
    """An award as the ledger has it. `id` is the number that people type."""

    id: str
    client: str
    rule: str
    digest: str
    ordinal: int
    on: date
    slot: int | None
    reason: str
    event: str
    event_seq: int
    occurrence: int
    n: int
    reward: int
    label: str
    cents: int
    item: str | None
    corrected: bool


class Balance(NamedTuple):
    """A client's money in cents: earned - issued = waiting."""

    earned: int
    issued: int

    @property
    def waiting(self) -> int:
        """What is waiting to be handed over, in cents."""
        return self.earned - self.issued


class Remembered(NamedTuple):
    """The cache of one client under one rule: memory as text, times met, cents earned, how many
    corrections there were (a rung that a mistake had used is free again in the next round), and the
    latest day of what counts.
    """

    memory: str
    times: int
    cents: int
    round: int = 0
    latest: date | None = None


class Ledger:
    """An open ledger. Rows become values here and nowhere else."""

    def __init__(self, connection: sqlite3.Connection, path: StrPath) -> None:
        self._db = connection
        self.path = path
        self.sign: Callable[[], Signature] = _nobody
        self._sealers: dict[bytes, Sealer] = {}
        self._draft: Draft | None = None
        self._contents: Contents | None = None
        self._appended = 0

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    @contextmanager
    def parted(self) -> Iterator[None]:
        """Have the file closed, for a second process to begin: what is open must not go through a fork
        (https://sqlite.org/howtocorrupt.html#_carrying_an_open_database_file_across_a_fork_). Both have it open
        again afterwards, each for itself.
        """
        self._db.close()
        try:
            yield
        finally:
            try:
                self._db = connect(self.path)
            except sqlite3.DatabaseError as error:
                raise in_words(self.path, error) from error

    def writing(self, what: str = "") -> AbstractContextManager[None]:
        """Hold the one write transaction: everything written inside is kept and journaled, or nothing is.

        `what` says in a few words what is done; without it, the name of the function that does it says so.
        """
        called = sys._getframe(1).f_code.co_name
        return self._writing(what or called.strip("_<>").replace("_", " "))

    @contextmanager
    def _writing(self, what: str) -> Iterator[None]:
        with self.whole():
            self._draft, self._contents, self._appended = None, None, 0
            before = self._db.total_changes
            yield
            past = self._db.total_changes - before - self._appended
            if past:
                raise RuntimeError(
                    f"{past} rows were written past the journal; use insert or append"
                )
            contents = self._contents or self.drafted()
            if contents is not None:
                self._write_entry(contents, what)

    @contextmanager
    def whole(self) -> Iterator[None]:
        """Hold a transaction that is not journaled: for the schema, and nothing else."""
        self._begin()
        committing = False
        try:
            yield
            committing = True
            self._db.execute("commit")
        except BaseException as error:
            self._roll_back()
            if isinstance(error, sqlite3.OperationalError):
                raise in_words(self.path, error, committing=committing) from error
            raise

    def _roll_back(self) -> None:
        """Take back what was begun. Where the disk fails in that too, the next who opens the file does it."""
        with suppress(sqlite3.OperationalError):
            if self._db.in_transaction:
                self._db.execute("rollback")

    def _write_entry(self, contents: Contents, what: str) -> None:
        head = self.one(
            "select seq, hash, seal from journal where seq = (select max(seq) from journal)"
        )
        signature = self.sign()
        sealer = self._sealer(signature.key)
        if head is not None and head["seal"] != sealer.seal(head["hash"]):
            what = "the last entry of its journal was not sealed with this program's key"
            todo = "nothing was written; look at it with: cmengine verify"
            raise CMError(Mistake(str(self.path), what, todo))
        seq, before = (0, NOTHING) if head is None else (head["seq"], head["hash"])
        entry = entry_of(contents, seq + 1, before, signature, what, sealer)
        marks = ", ".join("?" * len(entry))
        self._db.execute(f"insert into journal ({ENTRY}) values ({marks})", entry)

    def note(self, table: str, columns: Sequence[str], cells: Sequence[object]) -> None:
        """Put rows that were just appended into the journal: all columns in order, row behind row."""
        self._appended += len(cells) // len(columns)
        if cells and table not in STATE:
            if self._draft is None:
                self._draft = Draft(self._sealer(self.sign().key))
            self._draft.add(table, columns, cells)

    def drafted(self) -> Contents | None:
        """Give what is to be entered into the journal so far; None where nothing is."""
        return self._draft.contents() if self._draft is not None else None

    def sealed(self, table: str, row: Mapping[str, object]) -> str:
        """Give the seal of a row of a table of WORDS."""
        from cmengine.erasable import seal_of  # most that is written holds no words

        return seal_of(self._sealer(self.sign().key).seal, table, row)

    def _sealer(self, key: bytes) -> Sealer:
        if key not in self._sealers:
            self._sealers[key] = Sealer(key)
        return self._sealers[key]

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Read what stands at one moment. With a rollback journal others cannot write meanwhile: be short."""
        if self._db.in_transaction:
            yield
            return
        self._db.execute("begin")
        try:
            yield
        finally:
            self._db.execute("rollback")

    def _begin(self) -> None:
        """Begin to write; wait for others who do. SQLite by itself would look for its turn too seldom to
        find the short time between two batches of a long import.
        """
        until = monotonic() + WAIT_SECONDS
        self._db.execute(f"pragma busy_timeout = {LOOK_MILLISECONDS}")
        try:
            while not self._db.in_transaction:
                try:
                    self._db.execute("begin immediate")
                except sqlite3.OperationalError as error:
                    if "locked" not in str(error) or monotonic() > until:
                        raise in_words(self.path, error) from error
        finally:
            self._db.execute(f"pragma busy_timeout = {WAIT_SECONDS * 1000}")

    @contextmanager
    def bulk(self, kib: int = WRITING_KIB, *, spill: bool = True) -> Iterator[None]:
        """Use more memory while many rows are written or read, on this connection only: `kib` for pages, and
        more for what a statement with many rows would take back, which else goes into a file, page by page.

        Without `spill`, pages that were changed stay in memory until the commit, even where they are more: with a
        rollback journal, others can read the file until then.
        """
        usual = self._db.execute("pragma cache_size").fetchone()[0]
        self._db.execute(f"pragma cache_size = {-kib}")
        self._db.execute("pragma temp_store = memory")
        if not spill:
            self._db.execute("pragma cache_spill = off")
        try:
            yield
        finally:
            self._db.execute(f"pragma cache_size = {usual}")
            self._db.execute("pragma temp_store = default")
            self._db.execute("pragma cache_spill = on")

    def is_small(self) -> bool:
        """Say whether all of the file can be held in memory while many rows are written."""
        sql = "select page_count * page_size from pragma_page_count, pragma_page_size"
        return bool(self.rows(sql)[0][0] <= WRITING_KIB * 1024)

    def rows(self, sql: str, *values: object) -> list[sqlite3.Row]:
        """Read rows."""
        try:
            return self._db.execute(sql, values).fetchall()
        except sqlite3.DatabaseError as error:
            raise in_words(self.path, error) from error

    def each(self, sql: str, *values: object) -> Iterator[sqlite3.Row]:
        """Read rows one at a time, for what may be long."""
        return iter(self._db.execute(sql, values))

    def tuples(self, sql: str, *values: object) -> Iterator[tuple[Any, ...]]:
        """Read rows one at a time, as plain tuples: that is quicker where there are very many."""
        cursor = self._db.cursor()
        cursor.row_factory = None
        return iter(cursor.execute(sql, values))

    def copy(self, path: StrPath) -> None:
        """Write a consistent copy, as it stands at one moment, to a new file that only its owner can read."""
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        try:
            self._db.execute("vacuum into ?", (str(path),))
        except sqlite3.DatabaseError as error:
            raise in_words(path, error) from error

    @contextmanager
    def any_text(self) -> Iterator[None]:
        """Read text that is not UTF-8 as well: a damaged file may have some."""
        self._db.text_factory = lambda raw: raw.decode("utf-8", "surrogateescape")
        try:
            yield
        finally:
            self._db.text_factory = str

    def one(self, sql: str, *values: object) -> sqlite3.Row | None:
        """Read at most one row."""
        found = self.rows(sql, *values)
        return found[0] if found else None

    def has_table(self, name: str) -> bool:
        """Say whether the schema has a table."""
        sql = "select 1 from sqlite_schema where type = 'table' and name = ?"
        return self.one(sql, name) is not None

    def insert(self, table: str, **columns: object) -> int:
        """Append a row to a table; give its number."""
        if table in WORDS:
            columns["seal"] = self.sealed(table, columns)
        names = ", ".join(columns)
        marks = ", ".join("?" * len(columns))
        done = self._db.execute(
            f"insert into {table} ({names}) values ({marks}) returning *", tuple(columns.values())
        )
        (row,) = done.fetchall()
        self.note(table, row.keys(), tuple(row))
        return done.lastrowid or 0

    # What the program is

    def set_fact(self, name: str, value: str) -> None:
        """Write down a fact about the program, once and for all."""
        self.insert("program", name=name, value=value)

    def fact(self, name: str) -> str | None:
        """Read a fact about the program."""
        row = self.one("select value from program where name = ?", name)
        return None if row is None else row[0]

    # Rules

    def publish(self, digest: str, rule: str, body: str, at: datetime, by: str) -> None:
        """Keep the text of a version of a rule, and let it be the one that can be chosen."""
        if self.rule_body(digest) is None:
            self.insert("rules", digest=digest, rule=rule, body=body)
        self.insert("publications", digest=digest, published_at=at.isoformat(), published_by=by)

    def rule_body(self, digest: str) -> str | None:
        """Give the kept text of a version."""
        row = self.one("select body from rules where digest = ?", digest)
        return None if row is None else row[0]

    def current_digests(self) -> dict[str, str]:
        """Give for each rule the version that was published last."""
        sql = (
            "select r.rule, r.digest from publications p join rules r using (digest) order by p.seq"
        )
        return {row["rule"]: row["digest"] for row in self.rows(sql)}

    def history_of(self, rule: str) -> list[dict[str, Any]]:
        """Give the versions of a rule as they were published, oldest first, and who keeps each."""
        sql = (
            "select r.digest, p.published_at, p.published_by, (select count(*) from choices c"
            " where c.digest = r.digest and c.stands and c.seq = (select max(d.seq) from choices d"
            " where d.client = c.client and d.rule = c.rule)) as kept_by"
            " from publications p join rules r using (digest) where r.rule = ? order by p.seq"
        )
        return [dict(row) for row in self.rows(sql, rule)]

    # Clients

    def add_client(self, client: str, at: datetime, by: str) -> None:
        """Enroll a client by a code."""
        self.insert("clients", client=client, added_at=at.isoformat(), added_by=by)

    def has_client(self, client: str) -> bool:
        """Say whether there is such a client."""
        return self.one("select 1 from clients where client = ?", client) is not None

    def clients(self) -> list[str]:
        """Name all clients, by their codes."""
        return [row[0] for row in self.rows("select client from clients order by client")]

    def keep_personal(self, client: str, about: str, text: str) -> None:
        """Keep something that was typed about or by a person, in the one table that can be erased."""
        self.insert("personal", client=client, about=about, text=text)

    def change_personal(self, client: str, about: str, text: str) -> None:
        """Put something else in the place of what is kept about a person; without `text`, keep nothing, not
        a byte of it.
        """
        self._db.execute("pragma secure_delete = on")
        before = self._db.total_changes
        if text:
            sql = (
                "insert into personal (client, about, text, seal) values (?, ?, ?, ?)"
                " on conflict (client, about) do update set text = excluded.text, seal = excluded.seal"
            )
            row = {"client": client, "about": about, "text": text}
            self._db.execute(sql, (*row.values(), self.sealed("personal", row)))
        else:
            self._db.execute("delete from personal where client = ? and about = ?", (client, about))
        self._appended += self._db.total_changes - before

    def about_a_person(self, client: str) -> tuple[int, int]:
        """Count what is kept about a person: texts, and the words of what they told the program."""
        sql = (
            "select (select count(*) from personal where client = ?1), (select count(*) from feedback_words"
            " where feedback in (select seq from feedback where client = ?1))"
        )
        texts, words = self.rows(sql, client)[0]
        return texts, words

    def erase_person(self, client: str) -> None:
        """Erase what is kept about a person, the bytes as well; then `compact`, outside the transaction."""
        self._db.execute("pragma secure_delete = on")
        before = self._db.total_changes
        told = "(select seq from feedback where client = ?)"
        self._db.execute(f"delete from feedback_words where feedback in {told}", (client,))
        self._db.execute("delete from personal where client = ?", (client,))
        self._appended += self._db.total_changes - before

    def compact(self) -> None:
        """Write the file anew, without what was erased, also what earlier changes left of it. Raises CMError."""
        problem = ""
        try:
            self._db.execute("vacuum")
            busy = self._db.execute("pragma wal_checkpoint(truncate)").fetchone()[0]
            problem = "somebody else reads it" if busy else ""
        except sqlite3.OperationalError as error:
            problem = str(error)
        if problem:
            what = f"what was erased is gone, but its bytes may still be in the file ({problem})"
            todo = "close what else has it open, and do it again"
            if "full" in problem:
                todo = f"the disk is full{room_left(self.path)}; make room, and do it again"
            raise CMError(Mistake(str(self.path), what, todo))

    def personal(self, client: str) -> dict[str, str]:
        """Give what was typed about or by a person."""
        return {
            row["about"]: row["text"]
            for row in self.rows("select about, text from personal where client = ?", client)
        }

    def called(self, client: str) -> str:
        """Say who a client is: ``Sky (c001)``, or the code where no name is kept."""
        row = self.one("select text from personal where client = ? and about = 'name'", client)
        return client if row is None else f"{row[0]} ({client})"

    # Choices

    def add_choice(self, choice: Choice, at: datetime, by: str) -> None:
        """Append a row to a client's timeline."""
        self.insert(
            "choices",
            id=choice.id,
            client=choice.client,
            rule=choice.rule,
            digest=choice.digest,
            settings=json.dumps(choice.settings),
            on_day=choice.on.isoformat(),
            stands=int(choice.stands),
            after_event=self.last_event(),
            turn=self._turn(),
            made_at=at.isoformat(),
            made_by=by,
        )
        if choice.words:
            self.keep_personal(choice.client, f"words:{choice.id}", choice.words)

    def timelines(self, client: str) -> dict[str, list[TimelineRow]]:
        """Give a client's timeline under each rule they have chosen, in the order it was made."""
        return self._timelines([client], self.personal(client)).get(client, {})

    def timelines_of(self, clients: Sequence[str]) -> dict[str, dict[str, list[TimelineRow]]]:
        """Give the timelines of many clients, by client, without the words in which they chose."""
        return self._timelines(clients, {})

    def chosen_of(self, clients: Sequence[str]) -> dict[str, str]:
        """Give what many clients have chosen, by client, as text: where it is the same, they chose the same
        on the same days, and changed it alike.
        """
        sql = (
            "select client, json_group_array(json_array(rule, digest, settings, on_day, stands))"
            f" from choices where client in {_THESE} group by client"
        )
        return dict(self.tuples(sql, json.dumps(clients)))

    def _timelines(
        self, clients: Sequence[str], personal: Mapping[str, str]
    ) -> dict[str, dict[str, list[TimelineRow]]]:
        found: dict[str, dict[str, list[TimelineRow]]] = {}
        sql = (
            "select client, rule, id, digest, settings, on_day, stands, after_event, turn from choices"
            f" where client in {_THESE} order by client, rule, seq"
        )
        for client, rule, id, digest, settings, on, stands, after, turn in self.tuples(
            sql, json.dumps(clients)
        ):
            choice = Choice(
                id=id,
                client=client,
                rule=rule,
                digest=digest,
                settings=_settings(settings),
                on=_day(on),
                stands=bool(stands),
                words=personal.get(f"words:{id}", "") if personal else "",
            )
            row = TimelineRow(choice, after, turn)
            found.setdefault(client, {}).setdefault(rule, []).append(row)
        return found

    def _turn(self) -> int:
        row = self.one(
            "select coalesce((select max(seq) from choices), 0) + coalesce((select max(seq) from corrections), 0)"
        )
        return (row[0] if row else 0) + 1

    # Events

    def last_event(self) -> int:
        """Give the place of the event that was logged last (0: none yet)."""
        row = self.one("select max(seq) from events")
        return (row[0] or 0) if row else 0

    def last_message(self) -> int:
        """Give the number of the last message (0: none yet)."""
        row = self.one("select max(seq) from messages")
        return (row[0] or 0) if row else 0

    def last_id(self) -> str:
        """Give the greatest id of an event ("" where there is none): a greater one is new."""
        row = self.one("select max(id) from events")
        return (row[0] or "") if row else ""

    def find_event(self, event: str) -> Stored | None:
        """Find an event by its id."""
        row = self.one(f"select {_EVENT} from events where id = ?", event)
        return None if row is None else stored_event(row)

    def events_of(self, client: str, since: date | None = None) -> Iterator[Stored]:
        """Give a client's events in the order of logging, of the days from `since` on.

        Those that were marked as mistakes are left out.
        """
        first = since.isoformat() if since else ""
        sql = (
            f"select {_EVENT} from events where client = ? and on_day >= ? and not exists"
            " (select 1 from corrections c where c.event = events.seq) order by seq"
        )
        for row in self.rows(sql, client, first):
            yield stored_event(row)

    def all_events_of(self, client: str) -> list[Stored]:
        """Give a client's events in the order of logging, mistakes among them."""
        return self.logs_of([client]).get(client, [])

    def logs_of(self, clients: Sequence[str]) -> dict[str, list[Stored]]:
        """Give the events of many clients, by client, in the order of logging, mistakes among them."""
        found: dict[str, list[Stored]] = {}
        sql = f"select {_EVENT} from events where client in {_THESE} order by client, seq"
        for row in self.tuples(sql, json.dumps(clients)):
            found.setdefault(row[2], []).append(stored_event(row))
        return found

    def event_counts(self) -> dict[str, int]:
        """Count the events of every client, by client, those first who came first: what lies near each other in
        the file is then read soon after each other.
        """
        sql = "select client, count(*) from events group by client order by min(seq)"
        counts = dict(self.tuples(sql))
        return counts | dict.fromkeys(sorted(set(self.clients()).difference(counts)), 0)

    def kept_of(self, clients: Sequence[str]) -> dict[str, list[KeptOccurrence]]:
        """Give the occurrences of many clients, by client, as they are kept, with their awards."""
        counting = self.rows("select max(occurrence) from released")[0][0] is None
        released = (
            "0" if counting else "exists (select 1 from released r where r.occurrence = o.seq)"
        )
        found: dict[str, list[KeptOccurrence]] = {}
        sql = (
            f"select client, seq, event, rule, round, ordinal, on_day, slot, reason, digest, {released}"
            f" from occurrences o where client in {_THESE} order by client, seq"
        )
        these = json.dumps(clients)
        awards: dict[int, list[tuple[object, ...]]] = {}
        for award in self.tuples(
            "select a.occurrence, a.n, a.reward, a.label, a.cents, a.item from occurrences o"
            f" join awards a on a.occurrence = o.seq where o.client in {_THESE} order by o.seq, a.n",
            these,
        ):
            awards.setdefault(award[0], []).append(award[1:])
        for row in self.tuples(sql, these):
            one = KeptOccurrence(row[2], row[3], row[4:10], awards.get(row[1], []), not row[10])
            found.setdefault(row[0], []).append(one)
        return found

    def logged(self, client: str) -> list[dict[str, Any]]:
        """Give what was logged for a client, in the order of logging, and what each earned in cents."""
        sql = (
            "select e.id, e.on_day as day, e.kind, e.value, e.evidence, e.logged_at, e.logged_by,"
            " coalesce((select sum(a.cents) from occurrences o join awards a on a.occurrence = o.seq"
            " where o.event = e.seq), 0) as cents,"
            " exists (select 1 from corrections c where c.event = e.seq) as corrected"
            " from events e where e.client = ? order by e.seq"
        )
        return [
            {**dict(row), "corrected": bool(row["corrected"])} for row in self.rows(sql, client)
        ]

    def corrections_of(self, client: str) -> list[Correction]:
        """Give the corrections of a client's events."""
        sql = (
            "select c.event, c.after_event, c.turn from events e join corrections c on c.event = e.seq"
            " where e.client = ?"
        )
        return [Correction(*row) for row in self.rows(sql, client)]

    def is_corrected(self, event: int) -> bool:
        """Say whether an event was marked as a mistake."""
        return self.one("select 1 from corrections where event = ?", event) is not None

    def is_marked(self, event: str) -> bool:
        """Say whether the event of this id was marked as a mistake."""
        stored = self.find_event(event)
        return stored is not None and self.is_corrected(stored.seq)

    def round(self, client: str) -> int:
        """Count the corrections of a client's events."""
        return self.rounds_of([client]).get(client, 0)

    def rounds_of(self, clients: Sequence[str]) -> dict[str, int]:
        """Count the corrections of the events of many clients, where there are any."""
        if self.rows("select max(seq) from corrections")[0][0] is None:
            return {}
        sql = (
            "select e.client, count(*) from events e join corrections c on c.event = e.seq"
            f" where e.client in {_THESE} group by e.client"
        )
        return {row[0]: row[1] for row in self.each(sql, json.dumps(clients))}

    def add_correction(self, event: int, at: datetime, by: str) -> int:
        """Mark an event as a mistake; give the number of the correction."""
        return self.insert(
            "corrections",
            event=event,
            after_event=self.last_event(),
            turn=self._turn(),
            corrected_at=at.isoformat(),
            corrected_by=by,
        )

    # What counted

    def remembered(self, client: str, rule: str) -> Remembered | None:
        """Give the cache of a client under a rule."""
        return self.memories_of([client]).get(client, {}).get(rule)

    def memories_of(self, clients: Sequence[str]) -> dict[str, dict[str, Remembered]]:
        """Give the caches of many clients, by client and rule."""
        found: dict[str, dict[str, Remembered]] = {}
        sql = (
            "select client, rule, memory, times, cents, round, latest from memories"
            f" where client in {_THESE}"
        )
        for client, rule, memory, times, cents, round_, latest in self.each(
            sql, json.dumps(clients)
        ):
            now = Remembered(memory, times, cents, round_, _day(latest) if latest else None)
            found.setdefault(client, {})[rule] = now
        return found

    def counted(self, client: str, rule: str, days: Sequence[date], until: int = FAR) -> int:
        """Count the occurrences on a few days, up to the number `until`."""
        row = self.one(
            f"select count(*) from occurrences o where on_day in ({', '.join('?' * len(days))})"
            " and client = ? and rule = ? and +o.seq <= ?"
            " and not exists (select 1 from released r where r.occurrence = o.seq)",
            *(day.isoformat() for day in days),
            client,
            rule,
            until,
        )
        return row[0] if row else 0

    def slot_taken(self, client: str, rule: str, slot: int) -> bool:
        """Say whether a calendar slot has been taken."""
        sql = (
            "select 1 from occurrences o where client = ? and rule = ? and slot = ?"
            " and not exists (select 1 from released r where r.occurrence = o.seq)"
        )
        return self.one(sql, client, rule, slot) is not None

    def occurrences_of(self, client: str) -> dict[tuple[int, str], tuple[int, bool]]:
        """Give a client's occurrences by event and rule: (number, whether it still counts)."""
        sql = (
            "select o.event, o.rule, o.seq, exists (select 1 from released r where r.occurrence = o.seq)"
            " from occurrences o where o.client = ?"
        )
        return {(row[0], row[1]): (row[2], not row[3]) for row in self.rows(sql, client)}

    def release(self, occurrence: int, correction: int) -> None:
        """Let an occurrence no longer count, because of a correction. Its awards stand."""
        self.insert("released", occurrence=occurrence, correction=correction)

    def last_occurrence(self) -> int:
        """Give the number of the last occurrence (0: none yet)."""
        row = self.one("select max(seq) from occurrences")
        return (row[0] or 0) if row else 0

    def others(self) -> int:
        """Give a number that changes when another connection has written."""
        row = self.one("pragma data_version")
        return row[0] if row else 0

    def append(self, several: Sequence[Rows]) -> None:
        """Append rows to tables. The cells are the ledger's from now on."""
        for table, columns, otherwise, cells in several:
            self._write_rows(table, columns, otherwise, cells)
            self.note(table, columns, cells)

    def append_drafted(self, several: Sequence[Rows], contents: Contents | None) -> None:
        """Append all that a transaction writes, of which it is known what is to be entered into the journal."""
        for table, columns, otherwise, cells in several:
            self._write_rows(table, columns, otherwise, cells)
            self._appended += len(cells) // len(columns)
        self._contents = contents

    def _write_rows(
        self, table: str, columns: tuple[str, ...], otherwise: str, cells: Sequence[object]
    ) -> None:
        width = len(columns)
        left, begins, rows = len(cells) // width, 0, MOST_ROWS
        while left:
            while rows > left:
                rows //= 2  # a few sizes, so that each statement is prepared once
            ends = begins + rows * width
            self._db.execute(_statement(table, columns, otherwise, rows), cells[begins:ends])
            left, begins = left - rows, ends

    # Reading

    def awards(self, where: str = "1", *values: object) -> list[AwardRow]:
        """Give awards, in the order in which they were earned."""
        sql = f"select * from award_list where {where} order by occurrence, n"
        return [
            AwardRow(
                **{
                    **dict(row),
                    "on": date.fromisoformat(row["on"]),
                    "corrected": bool(row["corrected"]),
                }
            )
            for row in self.rows(sql, *values)
        ]

    def find_award(self, award: str) -> AwardRow | None:
        """Find an award by the number that people type, like ``17.1``."""
        occurrence, dot, n = award.partition(".")
        if not (dot and occurrence.isdecimal() and n.isdecimal() and len(award) < 18):
            return None
        found = self.awards("occurrence = ? and n = ?", int(occurrence), int(n))
        return found[0] if found else None

    def balance(self, client: str) -> Balance:
        """Give a client's money, from the cache, at the same cost however long the past."""
        row = self.one(
            "select coalesce((select sum(cents) from memories where client = ?1), 0),"
            " coalesce((select sum(cents) from vouchers where client = ?1), 0)",
            client,
        )
        return Balance(*row) if row else Balance(0, 0)

    # Vouchers

    def add_voucher(self, columns: dict[str, Any]) -> None:
        """Append a voucher."""
        self.insert("vouchers", **columns)

    def waiting_items(self, client: str) -> list[tuple[int, int, str]]:
        """Give the items that a client has earned and not been handed: (occurrence, n, item), oldest first."""
        sql = (
            "select a.occurrence, a.n, a.item from occurrences o join awards a on a.occurrence = o.seq"
            " where o.client = ? and a.item is not null and not exists"
            " (select 1 from vouchers v where v.occurrence = a.occurrence and v.n = a.n)"
            " order by a.occurrence, a.n"
        )
        return [(row[0], row[1], row[2]) for row in self.rows(sql, client)]

    def add_redemption(self, voucher: str, cents: int, at: datetime, by: str) -> None:
        """Append a redemption."""
        self.insert(
            "redemptions", voucher=voucher, cents=cents, redeemed_at=at.isoformat(), redeemed_by=by
        )

    def vouchers(self, where: str = "1", *values: object) -> list[dict[str, Any]]:
        """Give vouchers, oldest first; their codes are not kept."""
        sql = (
            "select id as voucher, client, cents, item, issued_at, issued_by, redeemed_cents, redeemed_at,"
            " state, replaced, printed"
            f" from voucher_list where {where} order by seq"
        )
        return [dict(row) for row in self.rows(sql, *values)]


@lru_cache(maxsize=64)
def _statement(table: str, columns: tuple[str, ...], otherwise: str, rows: int) -> str:
    """Write the statement that appends so many rows."""
    one = f"({', '.join('?' * len(columns))})"
    values = ", ".join([one] * rows)
    return f"insert into {table} ({', '.join(columns)}) values {values} {otherwise}"


def _nobody() -> Signature:
    raise RuntimeError("nobody signs what is written to this ledger")


@lru_cache(maxsize=4096)
def _day(text: str) -> date:
    return date.fromisoformat(text)


@lru_cache(maxsize=1024)
def _settings(text: str) -> tuple[tuple[str, str], ...]:
    return tuple((key, value) for key, value in json.loads(text))


def stored_event(row: Sequence[Any]) -> Stored:
    seq, id, client, kind, at, day, value, is_number, evidence, by = row
    return Stored(
        seq,
        Event(
            id=id,
            client=client,
            kind=kind,
            at=datetime.fromisoformat(at),
            day=_day(day),
            value=Decimal(value) if is_number else value,
            evidence=evidence,
            by=by,
        ),
    )


def create_ledger(path: StrPath) -> Ledger:
    """Make a new ledger file that only its owner can read. Raises FileExistsError, or CMError in words."""
    from cmengine.migrations import migrate

    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    try:
        connection = connect(path)
        connection.execute(f"pragma application_id = {APPLICATION_ID}")
    except sqlite3.DatabaseError as error:
        raise in_words(path, error) from error
    ledger = Ledger(connection, path)
    with ledger.whole():
        migrate(connection)
    return ledger


def open_ledger(path: StrPath) -> Ledger:
    """Open a ledger that is there; never make one. Raises CMError in words."""
    try:
        if not is_file(path) or os.stat(path).st_size == 0:
            what = "is empty" if is_file(path) else "the program's ledger is not here"
            what = "is a folder, not a ledger" if os.path.isdir(path) else what
            raise CMError(
                Mistake(
                    str(path),
                    what,
                    "put it back from a backup, or make a new program with: cmengine init",
                )
            )
        connection = connect(path)
        found = connection.execute("pragma application_id").fetchone()[0]
        version = connection.execute("pragma user_version").fetchone()[0]
    except (sqlite3.DatabaseError, OSError) as error:
        raise in_words(path, error) from error
    if found != APPLICATION_ID:
        connection.close()
        raise CMError(
            Mistake(
                str(path), "is another program's database", "name the folder of a program with -p"
            )
        )
    ledger = Ledger(connection, path)
    if version > SCHEMA:
        ledger.close()
        raise CMError(
            Mistake(
                str(path),
                f"was written by a newer cmengine (schema {version}; this one knows {SCHEMA})",
                "update cmengine",
            )
        )
    if version < SCHEMA:
        from cmengine.migrations import migrate

        with ledger.whole():
            migrate(connection)
    return ledger
