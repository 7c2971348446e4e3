"""See what a plugin reaches for while it runs: clocks, chance, files, databases, networks, the machine.

Two eyes: Python's own audit events, and every built-in function that is called. Neither can be shut by
importing something in another way; a plugin that means harm can still get past both.
"""

import os
import random
import sys
import zoneinfo
from datetime import date
from types import FrameType, TracebackType
from typing import Any

from attrs import Factory, define

# What an audit event's name begins with -> which promise it breaks, and how that is said.
_TOLD = (
    ("open", "files", "opened {0}"),
    ("sqlite3.", "database", "opened the database {0}"),
    ("socket.gethostname", "machine", "asked for the name of this machine"),
    ("socket.", "network", "reached for the network ({event})"),
    *(
        (f"{name}.", "network", "reached for the network ({event})")
        for name in ("urllib", "http", "ftplib", "smtplib", "imaplib", "poplib", "nntplib", "ssl")
    ),
    ("subprocess.", "machine", "started another program ({0})"),
    ("os.listdir", "files", "looked into the folder {0}"),
    ("os.scandir", "files", "looked into the folder {0}"),
    ("os.", "machine", "reached for the machine ({event})"),
    ("shutil.", "files", "reached for files ({event})"),
    ("tempfile.", "files", "reached for files ({event})"),
    ("glob.", "files", "reached for files ({event})"),
    ("pathlib.", "files", "reached for files ({event})"),
    ("ctypes.dlopen", "machine", "loaded a library ({0})"),
    ("builtins.input", "machine", "asked somebody at the keyboard"),
    ("webbrowser.", "network", "reached for the network ({event})"),
)
# What leads out of this process.
_OUT = ("subprocess.", "os.exec", "os.system", "os.spawn", "os.posix_spawn", "os.fork", "os.kill")
_OF_FILES = {"stat", "lstat", "access", "readlink", "open", "statvfs", "pathconf"}
_NOT_ASKING = {"fspath", "fsencode", "fsdecode"}  # they work on names alone
# Modules that ask a clock for their own ends: to read a date, or in which order to lay out a calendar.
_QUIET = {__name__, "_strptime", "calendar", "locale", "linecache", "traceback", "warnings"}
_ITS_OWN = random.random.__self__  # type: ignore[attr-defined]  # the dice behind random.random()
_OF_ENVIRONMENT: tuple[Any, ...] = tuple(
    getattr(type(os.environ), name) for name in ("__getitem__", "__iter__", "__setitem__")
)
_READS_ENVIRONMENT = {function.__code__ for function in _OF_ENVIRONMENT}
_SEEDS = random.Random.seed.__code__


class Shut(PermissionError):
    """What was reached for is kept out of reach while a plugin is examined."""


@define
class Watch:
    """Looks while it is entered; `seen` holds (promise, what it did). Make one a process: an audit hook stays.

    With `shut`, the network and other programs are kept out of reach as well, also of a notifier.
    """

    shut: bool = False
    seen: dict[tuple[str, str], None] = Factory(dict)
    looking: bool = False

    def begin(self) -> "Watch":
        """Tell Python to report to this watch from now on."""
        sys.addaudithook(self._told)
        return self

    def __enter__(self) -> "Watch":
        self.looking = True
        sys.setprofile(self._called)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        sys.setprofile(None)
        self.looking = False

    def take(self) -> list[tuple[str, str]]:
        """Give what was seen since it was last asked."""
        seen = list(self.seen)
        self.seen.clear()
        return seen

    def _told(self, event: str, args: tuple[Any, ...]) -> None:
        if not self.looking:
            return
        told = next(
            ((promise, words) for begins, promise, words in _TOLD if event.startswith(begins)), None
        )
        if told is None or _by_the_way(sys._getframe()):
            return
        if event == "open" and str(args[0]).startswith(zoneinfo.TZPATH):
            return
        promise, words = told
        first = repr(os.fspath(args[0]) if _is_path(args[:1]) else args[0])[:80] if args else ""
        self.seen[promise, words.format(first, event=event)] = None
        if self.shut and (promise == "network" or event.startswith(_OUT)):
            raise Shut(f"nothing leaves this machine while it is examined ({event})")

    def _called(self, frame: FrameType, event: str, arg: Any) -> None:
        module = frame.f_globals.get("__name__")
        if event not in ("c_call", "call") or module in _QUIET:
            return
        told = _of_builtin(arg) if event == "c_call" else _of_code(frame)
        if told and module == "logging":  # which asks the clock for whoever logs
            told = ("machine", "wrote to a log")
        if told and not _by_the_way(frame):
            self.seen[told] = None


def _of_builtin(function: Any) -> tuple[str, str] | None:
    """Say what it means that a built-in function is called."""
    name = getattr(function, "__name__", "")
    module = getattr(function, "__module__", None) or ""
    owner = getattr(function, "__self__", None)
    if owner is _ITS_OWN:
        return "chance", f"called random.{name}"
    if module == "time" and name not in ("strptime", "mktime"):
        return "clock", f"called time.{name}"
    if isinstance(owner, type) and issubclass(owner, date) and name in ("now", "today", "utcnow"):
        return "clock", f"called {owner.__name__}.{name}"
    if module in ("posix", "nt"):
        if name == "urandom":
            return "chance", "asked the machine for chance (os.urandom)"
        if name in _NOT_ASKING or name.startswith("_path"):
            return None
        return ("files" if name in _OF_FILES else "machine"), f"called os.{name}"
    if module == "_uuid":
        return "chance", f"called uuid ({name})"
    if module == "_thread" and name.startswith("start_"):
        return "machine", "started a thread"
    if module == "builtins" and name == "print":
        return "machine", "printed something"
    return None


def _of_code(frame: FrameType) -> tuple[str, str] | None:
    """Say what it means that a function written in Python is called."""
    if frame.f_code in _READS_ENVIRONMENT:
        return "machine", "looked at the environment (os.environ)"
    if frame.f_code is _SEEDS and frame.f_locals.get("a") is None:
        return "chance", "made dice of its own without a seed"
    return None


def _by_the_way(frame: FrameType | None) -> bool:
    """Say whether this happens in an import, or while the table of a time zone is read.

    Then files are opened, and nothing is meant by it.
    """
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        if str(frame.f_globals.get("__name__")).partition(".")[0] == "zoneinfo":
            return True
        frame = frame.f_back
    return False


def _is_path(args: tuple[Any, ...]) -> bool:
    return bool(args) and isinstance(args[0], (str, bytes, os.PathLike))
