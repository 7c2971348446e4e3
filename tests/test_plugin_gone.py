"""A plugin is uninstalled: what it gave is still shown, explained and checked."""

import json
from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import datetime, time, timedelta
from pathlib import Path
from random import Random
from types import ModuleType
from typing import Any, ClassVar

import pytest
from attrs import frozen
from click.testing import Result

from cmengine import Award, Event, Goal, Met, Occurrence, Reward, hookimpl
from cmengine.choices import Wish, choose_goals, set_aside
from cmengine.consents import MESSAGES, give
from cmengine.corrections import correct_event
from cmengine.engine import add_client, log_event, make_event
from cmengine.overview import overview
from cmengine.plugins import Registry, load_plugins
from cmengine.program import Program, open_program
from cmengine.publish import publish
from cmengine.reasons import on_the_menu, reasons
from cmengine.recall import explained, worked_from
from cmengine.sending import send_waiting
from cmengine.starters import make_program
from cmengine.verify import verify

Run = Callable[..., Result]
KINDS = '[kind.visit]\nlabel = "Came in"\n[kind.meal]\nlabel = "Ate with us"\n'
RULES = """\
[[rule]]
id    = "card"
title = "I collect stamps"
[rule.goal]
kind  = "every_one"
event = "visit"
[[rule.reward]]
kind = "stamped"

[[rule]]
id    = "meal"
title = "I eat with the others"
[rule.goal]
kind   = "any_of"
events = ["visit", "meal"]
[[rule.reward]]
kind  = "fixed_voucher"
worth = "2.00"
"""


@frozen(kw_only=True)
class EveryOne:
    """Counts in its memory, so that there is one."""

    kind: ClassVar[str] = "every_one"

    event: str

    def listens(self) -> Collection[str]:
        return (self.event,)

    def start(self) -> int:
        return 0

    def step(self, memory: int, event: Event) -> tuple[int, Met | None]:
        return memory + 1, Met(reason=event.kind)


@frozen(kw_only=True)
class Stamped:
    """Worth 1.50 each time."""

    kind: ClassVar[str] = "stamped"

    def awards(self, occurrence: Occurrence, dice: Random) -> Iterable[Award]:
        yield Award(label=f"stamp {occurrence.ordinal}", cents=150)


@hookimpl
def register_goals() -> list[type[Goal[Any]]]:
    return [EveryOne]


@hookimpl
def register_rewards() -> list[type[Reward]]:
    return [Stamped]


@pytest.fixture
def with_plugin() -> Registry:
    stamps = ModuleType("cmengine_stamps")
    vars(stamps).update(register_goals=register_goals, register_rewards=register_rewards)
    return load_plugins(stamps)


@pytest.fixture
def folder(tmp_path: Path, with_plugin: Registry) -> Path:
    """A program in which a client has four stamps and five meals, one visit by mistake."""
    folder = tmp_path / "p"
    make_program(folder, zone="UTC", by="ana")
    (folder / "kinds.toml").write_text(KINDS)
    (folder / "rules" / "rules.toml").write_text(RULES)
    program = open_program(folder, by="ana", registry=with_plugin)
    publish(program)
    add_client(program, "c1")
    choose_goals(program, [Wish(client="c1", rule=rule, words="w") for rule in ("card", "meal")])
    for kind, id in (("visit", "1"), ("visit", "2"), ("meal", "3"), ("visit", "4")):
        event, _ = make_event(program, client="c1", kind=kind, id=id)
        assert event is not None
        log_event(program, event)
    correct_event(program, "2", "it was another day")
    event, _ = make_event(program, client="c1", kind="visit", id="5")
    assert event is not None
    log_event(program, event)
    assert verify(program).problems == []
    program.close()
    return folder


@pytest.fixture
def after(folder: Path, registry: Registry) -> Iterator[Program]:
    """The same program, opened where the plugin is not installed any more."""
    program = open_program(folder, by="ana", registry=registry)
    yield program
    program.close()


NEEDS = (
    "no installed plugin offers the goal 'every_one'; "
    "no installed plugin offers the reward 'stamped'"
)


def test_all_that_was_earned_is_still_there(after: Program) -> None:
    awards = after.ledger.awards("rule = ?", "card")
    assert [one.label for one in awards] == ["stamp 1", "stamp 2", "stamp 3", "stamp 3"]
    assert after.ledger.balance("c1").earned == 4 * 150 + 5 * 200


def test_what_the_client_chose_is_shown_with_its_count(after: Program) -> None:
    card, meal = overview(after, "c1").goals
    assert (card.title, card.times, card.cents) == ("I collect stamps", 3, 600)
    assert (card.coming, card.absent) == ([], NEEDS)
    assert (meal.coming, meal.absent) == (["voucher 2.00"], "")


def test_an_award_is_explained_from_what_was_kept(after: Program) -> None:
    for award in after.ledger.awards("rule = ?", "card"):
        row, rule, why = explained(after, award.id)
        assert (rule, why.title, why.absent) == (None, "I collect stamps", NEEDS)
        assert why.arithmetic == f"{row.label}: 1.50"
        assert worked_from(after, row, rule)["reward"] == "{'kind': 'stamped'}"
    (first, *_) = after.ledger.awards("rule = ?", "meal")
    assert explained(after, first.id)[2].absent == ""


def test_an_event_says_which_goal_cannot_be_asked(after: Program) -> None:
    stored = after.ledger.find_event("3")
    assert stored is not None
    assert reasons(after, stored.event) == {
        "I collect stamps": f"cannot be asked just now ({NEEDS})"
    }
    assert on_the_menu(after, stored.event) == []


def test_its_messages_still_go_out(after: Program) -> None:
    give(after, "c1", MESSAGES, "outbox")
    noon = datetime.combine(after.today() + timedelta(days=1), time(12), after.settings.zone)
    after.clock = lambda: noon  # nobody is written to at night
    (sent,) = send_waiting(after)
    assert (sent.messages, sent.problem) == (9, "")


def test_each_goal_can_be_put_away(after: Program) -> None:
    assert [one.rule for one in set_aside(after, "c1", "meal")] == ["meal"]
    assert [one.rule for one in set_aside(after, "c1", "card")] == ["card"]
    assert [one.rule for one in overview(after, "c1").put_away] == ["card", "meal"]
    assert verify(after).problems == []


def test_verify_checks_all_it_can_and_notes_the_rest(after: Program) -> None:
    verdict = verify(after)
    assert verdict.problems == []
    assert verdict.notes == {"card": NEEDS}
    assert (verdict.events, verdict.awards) == (5, 9)


def test_the_commands_say_it_in_words(folder: Path, run: Run) -> None:
    checked = run("verify", folder=folder)
    assert checked.exit_code == 0
    assert checked.stdout.startswith("All that could be replayed is as the log says: 1 client")
    assert checked.stderr == (
        f"Note: rule 'card': not replayed, because {NEEDS}; its days, counts and sums were checked, and"
        " what was earned stands\n"
    )
    assert json.loads(run("verify", "--json", folder=folder).stdout)["ok"] is True
    shown = run("client", "show", "c1", folder=folder).stdout
    assert "3 times so far" in shown
    assert f"What comes next cannot be told just now: {NEEDS}" in shown
    award = json.loads(run("awards", "--json", folder=folder).stdout)["awards"][0]["id"]
    why = run("explain", award, "--technical", folder=folder)
    assert why.exit_code == 0
    assert "Sum      stamp 1: 1.50 USD" in why.stdout
    assert "It cannot be worked out again just now" in why.stdout
    assert run("awards", "--client", "c1", folder=folder).exit_code == 0


@pytest.mark.parametrize(
    ("table", "harm", "said"),
    [
        (
            "awards",
            "update awards set cents = cents + 1 where occurrence = 1",
            "its count or its sum",
        ),
        ("occurrences", "update occurrences set ordinal = 7 where seq = 1", "told to be time 7"),
        (
            "occurrences",
            "update occurrences set on_day = '2020-01-01' where seq = 1",
            "does not fit",
        ),
        ("memories", "update memories set times = 9 where rule = 'card'", "its count or its sum"),
        ("memories", "update memories set memory = '{' where rule = 'card'", "cannot be read"),
        ("released", "delete from released", "its count or its sum"),
    ],
)
def test_what_was_tampered_with_is_found_all_the_same(
    table: str, harm: str, said: str, folder: Path, registry: Registry
) -> None:
    from cmengine.sqlite import sqlite3

    db = sqlite3.connect(folder / "program.db")
    triggers = db.execute(
        "select name from sqlite_master where type = 'trigger' and tbl_name = ?", (table,)
    ).fetchall()
    for (name,) in triggers:
        db.execute(f"drop trigger {name}")
    db.execute(harm)
    db.commit()
    db.close()
    program = open_program(folder, by="ana", registry=registry)
    problems = verify(program).problems
    program.close()
    assert any("rule 'card'" in one and said in one for one in problems), problems


def test_a_plugin_that_is_there_and_does_not_load_is_named(
    folder: Path, registry: Registry
) -> None:
    torn = load_plugins(ModuleType("cmengine_torn"))
    torn.plugins[-1].error = "ModuleNotFoundError: No module named 'paper'"
    program = open_program(folder, by="ana", registry=torn)
    assert verify(program).notes == {"card": f"{NEEDS}; plugin 'cmengine_torn' did not load"}
    program.close()


def test_when_it_is_installed_again_all_is_replayed_again(
    folder: Path, with_plugin: Registry
) -> None:
    program = open_program(folder, by="ana", registry=with_plugin)
    verdict = verify(program)
    program.close()
    assert (verdict.problems, verdict.notes) == ([], {})
