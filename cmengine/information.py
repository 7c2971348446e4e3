"""What may help somebody stay safe: offered when it fits, and told to those alone who say that they want to hear it.

Nothing is told unasked. When something fits (a long gap has ended, a goal was chosen, an event was logged), who is
at the desk sees that they may ask. Who says no is not asked again; they can ask for it themselves at any time.
"""

import re
from collections.abc import Collection, Sequence

from attrs import frozen

from cmengine.consents import INFORMATION, allows, note_consent
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
    said = _answers(program, client)
    asked = allows(program, client, INFORMATION)
    return [
        Offer(
            topic=name,
            says=says,
            answer=said.get(name, ("", False))[0],
            told=said.get(name, ("", False))[1],
            may=asked and said.get(name, ("", False))[0] != "no",
        )
        for name, says in TOPICS.items()
    ]


def answer(program: Program, client: str, topic: str, *, wants: bool, how: str = "spoken") -> Offer:
    """Note what somebody said when they were asked. A yes is a consent to hear such things."""
    must_be_topic(topic)
    with program.ledger.writing("answer about information"):
        program.must_have(client)
        _note(program, client, topic, "yes" if wants else "no")
        if wants and not allows(program, client, INFORMATION):
            note_consent(program, client, "", INFORMATION, given=True, how=how)
    return next(one for one in offers(program, client) if one.topic == topic)


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
    """Say whether a client wants to hear about a topic: they said so, and have not said no to this one since."""
    return (
        allows(program, client, INFORMATION)
        and _answers(program, client).get(topic, ("", False))[0] != "no"
    )


def must_be_allowed(program: Program, client: str, topic: str) -> None:
    """Raise CMError unless the client wants to hear about a topic."""
    if not may_hear(program, client, topic):
        todo = (
            "ask them; if they would like to, note it with:"
            f" cmengine information offer {client} {topic} --answer yes"
        )
        what = f"{client} has not said that they would like to hear about it"
        raise CMError(Mistake(topic, what, todo))


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


def _answers(program: Program, client: str) -> dict[str, tuple[str, bool]]:
    """Give for each topic what was answered last, and whether it was told."""
    found: dict[str, tuple[str, bool]] = {}
    for row in program.ledger.rows(
        "select topic, came from offers where client = ? order by seq", client
    ):
        said, was_told = found.get(row["topic"], ("", False))
        came = row["came"]
        found[row["topic"]] = (said, True) if came == "told" else (came, was_told)
    return found


def _note(program: Program, client: str, topic: str, came: str) -> None:
    at = program.now().isoformat()
    program.ledger.insert(
        "offers", client=client, topic=topic, came=came, noted_at=at, noted_by=program.by
    )
