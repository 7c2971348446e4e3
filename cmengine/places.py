"""Files by their names alone: pathlib takes longer to import than an event takes to be written."""

import errno
import os
import stat

StrPath = str | os.PathLike[str]
_NOT_THERE = (errno.ENOENT, errno.ENOTDIR, errno.EBADF, errno.ELOOP)


def inside(folder: StrPath, name: str) -> str:
    """Name a file in a folder; in the one we are in, by its name alone."""
    place = os.fspath(folder)
    return name if place in ("", ".") else os.path.join(place, name)


def is_file(path: StrPath) -> bool:
    """Say whether there is such a file, as `Path.is_file` does. Raises OSError where that cannot be seen."""
    try:
        return stat.S_ISREG(os.stat(path).st_mode)
    except OSError as error:
        if error.errno in _NOT_THERE:
            return False
        raise
    except ValueError:  # a name that cannot be one
        return False
