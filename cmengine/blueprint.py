"""Make the folder of a new plugin from a blueprint: one module, one test, one pyproject, a README.

The blueprints are real files in `cmengine/blueprints/`, one folder a part. In each, the name is
`new-goal` (or reward, or notifier) in its several spellings; here they become the name that was asked for.
"""

import keyword
import re
import shutil
from importlib.util import find_spec
from pathlib import Path

from attrs import frozen

import cmengine
from cmengine.errors import CMError, Mistake, stop_if
from cmengine.plugins import Registry

PARTS = ("goal", "reward", "notifier")
_NAME = re.compile(r"[a-z][a-z0-9]*([-_][a-z0-9]+)*", re.ASCII)
_MOST = 40
# Names that the module of a blueprint imports, so that its class cannot have them as well.
_IMPORTED = {"Any", "ClassVar", "Collection", "Iterable", "Path", "Random"}


@frozen(kw_only=True)
class Made:
    """A new plugin: what it is called everywhere, and the files it was given."""

    name: str
    part: str
    kind: str
    module: str
    folder: Path
    files: tuple[str, ...]


def make_plugin(name: str, part: str, registry: Registry, folder: Path | None = None) -> Made:
    """Make the folder of a new plugin; without `folder`, one beside that has its name.

    Raises CMError with everything that stands in the way, before anything is written.
    """
    plain = name.removeprefix("cmengine-").removeprefix("cmengine_")
    if not _NAME.fullmatch(plain) or len(plain) > _MOST:
        todo = f"use small letters, digits and -, at most {_MOST}, like stamp-card"
        raise CMError(Mistake(f"plugin '{name:.60}'", "this cannot be its name", todo))
    dashed, kind = plain.replace("_", "-"), plain.replace("-", "_")
    made = Made(
        name=dashed,
        part=part,
        kind=kind,
        module=f"cmengine_{kind}",
        folder=folder if folder is not None else Path(f"cmengine-{dashed}"),
        files=tuple(sorted(_named(path.name, part, dashed) for path in _blueprint(part))),
    )
    stop_if([*_taken(made, registry), *_in_the_way(made.folder)])
    _write(made)
    return made


def _blueprint(part: str) -> list[Path]:
    """Give the files of a blueprint; an install may have put a folder of compiled ones beside them."""
    folder = Path(__file__).with_name("blueprints") / part
    return [path for path in folder.iterdir() if path.is_file()]


def _class_name(kind: str) -> str:
    return "".join(word.capitalize() for word in kind.split("_"))


def _named(text: str, part: str, name: str) -> str:
    """Put the new name where the blueprint has its own, in every spelling."""
    kind = name.replace("-", "_")
    spellings = {
        f"new-{part}": name,
        f"new_{part}": kind,
        f"New{part.capitalize()}": _class_name(kind),
    }
    for old, new in spellings.items():
        text = text.replace(old, new)
    return text


def _taken(made: Made, registry: Registry) -> list[Mistake]:
    where, todo = f"plugin '{made.name}'", "choose another name"
    mistakes = []
    for plugin in registry.plugins:
        if made.name in (plugin.name, plugin.distribution.removeprefix("cmengine-")):
            mistakes.append(Mistake(where, "a plugin of this name is installed already", todo))
            break
        if f"{made.part} {made.kind}" in plugin.kinds:
            what = f"plugin '{plugin.name}' offers the {made.part} '{made.kind}' already"
            mistakes.append(Mistake(where, what, todo))
    if not mistakes and find_spec(made.module) is not None:
        mistakes.append(Mistake(where, f"there is a module {made.module} already", todo))
    name = _class_name(made.kind)
    if name in {*cmengine.__all__, *_IMPORTED} or keyword.iskeyword(name):
        mistakes.append(Mistake(where, f"its class would be called {name}, as another is", todo))
    return mistakes


def _in_the_way(folder: Path) -> list[Mistake]:
    if folder.exists() or folder.is_symlink():
        return [Mistake(str(folder), "is there already", "choose another name, or --folder DIR")]
    return []


def _write(made: Made) -> None:
    texts = {
        _named(path.name, made.part, made.name): _named(
            path.read_text(encoding="utf-8"), made.part, made.name
        )
        for path in _blueprint(made.part)
    }
    try:
        made.folder.mkdir(parents=True)
    except OSError as error:
        raise _unwritten(made.folder, error) from error
    try:
        for name, text in texts.items():
            (made.folder / name).write_text(text, encoding="utf-8")
    except OSError as error:
        shutil.rmtree(made.folder, ignore_errors=True)
        raise _unwritten(made.folder, error) from error


def _unwritten(folder: Path, error: OSError) -> CMError:
    what = f"cannot be written ({error.strerror})"
    return CMError(Mistake(f"{folder!s:.200}", what, "choose another folder: --folder DIR"))
