"""How much, how often and how soon is held against what is known; goals about drugs are told last; rules in words."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from cmengine.magnitudes import SMALL, TOO_SMALL, Plans, Remark, a_month, best_of, judge, remarks
from cmengine.period import Period
from cmengine.plugins import Registry
from cmengine.program import Program
from cmengine.publish import publish
from cmengine.reporting import report
from cmengine.rules import Reader
from cmengine.toml import parse, read_text

Make = Callable[..., Program]
Run = Callable[..., Result]
STARTERS = Path(__file__).parent.parent / "rules"
MONDAY = date(2026, 1, 5)
PLANS = Plans(clients=9, too_small=0, small=0, unknown=0)
SOON = {"awards": 10, "within_day": 5}
OFTEN: dict[str, int | None] = {"median_days": 7}
VISITS = """
[[rule]]
id = "visits"
title = "Coming in"
[rule.goal]
kind = "any_of"
events = ["visit"]
[[rule.reward]]
kind = "fixed_voucher"
worth = "2.50"
"""


def rules_in(path: Path, registry: Registry) -> dict[str, Any]:
    drafts, wrong = Reader(registry, None, path.parent).read_file(
        *parse(read_text(path), str(path))
    )
    assert not wrong
    return {draft.rule.id: draft.rule for draft in drafts}


def test_the_best_of_published_schedules(registry: Registry) -> None:
    """Higgins: $997.50 in 12 weeks; the VA's bowl: 164 draws of $2.218 on average."""
    every = rules_in(STARTERS / "vouchers-higgins" / "vouchers-higgins.toml", registry)
    assert best_of(every["vouchers-each-time"], MONDAY, 1) == 997_50
    bowls = rules_in(STARTERS / "va-prize-bowl" / "va-prize-bowl.toml", registry)
    assert best_of(bowls["va-prize-bowl"], MONDAY, 1) == round(164 * 110900 / 500)


def test_a_rule_without_a_pace_is_met_as_often_as_clients_come(make: Make) -> None:
    program = make(VISITS, '[kind.visit]\nlabel = "Came in"\n')
    (digest,) = program.ledger.current_digests().values()
    rule = program.specimen(program.table(digest), digest)
    assert [best_of(rule, MONDAY, n) for n in (1, 2, 7)] == [12 * 250, 24 * 250, 84 * 250]


def test_what_is_too_small_is_so_by_the_cent() -> None:
    assert a_month(276_92) == 99_99 < SMALL
    assert a_month(276_93) == SMALL
    best = {"a": TOO_SMALL - 1, "b": 1, "c": 276_92, "d": 276_93, "e": None}
    every = [
        (("a",), 1),
        (("a", "b"), 10),
        (("c",), 100),
        (("d",), 1_000),
        (("e", "a"), 10_000),
        (("e", "d"), 100_000),
    ]
    assert judge(every, best) == Plans(clients=111_111, too_small=1, small=110, unknown=10_000)


@pytest.mark.parametrize(
    ("change", "about"),
    [
        ({}, []),
        ({"plans": Plans(clients=9, too_small=1, small=0, unknown=0)}, ["how much"]),
        ({"plans": Plans(clients=9, too_small=0, small=1, unknown=0)}, ["how much"]),
        ({"plans": Plans(clients=9, too_small=1, small=1, unknown=0), "currency": "EUR"}, []),
        ({"soon": {"awards": 10, "within_day": 4, "waiting": 0}}, ["how soon"]),
        ({"soon": {"awards": 0, "within_day": 0, "waiting": 0}}, []),
        ({"often": {"median_days": 8}}, ["how often"]),
        ({"often": {"median_days": None}}, []),
    ],
)
def test_what_is_remarked(change: dict[str, Any], about: list[str]) -> None:
    asked = {"plans": PLANS, "soon": SOON, "often": OFTEN, "currency": "USD", **change}
    found: list[Remark] = remarks(**asked)
    assert [one.about for one in found] == about
    assert all("http" in one.cite for one in found)


def test_goals_of_the_menu_that_have_nothing_to_do_with_drugs_come_first(
    make: Make, run: Run, tmp_path: Path, registry: Registry, clock: Any
) -> None:
    from cmengine.program import open_program

    assert run("init", tmp_path / "menu", "--starter", "menu").exit_code == 0
    program = open_program(tmp_path / "menu", by="ana", clock=clock, registry=registry)
    publish(program)
    goals = report(program, Period(MONDAY, MONDAY))["goals"]
    program.close()
    about = {goal["rule"]: goal["about"] for goal in goals}
    for name, said in (("using-less.toml", "use"), ("safer-use.toml", "safer use")):
        assert {about[rule] for rule in rules_in(STARTERS / "menu" / name, registry)} == {said}
    order = list(dict.fromkeys(goal["about"] for goal in goals))
    assert order[0] == ""
    assert order[-2:] == ["safer use", "use"]


def test_a_rule_that_changed_is_told_in_words(make: Make, clock: Any) -> None:
    program = make(VISITS, '[kind.visit]\nlabel = "Came in"\n')
    file = program.folder / "rules" / "rules.toml"
    file.write_text(VISITS.replace("2.50", "3.00"))
    publish(program)
    file.write_text(VISITS.replace("2.50", "2.00"))
    publish(program)
    today = program.today()
    told = [one["said"] for one in report(program, Period(today, today))["rule_changes"]]
    assert told[0] == ["is new on the menu"]
    assert told[1][1:] == [
        "the 1st to 60th time: voucher 3.00 instead of voucher 2.50",
        "nobody earns less by it; whoever chose before may take it when they like",
    ]
    assert (
        told[2][-1]
        == "new choices alone are under it; whoever chose before keeps the version they chose"
    )
