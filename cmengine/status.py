"""One look at a program in the morning: what waits for whom, what runs low, what wants an answer. Reads only.

People who have not been seen for a while stand here as an invitation and nothing else: it is not kept, it
changes nothing, and nothing of theirs has run out.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

from attrs import frozen

from cmengine import charges, doctor
from cmengine.errors import Mistake
from cmengine.feedback import feedback_list
from cmengine.funds import FundView, funds_now, held_now
from cmengine.holds import all_held
from cmengine.limits import Due
from cmengine.program import Program
from cmengine.sqlite import sqlite3
from cmengine.stock import Shelf, shelves

SHOWN = 10
"""How many people are named in a list, where nobody asks for more."""

LETTERS = 500
"""Of how many messages it is looked up where they stand, the oldest first."""

_OWN_PLACE = (doctor.backups, doctor.on_hand, doctor.held)  # these have a place of their own here


@frozen(kw_only=True)
class Waits:
    """What waits for one client, in cents and things, and since which day the oldest of it does."""

    client: str
    cents: int
    items: tuple[str, ...]
    since: date
    days: int


@frozen(kw_only=True)
class Waiting:
    """What waits in all, for how many people, and those for whom something has waited the longest."""

    cents: int
    things: int
    people: int
    oldest: tuple[Waits, ...]


@frozen(kw_only=True)
class Back:
    """What would wait all the same if everything were issued now: how much, for how many people, why,
    until when at most, and what can be done.
    """

    cents: int
    people: int
    why: str
    until: date | None
    alternatives: tuple[str, ...]


@frozen(kw_only=True)
class Uncounted:
    """Something in stock that nobody has counted for a while: since it was counted last, or came."""

    name: str
    since: date
    days: int
    ever: bool


@frozen(kw_only=True)
class Backup:
    """The last backup, and how many days ago; `old` says that it is time for one."""

    last: date | None
    days: int | None
    old: bool


@frozen(kw_only=True)
class Messages:
    """How many messages wait, and of the oldest `looked_at` of them, how many stand where."""

    waiting: int
    looked_at: int
    states: dict[str, int]


@frozen(kw_only=True)
class Open:
    """Something that was said and is not answered; its words are in `feedback list`."""

    number: str
    kind: str
    days: int
    late: bool
    goes_to: str | None


@frozen(kw_only=True)
class HeldRule:
    """A rule that could not be worked out, for how many people, and why."""

    rule: str
    people: int
    problem: str


@frozen(kw_only=True)
class Person:
    """Somebody to say hello to: when they were last seen (None: not yet), and whether they may be written to."""

    client: str
    last: date | None
    days: int
    may_write: bool


@frozen(kw_only=True)
class People:
    """How many have not been seen for `away` days, and some of them, those seen last first."""

    away: int
    total: int
    shown: tuple[Person, ...]


@frozen(kw_only=True)
class Status:
    """The whole look."""

    program: str
    on: date
    waiting: Waiting
    held_back: tuple[Back, ...]
    funds: tuple[FundView, ...]
    uncovered: int
    stock: tuple[Shelf, ...]
    uncounted: tuple[Uncounted, ...]
    backup: Backup
    messages: Messages
    feedback: tuple[Open, ...]
    held_rules: tuple[HeldRule, ...]
    findings: tuple[Mistake, ...]
    people: People


def status(program: Program, most: int = SHOWN) -> Status:
    """Look at a program; `most` people are named in each list."""
    queue = charges.dues(program.ledger, None, program.day, paid=True)
    funds = funds_now(program, queue)
    checks = [check for check in doctor.CHECKS if check not in _OWN_PLACE]
    return Status(
        program=program.settings.name,
        on=program.today(),
        waiting=waiting(program, queue, most),
        held_back=held_back(program, queue),
        funds=funds.funds,
        uncovered=funds.uncovered,
        stock=tuple(one for one in shelves(program) if one.low or one.expired or one.soon),
        uncounted=tuple(uncounted(program)),
        backup=backup(program),
        messages=messages(program, queue),
        feedback=tuple(feedback(program)),
        held_rules=tuple(held_rules(program)),
        findings=tuple(doctor.findings(program, checks)),
        people=people(program, most),
    )


def waiting(program: Program, queue: Sequence[Due], most: int) -> Waiting:
    """Add up what waits by client: those for whom something has waited the longest come first."""
    cents: Counter[str] = Counter()
    since: dict[str, date] = {}
    items: dict[str, list[str]] = {}
    for due in queue:
        cents[due.client] += due.cents
        since[due.client] = min(since.get(due.client, due.since), due.since)
    things = program.ledger.rows(
        "select o.client, a.item, e.logged_at from awards a join occurrences o on o.seq = a.occurrence"
        " join events e on e.seq = o.event where a.item is not null and not exists"
        " (select 1 from vouchers v where v.occurrence = a.occurrence and v.n = a.n)"
        " order by a.occurrence, a.n"
    )
    for client, item, logged_at in things:
        day = program.day(datetime.fromisoformat(logged_at))
        items.setdefault(client, []).append(item)
        since[client] = min(since.get(client, day), day)
    today = program.today()
    first = sorted(since, key=lambda client: (since[client], client))
    return Waiting(
        cents=cents.total(),
        things=len(things),
        people=len(since),
        oldest=tuple(
            Waits(
                client=client,
                cents=cents[client],
                items=tuple(items.get(client, ())),
                since=since[client],
                days=(today - since[client]).days,
            )
            for client in first[:most]
        ),
    )


def held_back(program: Program, queue: Sequence[Due]) -> tuple[Back, ...]:
    """Say what limits and funds hold back, the most first."""
    found = [
        Back(
            cents=held.cents,
            people=len(whose),
            why=held.why,
            until=held.until,
            alternatives=held.instead,
        )
        for held, whose in held_now(program, queue)
    ]
    return tuple(sorted(found, key=lambda one: (-one.cents, one.why)))


def uncounted(program: Program) -> Iterable[Uncounted]:
    """Find what is on hand, and was not counted for as long as `program.toml` says."""
    ledger, today = program.ledger, program.today()
    here = {one.brand or one.item or "" for one in shelves(program) if one.on_hand}
    last = {
        row[0]: row[1]
        for row in ledger.rows(
            "select coalesce(brand, item), max(counted_at) from counts group by 1"
        )
    }
    came = ledger.rows(
        "select of, min(p.added_at) from (select brand as of, purchase from cards group by 1, 2"
        " union select item, purchase from goods) join purchases p on p.seq = purchase"
        " group by of order by of"
    )
    for name, added_at in came:
        since = program.day(datetime.fromisoformat(last.get(name, added_at)))
        days = (today - since).days
        if name in here and days >= program.settings.status.count:
            yield Uncounted(name=name, since=since, days=days, ever=name in last)


def backup(program: Program) -> Backup:
    """Say when the last backup was made."""
    last = doctor.about(program)["last_backup"]
    day = program.day(datetime.fromisoformat(str(last))) if last else None
    return Backup(
        last=day,
        days=(program.today() - day).days if day else None,
        old=any(doctor.backups(program)),
    )


def messages(program: Program, queue: Sequence[Due]) -> Messages:
    """Say where the messages that wait stand; `queue` is what waits to be handed over, in money."""
    from cmengine.letters import letters
    from cmengine.ready import ready_of_many
    from cmengine.sending import standing_of

    found, ready = letters(program), ready_of_many(program, queue)
    states = Counter(standing_of(program, letter, ready).state for letter in found[:LETTERS])
    return Messages(
        waiting=len(found) - states.pop("not needed", 0),
        looked_at=min(len(found), LETTERS),
        states=dict(sorted(states.items())),
    )


def feedback(program: Program) -> Iterable[Open]:
    """Give what wants an answer, but for a complaint about whoever is at the desk; the oldest first."""
    for one in feedback_list(program, only_open=True):
        yield Open(
            number=one["number"],
            kind=one["kind"],
            days=one["days"],
            late=one["late"],
            goes_to=one["goes_to"],
        )


def held_rules(program: Program) -> Iterable[HeldRule]:
    """Give the rules that wait for a plugin to be mended."""
    by_rule: dict[str, list[str]] = {}
    problems: dict[str, str] = {}
    for one in all_held(program.ledger):
        by_rule.setdefault(one.rule, []).append(one.client)
        problems.setdefault(one.rule, one.problem)
    for rule, clients in sorted(by_rule.items()):
        yield HeldRule(rule=rule, people=len(set(clients)), problem=problems[rule])


# A client, when they were enrolled, the day of what was logged last for them, and the latest day of all. What
# does not say that somebody came by (?1) is passed over, and so is what was marked as a mistake. Who asked to
# be forgotten is not looked for at all. The latest day is looked for only where the other is old: something
# late may have been logged after something new. Where nothing was logged, the day of enrolling counts.
_AWAY = """
select client, added_at, last from (
  select c.client, c.added_at, c.latest, case when c.latest <= ?2 then (
    select max(e.on_day) from events e
    where e.client = c.client and e.kind not in (select value from json_each(?1))
    and not exists (select 1 from corrections m where m.event = e.seq)) end as last
  from (select k.client, k.added_at, (
          select e.on_day from events e
          where e.client = k.client and e.kind not in (select value from json_each(?1))
          and not exists (select 1 from corrections m where m.event = e.seq)
          order by e.seq desc limit 1) as latest
        from clients k where not exists (select 1 from forgotten f where f.client = k.client)) c)
where last <= ?2 or latest is null
"""


def people(program: Program, most: int) -> People:
    """Find those who have not been seen for a while, those seen last first."""
    import json

    settings, today = program.settings.status, program.today()
    before = today - timedelta(days=settings.away)
    rows = program.ledger.rows(_AWAY, json.dumps(settings.not_seen), before.isoformat())
    gone = [(_seen_or_enrolled(program, row), row["client"], row["last"]) for row in rows]
    gone = sorted((one for one in gone if one[0] <= before), key=lambda one: one[1])
    gone.sort(key=lambda one: one[0], reverse=True)
    allowed = _may_write(program)
    return People(
        away=settings.away,
        total=len(gone),
        shown=tuple(
            Person(
                client=client,
                last=since if last else None,
                days=(today - since).days,
                may_write=client in allowed,
            )
            for since, client, last in gone[:most]
        ),
    )


def _seen_or_enrolled(program: Program, row: sqlite3.Row) -> date:
    if row["last"]:
        return date.fromisoformat(row["last"])
    return program.day(datetime.fromisoformat(row["added_at"]))


def _may_write(program: Program) -> set[str]:
    """Name those who allow to be written to, on whichever channel."""
    from cmengine.consents import MESSAGES

    sql = "select client from consent_list where purpose = ? and given = 1"
    return {row[0] for row in program.ledger.rows(sql, MESSAGES)}
