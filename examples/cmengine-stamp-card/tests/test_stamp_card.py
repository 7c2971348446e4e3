"""What it gives, to the cent. That it punishes nobody is tried as well: see pyproject.toml."""

from datetime import UTC, datetime
from pathlib import Path
from random import Random

import click
import pytest
from click.testing import CliRunner
from cmengine_stamp_card import SomethingNew, StampCard, register_commands

from cmengine import Award, Event, Met, Occurrence

RULES = Path(__file__).parent.parent / "rules"


def tried(what: str | None) -> Event:
    at = datetime(2026, 1, 5, 12, tzinfo=UTC)
    return Event(id=f"{what}", client="c001", kind="group_tried", at=at, day=at.date(), value=what)


def stamp(ordinal: int, card: StampCard) -> list[Award]:
    day = datetime(2026, 1, 5, tzinfo=UTC).date()
    one = Occurrence(rule="r", on=day, value=None, ordinal=ordinal, slot=None, reason="art")
    return list(card.awards(one, Random(0)))


def test_a_thing_is_new_once() -> None:
    goal = SomethingNew(event="group_tried")
    memory, met = goal.step(goal.start(), tried("Art"))
    assert met == Met(reason="Art, for the first time")
    for again in ("Art", "art", "  ART "):
        assert goal.step(memory, tried(again)) == (memory, None)
    assert goal.step(memory, tried("cooking"))[1] == Met(reason="cooking, for the first time")


def test_without_words_there_is_nothing_new_and_nothing_changes() -> None:
    goal = SomethingNew(event="group_tried")
    assert goal.step(frozenset({"art"}), tried(None)) == (frozenset({"art"}), None)


def test_a_full_card_is_worth_something_and_then_a_new_one_begins() -> None:
    card = StampCard(stamps=2, worth="8.00")
    assert [stamp(n, card) for n in (1, 2, 3, 4)] == [
        [Award(label="stamp 1 of 2")],
        [Award(label="full card 8.00", cents=800)],
        [Award(label="stamp 1 of 2")],
        [Award(label="full card 8.00", cents=800)],
    ]


def test_a_card_without_stamps_is_none() -> None:
    with pytest.raises(ValueError, match="stamps"):
        StampCard(stamps=0, worth="8.00")


def test_the_command_prints_a_card() -> None:
    cli = click.Group("cmengine")
    register_commands(cli)
    done = CliRunner().invoke(cli, ["stamp-card", "6", "--full", "2"])
    assert done.output == "[x] [x] [ ] [ ] [ ]\n[ ]\n"


def test_its_rule_and_scenarios_are_as_they_should_be(tmp_path: Path) -> None:
    from cmengine.cli import cli

    program = tmp_path / "program"
    made = CliRunner().invoke(cli, ["init", str(program)])
    assert made.exit_code == 0, made.output
    with (program / "kinds.toml").open("a") as kinds:
        kinds.write((RULES / "kinds.toml").read_text())
    for name in ("stamp-card.toml", "stamp-card.scenarios.toml"):
        (program / "rules" / name).write_text((RULES / name).read_text())
    checked = CliRunner().invoke(cli, ["-p", str(program), "rules", "check"])
    assert checked.exit_code == 0, checked.output
