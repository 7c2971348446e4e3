"""Check everything there is: the schema, the journal against every row, and the log, replayed, against
every occurrence, every award, every memory, every rule's text.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import accumulate, islice

from attrs import define, field, frozen

from cmengine.absent import Absent, kept_problems
from cmengine.chain import Chain
from cmengine.dice import commitment
from cmengine.elsewhere import can_fork, handed_out, in_child, no_garbage
from cmengine.erasable import problems as word_problems
from cmengine.errors import CMError, Fault
from cmengine.evaluate import Ask
from cmengine.funds import problems as charge_problems
from cmengine.holds import Hold, all_held, held_of
from cmengine.journal import Anchor, Sealer
from cmengine.kept import digest, of_json
from cmengine.ledger import READING_KIB, KeptOccurrence, Remembered, Stored
from cmengine.memory import to_text
from cmengine.program import Program
from cmengine.reconcile import stock_problems
from cmengine.replay import Given, Replay, fresh
from cmengine.shape import shape_problems
from cmengine.sheet import day_text
from cmengine.sqlite import sqlite3
from cmengine.tariff import Tariff
from cmengine.timeline import Correction, Timelines, first_day
from cmengine.turns import turns_of

PORTION = 2_000  # events that are held at once, and read while nobody writes
MANY = 50_000  # events from which on a second process helps
MOST_PROBLEMS = 100
Row = tuple[object, ...]


@define
class Verdict:
    """What a check of the ledger found. `notes` are no problems: what could not be replayed, and why; nor is
    what is `held`, which was not replayed for whom it is. `head` is the last entry of the journal, to be
    kept elsewhere.
    """

    problems: list[str] = field(factory=list)
    notes: dict[str, str] = field(factory=dict)
    held: list[Hold] = field(factory=list)
    clients: int = 0
    events: int = 0
    awards: int = 0
    entries: int = 0
    head: Anchor | None = None

    @property
    def ok(self) -> bool:
        """Say whether nothing is wrong."""
        return not self.problems


WHICH = "*** in database main ***\n"
"""What SQLite puts before the first thing that it finds; there is no other database."""

Done = dict[int, Verdict]
"""What came of the replay, by the number of the portion."""

UNREADABLE = (sqlite3.DatabaseError, ValueError, TypeError, LookupError, AttributeError)
"""What reading a damaged file can come to: SQLite's own word for it, or a cell that is not what its column is."""

CHECKS: list[Callable[[Program], Iterable[str]]] = []
"""What else is checked: each gives a line for each thing that is wrong."""


def verify(
    program: Program,
    progress: Callable[[int], object] = lambda done: None,
    *,
    anchor: Anchor | None = None,
    many: int = MANY,
) -> Verdict:
    """Check the ledger against its journal, and against a replay of its own log. Reads only.

    `progress` is told of every client that is done. `anchor` is an entry of the journal that was kept
    elsewhere. A log of `many` events is replayed by two processes.
    """
    _ = program.keys  # read before there are two processes
    verdict = Verdict()
    _gather(verdict, _readable(shape_problems(program.ledger)))
    if any(": the table " in problem or ": the view " in problem for problem in verdict.problems):
        return verdict  # nothing more could be read
    counts: Mapping[str, int] = {}
    clients: list[str] = []
    try:
        counts = program.ledger.event_counts()
        clients = list(counts)
    except UNREADABLE as error:
        verdict.problems.append(_unreadable(error))
    portions = list(_portions(clients, counts))
    numbers: Iterable[int] = range(len(portions))
    elsewhere: Callable[[], Done | None] | None = None
    if sum(counts.values()) >= many and can_fork():
        numbers = handed_out(len(portions))
        elsewhere = in_child(program.ledger, lambda: _replayed(program, portions, numbers))
    verdict.held += all_held(program.ledger)
    _gather(verdict, _readable(_journal_problems(program, anchor, verdict)))
    _gather(verdict, _readable(_file_problems(program)))
    try:
        done = _replayed(program, portions, numbers, progress)
        if elsewhere is not None:
            done.update(elsewhere() or {})
        left = [n for n in range(len(portions)) if n not in done]
        done.update(_replayed(program, portions, left))  # what the second process did not come to
        for n in sorted(done):
            _add(verdict, done[n])
    except Exception as error:
        for _ in numbers:  # nothing is left for the second process, so that it ends
            pass
        if verdict.ok:
            raise
        verdict.problems.append(
            f"the replay: stopped by what is wrong above ({type(error).__name__})"
        )
    for check in CHECKS:
        _gather(verdict, _readable(check(program)))
    return verdict


def _readable(problems: Iterable[str]) -> Iterator[str]:
    """Say in words that something cannot even be read."""
    try:
        yield from problems
    except UNREADABLE as error:
        yield _unreadable(error)
    except CMError as error:
        if not isinstance(error.__cause__, sqlite3.DatabaseError):
            raise
        yield _unreadable(error.__cause__)


def _unreadable(error: Exception) -> str:
    return f"the file: it cannot be read as it should ({error}); restore a backup"


def _journal_problems(program: Program, anchor: Anchor | None, verdict: Verdict) -> Iterator[str]:
    """Walk along the journal. Where something is wrong, walk again while nobody writes, to be sure."""
    ledger = program.ledger
    sealer = Sealer(program.keys.journal)
    walk = Chain(ledger, sealer, anchor)
    with ledger.bulk(READING_KIB), no_garbage():
        try:
            others = ledger.others()
            problems = list(islice(walk.problems(), MOST_PROBLEMS + 1))
            again = bool(problems) and others != ledger.others()
        except sqlite3.OperationalError:
            again = True  # there may be text that is not UTF-8
        if again:
            walk = Chain(ledger, sealer, anchor)
            with ledger.any_text(), ledger.snapshot():
                problems = list(islice(walk.problems(), MOST_PROBLEMS + 1))
    verdict.entries = walk.entries
    verdict.head = Anchor(walk.head.seq, walk.head.hash) if walk.head else None
    yield from problems


def _add(verdict: Verdict, more: Verdict) -> None:
    _gather(verdict, more.problems)
    verdict.notes.update(more.notes)
    verdict.clients += more.clients
    verdict.events += more.events
    verdict.awards += more.awards


def _gather(verdict: Verdict, problems: Iterable[str]) -> None:
    """Take problems until there are enough of them."""
    for problem in problems:
        if len(verdict.problems) > MOST_PROBLEMS:
            return
        verdict.problems.append(
            problem if len(verdict.problems) < MOST_PROBLEMS else "there is more; these come first"
        )


def _file_problems(program: Program) -> Iterator[str]:
    ledger = program.ledger
    with ledger.bulk(READING_KIB):
        for row in ledger.rows("pragma integrity_check"):
            if row[0] != "ok":
                yield f"the file: {row[0].removeprefix(WHICH)}"
        for row in ledger.rows("pragma foreign_key_check"):
            yield f"table {row[0]}: row {row[1]} points to something in {row[2]} that is not there"
        for row in ledger.rows("select digest, rule, body from rules order by rule"):
            if digest(of_json(row["body"])) != row["digest"]:
                yield f"rule '{row['rule']}': its kept text is not the text that was published"
        for turn in turns_of(ledger):
            if turn.secret is not None and commitment(turn.secret) != turn.commitment:
                yield f"the draw secret promised as {turn.commitment[:16]}... is not the one that was opened"
        for row in ledger.rows(
            "select client, waiting_cents from balances"
            " where client in (select client from vouchers) and waiting_cents < 0"
        ):
            yield f"client {row['client']}: {-row['waiting_cents']} cents more were issued than earned"
        yield from stock_problems(ledger)
        yield from charge_problems(program)
        yield from word_problems(ledger.each, Sealer(program.keys.journal).seal)


def _replayed(
    program: Program,
    portions: Sequence[Sequence[str]],
    numbers: Iterable[int],
    progress: Callable[[int], object] = lambda done: None,
) -> Done:
    """Replay the clients of some portions, by number. `progress` is told of those that were skipped, too:
    somebody else has them.
    """
    done: Done = {}
    absent = Absent(program)
    ask = Tariff()
    before = [*accumulate(map(len, portions), initial=0)]
    told = 0
    with program.ledger.bulk(READING_KIB), no_garbage():
        for n in numbers:
            verdict = done[n] = Verdict()
            for problems in _portion(program, portions[n], verdict, absent, ask):
                verdict.clients += 1
                _gather(verdict, problems)
            progress(before[n + 1] - told)
            told = before[n + 1]
    progress(before[-1] - told)
    return done


def _portions(clients: Sequence[str], counts: Mapping[str, int]) -> Iterator[list[str]]:
    some: list[str] = []
    events = 0
    for client in clients:
        if some and events + counts[client] > PORTION:
            yield some
            some, events = [], 0
        some.append(client)
        events += counts[client] + 1
    if some:
        yield some


def _portion(
    program: Program, clients: Sequence[str], verdict: Verdict, absent: Absent, ask: Ask
) -> Iterator[Iterator[str]]:
    ledger = program.ledger
    with ledger.snapshot():
        timelines, logs = ledger.timelines_of(clients), ledger.logs_of(clients)
        kept, memories = ledger.kept_of(clients), ledger.memories_of(clients)
        held, rounds = held_of(ledger, clients), ledger.rounds_of(clients)
        corrections = {client: ledger.corrections_of(client) for client in rounds}
    for client in clients:
        mine = kept.get(client, [])
        verdict.events += len(logs.get(client, ()))
        verdict.awards += sum(len(one.awards) for one in mine)
        replay = Replay(program.rule_of, program.dice, ask)
        facts = _Facts(
            client,
            timelines.get(client, {}),
            mine,
            memories.get(client, {}),
            frozenset(held.get(client, ())),
        )
        yield _problems(
            program,
            facts,
            logs.get(client, []),
            corrections.get(client, ()),
            replay,
            verdict,
            absent,
        )


@frozen(eq=False, repr=False)
class _Facts:
    """What the ledger has of one client."""

    client: str
    timelines: Timelines
    occurrences: Sequence[KeptOccurrence]
    memories: Mapping[str, Remembered]
    held: Collection[str] = ()


def _problems(
    program: Program,
    facts: _Facts,
    log: Sequence[Stored],
    corrections: Sequence[Correction],
    replay: Replay,
    verdict: Verdict,
    absent: Absent,
) -> Iterator[str]:
    absent_now = absent.among(facts.timelines)
    verdict.notes.update(
        (rule, needs) for rule, needs in absent_now.items() if rule not in facts.held
    )
    left_out = {*absent_now, *facts.held}
    try:
        for rule in sorted(left_out):
            yield from kept_problems(program, facts.client, rule)
        events = [(stored.seq, stored.event) for stored in log]
        while True:
            here = {rule: rows for rule, rows in facts.timelines.items() if rule not in left_out}
            try:
                replay.run(here, events, corrections)
                break
            except Fault as fault:
                yield f"client {facts.client}: {fault}"
                yield from kept_problems(program, facts.client, fault.rule)
                left_out.add(fault.rule)
                replay = Replay(replay.rule_of, replay.dice, replay.ask)
        yield from _occurrence_problems(facts, replay, left_out)
        yield from _memory_problems(program, facts, replay, left_out)
    except CMError as error:
        yield f"client {facts.client}: {error}"


def _occurrence_problems(facts: _Facts, replay: Replay, gone: Collection[str]) -> Iterator[str]:
    wanted = dict(replay.given)
    client, released = facts.client, replay.released
    for kept in facts.occurrences:
        if kept.rule in gone:
            continue
        key = (kept.event, kept.rule)
        given = wanted.pop(key, None)
        if given is None:
            yield f"{_where(client, key)}: the ledger has an occurrence that the log does not give"
            continue
        fact, awards = _rows(given)
        if fact != kept.fact:
            yield f"{_where(client, key)}: the occurrence is not the one that the log gives"
        if awards != kept.awards:
            yield f"{_where(client, key)}: the awards are not those that the log gives"
        if kept.counts == (key in released):
            yield f"{_where(client, key)}: whether it counts is not what the corrections say"
    for key in wanted:
        yield f"{_where(client, key)}: the log gives an occurrence that the ledger does not have"


def _where(client: str, key: tuple[int, str]) -> str:
    return f"client {client}: event {key[0]}, rule '{key[1]}'"


def _rows(given: Given) -> tuple[Row, list[Row]]:
    """Write an occurrence that the log gives, and its awards, the way the ledger has them."""
    earned = given.result.outcome.earned
    if earned is None:
        return (), []
    one = earned.occurrence
    fact = (
        given.round,
        one.ordinal,
        day_text(one.on),
        one.slot,
        one.reason,
        given.result.rule.digest,
    )
    return fact, [
        (n, reward, a.label, a.cents, a.item)
        for n, (reward, a) in enumerate(earned.awards, start=1)
    ]


def _memory_problems(
    program: Program, facts: _Facts, replay: Replay, gone: Collection[str]
) -> Iterator[str]:
    client, timelines = facts.client, facts.timelines
    cents: Counter[str] = Counter()
    for (_, rule), given in replay.given.items():
        cents[rule] += given.result.outcome.earned.cents if given.result.outcome.earned else 0
    for rule, kept in facts.memories.items():
        if rule in gone:
            continue
        standing = replay.standings.get(rule)
        if standing is None and rule in timelines and replay.round:
            rows = timelines[rule]
            standing = fresh(program.rule_of(rows[0].choice), first_day(rows))
        now = (
            None
            if standing is None
            else Remembered(
                to_text(standing.memory),
                standing.times,
                cents[rule],
                replay.round,
                standing.latest,
            )
        )
        if kept != now:
            yield f"client {client}, rule '{rule}': what the goal remembers is not what the log gives"
        replay.standings.pop(rule, None)
    for rule in replay.standings:
        yield f"client {client}, rule '{rule}': what the goal remembers is not in the ledger"
