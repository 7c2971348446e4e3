"""Who did what, and when: an entry for each transaction that appends rows, each chained to the one before.
Pure.

The canonical form of a row, version 1: the cells in the order of the table's columns as a JSON array, in
ASCII and without spaces; bytes are {"hex": "..."}. In the columns named in SEALED, text is replaced by
HMAC-SHA256(journal key, column, NUL, text), its first 32 hexadecimal digits: rows can be shown to an
auditor, and checked, without a client's code or words. The rest of an entry:

    mark    the first 8 bytes of the SHA-256 of a row's canonical form, so that a bad row can be named
    digest  the SHA-256 of all the rows' SHA-256, table by table, one behind the other
    hash    the SHA-256 of the hash before (32 zero bytes at first), the header and the marks; the header is
            the JSON array [seq, v, written_at, written_by, what, parts, digest]
    seal    the HMAC-SHA256 of the hash: who can write the file but has not the key cannot make it
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from cmengine.sha import Keyed, sha256, sha_for

FORM = 1
"""The version of the canonical form that is written; those before it are read for ever."""

MARK = 8
NOTHING = bytes(32)
SEALED = frozenset(
    [
        "client",
        "value",
        "reason",
        "settings",
        "text",
        "words",
        "note",
        "problem",
        "code_hash",
        "sealed",
    ]
)
"""The columns in which text is a person's, or a secret; this belongs to version 1 of the form."""

MOST_TOKENS = 50_000  # texts of a column whose replacements are remembered
Part = tuple[str, int, int | None, int | None]
"""Of one table: its name, how many rows, and the first cell of the first and of the last, if numbers."""


class Signature(NamedTuple):
    """Who writes, when, and with which key."""

    by: str
    at: str
    key: bytes


class Entry(NamedTuple):
    """An entry, as the table `journal` has it. `parts` is a JSON array of `Part`s."""

    seq: int
    v: int
    written_at: str
    written_by: str
    what: str
    parts: str
    digest: bytes
    marks: bytes
    hash: bytes
    seal: bytes

    def read_parts(self) -> list[Part]:
        """Read which rows of which tables were written."""
        return [tuple(part) for part in json.loads(self.parts)]


ENTRY = ", ".join(Entry._fields)


def _plain(cell: object) -> object:
    if isinstance(cell, bytes):
        return {"hex": cell.hex()}
    raise TypeError(f"a {type(cell).__name__} has no canonical form")


json_text = json.JSONEncoder(separators=(",", ":"), default=_plain).encode
"""Write something the way the canonical form has it."""


def header_of(entry: Entry) -> str:
    """Write the header of an entry."""
    return json_text([*entry[:6], entry.digest.hex()])


def hash_of(before: bytes, entry: Entry) -> bytes:
    """Work out the hash of an entry from the hash before it."""
    found = sha256(before)
    found.update(header_of(entry).encode())
    found.update(entry.marks)
    return found.digest()


class _Tokens(dict[object, object]):
    """What stands for the texts of one column; those that came before are remembered."""

    def __init__(self, column: str, keyed: Keyed) -> None:
        super().__init__({None: None})
        self._column, self._keyed = f"{column}\0".encode(), keyed

    def __missing__(self, cell: object) -> object:
        if not isinstance(cell, str):
            return cell
        if len(self) >= MOST_TOKENS:
            self.clear()
            self[None] = None
        text = cell.encode("utf-8", "surrogatepass")
        token = self[cell] = self._keyed(self._column + text).hex()[:32]
        return token


class Sealer:
    """Writes rows canonically, and seals hashes, with one key."""

    def __init__(self, key: bytes) -> None:
        self._keyed = Keyed(key)
        self._tokens: dict[str, _Tokens] = {}

    def seal(self, hash: bytes) -> bytes:
        """Give the seal of an entry's hash."""
        return self._keyed(hash)

    def token(self, column: str, text: str) -> str:
        """Give what stands for a text of a sealed column."""
        return str(self._of(column)[text])

    def tokens(self, column: str, cells: Iterable[object]) -> list[object]:
        """Put what stands for them in the place of the texts among the cells of a sealed column."""
        return list(map(self._of(column).__getitem__, cells))

    def lines(self, columns: Sequence[str], cells: Sequence[object]) -> list[str]:
        """Write rows, whose cells stand one behind the other, in the canonical form."""
        width = len(columns)
        sealed = [n for n, column in enumerate(columns) if column in SEALED]
        if sealed:
            cells = list(cells)
            for n in sealed:
                cells[n::width] = self.tokens(columns[n], cells[n::width])
        each = iter(cells)
        rows = list(zip(*[each] * width, strict=True))
        # All at once and then cut apart, which takes half the time; but not where a text holds the cut.
        lines = json_text(rows)[1:-1].replace("],[", "]\n[").split("\n")
        return lines if len(lines) == len(rows) else [json_text(row) for row in rows]

    def hashes(self, columns: Sequence[str], cells: Sequence[object]) -> list[bytes]:
        """Hash rows, whose cells stand one behind the other."""
        return hashes_of(self.lines(columns, cells))

    def _of(self, column: str) -> _Tokens:
        if column not in self._tokens:
            self._tokens[column] = _Tokens(column, self._keyed)
        return self._tokens[column]


def hashes_of(lines: Sequence[str]) -> list[bytes]:
    """Hash rows that are in the canonical form."""
    sha = sha_for(len(lines))
    return [sha(line.encode()).digest() for line in lines]


def marks_of(hashes: Iterable[bytes]) -> bytes:
    """Give the marks of rows, one behind the other."""
    return b"".join([one[:MARK] for one in hashes])


class _Part:
    """The rows of one table that a transaction appended."""

    def __init__(self, first: object) -> None:
        self.first = self.last = first
        self.hashes: list[bytes] = []


class Contents(NamedTuple):
    """What an entry has, whatever stands before it: see the table `journal`."""

    parts: str
    digest: bytes
    marks: bytes


class Draft:
    """The entry of a transaction under way."""

    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer
        self._parts: dict[str, _Part] = {}

    def add(self, table: str, columns: Sequence[str], cells: Sequence[object]) -> None:
        """Add rows that were appended to a table, their cells one behind the other, all columns in order."""
        part = self._parts.get(table)
        if part is None:
            part = self._parts[table] = _Part(cells[0])
        part.last = cells[-len(columns)]
        part.hashes += self._sealer.hashes(columns, cells)

    def contents(self) -> Contents:
        """Give what the entry has."""
        parts = [
            (table, len(part.hashes), _number(part.first), _number(part.last))
            for table, part in self._parts.items()
        ]
        hashes = [one for part in self._parts.values() for one in part.hashes]
        digest = sha_for(len(hashes))(b"".join(hashes)).digest()
        return Contents(json_text(parts), digest, marks_of(hashes))


def entry_of(
    contents: Contents, seq: int, before: bytes, signature: Signature, what: str, sealer: Sealer
) -> Entry:
    """Make the entry with this number, behind the hash of the one before."""
    made = seq, FORM, signature.at, signature.by, what, *contents
    entry = Entry(*made, NOTHING, NOTHING)
    hash = hash_of(before, entry)
    return entry._replace(hash=hash, seal=sealer.seal(hash))


def _number(cell: object) -> int | None:
    return cell if isinstance(cell, int) else None


class Anchor(NamedTuple):
    """What is kept of the journal elsewhere: the number of an entry, and its hash."""

    seq: int
    hash: bytes

    def __str__(self) -> str:
        return f"{self.seq}:{self.hash.hex()}"


def read_anchor(text: str) -> Anchor:
    """Read an anchor the way it is printed. Raises ValueError, in words."""
    number, _, hash = "".join(text.split()).partition(":")
    try:
        anchor = Anchor(int(number), bytes.fromhex(hash))
    except ValueError:
        anchor = Anchor(0, b"")
    if anchor.seq < 1 or len(anchor.hash) != 32:
        raise ValueError(
            f"'{text:.80}' is not an anchor; it is a number, a colon and 64 letters, as printed by:"
            " cmengine journal head"
        )
    return anchor


def tables_of(parts: Iterable[Part]) -> Mapping[str, int]:
    """Count the rows of an entry, by table."""
    return {table: rows for table, rows, _, _ in parts}
