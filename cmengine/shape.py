"""Hold the schema of a ledger against the one that it was made with: tables, views, indexes, triggers.

Without its triggers a ledger would let rows be changed. Views and tables that others have added for their
own reports are let be; an index or a trigger on one of ours is not.
"""

from collections.abc import Iterator
from functools import lru_cache

from cmengine.ledger import Ledger
from cmengine.migrations import migrate
from cmengine.sqlite import sqlite3

Shape = dict[tuple[str, str], tuple[str, str]]
_SHAPE = (
    "select type, cast(name as text), cast(tbl_name as text), coalesce(sql, '') from sqlite_schema"
    " where substr(name, 1, 1) <> '_'"
    " union all select 'step', name, migration_set, '' from _sqlite_migrations"
)


@lru_cache(maxsize=1)
def made_shape() -> Shape:
    """Give the schema as this cmengine makes it: (kind, name) -> (table, SQL)."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    try:
        migrate(connection)
        return {(kind, name): (table, sql) for kind, name, table, sql in connection.execute(_SHAPE)}
    finally:
        connection.close()


def shape_problems(ledger: Ledger) -> Iterator[str]:
    """Name every part of the schema that is missing, changed or added."""
    made = made_shape()
    found = {(kind, name): (table, sql) for kind, name, table, sql in ledger.tuples(_SHAPE)}
    for (kind, name), (table, sql) in sorted(made.items()):
        on = "" if kind in ("table", "view") else f" on {table}"
        if (kind, name) not in found:
            yield f"schema: the {kind} {name}{on} is missing"
        elif found[kind, name] != (table, sql):
            yield f"schema: the {kind} {name}{on} is not as cmengine makes it"
    ours = {name for kind, name in made if kind in ("table", "view")}
    for (kind, name), (table, _) in sorted(found.items()):
        if (kind, name) not in made and table in ours:
            yield f"schema: the {kind} {name} on {table} was not made by cmengine"
