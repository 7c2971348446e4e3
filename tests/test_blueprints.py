"""`plugins new`: a folder that installs, whose test passes before a line of it is changed."""

import json
import os
import py_compile
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

import cmengine
from cmengine.blueprint import PARTS, make_plugin
from cmengine.errors import CMError
from cmengine.plugins import Registry, load_plugins
from cmengine.rules import Reader
from cmengine.toml import parse

Run = Callable[..., Result]
BLUEPRINTS = Path(cmengine.__file__).parent / "blueprints"
PYTEST = ("-m", "pytest", "-q", "-p", "no:cacheprovider")
CMENGINE = ("-c", "from cmengine.cli import main; main()")
NAME = {"goal": "full-table", "reward": "stamp-card", "notifier": "post-card"}


def installed(folder: Path, name: str, module: str) -> None:
    """Stand for `pip install -e .`: what an install writes beside the module, and nothing else."""
    info = folder / f"cmengine_{name.replace('-', '_')}-0.1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: cmengine-{name}\nVersion: 0.1.0\n"
    )
    (info / "entry_points.txt").write_text(f"[cmengine]\n{name} = {module}\n")


def in_its_folder(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(folder), *filter(None, [os.environ.get("PYTHONPATH")])])
    return subprocess.run(
        [sys.executable, *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_there_is_a_blueprint_for_each_part_and_no_other(registry: Registry) -> None:
    folders = sorted(path.name for path in BLUEPRINTS.iterdir())
    assert folders == sorted(PARTS) == sorted(registry.kinds)


@pytest.mark.parametrize("part", PARTS)
def test_its_own_test_passes_before_a_line_is_changed(
    part: str, tmp_path: Path, registry: Registry
) -> None:
    made = make_plugin(NAME[part], part, registry, tmp_path / "new")
    assert sorted(made.files) == sorted(path.name for path in made.folder.iterdir())
    assert made.files == tuple(
        sorted(["README.md", f"{made.module}.py", "pyproject.toml", f"test_{made.kind}.py"])
    )
    installed(made.folder, made.name, made.module)
    tested = in_its_folder(made.folder, *PYTEST)
    assert tested.returncode == 0, tested.stdout + tested.stderr
    shown = in_its_folder(made.folder, *CMENGINE, "plugins", "--json")
    (row,) = [one for one in json.loads(shown.stdout)["plugins"] if one["name"] == made.name]
    assert (row["kinds"], row["error"]) == ([f"{part} {made.kind}"], None)


@pytest.mark.parametrize("part", ["goal", "reward"])
def test_its_test_notices_when_it_punishes(part: str, tmp_path: Path, registry: Registry) -> None:
    made = make_plugin(NAME[part], part, registry, tmp_path / "new")
    installed(made.folder, made.name, made.module)
    module = made.folder / f"{made.module}.py"
    text = module.read_text()
    worse = {
        "cents=self.worth": "cents=self.worth if occurrence.ordinal < 2 else 0",
        "return memory, Met(reason=event.kind)": "return memory, None if event.day.day % 2 else Met(reason=event.kind)",
    }
    for good, bad in worse.items():
        text = text.replace(good, bad)
    assert text != module.read_text()
    module.write_text(text)
    tested = in_its_folder(made.folder, *PYTEST)
    assert tested.returncode == 1, tested.stdout


def test_what_an_install_compiles_beside_it_is_not_taken_along(
    tmp_path: Path, registry: Registry
) -> None:
    py_compile.compile(str(BLUEPRINTS / "goal" / "cmengine_new_goal.py"))
    made = make_plugin("full-table", "goal", registry, tmp_path / "new")
    assert len(made.files) == len(list(made.folder.iterdir())) == 4


@pytest.mark.parametrize("part", PARTS)
def test_nothing_of_the_blueprints_name_is_left(
    part: str, tmp_path: Path, registry: Registry
) -> None:
    made = make_plugin(NAME[part], part, registry, tmp_path / "new")
    for path in made.folder.iterdir():
        text = f"{path.name} {path.read_text()}".lower()
        assert not [w for w in (f"new-{part}", f"new_{part}", f"new{part}") if w in text], path


@pytest.mark.parametrize("part", PARTS)
def test_the_rule_in_its_readme_can_be_read(part: str, registry: Registry) -> None:
    readme = (BLUEPRINTS / part / "README.md").read_text()
    body = readme.partition("```toml\n")[2].partition("```")[0]
    here = str(BLUEPRINTS / part)
    sys.path.insert(0, here)
    try:
        module = __import__(f"cmengine_new_{part}")
    finally:
        sys.path.remove(here)
    assert Reader(load_plugins(module)).read_file(*parse(body, "README.md"))[1] == []


@pytest.mark.parametrize("part", PARTS)
def test_it_asks_for_the_cmengine_that_made_it(part: str) -> None:
    own = tomllib.loads((BLUEPRINTS.parent.parent / "pyproject.toml").read_text())["project"]
    new: dict[str, Any] = tomllib.loads((BLUEPRINTS / part / "pyproject.toml").read_text())
    major, minor, _ = (int(number) for number in own["version"].split("."))
    assert f"cmengine>={major}.{minor},<{major}.{minor + 1}" in new["project"]["dependencies"]


@pytest.mark.parametrize(
    ("name", "part", "said"),
    [
        ("Stamp Card", "reward", "plugin 'Stamp Card': this cannot be its name; use small letters"),
        ("../away", "reward", "this cannot be its name"),
        ("5-times", "goal", "this cannot be its name"),
        ("", "goal", "this cannot be its name"),
        ("x" * 41, "goal", "this cannot be its name"),
        ("voucher", "goal", "plugin 'voucher': a plugin of this name is installed already"),
        ("any-of", "goal", "plugin 'count' offers the goal 'any_of' already; choose another name"),
        ("any_of", "goal", "plugin 'count' offers the goal 'any_of' already"),
        ("award", "reward", "its class would be called Award, as another is"),
        ("none", "reward", "its class would be called None, as another is"),
    ],
)
def test_a_name_that_cannot_be_is_refused_in_words(
    name: str, part: str, said: str, tmp_path: Path, registry: Registry
) -> None:
    with pytest.raises(CMError) as raised:
        make_plugin(name, part, registry, tmp_path / "new")
    assert said in str(raised.value)
    assert not (tmp_path / "new").exists()


def test_the_same_word_may_name_a_kind_of_another_part(tmp_path: Path, registry: Registry) -> None:
    assert make_plugin("praise", "goal", registry, tmp_path / "new").kind == "praise"


def test_the_prefix_may_be_typed(tmp_path: Path, registry: Registry) -> None:
    made = make_plugin("cmengine-stamp-card", "reward", registry, tmp_path / "new")
    assert (made.name, made.module) == ("stamp-card", "cmengine_stamp_card")


def test_a_folder_that_is_there_is_never_written_over(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("cmengine-stamp-card").mkdir()
    done = run("plugins", "new", "stamp-card", "--kind", "reward")
    assert (done.exit_code, done.stdout) == (1, "")
    assert (
        done.stderr
        == "Error: cmengine-stamp-card: is there already; choose another name, or --folder DIR\n"
    )
    assert list(Path("cmengine-stamp-card").iterdir()) == []


def test_a_folder_that_cannot_be_made_is_said_in_words(tmp_path: Path, run: Run) -> None:
    (tmp_path / "file").touch()
    done = run("plugins", "new", "card", "--kind", "reward", "--folder", tmp_path / "file" / "new")
    assert done.exit_code == 1
    assert "cannot be written (Not a directory); choose another folder" in done.stderr


def test_what_it_made_is_told(tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = run("plugins", "new", "stamp_card", "--kind", "reward", "--json")
    assert json.loads(done.stdout) == {
        "plugin": "stamp-card",
        "part": "reward",
        "kind": "stamp_card",
        "module": "cmengine_stamp_card",
        "folder": "cmengine-stamp-card",
        "files": ["README.md", "cmengine_stamp_card.py", "pyproject.toml", "test_stamp_card.py"],
    }
    assert (
        sorted(path.name for path in Path("cmengine-stamp-card").iterdir())
        == json.loads(done.stdout)["files"]
    )
