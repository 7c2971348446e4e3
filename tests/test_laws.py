"""The laws find whoever punishes, tell it as a short story, and leave alone what does not."""

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from cmengine.histories import FIRST
from cmengine.kinds import Kind
from cmengine.laws import LAWS
from cmengine.model import Rule
from cmengine.options import Place
from cmengine.plugins import Registry, load_plugins
from cmengine.rules import Draft, Reader
from cmengine.scenarios import play_scenario, read_scenarios
from cmengine.search import Finding, search
from cmengine.toml import parse

PUNISHERS = sorted((Path(__file__).parent / "punishers").glob("*.py"))
KINDS = {
    "visit": Kind(label="Came in"),
    "setback": Kind(label="A setback"),
    "reading": Kind(label="A reading", unit="units"),
}
PACE: dict[str, dict[str, Any]] = {"pays_by_amount": {"per_day": 1}}


def loaded(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def read(table: dict[str, Any], registry: Registry) -> Rule:
    rule, mistakes = Reader(registry).read_rule(table, Place("test.toml"))
    assert rule is not None, mistakes
    return rule


def rule_with(path: Path) -> Rule:
    """A rule with this one bad part, and everything else as it should be."""
    module = loaded(path)
    registry = load_plugins(module)
    goal: dict[str, Any] = {"kind": "any_of", "events": ["visit"]}
    reward: dict[str, Any] = {"kind": "fixed_voucher", "worth": "5.00"}
    if hasattr(module, "register_goals"):
        goal = {"kind": path.stem}
    else:
        reward = {"kind": path.stem}
        if path.stem in PACE:
            goal = {"kind": "any_of", "events": ["reading"], **PACE[path.stem]}
    return read({"id": "bad", "title": "Bad", "goal": goal, "reward": [reward]}, registry)


def found(path: Path) -> tuple[Finding, ...]:
    return search([rule_with(path)], KINDS).findings


def test_there_are_at_least_fourteen_planted_punishers() -> None:
    assert len(PUNISHERS) >= 14


@pytest.mark.parametrize("path", PUNISHERS, ids=lambda path: path.stem)
def test_a_planted_punisher_is_found_with_a_short_story(path: Path) -> None:
    findings = found(path)
    assert findings, path.stem
    for finding in findings:
        assert finding.law in LAWS
        assert finding.promise
        assert len(finding.history) + 1 <= 7
        assert finding.story.endswith(".")
    print(path.stem, [(f.law, f.story) for f in findings])


@pytest.mark.parametrize("path", PUNISHERS[:6], ids=lambda path: path.stem)
def test_the_same_seed_finds_the_same_story(path: Path) -> None:
    assert [f.story for f in found(path)] == [f.story for f in found(path)]


def test_a_finding_brings_a_scenario_that_can_be_pasted_and_played() -> None:
    path = next(path for path in PUNISHERS if path.stem == "reset")
    registry = load_plugins(loaded(path))
    reward = {"kind": "fixed_voucher", "worth": "5.00"}
    table = {"id": "bad", "title": "Bad", "goal": {"kind": "reset"}, "reward": [reward]}
    draft = Draft(read(table, registry), table, Place("bad.toml"))
    text = next(one.scenario for one in search([draft.rule], KINDS).findings if one.law == "R1")
    scenarios, wrong = read_scenarios(*parse(text, "pasted.scenarios.toml"))
    assert not wrong
    ((scenario, _),) = scenarios
    assert (scenario.rule, scenario.first) == ("bad", FIRST)
    earned, differs = play_scenario(scenario, draft, Reader(registry))
    assert not differs
    assert any(earned)


ORDINARY = {
    "id": "drop-in",
    "title": "Coming in",
    "goal": {"kind": "any_of", "events": ["visit"], "per_day": 1},
    "reward": [{"kind": "escalating_voucher", "start": "2.50", "step": "1.25"}],
}


def test_a_welcome_and_its_rule_are_judged_as_one(registry: Registry) -> None:
    """Built by hand: the rules' own check would have refused it before."""

    def welcome(worth: str) -> Rule:
        goal = {"kind": "came_back", "events": ["visit"], "after_days": 14, "beside": "drop-in"}
        return read(
            {
                "id": "w",
                "title": "W",
                "goal": goal,
                "reward": [{"kind": "fixed_voucher", "worth": worth}],
            },
            registry,
        )

    ordinary = read(ORDINARY, registry)
    assert not search([welcome("2.50"), ordinary], KINDS).findings
    too_large = search([welcome("9.00"), ordinary], KINDS).findings
    assert [f.law for f in too_large if f.promise.startswith("NP2")]
