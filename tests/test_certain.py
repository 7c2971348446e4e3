"""The average of a draw instead of luck, where a client likes it better; and the odds, printed."""

import json
from collections.abc import Callable
from datetime import date, timedelta
from fractions import Fraction
from math import ceil
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from cmengine_fishbowl import Fishbowl, Slip
from hypothesis import given
from hypothesis import strategies as st

from cmengine.choices import Wish, choose_goals, set_goal
from cmengine.course import gain_of
from cmengine.dice import dice_from
from cmengine.engine import Logbook, add_client, log_event, make_event
from cmengine.errors import CMError
from cmengine.evaluate import awards_of
from cmengine.model import Occurrence, Rule
from cmengine.options import Place
from cmengine.plugins import Registry
from cmengine.program import Program
from cmengine.publish import check_files
from cmengine.recall import explained
from cmengine.rules import Reader
from cmengine.search import search
from cmengine.tariff import Tariff
from cmengine.verify import verify

Run = Callable[..., Result]

RULES = """
[[rule]]
id = "bowl"
title = "I come to the group"
client_sets = ["reward.certain"]
[rule.goal]
kind = "any_of"
events = ["group"]
[[rule.reward]]
kind = "fishbowl"
more_each_time = 1
most_draws = 3
slips = [
  { says = "good job", count = 50 },
  { says = "small", count = 39, worth = "1.00" },
  { says = "bus pass", count = 8, item = "bus pass", worth = "2.55" },
  { says = "large", count = 3, worth = "20.00" },
]
"""
# 39 x 1.00 + 8 x 2.55 + 3 x 20.00 = 119.40, so a draw is worth 1.194, which is 1.20 rounded up.
KINDS = '[kind.group]\nlabel = "Came to the group"\n'


@pytest.fixture
def program(make: Callable[..., Program]) -> Program:
    program = make(RULES, KINDS)
    add_client(program, "c1")
    return program


def group(program: Program, day: int, client: str = "c1") -> list[str]:
    at = program.moment(date(2026, 1, 1) + timedelta(days=day), None)
    event, _ = make_event(program, client=client, kind="group", at=at)
    assert event is not None
    return [
        award.label
        for result in log_event(program, event).results
        if result.outcome.earned
        for _, award in result.outcome.earned.awards
    ]


def read(rules: str, registry: Registry, tmp_path: Path) -> Any:
    path = tmp_path / "bowl.toml"
    path.write_text(rules)
    return check_files([path], registry)


def test_whoever_likes_it_better_takes_the_average_of_each_draw(program: Program) -> None:
    wish = Wish(
        client="c1", rule="bowl", on=date(2026, 1, 1), settings=(("reward.certain", "true"),)
    )
    choose_goals(program, [wish])
    assert [group(program, day) for day in range(4)] == [
        ["certain 1.20"],
        ["certain 2.40"],
        ["certain 3.60"],
        ["certain 3.60"],
    ]
    assert program.ledger.balance("c1").earned == 120 + 240 + 360 + 360
    assert program.ledger.waiting_items("c1") == []
    assert verify(program).ok
    _, _, why = explained(program, "3.1")
    assert (why.arithmetic, why.agrees) == ("3 x 1.20 = 3.60", True)


def test_the_choice_is_the_clients_and_may_change_from_a_day_on(program: Program) -> None:
    choose_goals(program, [Wish(client="c1", rule="bowl", on=date(2026, 1, 1))])
    (first,) = group(program, 0)
    assert first.startswith("slip: ")
    set_goal(program, "c1", "bowl", (("reward.certain", "true"),), date(2026, 1, 3))
    assert group(program, 2) == ["certain 2.40"]
    late = group(program, 1)  # of a day on which it was luck
    assert len(late) == 3 and all(one.startswith("slip: ") for one in late)
    set_goal(program, "c1", "bowl", (("reward.certain", "false"),), date(2026, 1, 5))
    assert len(group(program, 4)) == 3
    assert verify(program).ok
    for row in program.ledger.awards():
        assert explained(program, row.id)[2].agrees


def test_what_was_drawn_is_explained_as_it_was_when_it_was_logged(program: Program) -> None:
    choose_goals(program, [Wish(client="c1", rule="bowl", on=date(2026, 1, 1))])
    group(program, 3)
    set_goal(program, "c1", "bowl", (("reward.certain", "true"),), date(2026, 1, 2))
    assert group(program, 4) == ["certain 2.40"]
    assert [explained(program, row.id)[2].agrees for row in program.ledger.awards()] == [True, True]
    assert verify(program).ok


def test_two_clients_of_one_rule_in_one_import_get_what_each_of_them_chose(
    program: Program,
) -> None:
    add_client(program, "c2")
    wishes = [
        Wish(client="c1", rule="bowl", on=date(2026, 1, 1), settings=(("reward.certain", "true"),)),
        Wish(client="c2", rule="bowl", on=date(2026, 1, 1)),
    ]
    choose_goals(program, wishes)
    with program.ledger.writing():
        book = Logbook(program, Tariff())
        for day in range(6):
            for client in ("c1", "c2"):
                at = program.moment(date(2026, 1, 1) + timedelta(days=day), None)
                event, _ = make_event(program, client=client, kind="group", at=at)
                assert event is not None
                book.log(event, program.now())
        book.close()
    kinds = {row.client: row.label.split()[0] for row in program.ledger.awards()}
    assert kinds == {"c1": "certain", "c2": "slip:"}
    assert verify(program).ok


@given(
    st.lists(
        st.tuples(st.integers(1, 300), st.integers(0, 20_000), st.booleans()),
        min_size=1,
        max_size=6,
    ),
    st.integers(1, 8),
    st.integers(0, 3),
    st.integers(1, 40),
)
def test_the_average_is_rounded_up_to_the_cent_for_each_draw(
    told: list[tuple[int, int, bool]], first: int, more: int, ordinal: int
) -> None:
    slips = tuple(
        Slip(
            says=f"s{n}",
            count=count,
            worth=f"{cents // 100}.{cents % 100:02d}",
            item="a thing" if thing and cents else None,
        )
        for n, (count, cents, thing) in enumerate(told)
    )
    bowl = Fishbowl(slips=slips, first_draws=first, more_each_time=more, certain=True)
    one = Occurrence(
        rule="r", on=date(2026, 1, 1), value=None, ordinal=ordinal, slot=None, reason=""
    )
    (award,) = bowl.awards(one, dice_from(b"x")("e", "r", 0))
    draws = min(100, first + more * (ordinal - 1))
    mean = Fraction(
        sum(count * cents for count, cents, _ in told), sum(count for count, _, _ in told)
    )
    assert award.cents == draws * ceil(mean)
    assert 0 <= award.cents - draws * mean < draws
    assert award.item is None


def test_a_bowl_without_luck_draws_nothing_and_its_cost_is_known(registry: Registry) -> None:
    reward = Fishbowl(slips=(Slip(says="a", count=1, worth="1.00"),), certain=True)
    assert reward.odds(_first()) == (0, ())
    rule = Rule(id="r", title="r", goal=_any(registry), rewards=(reward,))
    assert gain_of(rule, _first()).sure == ((0, 100),)


def _first() -> Occurrence:
    return Occurrence(rule="r", on=date(2026, 1, 1), value=None, ordinal=1, slot=None, reason="")


def _any(registry: Registry) -> Any:
    cls, _, _ = registry.find("goal", "any_of")
    assert cls is not None
    return cls(events=("group",))


def test_the_laws_hold_with_luck_and_without(registry: Registry, tmp_path: Path) -> None:
    report = read(RULES, registry, tmp_path)
    assert report.mistakes == []
    (rule,) = [draft.rule for draft in report.drafts]
    (certain,) = rule.variants
    assert certain.settings == (("reward.certain", "true"),)
    assert certain.digest == rule.digest and certain.rewards != rule.rewards
    for one in (rule, certain):
        assert search([one]).findings == ()


FICKLE = """
from attrs import frozen
from cmengine import Award, hookimpl

@frozen(kw_only=True)
class Fickle:
    kind = "fickle"
    fading: bool = False
    worth: int = 500
    def awards(self, occurrence, dice):
        yield Award(label="v", cents=0 if self.fading and occurrence.on.day > 9 else self.worth)

@hookimpl
def register_rewards():
    return [Fickle]
"""


def test_what_punishes_only_as_a_client_may_set_it_is_found_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import importlib

    from cmengine.plugins import load_plugins

    (tmp_path / "a_fickle_plugin.py").write_text(FICKLE)
    monkeypatch.syspath_prepend(tmp_path)
    registry = load_plugins(importlib.import_module("a_fickle_plugin"))
    rules = (
        '[[rule]]\nid = "r"\ntitle = "r"\nclient_sets = ["reward.fading"]\n'
        '[rule.goal]\nkind = "any_of"\nevents = ["group"]\n[[rule.reward]]\nkind = "fickle"\n'
    )
    report = read(rules, registry, tmp_path)
    assert report.mistakes
    assert all("with reward.fading = true, it punishes" in str(one) for one in report.mistakes)
    assert 'set = { "reward.fading" = true }' in report.findings[0].scenario
    alone = read(rules.replace('client_sets = ["reward.fading"]\n', ""), registry, tmp_path)
    assert alone.mistakes == []
    report = read(rules.replace("reward.fading", "reward.worth"), registry, tmp_path)
    assert "'reward.worth' is not for a client to set; of a reward, only what is true" in str(
        report.mistakes[0]
    )


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (', worth = "2.55"', "", "with reward.certain = true, reward[1]: certain: what the slip 'bus pass' is worth is not known, so there is no average; say what 'bus pass' is worth, with worth"),
        ("reward.certain", "reward.certian", "client_sets: 'reward.certian' is not an option of a reward; did you mean 'reward.certain'?"),
        ("reward.certain", "reward.most_draws", "client_sets: 'reward.most_draws' is not for a client to set; of a reward, only what is true or false is; there is 'reward.certain'"),
        ("reward.certain", "certain", "client_sets: 'certain' is not an option of the goal"),
    ],
)  # fmt: skip
def test_a_slip_of_the_pen_is_said_in_words(
    old: str, new: str, says: str, registry: Registry, tmp_path: Path
) -> None:
    report = read(RULES.replace(old, new), registry, tmp_path)
    (mistake,) = report.mistakes
    assert says in str(mistake)


def test_only_what_the_rule_leaves_to_the_client_can_be_set(program: Program) -> None:
    for key, text, says in (
        ("reward.most_draws", "100", "is not the client's to set"),
        ("reward.certain", "yes", "reward.certain: 'yes' is neither true nor false"),
    ):
        with pytest.raises(CMError, match=says):
            choose_goals(program, [Wish(client="c1", rule="bowl", settings=((key, text),))])


def test_a_scenario_may_say_what_a_client_set(registry: Registry, tmp_path: Path) -> None:
    (tmp_path / "bowl.scenarios.toml").write_text(
        '[[scenario]]\nname = "Without luck"\nrule = "bowl"\nset = { "reward.certain" = true }\n'
        'events = [{ on = 2026-01-05, kind = "group" }]\nearns = [["certain 1.20"]]\n'
    )
    report = read(RULES, registry, tmp_path)
    assert report.mistakes == [] and report.scenarios == 1


def test_a_thing_with_a_worth_is_given_as_the_thing_and_not_as_money(registry: Registry) -> None:
    bowl = Fishbowl(slips=(Slip(says="bus pass", count=1, item="bus pass", worth="2.55"),))
    rule = Rule(id="r", title="r", goal=_any(registry), rewards=(bowl,))
    (award,) = awards_of(rule, 0, _first(), dice_from(b"x")("e", "r", 0))
    assert (award.label, award.cents, award.item) == ("slip: bus pass", 0, "bus pass")


# The odds, printed


def test_the_odds_and_what_a_draw_is_worth_are_printed(program: Program, run: Run) -> None:
    whole = " ".join(run("rules", "show", "bowl", folder=program.folder).stdout.split())
    assert "In the bowl: 100 slips. Each goes back after a draw." in whole
    assert "slips 51 to 89 slip: small 1.00 39 in 100 39%" in whole
    # 39 x 1.00 + 3 x 20.00 = 99.00 in money.
    assert "A draw is worth 0.99 in money on average, and a thing 8 times in 100." in whole
    assert "With reward.certain = true: 1. certain 1.20 2. certain 2.40" in whole
    listed = " ".join(run("rules", "list", folder=program.folder).stdout.split())
    assert "slip: large 20.00 3 in 100. A draw is worth 0.99 in money on average" in listed
    told = json.loads(run("rules", "show", "bowl", "--json", folder=program.folder).stdout)
    (rule,) = told["rules"]
    (bowl,) = rule["bowls"]
    assert bowl["reward"] == 0 and bowl["mean_cents"] == 99 and bowl["count"] == 100
    assert rule["variants"][0]["set"] == {"reward.certain": "true"}
    assert rule["variants"][0]["first_times"][:2] == [["certain 1.20"], ["certain 2.40"]]
    listed = json.loads(run("rules", "list", "--json", folder=program.folder).stdout)
    assert listed["rules"][0]["bowls"] == rule["bowls"]


def test_a_rule_is_built_for_a_choice_without_its_variants(registry: Registry) -> None:
    from cmengine.toml import parse

    tables, _ = parse(RULES, "r.toml")
    rule, mistakes = Reader(registry).read_rule(tables["rule"][0], Place("published"))
    assert rule is not None and not mistakes and rule.variants == ()
