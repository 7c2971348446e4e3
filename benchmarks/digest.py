"""What a ledger came to, as a digest: two ledgers with the same digest earned the same, to the byte.

    python -m digest FOLDER       (in this folder)

`ledger` is the SHA-256 of a canonical text: a line an event, in the order of their ids, with its
occurrences and their awards. `rows` is that of every row of every table that an import writes.
"""

import json
import sqlite3
import sys
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from pathlib import Path

from cmengine.settings import DATABASE

TABLES = {
    "events": "seq",
    "occurrences": "seq",
    "awards": "occurrence, n",
    "messages": "seq",
    "memories": "client, rule",
}
Earned = tuple[str, int, str, str, Sequence[tuple[str, int]]]
"""An occurrence: rule, ordinal, day, reason, and its awards (label, cents)."""


def line(event: Sequence[object], earned: Iterable[Earned]) -> str:
    """Write an event (id, client, kind, moment, day, value, evidence) and what it earned, canonically."""
    whole = [list(event), sorted(earned)]
    return json.dumps(whole, ensure_ascii=False, separators=(",", ":")) + "\n"


def of_lines(lines: Iterable[str]) -> str:
    """Give the digest of a text."""
    found = sha256()
    for one in lines:
        found.update(one.encode())
    return found.hexdigest()


def ledger_lines(database: sqlite3.Connection) -> Iterator[str]:
    """Write a ledger canonically."""
    events = database.execute(
        "select seq, id, client, kind, occurred_at, on_day, value, evidence from events order by id"
    )
    for seq, *event in events:
        earned: list[Earned] = []
        for number, *fact in database.execute(
            "select seq, rule, ordinal, on_day, reason from occurrences where event = ?", (seq,)
        ):
            awards = database.execute(
                "select label, cents from awards where occurrence = ? order by n", (number,)
            ).fetchall()
            rule, ordinal, day, reason = fact
            earned.append((rule, ordinal, day, reason, awards))
        yield line(event, earned)


def row_lines(database: sqlite3.Connection) -> Iterator[str]:
    """Write every row as it is."""
    for table, order in TABLES.items():
        for row in database.execute(f"select * from {table} order by {order}"):
            yield f"{table}{row!r}\n"


def digests(folder: Path) -> dict[str, str]:
    """Give both digests of a program's ledger."""
    database = sqlite3.connect(folder / DATABASE)
    found = {"ledger": of_lines(ledger_lines(database)), "rows": of_lines(row_lines(database))}
    database.close()
    return found


if __name__ == "__main__":
    print(json.dumps(digests(Path(sys.argv[1]))))
