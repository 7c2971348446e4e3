"""Insert rows that an import wrote, with `executemany` and nothing else: table by table, batch by batch.

    python -m insert FOLDER ROWS       (in this folder)

The same schema, the same settings, the same transactions. Only the inserting is timed: the rows of a
batch are in memory before its transaction begins.
"""

import gc
import pickle
import sys
from pathlib import Path

from measure import Took, tell, timed

from cmengine.database import connect
from cmengine.ledger import Ledger
from cmengine.settings import DATABASE


def main(folder: Path, rows: Path) -> None:
    """Insert all of it."""
    gc.disable()
    path = folder / DATABASE
    connection = connect(path)
    ledger = Ledger(connection, path)
    whole = Took()
    with ledger.bulk(), rows.open("rb") as file:
        while file.peek(1):
            batch = pickle.load(file)
            with timed() as took, ledger.whole():
                for sql, several in batch:
                    connection.executemany(sql, several)
            whole.seconds += took.seconds
            whole.cpu += took.cpu
    connection.close()
    tell(whole)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
