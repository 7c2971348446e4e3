"""The values that everything passes around, and the three protocols that a plugin can fulfil."""

from collections.abc import Collection, Hashable, Iterable
from datetime import date, datetime
from decimal import Decimal
from random import Random
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Protocol, TypeVar, runtime_checkable

from attrs import Attribute, field, frozen

if TYPE_CHECKING:
    from cmengine.slots import Span

EVIDENCE = ("self", "staff", "document", "device", "test")

Value = str | Decimal | None
M = TypeVar("M", bound=Hashable)


@frozen(kw_only=True)
class Event:
    """Something happened, and staff logged it.

    `day` is the day of `at` in the program's zone, frozen when it was logged. `value` is a Decimal
    where the kind of event has a unit, otherwise text or None.
    """

    id: str
    client: str
    kind: str
    at: datetime
    day: date
    value: Value = None
    evidence: str = "self"
    by: str = ""


@frozen(kw_only=True)
class Met:
    """A goal recognises a positive change, and says why."""

    reason: str


@frozen(kw_only=True)
class Occurrence:
    """It happened, for the `ordinal`-th time under this rule. There is no client in it, on purpose.

    `ordinal` starts at 1, counts every time and never goes back. `slot` is the number of the
    calendar slot that this occurrence takes, or None where there is no calendar or the slot has
    been taken.
    """

    rule: str
    on: date
    value: Value
    ordinal: int
    slot: int | None
    reason: str


def _not_below_zero(award: "Award", attribute: "Attribute[int]", value: object) -> None:
    if type(value) is not int:
        raise TypeError(f"an award's cents are whole cents, not {value!r}")
    if value < 0:
        raise ValueError(f"an award cannot be below zero ({value} cents)")


@frozen(kw_only=True)
class Award:
    """Something good that the client now has: `cents` of money, an `item`, or words alone."""

    label: str
    cents: int = field(default=0, validator=_not_below_zero)
    item: str | None = None


@frozen(kw_only=True)
class Earned:
    """One occurrence and everything it earned: for each award, which reward of the rule gave it."""

    occurrence: Occurrence
    awards: tuple[tuple[int, Award], ...]

    @property
    def cents(self) -> int:
        """What it earned in money, in cents."""
        cents = 0
        for _, award in self.awards:
            cents += award.cents
        return cents


@frozen(kw_only=True)
class Message:
    """Words for one client. `id` is the same however often it is sent; `about` names an event."""

    id: str
    client: str
    text: str
    about: str


class Goal(Protocol[M]):
    """What counts as a positive change: a fold over the events it listens to.

    `step` is pure: the same memory and event give the same answer anywhere. A memory is a small
    hashable value: None, bool, int, str, date, Decimal, and tuples and frozensets of them.
    """

    kind: ClassVar[str]

    def listens(self) -> Collection[str]:
        """Name the kinds of event it wants to be shown; it never sees another."""
        ...

    def start(self) -> M:
        """Give what it remembers before the first event."""
        ...

    def step(self, memory: M, event: Event) -> tuple[M, Met | None]:
        """Take one event; give the new memory, and Met if this is the positive change."""
        ...


class Reward(Protocol):
    """What one occurrence earns. It is shown neither the client nor the past, on purpose."""

    kind: ClassVar[str]

    def awards(self, occurrence: Occurrence, dice: Random) -> Iterable[Award]:
        """Give what this occurrence earns. All chance comes from `dice`."""
        ...


class Notifier(Protocol):
    """A way to send words to a client."""

    kind: ClassVar[str]

    def send(self, message: Message) -> None:
        """Send it, or raise: then it is kept and tried again later."""
        ...


@runtime_checkable
class Arithmetic(Protocol):
    """A reward that can show how it got to its amounts, so that `explain` can say it."""

    def arithmetic(self, occurrence: Occurrence) -> str:
        """Write a sum that comes to what `awards` gives, such as ``2.50 + 4 x 1.25``."""
        ...


@runtime_checkable
class Promise(Protocol):
    """A reward that can say what it will give where chance decides how much."""

    def promise(self, occurrence: Occurrence) -> str:
        """Say what comes, such as ``3 draws from the bowl``, without drawing."""
        ...


@runtime_checkable
class Odds(Protocol):
    """A reward that draws from a bowl and can say what is in it.

    So its cost can be worked out and its odds printed; and its draws can be replayed, if it makes them
    with `draw`, one after the other, and each is one award.
    """

    def odds(self, occurrence: Occurrence) -> tuple[int, tuple[tuple[int, Award], ...]]:
        """Give how many draws come (0: none, as nothing is left to chance), and what is in the bowl: each
        (how many such slips, what such a slip gives), in order.
        """
        ...


@runtime_checkable
class Finishes(Protocol):
    """A goal that can be done with, such as a first time, so that nothing more is announced."""

    def finished(self, memory: Any) -> bool:
        """Say whether nothing more can meet it."""
        ...


@runtime_checkable
class Hints(Protocol):
    """A goal that can tell a slip of the pen from something that is not its own."""

    def hint(self, event: Event) -> str:
        """Say what may have been meant, where a value is not among those it knows; else nothing."""
        ...


@runtime_checkable
class Samples(Protocol):
    """A goal that names what is worth trying on it, for the laws that look for a punishment."""

    def samples(self) -> Iterable[tuple[str, Value]]:
        """Give kinds of event with values, such as ``("drinks", Decimal(3))``."""
        ...


class Rule(NamedTuple):
    """A goal, and what meeting it earns.

    `per_day` and `per_week` are how many occurrences count in a day and in a week (None: all).
    `digest` names this very version of the rule. `notify` names the kinds of its notifiers, `channels` their channels,
    one by one, as a client's consent has them. `settings` are a client's own, as far as they concern the rewards;
    `variants` are the rule as a client may so set it.
    """

    id: str
    title: str
    goal: Goal[Hashable]
    rewards: tuple[Reward, ...]
    why: str = ""
    source: str = ""
    starts: date | None = None
    ends: date | None = None
    per_day: int | None = None
    per_week: int | None = None
    calendar: "tuple[Span, ...]" = ()
    client_sets: tuple[str, ...] = ()
    notify: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    digest: str = ""
    settings: tuple[tuple[str, str], ...] = ()
    variants: "tuple[Rule, ...]" = ()

    def open_on(self, day: date) -> bool:
        """Say whether the rule runs on this day."""
        starts, ends = self.starts, self.ends
        return (starts is None or starts <= day) and (ends is None or day <= ends)


class Choice(NamedTuple):
    """A client chose a rule, in their own words, with their own settings, from the day `on`.

    A row of a client's timeline: `stands` is False where the goal was set aside from that day on.
    """

    id: str
    client: str
    rule: str
    digest: str
    settings: tuple[tuple[str, str], ...]
    on: date
    stands: bool = True
    words: str = ""
