"""What people tell the program, and what it answers and does. A complaint goes to somebody other than the one it names.

Nothing in here is read where something is earned or issued, so nothing that somebody says can lower it.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from attrs import evolve, frozen

from cmengine.engine import too_long
from cmengine.errors import CMError, Mistake, did_you_mean, stop_if
from cmengine.ids import ALPHABET
from cmengine.ledger import Ledger
from cmengine.program import MOST_WHO, Program

MOST_WORDS = 10_000
ERASED = "(erased)"


def shown_as(seq: int) -> str:
    """Give the four letters that a feedback is shown as. Pure.

    They are another for each of the first 2**20, and do not count up: so who may not see one of them is not told by
    a gap that there is one.
    """
    mixed = seq & 0xFFFFF
    for factor in (0x9E3B5, 0x7A2ED):  # odd, so that each step can be undone
        mixed = (mixed * factor) & 0xFFFFF
        mixed ^= mixed >> 11
    return "".join(ALPHABET[mixed >> (5 * place) & 31] for place in (3, 2, 1, 0))


@frozen(kw_only=True)
class Told:
    """What was written down: its number, and who looks after it (None: whoever is at the desk, but for
    the one that a complaint names).
    """

    number: str
    id: str
    kind: str
    client: str | None
    goes_to: str | None


def looks_after(
    first: Sequence[str], staff: Sequence[str], about: str | None, noted_by: str
) -> str | None:
    """Choose who looks after a complaint: of those who do so first, then of the staff. Pure.

    Never the one it is about; somebody who did not write it down themselves, where there is anybody.
    """
    able = [name for name in dict.fromkeys([*first, *staff]) if not same_person(name, about)]
    others = [name for name in able if not same_person(name, noted_by)]
    return next(iter(others or able), None)


def same_person(one: str | None, other: str | None) -> bool:
    """Say whether two names of staff mean the same person."""
    return one is not None and other is not None and one.casefold() == other.casefold()


def add_feedback(
    program: Program,
    words: str,
    *,
    client: str | None = None,
    complaint: bool = False,
    about: str | None = None,
    to: str | None = None,
    entry: str | None = None,
) -> Told:
    """Write down what somebody said, in their own words; without `client`, nobody is named.

    `about` is the member of staff that a complaint names, `to` who is to look after it, `entry` the id of
    an event of theirs that it is about. Raises CMError with everything that does not fit.
    """
    ledger, settings = program.ledger, program.settings
    with ledger.writing("feedback add"):
        if client is not None:
            program.must_have(client)
        event, wrong = _entry(ledger, client, entry)
        about, unknown = _one_of_us(program, "--about", about)
        to, nobody = _one_of_us(program, "--to", to)
        stop_if([*_words(words), *wrong, *unknown, *nobody, *_not_themselves(about, to)])
        if complaint and to is None:
            to = looks_after(settings.feedback.complaints, settings.staff, about, program.by)
        told = Told(
            number="",
            id=program.new_id(),
            kind="complaint" if complaint else "feedback",
            client=client,
            goes_to=to,
        )
        number = ledger.insert(
            "feedback",
            id=told.id,
            kind=told.kind,
            client=client,
            event=event,
            names=about,
            goes_to=to,
            told_at=program.now().isoformat(),
            noted_by=program.by,
        )
        ledger.insert("feedback_words", feedback=number, answer=0, said=words.strip())
    return evolve(told, number=shown_as(number))


def _words(words: str) -> list[Mistake]:
    if not words.strip():
        return [Mistake("feedback", "there are no words", "write down what was said")]
    return too_long("text", words, MOST_WORDS)


def _entry(
    ledger: Ledger, client: str | None, entry: str | None
) -> tuple[int | None, list[Mistake]]:
    """Find the event that feedback is about: one of the client's own."""
    if entry is None:
        return None, []
    found = ledger.find_event(entry)
    if client is None or found is None or found.event.client != client:
        where = f"entry '{entry:.64}'"
        todo = f"ids stand in: cmengine events --client {client or 'CLIENT'}"
        return None, [Mistake(where, "is no entry about this client", todo)]
    return found.seq, []


def _one_of_us(program: Program, where: str, name: str | None) -> tuple[str | None, list[Mistake]]:
    """Read the name of a member of staff, as program.toml writes it."""
    if name is None:
        return None, []
    staff = program.settings.staff
    for known in staff:
        if same_person(known, name):
            return known, []
    if staff:
        what = f"'{name:.64}' is not among the staff of this program"
        return None, [Mistake(where, what, did_you_mean(name, staff))]
    if not name.strip() or len(name) > MOST_WHO or not name.isprintable():
        return None, [Mistake(where, f"'{name:.64}' is not a name", "write it in a few letters")]
    return name, []


def _not_themselves(about: str | None, to: str | None) -> list[Mistake]:
    if not same_person(about, to):
        return []
    what = f"a complaint about {about} cannot go to {about}"
    return [Mistake("--to", what, "name somebody else, or leave --to out")]


def answer_feedback(program: Program, number: str, said: str, did: str = "") -> dict[str, Any]:
    """Write down what was answered, and what was done because of it ("": nothing so far).

    `number` is what the feedback is shown as, or its id. Gives it as `feedback_list` does. Raises CMError,
    also where a complaint is about whoever is at the desk.
    """
    ledger = program.ledger
    with ledger.writing("feedback answer"):
        found = next(
            (
                row
                for row in ledger.rows("select seq, id, names from feedback")
                if number == row["id"] or number.strip().upper() == shown_as(row["seq"])
            ),
            None,
        )
        if found is None or same_person(found["names"], program.by):  # the same words for both
            todo = "the numbers stand in: cmengine feedback list"
            raise CMError(Mistake(f"feedback '{number:.64}'", "there is no such feedback", todo))
        missing = [] if said.strip() else [Mistake("--said", "is empty", "say what was answered")]
        long = [*too_long("answer", said, MOST_WORDS), *too_long("text", did, MOST_WORDS)]
        stop_if([*missing, *long])
        answer = ledger.insert(
            "answers",
            feedback=found["seq"],
            changed=int(bool(did.strip())),
            answered_at=program.now().isoformat(),
            answered_by=program.by,
        )
        ledger.insert(
            "feedback_words",
            feedback=found["seq"],
            answer=answer,
            said=said.strip(),
            did=did.strip(),
        )
    return next(one for one in feedback_list(program) if one["id"] == found["id"])


def feedback_list(
    program: Program, *, client: str | None = None, only_open: bool = False
) -> list[dict[str, Any]]:
    """Give what was said and what became of it, oldest first.

    A complaint about whoever is at the desk is left out: neither its words nor who said it are theirs to
    see. `days` is for how long it has been waiting, or was; `late` says that it waits for too long.
    """
    ledger = program.ledger
    sql = (
        "select f.*, e.id as entry, w.said from feedback_list f"
        " left join events e on e.seq = f.event"
        " left join feedback_words w on w.feedback = f.seq and w.answer = 0"
        " where (?1 is null or f.client = ?1) and (?2 = 0 or f.answered_at is null) order by f.seq"
    )
    rows = [
        row
        for row in ledger.rows(sql, client, int(only_open))
        if not same_person(row["names"], program.by)
    ]
    answers: dict[int, list[dict[str, Any]]] = {}
    for row in ledger.rows(
        "select a.*, w.said, w.did from answers a"
        " left join feedback_words w on w.feedback = a.feedback and w.answer = a.seq order by a.seq"
    ):
        answers.setdefault(row["feedback"], []).append(
            {
                "said": ERASED if row["said"] is None else row["said"],
                "did": row["did"] or "",
                "answered_at": row["answered_at"],
                "answered_by": row["answered_by"],
            }
        )
    return [_shown(program, row, answers.get(row["seq"], [])) for row in rows]


def beside_entries(program: Program, client: str) -> list[dict[str, Any]]:
    """Give what a client said about entries of theirs, as `feedback_list` does."""
    return [one for one in feedback_list(program, client=client) if one["entry"]]


def _shown(program: Program, row: Any, answers: list[dict[str, Any]]) -> dict[str, Any]:
    until = row["answered_at"]
    end = program.day(datetime.fromisoformat(until)) if until else program.today()
    days = (end - program.day(datetime.fromisoformat(row["told_at"]))).days
    return {
        "number": shown_as(row["seq"]),
        "id": row["id"],
        "kind": row["kind"],
        "client": row["client"],
        "entry": row["entry"],
        "about": row["names"],
        "goes_to": row["goes_to"],
        "told_at": row["told_at"],
        "noted_by": row["noted_by"],
        "words": ERASED if row["said"] is None else row["said"],
        "days": days,
        "late": not until and days >= program.settings.feedback.days,
        "answers": answers,
    }
