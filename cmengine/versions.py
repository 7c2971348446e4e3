"""Two versions of a rule beside each other: who would earn more or less, and when. Pure."""

from collections.abc import Sequence
from random import Random

from attrs import evolve, frozen

from cmengine.ahead import first_times
from cmengine.case import Case, cents, items, same_luck, total
from cmengine.evaluate import awards_of
from cmengine.histories import FIRST, History, Thing, drawn, small, things
from cmengine.kinds import Kinds
from cmengine.model import Occurrence, Rule
from cmengine.money import dollars
from cmengine.ordinals import nth

TIMES = 60  # how many times of a rule are compared one by one
TRIES = 400  # how many longer histories are played under both


@frozen
class Step:
    """The times from `first` to `last` earn something else: what they did, and what they would."""

    first: int
    last: int
    before: tuple[str, ...]
    after: tuple[str, ...]


@frozen(kw_only=True)
class Comparison:
    """What a new version changes. `less` and `more` tell a history that earns less, or more, under it."""

    words: tuple[str, ...]
    steps: tuple[Step, ...]
    less: str
    more: str

    @property
    def same(self) -> bool:
        """Say whether nothing differs."""
        return not (self.words or self.steps or self.less or self.more)


def compare(old: Rule, new: Rule, kinds: Kinds | None = None, *, seed: int = 1) -> Comparison:
    """Compare two versions: their words, time by time, and by playing the same histories under both."""
    less = more = ""
    before, after = (Case((rule._replace(starts=None, ends=None),)) for rule in (old, new))
    can_happen = things((old, new), kinds)
    dice = Random(seed)
    histories: list[History] = [
        *_small(can_happen, dice),
        *(drawn(can_happen, dice) for _ in range(TRIES)),
    ]
    for history in sorted(histories, key=len):
        was, would = total(before.got(history)), total(after.got(history))
        if would < was and not less:
            less = _story(history, was, would)
        if would > was and not more:
            more = _story(history, was, would)
        if less and more:
            break
    for n in range(1, TIMES + 1):
        (cents_were, things_were), (cents_would, things_would) = _worth(old, n), _worth(new, n)
        told = f"the {nth(n)} time: {dollars(cents_would)} instead of {dollars(cents_were)}"
        if not less and (cents_would < cents_were or things_would < things_were):
            less = told
        if not more and (cents_would > cents_were or things_would > things_were):
            more = told
    if _runs_shorter(old, new):
        less = (
            less or f"it would run from {new.starts or 'the beginning'} to {new.ends or 'no end'}"
        )
    return Comparison(
        words=tuple(_words(old, new)), steps=tuple(_steps(old, new)), less=less, more=more
    )


def _worth(rule: Rule, n: int) -> tuple[int, int]:
    """Give what the n-th time (and slot) is worth, with the luck held still: (cents, things)."""
    occurrence = Occurrence(
        rule=rule.id, on=FIRST, value=None, ordinal=n, slot=n if rule.calendar else None, reason=""
    )
    awards = [
        award
        for number in range(len(rule.rewards))
        for award in awards_of(rule, number, occurrence, same_luck("", rule.id, number))
    ]
    return cents(awards), items(awards)


def _small(can_happen: Sequence[Thing], dice: Random) -> list[History]:
    """Give a fair share of the histories of up to two events."""
    every = list(small(can_happen, 2))
    return every if len(every) <= TRIES else dice.sample(every, TRIES)


def _runs_shorter(old: Rule, new: Rule) -> bool:
    starts = new.starts is not None and (old.starts is None or new.starts > old.starts)
    ends = new.ends is not None and (old.ends is None or new.ends < old.ends)
    return starts or ends


def _words(old: Rule, new: Rule) -> list[str]:
    told = []
    for name in ("title", "why", "source", "starts", "ends", "per_day", "per_week", "client_sets"):
        was, now = getattr(old, name), getattr(new, name)
        if was != now:
            told.append(f"{name}: {_shown(was)} -> {_shown(now)}")
    for name in ("goal", "rewards", "calendar", "notify"):
        if getattr(old, name) != getattr(new, name):
            told.append(f"{name} changed")
    return told


def _shown(value: object) -> str:
    if value in (None, "", ()):
        return "nothing"
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _steps(old: Rule, new: Rule) -> list[Step]:
    """Find the times that earn something else, neighbors that change the same way taken together."""
    found: list[Step] = []
    pairs = zip(first_times(old, FIRST, TIMES), first_times(new, FIRST, TIMES), strict=True)
    for n, (was, now) in enumerate(pairs, start=1):
        if was == now:
            continue
        step = Step(n, n, tuple(was), tuple(now))
        last = found[-1] if found else None
        if (
            last is not None
            and last.last == n - 1
            and (last.before, last.after) == (step.before, step.after)
        ):
            found[-1] = evolve(last, last=n)
        else:
            found.append(step)
    return found


def _story(history: History, was: int, would: int) -> str:
    told = ", ".join(one.said() for one in history) or "nothing"
    return f"{told}: {dollars(would)} instead of {dollars(was)}"
