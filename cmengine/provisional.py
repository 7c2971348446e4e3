"""The ledger as it will stand once all that is on its way has been written.

A second process reads it, and works out on it what the next lines of a log come to, while the first writes
what came before. Nothing is written here: rows that are appended are kept, until they are taken along.
"""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from cmengine.journal import Contents
from cmengine.ledger import FAR, Ledger, Rows, Stored, stored_event


class Beyond(Exception):
    """What cannot be worked out here: whoever writes has to do it."""


class _Piece:
    """Rows on their way, appended at once; what is asked of them is put in order when it is asked."""

    def __init__(self, several: Sequence[Rows]) -> None:
        self.rows = several
        self._events: dict[object, Sequence[Any]] | None = None
        self._occurrences: dict[tuple[object, object], list[str]] | None = None

    def event(self, id: str) -> Sequence[Any] | None:
        """Give the row of an event."""
        if self._events is None:
            self._events = {row[1]: row for row in self._of("events")}
        return self._events.get(id)

    def counted(self, client: str, rule: str) -> list[str]:
        """Give the day of each occurrence of a client under a rule."""
        if self._occurrences is None:
            self._occurrences = {}
            for row in self._of("occurrences"):
                self._occurrences.setdefault((row[2], row[3]), []).append(row[7])
        return self._occurrences.get((client, rule), [])

    def _of(self, name: str) -> list[tuple[Any, ...]]:
        found: list[tuple[Any, ...]] = []
        for table, columns, _, cells in self.rows:
            if table == name:
                each = iter(cells)
                found += zip(*[each] * len(columns), strict=True)
        return found


class Provisional(Ledger):
    """A ledger, and behind it the rows that are on their way into it.

    `appended` is given the rows whenever some were appended: what it raises ends the work. With a second
    process, the connection is this one's own.
    """

    def __init__(self, ledger: Ledger, appended: Callable[[Sequence[Rows]], object]) -> None:
        super().__init__(ledger._db, ledger.path)
        self.sign = ledger.sign
        self._tell = appended
        self.begin()

    def begin(self) -> None:
        """Begin where the file stands: nothing is on its way."""
        self._sent: list[list[_Piece]] = []  # the batches that may not be written yet
        self._pieces: list[_Piece] = []
        self._draft = None
        self._highest = super().last_id()
        self._last = {
            "events": super().last_event(),
            "occurrences": super().last_occurrence(),
            "messages": super().last_message(),
        }
        self._ends = [
            self._last["occurrences"]
        ]  # of what is surely written, and of each batch after it

    def written(self) -> None:
        """All batches are written but the one that was taken last."""
        del self._sent[:-1], self._ends[: -1 - len(self._sent)]

    def take(self) -> tuple[list[Rows], Contents | None]:
        """Take along the rows of a batch, and what is to be entered of them into the journal."""
        contents = self.drafted()
        self._sent.append(self._pieces)
        self._ends.append(self._last["occurrences"])
        self._pieces, self._draft = [], None
        return [rows for piece in self._sent[-1] for rows in piece.rows], contents

    def _on_the_way(self) -> list[_Piece]:
        return [piece for batch in (*self._sent, self._pieces) for piece in batch]

    def append(self, several: Sequence[Rows]) -> None:
        """Keep rows for whoever writes them."""
        for table, columns, _, cells in several:
            if table in self._last:
                self._last[table] = int(str(cells[-len(columns)]))
            if table == "events":
                self._highest = max(self._highest, *map(str, cells[1 :: len(columns)]))
        self._pieces.append(_Piece(several))
        self._tell(several)

    def insert(self, table: str, **columns: object) -> int:
        """Nothing else is written here. Raises Beyond."""
        raise Beyond(table)

    def others(self) -> int:
        """Whoever writes what is taken from here sees to what others write: see `begin`."""
        return 0

    def last_id(self) -> str:
        """Give the greatest id of an event."""
        return self._highest

    def last_event(self) -> int:
        """Give the place of the event that was logged last."""
        return self._last["events"]

    def last_occurrence(self) -> int:
        """Give the number of the last occurrence."""
        return self._last["occurrences"]

    def last_message(self) -> int:
        """Give the number of the last message."""
        return self._last["messages"]

    def find_event(self, event: str) -> Stored | None:
        """Find an event by its id."""
        for piece in self._on_the_way():
            row = piece.event(event)
            if row is not None:
                return stored_event((*row[:9], row[10]))
        return super().find_event(event)

    def counted(self, client: str, rule: str, days: Sequence[date], until: int = FAR) -> int:
        """Count the occurrences on a few days."""
        texts = {day.isoformat() for day in days}
        coming = sum(
            on in texts for piece in self._on_the_way() for on in piece.counted(client, rule)
        )
        sure = min(until, self._ends[0])  # what is on its way may be in the file by now
        return coming + super().counted(client, rule, days, sure)
