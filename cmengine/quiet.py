"""Quiet hours: when nobody is written to, in the client's own time. Pure: the moment and the zone are handed in."""

import re
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)", re.ASCII)
_MINUTE = timedelta(minutes=1)


class Quiet(NamedTuple):
    """From a local time of day on, until another, over midnight where that is the earlier one."""

    begins: time
    ends: time

    def holds(self, moment: datetime) -> bool:
        """Say whether a moment, in the client's zone, is within them."""
        at = moment.time()
        if self.begins < self.ends:
            return self.begins <= at < self.ends
        return at >= self.begins or at < self.ends


def read_quiet(text: str) -> Quiet | None:
    """Read hours like ``21:00-08:00``; "" and "none" are no quiet hours. Raises ValueError."""
    if text in ("", "none"):
        return None
    found = _HOURS.fullmatch(text)
    if found is None:
        raise ValueError("these are no quiet hours; write them like 21:00-08:00, or none")
    begins = time(int(found[1]), int(found[2]))
    ends = time(int(found[3]), int(found[4]))
    if begins == ends:
        raise ValueError("these end when they begin; write two different times, or none")
    return Quiet(begins, ends)


def quiet_until(moment: datetime, quiet: Quiet | None, zone: ZoneInfo) -> datetime | None:
    """Say until when it is quiet, in the zone given; None where it is not quiet at this moment.

    What counts is what a clock on the wall shows. Where clocks are put back, an hour that comes twice is
    quiet twice; where they are put forward over the end, it is quiet until they have been.
    """
    if quiet is None or not quiet.holds(moment.astimezone(zone)):
        return None
    return _first_after(moment.astimezone(UTC).replace(second=0, microsecond=0), quiet, zone)


@lru_cache(maxsize=1024)
def _first_after(minute: datetime, quiet: Quiet, zone: ZoneInfo) -> datetime:
    """Look at one minute after the other, in UTC, where each comes once: that needs no rule for any clock."""
    while quiet.holds(minute.astimezone(zone)):
        minute += _MINUTE
    return minute.astimezone(zone)
