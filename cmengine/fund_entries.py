"""The books of funds: what each held from when on, what was put in, what was set aside for a voucher."""

from collections.abc import Iterator, Mapping

from cmengine.books import Entry, account_names, day_of
from cmengine.ledger import Ledger
from cmengine.program import Program

FUNDS, OPENING, SET_ASIDE = "Assets:Funds", "Equity:Opening", "Assets:Set-Aside"
NOTES = {
    OPENING: "where the money of the funds comes from",
    SET_ASIDE: "taken from the funds for vouchers that were handed over",
}


def fund_accounts(program: Program) -> dict[str, str]:
    """Name an account for each fund that there is or was."""
    names = [fund.name for fund in program.settings.fund]
    if program.ledger.has_table("charges"):
        sql = "select fund from pledges union select fund from fundings union select fund from charges"
        names += [row[0] for row in program.ledger.rows(sql) if row[0]]
    return account_names(FUNDS, names)


def fund_entries(program: Program, funds: Mapping[str, str]) -> Iterator[Entry]:
    """Give what each fund held, and each change of it, on the day on which the ledger noticed."""
    ledger = program.ledger
    held: dict[str, int] = {}
    at = ledger.fact("made_at") or program.now().isoformat()
    now = {fund.name: fund.amount for fund in program.settings.fund}
    for noted_at, pledges in [*_pledges(ledger), (program.now().isoformat(), now)]:
        for name in sorted(held.keys() | pledges.keys()):
            change = pledges.get(name, 0) - held.get(name, 0)
            if change:
                postings = ((funds[name], change), (OPENING, -change))
                yield Entry(day_of(noted_at if held else at), f"Fund: {name}", postings)
        held = dict(pledges)
    if ledger.has_table("charges"):
        for row in ledger.each("select seq, fund, cents, added_at from fundings"):
            postings = ((funds[row["fund"]], row["cents"]), (OPENING, -row["cents"]))
            about = f"funding {row['seq']}"
            yield Entry(day_of(row["added_at"]), f"Put into {row['fund']}", postings, 1, about)


def _pledges(ledger: Ledger) -> list[tuple[str, dict[str, int]]]:
    if not ledger.has_table("charges"):
        return []
    found: dict[int, tuple[str, dict[str, int]]] = {}
    sql = (
        "select t.seq, t.noted_at, p.fund, p.cents from terms t left join pledges p on p.terms = t.seq"
        " order by t.seq"
    )
    for seq, noted_at, fund, cents in ledger.rows(sql):
        pledges = found.setdefault(seq, (noted_at, {}))[1]
        if fund is not None:
            pledges[fund] = cents
    return list(found.values())


def charged(ledger: Ledger) -> dict[str, list[tuple[str, int]]]:
    """Give what each voucher was charged to: (fund, cents), by voucher, where a fund is named."""
    found: dict[str, list[tuple[str, int]]] = {}
    if ledger.has_table("charges"):
        for voucher, fund, cents in ledger.each(
            "select voucher, fund, sum(cents) from charges where fund <> '' group by voucher, fund"
        ):
            found.setdefault(voucher, []).append((fund, cents))
    return found


def fund_balances(program: Program, funds: Mapping[str, str]) -> dict[str, int]:
    """Give what each fund has left by the ledger's sums."""
    left = dict.fromkeys(funds, 0)
    for fund in program.settings.fund:
        left[fund.name] += fund.amount
    if program.ledger.has_table("charges"):
        sql = (
            "select fund, sum(cents) from (select fund, cents from fundings union all"
            " select fund, -cents from charges where fund <> '') group by fund"
        )
        for name, cents in program.ledger.rows(sql):
            left[name] += cents
    return {funds[name]: cents for name, cents in left.items()}
