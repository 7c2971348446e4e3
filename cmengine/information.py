"""What may help somebody stay safe: offered when it fits, and told to those alone who say that they want to hear it.

Nothing is told unasked. When something fits (a long gap has ended, a goal was chosen, an event was logged), who is
at the desk sees that they may ask. Who says no is not asked again; they can ask for it themselves at any time.
"""

import re
from collections.abc import Collection, Sequence
from typing import NamedTuple

from attrs import frozen

from cmengine.consents import INFORMATION, note_consent
from cmengine.engine import LONG_GAP, days_since
from cmengine.errors import CMError, Mistake, did_you_mean
from cmengine.model import Event
from cmengine.preferences import preferences
from cmengine.program import Program
from cmengine.sections import Topic
from cmengine.telling import INFORMATION as TEMPLATES_BEGIN
from cmengine.telling import TEMPLATES, tell

_OPIOIDS = re.compile(
    r"opioid|opiate|heroin|fentanyl|oxycodone|hydrocodone|morphine", re.IGNORECASE
)
TOPICS: dict[str, str] = {
    name.removeprefix(TEMPLATES_BEGIN): says.partition(";")[0]
    for name, says in TEMPLATES.items()
    if name.startswith(TEMPLATES_BEGIN)
}
"""What there is something to tell about, and what."""

USUAL = tuple(Topic(topic=name, after_gap=LONG_GAP, opioids=True) for name in TOPICS)
"""What fits where `program.toml` has no `[[information]]`: all of it, after a gap of 14 days, and where a client
chooses something about opioids, since who has not used for a while takes less."""


@frozen(kw_only=True)
class Offer:
    """Something that somebody may be asked whether they would like to hear; `answer` is what they said last:
    yes, no, or nothing yet. `told` says whether it was told, `may` whether it may be.
    """

    topic: str
    says: str
    answer: str
    told: bool
    may: bool


def fits(
    topic: Topic, *, gap: int | None = None, kind: str | None = None, rule: str = "", text: str = ""
) -> bool:
    """Say whether it is the moment for a topic: after so many days without an event, an event of a kind, or
    the choice of a rule whose text is given. Pure.
    """
    return bool(
        (gap is not None and topic.after_gap is not None and gap >= topic.after_gap)
        or (kind is not None and kind in topic.kinds)
        or (rule and rule in topic.rules)
        or (topic.opioids and _OPIOIDS.search(text))
    )


def after_event(program: Program, event: Event) -> list[Offer]:
    """Give what somebody may be asked about, now that an event of theirs was logged."""
    gap = days_since(program, event)
    fitting = [topic for topic in topics(program) if fits(topic, gap=gap, kind=event.kind)]
    return _open(program, event.client, fitting)


def after_choice(program: Program, client: str, rule: str, digest: str) -> list[Offer]:
    """Give what somebody may be asked about, now that they have chosen a rule."""
    table = program.table(digest)
    text = " ".join(str(table.get(key, "")) for key in ("id", "title", "why", "goal"))
    fitting = [topic for topic in topics(program) if fits(topic, rule=rule, text=text)]
    return _open(program, client, fitting)


def topics(program: Program) -> Sequence[Topic]:
    """Give what a program offers, and when."""
    return program.settings.information or USUAL


def offers(program: Program, client: str) -> list[Offer]:
    """Give all that a client could hear about, and what they answered."""
    program.must_have(client)
    sql = "select distinct topic from offers where client = ? and came = 'told'"
    was_told = {row[0] for row in program.ledger.rows(sql, client)}
    found = []
    for name, says in TOPICS.items():
        said = _last_word(program, client, name)
        answer = "" if said is None else "yes" if said.given else "no"
        found.append(
            Offer(topic=name, says=says, answer=answer, told=name in was_told, may=answer == "yes")
        )
    return found


def answer(
    program: Program, client: str, topic: str, *, wants: bool, how: str = "spoken"
) -> list[Offer]:
    """Note what somebody said when they were asked. It is a consent, or a no, for that topic alone.

    Without a topic (""), it is for all that there is. Give what it was about.
    """
    if topic:
        must_be_topic(topic)
    about = [topic] if topic else list(TOPICS)
    with program.ledger.writing("answer about information"):
        program.must_have(client)
        for one in about:
            _note(program, client, one, "yes" if wants else "no")
        note_consent(program, client, topic, INFORMATION, given=wants, how=how)
    return [one for one in offers(program, client) if one.topic in about]


def told(program: Program, client: str, topic: str) -> str:
    """Give the text about a topic, to be told or shown, and note that it was. Raises CMError without permission."""
    must_be_topic(topic)
    with program.ledger.writing("tell information"):
        program.must_have(client)
        must_be_allowed(program, client, topic)
        wants = preferences(program, client)
        template = f"{TEMPLATES_BEGIN}{topic}"
        text = tell(template, wants.language, {}, folder=program.folder)
        _note(program, client, topic, "told")
    return text


def may_hear(program: Program, client: str, topic: str) -> bool:
    """Say whether a client wants to hear about a topic: what they said last, of it or of all, was yes."""
    said = _last_word(program, client, topic)
    return said is not None and said.given


def must_be_allowed(program: Program, client: str, topic: str) -> None:
    """Raise CMError unless the client wants to hear about a topic."""
    said = _last_word(program, client, topic)
    if said is not None and said.given:
        return
    note = f"cmengine information offer {client} {topic} --answer yes"
    if said is None:
        what = f"{client} has not said that they would like to hear about it"
        raise CMError(
            Mistake(topic, what, f"ask them; if they would like to, note it with: {note}")
        )
    what = f"{client} said no on {said.noted_at[:10]}"
    raise CMError(Mistake(topic, what, f"nobody asks again; if they ask for it themselves: {note}"))


def must_be_topic(topic: str) -> None:
    """Raise CMError where there is nothing to tell about a topic."""
    if topic not in TOPICS:
        what = f"there is nothing to tell about '{topic:.40}'"
        raise CMError(Mistake("TOPIC", what, did_you_mean(topic, TOPICS)))


def _open(program: Program, client: str, fitting: Collection[Topic]) -> list[Offer]:
    """Leave out what was declined."""
    names = {topic.topic for topic in fitting}
    if not names:
        return []
    return [one for one in offers(program, client) if one.topic in names and one.answer != "no"]


class _Said(NamedTuple):
    given: bool
    noted_at: str


def _last_word(program: Program, client: str, topic: str) -> _Said | None:
    """Give what somebody said last of a topic, or of all of them; None where they have said nothing."""
    sql = (
        "select given, noted_at from consents where client = ? and purpose = ? and channel in ('', ?)"
        " order by seq desc limit 1"
    )
    row = program.ledger.one(sql, client, INFORMATION, topic)
    return None if row is None else _Said(bool(row["given"]), row["noted_at"])


def _note(program: Program, client: str, topic: str, came: str) -> None:
    at = program.now().isoformat()
    program.ledger.insert(
        "offers", client=client, topic=topic, came=came, noted_at=at, noted_by=program.by
    )
