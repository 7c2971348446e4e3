"""What people said can be erased, so it is not in the journal: a seal in the row itself says that it stands as
it was written. It goes when the row goes.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

SEALED = {
    "personal": "select * from personal order by client, about",
    "feedback_words": "select * from feedback_words order by feedback, answer",
}
"""The tables whose rows carry such a seal, each in the order of its two keys."""

Keyed = Callable[[bytes], bytes]


def seal_of(seal: Keyed, table: str, row: Mapping[str, object]) -> str:
    """Give the seal of a row, 32 hexadecimal digits: over all that stands in it, under the program's key."""
    filled = sorted(
        (name, row[name]) for name in row if name != "seal" and row[name] not in ("", None)
    )
    return seal(json.dumps([table, filled]).encode()).hex()[:32]


def problems(rows: Callable[[str], Iterator[Any]], seal: Keyed) -> Iterator[str]:
    """Name each row that is not as it was written. What is in it is not said."""
    for table, sql in SEALED.items():
        for row in rows(sql):
            if row["seal"] != seal_of(seal, table, dict(row)):
                yield f"{table} {row[0]} {row[1]}: the row is not as it was written"
