"""What is given to others about clients: to whom, what for, and under which consent (42 CFR 2.31, 2.32, 2.25)."""

from collections.abc import Sequence
from typing import Any

from attrs import frozen

from cmengine.errors import CMError, Mistake, stop_if
from cmengine.ledger import Ledger
from cmengine.program import Program

NOTICE = "42 CFR part 2 prohibits unauthorized use or disclosure of these records."
"""The short form of the notice that goes with records (42 CFR 2.32)."""

MOST_TEXT = 200


@frozen(kw_only=True)
class Grounds:
    """Why something may be given away: who receives it, what for, and the number of the client's consent."""

    recipient: str
    purpose: str
    consent: str


def grounds(recipient: str | None, purpose: str | None, consent: str | None) -> Grounds:
    """Read the grounds of a disclosure. Raises CMError with everything that is missing."""
    given = {"--to": recipient, "--purpose": purpose, "--consent": consent}
    needs = {
        "--to": "say who receives it",
        "--purpose": "say what it is for",
        "--consent": "give the number or place of the clients' written consent",
    }
    mistakes = [
        Mistake(name, "is missing: clients' data leave the program only with it", needs[name])
        for name, text in given.items()
        if not (text or "").strip()
    ] + [
        Mistake(name, f"is longer than {MOST_TEXT} letters", "shorten it")
        for name, text in given.items()
        if len(text or "") > MOST_TEXT
    ]
    if mistakes or not (recipient and purpose and consent):
        raise CMError(*mistakes)
    return Grounds(recipient=recipient, purpose=purpose, consent=consent)


OWN = "their own record"


def own_grounds(client: str) -> Grounds:
    """Give the grounds on which a client is given what concerns them: it is theirs (42 CFR 2.23)."""
    return Grounds(recipient=client, purpose=OWN, consent="not needed")


def not_shared(ledger: Ledger) -> list[str]:
    """Name the clients who have said that nothing about them is to be given to others (any more)."""
    sql = "select client from consent_list where purpose = 'sharing' and not given order by client"
    return [row[0] for row in ledger.rows(sql)]


def may_share(ledger: Ledger, clients: Sequence[str]) -> None:
    """Raise CMError where one of these clients has said that nothing about them is to be given to others."""
    withdrawn = set(not_shared(ledger))
    stop_if(
        [
            Mistake(
                f"client '{client}'",
                "has withdrawn their consent to sharing",
                "leave them out; what they earned is theirs all the same",
            )
            for client in clients
            if client in withdrawn
        ]
    )


def disclose(
    program: Program, what: str, clients: Sequence[str], why: Grounds, *, own: bool = False
) -> str:
    """Write down that `what` about these clients is given away; give the id. Do it before giving it.

    Raises CMError where one of them has withdrawn `sharing`, unless it is their `own` record.
    """
    ledger = program.ledger
    id = program.new_id()
    with ledger.writing():
        if not own:
            may_share(ledger, clients)
        number = ledger.insert(
            "disclosures",
            id=id,
            what=what,
            recipient=why.recipient,
            purpose=why.purpose,
            consent=why.consent,
            made_at=program.now().isoformat(),
            made_by=program.by,
        )
        for client in clients:
            ledger.insert("disclosed", disclosure=number, client=client)
    return id


def disclosures(program: Program, client: str | None = None) -> list[dict[str, Any]]:
    """Give what was disclosed, oldest first; with `client`, what concerned them."""
    sql = (
        "select d.id, d.what, d.recipient, d.purpose, d.consent, d.made_at, d.made_by,"
        " (select count(*) from disclosed c where c.disclosure = d.seq) as clients from disclosures d"
        " where ?1 is null or exists (select 1 from disclosed c where c.disclosure = d.seq and c.client = ?1)"
        " order by d.seq"
    )
    return [dict(row) for row in program.ledger.rows(sql, client)]
