"""Mark an event as a mistake. What it earned stays with the client and is charged to the program; the
rung it used is free again, so the next real event earns what it would have earned without the mistake.
"""

from collections.abc import Collection

from attrs import frozen

from cmengine.engine import MOST_NOTE, memory_text, too_long
from cmengine.errors import CMError, Fault, Mistake, stop_if
from cmengine.fold import Result
from cmengine.holds import Hold, add_holds, gone_among, held_for, hold_of
from cmengine.ledger import Stored
from cmengine.model import Event
from cmengine.outbox import add_messages
from cmengine.program import Program
from cmengine.replay import Replay, fresh
from cmengine.sheet import Sheet, new_sheet
from cmengine.timeline import first_day


@frozen
class Corrected:
    """A correction: `kept_cents` is what the mistake earned and the client keeps; `caught_up` is what
    other events earn now that the mistake no longer stands in their way. `held` are rules that could not be
    worked out anew; what they owe is still to come.
    """

    event: Event
    kept_cents: int
    caught_up: tuple[Result, ...]
    held: tuple[Hold, ...] = ()


def correct_event(program: Program, event: str, reason: str) -> Corrected:
    """Mark an event as a mistake, by its id. Raises CMError where there is none, or it is marked already."""
    ledger, now = program.ledger, program.now()
    with ledger.writing():
        stored = ledger.find_event(event)
        where = f"event '{event:.64}'"
        if stored is None:
            raise CMError(
                Mistake(
                    where,
                    "there is no such event",
                    "ids stand in: cmengine events --client CLIENT",
                )
            )
        if ledger.is_corrected(stored.seq):
            raise CMError(
                Mistake(where, "is marked as a mistake already", "nothing more is to be done")
            )
        if not reason.strip():
            raise CMError(
                Mistake(where, "a correction needs a reason", 'say why with --reason "..."')
            )
        stop_if(too_long("reason", reason, MOST_NOTE))
        number = ledger.add_correction(stored.seq, now, program.by)
        ledger.keep_personal(stored.event.client, f"correction:{event}", reason)
        caught_up, held = _stand_without(program, stored, number)
        kept = sum(award.cents for award in ledger.awards("event = ?", event))
    return Corrected(stored.event, kept, tuple(caught_up), tuple(held))


def last_event_of(program: Program, client: str) -> str:
    """Give the id of the event that was logged last for a client; refuse where it is marked already."""
    program.must_have(client)
    last = None
    for stored in program.ledger.all_events_of(client):
        last = stored
    where = f"client '{client}'"
    if last is None:
        raise CMError(Mistake(where, "nothing is logged for this client", "check the code"))
    if program.ledger.is_corrected(last.seq):
        raise CMError(
            Mistake(
                where,
                "the event that was logged last is marked as a mistake already",
                f"to mark another, name its id; ids stand in: cmengine events --client {client}",
            )
        )
    return last.event.id


def _stand_without(
    program: Program, mistake: Stored, correction: int
) -> tuple[list[Result], list[Hold]]:
    """Let the client stand where they would without the mistake, and append what is owed for it.

    A rule that is held already is left as it is, and one that cannot be worked out now is held from here on.
    """
    ledger, client = program.ledger, mistake.event.client
    held = set(held_for(ledger, client))
    live = {stored.seq: stored for stored in ledger.events_of(client)}
    events = [(seq, stored.event) for seq, stored in live.items()]
    timelines = {rule: rows for rule, rows in ledger.timelines(client).items() if rule not in held}
    faults = [Fault(*gone) for gone in gone_among(program, timelines).items()]
    while True:
        held |= {fault.rule for fault in faults}
        timelines = {rule: rows for rule, rows in timelines.items() if rule not in held}
        try:
            without = Replay(program.rule_of, program.dice).run(timelines, events)
            break
        except Fault as fault:
            faults.append(fault)
    new = [hold_of(fault, mistake.seq, mistake.event) for fault in faults]
    add_holds(program, new)
    there = ledger.occurrences_of(client)
    for key, (occurrence, counts) in there.items():
        if counts and key not in without.given and key[1] not in held:
            ledger.release(occurrence, correction)
    owed = [
        (live[seq], given.result)
        for (seq, rule), given in without.given.items()
        if (seq, rule) not in there
    ]
    round_ = ledger.round(client)
    sheet = new_sheet(ledger)
    for stored, result in owed:
        earned = result.outcome.earned
        if earned is not None:
            sheet.add_earned(stored.seq, client, result.rule.digest, earned, round_)
            add_messages(sheet, stored.seq, stored.event, result.rule, earned, program.now())
    _remember(program, client, without, owed, round_, sheet, held)
    sheet.write()
    return [result for _, result in owed], new


def _remember(
    program: Program,
    client: str,
    without: Replay,
    owed: list[tuple[Stored, Result]],
    round_: int,
    sheet: Sheet,
    held: Collection[str],
) -> None:
    ledger, timelines = program.ledger, program.ledger.timelines(client)
    memories = ledger.memories_of([client]).get(client, {})
    for rule in sorted({*memories, *without.standings} - {*held}):
        kept = memories.get(rule)
        cents = kept.cents if kept else 0
        cents += sum(
            r.outcome.earned.cents for _, r in owed if r.rule.id == rule and r.outcome.earned
        )
        standing = without.standings.get(rule) or fresh(
            program.rule_of(timelines[rule][0].choice), first_day(timelines[rule])
        )
        text = memory_text(rule, standing)
        sheet.add_memory(client, rule, text, standing.times, cents, round_, standing.latest)
