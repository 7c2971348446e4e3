"""What plugin authors are given: `play`, the checks, and histories for Hypothesis."""

from collections.abc import Collection, Iterable
from datetime import date
from decimal import Decimal
from pathlib import Path
from random import Random
from types import ModuleType
from typing import Any, ClassVar

import pytest
from attrs import field, frozen
from cmengine_count import AnyOf
from cmengine_milestone import Steps
from cmengine_number import AtMost
from cmengine_voucher import EscalatingVoucher, EveryNth, FixedVoucher
from hypothesis import given

from cmengine import (
    Award,
    Event,
    Message,
    Met,
    Occurrence,
    Reward,
    cents,
    dollars,
    hookimpl,
    testing,
)
from cmengine.apart import Limits
from cmengine.errors import CMError
from cmengine.evaluate import MOST_AWARDS
from cmengine.testing import (
    BrokenPromise,
    check_goal,
    check_notifier,
    check_reward,
    histories,
    occurrences,
    play,
)


@frozen(kw_only=True)
class StampCard:
    """A stamp each time; a full card of `stamps` is worth `worth`."""

    kind: ClassVar[str] = "stamp_card"

    stamps: int
    worth: int = field(converter=cents)

    def awards(self, occurrence: Occurrence, dice: Random) -> Iterable[Award]:
        yield Award(label=f"stamp {occurrence.ordinal}")
        if occurrence.ordinal % self.stamps == 0:
            yield Award(label=f"full card {dollars(self.worth)}", cents=self.worth)


CARD = StampCard(stamps=2, worth="8.00")
VISITS = AnyOf(events=("visit",))


@hookimpl
def register_rewards() -> list[type[Reward]]:
    return [StampCard]


def test_a_reward_is_played_alone_and_every_event_counts() -> None:
    assert play(CARD, ["visit", "visit"]).earns == [["stamp 1"], ["stamp 2", "full card 8.00"]]
    assert play(CARD, ["visit", "group", "visit"]).cents == [0, 800, 0]
    assert play(CARD, []).total == 0


def test_a_goal_is_played_alone_and_says_why() -> None:
    drinks = AtMost(event="drinks", target=Decimal(3))
    played = play(drinks, [("drinks", 2), ("drinks", 3.5), "visit", ("drinks", "3")])
    assert played.reasons == ["drinks 2, at most 3", "", "", ""]
    assert played.times == 1
    assert played.earns == [[], [], [], []]


def test_a_goal_is_played_with_its_rewards() -> None:
    rule: list[Any] = [VISITS, FixedVoucher(worth="2.50"), EveryNth(every=2, worth="10.00")]
    played = play(rule, ["visit", "missed_visit", "visit"])
    assert played.earns == [["voucher 2.50"], [], ["voucher 2.50", "bonus 10.00"]]
    assert (played.total, played.times) == (1500, 2)


RULE = """
[[rule]]
id    = "coffee"
title = "I come for coffee"
[rule.goal]
kind    = "any_of"
events  = ["visit"]
per_day = 1
[[rule.reward]]
kind   = "stamp_card"
stamps = 2
worth  = "8.00"
"""


def test_a_rule_is_played_as_its_file_has_it(tmp_path: Path) -> None:
    plugin = ModuleType("cmengine_stamps")
    vars(plugin)["register_rewards"] = register_rewards
    events = [("visit", "2026-02-02"), ("visit", "2026-02-02"), ("visit", date(2026, 2, 3))]
    meant = [["stamp 1"], [], ["stamp 2", "full card 8.00"]]
    assert play(RULE, events, plugins=[plugin]).earns == meant
    file = tmp_path / "coffee.toml"
    file.write_text(RULE)
    assert play(file, events, plugins=[plugin]).earns == meant
    with pytest.raises(CMError, match="no installed plugin offers the reward 'stamp_card'"):
        play(RULE, events)


def test_an_event_is_written_in_any_of_these_ways() -> None:
    noted: list[Event] = []

    @frozen(kw_only=True)
    class Noted:
        kind: ClassVar[str] = "noted"

        def listens(self) -> Collection[str]:
            return ("visit", "drinks", "step")

        def start(self) -> None:
            return None

        def step(self, memory: None, event: Event) -> tuple[None, Met | None]:
            noted.append(event)
            return None, Met(reason=event.kind)

    play(
        Noted(),
        [
            "visit",
            "visit",
            ("visit", "2026-03-01"),
            ("drinks", 3),
            ("drinks", 2.5, "2026-03-09"),
            ("step", "get my ID", date(2026, 3, 10)),
            {"on": date(2026, 3, 11), "kind": "step", "value": "call"},
        ],
    )
    assert [(one.kind, one.value, one.day) for one in noted] == [
        ("visit", None, date(2026, 1, 5)),
        ("visit", None, date(2026, 1, 6)),
        ("visit", None, date(2026, 3, 1)),
        ("drinks", Decimal(3), date(2026, 3, 2)),
        ("drinks", Decimal("2.5"), date(2026, 3, 9)),
        ("step", "get my ID", date(2026, 3, 10)),
        ("step", "call", date(2026, 3, 11)),
    ]
    again = list(noted)
    play(Noted(), again)
    assert noted[len(again) :] == again


def test_events_before_the_choice_earn_nothing() -> None:
    events = [("visit", "2026-01-05"), ("visit", "2026-01-12")]
    assert play([VISITS, CARD], events, first="2026-01-10").earns == [[], ["stamp 1"]]


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (("visit", "2026-01-05", "2026-01-06"), "is not an event; write it like"),
        ((3, "visit"), "is not an event; write it like"),
        (("visit", 1, 2), "is not an event; write it like"),
    ],
)
def test_what_is_no_event_is_said(event: Any, said: str) -> None:
    with pytest.raises(CMError, match=said):
        play(CARD, [event])


def test_what_cannot_be_played_is_said() -> None:
    with pytest.raises(CMError, match="is not a goal, a reward, or one goal with its rewards"):
        play([VISITS, VISITS], ["visit"])
    with pytest.raises(CMError, match="there are 2 rules in it; play one at a time"):
        play(
            "".join(
                f'[[rule]]\nid = "{one}"\ntitle = "t"\n[rule.goal]\nkind = "any_of"\nevents = ["visit"]\n'
                '[[rule.reward]]\nkind = "fixed_voucher"\nworth = "1.00"\n'
                for one in "ab"
            ),
            [],
        )


def test_a_good_reward_keeps_every_promise() -> None:
    check_reward(CARD)


@frozen(kw_only=True)
class MadeUp:
    """Met by a visit, but not by the one after a missed visit."""

    kind: ClassVar[str] = "made_up"

    def listens(self) -> Collection[str]:
        return ("visit", "missed_visit")

    def start(self) -> bool:
        return False

    def step(self, memory: bool, event: Event) -> tuple[bool, Met | None]:
        if event.kind == "missed_visit":
            return True, None
        return False, None if memory else Met(reason=event.kind)


def test_a_goal_that_punishes_is_told_with_its_scenario() -> None:
    with pytest.raises(BrokenPromise) as told:
        check_goal(MadeUp())
    assert "the goal 'made_up':" in str(told.value)
    assert "it breaks a promise (NP1, a setback changes nothing). Somebody has: visit" in str(
        told.value
    )
    assert "[[scenario]]" in str(told.value)


def test_a_class_that_cannot_be_made_says_what_to_do() -> None:
    with pytest.raises(BrokenPromise, match="Name options to try it with in a class variable"):
        check_goal(Hopeless)


def _never(text: str) -> str:
    raise KeyError(text)


@frozen(kw_only=True)
class Hopeless:
    """Wants something that nobody could guess."""

    kind: ClassVar[str] = "hopeless"

    event: str = field(converter=_never)

    def listens(self) -> Collection[str]:
        return (self.event,)

    def start(self) -> None:
        return None

    def step(self, memory: None, event: Event) -> tuple[None, Met | None]:
        return None, None


@frozen(kw_only=True)
class Pinned:
    """Pins each message to the board `where`; with `once`, only the first of an id; or it loses them."""

    kind: ClassVar[str] = "pinned"

    where: Path
    signs: bool = True
    loses: bool = False

    def send(self, message: Message) -> None:
        if not self.loses:
            pin = self.where / f"{len(list(self.where.iterdir()))}.txt"
            pin.write_text(f"{message.id if self.signs else ''}\n{message.text}", encoding="utf-8")


def pinned(where: Path) -> list[str]:
    return [one.read_text(encoding="utf-8") for one in where.iterdir()]


def test_a_notifier_that_brings_what_it_is_given_keeps_its_promises(tmp_path: Path) -> None:
    check_notifier(Pinned(where=tmp_path), arrived=lambda: pinned(tmp_path))
    assert len(pinned(tmp_path)) == 3


def test_a_message_that_is_lost_is_noticed(tmp_path: Path) -> None:
    with pytest.raises(BrokenPromise, match="raised nothing, and the words have not arrived"):
        check_notifier(Pinned(where=tmp_path, loses=True), arrived=lambda: pinned(tmp_path))


def test_a_message_that_comes_twice_and_does_not_say_so_is_noticed(tmp_path: Path) -> None:
    with pytest.raises(BrokenPromise, match="it arrived twice, and nothing in it says that"):
        check_notifier(Pinned(where=tmp_path, signs=False), arrived=lambda: pinned(tmp_path))


def test_a_notifier_that_hangs_is_cut_off() -> None:
    from importlib.util import module_from_spec, spec_from_file_location
    from sys import modules

    path = Path(__file__).parent / "bad_plugins" / "engaged.py"
    spec = spec_from_file_location("engaged", path)
    assert spec is not None and spec.loader is not None
    module = modules["engaged"] = module_from_spec(spec)
    spec.loader.exec_module(module)
    with pytest.raises(
        BrokenPromise, match=r"had not answered after 0\.5 seconds, and was cut off"
    ):
        check_notifier(module.Engaged(), limits=Limits(seconds=0.5))


LADDER = EscalatingVoucher(start="2.50", step="1.25", cap="10.00")
STEPS = Steps(event="step", steps=("call", "form"))


@given(histories(STEPS))
def test_histories_are_of_the_kinds_and_values_of_the_goal(events: list[Event]) -> None:
    assert {event.kind for event in events} <= {"step"}
    assert play(STEPS, events).times <= 2


@given(occurrences())
def test_occurrences_are_what_a_reward_is_asked_about(occurrence: Occurrence) -> None:
    awards = list(LADDER.awards(occurrence, Random(1)))
    assert len(awards) <= MOST_AWARDS
    assert all(award.cents <= 1000 for award in awards)


def test_the_public_names_are_there() -> None:
    assert testing.__all__ == sorted(testing.__all__)
    assert [name for name in testing.__all__ if not hasattr(testing, name)] == []
