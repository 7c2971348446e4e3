"""What clients choose, one function each: choose, move a setting, set aside. Each is one transaction."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date

from attrs import Factory, define, frozen

from cmengine.engine import Logbook, client_code_mistakes
from cmengine.errors import CMError, Mistake, did_you_mean, stop_if
from cmengine.fold import Result
from cmengine.holds import Hold
from cmengine.kept import still_to_set, with_settings
from cmengine.model import Choice, Rule
from cmengine.program import Program
from cmengine.slips import code_words
from cmengine.timeline import in_force
from cmengine.versions import compare
from cmengine.welcome import welcome_problem

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
    """

    choice: Choice
    caught_up: tuple[Result, ...] = ()
    again: bool = False
    held: tuple[Hold, ...] = ()


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
    mistakes = list(unread)
    added: list[str] = []
    chosen: list[Chosen] = []
    with program.ledger.writing():
        book = Logbook(program)
        current = program.ledger.current_digests()
        known = set(program.ledger.clients())
        for wish in wishes:
            if wish.client not in known and add_clients and not client_code_mistakes(wish.client):
                program.ledger.add_client(wish.client, program.now(), program.by)
                added.append(wish.client)
                known.add(wish.client)
        together = {(wish.client, wish.rule): wish.on or program.today() for wish in wishes}
        beside = _Beside(program, book, current, together)
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
        book.close()
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
    beside: "_Beside",
) -> Chosen:
    if wish.rule not in current:
        raise _wrong(*_no_rule(wish.rule, current))
    if len(wish.words) > MOST_WORDS:
        raise _wrong(f"the words are longer than {MOST_WORDS} letters", "write what matters most")
    timeline = book.timelines(wish.client).get(wish.rule, [])
    latest = timeline[-1].choice if timeline else None
    on = wish.on or program.today()
    if latest is not None and latest.stands:
        told = (latest.words, latest.settings, latest.on)
        if wish.on is not None and told == (wish.words, wish.settings, wish.on):
            return Chosen(latest, again=True)
        raise _wrong(
            f"'{wish.rule}' is already chosen",
            "change a setting with goal set, or put it away with goal set-aside",
        )
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
    caught_up = tuple(book.choose(choice, program.now()))
    mine = (wish.client, wish.rule)
    held = tuple(hold for hold in book.held if (hold.client, hold.rule) == mine)
    return Chosen(choice, caught_up, held=held)


def _with(program: Program, choice: Choice) -> Rule:
    """Build the rule of a choice, with mistakes in a client's settings put in words."""
    try:
        with_settings(program.table(choice.digest), choice.settings, program.registry)
    except ValueError as error:
        raise _wrong(str(error)) from error
    return program.rule_of(choice)


_Version = tuple[str, tuple[tuple[str, str], ...]]
"""A version of a rule, with a client's settings."""


@define(eq=False, repr=False)
class _Beside:
    """Sees to it that a welcome is chosen together with the rule under which an ordinary visit earns.

    The same two are judged once, for however many clients: that takes longer than all else about a choice.
    """

    program: Program
    book: Logbook
    current: Mapping[str, str]
    together: Mapping[tuple[str, str], date]
    _judged: dict[tuple[_Version, _Version], str] = Factory(dict)

    def check(self, rule: Rule, choice: Choice) -> None:
        """Raise CMError where the rule of a choice cannot stand beside the other, or has no other."""
        beside = getattr(rule.goal, "beside", None)
        if not beside:
            return
        other = self._version(beside, choice)
        if other is None:
            raise _wrong(
                f"'{rule.id}' goes together with '{beside}'",
                f"choose '{beside}' first, or in the same import, from the same day",
            )
        both = ((choice.digest, choice.settings), other)
        if both not in self._judged:
            self._judged[both] = welcome_problem(rule, self._rule(beside, other))
        if self._judged[both]:
            raise _wrong(self._judged[both])

    def _version(self, beside: str, choice: Choice) -> _Version | None:
        """Name the version of the other rule that the client has then."""
        other = in_force(self.book.timelines(choice.client).get(beside, []), choice.on)
        if other is not None:
            return other.digest, other.settings
        if self.together.get((choice.client, beside), date.max) <= choice.on:
            return (self.current[beside], ()) if beside in self.current else None
        return None

    def _rule(self, beside: str, version: _Version) -> Rule:
        digest, settings = version
        return self.program.rule_of(Choice("", "", beside, digest, settings, date.min))


def set_goal(
    program: Program,
    client: str,
    rule: str,
    settings: tuple[tuple[str, str], ...],
    on: date | None = None,
) -> Choice:
    """Let a client move their own settings, such as a bar, from a day on. Nothing earned changes."""
    with program.ledger.writing():
        book, latest = _latest(program, client, rule, on)
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
        book, latest = _latest(program, client, rule, on)
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
        book, latest = _latest(program, client, rule, on)
        day = on or program.today()
        put_away = [latest]
        for other, timeline in book.timelines(client).items():
            stands = timeline[-1].choice
            if other != rule and stands.stands and _goes_with(program, stands) == rule:
                put_away.append(stands)
        for one in put_away:
            book.choose(
                one._replace(id=program.new_id(), on=max(day, one.on), stands=False, words=""),
                program.now(),
            )
        book.close()
    return put_away


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


def _latest(program: Program, client: str, rule: str, on: date | None) -> tuple[Logbook, Choice]:
    """Find the choice that stands, for a change from the day `on`."""
    program.must_have(client)
    book = Logbook(program)
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
    return book, latest
