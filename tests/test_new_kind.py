"""A kind that is added to a plugin is everywhere at once; a class that does not fit is found by mypy."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
CMENGINE = (sys.executable, "-c", "from cmengine.cli import main; main()")

APPLAUSE = '''

@frozen(kw_only=True)
class Applause:
    """Everybody claps. So often: `hands`.

    It is worth nothing in money.
    """

    kind: ClassVar[str] = "applause"

    hands: int
    loud: bool = False

    def awards(self, occurrence: Occurrence, dice: Random) -> Iterable[Award]:
        yield Award(label="applause")
'''


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A folder in which the plugin `thanks` has one kind more, and nothing else is changed."""
    text = (ROOT / "plugins" / "cmengine_thanks.py").read_text()
    more = text.replace("\n\n@hookimpl", f"{APPLAUSE}\n\n@hookimpl").replace(
        "[Item, Praise]", "[Item, Praise, Applause]"
    )
    assert more.count("Applause") == 2
    (tmp_path / "cmengine_thanks.py").write_text(more)
    return tmp_path


def run(site: Path, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(site), *filter(None, [os.environ.get("PYTHONPATH")])])
    return subprocess.run(
        words,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_kind_that_is_added_to_a_plugin_is_in_the_docs_with_no_other_edit(site: Path) -> None:
    docs = site / "docs"
    docs.mkdir()
    for name in ("generate.py", "rules.md"):
        shutil.copy(ROOT / "docs" / name, docs / name)
    before = (docs / "rules.md").read_text()
    done = run(site, site, sys.executable, "-m", "cogapp", "-r", "-P", "docs/rules.md")
    assert done.returncode == 0, done.stderr
    after = (docs / "rules.md").read_text()
    assert set(after.splitlines()) - set(before.splitlines()) == {
        "| reward | `applause` | Everybody claps | `hands`, (`loud`) |"
    }


def test_a_kind_that_is_added_to_a_plugin_may_have_been_meant_with_no_other_edit(
    site: Path,
) -> None:
    rule = (
        '[[rule]]\nid = "a"\ntitle = "A"\n[rule.goal]\nkind = "any_of"\nevents = ["visit"]\n'
        '[[rule.reward]]\nkind = "aplause"\nhands = 2\n'
    )
    (site / "a.toml").write_text(rule)
    checked = run(site, site, *CMENGINE, "rules", "check", "a.toml")
    assert checked.returncode == 1
    assert "no installed plugin offers the reward 'aplause'; did you mean 'applause'?" in (
        checked.stderr
    )
    (site / "a.toml").write_text(rule.replace("aplause", "applause").replace("hands", "hand"))
    checked = run(site, site, *CMENGINE, "rules", "check", "a.toml")
    assert "'hand' is not an option of 'applause'; did you mean 'hands'?" in checked.stderr


WRONG = '''\
from collections.abc import Collection, Iterable
from random import Random
from typing import Any, ClassVar

from attrs import frozen

from cmengine import Award, Event, Goal, Message, Met, Notifier, Occurrence, Reward, hookimpl


@frozen(kw_only=True)
class Wrong:
    """Does not fit: {flaw}."""

    {body}


@hookimpl
def {hook}() -> list[type[{part}]]:
    return [Wrong]
'''

GOAL = """kind: ClassVar[str] = "wrong"

    def listens(self) -> Collection[str]:
        return ()

    def start(self) -> None:
        return None

    def step(self, memory: None, event: Event) -> tuple[None, Met | None]:
        return None, None
"""
REWARD = """kind: ClassVar[str] = "wrong"

    def awards(self, occurrence: Occurrence, dice: Random) -> Iterable[Award]:
        return ()
"""
NOTIFIER = """kind: ClassVar[str] = "wrong"

    def send(self, message: Message) -> None:
        return None
"""
FLAWS = [
    ("goal", GOAL, "def start(self) -> None", "def start(self, event: Event) -> None"),
    ("goal", GOAL, "def listens(self)", "def hears(self)"),
    ("goal", GOAL, "memory: None, event: Event", "memory: None"),
    ("reward", REWARD, "Iterable[Award]", "Iterable[int]"),
    ("reward", REWARD, "dice: Random", "dice: Random, client: str"),
    ("reward", REWARD, 'kind: ClassVar[str] = "wrong"', "pass"),
    ("notifier", NOTIFIER, "message: Message", "message: str"),
]
HOOKS = {
    "goal": ("register_goals", "Goal[Any]"),
    "reward": ("register_rewards", "Reward"),
    "notifier": ("register_notifiers", "Notifier"),
}


def test_mypy_finds_a_class_that_does_not_fit_at_the_return_of_its_hook(tmp_path: Path) -> None:
    files = []
    for number, (part, body, good, bad) in enumerate(FLAWS):
        hook, protocol = HOOKS[part]
        for name, text in ((f"wrong_{number}", body.replace(good, bad)), (f"right_{part}", body)):
            assert (text != body) == name.startswith("wrong")
            path = tmp_path / f"{name}.py"
            path.write_text(WRONG.format(flaw=bad, body=text.rstrip(), hook=hook, part=protocol))
            files.append(path)
    checked = subprocess.run(
        [
            sys.executable,
            "-m",
            "mypy",
            "--strict",
            "--no-error-summary",
            *sorted({*map(str, files)}),
        ],
        cwd=tmp_path,
        env={**os.environ, "MYPYPATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    found = {
        line.partition(": error:")[0] for line in checked.stdout.splitlines() if "error:" in line
    }
    expected = set()
    for path in files:
        if path.stem.startswith("wrong"):
            lines = path.read_text().splitlines()
            expected.add(f"{path.name}:{lines.index('    return [Wrong]') + 1}")
    assert {one.rpartition("/")[2] for one in found} == expected, checked.stdout + checked.stderr
