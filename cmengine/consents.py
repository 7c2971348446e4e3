"""What clients allow, and no longer allow: to be written to, by which channel, and what may be said or counted.

The row that was written last stands, for each client, channel and purpose. Taking a consent back stops
what it allowed, at once, and changes nothing that was earned.
"""

import re
from collections.abc import Sequence

from attrs import asdict, frozen

from cmengine.errors import CMError, Mistake, did_you_mean, stop_if
from cmengine.letters import settle
from cmengine.outbox import STOPPED
from cmengine.program import Program

MESSAGES, FULLER, INFORMATION, EQUITY, SHARING = (
    "messages",
    "fuller",
    "information",
    "equity",
    "sharing",
)
PURPOSES = {
    MESSAGES: "to be written to on a channel",
    FULLER: "to be written to in fuller words on that channel, which somebody else might read",
    INFORMATION: "to hear about safety and health",
    EQUITY: "to be counted by groups in reports",
    SHARING: "to have what concerns them given to others",
}
"""What a consent can be for, and what it allows."""

UNWANTED = "not wanted any more"
"""Why a message is settled that waited when its client took their consent back."""

ON_A_CHANNEL = (MESSAGES, FULLER)
HOW = ("spoken", "written", "message")
_CHANNEL = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}", re.ASCII)


@frozen(kw_only=True)
class Consent:
    """What stands of one client, channel and purpose. `channel` is empty where no channel is meant.

    For `information` it is the topic, or empty where it is about all of them.
    """

    client: str
    channel: str
    purpose: str
    given: bool
    how: str
    noted_at: str
    noted_by: str


def give(
    program: Program, client: str, purpose: str = MESSAGES, channel: str = "", how: str = "spoken"
) -> Consent:
    """Write down that a client allows something. Raises CMError with everything that stands in the way."""
    stop_if(_mistakes(purpose, channel, how))
    _must_have_channel(program, channel)
    with program.ledger.writing("give consent"):
        program.must_have(client)
        return note_consent(program, client, channel, purpose, given=True, how=how)


def withdraw(
    program: Program,
    client: str,
    purpose: str | None = None,
    channel: str | None = None,
    how: str = "spoken",
) -> list[Consent]:
    """Write down that a client does not allow something, or no longer does: all, or a purpose or a channel.

    A no is noted and kept also where nobody had said yes. Without the consent to be written to on a channel
    there are no fuller words on it either, and what waited to be said there never goes. Give what was noted;
    nothing where every no stood there already. Raises CMError.
    """
    if purpose is not None:
        stop_if(_mistakes(purpose, channel or "x" * (purpose in ON_A_CHANNEL), how))
    _must_have_channel(program, channel or "")
    with program.ledger.writing("withdraw consent"):
        program.must_have(client)
        return note_nos(program, client, {purpose} if purpose else set(PURPOSES), channel, how)


def stop(program: Program, client: str, how: str = "message") -> list[Consent]:
    """Write to a client no more, on no channel, and not that this is so. Give what was noted."""
    with program.ledger.writing("stop messages"):
        program.must_have(client)
        return note_nos(program, client, set(ON_A_CHANNEL), None, how)


def note_nos(
    program: Program, client: str, purposes: set[str], channel: str | None, how: str
) -> list[Consent]:
    """Note a no for each purpose and channel where none stands, and settle what waited to be said there,
    inside the one write transaction.
    """
    stands = {(one.channel, one.purpose): one.given for one in consents(program, client)}
    channels = channels_of(program) if channel is None else [channel]
    asked = [(way, one) for way in channels for one in sorted(purposes & set(ON_A_CHANNEL))]
    if MESSAGES in purposes:  # fuller words go with it, where there were any
        asked += [(way, FULLER) for way in channels if stands.get((way, FULLER))]
        asked = [one for one in asked if one[1] == MESSAGES or stands.get(one)]
    if channel is None:
        asked += [("", one) for one in PURPOSES if one in purposes and one not in ON_A_CHANNEL]
        if INFORMATION in purposes:  # a no to all of it is a no to each topic they had said yes to
            asked += [key for key, yes in stands.items() if key[1] == INFORMATION and yes]
    nos = [one for one in dict.fromkeys(sorted(asked)) if stands.get(one) is not False]
    for way, one in asked:
        if one == MESSAGES:
            settle(program, client, UNWANTED, way, but=[STOPPED])
    return [note_consent(program, client, way, one, given=False, how=how) for way, one in nos]


def consents(program: Program, client: str | None = None) -> list[Consent]:
    """Give what stands, of one client or of all: what is allowed, and what was and is no more."""
    sql = (
        "select client, channel, purpose, given, how, noted_at, noted_by from consent_list"
        " where ?1 is null or client = ?1 order by client, channel, purpose"
    )
    return [
        Consent(**{**dict(row), "given": bool(row["given"])})
        for row in program.ledger.rows(sql, client)
    ]


def allows(program: Program, client: str, purpose: str, channel: str = "") -> bool:
    """Say whether a client allows something now."""
    sql = (
        "select given from consents where client = ? and channel = ? and purpose = ?"
        " order by seq desc limit 1"
    )
    row = program.ledger.one(sql, client, channel, purpose)
    return row is not None and bool(row["given"])


def channels_of(program: Program) -> list[str]:
    """Name the channels of the published rules, and those for which there are consents or messages."""
    from cmengine.rules import channels

    found = {
        channel
        for digest in program.ledger.current_digests().values()
        for channel in channels(program.table(digest))
    }
    sql = (
        "select channel from consents where purpose in ('messages', 'fuller')"
        " union select channel from claims"
    )
    found |= {row[0] for row in program.ledger.rows(sql)}
    return sorted(found - {""})


def note_consent(
    program: Program, client: str, channel: str, purpose: str, *, given: bool, how: str
) -> Consent:
    """Write down what a client allows, or no longer does, inside the one write transaction."""
    consent = Consent(
        client=client,
        channel=channel,
        purpose=purpose,
        given=given,
        how=how,
        noted_at=program.now().isoformat(),
        noted_by=program.by,
    )
    columns = asdict(consent)
    program.ledger.insert("consents", id=program.new_id(), **{**columns, "given": int(given)})
    return consent


def _mistakes(purpose: str, channel: str, how: str) -> Sequence[Mistake]:
    mistakes = []
    if purpose not in PURPOSES:
        todo = did_you_mean(purpose, PURPOSES)
        mistakes.append(Mistake("--purpose", f"'{purpose:.40}' is not what a consent is for", todo))
    elif purpose in ON_A_CHANNEL and not channel:
        todo = "say which, with --channel; those there are: cmengine consent channels"
        mistakes.append(Mistake("--channel", "is missing: this consent is for one channel", todo))
    elif purpose not in ON_A_CHANNEL and channel:
        what = f"a consent for '{purpose}' is for no channel"
        mistakes.append(Mistake("--channel", what, "leave it out"))
    if channel and not _CHANNEL.fullmatch(channel):
        todo = "use small letters, digits and -, like outbox"
        mistakes.append(Mistake("--channel", f"'{channel:.40}' is not the name of a channel", todo))
    if how not in HOW:
        mistakes.append(
            Mistake("--how", f"'{how:.40}' is no way to say it", did_you_mean(how, HOW))
        )
    return mistakes


def _must_have_channel(program: Program, channel: str) -> None:
    """A channel that no rule has is a slip of the pen: nobody would be written to on it."""
    if channel and channel not in (known := channels_of(program)):
        what = f"no published rule has the channel '{channel}'"
        todo = (
            did_you_mean(channel, known) if known else "publish rules with: cmengine rules publish"
        )
        raise CMError(Mistake("--channel", what, todo))
