"""STOP in answer to a message: which words mean it, and that it is done is answered once, where it was said."""

import re

from cmengine.consents import MESSAGES, ON_A_CHANNEL, Consent, consents, note_nos
from cmengine.errors import CMError
from cmengine.greetings import put_message
from cmengine.outbox import STOPPED
from cmengine.program import Program

STOP = frozenset(
    (
        "stop", "stopall", "quit", "end", "revoke", "opt out", "optout", "cancel", "unsubscribe",
        "alto", "para", "parar", "pare", "basta", "baja", "no mas", "no más", "cancelar", "salir",
    )
)  # fmt: skip
"""Words that take every consent to be written to back: those of 47 CFR 64.1200(a)(10), and Spanish ones."""

_BESIDE = frozenset(
    (
        "please", "now", "thanks", "me", "us", "it", "this", "these", "the", "all", "texting", "texts", "text",
        "messages", "message", "messaging", "writing", "sending", "contacting", "por", "favor", "ya", "mensajes",
        "los",
    )
)  # fmt: skip


def says_stop(text: str) -> bool:
    """Say whether an answer to a message asks for no more of them: one of the words for it, with nothing
    but such words as "please" or "texting me" beside it. Pure.
    """
    words = re.sub(r"[^\w\s]", " ", text).casefold().split()
    return " ".join(one for one in words if one not in _BESIDE) in STOP


def stop_heard(
    program: Program, client: str, channel: str | None = None, *, answer: bool = True
) -> tuple[list[Consent], str]:
    """Write to a client no more, on no channel, and say so once, as an answer to what they wrote.

    It is answered on the channel on which they said it, or else on the only one that they allowed until then:
    nobody is answered where they had not said yes. Give what was noted, and the channel of the answer (empty:
    none). Raises CMError where there is no such client, and else never: STOP is honored whatever the channel.
    """
    with program.ledger.writing("stop messages"):
        program.must_have(client)
        stands = [one for one in consents(program, client) if one.given]
        allowed = [one.channel for one in stands if one.purpose == MESSAGES]
        gone = note_nos(program, client, set(ON_A_CHANNEL), None, "message")
        ways = [one for one in allowed if channel in (None, one)]
        way = ways[0] if answer and len(ways) == 1 else ""
        if way:
            try:
                put_message(program, client, way, STOPPED)
            except CMError:  # no rule has the channel any more, so there is no way to answer
                way = ""
    return gone, way
