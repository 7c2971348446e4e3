"""Open the file of a ledger with the settings that its durability depends on. One connection factory."""

import os

from cmengine.errors import CMError, Mistake
from cmengine.places import StrPath
from cmengine.sqlite import sqlite3

APPLICATION_ID = 0x636D656E  # "cmen"
WAIT_SECONDS = 5
STATE = {"personal", "memories", "feedback_words", "_sqlite_migrations"}
"""The tables that may change: what can be erased, and the cache. All others only grow, and are journaled."""
WORDS = {"personal", "feedback_words"}
"""The tables of what people said. Each of their rows has a seal of its own: `erasable.py` says why."""
SCHEMA = 1  # the number of migration steps; a test holds it equal to migrations.STEPS


def journal_mode(version: tuple[int, ...]) -> tuple[str, str]:
    """Choose (journal_mode, synchronous) for a version of the SQLite library.

    SQLite 3.7.0 to 3.51.2, but for 3.44.6 and 3.50.7, can corrupt a WAL file when two connections
    write and checkpoint at the same instant (https://sqlite.org/wal.html#walresetbug), so those keep
    a rollback journal. EXTRA and FULL are what keeps a commit through a power cut in each mode.
    """
    fixed = (
        version >= (3, 51, 3) or (3, 50, 7) <= version < (3, 51) or (3, 44, 6) <= version < (3, 45)
    )
    return ("wal", "full") if fixed else ("delete", "extra")


def connect(path: StrPath) -> sqlite3.Connection:
    connection = sqlite3.connect(
        path,
        isolation_level=None,
        timeout=WAIT_SECONDS,
    )
    connection.row_factory = sqlite3.Row
    mode, sync = journal_mode(sqlite3.sqlite_version_info)
    try:
        for setting in (
            "foreign_keys = on",
            "recursive_triggers = on",
            "trusted_schema = off",
            "cell_size_check = on",
            f"synchronous = {sync}",
        ):
            connection.execute(f"pragma {setting}")
        if connection.execute("pragma journal_mode").fetchone()[0] != mode:
            connection.execute(f"pragma journal_mode = {mode}")
    except UnicodeError as error:  # what SQLite says of a damaged schema repeats it
        connection.close()
        raise sqlite3.DatabaseError("the schema is malformed") from error
    except sqlite3.DatabaseError:
        connection.close()
        raise
    return connection


NOTHING = "nothing was written"
PERHAPS = "whether it was written is not certain: look whether it is there before doing it again"


def in_words(path: StrPath, error: Exception, *, committing: bool = False) -> CMError:
    """Say what stopped SQLite, and what to do. A disk that fails while a transaction is being committed
    leaves it open whether it is there.
    """
    text = str(error)
    advice = {
        "locked": "somebody else is writing; wait a moment and do it again",
        "readonly": "the file or its folder cannot be written; check its permissions",
        "full": f"the disk is full{room_left(path)}; make room and do it again",
        "not a database": "this is not a ledger, or it is damaged; restore a backup",
        "malformed": "the file is damaged; restore a backup",
        "unable to open": "check that the file and its folder can be read and written",
    }
    todo = next(
        (words for part, words in advice.items() if part in text),
        f"check the disk that holds {_folder(path)}, then do it again",
    )
    if committing and "I/O" in text:
        told = f"{PERHAPS}; check the disk that holds {_folder(path)}"
    else:
        told = f"{NOTHING}; {todo}"
    return CMError(Mistake(str(path), f"the ledger could not be used ({text})", told))


def _folder(path: StrPath) -> str:
    return os.path.dirname(path) or "."


def room_left(path: StrPath) -> str:
    """Say how much room is left for the files of a folder."""
    import shutil  # only where there is none

    try:
        return f" ({shutil.disk_usage(_folder(path)).free:,} bytes are left in {_folder(path)})"
    except OSError:
        return f" (that of {_folder(path)})"
