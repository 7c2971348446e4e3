"""Make the folder of a new program so that a stop on the way is in nobody's way.

All of it is made in a folder inside, brought to the disk, and then moved into place, the settings last:
without them there is no program. What a stop has left behind, the next try clears away.
"""

import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from cmengine.database import in_words
from cmengine.durable import folders_to_make, sync, sync_all
from cmengine.errors import CMError, Mistake
from cmengine.settings import SETTINGS
from cmengine.sqlite import sqlite3

STAGE = ".unfinished"
LOCK, MOVING = "lock", "moving"


@contextmanager
def founding(folder: Path, parts: Collection[str]) -> Iterator[Path]:
    """Give a folder to make the parts of a program in; when that is done, they are in `folder`.

    Raises CMError where one of the `parts` is there already, or somebody else is making a program there
    at the same time; OSError where the disk does not let us. Then nothing is left of the try.
    """
    if folder.exists() and not folder.is_dir():
        raise CMError(Mistake(str(folder), "is a file", "name a new folder"))
    new = folders_to_make(folder)
    stage = folder / STAGE
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        stage.mkdir(mode=0o700, exist_ok=True)
        with _alone(stage / LOCK, folder):
            try:
                _clear(folder, stage)
                _must_be_free(folder, parts)
                yield stage
                _move(folder, stage, [one.parent for one in new])
            finally:
                _clear(folder, stage)
                (stage / LOCK).unlink(missing_ok=True)
    finally:
        with suppress(OSError):  # it stays where somebody else is just beginning in it
            stage.rmdir()
        for one in new:
            with suppress(OSError):  # what has become a program, or holds one, is not empty
                one.rmdir()


@contextmanager
def _alone(lock: Path, folder: Path) -> Iterator[None]:
    """Hold a lock that goes with the process, however it ends."""
    held = sqlite3.connect(lock, isolation_level=None, timeout=0)
    try:
        try:
            held.execute("begin exclusive")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error):
                raise in_words(lock, error) from error
            what = "somebody else is making a program here just now"
            raise CMError(Mistake(str(folder), what, "name a new folder")) from error
        yield
    finally:
        held.close()


def _must_be_free(folder: Path, parts: Collection[str]) -> None:
    taken = [one for one in parts if (folder / one).exists()]
    if taken:
        what = f"has {' and '.join(taken)} in it already"
        raise CMError(Mistake(str(folder), what, "name a new folder"))


def _move(folder: Path, stage: Path, above: Collection[Path]) -> None:
    """Move what was made to where it belongs. Written down before: only that may be cleared away again."""
    made = sorted((p.name for p in stage.iterdir() if p.name != LOCK), key=lambda n: n == SETTINGS)
    sync_all(stage)
    unfinished = stage / f"{MOVING}.new"
    unfinished.write_text("\n".join(made), encoding="utf-8")
    sync(unfinished)
    unfinished.rename(stage / MOVING)
    for path in (stage, folder):
        sync(path)
    for name in made:
        if name == SETTINGS:
            sync(folder)
        (stage / name).rename(folder / name)
    try:
        for path in (folder, *above):
            sync(path)
    except OSError:
        (folder / SETTINGS).unlink()  # what is not on the disk for certain is not said to be there
        raise


def _clear(folder: Path, stage: Path) -> None:
    """Clear away what a try has left that did not come to its end."""
    moving = stage / MOVING
    if moving.exists() and not (folder / SETTINGS).exists():
        for name in moving.read_text(encoding="utf-8").splitlines():
            _remove(folder / name)
    for path in sorted(stage.iterdir(), key=lambda path: path.name == MOVING):
        if path.name != LOCK:
            _remove(path)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
