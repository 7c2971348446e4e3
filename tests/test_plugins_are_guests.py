"""Bundled plugins come in by a stranger's door, and the pure parts of the engine stay pure."""

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

import cmengine
from cmengine.quick import SHIPPED

HOME = Path(__file__).parent.parent
PLUGINS = sorted((HOME / "plugins").glob("*.py"))
ENGINE = sorted((HOME / "cmengine").rglob("*.py"))

# What a goal or a reward, and anything pure, has no business with: clocks, chance of their own, files,
# databases, other machines. Of `random`, only the type.
NEVER = {
    "os", "io", "pathlib", "shutil", "tempfile", "subprocess", "sqlite3", "sqlite_utils", "pysqlite3",
    "secrets", "time", "socket", "ssl", "urllib", "http", "requests", "threading", "multiprocessing",
    "getpass", "platform", "sys", "uuid", "locale", "importlib", "pkgutil", "click", "pluggy",
}  # fmt: skip
CLOCKS = {"now", "today", "utcnow"}
CALLS = {"open", "print", "input", "eval", "exec", "__import__", "globals"}

# The modules that must say of themselves that they are pure; others may.
PURE = {
    "days", "evaluate", "explain", "fold", "issuing", "ladder", "limits", "memory", "replay", "scenarios", "slots", "timeline",
    "welcome",
}  # fmt: skip
# What stands between the pure modules and the world; a pure module imports none of it.
SHELL = {
    "backup", "chain", "charges", "choices", "cli", "corrections", "counting", "database", "datasette", "disclosures", "doctor", "ehr",
    "engine", "exporting", "forewarn", "founding", "funds", "holds", "ids", "importing", "ledger", "migrations", "newfile", "outbox", "overview",
    "parquet",
    "profiles", "program", "publish", "reasons", "recall", "reconcile", "replacing", "restore", "retry", "room", "settings",
    "sqlite", "starters", "stock", "stocking", "study", "taking",
    "tables", "toml", "verify", "vouchers", "wording", "workbook",
}  # fmt: skip


def imports(path: Path) -> Iterator[tuple[str, str]]:
    """Give every import of a file, also inside functions, as (module, name); the name may be empty."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name}: no relative import"
            yield from ((node.module or "", alias.name) for alias in node.names)


def outside(path: Path) -> list[str]:
    """Find what a file takes from clocks, chance, files, databases and other machines."""
    found = [
        f"{module} {name}".strip()
        for module, name in imports(path)
        if module.partition(".")[0] in NEVER or (module == "random" and name != "Random")
    ]
    for node in ast.walk(ast.parse(path.read_text())):
        if (
            isinstance(node, ast.Attribute)
            and node.attr in CLOCKS
            and ast.unparse(node.value).rpartition(".")[2] in ("date", "datetime")
        ):
            found.append(ast.unparse(node))
        elif isinstance(node, ast.Name) and node.id in CALLS:
            found.append(f"{node.id}()")
    return found


def named(paths: list[Path]) -> list[object]:
    return [pytest.param(path, id=path.stem) for path in paths]


def is_pure(path: Path) -> bool:
    return "Pure" in (ast.get_docstring(ast.parse(path.read_text())) or "")


def is_goal_or_reward(path: Path) -> bool:
    return any(hook in path.read_text() for hook in ("def register_goals", "def register_rewards"))


@pytest.mark.parametrize("path", named(PLUGINS))
def test_a_bundled_plugin_takes_only_what_every_plugin_may(path: Path) -> None:
    taken = [(m, name) for m, name in imports(path) if m.partition(".")[0] == "cmengine"]
    assert taken
    assert {module for module, _ in taken} == {"cmengine"}
    assert {name for _, name in taken} <= set(cmengine.__all__)


@pytest.mark.parametrize("path", named(PLUGINS))
def test_a_bundled_plugin_stands_by_itself(path: Path) -> None:
    others = {other.stem for other in PLUGINS}
    assert path.stem.startswith("cmengine_")
    assert not [module for module, _ in imports(path) if module.partition(".")[0] in others]


@pytest.mark.parametrize("path", named([path for path in PLUGINS if is_goal_or_reward(path)]))
def test_a_goal_or_reward_knows_no_clock_chance_file_or_network(path: Path) -> None:
    assert outside(path) == []


def test_every_bundled_plugin_comes_in_by_entry_point() -> None:
    project = tomllib.loads((HOME / "pyproject.toml").read_text())["project"]
    assert set(project["entry-points"]["cmengine"].values()) == {path.stem for path in PLUGINS}


def test_the_desk_knows_which_plugins_are_no_strangers() -> None:
    """Those alone are asked without a room of their own: they are tested here, and on the way of every event."""
    assert {path.stem for path in PLUGINS} == SHIPPED


def test_plugins_rules_and_tests_are_no_packages() -> None:
    assert not [
        name for name in ("plugins", "rules", "tests") if (HOME / name / "__init__.py").exists()
    ]


def test_what_a_plugin_may_import_is_there() -> None:
    assert cmengine.__all__ == sorted(cmengine.__all__)
    assert [name for name in cmengine.__all__ if not hasattr(cmengine, name)] == []


@pytest.mark.parametrize(
    "path", [pytest.param(path, id=str(path.relative_to(HOME))) for path in ENGINE]
)
def test_the_engine_imports_no_plugin(path: Path) -> None:
    plugins = {plugin.stem for plugin in PLUGINS} | {"plugins"}
    assert not [module for module, _ in imports(path) if module.partition(".")[0] in plugins]


def test_the_core_says_of_itself_that_it_is_pure() -> None:
    said = {path.stem for path in ENGINE if is_pure(path)}
    assert said >= PURE
    assert not said & SHELL


@pytest.mark.parametrize(
    "path",
    named([path for path in ENGINE if is_pure(path) or path.stem in (*PURE, "model", "money")]),
)
def test_a_pure_module_knows_no_clock_chance_file_database_or_network(path: Path) -> None:
    assert outside(path) == []
    taken = {module.partition(".")[2].partition(".")[0] for module, _ in imports(path)}
    assert not taken & SHELL
