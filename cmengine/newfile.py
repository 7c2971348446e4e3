"""Write a new file for somebody, all of it or none; nothing that is there is written over."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from shutil import rmtree

from cmengine.durable import sync, sync_all
from cmengine.errors import CMError, Mistake
from cmengine.unfinished import unfinished


def write_new(*files: tuple[Path, str], private: bool = False) -> None:
    """Write new files, each a path and its text, all or none; where they are `private`, so that only their
    owner can read them. Raises CMError in words.
    """
    for path, _ in files:
        if path.exists() or path.is_symlink():
            raise CMError(Mistake(str(path), "is already there", "name a new file"))
    written: list[Path] = []
    for path, text in files:
        try:
            number = os.open(
                path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600 if private else 0o666
            )
            with os.fdopen(number, "w", encoding="utf-8", newline="\n") as file:
                written.append(path)
                file.write(text)
        except OSError as error:
            for one in written:
                with suppress(OSError):
                    one.unlink()
            what = f"cannot be written ({error.strerror})"
            raise CMError(Mistake(str(path), what, "name a file that can be")) from error


@contextmanager
def new_private(*paths: Path, before: Callable[[], object] = lambda: None) -> Iterator[list[Path]]:
    """Give places to write new files or folders into; at the end each gets its name, and only its owner can
    read it. `before` is done first: what must be so before anybody is given them.

    Raises CMError in words, and then none of them is there. What a stop on the way has left is cleared away.
    """
    placed: list[Path] = []
    try:
        with unfinished(paths[0].resolve().parent) as folder:
            for path in paths:
                if is_taken(path):
                    raise CMError(Mistake(str(path), "is already there", "name a new file"))
            places = [folder / path.name for path in paths]
            yield places
            for place in places:
                _for_owner(place)
                sync_all(place)
            before()
            for place, path in zip(places, paths, strict=True):
                give_name(place, path)
                placed.append(path)
            for parent in {path.resolve().parent for path in paths}:
                sync(parent)
    except OSError as error:
        for one in placed:
            with suppress(OSError):
                rmtree(one) if one.is_dir() else one.unlink()
        if isinstance(error, FileExistsError) and error.filename in map(str, paths):
            raise CMError(
                Mistake(str(error.filename), "is already there", "name a new file")
            ) from error
        what = f"cannot be written ({error.strerror})"
        raise CMError(
            Mistake(str(paths[0]), what, "it is not there; name another place")
        ) from error


def _for_owner(place: Path) -> None:
    if place.is_dir():
        for one in place.iterdir():
            one.chmod(0o600)
        place.chmod(0o700)
    else:
        place.chmod(0o600)


def give_name(place: Path, path: Path) -> None:
    """Give a finished file or folder its name. Raises FileExistsError where somebody took it meanwhile."""
    if place.is_dir():
        place.rename(path)
        return
    if not _is_left(path):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    place.replace(path)


def is_taken(path: Path) -> bool:
    """Say whether a new file cannot have this name: something is there, and it is not one that was still to be
    written.
    """
    return path.is_symlink() or (path.exists() and not _is_left(path))


def _is_left(path: Path) -> bool:
    """Say whether a file is one that was still to be written: it is empty, and has its name already."""
    return path.is_file() and not path.is_symlink() and not path.stat().st_size
