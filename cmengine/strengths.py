"""What clients are proud of, in their own words: kept where it can be erased, never altered, never judged."""

from typing import NamedTuple

from cmengine.engine import too_long
from cmengine.errors import CMError, Mistake, stop_if
from cmengine.program import Program

ABOUT = "strength:"
MOST_WORDS = 500


class Strength(NamedTuple):
    """Something that a client is proud of. `id` is what it is taken out by."""

    id: str
    text: str


def add_strength(program: Program, client: str, text: str) -> Strength:
    """Keep what a client is proud of, as they say it. Raises CMError."""
    stop_if(too_long("text", text, MOST_WORDS))
    if not text.strip() or not all(one.isprintable() or one == "\n" for one in text):
        raise CMError(
            Mistake("the text", "holds nothing that can be shown", "write what they said")
        )
    with program.ledger.writing():
        program.must_have(client)
        kept = Strength(_next(strengths(program, client)), text.strip())
        program.ledger.keep_personal(client, f"{ABOUT}{kept.id}", kept.text)
    return kept


def strengths(program: Program, client: str) -> list[Strength]:
    """Give what a client is proud of, in the order in which they said it."""
    found = [
        Strength(about.removeprefix(ABOUT), text)
        for about, text in program.ledger.personal(client).items()
        if about.startswith(ABOUT)
    ]
    return sorted(found, key=lambda one: (len(one.id), one.id))


def remove_strength(program: Program, client: str, id: str) -> None:
    """Take one out; nothing of it is kept. Raises CMError where it is not there."""
    with program.ledger.writing():
        program.must_have(client)
        if id not in (one.id for one in strengths(program, client)):
            todo = f"see: cmengine strength list {client}"
            raise CMError(Mistake(f"strength '{id:.20}'", "is not there", todo))
        program.ledger.change_personal(client, f"{ABOUT}{id}", "")


def strength_for(program: Program, client: str, number: int) -> str:
    """Choose one for a message, by its number, so that the next has another; "" where there is none."""
    found = strengths(program, client)
    return found[number % len(found)].text if found else ""


def _next(kept: list[Strength]) -> str:
    return str(max((int(one.id) for one in kept), default=0) + 1)
