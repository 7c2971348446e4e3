"""Hold the journal against the rows: every entry, and every row of every table, in the order of writing.

A row that was changed, added, removed or moved since it was written is named, with the entry that wrote
it; so is an entry that is not the one that the chain, its seal or an anchor asks for.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, chain
from typing import Any

from attrs import Factory, define, field

from cmengine.database import STATE
from cmengine.journal import (
    ENTRY,
    FORM,
    MARK,
    NOTHING,
    Anchor,
    Entry,
    Part,
    Sealer,
    hash_of,
    hashes_of,
    marks_of,
)
from cmengine.jsonrows import JsonRows
from cmengine.ledger import Ledger
from cmengine.sha import sha_for
from cmengine.shape import made_shape
from cmengine.sqlite import sqlite3

MANY = 2_048  # rows that are read at once: somebody who wants to write waits no longer than that
LEAST = 32  # rows of a part from which on SQLite is asked to write them
FEW = 32  # entries that are read at once, or fewer
MOST_MARKS = 1 << 20  # bytes of marks in them
UNKEPT = STATE | {"journal"}
Found = tuple[str, bytes]
"""A row: what it is called, and the hash of its canonical form."""


def head_of(ledger: Ledger) -> Entry | None:
    """Give the last entry of the journal."""
    row = ledger.one(f"select {ENTRY} from journal where seq = (select max(seq) from journal)")
    return None if row is None else Entry(*row)


def entries(ledger: Ledger, after: int = 0) -> Iterator[Entry]:
    """Give the entries of the journal after a number, in their order, also those that come meanwhile."""
    marks = f"select seq, length(marks) from journal where seq > ? order by seq limit {FEW}"
    sql = f"select {ENTRY} from journal where seq > ? order by seq limit ?"
    while sizes := [size for _, size in ledger.tuples(marks, after)]:
        few = sum(size <= MOST_MARKS for size in accumulate(sizes))
        some = [Entry(*row) for row in ledger.tuples(sql, after, max(1, few))]
        yield from some
        _must_grow("journal", (after,), (some[-1].seq,))
        after = some[-1].seq


def _must_grow(table: str, before: tuple[Any, ...], last: tuple[Any, ...]) -> None:
    """Raise sqlite3.DatabaseError where keys go back: a damaged file could be read round and round for ever."""
    if last <= before:
        raise sqlite3.DatabaseError(f"the rows of {table} are not in the order of their keys")


def journaled_tables() -> list[str]:
    """Name the tables whose rows are journaled: all of ours but those that are known as ones that may change."""
    return sorted(name for kind, name in made_shape() if kind == "table" and name not in UNKEPT)


@define(eq=False, repr=False)
class Table:
    """The rows of a table in the order of their keys, read once from the first to the last."""

    ledger: Ledger
    name: str
    sealer: Sealer
    columns: list[str] = field(init=False)
    _keys: list[int] = field(init=False)
    _written: JsonRows = field(init=False)
    _last: tuple[Any, ...] = ()

    def __attrs_post_init__(self) -> None:
        sql = "select name, pk from pragma_table_info(?) order by cid"
        info = self.ledger.rows(sql, self.name)
        self.columns = [row["name"] for row in info]
        self._keys = [
            n for _, n in sorted((row["pk"], n) for n, row in enumerate(info) if row["pk"])
        ]
        self._written = JsonRows(self.columns, self.sealer)

    def read(self, count: int) -> Iterator[tuple[list[Sequence[object]], list[str], list[bytes]]]:
        """Give the next rows, some at a time: as they are, canonically, and hashed."""
        while count > 0:
            sql = f"select * {self._coming()} limit {min(count, MANY)}"
            rows: list[Sequence[object]] = list(self.ledger.tuples(sql, *self._last))
            if not rows:
                return
            self._pass(tuple(rows[-1][n] for n in self._keys))
            lines = self.sealer.lines(self.columns, list(chain.from_iterable(rows)))
            yield rows, lines, hashes_of(lines)
            count -= len(rows)

    def hashes(self, marks: bytes) -> list[bytes]:
        """Give the hashes of the next rows, if those have these marks; or else nothing, and they are still to be
        read.
        """
        keys = self._names()
        sql = f"select {keys} {self._coming()} limit 1 offset {len(marks) // MARK - 1}"
        last = next(self.ledger.tuples(sql, *self._last), ())
        if not last:
            return []
        upto = f"({keys}) <= ({', '.join('?' * len(last))})"
        sql = f"select {self._written.select} from {self.name} where {self._beyond()} and {upto}"
        try:
            (found,) = self.ledger.tuples(sql, *self._last, *last)
            hashes = hashes_of(self._written.lines(found))
        except (sqlite3.DatabaseError, ValueError):
            return []  # the cells will say what is wrong
        if marks_of(hashes) != marks:
            return []
        self._pass(last)
        return hashes

    def _names(self) -> str:
        return ", ".join(self.columns[n] for n in self._keys)

    def _beyond(self) -> str:
        return f"({self._names()}) > ({', '.join('?' * len(self._keys))})" if self._last else "true"

    def _coming(self) -> str:
        return f"from {self.name} where {self._beyond()} order by {self._names()}"

    def _pass(self, last: tuple[Any, ...]) -> None:
        _must_grow(self.name, self._last, last)
        self._last = last

    def called(self, row: Sequence[object]) -> str:
        """Say which row it is, by its key: ``awards 17.1``."""
        return f"{self.name} {'.'.join(f'{row[n]!s:.80}' for n in self._keys)}"

    def written(self, part: Part, n: int) -> str:
        """Say which row the n-th of a part was, where that follows from its first and last number."""
        _, count, first, last = part
        numbered = len(self._keys) == 1 and first is not None and last == first + count - 1
        return f"{self.name} {(first or 0) + n}" if numbered else ""


@define(eq=False, repr=False)
class _Open:
    """An entry, the hashes of its rows as far as they were found, and how many were not."""

    entry: Entry
    hashes: list[bytes] = Factory(list)
    missing: int = 0

    def is_as_written(self) -> bool:
        """Say whether the digest is that of the rows."""
        digest: bytes = sha_for(len(self.hashes))(b"".join(self.hashes)).digest()
        return digest == self.entry.digest


@define(eq=False, repr=False)
class _Match:
    """The rows of a table and the marks in the journal, side by side.

    Most tables grow in the order of their keys. What does not fit waits for its other half.
    """

    table: Table
    least: int
    rows: dict[bytes, Found] = Factory(dict)
    marks: dict[bytes, tuple[_Open, int, str]] = Factory(dict)

    def fit(self, opened: _Open, part: Part, marks: bytes) -> Iterator[_Open]:
        """Fit the next rows to the marks of a part; give earlier entries that are complete by it."""
        done = 0
        while part[1] - done >= self.least and not self.rows and not self.marks:
            quick = self.table.hashes(marks[MARK * done : MARK * min(done + MANY, part[1])])
            if not quick:
                break
            opened.hashes += quick
            done += len(quick)
        for rows, _, hashes in self.table.read(part[1] - done):
            these = marks[MARK * done : MARK * (done + len(rows))]
            if not self.rows and not self.marks and marks_of(hashes) == these:
                opened.hashes += hashes
            else:
                yield from self.keep(rows, hashes)
                self._ask(opened, part, done, these)
            done += len(rows)
        self._ask(opened, part, done, marks[MARK * done :])

    def keep(self, rows: Iterable[Sequence[object]], hashes: Iterable[bytes]) -> Iterator[_Open]:
        """Keep rows until they are asked for, or give them to entries that have asked already."""
        for row, hash in zip(rows, hashes, strict=True):
            asked = self.marks.pop(hash[:MARK], None)
            if asked is None:
                self.rows[hash[:MARK]] = (self.table.called(row), hash)
                continue
            opened, place, _ = asked
            opened.hashes[place] = hash
            opened.missing -= 1
            if not opened.missing:
                yield opened

    def _ask(self, opened: _Open, part: Part, begins: int, marks: bytes) -> None:
        for n in range(len(marks) // MARK):
            mark = marks[MARK * n : MARK * (n + 1)]
            found = self.rows.pop(mark, None)
            if found is None:
                opened.missing += 1
                name = self.table.written(part, begins + n)
                self.marks[mark] = opened, len(opened.hashes), name
            opened.hashes.append(found[1] if found else b"")


@define(eq=False, repr=False)
class Chain:
    """A walk along the journal: `entries` and `rows` that were looked at, and the last entry.

    Of `least` rows and more that one entry wrote to a table, SQLite is asked to write them canonically.
    """

    ledger: Ledger
    sealer: Sealer
    anchor: Anchor | None = None
    least: int = LEAST
    entries: int = 0
    rows: int = 0
    head: Entry | None = None
    _unsealed: list[int] = Factory(list)
    _matches: dict[str, _Match] = Factory(dict)

    def problems(self) -> Iterator[str]:
        """Walk from the first entry to the last, and say what is wrong."""
        seals = self.ledger.tuples("select hash, seal from journal")
        if self.ledger.one("select 1 from journal limit 1") and not any(
            self.sealer.seal(hash) == seal for hash, seal in seals
        ):
            yield (
                "journal: none of it was sealed with this program's key: program.key is not its own, or"
                " somebody wrote the journal anew"
            )
            return
        self._matches = {
            name: _Match(Table(self.ledger, name, self.sealer), self.least)
            for name in journaled_tables()
        }
        yield from self._walk()
        with self.ledger.snapshot():  # what has come meanwhile, and what is left over
            yield from self._walk()
            left = list(self._left_over())
        if len(self._unsealed) > 1:
            yield f"journal: {len(self._unsealed)} entries in all were not sealed with this key"
        if self.anchor is not None and self.entries < self.anchor.seq:
            yield (
                f"journal: it ends with entry {self.entries}, but the anchor is of entry"
                f" {self.anchor.seq}; what was written after entry {self.entries} is missing"
            )
        yield from left

    def _walk(self) -> Iterator[str]:
        for entry in entries(self.ledger, self.entries):
            yield from self._link_problems(entry)
            yield from self._row_problems(entry)
            self.entries, self.head = entry.seq, entry

    def _link_problems(self, entry: Entry) -> Iterator[str]:
        """Say what is wrong between an entry and the one before it."""
        wanted, seq = self.entries + 1, entry.seq
        before = self.head.hash if self.head else NOTHING
        if seq > wanted:
            yield f"journal: {f'entries {wanted} to {seq - 1} are' if seq > wanted + 1 else f'entry {wanted} is'} missing"
        elif hash_of(before, entry) != entry.hash:
            yield f"journal: entry {seq} is not as it was written, or not behind the entry that it was written behind"
        if not 1 <= entry.v <= FORM:
            yield f"journal: entry {seq} has a form ({entry.v}) that this cmengine does not know"
        if self.sealer.seal(entry.hash) != entry.seal:
            self._unsealed.append(seq)
            if len(self._unsealed) == 1:
                yield f"journal: entry {seq} was not sealed with this program's key"
        if self.anchor is not None and seq == self.anchor.seq and entry.hash != self.anchor.hash:
            yield f"journal: entry {seq} is not the one that the anchor was made of"

    def _row_problems(self, entry: Entry) -> Iterator[str]:
        """Fit the rows of an entry to its marks; what does not fit is named in the end."""
        try:
            parts = entry.read_parts()
            counts = [part[1] for part in parts]
            readable = len(entry.marks) == MARK * sum(counts)
        except (ValueError, TypeError, IndexError):
            readable = False
        if not readable:
            yield f"journal: the parts of entry {entry.seq} cannot be read"
            return
        opened, at = _Open(entry), 0
        for part in parts:
            marks = entry.marks[at : at + MARK * part[1]]
            at += len(marks)
            match = self._matches.get(part[0])
            if match is None:
                yield f"journal: entry {entry.seq} wrote to '{part[0]}', a table that is not there"
                opened.missing += 1
                continue
            for earlier in match.fit(opened, part, marks):
                yield from _digest_problems(earlier)
        self.rows += sum(counts)
        if not opened.missing:
            yield from _digest_problems(opened)

    def _left_over(self) -> Iterator[str]:
        """Name the rows that an entry wrote and are not there, and those that no entry wrote."""
        missing: list[tuple[int, int, str]] = []
        for match in self._matches.values():
            for rows, _, hashes in match.table.read(1 << 62):
                for earlier in match.keep(rows, hashes):
                    yield from _digest_problems(earlier)
            there = {name for name, _ in match.rows.values()}
            for opened, place, name in match.marks.values():
                one = opened.entry
                by = f"entry {one.seq} ({one.what}, {one.written_at[:16].replace('T', ' ')}) wrote"
                if name in there:
                    there.discard(name)
                    said = f"{name}: the row is not as {by} it"
                elif name:
                    said = f"{name}: the row that {by} is missing"
                else:
                    said = f"{match.table.name}: a row that {by}, its {place + 1}., is missing or changed"
                missing.append((one.seq, place, said))
            missing += [
                (self.entries + 1, n, f"{name}: the journal does not have this row as it is")
                for n, (name, _) in enumerate(match.rows.values())
                if name in there
            ]
        for _, _, said in sorted(missing):
            yield said


def _digest_problems(opened: _Open) -> Iterator[str]:
    if not opened.is_as_written():
        yield f"journal: the rows of entry {opened.entry.seq} are not those that its digest was made of"
