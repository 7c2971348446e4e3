"""What another system says: that something happened, or what a client wants, as it would be typed here. Pure."""

from datetime import date, datetime
from typing import NamedTuple


class Seen(NamedTuple):
    """Something that happened elsewhere. `at` is a moment, or a day."""

    id: str
    client: str
    kind: str
    value: str | None
    at: datetime | date
    evidence: str | None


class Sought(NamedTuple):
    """What a client wants, elsewhere: from the day `on`, and where it rests (`stands` is False), until the
    day `until`.
    """

    client: str
    rule: str
    words: str
    settings: tuple[tuple[str, str], ...]
    on: date | None
    stands: bool
    until: date | None = None


class Unmeant(Exception):
    """Something that concerns nothing the program knows, or that is not (yet) to be relied on."""
