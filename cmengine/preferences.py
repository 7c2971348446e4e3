"""How a client wants things: the language, the zone and the quiet hours for messages, what to call them.

They are kept in `personal`, where they can be erased: what to call them about ``name``, which is what they were
enrolled with, all else about ``set:NAME``. Without one, the program's holds.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple
from zoneinfo import ZoneInfo

from cmengine.engine import MOST_NAME, too_long
from cmengine.errors import CMError, Mistake, did_you_mean, stop_if
from cmengine.program import Program
from cmengine.quiet import Quiet, read_quiet
from cmengine.settings import read_zone
from cmengine.telling import ENGLISH, languages

ABOUT = "set:"
NAME = "name"
"""About what it is kept in `personal` what somebody likes to be called."""


class Preferences(NamedTuple):
    """What holds for one client. `quiet` None: no hour is quiet. `called` empty: nothing special."""

    language: str
    zone: ZoneInfo
    quiet: Quiet | None
    called: str


def preferences(program: Program, client: str) -> Preferences:
    """Give what holds for a client: what they set, or else English, and the program's zone and quiet hours."""
    kept = set_by(program, client)
    zone = kept.get("zone")
    return Preferences(
        language=kept.get("language", ENGLISH),
        zone=read_zone(zone) if zone else program.settings.zone,
        quiet=read_quiet(kept.get("quiet", program.settings.messages.quiet)),
        called=kept.get("called", ""),
    )


def set_by(program: Program, client: str) -> dict[str, str]:
    """Give what a client set, by name."""
    kept = program.ledger.personal(client)
    found = {
        about.removeprefix(ABOUT): text for about, text in kept.items() if about.startswith(ABOUT)
    }
    return {"called": kept[NAME], **found} if NAME in kept else found


def change(program: Program, client: str, wishes: Sequence[tuple[str, str]]) -> None:
    """Set what a client wants: (name, text) each; an empty text takes it back. Raises CMError with all mistakes."""
    stop_if(_mistakes(program, wishes))
    with program.ledger.writing("change what a client prefers"):
        program.must_have(client)
        for name, text in wishes:
            about = NAME if name == "called" else f"{ABOUT}{name}"
            program.ledger.change_personal(client, about, text)


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
