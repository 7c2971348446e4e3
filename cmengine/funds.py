"""A program's funds and limits: what may be issued now, what it is charged to, money that comes in."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from attrs import evolve, frozen

from cmengine import charges, limits
from cmengine.errors import CMError, Mistake, did_you_mean
from cmengine.limits import (
    Allowance,
    Cap,
    Due,
    Fund,
    Held,
    Near,
    Share,
    Terms,
    allowance,
    held_of_all,
    in_order,
    near,
    plenty,
    warn_line,
)
from cmengine.program import Program
from cmengine.sections import Limit
from cmengine.settings import SETTINGS, Settings


def terms_of(settings: Settings, added: Mapping[str, int] | None = None) -> Terms:
    """Give the funds and limits of `program.toml` as values, with the money that was put in later."""
    more = added or {}
    written = {fund.name: fund for fund in settings.fund}
    funds = tuple(
        Fund(
            name=name,
            amount=written[name].amount + more.get(name, 0),
            pays_for=written[name].pays_for,
            ask=written[name].ask,
        )
        for name in in_order({fund.name: fund.after for fund in settings.fund})
    )
    limits = [(limit, _cap(limit)) for limit in settings.limit]
    return Terms(
        funds=funds or (Fund(),),
        caps=tuple(cap for limit, cap in limits if limit.most is not None),
        lines=tuple(
            evolve(cap, most=warn_line(cap.most) if limit.warn_at is None else limit.warn_at)
            for limit, cap in limits
        ),
        budget_year=settings.budget_year,
    )


def _cap(limit: Limit) -> Cap:
    return Cap(
        name=limit.name,
        window=limit.window,
        most=limit.most or 0,
        per=limit.per,
        fund=limit.fund,
        cite=limit.cite,
        ask=limit.ask,
        starts=limit.starts,
        ends=limit.ends,
    )


def terms_now(program: Program) -> Terms:
    """Give the funds and limits that hold now."""
    return terms_of(
        program.settings, charges.put_in(program.ledger) if program.settings.fund else {}
    )


def allowed(program: Program, client: str) -> Allowance:
    """Say what may be issued to a client now, from which funds, and why not more.

    To issue it, ask inside `ledger.writing()`: what is read there is still true when it is written.
    """
    ledger, terms, today = program.ledger, terms_now(program), program.today()
    parts = any(cap.window == "award" for cap in terms.caps)
    queue = charges.dues(ledger, client, program.day, paid=parts)
    shared = bool(program.settings.fund)
    funds = charges.from_funds(ledger) if shared else []
    if queue and shared and not plenty(terms, funds, charges.waiting_cents(ledger), today):
        last = queue[-1].award
        everybody = charges.dues(ledger, None, program.day, paid=parts)
        queue = [due for due in everybody if due.award <= last]
    clients = sorted({due.client for due in queue}) if terms.caps else []
    return allowance(client, queue, charges.to_clients(ledger, clients), funds, terms, today)


def could_be_issued(program: Program, queue: Sequence[Due] | None = None) -> frozenset[str]:
    """Name those to whom money could be issued now; `queue` is what waits, where that is known already."""
    ledger, terms = program.ledger, terms_now(program)
    if queue is None:
        parts = any(cap.window == "award" for cap in terms.caps)
        queue = charges.dues(ledger, None, program.day, paid=parts)
    if not terms.caps and not program.settings.fund:
        return frozenset(due.client for due in queue)
    clients = sorted({due.client for due in queue}) if terms.caps else []
    issued = charges.to_clients(ledger, clients)
    return limits.could_be_issued(queue, issued, charges.from_funds(ledger), terms, program.today())


def charge(program: Program, voucher: str, shares: Sequence[Share]) -> None:
    """Charge a voucher that is about to be written, inside `ledger.writing()`, to awards and funds.

    `shares` come from `Allowance.first`, in the same transaction, and add up to what the voucher is worth:
    the ledger refuses the voucher otherwise.
    """
    if not shares:
        return
    pledges = {fund.name: fund.amount for fund in program.settings.fund}
    body = terms_text(program.settings)
    terms = charges.note_terms(program.ledger, body, pledges, program.now(), program.by)
    charges.add_charges(program.ledger, voucher, shares, program.today(), terms)


def nearly_used(program: Program, client: str) -> list[Near]:
    """Give the limits, lines and funds that a client has nearly used, or gone past the line of."""
    terms, ledger = terms_now(program), program.ledger
    if not terms.lines and not program.settings.fund:
        return []
    to_client = charges.to_clients(ledger, [client])
    return near(client, to_client, charges.from_funds(ledger), terms, program.today())


def terms_text(settings: Settings) -> str:
    """Write funds and limits as they are kept, so that it can be looked up later what held when something was issued."""
    return json.dumps(
        {
            "budget_year": list(settings.budget_year),
            "funds": [
                {"name": f.name, "cents": f.amount, "pays_for": list(f.pays_for)}
                for f in sorted(settings.fund, key=lambda fund: fund.name)
            ],
            "limits": [
                {
                    "name": one.name,
                    "per": one.per,
                    "window": one.window,
                    "cents": one.most,
                    "fund": one.fund,
                    "starts": one.starts and one.starts.isoformat(),
                    "ends": one.ends and one.ends.isoformat(),
                }
                for one in sorted(settings.limit, key=lambda limit: limit.name)
                if one.most is not None
            ],
        },
        ensure_ascii=False,
        sort_keys=True,
    )


def add_money(program: Program, name: str, cents: int) -> None:
    """Write down that money came into a fund. Raises CMError where there is no such fund, or no money."""
    names = [fund.name for fund in program.settings.fund]
    if name not in names:
        todo = did_you_mean(name, names) or f"add a [[fund]] to {SETTINGS} first"
        raise CMError(Mistake(f"fund '{name:.64}'", "there is no such fund", todo))
    if cents <= 0:
        raise CMError(Mistake(f"fund '{name}'", "0.00 is no money", "say how much came in"))
    with program.ledger.writing():
        charges.put_money_in(program.ledger, name, cents, program.now(), program.by)


@frozen(kw_only=True)
class FundView:
    """A fund as it can be shown, in cents: `promised` is earned and waiting, and would be paid by it."""

    fund: Fund
    amount: int
    issued: int
    promised: int

    @property
    def left(self) -> int:
        """What is in it."""
        return max(0, self.amount - self.issued)

    @property
    def nearly(self) -> bool:
        """Say whether it is nearly used."""
        return 0 < self.issued >= warn_line(self.amount)


@frozen(kw_only=True)
class FundsView:
    """All funds, in the order in which they pay; `uncovered` is what waits and no fund has money for."""

    funds: tuple[FundView, ...]
    waiting: int
    uncovered: int


def held_now(program: Program, queue: Sequence[Due]) -> list[tuple[Held, frozenset[str]]]:
    """Say what limits and funds would hold back if all that waits (`queue`) were issued now, and for whom."""
    ledger, terms = program.ledger, terms_now(program)
    if not terms.caps and not program.settings.fund:
        return []
    clients = sorted({due.client for due in queue}) if terms.caps else []
    from_funds = charges.from_funds(ledger)
    return held_of_all(
        queue, charges.to_clients(ledger, clients), from_funds, terms, program.today()
    )


def funds_now(program: Program, queue: Sequence[Due] | None = None) -> FundsView:
    """Set the funds against what waits: in the order in which it was earned, as if no limit held back.

    `queue` is what waits, where that is known already.
    """
    terms = terms_now(program)
    issued: Counter[str] = Counter()
    for spent in charges.from_funds(program.ledger):
        issued[spent.fund] += spent.cents
    named = [fund for fund in terms.funds if fund.name]
    left = {fund.name: max(0, (fund.amount or 0) - issued[fund.name]) for fund in named}
    promised: Counter[str] = Counter()
    waiting = uncovered = 0
    if queue is None:
        queue = charges.dues(program.ledger, None, program.day, paid=False)
    for due in queue:
        rest = due.cents
        for fund in named:
            if fund.pays(due.rule):
                now = min(rest, left[fund.name])
                left[fund.name] -= now
                promised[fund.name] += now
                rest -= now
        waiting += due.cents
        uncovered += rest
    return FundsView(
        funds=tuple(
            FundView(
                fund=fund,
                amount=fund.amount or 0,
                issued=issued[fund.name],
                promised=promised[fund.name],
            )
            for fund in named
        ),
        waiting=waiting,
        uncovered=uncovered if named else 0,
    )


def doubts(program: Program) -> list[str]:
    """Find rules that no fund pays for, and funds that pay for a rule that is not there."""
    if not program.settings.fund:
        return []
    rules = program.ledger.current_digests()
    found = []
    for fund in program.settings.fund:
        for rule in fund.pays_for:
            if rule not in rules:
                todo = did_you_mean(rule, rules) or "publish it first"
                found.append(
                    f"the fund '{fund.name}' pays for '{rule}', which is no published rule; {todo}"
                )
    terms = terms_of(program.settings)
    found += [
        f"no fund pays for '{rule}'; add it to a pays_for"
        for rule in sorted(rules)
        if not any(fund.pays(rule) for fund in terms.funds)
    ]
    return found


def problems(program: Program) -> Iterator[str]:
    """Check what was charged: every voucher exactly, no fund beyond what it held, and no limit that held
    when something was issued passed by it.
    """
    ledger = program.ledger
    for row in ledger.rows(
        "select v.id, v.cents, coalesce(sum(c.cents), 0) as charged from vouchers v"
        " left join charges c on c.voucher = v.id group by v.seq having v.cents <> charged"
    ):
        yield f"voucher {row[0]}: it is worth {row[1]} cents, and {row[2]} were charged"
    for row in ledger.rows(
        "select a.occurrence || '.' || a.n from awards a join charges c on c.occurrence = a.occurrence"
        " and c.n = a.n group by a.occurrence, a.n having sum(c.cents) > a.cents"
    ):
        yield f"award {row[0]}: more was charged for it than it is worth"
    for row in ledger.rows(
        "select c.seq from charges c left join vouchers v on v.id = c.voucher"
        " left join occurrences o on o.seq = c.occurrence where v.client is not o.client"
    ):
        yield f"charge {row[0]}: the voucher and the award are not of the same client"
    yield from _beyond(program)


def _beyond(program: Program) -> Iterator[str]:
    """Go through the charges in the order in which they were made, under the terms that held then."""
    ledger = program.ledger
    agreed = {row["seq"]: _read(row["body"]) for row in ledger.rows("select seq, body from terms")}
    pledged: dict[int, dict[str, int]] = {seq: {} for seq in agreed}
    for row in ledger.rows("select terms, fund, cents from pledges"):
        pledged[row["terms"]][row["fund"]] = row["cents"]
    for seq, (funds, _, _) in agreed.items():
        if funds != pledged[seq]:
            yield f"terms {seq}: what the funds hold is not what program.toml said"
    if not any(funds or caps for funds, caps, _ in agreed.values()):
        return
    more = charges.put_in(ledger)
    kinds = {_scope(cap, year) for _, caps, year in agreed.values() for cap in caps}
    used: Counter[tuple[object, ...]] = Counter()
    for row in ledger.each(
        "select c.*, v.client from charges c join vouchers v on v.id = c.voucher order by c.seq"
    ):
        fund, cents, on = row["fund"], row["cents"], date.fromisoformat(row["on_day"])
        award = row["occurrence"], row["n"]
        used[(fund,)] += cents
        for scope in kinds:
            if (key := _place(scope, fund, on, row["client"], award)) is not None:
                used[(scope, key)] += cents
        funds, caps, year = agreed[row["terms"]]
        if funds and used[(fund,)] > funds.get(fund, 0) + more.get(fund, 0):
            yield f"fund '{fund}': voucher {row['voucher']} is beyond what it holds"
        for cap in caps:
            scope = _scope(cap, year)
            key = _place(scope, fund, on, row["client"], award)
            if key is not None and used[(scope, key)] > cap.most:
                yield f"limit '{cap.name}': voucher {row['voucher']} is beyond it"


_Scope = tuple[Cap, tuple[int, int]]


def _scope(cap: Cap, year: tuple[int, int]) -> _Scope:
    """What a limit adds up, whatever it is called and however much it lets be issued."""
    return evolve(cap, name="", most=0), year


def _place(
    scope: _Scope, fund: str, on: date, client: str, award: tuple[int, int]
) -> tuple[object, ...] | None:
    from cmengine.limits import window_of

    cap, year = scope
    if not cap.counts(fund) or not cap.on(on):
        return None
    if cap.window == "award":
        return award
    return (*window_of(on, cap.window, year), client if cap.per == "client" else "")


def _read(text: str) -> tuple[dict[str, int], list[Cap], tuple[int, int]]:
    held: dict[str, Any] = json.loads(text)
    caps = [
        Cap(
            name=one["name"],
            window=one["window"],
            most=one["cents"],
            per=one["per"],
            fund=one["fund"],
            starts=one["starts"] and date.fromisoformat(one["starts"]),
            ends=one["ends"] and date.fromisoformat(one["ends"]),
        )
        for one in held["limits"]
    ]
    month, day = held["budget_year"]
    return {fund["name"]: fund["cents"] for fund in held["funds"]}, caps, (month, day)
