"""For plugin authors: play a rule in a line, and hold a goal, a reward or a notifier to what it promises.

    from cmengine.testing import check_reward, play

    def test_a_full_card() -> None:
        card = StampCard(stamps=2, worth="8.00")
        assert play(card, ["visit", "visit"]).earns == [["stamp 1"], ["stamp 2", "full card 8.00"]]

    def test_it_keeps_every_promise() -> None:
        check_reward(StampCard(stamps=2, worth="8.00"))

The names in `__all__` are public and stay.
"""

import pickle
from collections.abc import Callable, Collection, Hashable, Iterable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from attrs import frozen

from cmengine.apart import Limits
from cmengine.dice import dice_from
from cmengine.errors import CMError, Mistake
from cmengine.evaluate import Outcome
from cmengine.evaluate import play as _fold
from cmengine.examine import Subject, examine, examine_notifier, subject_of
from cmengine.histories import DAYS, FIRST
from cmengine.model import Event, Goal, Met, Notifier, Occurrence, Reward, Rule
from cmengine.search import FULL, QUICK
from cmengine.stories import can_happen
from cmengine.trial import Tried
from cmengine.written import Written, day_of_text, event_of, events_of

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

__all__ = [
    "BrokenPromise",
    "Limits",
    "Played",
    "check_goal",
    "check_notifier",
    "check_reward",
    "histories",
    "occurrences",
    "play",
]

Parts = Goal[Any] | Reward
_LIMITS = Limits()


class BrokenPromise(AssertionError):
    """A plugin does not keep what it promises; the message tells every story."""


@frozen
class Played:
    """What came of a history, an entry for each event, so that it can be compared with what was meant to."""

    outcomes: tuple[Outcome, ...]

    @property
    def earns(self) -> list[list[str]]:
        """The labels of what each event earned, as `earns` of a scenario has them."""
        return [
            [award.label for _, award in one.earned.awards] if one.earned else []
            for one in self.outcomes
        ]

    @property
    def cents(self) -> list[int]:
        """What each event earned, in cents."""
        return [one.earned.cents if one.earned else 0 for one in self.outcomes]

    @property
    def items(self) -> list[list[str]]:
        """The things that each event earned."""
        return [
            [award.item for _, award in one.earned.awards if award.item] if one.earned else []
            for one in self.outcomes
        ]

    @property
    def reasons(self) -> list[str]:
        """Why each event counts, in the goal's words; empty where it does not."""
        return [one.earned.occurrence.reason if one.earned else "" for one in self.outcomes]

    @property
    def times(self) -> int:
        """How many of the events count."""
        return sum(one.earned is not None for one in self.outcomes)

    @property
    def total(self) -> int:
        """What all of it earned, in cents."""
        return sum(self.cents)


def play(
    rule: Rule | Parts | Sequence[Parts] | str | Path,
    events: Iterable[Written],
    *,
    first: date | str | None = None,
    plugins: Sequence[object] = (),
) -> Played:
    """Play events of one client, in the order of logging, and give what each came to.

    `rule` is a reward (then every event counts), a goal, a goal with its rewards in a list, or a rule as a
    file has it: its text, or the file. Kinds in it come from the installed plugins and from `plugins`.

    An event is written ``"visit"``, ``("visit", "2026-01-07")``, ``("drinks", 3)`` or
    ``("drinks", 3, "2026-01-07")``. Without a day it happens on the day after the one before; the first is
    Monday, 5 January 2026. `first` is the first day of the client's choice, else the earliest of the events.
    """
    told = events_of(events)
    begins = day_of_text(first) if isinstance(first, str) else first
    dice = dice_from(b"the dice of a test")
    return Played(tuple(_fold(_rule(rule, told, plugins), told, dice, begins)))


def check_goal(
    goal: Goal[Any] | type[Goal[Any]], *, full: bool = False, limits: Limits = _LIMITS
) -> None:
    """Hold a goal to everything that a goal promises, in processes of its own. Raises BrokenPromise.

    A class is tried with its `examples`, or with plain values. `full` looks for minutes, not moments.
    """
    __tracebackhide__ = True
    _stop_at(_examined("goal", goal, full, limits))


def check_reward(
    reward: Reward | type[Reward], *, full: bool = False, limits: Limits = _LIMITS
) -> None:
    """Hold a reward to everything that a reward promises, in processes of its own. Raises BrokenPromise.

    A class is tried with its `examples`, or with plain values. `full` looks for minutes, not moments.
    """
    __tracebackhide__ = True
    _stop_at(_examined("reward", reward, full, limits))


def check_notifier(
    notifier: Notifier | type[Notifier],
    *,
    arrived: Callable[[], Iterable[str]] | None = None,
    limits: Limits = _LIMITS,
) -> None:
    """Hold a notifier to what it promises: hand it a message, the same again, and another. Raises BrokenPromise.

    `arrived` gives the texts that have arrived so far, from a folder or a server of the test. With it,
    messages really are sent, from processes of their own; without it, nothing leaves this machine.
    """
    __tracebackhide__ = True
    subject = _subject("notifier", notifier)
    _stop_at(examine_notifier(subject, limits=limits, arrived=arrived))


def histories(goal: Goal[Any], *, most: int = 9) -> "SearchStrategy[list[Event]]":
    """Give a Hypothesis strategy: histories of up to `most` events of the kinds and values of a goal.

    Needs Hypothesis, which the extra `laws` brings.
    """
    strategies = _strategies()
    happened = strategies.tuples(
        strategies.sampled_from(DAYS), strategies.sampled_from(can_happen(goal))
    )
    found: SearchStrategy[list[Event]] = strategies.lists(happened, max_size=most).map(
        lambda told: [
            event_of(f"e{n}", thing.kind, thing.value, FIRST + timedelta(days=day))
            for n, (day, thing) in enumerate(told)
        ]
    )
    return found


def occurrences() -> "SearchStrategy[Occurrence]":
    """Give a Hypothesis strategy: occurrences to ask a reward about. Needs Hypothesis."""
    strategies = _strategies()
    values = strategies.none() | strategies.sampled_from([Decimal(0), Decimal("2.5"), "yes"])
    found: SearchStrategy[Occurrence] = strategies.builds(
        Occurrence,
        rule=strategies.just("alone"),
        on=strategies.dates(date(2020, 1, 1), date(2040, 1, 1)),
        value=values,
        ordinal=strategies.integers(1, 10_000),
        slot=strategies.none() | strategies.integers(1, 366),
        reason=strategies.just("visit"),
    )
    return found


def _strategies() -> Any:
    try:
        from hypothesis import strategies
    except ImportError as error:
        todo = "install it with: pip install 'cmengine[laws]'"
        raise CMError(Mistake("cmengine.testing", "Hypothesis is not installed", todo)) from error
    return strategies


def _examined(part: str, one: Any, full: bool, limits: Limits) -> Tried:
    return examine(_subject(part, one), effort=FULL if full else QUICK, limits=limits)


def _subject(part: str, one: Any) -> Subject:
    if isinstance(one, type):
        return subject_of(part, one)
    try:
        return subject_of(part, type(one), one)
    except (pickle.PicklingError, TypeError, AttributeError) as error:
        raise CMError(
            Mistake(
                f"{part} '{type(one).kind}'",
                f"it cannot be handed to another process, where it is examined ({error})",
                "hand over the class, and name its options in a class variable: examples",
            )
        ) from error


def _stop_at(tried: Tried) -> None:
    """Raise what was found, all of it."""
    __tracebackhide__ = True
    told = [
        f"it breaks a promise ({one.promise}). {one.story}"
        + (f"\n\n{one.scenario}" if one.scenario else "")
        for one in tried.findings
    ]
    if tried.untried:
        told.append(f"it could not be tried: {tried.untried}")
    if told:
        raise BrokenPromise("\n\n".join([f"the {tried.part} '{tried.kind}':", *told]))


@frozen(kw_only=True)
class _Whatever:
    """A goal that everything meets, so that a reward can be played alone."""

    kind: ClassVar[str] = "whatever"

    events: tuple[str, ...]

    def listens(self) -> Collection[str]:
        return self.events

    def start(self) -> Hashable:
        return None

    def step(self, memory: Hashable, event: Event) -> tuple[Hashable, Met | None]:
        return None, Met(reason=event.kind)


def _rule(
    rule: Rule | Parts | Sequence[Parts] | str | Path,
    events: Sequence[Event],
    plugins: Sequence[object],
) -> Rule:
    if isinstance(rule, Rule):
        return rule
    if isinstance(rule, (str, Path)):
        return _read(rule, plugins)
    parts: list[Any] = list(rule) if isinstance(rule, Sequence) else [rule]
    goals = [part for part in parts if hasattr(part, "step")]
    rewards = tuple(part for part in parts if hasattr(part, "awards"))
    if len(goals) > 1 or len(goals) + len(rewards) < len(parts) or not parts:
        what = f"{parts!r:.80} is not a goal, a reward, or one goal with its rewards"
        raise CMError(Mistake("play()", what, "hand over [goal, reward], or the text of a rule"))
    whatever = _Whatever(events=tuple(dict.fromkeys(event.kind for event in events)))
    return Rule(id="played", title="Played", goal=(goals or [whatever])[0], rewards=rewards)


def _read(rule: str | Path, plugins: Sequence[object]) -> Rule:
    from cmengine.errors import stop_if
    from cmengine.plugins import load_plugins
    from cmengine.rules import Reader
    from cmengine.toml import parse, read_text

    text, name = (read_text(rule), str(rule)) if isinstance(rule, Path) else (rule, "play()")
    drafts, mistakes = Reader(load_plugins(*plugins)).read_file(*parse(text, name))
    stop_if(mistakes)
    if len(drafts) != 1:
        raise CMError(Mistake(name, f"there are {len(drafts)} rules in it", "play one at a time"))
    return drafts[0].rule
