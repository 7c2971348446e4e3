"""Which plugins were examined, and what came of it: kept in the program's folder, in `plugins.json`.

A result holds for the very source it was made from: a plugin that is changed has to be examined again.
Nothing is refused for it; it is said.
"""

import hashlib
import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import asdict, fields, frozen

from cmengine.model import Rule
from cmengine.plugins import Plugin, Registry
from cmengine.settings import CHECKED

if TYPE_CHECKING:
    from cmengine.trial import Tried

HOUSE = "cmengine"


@frozen(kw_only=True)
class Result:
    """What came of examining a plugin: `ok`, or in `broken` the promises that it does not keep."""

    name: str
    distribution: str
    version: str
    digest: str
    cmengine: str
    at: str
    by: str
    full: bool
    ok: bool
    kinds: tuple[str, ...]
    broken: tuple[str, ...]


@frozen(kw_only=True)
class Standing:
    """How a plugin stands: "ships" with cmengine, "checked", "broken", "changed", "unchecked", or "nothing"
    to check; and when it was examined.
    """

    state: str
    at: str = ""

    @property
    def words(self) -> str:
        """Say it in a few words."""
        day = self.at[:10]
        return {
            "ships": "ships with cmengine",
            "checked": f"checked {day}",
            "broken": f"breaks promises ({day})",
            "changed": f"changed since {day}",
            "unchecked": "not checked",
        }.get(self.state, "")


@frozen(kw_only=True)
class Unsure:
    """A plugin that rules rely on, and that does not stand as it should."""

    plugin: str
    standing: Standing
    kinds: tuple[str, ...]
    rules: tuple[str, ...]


def is_kept(tried: "Iterable[Tried]") -> bool:
    """Say whether every kind could be tried and keeps what it promises."""
    return not any(one.findings or one.untried for one in tried)


def result_of(
    registry: Registry,
    plugin: Plugin,
    tried: "Sequence[Tried]",
    *,
    at: datetime,
    by: str,
    full: bool,
) -> Result:
    """Write down what came of examining a plugin."""
    return Result(
        name=plugin.name,
        distribution=plugin.distribution,
        version=plugin.version,
        digest=source_digest(registry, plugin.name),
        cmengine=version(HOUSE),
        at=at.isoformat(timespec="seconds"),
        by=by,
        full=full,
        ok=is_kept(tried),
        kinds=tuple(plugin.kinds),
        broken=tuple(
            f"{one.part} {one.kind}: {finding.promise}" for one in tried for finding in one.findings
        ),
    )


def keep(folder: Path, result: Result) -> Path:
    """Keep a result in a program's folder, in place of an earlier one of the same plugin."""
    results = {**read_results(folder), result.name: result}
    rows = [asdict(results[name]) for name in sorted(results)]
    path = folder / CHECKED
    new = path.with_name(f"{CHECKED}.new")
    new.write_text(json.dumps({"plugins": rows}, indent=2, ensure_ascii=False) + "\n", "utf-8")
    os.replace(new, path)  # noqa: PTH105
    return path


def read_results(folder: Path) -> dict[str, Result]:
    """Read what was kept. What cannot be read counts as nothing: then it is said, and nobody is held up."""
    try:
        rows = json.loads((folder / CHECKED).read_text("utf-8"))["plugins"]
        return {row["name"]: _result(row) for row in rows}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}


def _result(row: Mapping[str, Any]) -> Result:
    known = {one.name: row[one.name] for one in fields(Result)}
    return Result(**{**known, "kinds": tuple(row["kinds"]), "broken": tuple(row["broken"])})


def source_digest(registry: Registry, name: str) -> str:
    """Name the source of a plugin by its content: its module, or every file of its package."""
    digest = hashlib.sha256()
    for path, called in _files(registry.manager.get_plugin(name)):
        digest.update(f"{called}\n".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _files(plugin: object) -> list[tuple[Path, str]]:
    """Give the source files of a plugin, each with the name it has in it."""
    name = getattr(plugin, "__name__", None) or type(plugin).__module__
    top = sys.modules.get(str(name).partition(".")[0])
    folders = [Path(one) for one in getattr(top, "__path__", [])]
    if not folders:
        file = getattr(plugin, "__file__", None)
        return [(Path(file), Path(file).name)] if file else []
    return [
        (path, path.relative_to(folder).as_posix())
        for folder in folders
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    ]


def standing_of(registry: Registry, plugin: Plugin, results: Mapping[str, Result]) -> Standing:
    """Say how a plugin stands. What ships with cmengine is examined by its own tests."""
    if plugin.distribution == HOUSE:
        return Standing(state="ships")
    if plugin.error or not plugin.kinds:
        return Standing(state="nothing")
    result = results.get(plugin.name)
    if result is None:
        return Standing(state="unchecked")
    if result.version != plugin.version or result.digest != source_digest(registry, plugin.name):
        return Standing(state="changed", at=result.at)
    return Standing(state="checked" if result.ok else "broken", at=result.at)


def unsure(registry: Registry, rules: Iterable[Rule], folder: Path) -> list[Unsure]:
    """Find the plugins that some rules rely on and that were not checked, or not as they are now."""
    used: dict[str, list[tuple[str, str]]] = {}
    owners = {kind: plugin for plugin in registry.plugins for kind in plugin.kinds}
    for rule in rules:
        parts = [f"goal {rule.goal.kind}"]
        parts += [f"reward {one.kind}" for one in rule.rewards]
        parts += [f"notifier {kind}" for kind in rule.notify]
        for kind in parts:
            if kind in owners:
                used.setdefault(owners[kind].name, []).append((kind, rule.id))
    results = read_results(folder)
    found = []
    for plugin in registry.plugins:
        standing = standing_of(registry, plugin, results)
        if plugin.name in used and standing.state not in ("ships", "checked"):
            kinds, ids = zip(*used[plugin.name], strict=True)
            found.append(
                Unsure(
                    plugin=plugin.name,
                    standing=standing,
                    kinds=tuple(dict.fromkeys(kinds)),
                    rules=tuple(dict.fromkeys(ids)),
                )
            )
    return found
