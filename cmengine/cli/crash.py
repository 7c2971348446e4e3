"""What is said when something goes wrong that nobody foresaw."""

import contextlib
import os
import platform
import sys
import tempfile
import traceback
from importlib.metadata import version
from pathlib import Path

import click

from cmengine.errors import CMError, Mistake
from cmengine.settings import DATABASE
from cmengine.sqlite import sqlite3

UNFORESEEN = 70  # EX_SOFTWARE of sysexits.h


def report(error: Exception) -> int:
    """Keep the details in a file, without anything that anybody typed, and say where it is."""
    details = [
        f"cmengine {version('cmengine')}, Python {platform.python_version()}, "
        f"SQLite {sqlite3.sqlite_version}, {platform.system()}",
        *(
            f"{Path(frame.filename).name}:{frame.lineno} in {frame.name}"
            for frame in traceback.extract_tb(error.__traceback__)
        ),
        type(error).__name__,
    ]
    try:
        handle, name = tempfile.mkstemp(prefix="cmengine-error-", suffix=".txt")
        with os.fdopen(handle, "w") as file:
            file.write("\n".join(details) + "\n")
        kept = f"the details, without anybody's data, are in {name}; please send it to those who keep cmengine"
    except OSError:
        kept = "the details could not be kept on this disk"
    click.echo(
        f"Error: cmengine: something went wrong that nobody foresaw ({type(error).__name__}); what was asked for is "
        f"written down as a whole or not at all: have a look before doing it again; {kept}",
        err=True,
    )
    _flush_nowhere()
    return UNFORESEEN


def damaged(error: Exception, folder: str) -> CMError:
    """Say in words that a ledger could not be read on the way: its file is damaged."""
    what = f"cannot be read as it should ({error})"
    todo = "what was asked for is written as a whole or not at all; look at it with: cmengine verify; or restore a backup"
    return CMError(Mistake(str(Path(folder) / DATABASE), what, todo))


def _flush_nowhere() -> None:
    """Where standard output is what went wrong, what is left of it must not go wrong again at the end."""
    with contextlib.suppress(OSError, ValueError):
        try:
            sys.stdout.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
