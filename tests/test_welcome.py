"""A welcome for somebody who comes back may never make it pay to stay away."""

from typing import Any

import pytest

from cmengine.model import Rule
from cmengine.options import Place
from cmengine.plugins import load_plugins
from cmengine.rules import Reader
from cmengine.welcome import welcome_problem

READER = Reader(load_plugins())


def rule_of(id: str, goal: dict[str, Any], *rewards: dict[str, Any], **more: Any) -> Rule:
    table = {"id": id, "title": id, "goal": goal, "reward": list(rewards), **more}
    rule, mistakes = READER.read_rule(table, Place("test.toml"))
    assert rule is not None, mistakes
    return rule


VISIT = {"kind": "any_of", "events": ["visit"], "per_day": 1}
BACK = {"kind": "came_back", "events": ["visit"], "after_days": 14, "beside": "drop-in"}


def welcome(worth: str) -> Rule:
    return rule_of("welcome", BACK, {"kind": "fixed_voucher", "worth": worth})


def climbing(start: str) -> dict[str, Any]:
    return {"kind": "escalating_voucher", "start": start, "step": "1.00"}


def test_a_welcome_as_large_as_the_least_visit_is_fine() -> None:
    assert not welcome_problem(welcome("2.50"), rule_of("drop-in", VISIT, climbing("2.50")))


def test_a_welcome_a_cent_larger_than_the_least_visit_is_not() -> None:
    assert "it would pay to stay away" in welcome_problem(
        welcome("2.51"), rule_of("drop-in", VISIT, climbing("2.50"))
    )


@pytest.mark.parametrize(
    ("goal", "reward", "more", "said"),
    [
        (
            VISIT,
            {"kind": "ladder", "phases": [{"times": 3, "worth": "9.00"}]},
            {},
            "pay to stay away",
        ),
        (VISIT, {"kind": "every_nth", "every": 2, "worth": "9.00"}, {}, "pay to stay away"),
        (
            VISIT,
            {
                "kind": "fishbowl",
                "slips": [
                    {"says": "words", "count": 1},
                    {"says": "ten", "count": 1, "worth": "10.00"},
                ],
            },
            {},
            "pay to stay away",
        ),
        ({**VISIT, "per_week": 1}, climbing("9.00"), {}, "counts only some visits of a week"),
        ({"kind": "any_of", "events": ["group"]}, climbing("9.00"), {}, "earns nothing under"),
        (
            {"kind": "any_of", "events": ["visit"], "values": ["long"]},
            climbing("9.00"),
            {},
            "earns nothing under",
        ),
    ],
)
def test_it_must_stand_beside_a_rule_under_which_every_such_visit_earns_as_much(
    goal: dict[str, Any], reward: dict[str, Any], more: dict[str, Any], said: str
) -> None:
    assert said in welcome_problem(welcome("2.50"), rule_of("drop-in", goal, reward, **more))


def test_the_rule_beside_it_runs_on_all_its_days() -> None:
    from datetime import date

    ends = rule_of("drop-in", VISIT, climbing("9.00"), ends=date(2026, 12, 31))
    assert "does not run on all the days" in welcome_problem(welcome("2.50"), ends)
