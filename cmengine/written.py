"""Events as they are written in a test: ``"visit"``, ``("visit", "2026-01-07")``, ``("drinks", 3)``. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from cmengine.errors import CMError, Mistake
from cmengine.histories import FIRST
from cmengine.model import Event

Written = str | Sequence[Any] | Mapping[str, Any] | Event


def events_of(told: Iterable[Written]) -> list[Event]:
    """Make events of what is written, each on the day after the one before unless it says another."""
    events: list[Event] = []
    following = FIRST
    for n, one in enumerate(told):
        event = one if isinstance(one, Event) else _written(f"e{n}", one, following)
        events.append(event)
        following = event.day + timedelta(days=1)
    return events


def _written(name: str, told: Any, following: date) -> Event:
    """Read an event as it is written in a test, or as a scenario has it."""
    if isinstance(told, Mapping):
        return event_of(
            name, told["kind"], told.get("value"), day_of_text(told.get("on", following))
        )
    kind, *rest = [told] if isinstance(told, str) else told
    days = [one for one in rest if _is_day(one)]
    values = [one for one in rest if not _is_day(one)]
    if not isinstance(kind, str) or len(days) > 1 or len(values) > 1:
        todo = 'write it like "visit", ("visit", "2026-01-07") or ("drinks", 3, "2026-01-07")'
        raise CMError(Mistake("play()", f"{told!r:.80} is not an event", todo))
    value = values[0] if values else None
    return event_of(name, kind, value, day_of_text(days[0]) if days else following)


def event_of(name: str, kind: str, value: Any, day: date) -> Event:
    """Make an event at noon; a number becomes a Decimal, as one that is logged does."""
    if isinstance(value, (int, float)):
        value = Decimal(str(value)).normalize() + 0
    at = datetime.combine(day, time(12), tzinfo=UTC)
    return Event(id=name, client="somebody", kind=kind, at=at, day=day, value=value)


def _is_day(one: object) -> bool:
    if isinstance(one, date):
        return True
    try:
        return isinstance(one, str) and len(one) == 10 and bool(date.fromisoformat(one))
    except ValueError:
        return False


def day_of_text(one: date | str) -> date:
    """Read a day that may be written as text."""
    if isinstance(one, date):
        return one
    try:
        return date.fromisoformat(one)
    except ValueError:
        mistake = Mistake("play()", f"{one!r} is not a day", 'write it like "2026-01-05"')
        raise CMError(mistake) from None
