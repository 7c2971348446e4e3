"""Codes that could not be used: how many there were lately, and how long to wait for the next."""

from collections import deque
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from cmengine.program import Program
from cmengine.refusals import Refusal, no

DESK, DESK_TIME = 5, timedelta(minutes=1)
ALL, ALL_TIME = 50, timedelta(hours=1)
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(minutes=15)
REMEMBERED = timedelta(days=1)
"""Codes have 80 random bits, so nobody finds one by trying; this keeps people from trying, and a client
who comes with a good code while somebody does from waiting for more than a quarter of an hour."""

Try = tuple[datetime, str]


def wait_until(tries: Sequence[Try], desk: str, now: datetime) -> datetime | None:
    """Say until when a desk has to wait; None where it may try a code now. Pure.

    `tries` are (moment, desk) of the wrong codes, oldest first. Five in a minute are as many as a desk has;
    after fifty within an hour, at all desks together, each further one makes everybody wait twice as long.
    """
    lately = [one for one in tries if now - REMEMBERED < one[0] <= now]
    here = [moment for moment, at in lately if at == desk and now - moment < DESK_TIME]
    waits = [here[-DESK] + DESK_TIME] if len(here) >= DESK else []
    further = _beyond([moment for moment, _ in lately])
    if further is not None:
        waits.append(lately[-1][0] + min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(further, 10)))
    until = max(waits, default=now)
    return until if until > now else None


def _beyond(moments: Sequence[datetime]) -> int | None:
    """Count the tries after the first time that fifty fell within an hour; None where they never did."""
    window: deque[datetime] = deque()
    for n, moment in enumerate(moments):
        window.append(moment)
        while moment - window[0] >= ALL_TIME:
            window.popleft()
        if len(window) >= ALL:
            return len(moments) - 1 - n
    return None


def tried_often(tries: Sequence[Try], now: datetime) -> dict[str, int]:
    """Name the desks that had to wait within the last day, and how many wrong codes each typed in it; "" stands for
    all desks together. Pure. `tries` are as for `wait_until`.
    """
    found = {}
    by_desk: dict[str, list[datetime]] = {}
    lately = [one for one in tries if now - REMEMBERED < one[0] <= now]
    for moment, desk in lately:
        by_desk.setdefault(desk, []).append(moment)
    for desk, moments in sorted(by_desk.items()):
        if any(b - a < DESK_TIME for a, b in zip(moments, moments[DESK - 1 :], strict=False)):
            found[desk] = len(moments)
    if _beyond([moment for moment, _ in lately]) is not None:
        found[""] = len(lately)
    return found


def stop_if_paused(program: Program) -> None:
    """Raise CMError while no code is looked at here. Call it inside `writing`."""
    now = program.clock().astimezone(UTC)
    until = wait_until(tries_since(program, now - REMEMBERED), program.by, now)
    if until is not None:
        seconds = int((until - now).total_seconds()) + 1
        what = "too many that could not be used were typed lately, so none is looked at just now"
        todo = f"try again in {seconds} seconds"
        raise no("this code", what, Refusal(reason="pause", what=program.by, instead=(todo,)))


def tries_since(program: Program, since: datetime) -> list[Try]:
    """Give the wrong codes that were typed since a moment: when, and at which desk."""
    rows = program.ledger.rows(
        "select tried_at, desk from tries where tried_at > ? order by tried_at, seq", _text(since)
    )
    return [(datetime.fromisoformat(row[0]), row[1]) for row in rows]


def count_try(program: Program) -> None:
    """Write down that a code could not be used. What was typed is not kept. Call it inside `writing`."""
    program.ledger.insert("tries", desk=program.by, tried_at=_text(program.clock()))


def _text(moment: datetime) -> str:
    """Write a moment in UTC, so that texts sort by time."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")
