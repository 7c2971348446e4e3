"""The plugins for a command at the desk: the one that offers a kind is imported when the kind is asked for.

To look through everything that is installed, and import it, costs more than the rest of a command. So
which module offers which kind is kept in a file of this user's, as long as nothing is installed, taken
away or edited. Whatever the file does not say is asked of the plugins themselves.
"""

import json
import os
import sys
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

import click

if TYPE_CHECKING:
    from cmengine.plugins import Registry

FORMAT = 1
NAME = "plugins"
HOOKS = {
    "goal": "register_goals",
    "reward": "register_rewards",
    "notifier": "register_notifiers",
}
SHIPPED = frozenset(
    f"cmengine_{name}"
    for name in (
        "apprise", "came_back", "count", "fishbowl", "ladder", "messages", "milestone", "number", "thanks",
        "voucher",
    )
)  # fmt: skip
"""The modules of the plugins that ship with cmengine; all others are strangers'."""


def desk_plugins() -> "Registry":
    """Give the installed plugins, each imported when it is needed."""
    return cast("Registry", _Quick())


class _Quick:
    """Finds kinds by the kept index; everything else is the registry's own business."""

    def __init__(self) -> None:
        self._whole: Registry | None = None
        self._modules = _kept()

    def find(self, part: str, kind: str) -> tuple[type[Any] | None, str, str]:
        """Find the class of a kind, as `Registry.find` does."""
        module = self._modules.get(f"{part} {kind}")
        if self._whole is None and module is not None:
            cls = _offered(module, part, kind)
            if cls is not None:
                return cls, "", ""
        return self._registry().find(part, kind)

    def _registry(self) -> "Registry":
        if self._whole is None:
            from cmengine.plugins import load_plugins

            self._whole = load_plugins()
            _keep(self._whole)
        return self._whole

    def __getattr__(self, name: str) -> Any:
        return getattr(self._registry(), name)


def _offered(module: str, part: str, kind: str) -> type[Any] | None:
    """Ask one module for a kind; None where it is not, or no longer, there."""
    try:
        classes = getattr(import_module(module), HOOKS[part])()
        return next((cls for cls in classes if cls.kind == kind), None)
    except (Exception, SystemExit):
        return None


def cache_file(what: str) -> str:
    """Name the file of something that is kept: one for each Python environment of a user."""
    folder = os.environ.get("CMENGINE_CACHE") or click.get_app_dir("cmengine")
    environment = f"{sys.prefix}-{sys.version_info.major}.{sys.version_info.minor}"
    name = "".join(letter if letter.isalnum() else "-" for letter in environment)
    return os.path.join(folder, f"{what}{name[-150:]}.json")


def kept_file(what: str) -> str:
    """Read something that is kept. Raises OSError, or ValueError where it is no text."""
    with open(cache_file(what), encoding="utf-8") as file:
        return file.read()


def keep_file(what: str, content: object) -> None:
    """Keep something as JSON, all of it or nothing, for this user's eyes. Without it, all is only slower."""
    name = cache_file(what)
    unfinished = f"{name}.{os.getpid()}"
    with suppress(OSError):
        os.makedirs(os.path.dirname(name), exist_ok=True)
        number = os.open(unfinished, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
        with os.fdopen(number, "w", encoding="utf-8") as file:
            json.dump(content, file)
        os.replace(unfinished, name)


def _kept() -> dict[str, str]:
    """Read the index: for each kind the module that offers it; nothing where it may have changed."""
    try:
        index = json.loads(kept_file(NAME))
        if index["format"] == FORMAT and index["seen"] == _seen(index["files"]):
            return dict(index["kinds"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        pass  # it is made anew
    return {}


def _keep(registry: "Registry") -> None:
    """Write the index, where no two plugins are in each other's way."""
    if registry.clashes:
        return
    kinds = {
        f"{part} {kind}": cls.__module__
        for part, classes in registry.kinds.items()
        for kind, cls in classes.items()
        if callable(getattr(sys.modules.get(cls.__module__), HOOKS[part], None))
    }
    files = sorted({str(sys.modules[module].__file__) for module in kinds.values()})
    keep_file(NAME, {"format": FORMAT, "files": files, "seen": _seen(files), "kinds": kinds})


def _seen(files: list[str]) -> list[list[Any]]:
    """Say when each folder that Python imports from, and each of these files, was changed last.

    The first of the folders is that of the script, or the one we are in.
    """
    seen = []
    for name in [*dict.fromkeys(sys.path[1:]), *files]:
        try:
            seen.append([name, os.stat(name or ".").st_mtime_ns])
        except OSError:
            seen.append([name, 0])
    return seen
