"""Send what waits in the outbox, after the awards were committed. What does not go is kept, with the reason.

A letter is claimed in one transaction, sent outside of any, and what came of it is noted in another. Who ends
in between leaves a claim that runs out; then the letter is sent once more, under the same id. So each is sent
at least once, and can be told to be the same.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

from attrs import Factory, define, evolve, frozen

from cmengine.consents import FULLER, MESSAGES, allows
from cmengine.errors import CMError, Mistake, stop_if
from cmengine.information import may_hear
from cmengine.letters import Letter, ask_again, claim, covered, letters, note
from cmengine.model import Message, Notifier
from cmengine.options import Place
from cmengine.outbox import INFORMATION as ABOUT
from cmengine.outbox import READY
from cmengine.postman import Postman
from cmengine.preferences import preferences
from cmengine.program import Program
from cmengine.quiet import quiet_until
from cmengine.ready import ready_now
from cmengine.strengths import strength_for
from cmengine.telling import OWN, tell
from cmengine.wording import blocked
from cmengine.wording import words_of as book_of

GRACE = timedelta(
    seconds=60
)  # beyond the time that one try may take, before another sender may try
MOST_PROBLEM = 300
NOTHING_WAITS = "nothing waits to be picked up any more"
NOT_YET = "nothing of what waits can be handed over just now"


@frozen(kw_only=True)
class Standing:
    """Where a letter stands: `state` is one of STATES, `why` says it in words, `at` is when that changes.

    `state` is "due" where it can be sent now.
    """

    letter: Letter
    state: str
    why: str = ""
    at: datetime | None = None
    tries: int = 0


STATES = {
    "due": "goes with the next sending",
    "no consent": "waits until the client allows it",
    "quiet": "waits until the client's quiet hours are over",
    "held back": "waits until something can be handed over",
    "being sent": "a sender is at it",
    "pause": "did not go, and is tried again later",
    "did not go": "did not go, and is not tried again unless somebody asks for it",
    "not needed": "is not sent: the reason for it is gone",
}


@frozen(kw_only=True)
class Sent:
    """One try to send a letter; `problem` is empty where it went."""

    message: Message
    channel: str
    messages: int
    problem: str = ""


def standings(program: Program) -> list[Standing]:
    """Say of every letter that waits where it stands, oldest first."""
    return [standing_of(program, letter) for letter in letters(program)]


def standing_of(program: Program, letter: Letter) -> Standing:
    """Say where a letter stands now."""
    now = program.now()
    ours = program.settings.messages
    tries = len(letter.counted(now))
    problem = letter.problem(now)
    taken = letter.taken(now)

    def stands(state: str, why: str = "", at: datetime | None = None) -> Standing:
        return Standing(letter=letter, state=state, why=why, at=at, tries=tries)

    if taken is not None:
        return stands("being sent", at=taken.until)
    if letter.template == READY and not waits(program, letter.client):
        return stands("not needed", NOTHING_WAITS)
    missing = no_consent(program, letter.client, letter.channel, letter.template)
    if missing:
        return stands("no consent", missing)
    if tries >= ours.tries:
        return stands("did not go", problem)
    later = letter.next_try(now)
    if later is not None:
        return stands("pause", problem, later)
    wants = preferences(program, letter.client)
    until = quiet_until(now, wants.quiet, wants.zone)
    if until is not None:
        return stands("quiet", problem, until)
    if letter.template == READY and not ready_now(program, letter.client):
        return stands(
            "held back", NOT_YET
        )  # a limit, an empty fund, no stock: told once it is over
    return stands("due", problem)


def waits(program: Program, client: str) -> bool:
    """Say whether anything waits to be picked up: money or things."""
    ledger = program.ledger
    return ledger.balance(client).waiting > 0 or bool(ledger.waiting_items(client))


def no_consent(program: Program, client: str, channel: str, template: str) -> str:
    """Say which consent a message would need and has not; nothing where it has all."""
    if not allows(program, client, MESSAGES, channel):
        return f"no consent for {channel}"
    if template.startswith(f"{ABOUT}."):
        if not may_hear(program, client, template.removeprefix(f"{ABOUT}.")):
            return "no consent for information"
        if not allows(program, client, FULLER, channel):
            return f"no consent for fuller words on {channel}"
    return ""


def words_of(program: Program, letter: Letter) -> str:
    """Say what a letter says now. Raises CMError where a template is off, or where its words would not do."""
    return said_to(program, letter.client, letter.channel, letter.template, letter.first)


def said_to(program: Program, client: str, channel: str, template: str, number: int) -> str:
    """Say a template to a client on a channel: in their language, and in fuller words where they want them.

    Every word of it is looked at, but for the client's own. Raises CMError.
    """
    fuller = allows(program, client, FULLER, channel)
    wants = preferences(program, client)
    facts: dict[str, object] = {}
    if fuller:  # a name, too, may be read by others on a locked screen
        cents, things = _waiting(program, client, template)
        facts = {
            "called": wants.called,
            "cents": cents,
            "labels": things,
            "currency": program.settings.currency,
            "strength": strength_for(program, client, number),
        }
    text = tell(template, wants.language, facts, fuller=fuller, folder=program.folder)
    found = blocked(
        text,
        own=[str(facts.get(name, "")) for name in OWN],
        fuller=fuller,
        program=program.settings.name,
        words=book_of(program.folder),
    )
    if found:
        raise CMError(*(Mistake(f"the message '{template}'", one.what, one.say) for one in found))
    return text


def _waiting(program: Program, client: str, template: str) -> tuple[int, tuple[str, ...]]:
    """Give what waits for a client, in cents and things; what is said to be ready is what can be handed over."""
    if template == READY:
        ready = ready_now(program, client)
        return ready.cents, ready.things
    things = program.ledger.waiting_items(client)
    return program.ledger.balance(client).waiting, tuple(item for _, _, item in things)


@define(eq=False, repr=False)
class Sender:
    """Sends letters, one after the other. `send` hands one message to a notifier, and says why it did not go."""

    program: Program
    send: Any
    _notifiers: dict[str, tuple[Notifier, ...]] = Factory(dict)

    def go(self, letter: Letter) -> Sent | None:
        """Claim a letter, send it and note what came of it; None where it is not to be sent, or not by us."""
        program = self.program
        seconds = timedelta(seconds=program.settings.messages.seconds)
        with program.ledger.writing("claim message"):
            standing = standing_of(program, letter)
            if standing.state not in ("due", "not needed"):
                return None
            claimed = claim(program, letter, program.now() + seconds + GRACE)
            if claimed is None:
                return None
            if standing.state == "not needed":
                note(program, claimed, "not needed", standing.why)
                return None
        message = Message(id=letter.id, client=letter.client, text="", about=letter.about)
        try:
            message = evolve(message, text=words_of(program, letter))
            problem = self._handed_over(letter, message)[:MOST_PROBLEM]
        except CMError as error:
            problem = str(error)[:MOST_PROBLEM]
        with program.ledger.writing("note message"):
            note(program, claimed, "failed" if problem else "sent", problem or None)
        return Sent(
            message=message,
            channel=letter.channel,
            messages=covered(program, letter, claimed),
            problem=problem,
        )

    def _handed_over(self, letter: Letter, message: Message) -> str:
        try:
            notifier = self._notifiers_of(letter.digest)[letter.notify]
        except CMError:
            raise
        except (Exception, SystemExit) as error:  # of a plugin's class
            return f"{type(error).__name__}: {error}"
        return str(self.send(notifier, message))

    def _notifiers_of(self, digest: str) -> tuple[Notifier, ...]:
        """Build the notifiers of a published rule, also where another plugin that it needs is not there."""
        if digest not in self._notifiers:
            table = self.program.table(digest)
            built, mistakes = self.program.reader().notifiers(
                table, Place("published").about(f"rule '{table['id']}'")
            )
            stop_if(mistakes)
            self._notifiers[digest] = tuple(built)
        return self._notifiers[digest]


def send_waiting(
    program: Program, send: Any = None, stopped: Callable[[], bool] = lambda: False
) -> Iterator[Sent]:
    """Send what waits and may be sent now, oldest first. What does not go is kept, with the reason.

    `send` hands a message to a notifier (else a `Postman` does); before each letter, `stopped` says whether
    somebody asked to stop.
    """
    postman = Postman(program.settings.messages.seconds)
    sender = Sender(program, send or postman.send)
    try:
        for letter in letters(program):
            if stopped():
                return
            if standing_of(program, letter).state in ("due", "not needed"):
                sent = sender.go(letter)
                if sent is not None:
                    yield sent
    finally:
        postman.close()


def retry(program: Program, message: str | None = None) -> list[Letter]:
    """Let one letter that did not go, or all of them, be tried again at once. Give them; raises CMError."""
    with program.ledger.writing("retry messages"):
        now = program.now()
        found = [one for one in letters(program) if one.counted(now)]
        if message is not None:
            found = [one for one in found if one.id == message]
            if not found:
                todo = "see what did not go, with the ids: cmengine outbox list --json"
                raise CMError(
                    Mistake(f"message '{message:.80}'", "is not one that did not go", todo)
                )
        for one in found:
            ask_again(program, one)
        return found


def gone(program: Program) -> list[dict[str, Any]]:
    """Give what went, or was not needed any more, oldest first: `came` says which."""
    sql = (
        "select f.id, c.client, c.channel, c.template, d.came, d.problem as why, d.noted_at,"
        " (select count(*) from claims b where b.client = c.client and b.channel = c.channel"
        "  and b.template = c.template and b.first = c.first and b.seq <= c.seq) as tries"
        " from claims c join deliveries d on d.claim = c.seq join messages f on f.seq = c.first"
        " where d.came <> 'failed' order by d.claim"
    )
    return [dict(row) for row in program.ledger.rows(sql)]
