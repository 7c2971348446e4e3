"""Import a log, and keep the very rows that the import hands to SQLite, batch by batch.

    python -m record FOLDER LOG ROWS BATCH       (in this folder)

ROWS gets, for each transaction, a list of (statement for one row, rows), in the order of writing. BATCH is
how many events a transaction has: writing rows down takes time, and an import suits itself to that.
"""

import pickle
import re
import sys
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from make_log import open_again
from measure import tell, timed

from cmengine import importing
from cmengine.plugins import load_plugins
from cmengine.sqlite import sqlite3

Rows = list[tuple[object, ...]]
INSERT = re.compile(r"(insert into \w+ \(([^)]+)\)) values [(), ?]+(.*)", re.DOTALL)


class Recording(sqlite3.Connection):
    """A connection that remembers what is inserted until it is asked to commit."""

    written: dict[str, Rows]
    transactions: list[list[tuple[str, Rows]]]

    def execute(self, sql: str, cells: Any = (), /) -> sqlite3.Cursor:
        found = INSERT.fullmatch(sql)
        if sql == "begin immediate":
            self.written = {}
        elif sql == "commit":
            self.transactions.append(list(self.written.items()))
        elif found:
            self._keep(found, cells)
        return super().execute(sql, cells)

    def executemany(self, sql: str, rows: Iterable[Any], /) -> sqlite3.Cursor:
        several = list(rows)
        found = INSERT.fullmatch(sql)
        if found:
            for row in several:
                self._keep(found, row)
        return super().executemany(sql, several)

    def _keep(self, found: re.Match[str], cells: Sequence[object]) -> None:
        """Remember rows, which may stand one behind the other, under the statement for one."""
        wide = found[2].count(",") + 1
        sql = f"{found[1]} values ({', '.join('?' * wide)}) {found[3]}"
        rows = self.written.setdefault(sql, [])
        rows += (tuple(cells[n : n + wide]) for n in range(0, len(cells), wide))


def main(folder: Path, log: Path, rows: Path, batch: int) -> None:
    """Import, and write down what was written."""
    Recording.transactions = []
    setattr(sqlite3, "connect", partial(sqlite3.connect, factory=Recording))  # noqa: B010
    setattr(importing, "LONGEST", 1e9)  # noqa: B010
    registry = load_plugins()
    with timed() as took:
        program = open_again(folder, registry)
        importing.import_events(program, log, batch=batch)
        program.close()
    with rows.open("wb") as file:
        for transaction in Recording.transactions:
            pickle.dump(transaction, file, protocol=pickle.HIGHEST_PROTOCOL)
    tell(took, transactions=len(Recording.transactions))


if __name__ == "__main__":
    where, log, to, size = sys.argv[1:]
    main(Path(where), Path(log), Path(to), int(size))
