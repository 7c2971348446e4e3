"""The one import of the SQLite module. sqlite-utils picks pysqlite3 when it is installed, so this does
too: two copies of SQLite in one process would drop each other's locks.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3
else:
    try:
        import pysqlite3 as sqlite3
    except ImportError:
        import sqlite3

__all__ = ["sqlite3"]
