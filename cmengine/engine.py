"""What staff can do at the desk: enroll a client, log an event. Each is one transaction."""

import json
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

from cmengine.days import days_of_week, week_number, week_of
from cmengine.errors import CMError, Fault, Mistake, did_you_mean, stop_if
from cmengine.evaluate import Ask, Standing, ask
from cmengine.fold import Agenda, Result, agenda_of, catches_up, results
from cmengine.kinds import Kinds, unknown_kind
from cmengine.ledger import Ledger, Remembered
from cmengine.memory import of_text, to_text
from cmengine.model import EVIDENCE, Choice, Event, Rule, Value
from cmengine.outbox import add_messages
from cmengine.program import FUTURE, Program
from cmengine.sheet import Sheet, new_sheet
from cmengine.timeline import TimelineRow, Timelines

if TYPE_CHECKING:
    from cmengine.holds import Hold

_CLIENT = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}"
MOST_NOTE = 2_000
MOST_NAME = 200
_CLIENT_AND_RULE = itemgetter(0, 1)
LATEST = 50  # entries, among which the latest day is looked for
LONG_GAP = 14  # days after which a body may no longer take what it took
ROWS = 2_048  # events that are held before their rows are written
MOST_PAGES = 10_000  # clients that a logbook remembers, beyond those of the transaction under way


class Logged(NamedTuple):
    """What logging an event came to. `again` is True where it had been logged before; `held` are rules that
    could not be worked out, and what they earn is still to come.
    """

    event: Event
    results: Sequence[Result] = ()
    again: bool = False
    held: "Sequence[Hold]" = ()


class _Account(Standing):
    """Where a client stands under one rule, the cents it has earned, and the rule's cache to be written.

    `rule` is the version that was shown an event last; `changed` counts what it was shown since the cache
    was written. Days and weeks are counted where the rule's pace asks for them.
    """

    __slots__ = ("by_day", "by_week", "cents", "changed", "round", "rule")

    def __init__(self, rule: Rule, first: date, kept: Remembered | None, round: int) -> None:
        if kept is None:
            super().__init__(rule.goal.start(), first)
            self.cents, self.round = 0, round
        else:
            super().__init__(of_text(kept.memory), first, kept.times, kept.latest)
            self.cents, self.round = kept.cents, kept.round
        self.changed = 0
        self.turn_to(rule)

    def turn_to(self, rule: Rule) -> None:
        """Go on under a version of the rule."""
        self.rule = rule
        self.by_day, self.by_week = rule.per_day is not None, rule.per_week is not None

    def forget_days(self) -> None:
        """Leave to the ledger what counted on which day: it has every row by now."""
        self.days.clear()
        self.weeks.clear()

    def keep_latest(self) -> None:
        """Forget all days but the latest, and all weeks but its own: what is logged in order asks for no others."""
        latest = self.latest
        if latest is None:
            return
        if self.by_day and len(days := self.days) > 1:
            self.days = {latest: days[latest]} if latest in days else {}
        if self.by_week and len(weeks := self.weeks) > 1:
            week = week_number(latest)
            self.weeks = {week: weeks[week]} if week in weeks else {}


class _Page:
    """What the logbook knows of one client: what they have `chosen`, as text, until the agenda is known.

    Rules that are `held` are not on the agenda: they are shown nothing until they are retried.
    """

    __slots__ = ("accounts", "agenda", "chosen", "held", "memories", "round")

    def __init__(
        self, chosen: str, memories: dict[str, Remembered], round: int, held: frozenset[str]
    ) -> None:
        self.chosen: str | None = chosen
        self.memories = memories
        self.round = round
        self.held = held
        self.agenda: Agenda | None = None
        self.accounts: dict[str, _Account] = {}


class Logbook:
    """Logs events within write transactions. It remembers what it has read, so that many events cost
    little more than their rows. Call `close` before a transaction ends. `ask` asks the rewards.

    `held` is what could not be worked out: all else goes on without it.
    """

    def __init__(self, program: Program, ask: Ask = ask) -> None:
        self.program = program
        self.held: list[Hold] = []
        self._ask = ask
        self._sheet: Sheet | None = None
        self._pages: dict[str, _Page] = {}
        self._changed: list[
            tuple[str, str, _Account]
        ] = []  # in this transaction, each at least once
        self._agendas: dict[object, Agenda] = {}
        self._timelines: dict[str, dict[str, list[TimelineRow]]] = {}
        self._pending: dict[str, Event] = {}  # events of this transaction, by their ids
        self._highest = ""  # the greatest id of an event so far
        self._version = 0
        self._written = 0  # of those that are held

    def log(self, event: Event, logged_at: datetime, at: str = "") -> Logged:
        """Log one event: append it, decide what it earns, append that. Twice the same id is once.

        `at` is the event's moment as the ledger writes it, where that is known already.
        """
        sheet = self._sheet or self._begin()
        known = self._find(event.id)
        if known is not None:
            return Logged(same_event(known, event), again=True)
        seq = sheet.add_event(event, logged_at, at)
        if seq % ROWS == 0:
            sheet.write()  # while they are still at hand, and so that few are held
        self._pending[event.id] = event
        page = self._page(event.client)
        agenda = page.agenda
        if agenda is None:
            agenda = self._agenda(event.client, page)
        return Logged(event, self._show(sheet, page, agenda, seq, event, logged_at))

    def timelines(self, client: str) -> dict[str, list[TimelineRow]]:
        """Give a client's timelines, with what was chosen in this transaction."""
        if client not in self._timelines:
            self._timelines[client] = self.program.ledger.timelines(client)
        return self._timelines[client]

    def choose(self, choice: Choice, at: datetime) -> list[Result]:
        """Append a choice, and let events that were logged earlier and belong to it count."""
        sheet = self._sheet or self._begin()
        ledger, rule_of = self.program.ledger, self.program.rule_of
        timelines = self.timelines(choice.client)
        before = timelines.get(choice.rule, [])
        ledger.add_choice(choice, at, self.program.by)
        timelines[choice.rule] = [*before, TimelineRow(choice, ledger.last_event(), 0)]
        page = self._page(choice.client)
        page.chosen, page.agenda = None, None
        caught: list[Result] = []
        if choice.stands and choice.on <= self.program.today() and choice.rule not in page.held:
            alone = agenda_of({choice.rule: timelines[choice.rule]}, rule_of)
            for stored in ledger.events_of(choice.client, choice.on):
                if choice.rule in page.held:
                    break
                if catches_up(before, choice, stored.seq, stored.event):
                    caught += self._show(sheet, page, alone, stored.seq, stored.event, at)
        return caught

    def close(self) -> None:
        """Write the rows, and what the goals remember now."""
        sheet = self._sheet or self._begin()
        self._changed.sort(key=_CLIENT_AND_RULE)  # as they lie in the file
        for client, rule, account in self._changed:
            if account.changed:
                text, times, latest = memory_text(rule, account), account.times, account.latest
                sheet.add_memory(client, rule, text, times, account.cents, account.round, latest)
                account.keep_latest()
                account.changed = 0
        sheet.write()
        if self.held:
            from cmengine.holds import add_holds

            add_holds(self.program, self.held[self._written :])
            self._written = len(self.held)
        if len(self._pages) > MOST_PAGES:
            self._pages = {client: self._pages[client] for client, _, _ in self._changed}
        self._changed.clear()
        self._pending.clear()
        self._sheet = None

    def _begin(self) -> Sheet:
        """Begin a transaction: what others have written since the last one is read again."""
        ledger = self.program.ledger
        version = ledger.others()
        if version != self._version:
            self._pages.clear()
            self._timelines.clear()
            self._changed.clear()
            self._version = version
        self._highest = ledger.last_id()
        self._sheet = new_sheet(ledger)
        return self._sheet

    def _find(self, id: str) -> Event | None:
        """Find an event by its id. Most ids grow with time, and then there is nothing to look up."""
        if id > self._highest:
            self._highest = id
            return None
        if id in self._pending:
            return self._pending[id]
        stored = self.program.ledger.find_event(id)
        return stored.event if stored else None

    def look_up(self, clients: Iterable[str]) -> None:
        """Read what there is to know of many clients at once."""
        if self._sheet is None:
            self._begin()
        new = sorted({client for client in clients if client not in self._pages})
        ledger = self.program.ledger
        chosen, memories = ledger.chosen_of(new), ledger.memories_of(new)
        rounds = ledger.rounds_of(new)
        held = self._held_of(new)
        for client in new:
            self._pages[client] = _Page(
                chosen.get(client, ""),
                memories.get(client, {}),
                rounds.get(client, 0),
                frozenset(held.get(client, ())),
            )

    def _held_of(self, clients: Sequence[str]) -> "Mapping[str, Iterable[str]]":
        """Read which rules are held, where any is."""
        if not was_held(self.program.ledger):
            return {}
        from cmengine.holds import held_of

        return held_of(self.program.ledger, clients)

    def _page(self, client: str) -> _Page:
        if client not in self._pages:
            self.look_up([client])
        return self._pages[client]

    def _agenda(self, client: str, page: _Page) -> Agenda:
        """Work out an agenda; clients who chose the same on the same days share one."""
        ledger, chosen = self.program.ledger, page.chosen
        if chosen is None:
            chosen = ledger.chosen_of([client]).get(client, "")
        key = (chosen, *sorted(page.held))
        agenda = self._agendas.get(key)
        if agenda is None:
            timelines = _but(ledger.timelines_of([client]).get(client, {}), page.held)
            agenda = self._agendas[key] = self._worked_out(timelines)
        page.chosen, page.agenda = None, agenda
        return agenda

    def _worked_out(self, timelines: Timelines) -> Agenda:
        try:
            return agenda_of(timelines, self.program.rule_of)
        except CMError:  # a plugin is not there, or cannot say what it listens to
            from cmengine.holds import rule_or_gone

            return agenda_of(timelines, rule_or_gone(self.program))

    def _show(
        self, sheet: Sheet, page: _Page, agenda: Agenda, seq: int, event: Event, at: datetime
    ) -> list[Result]:
        client = event.client
        found: list[Result] = []
        try:
            for result in results(agenda, event, self._recall, self.program.dice, self._ask):
                earned = result.outcome.earned
                if earned is not None:
                    rule = result.rule
                    account = page.accounts[rule.id]
                    account.cents += earned.cents
                    sheet.add_earned(seq, client, rule.digest, earned, account.round)
                    add_messages(sheet, seq, event, rule, earned, at)
                found.append(result)
        except Fault as fault:
            rest = self._hold(page, agenda, seq, event, fault)
            found += self._show(sheet, page, rest, seq, event, at)
        return found

    def _hold(self, page: _Page, agenda: Agenda, seq: int, event: Event, fault: Fault) -> Agenda:
        """Hold a rule for the client of an event; give what is still to be asked of the event."""
        from cmengine.holds import after, hold_of

        self.held.append(hold_of(fault, seq, event))
        page.held |= {fault.rule}
        page.agenda = None
        if fault.rule in page.accounts:
            page.accounts[fault.rule].changed -= 1  # it has taken nothing from this event
        return after(agenda, event.kind, fault.rule)

    def _recall(self, rule: Rule, first: date, event: Event) -> Standing:
        client = event.client
        page = self._pages[client]
        account = page.accounts.get(rule.id)
        if account is None:
            kept = page.memories.pop(rule.id, None)
            account = page.accounts[rule.id] = _Account(rule, first, kept, page.round)
        elif account.rule is not rule and self._sheet is not None:
            # Another version of the rule may count by the week what this one did not.
            self._sheet.write()
            account.forget_days()
            account.turn_to(rule)
        if not account.changed:
            self._changed.append((client, rule.id, account))
        account.changed += 1
        latest = account.latest
        if latest is not None and (event.day <= latest or account.by_week or rule.calendar):
            self._count_up(client, rule, account, event.day)
        return account

    def _count_up(self, client: str, rule: Rule, standing: Standing, day: date) -> None:
        """Fill in what counted already on the day, in the week and in the slot of an event.

        After the latest day of all that counts there is nothing to look up.
        """
        ledger = self.program.ledger
        latest = standing.latest or day
        if rule.per_day is not None and day <= latest and day not in standing.days:
            standing.days[day] = ledger.counted(client, rule.id, (day,))
        if rule.per_week is not None:
            week, monday = week_number(day), week_of(day)
            if monday <= latest and week not in standing.weeks:
                standing.weeks[week] = ledger.counted(client, rule.id, days_of_week(day))
        if rule.calendar:
            from cmengine.slots import slots_until  # late, as in evaluate

            slot = max(1, slots_until(rule.calendar, standing.first, day))
            if slot not in standing.slots and ledger.slot_taken(client, rule.id, slot):
                standing.slots |= {slot}


def _but(timelines: Timelines, held: Collection[str]) -> Timelines:
    """Leave out the timelines of rules that are held."""
    if not held:
        return timelines
    return {rule: rows for rule, rows in timelines.items() if rule not in held}


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


def was_held(ledger: Ledger) -> bool:
    """Say whether any rule was ever held, so that few have to look further."""
    return ledger.rows("select max(seq) from holds")[0][0] is not None


def days_since(program: Program, event: Event) -> int | None:
    """Count the days from a client's latest day on record to an event; what only says that nobody came is
    passed over. None where it is the first, or is written down late.

    It looks at the entries that were made last, so that it takes as long however long the past.
    """
    sql = (
        "select max(on_day) from (select p.on_day, p.kind from events e join events p"
        " on p.client = e.client and p.seq < e.seq where e.id = ? order by p.seq desc limit ?)"
        " where kind not in (select value from json_each(?))"
    )
    passed_over = json.dumps(program.settings.not_seen)
    latest = program.ledger.rows(sql, event.id, LATEST, passed_over)[0][0]
    days = None if latest is None else (event.day - date.fromisoformat(latest)).days
    return None if days is None or days < 0 else days


def same_event(known: Event, event: Event) -> Event:
    """Give the event that is known under an id; raise CMError where a different one comes with it."""
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
    now = program.now()
    moment = at or now
    wrong: list[tuple[str, str]] = []
    read = read_value(program.kinds, kind, value, wrong)
    look_at(moment, now, wrong)
    look_at_words(id, evidence, wrong)
    if wrong:
        return None, wrong
    return event_of(program, id or program.new_id(), client, kind, read, moment, evidence), []


def event_of(
    program: Program,
    id: str,
    client: str,
    kind: str,
    value: Value,
    at: datetime,
    evidence: str | None,
) -> Event:
    """Make an event of what has been looked at. Without evidence of its own, it has its kind's."""
    return Event(
        id=id,
        client=client,
        kind=kind,
        at=at,
        day=program.day(at),
        value=value,
        evidence=evidence or program.kinds[kind].evidence,
        by=program.by,
    )


def read_value(kinds: Kinds, kind: str, value: str | None, wrong: list[tuple[str, str]]) -> Value:
    """Read the value of an event of a kind; add to `wrong` what does not fit, and what to do."""
    found = kinds.get(kind)
    if found is None:
        wrong.append(unknown_kind(kind, kinds))
        return None
    try:
        return found.read(value)
    except ValueError as error:
        wrong.append((f"{kind}: {error}", ""))
        return None


def look_at(moment: datetime, now: datetime, wrong: list[tuple[str, str]]) -> None:
    """Add to `wrong` that a moment is still to come."""
    if moment > now + FUTURE:
        wrong.append((f"{moment:%Y-%m-%d %H:%M} is in the future", "log it when it has happened"))


def look_at_words(id: str | None, evidence: str | None, wrong: list[tuple[str, str]]) -> None:
    """Add to `wrong` what cannot be an event's id, or its evidence."""
    if evidence and evidence not in EVIDENCE:
        wrong.append((f"'{evidence:.40}' is no kind of evidence", did_you_mean(evidence, EVIDENCE)))
    if id is not None and not (len(id) <= 200 and id.isprintable() and id.strip()):
        wrong.append(("the id cannot be one", "give it 1 to 200 letters that can be printed"))


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
    return logged._replace(held=book.held) if book.held else logged


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
    if re.fullmatch(_CLIENT, client):
        return []
    return [
        Mistake(
            f"client '{client:.40}'",
            "is not a code",
            "use letters, digits, - _ and ., at most 64, like c001",
        )
    ]
