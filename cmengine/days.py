"""Which day an event belongs to, and which week. Pure: the zone is handed in."""

from datetime import date, datetime, time, timedelta
from re import ASCII, fullmatch
from zoneinfo import ZoneInfo

YEARS = range(1900, 3000)
MIDNIGHT = time(0)


def read_day(text: str) -> date:
    """Read a day written like 2026-01-05. Raises ValueError, in words."""
    try:
        day = date.fromisoformat(text) if len(text) == 10 else None
    except ValueError:
        day = None
    if day is None and fullmatch(r"\d{4}-\d\d-\d\d", text, ASCII):
        raise ValueError(f"there is no such day as {text}; look at the month and the day")
    if day is None:
        raise ValueError(f"'{text:.40}' is not a date like 2026-01-05")
    if day.year not in YEARS:
        raise ValueError(f"{day} is not a day of the years 1900 to 2999; look at the year")
    return day


def day_of(moment: datetime, zone: ZoneInfo, boundary: time = time(0)) -> date:
    """Say on which day of the program `moment` falls.

    `boundary` is the local time at which a new day begins: with 04:00, a visit at 02:30 belongs to
    the evening before.
    """
    local = moment.astimezone(zone)
    if boundary == MIDNIGHT:
        return local.date()
    wall = local.replace(tzinfo=None)
    return (wall - timedelta(hours=boundary.hour, minutes=boundary.minute)).date()


def moment_on(day: date, at: time, zone: ZoneInfo, boundary: time = time(0)) -> datetime:
    """Make the moment at local time `at` of the program's day `day`.

    A time that the clocks skip in spring becomes the same instant an hour later; of a time that
    comes twice in autumn, the first is meant.
    """
    calendar_day = day + timedelta(days=1) if at < boundary else day
    wall = datetime.combine(calendar_day, at, tzinfo=zone)
    return wall.astimezone(ZoneInfo("UTC")).astimezone(zone)


def week_of(day: date) -> date:
    """Name a week, Monday to Sunday, by its Monday."""
    return day - timedelta(days=day.weekday())


def days_of_week(day: date) -> list[date]:
    """Give the seven days of the week of a day, Monday to Sunday."""
    monday = week_of(day).toordinal()
    return [date.fromordinal(monday + n) for n in range(7)]


def week_number(day: date) -> int:
    """Number a week, Monday to Sunday: the same for its seven days, one more for the next seven."""
    return (day.toordinal() - 1) // 7
