"""Go on sending until somebody asks to stop. The waiting is handed in, so that nothing here needs a clock."""

from collections.abc import Callable, Iterator
from datetime import datetime

from attrs import frozen

from cmengine.program import Program
from cmengine.sending import Sent, Standing, send_waiting, standings

MANY = 1.0
"""Seconds to wait at least between two rounds, whatever is due."""


@frozen(kw_only=True)
class Round:
    """What a round of sending came to: what was tried, and where everything stands that waits after it."""

    at: datetime
    tried: list[Sent]
    waiting: list[Standing]


def watch(
    program: Program,
    wait: Callable[[float], bool],
    every: float,
    stopped: Callable[[], bool] = lambda: False,
) -> Iterator[Round]:
    """Send what waits, and go on: each time that somebody has written to the ledger, or a letter is due again.

    `wait` waits so many seconds (never more than `every`) and says whether somebody asked to stop meanwhile;
    `stopped` says so between two letters.
    """
    seen: int | None = None
    due: datetime | None = None
    while True:
        written = program.ledger.others()
        now = program.now()
        if written != seen or (due is not None and due <= now):
            tried = list(send_waiting(program, stopped=stopped))
            waiting = standings(program)
            seen = written
            due = min((one.at for one in waiting if one.at is not None), default=None)
            yield Round(at=now, tried=tried, waiting=waiting)
        left = every if due is None else (due - program.now()).total_seconds()
        if stopped() or wait(min(every, max(MANY, left))):
            return
