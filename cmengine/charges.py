"""What each voucher was charged to: which award, from which fund, on which day. Rows become values here."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime

from cmengine.ledger import Ledger
from cmengine.limits import Due, Share, Spent

DayOf = Callable[[datetime], date]
"""Says on which of the program's days a moment falls."""

# Who has something waiting, from the cache and the vouchers alone.
_WAITING = (
    "(select m.client from (select client, sum(cents) as earned from memories group by client) m where m.earned >"
    " coalesce((select sum(v.cents) from vouchers v where v.client = m.client), 0))"
)


def dues(ledger: Ledger, client: str | None, day: DayOf, *, paid: bool) -> list[Due]:
    """Give what waits, of a client or of everybody, in the order in which it was earned.

    `since` is the day on which it was logged. With `paid`, also what each fund has paid already of an award that is paid in part.
    """
    who, values = ("= ?", (client,)) if client is not None else (f"in {_WAITING}", ())
    sql = (
        "select o.client, a.occurrence, a.n, o.rule, a.cents, coalesce(sum(c.cents), 0), e.logged_at"
        " from occurrences o join awards a on a.occurrence = o.seq join events e on e.seq = o.event"
        " left join charges c on c.occurrence = a.occurrence and c.n = a.n"
        f" where o.client {who} and a.cents > 0 group by a.occurrence, a.n"
        " having a.cents > coalesce(sum(c.cents), 0) order by a.occurrence, a.n"
    )
    return [
        Due(
            client=of,
            award=(occurrence, n),
            rule=rule,
            cents=cents - already,
            since=day(datetime.fromisoformat(logged_at)),
            paid=_paid(ledger, occurrence, n) if paid and already else {},
        )
        for of, occurrence, n, rule, cents, already, logged_at in ledger.rows(sql, *values)
    ]


def _paid(ledger: Ledger, occurrence: int, n: int) -> dict[str, int]:
    sql = "select fund, sum(cents) from charges where occurrence = ? and n = ? group by fund"
    return {row[0]: row[1] for row in ledger.rows(sql, occurrence, n)}


def waiting_cents(ledger: Ledger) -> int:
    """Say how much waits for everybody together."""
    row = ledger.one(
        "select coalesce((select sum(cents) from memories), 0) - coalesce((select sum(cents) from vouchers), 0)"
    )
    return row[0] if row else 0


def to_clients(ledger: Ledger, clients: Sequence[str]) -> list[Spent]:
    """Give what was issued to clients, by day and fund."""
    import json

    sql = (
        "select c.fund, c.on_day, sum(c.cents), v.client from vouchers v join charges c on c.voucher = v.id"
        " where v.client in (select value from json_each(?)) group by v.client, c.fund, c.on_day"
    )
    return [_spent(*row) for row in ledger.rows(sql, json.dumps(clients))]


def from_funds(ledger: Ledger) -> list[Spent]:
    """Give what was issued from each fund, by day."""
    sql = "select fund, on_day, sum(cents) from charges group by fund, on_day"
    return [_spent(*row) for row in ledger.rows(sql)]


def _spent(fund: str, on: str, cents: int, client: str = "") -> Spent:
    return Spent(fund, date.fromisoformat(on), cents, client)


def put_in(ledger: Ledger) -> dict[str, int]:
    """Give what was put into each fund later, in cents."""
    sql = "select fund, sum(cents) from fundings group by fund"
    return {row[0]: row[1] for row in ledger.rows(sql)}


def put_money_in(ledger: Ledger, fund: str, cents: int, at: datetime, by: str) -> None:
    """Append money that was put into a fund."""
    ledger.insert("fundings", fund=fund, cents=cents, added_at=at.isoformat(), added_by=by)


def note_terms(ledger: Ledger, body: str, pledges: Mapping[str, int], at: datetime, by: str) -> int:
    """Write down the terms, and how much each fund holds by them, where they are not the last that were
    written down; give their number.
    """
    row = ledger.one("select seq, body from terms order by seq desc limit 1")
    if row is not None and row["body"] == body:
        return int(row["seq"])
    seq = ledger.insert("terms", body=body, noted_at=at.isoformat(), noted_by=by)
    for fund, cents in pledges.items():
        ledger.insert("pledges", terms=seq, fund=fund, cents=cents)
    return seq


def add_charges(
    ledger: Ledger, voucher: str, shares: Sequence[Share], on: date, terms: int
) -> None:
    """Append what a voucher is charged to, before the voucher itself."""
    for share in shares:
        ledger.insert(
            "charges",
            voucher=voucher,
            occurrence=share.award[0],
            n=share.award[1],
            fund=share.fund,
            cents=share.cents,
            on_day=on.isoformat(),
            terms=terms,
        )
