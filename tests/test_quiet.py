"""Quiet hours: nobody is written to in them, whatever their clocks do."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmengine.quiet import Quiet, quiet_until, read_quiet

# Clocks that are put forward and back at 2 and at 1, at midnight, by half an hour, by a whole day, and never.
ZONES = [
    ZoneInfo(name)
    for name in (
        "America/Los_Angeles",
        "Europe/London",
        "America/Havana",
        "Australia/Lord_Howe",
        "Pacific/Apia",
        "Asia/Kathmandu",
    )
]
TIMES = st.times().map(lambda one: one.replace(second=0, microsecond=0))
HOURS = st.tuples(TIMES, TIMES).filter(lambda two: two[0] != two[1]).map(lambda two: Quiet(*two))
MOMENTS = st.integers(0, 16 * 366 * 24 * 60).map(
    lambda minutes: datetime(2011, 12, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)


def shows(moment: datetime, zone: ZoneInfo) -> int:
    """The minute of the day that a clock on the wall shows."""
    here = moment.astimezone(zone)
    return here.hour * 60 + here.minute


def is_quiet(moment: datetime, quiet: Quiet, zone: ZoneInfo) -> bool:
    """The same by going round the clock: is the end nearer ahead than the beginning?"""
    now = shows(moment, zone)
    begins, ends = (one.hour * 60 + one.minute for one in quiet)
    return (now - begins) % 1440 < (ends - begins) % 1440


@given(moment=MOMENTS, quiet=HOURS, zone=st.sampled_from(ZONES))
def test_it_is_quiet_until_it_no_longer_is(moment: datetime, quiet: Quiet, zone: ZoneInfo) -> None:
    until = quiet_until(moment, quiet, zone)
    if until is None:
        assert not is_quiet(moment, quiet, zone)
        return
    assert not is_quiet(until, quiet, zone)
    minute = moment.replace(second=0, microsecond=0)
    while minute < until:
        assert is_quiet(minute, quiet, zone), "there was a minute before, in which it was not"
        minute += timedelta(minutes=1)
    assert moment < until <= moment + timedelta(hours=49)


@given(day=st.dates(date(2026, 3, 7), date(2026, 3, 9)))
def test_around_the_night_of_the_change_it_is_eight_in_the_morning(day: date) -> None:
    # Clocks in Chicago are put forward on 8 March 2026 at 2.
    zone = ZoneInfo("America/Chicago")
    hours = read_quiet("21:00-08:00")
    for hour in (21, 23):
        late = datetime.combine(day, time(hour, 30), zone)
        until = quiet_until(late, hours, zone)
        assert until == datetime.combine(day + timedelta(days=1), time(8), zone)
    night = 9.5 if day == date(2026, 3, 7) else 10.5  # an hour is missing from that night
    until = quiet_until(datetime.combine(day, time(21, 30), zone), hours, zone)
    assert until is not None
    assert (until - datetime.combine(day, time(21, 30), zone).astimezone(UTC)) == timedelta(
        hours=night
    )


def test_an_end_that_the_clock_leaps_over_is_when_it_leaps() -> None:
    zone = ZoneInfo("America/Chicago")
    until = quiet_until(datetime(2026, 3, 8, 1, 30, tzinfo=zone), read_quiet("21:00-02:30"), zone)
    assert until == datetime(2026, 3, 8, 3, 0, tzinfo=zone)


def test_hours_that_come_twice_are_quiet_twice() -> None:
    zone = ZoneInfo("America/Chicago")  # on 1 November 2026 the hour from 1 to 2 comes twice
    first = datetime(2026, 11, 1, 1, 10, tzinfo=zone)
    again = datetime(2026, 11, 1, 1, 10, fold=1, tzinfo=zone)
    for moment in (first, again):
        until = quiet_until(moment, read_quiet("01:00-01:30"), zone)
        assert until is not None
        assert (until - moment.astimezone(UTC)) == timedelta(minutes=20)


@pytest.mark.parametrize("text", ["", "none"])
def test_there_may_be_none(text: str) -> None:
    assert read_quiet(text) is None
    assert quiet_until(datetime(2026, 1, 1, tzinfo=UTC), None, ZoneInfo("UTC")) is None


@pytest.mark.parametrize(
    "text",
    ["21-8", "21:00", "24:00-08:00", "21:00-08:60", "9:00-8:00", "21:00-21:00", "٢١:00-08:00"],
)
def test_what_are_no_hours_is_said(text: str) -> None:
    with pytest.raises(ValueError, match=r"these are no quiet hours|these end when they begin"):
        read_quiet(text)
