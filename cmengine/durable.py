"""Bring files, and the names in folders, to the disk: a new name is there after a power cut only when its
folder was synced, and what it names only when that was.
"""

import os
from pathlib import Path


def sync(path: Path) -> None:
    """Bring a file, or the names in a folder, to the disk. Raises OSError where the disk does not take it.

    A folder that cannot be opened cannot be synced: so it is on some systems, and where only its owner may look.
    """
    folder = path.is_dir()
    if folder and os.name != "posix":
        return
    try:
        handle = os.open(path, os.O_RDONLY if folder else os.O_RDWR)
    except PermissionError:
        if folder:
            return
        raise
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_all(path: Path) -> None:
    """Bring a file, or a folder and everything in it, to the disk. Raises OSError."""
    for one in path.rglob("*") if path.is_dir() else ():
        sync(one)
    sync(path)


def folders_to_make(folder: Path) -> list[Path]:
    """Name a folder and those above it that are not there yet, the innermost first."""
    return [one for one in (folder, *folder.parents) if not one.exists()]
