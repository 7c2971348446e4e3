"""Messages that staff put into the outbox: a hello, a welcome back, or what somebody asked to hear about."""

from cmengine.consents import MESSAGES, consents
from cmengine.errors import CMError, Mistake, did_you_mean
from cmengine.information import must_be_allowed, must_be_topic
from cmengine.outbox import INFORMATION
from cmengine.program import Program
from cmengine.rules import channels
from cmengine.sending import no_consent, said_to

GREETINGS = ("hello", "welcome_back")


def write(program: Program, client: str, template: str, channel: str | None = None) -> str:
    """Put a greeting into the outbox for a client, on the channel that is named or the only one they allow.

    It goes as every other message does. Raises CMError where the client does not allow it, or where its words
    would not do.
    """
    if template not in GREETINGS:
        what = f"'{template:.40}' is not a greeting"
        raise CMError(Mistake("TEMPLATE", what, did_you_mean(template, GREETINGS)))
    return _write(program, client, template, channel)


def write_information(program: Program, client: str, topic: str, channel: str) -> str:
    """Put what somebody asked to hear about into the outbox; it needs their consent for fuller words there."""
    must_be_topic(topic)
    program.must_have(client)
    must_be_allowed(program, client, topic)
    return _write(program, client, f"{INFORMATION}.{topic}", channel)


def _write(program: Program, client: str, template: str, channel: str | None) -> str:
    with program.ledger.writing("write message"):
        program.must_have(client)
        way = channel or _only_channel(program, client)
        missing = no_consent(program, client, way, template)
        if missing:
            todo = "nothing was written; ask them, and see: cmengine consent give --help"
            raise CMError(Mistake(f"client '{client}'", missing, todo))
        said_to(program, client, way, template, 0)  # raises where its words would not do
        return put_message(program, client, way, template)


def put_message(program: Program, client: str, channel: str, template: str) -> str:
    """Put a message that is about no event into the outbox, inside the one write transaction; give its id.

    Raises CMError where no published rule has the channel any more.
    """
    digest, notify = _way(program, client, channel)
    id = f"{program.new_id()}/{template}"
    program.ledger.insert(
        "messages",
        id=id,
        client=client,
        event=None,
        digest=digest,
        notify=notify,
        channel=channel,
        template=template,
        made_at=program.now().isoformat(),
    )
    return id


def _only_channel(program: Program, client: str) -> str:
    """Give the one channel on which a client allows to be written to."""
    found = [
        one.channel for one in consents(program, client) if one.given and one.purpose == MESSAGES
    ]
    if len(found) == 1:
        return found[0]
    if found:
        todo = f"say which, with --channel: {' or '.join(found)}"
        raise CMError(Mistake("--channel", f"{client} allows several", todo))
    todo = "ask them, and note it: cmengine consent give --help"
    raise CMError(Mistake(f"client '{client}'", "no consent for any channel", todo))


def _way(program: Program, client: str, channel: str) -> tuple[str, int]:
    """Find a published rule that has the channel: what the client chose comes first. Give (digest, number)."""
    chosen = [
        rows[-1].choice.digest
        for rows in program.ledger.timelines(client).values()
        if rows[-1].choice.stands
    ]
    for digest in [*chosen, *program.ledger.current_digests().values()]:
        ways = channels(program.table(digest))
        if channel in ways:
            return digest, ways.index(channel)
    what = f"no published rule has the channel '{channel}' any more"
    raise CMError(Mistake("--channel", what, "see: cmengine consent channels"))
