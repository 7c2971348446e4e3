"""What must be true of a ledger whatever has happened to it. Read plainly, without the engine's own reading."""

import hashlib
import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

from attrs import frozen
from lab.river import do

CACHE = {"memories"}
"""Tables whose rows may be replaced: `verify` compares them with a replay."""


@contextmanager
def opened(file: Path) -> Iterator[sqlite3.Connection]:
    """Open a ledger with SQLite alone."""
    with closing(sqlite3.connect(file, isolation_level=None)) as db:
        yield db


@frozen(eq=False)
class Content:
    """Every row of every table."""

    rows: Mapping[str, frozenset[tuple[object, ...]]]

    @property
    def counts(self) -> dict[str, int]:
        """How many rows each table has."""
        return {table: len(rows) for table, rows in self.rows.items()}

    def without(self, other: "Content") -> dict[str, int]:
        """Say in which tables a row of `other` is not here, and how many."""
        return {
            table: len(rows - self.rows.get(table, frozenset()))
            for table, rows in other.rows.items()
            if table not in CACHE and not rows <= self.rows.get(table, frozenset())
        }


def content(file: Path) -> Content:
    """Read every row of every table; nothing where there is no ledger."""
    if not file.exists():
        return Content({})
    with opened(file) as db:
        tables = [
            row[0]
            for row in db.execute("select name from sqlite_schema where type = 'table'")
            if not row[0].startswith("sqlite_")
        ]
        return Content({table: frozenset(db.execute(f"select * from {table}")) for table in tables})


def digest(db: sqlite3.Connection) -> str:
    """Make a digest of all that a ledger says: its schema, its numbers, and every row of every table."""
    found = hashlib.sha256()
    for setting in ("user_version", "application_id"):
        found.update(repr(tuple(db.execute(f"pragma {setting}").fetchone())).encode())
    schema = db.execute("select type, name, tbl_name, sql from sqlite_schema order by 1, 2")
    tables = []
    for row in schema:
        found.update(repr(tuple(row)).encode())
        if row[0] == "table":
            tables.append(row[1])
    for table in tables:
        for line in sorted(repr(tuple(row)) for row in db.execute(f"select * from {table}")):
            found.update(line.encode())
    return found.hexdigest()


def wrong_money(file: Path) -> list[str]:
    """Add up the money without the engine: a client has earned what was issued, and that what was redeemed."""
    with opened(file) as db:
        awards = dict(
            db.execute(
                "select o.client, sum(a.cents) from awards a join occurrences o"
                " on o.seq = a.occurrence group by 1"
            )
        )
        issued = dict(db.execute("select client, sum(cents) from vouchers group by 1"))
        cached = dict(db.execute("select client, sum(cents) from memories group by 1"))
        beyond = db.execute(
            "select v.id from vouchers v where v.cents < (select coalesce(sum(r.cents), 0)"
            " from redemptions r where r.voucher = v.id)"
        ).fetchall()
    wrong = [
        f"{who}: {cents} issued" for who, cents in issued.items() if cents > awards.get(who, 0)
    ]
    wrong += [
        f"{who}: {cents} remembered, {awards.get(who, 0)} earned"
        for who, cents in cached.items()
        if cents != awards.get(who, 0)
    ]
    return wrong + [f"voucher {row[0]}: redeemed beyond its worth" for row in beyond]


def found_by_verify(folder: Path) -> list[str]:
    """Ask the program itself: what `cmengine verify` finds."""
    done = do(folder, "verify", "--json")
    if done.exit_code == 0 and json.loads(done.stdout)["ok"]:
        return []
    return [done.stdout + done.stderr]
