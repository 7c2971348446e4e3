"""A result is kept with the plugin's source, and the engine says when a rule relies on one that was not checked."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cmengine.checked import read_results, standing_of
from cmengine.plugins import Plugin, load_plugins

STAMPS = """\
from collections.abc import Iterable
from random import Random
from typing import ClassVar

from attrs import frozen

from cmengine import Award, Occurrence, Reward, hookimpl


@frozen(kw_only=True)
class Stamp:
    kind: ClassVar[str] = "stamp"

    def awards(self, occurrence: Occurrence, dice: Random) -> Iterable[Award]:
        yield Award(label="a stamp")


@hookimpl
def register_rewards() -> list[type[Reward]]:
    return [Stamp]
"""
RULE = """\
[[rule]]
id    = "coffee"
title = "I come for coffee"
[rule.goal]
kind   = "any_of"
events = ["visit"]
[[rule.reward]]
kind = "stamp"
"""
Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A folder with a stranger's plugin, as if it were installed."""
    info = tmp_path / "site" / "stamps-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: stamps\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[cmengine]\nstamps = stamps\n")
    (info.parent / "stamps.py").write_text(STAMPS)
    return info.parent


@pytest.fixture
def cm(site: Path, tmp_path: Path) -> Command:
    """Run cmengine in a program that uses the stranger's plugin."""

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(Path(sys.executable).with_name("cmengine")), "--by", "ana", *words],
            env={**os.environ, "PYTHONPATH": str(site), "PYTHONDONTWRITEBYTECODE": "1"},
            cwd=tmp_path / "p" if (tmp_path / "p").exists() else tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )

    assert run("init", "p", "--zone", "UTC").returncode == 0
    (tmp_path / "p" / "rules" / "coffee.toml").write_text(RULE)
    return run


def state(cm: Command) -> tuple[str, str | None]:
    rows = json.loads(cm("plugins", "--json").stdout)["plugins"]
    assert {row["checked"] for row in rows if row["distribution"] == "cmengine"} == {"ships"}
    row = next(row for row in rows if row["name"] == "stamps")
    return row["checked"], row["checked_at"]


def test_a_result_is_kept_until_the_plugin_changes(cm: Command, site: Path, tmp_path: Path) -> None:
    assert state(cm) == ("unchecked", None)
    published = cm("rules", "publish")
    assert published.returncode == 0
    assert published.stderr == (
        "Note: coffee relies on the plugin 'stamps' (reward stamp), which was not checked."
        " Check it with: cmengine plugins check stamps --keep\n"
    )
    checked = cm("plugins", "check", "stamps", "--keep", "--json")
    assert checked.returncode == 0, checked.stderr
    report = json.loads(checked.stdout)
    kept = json.loads((tmp_path / "p" / report["kept"]).read_text())["plugins"]
    assert [(one["name"], one["version"], one["digest"], one["ok"], one["by"]) for one in kept] == [
        ("stamps", "1.0", report["digest"], True, "ana")
    ]
    assert state(cm)[0] == "checked"
    assert "checked 2" in cm("plugins").stdout
    assert cm("rules", "publish").stderr == ""
    (site / "stamps.py").write_text(STAMPS.replace("a stamp", "two stamps"))
    assert state(cm)[0] == "changed"
    again = cm("rules", "publish", "--json")
    assert json.loads(again.stdout)["unchecked"] == [
        {"plugin": "stamps", "checked": "changed", "kinds": ["reward stamp"], "rules": ["coffee"]}
    ]
    assert "which has changed since it was checked on 2" in cm("rules", "publish").stderr


def test_a_broken_promise_is_kept_and_said_and_nothing_is_refused(cm: Command, site: Path) -> None:
    (site / "stamps.py").write_text(STAMPS.replace("a stamp", "") + "\n")
    checked = cm("plugins", "check", "stamps", "--keep")
    assert checked.returncode == 1
    assert "reward 'stamp' breaks a promise (it answers as its protocol says)." in checked.stderr
    assert "mend this first. Then it will be seen whether it costs at the" in checked.stderr
    assert state(cm)[0] == "broken"
    assert "breaks promises (2" in cm("plugins").stdout
    published = cm("rules", "publish")
    assert published.returncode == 0
    assert "which was found on 2" in published.stderr


def test_without_a_program_there_is_nowhere_to_keep_it(site: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [str(Path(sys.executable).with_name("cmengine")), "plugins", "check", "stamps", "--keep"],
        env={**os.environ, "PYTHONPATH": str(site)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("Error: ")
    assert "program.toml" in done.stderr


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"plugins": [{"name": "stamps"}]}', '{"plugins": 3}']
)
def test_what_was_kept_and_cannot_be_read_counts_as_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / "plugins.json").write_text(text)
    assert read_results(tmp_path) == {}


def test_without_a_program_a_stranger_is_not_checked(tmp_path: Path) -> None:
    assert read_results(tmp_path) == {}
    stranger = Plugin(name="stamps", distribution="stamps", kinds=["reward stamp"])
    registry = load_plugins(installed=False)
    assert standing_of(registry, stranger, {}).words == "not checked"
    assert standing_of(registry, Plugin(name="only-commands"), {}).state == "nothing"


def test_the_check_survives_a_plugin_that_hangs_and_the_rest_is_not_said_to_be_well(
    cm: Command, site: Path
) -> None:
    hangs = STAMPS.replace("        yield", "        while True:\n            pass\n        yield")
    (site / "stamps.py").write_text(hangs)
    checked = cm("plugins", "check", "stamps", "--seconds", "0.5")
    assert (checked.returncode, checked.stdout) == (1, "")
    assert checked.stderr == (
        "reward 'stamp' breaks a promise (it answers in moments). 1st time on 5 Jan 2026: it had not answered"
        " after 0.5 seconds, and was cut off; somebody is waiting at the desk.\n"
        "reward 'stamp': mend this first. Then it will be seen whether it keeps the other 14 promises.\n"
    )
