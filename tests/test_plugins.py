"""Plugins that are off: named, and the others go on working."""

import os
import subprocess
import sys
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from types import ModuleType
from typing import Any, ClassVar

import click
import pytest
from attrs import frozen

from cmengine import Award, Event, Goal, Message, Met, Notifier, Occurrence, Reward, hookimpl
from cmengine.choices import Wish, choose_goals
from cmengine.consents import give
from cmengine.engine import add_client, log_event, make_event
from cmengine.errors import CMError, Fault
from cmengine.evaluate import play
from cmengine.holds import all_held
from cmengine.model import Rule
from cmengine.plugins import Registry, load_plugins
from cmengine.program import Program, open_program
from cmengine.publish import publish
from cmengine.retry import retry
from cmengine.sending import send_waiting
from cmengine.starters import make_program
from cmengine.verify import verify

RULE = """\
[[rule]]
id    = "drop-in"
title = "Coming in"
[rule.goal]
kind   = "{goal}"
events = ["visit"]
[[rule.reward]]
kind = "{reward}"
"""


def module(**names: object) -> ModuleType:
    """Make a plugin module of these names."""
    made = ModuleType("cmengine_stranger")
    vars(made).update(names)
    return made


def errors(registry: Registry) -> dict[str, str]:
    return {plugin.name: plugin.error for plugin in registry.plugins if plugin.error}


@frozen(kw_only=True)
class Stamp:
    """A stamp on a card."""

    kind: ClassVar[str] = "stamp"

    def awards(self, occurrence: Occurrence, dice: Random) -> Iterable[Award]:
        yield Award(label="a stamp")


@hookimpl
def register_rewards() -> list[type[Reward]]:
    return [Stamp]


def test_a_plugin_offers_its_kind_beside_the_others() -> None:
    registry = load_plugins(module(register_rewards=register_rewards))
    assert errors(registry) == {}
    assert registry.find("reward", "stamp") == (Stamp, "", "")
    assert registry.plugins[-1].kinds == ["reward stamp"]
    assert registry.find("reward", "fixed_voucher")[0] is not None


def test_a_misspelt_hook_is_named_with_the_right_one() -> None:
    @hookimpl
    def register_reward() -> list[type[Reward]]:
        return [Stamp]

    registry = load_plugins(module(register_reward=register_reward))
    assert errors(registry) == {
        "cmengine_stranger": "'register_reward' is not a hook; did you mean 'register_rewards'?"
    }
    assert registry.find("reward", "fixed_voucher")[0] is not None


def test_a_hook_that_asks_for_something_is_not_loaded() -> None:
    @hookimpl(specname="register_rewards")
    def greedy(app: object) -> list[type[Reward]]:
        return [Stamp]

    registry = load_plugins(module(greedy=greedy))
    assert "'greedy'" in errors(registry)["cmengine_stranger"]
    assert registry.find("reward", "fixed_voucher")[0] is not None


def test_a_wrapper_is_not_allowed() -> None:
    @hookimpl(wrapper=True, specname="register_rewards")
    def all_mine() -> Iterator[None]:
        yield

    registry = load_plugins(module(all_mine=all_mine))
    assert errors(registry) == {
        "cmengine_stranger": "all_mine is a wrapper, which is not allowed here"
    }
    assert registry.find("reward", "fixed_voucher")[0] is not None


@pytest.mark.parametrize("raised", [ValueError("no"), SystemExit("no")])
def test_a_hook_that_raises_is_remembered(raised: BaseException) -> None:
    @hookimpl(specname="register_goals")
    def broken() -> list[type[Goal[Any]]]:
        raise raised

    registry = load_plugins(module(broken=broken))
    assert errors(registry) == {
        "cmengine_stranger": f"register_goals raised {type(raised).__name__}: no"
    }
    assert registry.find("goal", "any_of")[0] is not None
    _, what, todo = registry.find("goal", "stamps")
    assert what == "no installed plugin offers the goal 'stamps'"
    assert "plugin 'cmengine_stranger' did not load (register_goals raised" in todo


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (None, "register_rewards raised TypeError: 'NoneType' object is not iterable"),
        ([3], "register_rewards: 3 is not an attrs class with awards"),
        ([dict], "register_rewards: <class 'dict'> is not an attrs class with awards"),
        (
            [frozen(kw_only=True)(type("Nameless", (), {"awards": Stamp.awards}))],
            'register_rewards: Nameless has no kind = "..." by which a rule can name it',
        ),
    ],
)
def test_what_is_no_reward_is_not_taken_for_one(given: Any, said: str) -> None:
    @hookimpl(specname="register_rewards")
    def odd() -> Any:
        return given

    registry = load_plugins(module(odd=odd))
    assert errors(registry) == {"cmengine_stranger": said}
    assert registry.find("reward", "fixed_voucher")[0] is not None


def test_two_plugins_with_one_kind_are_both_named() -> None:
    class First:
        register_rewards = staticmethod(register_rewards)

    class Second:
        register_rewards = staticmethod(register_rewards)

    registry = load_plugins(First, Second)
    both = "plugins 'First' and 'Second' both offer the reward 'stamp'"
    assert errors(registry) == {"First": both, "Second": both}
    assert registry.find("reward", "stamp") == (None, both, "remove one of the two")


def test_a_kind_offered_twice_by_one_plugin_is_an_error() -> None:
    @hookimpl(specname="register_rewards")
    def twice() -> list[type[Reward]]:
        return [Stamp, Stamp]

    registry = load_plugins(module(twice=twice))
    assert errors(registry) == {
        "cmengine_stranger": "plugin 'cmengine_stranger' offers the reward 'stamp' twice"
    }
    assert registry.find("reward", "stamp")[0] is None


def test_a_command_that_cannot_be_added_is_remembered() -> None:
    @hookimpl(specname="register_commands")
    def commands(cli: click.Group) -> None:
        raise RuntimeError("no")

    registry = load_plugins(module(commands=commands))
    registry.add_commands(click.Group())
    assert errors(registry) == {"cmengine_stranger": "register_commands raised RuntimeError: no"}


def test_without_any_plugin_the_engine_works_and_says_what_is_missing(tmp_path: Path) -> None:
    make_program(tmp_path / "p", starter="drop-in", zone="UTC", by="ana")
    program = open_program(tmp_path / "p", by="ana", registry=load_plugins(installed=False))
    add_client(program, "c1")
    event, wrong = make_event(program, client="c1", kind="visit")
    assert event is not None
    assert wrong == []
    assert not log_event(program, event).results
    with pytest.raises(CMError) as raised:
        publish(program)
    assert "no installed plugin offers the goal 'any_of'" in str(raised.value)
    assert "no installed plugin offers the reward 'fixed_voucher'" in str(raised.value)
    assert verify(program).ok
    program.close()


# What a plugin can do wrong while an event is logged. Each answers well until `wrong` is set, as a
# plugin may that was fine when the rule was published.


@frozen(kw_only=True)
class Odd:
    """Gives whatever the test makes it give."""

    kind: ClassVar[str] = "odd"
    gives: ClassVar[Callable[[], Any]] = lambda: [Award(label="one")]

    def awards(self, occurrence: Occurrence, dice: Random) -> Iterable[Award]:
        answer: Iterable[Award] = type(self).gives()
        return answer


@frozen(kw_only=True)
class OddGoal:
    """Answers whatever the test makes it answer."""

    kind: ClassVar[str] = "odd_goal"
    answers: ClassVar[Callable[[], Any]] = lambda: (None, Met(reason="visit"))

    events: tuple[str, ...]

    def listens(self) -> Collection[str]:
        return self.events

    def start(self) -> None:
        return None

    def step(self, memory: None, event: Event) -> tuple[None, Met | None]:
        answer: tuple[None, Met | None] = type(self).answers()
        return answer


@frozen(kw_only=True)
class Deaf:
    """Cannot send anything."""

    kind: ClassVar[str] = "deaf"

    def send(self, message: Message) -> None:
        raise SystemExit("the line is down")


class Odds:
    """The plugin of all three."""

    @staticmethod
    @hookimpl(specname="register_rewards")
    def rewards() -> list[type[Reward]]:
        return [Odd]

    @staticmethod
    @hookimpl(specname="register_goals")
    def goals() -> list[type[Goal[Any]]]:
        return [OddGoal]

    @staticmethod
    @hookimpl(specname="register_notifiers")
    def notifiers() -> list[type[Notifier]]:
        return [Deaf]


@pytest.fixture
def odd(tmp_path: Path) -> Iterator[Program]:
    """A program whose client c1 chose a rule of an odd plugin, and c2 an ordinary one."""
    folder = tmp_path / "odd"
    make_program(folder, zone="UTC", by="ana")
    (folder / "rules" / "odd.toml").write_text(
        RULE.format(goal="odd_goal", reward="odd")
        + '[[rule.notify]]\nkind = "deaf"\n\n'
        + RULE.format(goal="any_of", reward="fixed_voucher").replace("drop-in", "ordinary")
        + 'worth = "2.50"\n'
    )
    program = open_program(folder, by="ana", registry=load_plugins(Odds))
    publish(program)
    for client, rule in (("c1", "drop-in"), ("c2", "ordinary")):
        add_client(program, client)
        choose_goals(program, [Wish(client=client, rule=rule, words="w")])
    yield program
    program.close()


def log(program: Program, client: str) -> list[str]:
    """Log a visit; give what it earned."""
    event, wrong = make_event(program, client=client, kind="visit")
    assert event is not None, wrong
    log_event(program, event)
    return [award.label for award in program.ledger.awards("event = ?", event.id)]


@contextmanager
def again(program: Program) -> Iterator[Program]:
    """Open a program once more, with the plugins as they are now."""
    opened = open_program(program.folder, by="ana", registry=program.registry)
    try:
        yield opened
    finally:
        opened.close()


def held_in(program: Program) -> list[tuple[str, str, str]]:
    return [(one.client, one.rule, one.problem) for one in all_held(program.ledger)]


UNKEPT = (
    "what cannot be kept: a goal cannot remember a {}; use numbers, text, dates, tuples, frozensets"
)


def raising(error: BaseException) -> Callable[[], Any]:
    def give() -> Any:
        raise error

    return give


def endless() -> Iterator[Award]:
    while True:
        yield Award(label="more", cents=1)


def below_zero() -> list[Award]:
    taken = Award(label="a fine", cents=1)
    object.__setattr__(taken, "cents", -1)  # what a plugin would have to do to get past the type
    return [taken]


@pytest.mark.parametrize(
    ("gives", "said"),
    [
        (raising(RuntimeError("out of paper")), "raised RuntimeError: out of paper"),
        (raising(SystemExit(3)), "raised SystemExit: 3"),
        (
            lambda: [Award(label="a fine", cents=-1)],
            "raised ValueError: an award cannot be below zero (-1 cents)",
        ),
        (
            lambda: [Award(label="half", cents=0.5)],  # type: ignore[arg-type]
            "raised TypeError: an award's cents are whole cents, not 0.5",
        ),
        (below_zero, "gave an award of -1 cents"),
        (lambda: [Award(label="a house", cents=10**30)], f"gave an award of {10**30} cents"),
        (lambda: ["2.50"], "gave '2.50', which is not an Award"),
        (lambda: [None], "gave None, which is not an Award"),
        (lambda: None, "gave None instead of awards"),
        (lambda: [Award(label=3)], "gave an award whose label or item is not text"),  # type: ignore[arg-type]
        (endless, "gave more than 1000 awards for one occurrence"),
    ],
    ids=[
        "raises",
        "leaves the program",
        "below zero",
        "half a cent",
        "below zero by force",
        "too large",
        "text",
        "None in a list",
        "None",
        "a label that is no text",
        "endless",
    ],
)
def test_a_reward_that_goes_wrong_is_held_and_named(
    odd: Program, monkeypatch: pytest.MonkeyPatch, gives: Callable[[], Any], said: str
) -> None:
    assert log(odd, "c1") == ["one"]
    monkeypatch.setattr(Odd, "gives", gives)
    with again(odd) as wrong:
        assert log(wrong, "c1") == []
        assert held_in(wrong) == [("c1", "drop-in", f"plugin '{Odd.__module__}': 'odd' {said}")]
        assert log(wrong, "c2") == ["voucher 2.50"]
        assert verify(wrong).problems == []
    monkeypatch.undo()
    with again(odd) as mended:
        assert log(mended, "c1") == []
        (one,) = retry(mended)
        assert [
            len(result.outcome.earned.awards) for result in one.earned if result.outcome.earned
        ] == [1, 1]
        assert len(mended.ledger.awards("client = ?", "c1")) == 3
        assert log(mended, "c1") == ["one"]
        assert verify(mended).ok


@pytest.mark.parametrize(
    ("gives", "said"),
    [
        (raising(RuntimeError("out of paper")), "raised RuntimeError: out of paper"),
        (raising(GeneratorExit()), "raised GeneratorExit"),
        (lambda: None, "raised TypeError: 'NoneType' object is not iterable"),
        (lambda: [Award(label=3)], "gave an award whose label or item is not text"),  # type: ignore[arg-type]
        (below_zero, "gave an award of -1 cents"),
        (endless, "gave more than 1000 awards for one occurrence"),
    ],
)
def test_a_rule_that_is_only_played_says_the_same(
    monkeypatch: pytest.MonkeyPatch, gives: Callable[[], Any], said: str
) -> None:
    monkeypatch.setattr(Odd, "gives", gives)
    goal: Any = OddGoal(events=("visit",))
    rule = Rule(id="r", title="R", goal=goal, rewards=(Odd(),))
    event = Event(
        id="e", client="c", kind="visit", at=datetime(2026, 1, 5, tzinfo=UTC), day=date(2026, 1, 5)
    )
    with pytest.raises(Fault) as raised:
        play(rule, [event], lambda *drawn_for: Random(0))
    assert raised.value.problem == f"plugin '{Odd.__module__}': 'odd' {said}"
    (mistake,) = raised.value.mistakes
    assert (mistake.where, mistake.what) == (
        f"plugin '{Odd.__module__}'",
        f"rule 'r': 'odd' {said}",
    )


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        (raising(RuntimeError("no")), "raised RuntimeError: no"),
        (raising(SystemExit()), "raised SystemExit"),
        (lambda: None, "answered None instead of a memory and Met or None"),
        (lambda: (None, True), "answered True instead of Met or None"),
        (lambda: (None, Met(reason=3)), "is met for the reason 3, which is not text"),  # type: ignore[arg-type]
        (lambda: ([], None), f"remembers {UNKEPT.format('list')}"),
        (lambda: (3.5, None), f"remembers {UNKEPT.format('float')}"),
    ],
    ids=[
        "raises",
        "leaves the program",
        "None",
        "True",
        "a reason that is no text",
        "a memory that can change",
        "a memory that cannot be kept",
    ],
)
def test_a_goal_that_goes_wrong_is_held_and_named(
    odd: Program, monkeypatch: pytest.MonkeyPatch, answers: Callable[[], Any], said: str
) -> None:
    monkeypatch.setattr(OddGoal, "answers", answers)
    with again(odd) as wrong:
        assert log(wrong, "c1") == []
        assert held_in(wrong) == [
            ("c1", "drop-in", f"plugin '{Odd.__module__}': 'odd_goal' {said}")
        ]
        assert log(wrong, "c2") == ["voucher 2.50"]
        assert wrong.ledger.remembered("c1", "drop-in") is None
    monkeypatch.undo()
    with again(odd) as mended:
        (one,) = retry(mended)
        assert (one.problem, len(one.earned)) == ("", 1)
        assert verify(mended).ok


def test_a_notifier_that_goes_wrong_costs_the_client_nothing(
    odd: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Odd, "gives", lambda: [Award(label="one", cents=100)])
    give(odd, "c1", channel="deaf")
    with again(odd) as fresh:
        assert log(fresh, "c1") == ["one"]
    noon = odd.now().replace(hour=12, minute=0)
    for days in (1, 2):
        at = noon + timedelta(days=days)
        later = open_program(odd.folder, by="ana", registry=odd.registry, clock=lambda at=at: at)  # type: ignore[misc]
        (sent,) = send_waiting(later)
        assert sent.problem == "SystemExit: the line is down"
        later.close()
    assert odd.ledger.balance("c1").waiting == 100
    with again(odd) as fresh:
        assert verify(fresh).ok


# Real distributions, as a stranger's would be installed: a module and its dist-info.


def distribution(folder: Path, name: str, source: str) -> None:
    """Put a distribution with one plugin module in a folder that is to be on PYTHONPATH."""
    info = folder / f"{name}-1.2.dist-info"
    info.mkdir(parents=True)
    (folder / f"{name}.py").write_text(source)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.2\n")
    (info / "entry_points.txt").write_text(f"[cmengine]\n{name} = {name}\n")


def command(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run cmengine as a process of its own, with the distributions of a folder installed."""
    path = os.pathsep.join([str(folder), *filter(None, [os.environ.get("PYTHONPATH")])])
    return subprocess.run(
        [sys.executable, "-c", "from cmengine.cli import main; main()", "--by", "ana", *words],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_distribution_that_cannot_be_imported_is_shown_and_stops_nobody(tmp_path: Path) -> None:
    distribution(tmp_path / "site", "cm_broken", "import a_module_that_is_not_there\n")
    shown = command(tmp_path / "site", "plugins")
    assert shown.returncode == 0
    assert (
        "cm_broken did not load: ModuleNotFoundError: No module named 'a_module_that_is_not_there'"
        in shown.stdout
    )
    program = str(tmp_path / "program")
    assert command(tmp_path / "site", "init", program, "--starter", "drop-in").returncode == 0
    assert command(tmp_path / "site", "-p", program, "rules", "publish").returncode == 0
    asks = tmp_path / "asks.toml"
    asks.write_text(RULE.format(goal="any_of", reward="broken_card"))
    checked = command(tmp_path / "site", "rules", "check", str(asks))
    assert checked.returncode == 1
    assert "no installed plugin offers the reward 'broken_card'" in checked.stderr
    assert "plugin 'cm_broken' did not load (ModuleNotFoundError" in checked.stderr
    assert "Traceback" not in checked.stderr


RAISES_LATER = """
from typing import ClassVar
from pathlib import Path
from attrs import frozen
from cmengine import Award, hookimpl

@frozen(kw_only=True)
class Paper:
    kind: ClassVar[str] = "paper"

    def awards(self, occurrence, dice):
        if Path(__file__).with_name("out-of-paper").exists():
            raise RuntimeError("out of paper")
        yield Award(label="a sheet")

@hookimpl
def register_rewards():
    return [Paper]
"""


def test_a_distribution_that_raises_while_logging_is_named_and_its_rule_held(
    tmp_path: Path,
) -> None:
    site, program = tmp_path / "site", str(tmp_path / "program")
    distribution(site, "cm_paper", RAISES_LATER)
    command(site, "init", program, "--zone", "UTC")
    (tmp_path / "program" / "rules" / "paper.toml").write_text(
        RULE.format(goal="any_of", reward="paper")
    )
    for words in (
        ("rules", "publish"),
        ("client", "add", "c1"),
        ("goal", "choose", "c1", "drop-in", "--words", "w"),
        ("log", "c1", "visit"),
    ):
        assert command(site, "-p", program, *words).returncode == 0
    before = command(site, "-p", program, "awards", "--json").stdout
    (site / "out-of-paper").touch()
    failed = command(site, "-p", program, "log", "c1", "visit", "--id", "k1")
    assert failed.returncode == 0
    assert failed.stderr == (
        "Note: rule 'drop-in' could not be worked out just now (plugin 'cm_paper': 'paper' raised RuntimeError:"
        " out of paper); the event is kept, and what it earns is added with: cmengine retry\n"
    )
    assert command(site, "-p", program, "awards", "--json").stdout == before
    (site / "out-of-paper").unlink()
    mended = command(site, "-p", program, "retry")
    assert "a sheet" in mended.stdout
    assert command(site, "-p", program, "verify").returncode == 0
