"""What it recognizes. That it punishes nobody is tried as well: see pyproject.toml."""

from datetime import UTC, datetime

from cmengine_new_goal import NewGoal

from cmengine import Event, Met


def an_event(number: int) -> Event:
    at = datetime(2026, 1, number, 12, tzinfo=UTC)
    return Event(id=f"e{number}", client="c001", kind="visit", at=at, day=at.date())


def test_each_of_these_events_meets_it() -> None:
    goal = NewGoal(event="visit")
    for number in (1, 2, 20):
        assert goal.step(None, an_event(number)) == (None, Met(reason="visit"))


def test_it_is_shown_no_other_kind_of_event() -> None:
    assert NewGoal(event="visit").listens() == ("visit",)
