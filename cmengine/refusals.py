"""Why the program says no, or not yet: a short published list, and with each *no* something that can be done instead.

What was earned is never refused, only its handing over waits. A word that was mistyped, a code that is none,
and something that did not happen yet are no refusals, and are not counted.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING, Any

from attrs import evolve, frozen

from cmengine.errors import CMError, Mistake, Refused

if TYPE_CHECKING:
    from cmengine.limits import Held
    from cmengine.program import Program


@frozen(kw_only=True)
class Listed:
    """A reason of the published list: its name, what it says, and what can always be done instead."""

    name: str
    words: str
    instead: tuple[str, ...]


REASONS = {
    one.name: one
    for one in (
        Listed(
            name="limit",
            words="a funder's limit on what may be issued is reached",
            instead=("issue what there is room for", "the rest on the day that is named"),
        ),
        Listed(
            name="fund",
            words="the fund is used up just now",
            instead=(
                "put money in",
                "let another fund pay",
                "hand over the rest when there is some",
            ),
        ),
        Listed(
            name="queue",
            words="what is left is kept for those who earned it earlier",
            instead=("issue what there is room for", "put money in"),
        ),
        Listed(
            name="rule",
            words="no fund pays for this rule so far",
            instead=("let a fund pay for it",),
        ),
        Listed(
            name="stock",
            words="none is on hand just now",
            instead=("another brand, a voucher of ours, or a thing of equal or more worth",),
        ),
        Listed(
            name="count",
            words="gift cards are counted first, because the ledger was put back from a backup",
            instead=("count them, two of you", "another brand, or a voucher of ours"),
        ),
        Listed(
            name="worth",
            words="what would be given instead is worth less than what was earned",
            instead=("something of equal or more worth", "what was earned, when it is there"),
        ),
        Listed(
            name="used",
            words="nothing is left on the voucher: its code was used",
            instead=("look together when it was used", "a gift from the program"),
        ),
        Listed(
            name="less",
            words="the newest version of a rule would earn less for something",
            instead=("keep the version that was promised",),
        ),
        Listed(
            name="pause",
            words="too many codes that could not be used were typed, so none is looked at for a while",
            instead=("wait a moment", "another desk"),
        ),
        Listed(
            name="held",
            words="a plugin cannot work out just now what something earned",
            instead=("it is kept, and added as soon as the plugin is mended",),
        ),
    )
}
"""The published list, by name. docs/saying-no.md is written from it."""


@frozen(kw_only=True)
class Refusal:
    """One *no*: its reason, what is in the way, how many cents wait because of it, and for whom.

    `instead` is what can be done about this one, in words for the desk: at least one thing.
    """

    reason: str
    what: str
    instead: tuple[str, ...]
    cents: int = 0
    client: str | None = None

    def __attrs_post_init__(self) -> None:
        if self.reason not in REASONS or not self.instead or not all(self.instead):
            raise ValueError(f"{self.reason}: a refusal has a listed reason, and an alternative")


def no(where: str, what: str, refusal: Refusal) -> Refused:
    """Make the error of a command that is refused: `what` says why, and the refusal what can be done."""
    return Refused([refusal], Mistake(where, what, "; ".join(refusal.instead)))


def held_back(client: str, held: "Iterable[Held]") -> list[Refusal]:
    """Give a refusal for everything that limits and funds hold back of what waits for a client.

    Of several funds, the first that would pay says why.
    """
    found: dict[tuple[str, str], Refusal] = {}
    for one in held:
        first = one.reasons[0]
        what = first.cap.name if first.cap else first.fund or first.rule
        new = Refusal(
            reason=first.kind,
            what=first.rule if first.kind == "rule" else what,
            instead=one.instead,
            cents=one.cents,
            client=client,
        )
        same = found.get((new.reason, new.what))
        found[new.reason, new.what] = evolve(new, cents=new.cents + same.cents) if same else new
    return list(found.values())


def note_refusals(program: "Program", refusals: Iterable[Refusal]) -> None:
    """Write refusals down, within a write transaction; one for the same reason that day is enough."""
    ledger, today = program.ledger, program.today().isoformat()
    for one in refusals:
        said = ledger.one(
            "select 1 from refusals where on_day = ? and reason = ? and what = ?"
            " and coalesce(client, '') = ?",
            today,
            one.reason,
            one.what,
            one.client or "",
        )
        if said is None:
            ledger.insert(
                "refusals",
                client=one.client,
                reason=one.reason,
                what=one.what,
                cents=one.cents,
                on_day=today,
                made_at=program.now().isoformat(),
                made_by=program.by,
            )


@contextmanager
def noted(program: "Program") -> Iterator[None]:
    """Write down what is refused inside, after all else that was begun was taken back.

    Stands outside of `ledger.writing()`: a command that is refused leaves nothing behind but its refusal.
    """
    try:
        yield
    except Refused as refused:
        try:
            with program.ledger.writing("refuse"):
                note_refusals(program, refused.refusals)
        except CMError as error:  # it is said all the same, and that it could not be written down
            raise Refused(refused.refusals, *refused.mistakes, *error.mistakes) from error
        raise


# What was refused


def refusals_since(
    program: "Program", since: date | None = None, client: str | None = None
) -> list[dict[str, Any]]:
    """Give what was refused from a day on, oldest first."""
    rows = program.ledger.rows(
        "select on_day as 'on', reason, what, client, cents, made_at, made_by from refusals"
        " where on_day >= ?1 and (?2 is null or client = ?2) order by seq",
        since.isoformat() if since else "",
        client,
    )
    return [dict(row) for row in rows]


def counted(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Count refusals by reason, in the order of the published list, with what was in the way. Pure.

    `clients` counts the people, each once. Reasons that are listed no longer come last.
    """
    found = []
    for reason in [*REASONS, *sorted({row["reason"] for row in rows} - set(REASONS))]:
        some = [row for row in rows if row["reason"] == reason]
        listed = REASONS.get(reason)
        found.append(
            {
                "reason": reason,
                "words": listed.words if listed else reason,
                "alternatives": list(listed.instead) if listed else [],
                "times": len(some),
                "clients": len({row["client"] for row in some} - {None}),
                "what": _tally(row["what"] for row in some),
            }
        )
    return found


def by_staff(rows: Sequence[dict[str, Any]]) -> dict[str, int]:
    """Count at whose desk it was said. Pure."""
    return _tally(row["made_by"] for row in rows)


def _tally(words: Iterable[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for word in words:
        found[word] = found.get(word, 0) + 1
    return dict(sorted(found.items(), key=lambda one: (-one[1], one[0])))


def table() -> str:
    """Write the published list as a table of Markdown, for the page of the docs."""
    rows = [
        f"| `{one.name}` | {one.words} | {'; or '.join(one.instead)} |" for one in REASONS.values()
    ]
    return "\n".join(["| reason | the program says no because | instead |", "| --- | --- | --- |", *rows])  # fmt: skip
