"""Write a new file for somebody, all of it or none; nothing that is there is written over."""

from contextlib import suppress
from pathlib import Path

from cmengine.errors import CMError, Mistake


def write_new(*files: tuple[Path, str]) -> None:
    """Write new files, each a path and its text, all or none. Raises CMError in words."""
    for path, _ in files:
        if path.exists() or path.is_symlink():
            raise CMError(Mistake(str(path), "is already there", "name a new file"))
    written: list[Path] = []
    for path, text in files:
        try:
            with path.open("x", encoding="utf-8", newline="\n") as file:
                written.append(path)
                file.write(text)
        except OSError as error:
            for one in written:
                with suppress(OSError):
                    one.unlink()
            what = f"cannot be written ({error.strerror})"
            raise CMError(Mistake(str(path), what, "name a file that can be")) from error
