"""Where the laws stand guard: `plugins check`, pytest for plugin authors, and publishing."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cmengine.errors import CMError
from cmengine.examine import examine_plugin
from cmengine.plugins import Registry
from cmengine.program import Program
from cmengine.publish import check_program, publish
from cmengine.trial import try_kind

Make = Callable[..., Program]
PUNISHERS = Path(__file__).parent / "punishers"


def test_a_plugin_that_is_not_there_is_named_with_what_may_have_been_meant(
    registry: Registry,
) -> None:
    with pytest.raises(CMError, match="did you mean 'voucher'"):
        examine_plugin(registry, "vouchr")


@pytest.fixture
def stranger(tmp_path: Path) -> dict[str, str]:
    """A stranger's plugin with a bad goal, installed where Python finds it; gives the environment."""
    site = tmp_path / "site"
    info = site / "harsh-1.0.dist-info"
    info.mkdir(parents=True)
    shutil.copy(PUNISHERS / "reset.py", site / "harsh.py")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: harsh\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[cmengine]\nharsh = harsh\n")
    return {**os.environ, "PYTHONPATH": str(site)}


def run(words: list[str], env: dict[str, str], cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, env=env, cwd=cwd, capture_output=True, text=True, check=False)


def test_plugins_check_tells_the_story_and_its_scenario(
    stranger: dict[str, str], tmp_path: Path
) -> None:
    cmengine = str(Path(sys.executable).with_name("cmengine"))
    done = run([cmengine, "plugins", "check", "harsh", "--json"], stranger, tmp_path)
    assert done.returncode == 1
    report = json.loads(done.stdout)
    assert not report["ok"]
    (kind,) = report["kinds"]
    assert kind["kind"] == "reset"
    assert any(
        "setback" in one["story"] and one["promise"].startswith("NP1") for one in kind["findings"]
    )
    told = run([cmengine, "plugins", "check", "harsh"], stranger, tmp_path)
    assert told.returncode == 1
    assert "[[scenario]]" in told.stderr


def test_pytest_judges_a_plugin_and_fails_with_the_story(
    stranger: dict[str, str], tmp_path: Path
) -> None:
    pytest_command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "--rootdir",
        str(tmp_path),
    ]
    good = run([*pytest_command, "--cmengine-plugin", "voucher"], stranger, tmp_path)
    assert good.returncode == 0, good.stdout
    assert "45 passed" in good.stdout
    bad = run([*pytest_command, "--cmengine-plugin", "harsh"], stranger, tmp_path)
    assert bad.returncode == 1
    assert "the goal 'reset' breaks a promise" in bad.stdout
    assert "NP1, a setback changes nothing" in bad.stdout
    assert "1 failed, 14 passed" in bad.stdout
    unknown = run([*pytest_command, "--cmengine-plugin", "nobody"], stranger, tmp_path)
    assert unknown.returncode != 0
    assert (
        "it cannot be examined: plugin 'nobody': there is no such plugin"
        in unknown.stdout + unknown.stderr
    )
    assert "if it is yours, install it first: pip install -e ." in unknown.stdout + unknown.stderr


STEPS = """
[[rule]]
id = "my-steps"
title = "My steps"
[rule.goal]
kind = "steps"
event = "step"
steps = ["call", "form"]
per_day = 1
[[rule.reward]]
kind = "fixed_voucher"
worth = "3.00"
"""


def test_a_rule_that_punishes_cannot_be_published_and_its_story_is_told(make: Make) -> None:
    """Two steps on one day: the one over the pace would have to be done again, and who knows that?"""
    program = make(kinds='[kind.step]\nlabel = "A step"\ntext = true\n')
    (program.folder / "rules" / "steps.toml").write_text(STEPS)
    with pytest.raises(CMError, match="it punishes") as told:
        publish(program)
    assert "Adding step" in str(told.value)
    assert not program.ledger.current_digests()
    report = check_program(program)
    assert [one.law for one in report.findings]
    (program.folder / "rules" / "steps.toml").write_text(STEPS.replace("per_day = 1\n", ""))
    published, _ = publish(program)
    assert [one.rule for one in published] == ["my-steps"]


def test_a_kind_can_name_the_options_worth_trying(registry: Registry) -> None:
    tried = try_kind(registry, "goal", "came_back")
    assert not tried.findings
    assert not tried.untried
    assert tried.examples > 500
