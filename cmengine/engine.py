"""What staff can do at the desk: enroll a client, log an event. Each is one transaction."""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime

from attrs import Factory, define, frozen

from cmengine.days import week_of
from cmengine.errors import CMError, Mistake, did_you_mean, stop_if
from cmengine.evaluate import Standing
from cmengine.fold import Result, catches_up, results
from cmengine.kinds import unknown_kind
from cmengine.ledger import Remembered, Stored
from cmengine.memory import of_text, to_text
from cmengine.model import EVIDENCE, Choice, Event, Rule
from cmengine.outbox import write_messages
from cmengine.program import FUTURE, Program
from cmengine.slots import slots_until
from cmengine.timeline import TimelineRow

_CLIENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}", re.ASCII)
MOST_NOTE = 2_000
MOST_NAME = 200


@frozen
class Logged:
    """What logging an event came to. `again` is True where it had been logged before."""

    event: Event
    results: tuple[Result, ...] = ()
    again: bool = False


@define
class Logbook:
    """Logs events within one write transaction. It remembers what it has read, so that many events
    cost little more than their rows; call `close` before the transaction ends.
    """

    program: Program
    _timelines: dict[str, dict[str, list[TimelineRow]]] = Factory(dict)
    _standings: dict[tuple[str, str], Standing] = Factory(dict)
    _kept: dict[tuple[str, str], tuple[int, int]] = Factory(dict)  # cents earned, round
    _changed: dict[tuple[str, str], None] = Factory(dict)

    def log(self, event: Event, logged_at: datetime) -> Logged:
        """Log one event: append it, decide what it earns, append that. Twice the same id is once."""
        ledger = self.program.ledger
        known = ledger.find_event(event.id)
        if known is not None:
            return Logged(_same(known.event, event), again=True)
        stored = Stored(ledger.append_event(event, logged_at), event)
        return Logged(event, tuple(self._show(stored, self.timelines(event.client), logged_at)))

    def timelines(self, client: str) -> dict[str, list[TimelineRow]]:
        """Give a client's timelines."""
        if client not in self._timelines:
            self._timelines[client] = self.program.ledger.timelines(client)
        return self._timelines[client]

    def choose(self, choice: Choice, at: datetime) -> list[Result]:
        """Append a choice, and let events that were logged earlier and belong to it count."""
        ledger = self.program.ledger
        before = self.timelines(choice.client).get(choice.rule, [])
        ledger.add_choice(choice, at, self.program.by)
        timeline = [*before, TimelineRow(choice, ledger.last_event(), 0)]
        self._timelines[choice.client][choice.rule] = timeline
        caught = []
        if choice.stands and choice.on <= self.program.today():
            for stored in ledger.events_of(choice.client, choice.on):
                if catches_up(before, choice, stored.event):
                    caught += self._show(stored, {choice.rule: timeline}, at)
        return caught

    def close(self) -> None:
        """Write what the goals remember now."""
        for client, rule in self._changed:
            standing = self._standings[client, rule]
            now = Remembered(memory_text(rule, standing), standing.times, *self._kept[client, rule])
            self.program.ledger.remember(client, rule, now)
        self._changed.clear()

    def _show(
        self, stored: Stored, timelines: Mapping[str, Sequence[TimelineRow]], at: datetime
    ) -> list[Result]:
        found = []
        program, event = self.program, stored.event
        for result in results(timelines, event, program.rule_of, self._recall, program.dice):
            key = (event.client, result.rule.id)
            self._changed[key] = None
            earned = result.outcome.earned
            if earned is not None:
                cents, round_ = self._kept[key]
                program.ledger.append_earned(
                    stored.seq, event.client, result.choice.digest, earned, round_
                )
                self._kept[key] = (cents + earned.cents, round_)
                write_messages(program.ledger, stored, result.rule, earned, at)
            found.append(result)
        return found

    def _recall(self, rule: Rule, first: date, event: Event) -> Standing:
        ledger, client = self.program.ledger, event.client
        key = (client, rule.id)
        standing = self._standings.get(key)
        if standing is None:
            kept = ledger.remembered(client, rule.id)
            memory = rule.goal.start() if kept is None else of_text(kept.memory)
            standing = Standing(memory=memory, first=first, times=kept.times if kept else 0)
            self._standings[key] = standing
            self._kept[key] = (kept.cents, kept.round) if kept else (0, ledger.round(client))
        if rule.per_day is not None and event.day not in standing.days:
            standing.days[event.day] = ledger.counted(client, rule.id, event.day, event.day)
        week = week_of(event.day)
        if rule.per_week is not None and week not in standing.weeks:
            standing.weeks[week] = ledger.counted(
                client, rule.id, week, date.fromordinal(week.toordinal() + 6)
            )
        if rule.calendar:
            slot = max(1, slots_until(rule.calendar, first, event.day))
            if slot not in standing.slots and ledger.slot_taken(client, rule.id, slot):
                standing.slots.add(slot)
        return standing


def memory_text(rule: str, standing: Standing) -> str:
    """Write what a goal remembers; raise CMError, naming the rule, where that cannot be kept."""
    try:
        return to_text(standing.memory)
    except TypeError as error:
        raise CMError(
            Mistake(
                f"rule '{rule}'",
                f"its goal's memory cannot be kept: {error}",
                "nothing was written",
            )
        ) from error


def _same(known: Event, event: Event) -> Event:
    told = (known.client, known.kind, known.value, known.day)
    if told != (event.client, event.kind, event.value, event.day):
        raise CMError(
            Mistake(
                f"event '{event.id}'",
                f"this id was already used for {known.client}, {known.kind}, {known.day}",
                "nothing was written; give a different event its own id",
            )
        )
    return known


def make_event(
    program: Program,
    *,
    client: str,
    kind: str,
    value: str | None = None,
    at: datetime | None = None,
    id: str | None = None,
    evidence: str | None = None,
) -> tuple[Event | None, list[tuple[str, str]]]:
    """Make an event from what was typed or read; give (event, []) or (None, [(what is wrong, what to do)]).

    Whether there is such a client is for the caller to see.
    """
    wrong: list[tuple[str, str]] = []
    found = program.kinds.get(kind)
    read = None
    if found is None:
        wrong.append(unknown_kind(kind, program.kinds))
    else:
        try:
            read = found.read(value)
        except ValueError as error:
            wrong.append((f"{kind}: {error}", ""))
    moment = at or program.now()
    if moment > program.now() + FUTURE:
        wrong.append((f"{moment:%Y-%m-%d %H:%M} is in the future", "log it when it has happened"))
    if evidence and evidence not in EVIDENCE:
        wrong.append((f"'{evidence:.40}' is no kind of evidence", did_you_mean(evidence, EVIDENCE)))
    if id is not None and not (id.strip() and len(id) <= 200 and id.isprintable()):
        wrong.append(("the id cannot be one", "give it 1 to 200 letters that can be printed"))
    if wrong or found is None:
        return None, wrong
    return Event(
        id=id or program.new_id(),
        client=client,
        kind=kind,
        at=moment,
        day=program.day(moment),
        value=read,
        evidence=evidence or found.evidence,
        by=program.by,
    ), []


def log_event(program: Program, event: Event, note: str = "") -> Logged:
    """Log one event, durably, and give what it earned."""
    stop_if(too_long("note", note, MOST_NOTE))
    with program.ledger.writing():
        program.must_have(event.client)
        book = Logbook(program)
        logged = book.log(event, program.now())
        if note and not logged.again:
            program.ledger.keep_personal(event.client, f"note:{event.id}", note)
        book.close()
    return logged


def add_client(program: Program, client: str, name: str = "") -> None:
    """Enroll a client by a code; a name is kept apart, where it can be erased."""
    stop_if([*client_code_mistakes(client), *too_long("name", name, MOST_NAME)])
    with program.ledger.writing():
        if program.ledger.has_client(client):
            raise CMError(
                Mistake(
                    f"client '{client}'",
                    "is already enrolled",
                    f"see: cmengine client show {client}",
                )
            )
        program.ledger.add_client(client, program.now(), program.by)
        if name:
            program.ledger.keep_personal(client, "name", name)


def too_long(what: str, text: str, most: int) -> list[Mistake]:
    """Check that a text can be kept as it is: nothing that somebody typed is cut off."""
    if len(text) <= most:
        return []
    return [Mistake(f"the {what}", f"is longer than {most:,} letters", "shorten it")]


def client_code_mistakes(client: str) -> list[Mistake]:
    """Check that a client's code can be one."""
    if _CLIENT.fullmatch(client):
        return []
    return [
        Mistake(
            f"client '{client:.40}'",
            "is not a code",
            "use letters, digits, - _ and ., at most 64, like c001",
        )
    ]
