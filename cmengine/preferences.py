"""How a client wants things: the language, the zone and the quiet hours for messages, what to call them.

They are kept in `personal`, about ``set:NAME``, where they can be erased; without one, the program's holds.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, time
from typing import NamedTuple
from zoneinfo import ZoneInfo

from cmengine.engine import MOST_NAME, too_long
from cmengine.errors import CMError, Mistake, did_you_mean, stop_if
from cmengine.program import Program
from cmengine.settings import read_zone
from cmengine.telling import ENGLISH, languages

ABOUT = "set:"
_QUIET = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)", re.ASCII)


class Quiet(NamedTuple):
    """Hours in which nothing is sent: from one local time up to another, over midnight where it is earlier."""

    begins: time
    ends: time

    def holds(self, moment: datetime) -> bool:
        """Say whether a moment, in the client's zone, is within them."""
        at = moment.time()
        if self.begins < self.ends:
            return self.begins <= at < self.ends
        return at >= self.begins or at < self.ends


class Preferences(NamedTuple):
    """What holds for one client. `quiet` None: no hour is quiet. `called` empty: nothing special."""

    language: str
    zone: ZoneInfo
    quiet: Quiet | None
    called: str


def read_quiet(text: str) -> Quiet:
    """Read quiet hours, written like 21:00-08:00. Raises ValueError in words."""
    found = _QUIET.fullmatch(text)
    if not found or found[0][:5] == found[0][6:]:
        raise ValueError("this is not a span of hours; write it like 21:00-08:00")
    begins, begins_minute, ends, ends_minute = map(int, found.groups())
    return Quiet(time(begins, begins_minute), time(ends, ends_minute))


def preferences(program: Program, client: str) -> Preferences:
    """Give what holds for a client: what they set, or else the program's zone, English, no quiet hours."""
    kept = set_by(program, client)
    zone, quiet = kept.get("zone"), kept.get("quiet")
    return Preferences(
        language=kept.get("language", ENGLISH),
        zone=read_zone(zone) if zone else program.settings.zone,
        quiet=read_quiet(quiet) if quiet else None,
        called=kept.get("called", ""),
    )


def set_by(program: Program, client: str) -> dict[str, str]:
    """Give what a client set, by name."""
    return {
        about.removeprefix(ABOUT): text
        for about, text in program.ledger.personal(client).items()
        if about.startswith(ABOUT)
    }


def change(program: Program, client: str, wishes: Sequence[tuple[str, str]]) -> None:
    """Set what a client wants: (name, text) each; an empty text takes it back. Raises CMError with all mistakes."""
    stop_if(_mistakes(program, wishes))
    with program.ledger.writing("change what a client prefers"):
        program.must_have(client)
        for name, text in wishes:
            program.ledger.change_personal(client, f"{ABOUT}{name}", text)


def _mistakes(program: Program, wishes: Sequence[tuple[str, str]]) -> list[Mistake]:
    readers: Mapping[str, Callable[[str], object]] = {
        "language": lambda text: _language(program, text),
        "zone": read_zone,
        "quiet": read_quiet,
        "called": _called,
    }
    mistakes = []
    for name, text in wishes:
        if name not in readers:
            what = f"'{name:.40}' is nothing that a client can set"
            mistakes.append(Mistake("client set", what, did_you_mean(name, readers)))
            continue
        try:
            if text:
                readers[name](text)
        except ValueError as error:
            mistakes.append(Mistake(name, str(error)))
        except CMError as error:
            mistakes += error.mistakes
    return mistakes


def _language(program: Program, text: str) -> None:
    known = languages(program.folder)
    if text not in known:
        raise ValueError(
            f"'{text:.40}' is no language that there are words in; {did_you_mean(text, known)}"
        )


def _called(text: str) -> None:
    stop_if(too_long("name", text, MOST_NAME))
    if not text.isprintable() or not text.strip():
        raise ValueError("it holds a letter that cannot be shown; write it in letters")
