"""Erase what is personal about a client, for good. What the sums rest on stays, under the code alone."""

from attrs import frozen

from cmengine.consents import consents, note_consent
from cmengine.letters import letters, settle
from cmengine.program import Program

ERASED = (
    "what they like to be called, their language, zone and quiet hours",
    "why they chose what they chose, in their own words",
    "notes, reasons, and what they are proud of",
    "the words of what they told the program, and of the answers",
    "every consent, so that nothing is sent to them or told about them",
)
"""What is erased, or ends."""

STAYS = (
    "their code, and under it days, kinds of event and their values, goals and settings, awards, vouchers",
    "what was logged as the value of an event, also where that is words: the awards rest on it",
    "that they told the program something, and when; that consents were given, and when they ended",
    "all they have earned: it can still be handed over",
)
"""What is not."""

ELSEWHERE = (
    "backups and exports that were made before: delete them, or erase again after a restore",
    "files that notifiers keep, such as their line in apprise.txt, and outbox.txt: take it out by hand",
    "paper, and what was sent to others: see cmengine disclosures --client",
)
"""Where cmengine cannot reach."""


@frozen(kw_only=True)
class Forgotten:
    """What was erased: how many texts about or by a client, how many of what they told; how many consents
    ended, and how many messages are not sent.
    """

    client: str
    texts: int
    words: int
    consents: int
    messages: int


def would_forget(program: Program, client: str) -> Forgotten:
    """Count what forgetting a client would erase and end. Raises CMError where there is no such client."""
    program.must_have(client)
    texts, words = program.ledger.about_a_person(client)
    return Forgotten(
        client=client,
        texts=texts,
        words=words,
        consents=sum(one.given for one in consents(program, client)),
        messages=sum(one.messages for one in letters(program) if one.client == client),
    )


def forget(program: Program, client: str) -> Forgotten:
    """Erase what is personal about a client, so that no byte of it is left in the ledger's file.

    Done again, it erases what was added since, and does what could not be finished. Raises CMError.
    """
    ledger = program.ledger
    with ledger.writing("forget client"):
        found = would_forget(program, client)
        for one in consents(program, client):
            if one.given:
                note_consent(program, client, one.channel, one.purpose, given=False, how="spoken")
        settle(program, client, "what is personal was erased")
        ledger.erase_person(client)
        ledger.insert(
            "forgotten", client=client, noted_at=program.now().isoformat(), noted_by=program.by
        )
    ledger.compact()
    return found
