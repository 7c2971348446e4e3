"""The schema of the ledger, one numbered step each; its SQL stands in `schema/`. Facts only grow; state is a view."""

from importlib.resources import files

from sqlite_utils import Database, Migrations

from cmengine.database import STATE
from cmengine.sqlite import sqlite3

migrations = Migrations("cmengine")

PARTS = (
    "ledger",
    "draws",
    "vouchers",
    "funds",
    "stock",
    "messages",
    "disclosures",
    "consents",
    "feedback",
    "refusals",
    "holds",
    "views",
    "journal",
)
"""The files of the schema, in the order in which they are run."""


@migrations()
def m0001_ledger(db: Database) -> None:
    """Make the tables, views and triggers of the ledger."""
    for part in PARTS:
        _run(db, (files("cmengine") / "schema" / f"{part}.sql").read_text(encoding="utf-8"))
    for table in sorted(set(db.table_names()) - STATE):
        for verb in ("update", "delete"):
            db.execute(
                f"create trigger {table}_no_{verb} before {verb} on {table} "
                "begin select raise(abort, 'the ledger only grows'); end"
            )


def _run(db: Database, script: str) -> None:
    """Run statements one by one: executescript would end the transaction that we are in."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            db.execute(statement)
            statement = ""


STEPS = 1
"""How many steps there are; kept as the file's `user_version`, so that a command that finds it needs
neither sqlite-utils nor a look at the schema."""


def migrate(connection: sqlite3.Connection) -> None:
    """Bring a ledger to the newest schema. Call it inside `begin immediate`."""
    migrations.apply(Database(connection, execute_plugins=False))
    connection.execute(f"pragma user_version = {STEPS}")
