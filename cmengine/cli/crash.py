"""What is said when something goes wrong that nobody foresaw."""

import os
import platform
import tempfile
import traceback
from importlib.metadata import version
from pathlib import Path

import click

from cmengine.sqlite import sqlite3

UNFORESEEN = 70  # EX_SOFTWARE of sysexits.h


def report(error: Exception) -> int:
    """Keep the details in a file, without anything that anybody typed, and say where it is."""
    handle, name = tempfile.mkstemp(prefix="cmengine-error-", suffix=".txt")
    with os.fdopen(handle, "w") as file:
        file.write(f"cmengine {version('cmengine')}, Python {platform.python_version()}, ")
        file.write(f"SQLite {sqlite3.sqlite_version}, {platform.system()}\n")
        for frame in traceback.extract_tb(error.__traceback__):
            file.write(f"{Path(frame.filename).name}:{frame.lineno} in {frame.name}\n")
        file.write(f"{type(error).__name__}\n")
    click.echo(
        f"Error: cmengine: something went wrong that nobody foresaw ({type(error).__name__}); nothing was written. "
        f"The details, without anybody's data, are in {name}; please send it to those who keep cmengine",
        err=True,
    )
    return UNFORESEEN
