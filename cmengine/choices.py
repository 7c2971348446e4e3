"""What clients choose, one function each: choose, move a setting, set aside. Each is one transaction."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date

from attrs import frozen

from cmengine.beside import Beside
from cmengine.engine import Logbook, client_code_mistakes
from cmengine.errors import CMError, Mistake, did_you_mean, stop_if
from cmengine.fold import Result
from cmengine.holds import Hold
from cmengine.kept import still_to_set, with_settings
from cmengine.model import Choice, Rule
from cmengine.program import Program
from cmengine.slips import code_words
from cmengine.timeline import TimelineRow, first_day, going_on, since_rest
from cmengine.versions import compare

MOST_WORDS = 500


@frozen(kw_only=True)
class Wish:
    """What a client chooses, as typed or read: `where` names the line for messages."""

    client: str
    rule: str
    words: str = ""
    settings: tuple[tuple[str, str], ...] = ()
    on: date | None = None
    where: str = ""


@frozen
class Chosen:
    """A choice that was made, and what events logged earlier have earned under it. `again` is True
    where this very choice had been made before; `held` says that what they earn is still to come.
    `moved_from` is the day it began on before, where a choice that stands was given an earlier first day.
    """

    choice: Choice
    caught_up: tuple[Result, ...] = ()
    again: bool = False
    held: tuple[Hold, ...] = ()
    moved_from: date | None = None


def choose_goals(
    program: Program,
    wishes: Sequence[Wish],
    *,
    add_clients: bool = False,
    unread: Sequence[Mistake] = (),
) -> tuple[list[Chosen], list[str]]:
    """Write down choices, all or none; give them, and the clients that were enrolled for it.

    Raises CMError with every mistake of every wish, beside those that were found in reading them.
    """
    with program.ledger.writing():
        book = Logbook(program)
        done = take_wishes(program, book, wishes, add_clients=add_clients, unread=unread)
        book.close()
    return done


def take_wishes(
    program: Program,
    book: Logbook,
    wishes: Sequence[Wish],
    *,
    add_clients: bool = False,
    unread: Sequence[Mistake] = (),
) -> tuple[list[Chosen], list[str]]:
    """Do what `choose_goals` does inside the one write transaction, in a logbook that is open."""
    mistakes = list(unread)
    added: list[str] = []
    chosen: list[Chosen] = []
    current = program.ledger.current_digests()
    known = set(program.ledger.clients())
    for wish in wishes:
        if wish.client not in known and add_clients and not client_code_mistakes(wish.client):
            program.ledger.add_client(wish.client, program.now(), program.by)
            added.append(wish.client)
            known.add(wish.client)
    together = {(wish.client, wish.rule): wish.on or program.today() for wish in wishes}
    beside = Beside(program, book, current, together)
    for wish in wishes:
        here = wish.where or f"client '{wish.client:.64}'"
        if wish.client not in known:
            mistakes += _unknown(wish, known, current, add_clients)
            continue
        try:
            chosen.append(_choose(program, book, wish, current, beside))
        except CMError as error:
            mistakes += [mistake._replace(where=here) for mistake in error.mistakes]
    stop_if(mistakes)
    return chosen, added


def _wrong(what: str, todo: str = "") -> CMError:
    return CMError(Mistake("", what, todo))


def _unknown(
    wish: Wish, known: Collection[str], current: Mapping[str, str], add_clients: bool
) -> list[Mistake]:
    """Say that a client is not enrolled, or cannot be; and, all at once, that the rule is unknown."""
    here = wish.where or f"client '{wish.client:.64}'"
    there = f"there is no client '{wish.client:.64}'" if wish.where else "there is no such client"
    mistakes = [
        Mistake(here, f"'{wish.client:.64}' {mistake.what}", mistake.todo)
        for mistake in client_code_mistakes(wish.client)
        if add_clients
    ] or [Mistake(here, there, code_words(wish.client, known) or "enroll them first")]
    if wish.rule not in current:
        mistakes.append(Mistake(here, *_no_rule(wish.rule, current)))
    return mistakes


def _no_rule(rule: str, current: Mapping[str, str]) -> tuple[str, str]:
    todo = did_you_mean(rule, current) or "publish it with: cmengine rules publish"
    return f"there is no published rule '{rule:.64}'", todo


def _choose(
    program: Program,
    book: Logbook,
    wish: Wish,
    current: Mapping[str, str],
    beside: Beside,
) -> Chosen:
    if wish.rule not in current:
        raise _wrong(*_no_rule(wish.rule, current))
    if len(wish.words) > MOST_WORDS:
        raise _wrong(f"the words are longer than {MOST_WORDS} letters", "write what matters most")
    timeline = book.timelines(wish.client).get(wish.rule, [])
    latest = timeline[-1].choice if timeline else None
    on = wish.on or program.today()
    if latest is not None and latest.stands:
        return _stands_already(program, book, wish, timeline, beside)
    if latest is not None and on < latest.on:
        raise _wrong(
            f"'{wish.rule}' was set aside from {latest.on} on",
            "choose it again from that day or later",
        )
    if on > program.today():
        raise _wrong(f"{on} is in the future", "write down the choice when it is made")
    # Chosen again, a goal goes on where it was: under its own version, with the client's own settings.
    digest = latest.digest if latest is not None else current[wish.rule]
    settings = tuple(
        sorted({**dict(latest.settings if latest else ()), **dict(wish.settings)}.items())
    )
    missing = still_to_set(program.table(digest), settings, program.registry)
    if missing:
        raise _wrong(
            f"the client still has to set {', '.join(missing)}", f"add --set {missing[0]}=..."
        )
    choice = Choice(
        id=program.new_id(),
        client=wish.client,
        rule=wish.rule,
        digest=digest,
        settings=settings,
        on=on,
        words=wish.words,
    )
    rule = _with(program, choice)
    beside.check(rule, choice)
    return _written(program, book, [choice])


def _written(
    program: Program, book: Logbook, rows: Sequence[Choice], moved_from: date | None = None
) -> Chosen:
    """Write the rows of a choice, its first day first, and let what was logged earlier count."""
    caught_up = [result for row in rows for result in book.choose(row, program.now())]
    mine = (rows[0].client, rows[0].rule)
    held = tuple(hold for hold in book.held if (hold.client, hold.rule) == mine)
    return Chosen(rows[0], tuple(caught_up), held=held, moved_from=moved_from)


def _stands_already(
    program: Program,
    book: Logbook,
    wish: Wish,
    timeline: Sequence[TimelineRow],
    beside: Beside,
) -> Chosen:
    """Find a choice that was made before, or move its beginning back to the day on which it was made.

    All that came since, a bar that was moved or a version that was taken, is written once more after it and
    goes on from its own day. So every day that counted already counts under what it counted under.
    """
    rows = going_on(timeline)
    first = rows[0].choice
    told = [(one.words, one.settings, one.on) for one, *_ in since_rest(timeline)]
    if (wish.words, wish.settings, wish.on) in told:
        return Chosen(first, again=True)
    if wish.on is None or wish.on >= first.on:
        raise _wrong(
            f"'{wish.rule}' is already chosen, from {first.on} on",
            "if it was chosen earlier, say --on with that day; change a setting with goal set, or put it"
            " away with goal set-aside",
        )
    if set(wish.settings) - set(first.settings):
        raise _wrong(
            f"'{wish.rule}' is already chosen, and what the client set stays when its first day moves back",
            "leave the settings out, and change one with goal set",
        )
    rests = [row.choice.on for row in timeline if not row.choice.stands]
    if rests and wish.on < rests[-1]:
        raise _wrong(
            f"'{wish.rule}' was set aside from {rests[-1]} on", "give that day or a later one"
        )
    if wish.on < first_day(timeline) and _has_slot(program, wish):
        raise _wrong(
            f"'{wish.rule}' has a calendar, and a place in it that begins on {first_day(timeline)} is taken",
            "its first day stays; what happened before it can be given under a rule without a calendar",
        )
    choice = first._replace(id=program.new_id(), on=wish.on, words=wish.words or first.words)
    beside.check(_with(program, choice), choice)
    since = [
        row.choice._replace(id=program.new_id(), words=wish.words or row.choice.words)
        for row in rows[1:]
    ]
    return _written(program, book, [choice, *since], first.on)


def _has_slot(program: Program, wish: Wish) -> bool:
    """Say whether a place in the calendar of a rule was ever given: its number hangs on the first day."""
    sql = "select 1 from occurrences where client = ? and rule = ? and slot is not null limit 1"
    return bool(program.ledger.rows(sql, wish.client, wish.rule))


def _with(program: Program, choice: Choice) -> Rule:
    """Build the rule of a choice, with mistakes in a client's settings put in words."""
    try:
        with_settings(program.table(choice.digest), choice.settings, program.registry)
    except ValueError as error:
        raise _wrong(str(error)) from error
    return program.rule_of(choice)


def set_goal(
    program: Program,
    client: str,
    rule: str,
    settings: tuple[tuple[str, str], ...],
    on: date | None = None,
) -> Choice:
    """Let a client move their own settings, such as a bar, from a day on. Nothing earned changes."""
    with program.ledger.writing():
        book = Logbook(program)
        latest = _latest(program, book, client, rule, on)
        merged = dict(latest.settings) | dict(settings)
        choice = latest._replace(
            id=program.new_id(),
            settings=tuple(sorted(merged.items())),
            on=on or program.today(),
        )
        try:
            _with(program, choice)
        except CMError as error:
            raise CMError(
                *(m._replace(where=f"client '{client}', rule '{rule}'") for m in error.mistakes)
            ) from error
        book.choose(choice, program.now())
        book.close()
    return choice


def accept_version(program: Program, client: str, rule: str, on: date | None = None) -> Choice:
    """Let a client take the newest version of a rule they chose, from a day on.

    Refused where it would pay less in some case than what they were promised: such a version is for
    new choices only.
    """
    from cmengine.refusals import Refusal, no, noted  # late: it is seldom refused

    with noted(program), program.ledger.writing():
        book = Logbook(program)
        latest = _latest(program, book, client, rule, on)
        where = f"client '{client}', rule '{rule}'"
        newest = program.ledger.current_digests()[rule]
        if newest == latest.digest:
            raise CMError(
                Mistake(where, "this is the newest version already", "nothing is to be done")
            )
        choice = latest._replace(id=program.new_id(), digest=newest, on=on or program.today())
        new = _with(program, choice)
        less = compare(program.rule_of(latest), new, program.kinds).less
        if less:
            raise no(
                where,
                f"the newest version would earn less in a case like this: {less}",
                Refusal(
                    reason="less",
                    what=rule,
                    client=client,
                    instead=("it is for new choices only", "this client keeps theirs"),
                ),
            )
        book.choose(choice, program.now())
        book.close()
    return choice


def set_aside(program: Program, client: str, rule: str, on: date | None = None) -> list[Choice]:
    """Put a goal away from a day on. Nothing is lost: chosen again, it goes on where it was.

    A welcome that goes together with the rule is put away with it. Gives what was put away.
    """
    with program.ledger.writing():
        book = Logbook(program)
        put = put_away(program, book, client, rule, on)
        book.close()
    return put


def put_away(
    program: Program, book: Logbook, client: str, rule: str, on: date | None
) -> list[Choice]:
    """Do what `set_aside` does inside the one write transaction, in a logbook that is open."""
    latest = _latest(program, book, client, rule, on)
    day = on or program.today()
    put = [latest]
    for other, timeline in book.timelines(client).items():
        stands = timeline[-1].choice
        if other != rule and stands.stands and _goes_with(program, stands) == rule:
            put.append(stands)
    for one in put:
        away = one._replace(id=program.new_id(), on=max(day, one.on), stands=False, words="")
        book.choose(away, program.now())
    return put


def put_away_with(program: Program, client: str, rule: str) -> list[str]:
    """Name the goals that stand beside a rule and are set aside just now."""
    return [
        name
        for name, timeline in program.ledger.timelines(client).items()
        if not timeline[-1].choice.stands and _goes_with(program, timeline[-1].choice) == rule
    ]


def _goes_with(program: Program, choice: Choice) -> str | None:
    """Name the rule beside which a goal was chosen, if any; also where its plugin is not there just now."""
    try:
        return getattr(program.rule_of(choice).goal, "beside", None)
    except CMError:
        return dict(choice.settings).get("goal.beside") or program.table(choice.digest)["goal"].get(
            "beside"
        )


def _latest(program: Program, book: Logbook, client: str, rule: str, on: date | None) -> Choice:
    """Find the choice that stands, for a change from the day `on`."""
    program.must_have(client)
    timelines = book.timelines(client)
    where = f"client '{client}', rule '{rule:.64}'"
    latest = timelines[rule][-1].choice if rule in timelines else None
    if latest is None or not latest.stands:
        standing = [name for name, rows in timelines.items() if rows[-1].choice.stands]
        raise CMError(Mistake(where, "this goal is not chosen now", did_you_mean(rule, standing)))
    day = on or program.today()
    if day < latest.on or day > program.today():
        raise CMError(
            Mistake(
                where, f"{day} is not a day from {latest.on} to today", "give such a day with --on"
            )
        )
    return latest
