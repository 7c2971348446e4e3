"""What may be issued now, from which fund, and why not more. Pure. Amounts are in cents.

A limit holds back issuing, never earning: what is over waits, and is paid when there is room again.

Who comes first: everything that waits is gone through in the order in which it was earned, as if all of
it were issued now, each award from the first fund that may pay for it, then from the next. What comes to
a client in this is what they may be issued now. So whoever earned earlier finds what there was for them,
and somebody whom another limit holds back keeps nothing from those who stand at the desk. Money is kept
in this way without end; room in a fund's month or year is kept until one such window has ended with room
left over, because whoever was waiting then could have had it.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Literal

from attrs import Factory, evolve, frozen

from cmengine.money import dollars

Window = Literal["award", "month", "calendar_year", "budget_year", "program"]
WINDOWS: dict[Window, str] = {
    "award": "an award",
    "month": "a month",
    "calendar_year": "a calendar year",
    "budget_year": "a budget year",
    "program": "the whole program",
}
"""The windows, and how each is said."""

ENDLESS = 10**18  # what a fund without an amount holds
WARN_PERCENT = 80  # how far a limit or a fund is used when it begins to be said


@frozen(kw_only=True)
class Cap:
    """At most `most` cents may be issued in a window: to each client, or from a fund in all.

    With `fund`, only what that fund pays is added up. It is in force from `starts` to `ends`.
    """

    name: str
    window: Window
    most: int
    per: Literal["client", "fund"] = "client"
    fund: str = ""
    cite: str = ""
    ask: str = ""
    starts: date | None = None
    ends: date | None = None

    def on(self, day: date) -> bool:
        """Say whether it is in force on a day."""
        return (self.starts is None or self.starts <= day) and (
            self.ends is None or day <= self.ends
        )

    def counts(self, fund: str) -> bool:
        """Say whether what a fund pays is added up."""
        return self.fund in ("", fund)


@frozen(kw_only=True)
class Fund:
    """Money to give: `amount` in all (None: no end), for some rules (none named: for all)."""

    name: str = ""
    amount: int | None = None
    pays_for: tuple[str, ...] = ()
    ask: str = ""

    def pays(self, rule: str) -> bool:
        """Say whether it may pay for a rule."""
        return not self.pays_for or rule in self.pays_for


@frozen(kw_only=True)
class Terms:
    """What funders have agreed: funds in the order in which they pay, limits, and lines that only warn."""

    funds: tuple[Fund, ...] = (Fund(),)
    caps: tuple[Cap, ...] = ()
    lines: tuple[Cap, ...] = ()
    budget_year: tuple[int, int] = (1, 1)


@frozen(kw_only=True)
class Due:
    """What waits of one award: for whom, since which day, and what each fund has paid of it already."""

    client: str
    award: tuple[int, int]
    rule: str
    cents: int
    since: date
    paid: Mapping[str, int] = Factory(dict)


@frozen
class Spent:
    """What was issued from a fund on a day: to one client, or in all where none is named."""

    fund: str
    on: date
    cents: int
    client: str = ""


@frozen
class Share:
    """So much of an award, from a fund."""

    award: tuple[int, int]
    fund: str
    cents: int


@frozen(kw_only=True)
class Reason:
    """Why a fund does not pay more just now, and from which day on it may.

    `kind`: a limit is reached; the fund is empty; what is there is kept for others (queue); or the fund
    does not pay for the rule.
    """

    kind: Literal["limit", "fund", "queue", "rule"]
    fund: str
    rule: str = ""
    cap: Cap | None = None
    until: date | None = None
    ask: str = ""


@frozen(kw_only=True)
class Held:
    """What waits, for the same reasons: one of each fund."""

    cents: int
    reasons: tuple[Reason, ...]

    @property
    def until(self) -> date | None:
        """The first day on which more may be issued without anybody doing anything, if there is one."""
        return min((one.until for one in self.reasons if one.until), default=None)

    @property
    def why(self) -> str:
        """Say why it waits."""
        return "; ".join(dict.fromkeys(map(_why, self.reasons)))

    @property
    def instead(self) -> tuple[str, ...]:
        """Name what can be done: at least one thing."""
        said = [f"more can be issued from {self.until} on"] if self.until else []
        said += [words for one in self.reasons for words in _todo(one)]
        return tuple(dict.fromkeys(said))

    @property
    def todo(self) -> str:
        """Say what can be done."""
        return ", or ".join(self.instead)


@frozen(kw_only=True)
class Allowance:
    """What may be issued to a client now, award by award, and what is held back of what is waiting."""

    client: str
    waiting: int
    shares: tuple[Share, ...]
    held: tuple[Held, ...]

    @property
    def cents(self) -> int:
        """How much may be issued now."""
        return sum(share.cents for share in self.shares)

    def first(self, cents: int) -> tuple[Share, ...]:
        """Give the shares that were earned first, for exactly so much. Raises ValueError above what may be."""
        if cents > self.cents:
            raise ValueError(f"{dollars(cents)} is more than may be issued now")
        taken: list[Share] = []
        for share in self.shares:
            now = min(cents, share.cents)
            if now:
                taken.append(Share(share.award, share.fund, now))
            cents -= now
        return tuple(taken)


@frozen(kw_only=True)
class Near:
    """A limit, a line or a fund that is nearly used: `used` of `most` (None: a line that only warns)."""

    name: str
    used: int
    at: int
    most: int | None
    per: Literal["client", "fund"]
    window: Window
    cite: str = ""

    @property
    def words(self) -> str:
        """Say it in a sentence."""
        to = "to them" if self.per == "client" else "in all"
        when = "" if self.window == "program" else f" this {_NOUNS[self.window]}"
        of = f" of {dollars(self.most)}" if self.most is not None else ""
        line = f"; the line is at {dollars(self.at)}" if self.most is None else ""
        cite = f" ({self.cite})" if self.cite and self.most is None else ""
        return f"'{self.name}': {dollars(self.used)}{of} has been issued {to}{when}{line}{cite}"


_NOUNS: dict[Window, str] = {
    "award": "award",
    "month": "month",
    "calendar_year": "calendar year",
    "budget_year": "budget year",
    "program": "program",
}


# Windows.


def window_of(day: date, window: Window, budget_year: tuple[int, int]) -> tuple[int, ...]:
    """Name the window that a day falls in; a budget year begins on a (month, day)."""
    if window == "month":
        return day.year, day.month
    if window == "calendar_year":
        return (day.year,)
    if window == "budget_year":
        return (day.year - ((day.month, day.day) < budget_year),)
    return ()


def first_day(day: date, window: Window, budget_year: tuple[int, int]) -> date | None:
    """Give the first day of the window that a day falls in; None where there is only one window."""
    named = window_of(day, window, budget_year)
    if window == "month":
        return day.replace(day=1)
    if window == "calendar_year":
        return date(named[0], 1, 1)
    return date(named[0], *budget_year) if window == "budget_year" else None


def turns_over(day: date, window: Window, budget_year: tuple[int, int]) -> date | None:
    """Give the first day of the next window; None where there is no next."""
    begins = first_day(day, window, budget_year)
    if begins is None:
        return None
    if window == "month":
        return (begins + timedelta(days=31)).replace(day=1)
    return begins.replace(year=begins.year + 1)


def room(cap: Cap, used: int) -> int:
    """Say how much a limit still lets be issued in a window in which so much was."""
    return max(0, cap.most - used)


def in_order(after: Mapping[str, str]) -> list[str]:
    """Order funds by what each comes after ("": nothing), then by name. Raises ValueError for a circle."""

    def depth(name: str, seen: tuple[str, ...] = ()) -> int:
        if name in seen:
            raise ValueError(f"'{name}' comes after itself")
        before = after.get(name, "")
        return 1 + depth(before, (*seen, name)) if before else 0

    return sorted(after, key=lambda name: (depth(name), name))


def binding(terms: Terms, rule: str, day: date) -> list[Cap]:
    """Give the limits that hold back any client under a rule, whichever fund pays: those of a client
    that are in force on a day, and belong to every fund or to the only one that pays for the rule.
    """
    paying = {fund.name for fund in terms.funds if fund.pays(rule)}
    return [
        cap
        for cap in terms.caps
        if cap.on(day)
        and (cap.per == "client" or cap.window == "award")
        and (not cap.fund or paying == {cap.fund})
    ]


# What may be issued now.

_Key = str | tuple[int, int]
_ALL, _LATE = "", "\0late"


class _Room:
    """What is left, while what waits is gone through in the order in which it was earned."""

    def __init__(
        self,
        terms: Terms,
        caps: Iterable[Cap],
        to_clients: Iterable[Spent],
        from_funds: Iterable[Spent],
        today: date,
    ) -> None:
        self.terms, self.today = terms, today
        self.caps = [cap for cap in caps if cap.on(today)]
        self.used: Counter[tuple[int, _Key]] = Counter()
        self.kept: Counter[int | str] = Counter()
        self.left = {
            fund.name: ENDLESS if fund.amount is None else fund.amount for fund in terms.funds
        }
        self._ended: list[Counter[tuple[int, ...]]] = [Counter() for _ in self.caps]
        for spent in from_funds:
            if spent.fund in self.left:
                self.left[spent.fund] -= spent.cents
            self._add_up(spent, "fund", _ALL)
        for spent in to_clients:
            self._add_up(spent, "client", spent.client)

    def _add_up(self, spent: Spent, per: str, key: str) -> None:
        year = self.terms.budget_year
        for n, cap in enumerate(self.caps):
            if cap.per != per or cap.window == "award":
                continue
            if cap.counts(spent.fund) and cap.on(spent.on):
                named = window_of(spent.on, cap.window, year)
                self._ended[n][named] += spent.cents
                if named == window_of(self.today, cap.window, year):
                    self.used[n, key] += spent.cents

    def late_before(self, earliest: date) -> dict[int, date]:
        """For each limit of a fund, find the day before which one had to be waiting to be able to have
        had room that was left over at the end of a window.
        """
        found = {}
        for n, cap in enumerate(self.caps):
            year = self.terms.budget_year
            begins = first_day(self.today, cap.window, year) if cap.per == "fund" else None
            while begins is not None and begins > earliest:
                last = begins - timedelta(days=1)
                begins = first_day(last, cap.window, year)
                if begins is None or not cap.on(begins):
                    break
                if room(cap, self._ended[n][window_of(last, cap.window, year)]):
                    found[n] = begins
                    break
        return found

    def free(self, due: Due, fund: Fund, late: Mapping[int, date]) -> int:
        """Say how much of a due a fund may pay now."""
        free = max(0, self.left[fund.name])
        for n, cap in self._bound(fund):
            free = min(free, room(cap, self._used(n, cap, due, late)))
        return free

    def take(
        self, due: Due, fund: Fund, cents: int, late: Mapping[int, date], *, kept: bool
    ) -> None:
        """Let a fund pay so much of a due; `kept`: only in thought, for somebody else."""
        self.left[fund.name] -= cents
        self.kept[fund.name] += cents * kept
        for n, cap in self._bound(fund):
            key = self._key(n, cap, due, late)
            self.used[n, key] += cents
            self.kept[n] += cents * (kept and key == _ALL)

    def why(self, due: Due, fund: Fund) -> Reason | None:
        """Say why a fund pays no more of a due; of several reasons, the one that lasts the longest.

        None where the fund does not pay for the rule, and has nothing that it could pay with.
        """
        empty = self.left[fund.name] <= 0
        if not fund.pays(due.rule):
            found = Reason(kind="rule", fund=fund.name, rule=due.rule, ask=fund.ask)
            return None if empty else found
        reasons = []
        if empty:
            kind: Literal["queue", "fund"] = "queue" if self.kept[fund.name] else "fund"
            reasons.append(Reason(kind=kind, fund=fund.name, ask=fund.ask))
        for n, cap in self._bound(fund):
            if not room(cap, self._used(n, cap, due, {})):
                reasons.append(
                    Reason(
                        kind="queue" if self.kept[n] else "limit",
                        fund=fund.name,
                        cap=cap,
                        until=self._until(cap),
                        ask=cap.ask or fund.ask,
                    )
                )
        return max(reasons, key=lambda one: (one.until is None, one.until or date.min))

    def _until(self, cap: Cap) -> date | None:
        turns = turns_over(self.today, cap.window, self.terms.budget_year)
        over = cap.ends + timedelta(days=1) if cap.ends else None
        return min((day for day in (turns, over) if day), default=None)

    def _bound(self, fund: Fund) -> Iterator[tuple[int, Cap]]:
        return ((n, cap) for n, cap in enumerate(self.caps) if cap.counts(fund.name))

    def _key(self, n: int, cap: Cap, due: Due, late: Mapping[int, date]) -> _Key:
        if cap.window == "award":
            return due.award
        if cap.per == "client":
            return due.client
        return _LATE if n in late and due.since < late[n] else _ALL

    def _used(self, n: int, cap: Cap, due: Due, late: Mapping[int, date]) -> int:
        key = self._key(n, cap, due, late)
        used = self.used[n, key]
        if cap.window == "award":
            used += sum(cents for fund, cents in due.paid.items() if cap.counts(fund))
        return used + self.used[n, _ALL] if key == _LATE else used


def allowance(
    client: str,
    queue: Sequence[Due],
    to_clients: Iterable[Spent],
    from_funds: Iterable[Spent],
    terms: Terms,
    today: date,
) -> Allowance:
    """Say what may be issued to a client now, from which funds, and why not more.

    `queue` is what waits, in the order in which it was earned: the client's own, and, where money or room
    is scarce, that of everybody. `to_clients` is what was issued to each of those in it, `from_funds` what
    was issued from each fund in all.
    """
    space = _Room(terms, terms.caps, to_clients, from_funds, today)
    late = space.late_before(min((due.since for due in queue), default=today))
    shares: list[Share] = []
    held: Counter[tuple[Reason, ...]] = Counter()
    for due in queue:
        mine = due.client == client
        paid = list(_pay(space, due, {} if mine else late, kept=not mine))
        rest = due.cents - sum(share.cents for share in paid)
        if mine:
            shares += paid
        if mine and rest:
            held[_reasons(space, due)] += rest
    return Allowance(
        client=client,
        waiting=sum(due.cents for due in queue if due.client == client),
        shares=tuple(shares),
        held=tuple(Held(cents=cents, reasons=reasons) for reasons, cents in held.items()),
    )


def _pay(space: _Room, due: Due, late: Mapping[int, date], *, kept: bool) -> Iterator[Share]:
    """Let the funds pay what they may of a due, the first of them first."""
    rest = due.cents
    for fund in space.terms.funds:
        now = min(rest, space.free(due, fund, late)) if rest and fund.pays(due.rule) else 0
        if now:
            space.take(due, fund, now, late, kept=kept)
            rest -= now
            yield Share(due.award, fund.name, now)


def _reasons(space: _Room, due: Due, *, alone: bool = False) -> tuple[Reason, ...]:
    """Say why no fund pays more of a due; `alone`: nothing is kept for anybody else."""
    kept = space.kept
    space.kept = Counter() if alone else kept
    reasons = tuple(filter(None, (space.why(due, fund) for fund in space.terms.funds)))
    space.kept = kept
    return reasons or (Reason(kind="rule", fund="", rule=due.rule),)


def held_of_all(
    queue: Sequence[Due],
    to_clients: Iterable[Spent],
    from_funds: Iterable[Spent],
    terms: Terms,
    today: date,
) -> list[tuple[Held, frozenset[str]]]:
    """Say what would go on waiting if all that waits were issued now, in the order in which it was earned,
    why, and for whom. `queue` is what waits for everybody.

    What a limit would hold back however much money there were is told apart from what waits for money alone.
    """
    to_clients, from_funds = tuple(to_clients), tuple(from_funds)
    space = _Room(terms, terms.caps, to_clients, from_funds, today)
    endless = evolve(terms, funds=tuple(evolve(fund, amount=None) for fund in terms.funds))
    ample = _Room(endless, terms.caps, to_clients, from_funds, today)
    held: Counter[tuple[Reason, ...]] = Counter()
    whose: dict[tuple[Reason, ...], set[str]] = {}
    served: set[str] = set()
    served_amply: set[str] = set()
    for due in queue:
        paid = sum(one.cents for one in _pay(space, due, {}, kept=True))
        amply = sum(one.cents for one in _pay(ample, due, {}, kept=True))
        served |= {due.client} if paid else set()
        served_amply |= {due.client} if amply else set()
        rest = due.cents - paid
        over = min(rest, due.cents - amply)
        if over:
            because = _reasons(ample, due, alone=served_amply <= {due.client})
            limits = tuple(one for one in because if one.kind != "rule" or space.left[one.fund] > 0)
            if any(one.cap for one in limits):
                held[limits] += over
                whose.setdefault(limits, set()).add(due.client)
                rest -= over
        if rest:
            reasons = _reasons(space, due, alone=served <= {due.client})
            held[reasons] += rest
            whose.setdefault(reasons, set()).add(due.client)
    return [
        (Held(cents=cents, reasons=reasons), frozenset(whose[reasons]))
        for reasons, cents in held.items()
    ]


def could_be_issued(
    queue: Sequence[Due],
    to_clients: Iterable[Spent],
    from_funds: Iterable[Spent],
    terms: Terms,
    today: date,
) -> frozenset[str]:
    """Name those to whom something could be issued now: those whose `allowance` is above zero, all found in
    one pass. `queue` is what waits for everybody, in the order in which it was earned.
    """
    space = _Room(terms, terms.caps, to_clients, from_funds, today)
    late = space.late_before(min((due.since for due in queue), default=today))
    found: set[str] = set()
    for due in queue:
        # Until something can be paid to somebody, nothing was thought of as paid to them either.
        if due.client not in found and any(
            fund.pays(due.rule) and space.free(due, fund, {}) for fund in terms.funds
        ):
            found.add(due.client)
        list(_pay(space, due, late, kept=True))
    return frozenset(found)


def plenty(terms: Terms, from_funds: Sequence[Spent], waiting: int, today: date) -> bool:
    """Say whether money and room of every fund are enough for all that waits: then nobody has to be
    thought of but the client at the desk.
    """
    space = _Room(terms, terms.caps, (), from_funds, today)
    tight = [cap for cap in space.caps if cap.per == "fund" and cap.window != "award"]
    return all(left >= waiting for left in space.left.values()) and all(
        room(cap, space.used[space.caps.index(cap), _ALL]) >= waiting for cap in tight
    )


def near(
    client: str,
    to_client: Iterable[Spent],
    from_funds: Iterable[Spent],
    terms: Terms,
    today: date,
) -> list[Near]:
    """Give the lines that what was issued to a client, or from the funds, has reached."""
    space = _Room(terms, terms.lines, to_client, from_funds, today)
    most = {cap.name: cap.most for cap in terms.caps}
    found = [
        Near(
            name=line.name,
            used=used,
            at=line.most,
            most=most.get(line.name),
            per=line.per,
            window=line.window,
            cite=line.cite,
        )
        for n, line in enumerate(space.caps)
        if line.window != "award"
        and (used := space.used[n, client if line.per == "client" else _ALL]) >= line.most
        and used
    ]
    for fund in terms.funds:
        if fund.amount is not None:
            used, at = fund.amount - space.left[fund.name], warn_line(fund.amount)
            if used and used >= at:
                found.append(
                    Near(
                        name=fund.name,
                        used=used,
                        at=at,
                        most=fund.amount,
                        per="fund",
                        window="program",
                    )
                )
    return found


def warn_line(amount: int) -> int:
    """Say from how much on the use of an amount is said, where nobody has said otherwise."""
    return -(-amount * WARN_PERCENT // 100)


# Words.


def _why(reason: Reason) -> str:
    cap, fund = reason.cap, reason.fund
    if reason.kind == "rule":
        return (
            f"the fund '{fund}' does not pay for '{reason.rule}' so far"
            if fund
            else f"no fund pays for '{reason.rule}' so far"
        )
    if reason.kind == "queue":
        room_of = f"what the limit '{cap.name}' lets be issued" if cap else "what is left"
        return f"{room_of} from the fund '{fund}' is kept for those who earned it earlier"
    if cap is None:
        return f"the fund '{fund}' is used up just now"
    amount = dollars(cap.most)
    if cap.window == "award":
        return f"the limit '{cap.name}' lets {amount} of one award be issued"
    to = "one client" if cap.per == "client" else "all clients together"
    when = "in the whole program" if cap.window == "program" else WINDOWS[cap.window]
    return f"the limit '{cap.name}' lets {amount} {when} be issued to {to}, and that is reached"


def _todo(reason: Reason) -> Iterator[str]:
    cap, fund = reason.cap, reason.fund
    if reason.kind == "rule":
        yield (
            f"the fund '{fund}' may pay once '{reason.rule}' stands in its pays_for"
            if fund
            else f"let a fund pay for it: add '{reason.rule}' to a pays_for"
        )
    elif cap is None:
        yield f"more money can come in with: cmengine fund add '{fund}' AMOUNT"
    else:
        if reason.until is None:
            yield "whoever set the limit may raise it"
        if cap.fund:
            yield "another fund may pay it at once"
    if reason.ask:
        yield f"ask {reason.ask}"
