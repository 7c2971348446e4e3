"""Go on with rules that were held: the client is replayed under the rule, and what is owed is appended.

Keys are the event and the rule, so nothing is ever given twice; count, slots, draws and amounts are those of
a rule that had never stopped.
"""

from collections.abc import Iterator, Mapping

from attrs import frozen

from cmengine.engine import memory_text
from cmengine.errors import Fault
from cmengine.fold import Result
from cmengine.holds import Hold, all_held, gone_among, held_for, resume
from cmengine.ledger import Ledger, Stored
from cmengine.outbox import add_messages
from cmengine.program import Program
from cmengine.replay import Given, Key, Replay, fresh
from cmengine.sheet import new_sheet
from cmengine.timeline import first_day


@frozen(kw_only=True)
class Retried:
    """What came of going on with a rule for a client: what is earned by it now, or in `problem` why it stays held."""

    hold: Hold
    earned: tuple[Result, ...] = ()
    problem: str = ""

    @property
    def cents(self) -> int:
        """What it earns now, in cents."""
        return sum(one.outcome.earned.cents for one in self.earned if one.outcome.earned)


def retry(program: Program, client: str | None = None) -> Iterator[Retried]:
    """Go on with all that is held, or with what is held for a client; each in a transaction of its own.

    What cannot be worked out this time either stays held. Raises CMError where there is no such client.
    """
    if client is not None:
        program.must_have(client)
    for hold in all_held(program.ledger):
        if client in (None, hold.client):
            yield _retried(program, hold)


def _retried(program: Program, hold: Hold) -> Retried:
    ledger = program.ledger
    with ledger.writing():
        if hold.rule not in held_for(ledger, hold.client):
            return Retried(hold=hold)  # somebody else has just done it
        log = {stored.seq: stored for stored in ledger.all_events_of(hold.client)}
        try:
            replay = _replayed(program, hold, log)
            _must_agree(ledger, hold, replay)
        except Fault as fault:
            return Retried(hold=hold, problem=fault.problem)
        earned = _append(program, hold, log, replay)
        resume(program, hold)
    return Retried(hold=hold, earned=tuple(earned))


def _replayed(program: Program, hold: Hold, log: Mapping[int, Stored]) -> Replay:
    """Replay a client under one rule, with its choices and their corrections. Raises Fault."""
    ledger = program.ledger
    timelines = {hold.rule: ledger.timelines(hold.client)[hold.rule]}
    for gone in gone_among(program, timelines).items():
        raise Fault(*gone)
    events = ((seq, stored.event) for seq, stored in log.items())
    return Replay(program.rule_of, program.dice).run(
        timelines, events, ledger.corrections_of(hold.client)
    )


def _must_agree(ledger: Ledger, hold: Hold, replay: Replay) -> None:
    """Raise Fault where what was given before is worked out in another way now: what is owed hangs on it."""
    for kept in ledger.kept_of([hold.client]).get(hold.client, ()):
        if kept.rule != hold.rule:
            continue
        given = replay.given.get((kept.event, kept.rule))
        round_, ordinal, _, slot, *_ = kept.fact
        if given is None or _place(given) != (round_, ordinal, slot):
            what = "it does not come to what it gave before it was held, so what it owes cannot be told"
            raise Fault(hold.rule, what)


def _place(given: Given) -> tuple[object, ...]:
    earned = given.result.outcome.earned
    one = earned.occurrence if earned else None
    return (given.round, one.ordinal, one.slot) if one else ()


def _append(
    program: Program, hold: Hold, log: Mapping[int, Stored], replay: Replay
) -> list[Result]:
    """Append what the log gives and the ledger does not have."""
    ledger, client = program.ledger, hold.client
    there = ledger.occurrences_of(client)
    sheet = new_sheet(ledger)
    earned: list[Result] = []
    for key, given in replay.given.items():
        outcome = given.result.outcome
        if key in there or outcome.earned is None:
            continue
        rule = given.result.rule
        sheet.add_earned(key[0], client, rule.digest, outcome.earned, given.round)
        add_messages(sheet, key[0], log[key[0]].event, rule, outcome.earned, program.now())
        earned.append(given.result)
    sheet.write()
    _release(ledger, client, replay.released)
    if hold.rule in replay.shown:
        _remember(program, hold, replay)
    return earned


def _release(ledger: Ledger, client: str, released: Mapping[Key, int]) -> None:
    """Let what a correction has released since no longer count."""
    there = ledger.occurrences_of(client)
    for key, event in released.items():
        occurrence, counts = there[key]
        row = ledger.one("select seq from corrections where event = ?", event)
        if counts and row is not None:
            ledger.release(occurrence, row[0])


def _remember(program: Program, hold: Hold, replay: Replay) -> None:
    ledger, rule, client = program.ledger, hold.rule, hold.client
    standing = replay.standings.get(rule)
    if standing is None:
        rows = ledger.timelines(client)[rule]
        standing = fresh(program.rule_of(rows[0].choice), first_day(rows))
    (cents,) = ledger.one(
        "select coalesce(sum(a.cents), 0) from awards a join occurrences o on o.seq = a.occurrence"
        " where o.client = ? and o.rule = ?",
        client,
        rule,
    ) or (0,)
    text = memory_text(rule, standing)
    sheet = new_sheet(ledger)
    sheet.add_memory(client, rule, text, standing.times, cents, replay.round, standing.latest)
    sheet.write()
