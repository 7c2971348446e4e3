"""The stories that a plugin's answers are looked at on, the smallest first. Pure."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from random import Random

from attrs import evolve, frozen

from cmengine.histories import FIRST, History, Thing, Told, drawn, things
from cmengine.model import Goal, Message, Occurrence, Rule, Value
from cmengine.ordinals import nth

MANY = 10_000
"""How many events, or times, a client may come to have."""

MOST_SAID = 24
_NUMBERS: tuple[Value, ...] = (Decimal(0), Decimal("0.5"), Decimal(1000), Decimal(999_999_999_999))
_WORDS: tuple[Value, ...] = (None, "yes", "so many words " * 100, Decimal(3), Decimal("2.5"))
_DAYS = (FIRST, date(2026, 12, 31), date(2028, 2, 29))
_ORDINALS = (1, 2, 3, 4, 5, 6, 7, 10, 12, 30, 100, 1_000, MANY)


@frozen
class Time:
    """One occurrence to ask a reward about, and how people say it."""

    occurrence: Occurrence
    said: str


def can_happen(goal: Goal[object]) -> list[Thing]:
    """Name what can happen under a goal: what the laws try, and any other value that may be logged.

    A goal that is numeric is only ever used with a kind of event that has a unit.
    """
    alone = Rule(id="alone", title="alone", goal=goal, rewards=())
    known = [thing for thing in things([alone]) if thing.kind in goal.listens()]
    values = _NUMBERS if getattr(goal, "numeric", False) else _WORDS
    odd = (Thing(kind, value) for kind in sorted(goal.listens()) for value in values)
    return list(dict.fromkeys((*known, *odd)))


def histories(goal: Goal[object]) -> list[History]:
    """Give the histories to play under a goal: each thing alone, each two of the first, then drawn ones."""
    there = can_happen(goal)
    few = there[:6]
    alone = [(Told("e0", 0, thing),) for thing in there]
    two = [
        (Told("e0", 0, one), Told("e1", days, other))
        for one in few
        for other in few
        for days in (0, 1)
    ]
    dice = Random(1)
    return [*alone, *two, *(drawn(there, dice) for _ in range(40))]


def long_history(goal: Goal[object]) -> list[Told]:
    """Give a history of as many events as anybody may come to have, three a day."""
    there = can_happen(goal)
    return [Told(f"e{n}", n // 3, there[n % len(there)]) for n in range(MANY)]


def times() -> list[Time]:
    """Give the occurrences to ask a reward about, early ones first."""
    found: list[Time] = []
    for ordinal in _ORDINALS:
        for slot in (None, ordinal):
            for value in (None, Decimal(8), "yes"):
                day = _DAYS[len(found) % len(_DAYS)]
                found.append(time_of(ordinal, slot, value, day))
    return found


def time_of(ordinal: int, slot: int | None, value: Value = None, on: date = FIRST) -> Time:
    """Make an occurrence."""
    occurrence = Occurrence(
        rule="alone", on=on, value=value, ordinal=ordinal, slot=slot, reason="visit"
    )
    more = "" if value is None else f", with the value {value}"
    more += "" if slot is None else f", in slot {slot}"
    return Time(occurrence, f"{nth(ordinal)} time on {on.day} {on:%b %Y}{more}")


def messages() -> list[Message]:
    """Give the messages that a notifier is handed: one, the same once more, and one in other letters."""
    one = Message(
        id="check/alone/0", client="c001", text="You have something ready to pick up.", about="1"
    )
    other = Message(
        id="check/alone/1",
        client="c002-ö",
        text="Für dich liegt etwas bereit 🎁\nKomm vorbei, wann du magst.",
        about="2",
    )
    return [one, one, other]


def said(history: Sequence[Told]) -> str:
    """Tell a history the way people do."""
    return ", ".join(_cut(told).said() for told in history)


def _cut(told: Told) -> Told:
    """Cut a long value short, so that the story can be read."""
    value = told.thing.value
    if not isinstance(value, str) or len(value) <= MOST_SAID:
        return told
    return evolve(told, thing=evolve(told.thing, value=f"{value[:MOST_SAID]}..."))
