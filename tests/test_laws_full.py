"""The long search: every starter, every bundled kind and every planted punisher, with more effort.

Not part of the quick suite; run it with `make laws`. Each test says how many examples it looked at.
"""

import importlib.util
from pathlib import Path

import pytest

from cmengine.examine import examine_plugin
from cmengine.kinds import read_kinds
from cmengine.model import Rule
from cmengine.plugins import load_plugins
from cmengine.rules import Reader
from cmengine.search import FULL, search
from cmengine.settings import KINDS
from cmengine.starters import starters
from cmengine.toml import parse, read_text
from cmengine.trial import kinds_of, try_kind

pytestmark = pytest.mark.full
REGISTRY = load_plugins()
LEAST_EXAMPLES = 2_000  # for each of some hundred rules and kinds: well over 200,000 in all


def rules_of(starter: Path) -> dict[str, Rule]:
    kinds, _ = read_kinds(*parse(read_text(starter / KINDS), KINDS))
    found: dict[str, Rule] = {}
    for path in sorted(starter.glob("*.toml")):
        if path.name != KINDS and not path.name.endswith(".scenarios.toml"):
            drafts, mistakes = Reader(REGISTRY, kinds).read_file(*parse(read_text(path), str(path)))
            assert not mistakes
            found.update((draft.rule.id, draft.rule) for draft in drafts)
    return found


@pytest.mark.parametrize("name", sorted(starters()))
def test_no_rule_of_a_starter_punishes_anybody(name: str) -> None:
    folder = starters()[name]
    kinds, _ = read_kinds(*parse(read_text(folder / KINDS), KINDS))
    rules = rules_of(folder)
    examples = 0
    for rule in rules.values():
        beside = getattr(rule.goal, "beside", None)
        found = search([rule, *([rules[beside]] if beside else [])], kinds, effort=FULL)
        assert not found.findings, [one.story for one in found.findings]
        assert found.examples >= LEAST_EXAMPLES
        examples += found.examples
    print(f"{name}: {len(rules)} rules, {examples:,} examples, nobody punished")


@pytest.mark.parametrize("plugin", [one.name for one in REGISTRY.plugins if kinds_of(one)])
def test_no_bundled_kind_punishes_anybody(plugin: str) -> None:
    for part, kind in kinds_of(next(one for one in REGISTRY.plugins if one.name == plugin)):
        tried = try_kind(REGISTRY, part, kind, effort=FULL)
        assert not tried.untried
        assert not tried.findings, [one.story for one in tried.findings]
        assert tried.examples >= LEAST_EXAMPLES
        print(f"{part} {kind}: {tried.examples:,} examples, nobody punished")


def test_a_plugin_can_be_checked_for_long() -> None:
    for tried in examine_plugin(REGISTRY, "thanks", effort=FULL):
        assert not tried.findings
        assert not tried.unchecked
        assert tried.examples >= 10 * LEAST_EXAMPLES


@pytest.mark.parametrize(
    "path", sorted((Path(__file__).parent / "punishers").glob("*.py")), ids=lambda path: path.stem
)
def test_a_planted_punisher_is_found_whatever_the_seed(path: Path) -> None:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    registry = load_plugins(module)
    part = "goal" if hasattr(module, "register_goals") else "reward"
    cls = registry.kinds[part][path.stem]
    tried = try_kind(registry, part, path.stem, effort=FULL)
    assert tried.findings, cls
    assert min(len(one.history) for one in tried.findings) + 1 <= 7
    print(f"{path.stem}: {tried.findings[0].story}")
