"""Replay the log and compare: every occurrence, every award, every memory, every rule's text."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator

from attrs import define, field

from cmengine.absent import Absent, kept_problems
from cmengine.errors import CMError
from cmengine.kept import digest, of_json
from cmengine.ledger import Remembered
from cmengine.memory import to_text
from cmengine.program import Program
from cmengine.replay import Given, Replay, fresh

MOST_PROBLEMS = 100
Row = tuple[object, ...]


@define
class Verdict:
    """What a check of the ledger found. `notes` are no problems: what could not be replayed, and why."""

    problems: list[str] = field(factory=list)
    notes: dict[str, str] = field(factory=dict)
    clients: int = 0
    events: int = 0
    awards: int = 0

    @property
    def ok(self) -> bool:
        """Say whether nothing is wrong."""
        return not self.problems


def verify(program: Program, progress: Callable[[int], object] = lambda done: None) -> Verdict:
    """Check the ledger against a replay of its own log. Reads only."""
    verdict = Verdict()
    for problem in _all_problems(program, verdict, progress):
        if len(verdict.problems) == MOST_PROBLEMS:
            verdict.problems.append("there is more; these come first")
            break
        verdict.problems.append(problem)
    return verdict


def _all_problems(
    program: Program, verdict: Verdict, progress: Callable[[int], object]
) -> Iterator[str]:
    ledger = program.ledger
    for row in ledger.rows("pragma integrity_check"):
        if row[0] != "ok":
            yield f"the file: {row[0]}"
    for row in ledger.rows("pragma foreign_key_check"):
        yield f"table {row[0]}: row {row[1]} points to something in {row[2]} that is not there"
    for row in ledger.rows("select digest, rule, body from rules order by rule"):
        if digest(of_json(row["body"])) != row["digest"]:
            yield f"rule '{row['rule']}': its kept text is not the text that was published"
    for row in ledger.rows("select client, waiting_cents from balances where waiting_cents < 0"):
        yield f"client {row['client']}: {-row['waiting_cents']} cents more were issued than earned"
    absent = Absent(program)
    for client in ledger.clients():
        verdict.clients += 1
        try:
            yield from _client_problems(program, client, verdict, absent)
        except CMError as error:
            yield f"client {client}: {error}"
        progress(1)


def _client_problems(
    program: Program, client: str, verdict: Verdict, absent: Absent
) -> Iterator[str]:
    ledger = program.ledger
    events = [(stored.seq, stored.event) for stored in ledger.all_events_of(client)]
    verdict.events += len(events)
    replay = Replay(program.rule_of, program.dice)
    timelines = ledger.timelines(client)
    gone = absent.among(timelines)
    for rule, needs in gone.items():
        verdict.notes[rule] = needs
        yield from kept_problems(program, client, rule)
    here = {rule: rows for rule, rows in timelines.items() if rule not in gone}
    replay.run(here, events, ledger.corrections_of(client))
    yield from _occurrence_problems(program, client, replay, verdict, gone)
    yield from _memory_problems(program, client, replay, gone)


def _occurrence_problems(
    program: Program, client: str, replay: Replay, verdict: Verdict, gone: Collection[str]
) -> Iterator[str]:
    ledger = program.ledger
    wanted = dict(replay.given)
    kept_awards: dict[int, list[Row]] = {}
    for row in ledger.each(
        "select a.* from occurrences o join awards a on a.occurrence = o.seq where o.client = ? order by o.seq, a.n",
        client,
    ):
        kept_awards.setdefault(row["occurrence"], []).append(tuple(row)[1:])
        verdict.awards += 1
    counts = dict(ledger.occurrences_of(client).values())
    for row in ledger.rows("select * from occurrences where client = ? order by seq", client):
        if row["rule"] in gone:
            continue
        key = (row["event"], row["rule"])
        where = f"client {client}: event {row['event']}, rule '{row['rule']}'"
        given = wanted.pop(key, None)
        if given is None:
            yield f"{where}: the ledger has an occurrence that the log does not give"
            continue
        fact, awards = _rows(given)
        if fact != (
            row["round"],
            row["ordinal"],
            row["on_day"],
            row["slot"],
            row["reason"],
            row["digest"],
        ):
            yield f"{where}: the occurrence is not the one that the log gives"
        if awards != kept_awards.get(row["seq"], []):
            yield f"{where}: the awards are not those that the log gives"
        if counts[row["seq"]] == (key in replay.released):
            yield f"{where}: whether it counts is not what the corrections say"
    for seq, rule in wanted:
        yield f"client {client}: event {seq}, rule '{rule}': the log gives an occurrence that the ledger does not have"


def _rows(given: Given) -> tuple[Row, list[Row]]:
    """Write an occurrence that the log gives, and its awards, the way the ledger has them."""
    earned = given.result.outcome.earned
    if earned is None:
        return (), []
    one = earned.occurrence
    fact = (
        given.round,
        one.ordinal,
        one.on.isoformat(),
        one.slot,
        one.reason,
        given.result.rule.digest,
    )
    return fact, [
        (n, reward, a.label, a.cents, a.item)
        for n, (reward, a) in enumerate(earned.awards, start=1)
    ]


def _memory_problems(
    program: Program, client: str, replay: Replay, gone: Collection[str]
) -> Iterator[str]:
    cents: Counter[str] = Counter()
    for (_, rule), given in replay.given.items():
        cents[rule] += given.result.outcome.earned.cents if given.result.outcome.earned else 0
    timelines = program.ledger.timelines(client)
    for rule, kept in program.ledger.memories_of([client]).get(client, {}).items():
        if rule in gone:
            continue
        standing = replay.standings.get(rule)
        if standing is None and rule in timelines and replay.round:
            first = timelines[rule][0].choice
            standing = fresh(program.rule_of(first), first.on)
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
