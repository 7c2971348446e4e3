"""A period's money: what was earned, handed over, promised and left, and what may still come. Pure. In cents."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from cmengine.days import week_of
from cmengine.expected import Expected, expect, weekly
from cmengine.figures import PAST_WEEKS
from cmengine.limits import Fund
from cmengine.magnitudes import Remark
from cmengine.money import dollars
from cmengine.period import Period

Rows = list[dict[str, Any]]


class Promised:
    """What waits, set against what funds have left: in the order in which it was earned, as if no limit held back."""

    def __init__(
        self, funds: Sequence[Fund], issued: Mapping[str, int], rows: Iterable[tuple[str, int, int]]
    ) -> None:
        self.funds = [fund for fund in funds if fund.name]
        self.waiting = self.uncovered = 0
        self.untouched = 0  # awards of which nothing was handed over
        self.by_rule: Counter[str] = Counter()
        self.by_fund: Counter[str] = Counter()
        left = {
            fund.name: max(0, (fund.amount or 0) - issued.get(fund.name, 0)) for fund in self.funds
        }
        pays = {}
        for rule, cents, worth in rows:
            self.untouched += cents == worth
            self.by_rule[rule] += cents
            if rule not in pays:
                pays[rule] = [fund.name for fund in self.funds if fund.pays(rule)]
            rest = cents
            for name in pays[rule]:
                now = min(rest, left[name])
                if now:
                    left[name] -= now
                    self.by_fund[name] += now
                    rest -= now
            self.uncovered += rest
        self.waiting = sum(self.by_rule.values())
        if not self.funds:
            self.uncovered = 0


def by_fund(rows: Rows) -> dict[str, int]:
    sums: Counter[str] = Counter()
    for row in rows:
        sums[row["fund"]] += row["cents"]
    return dict(sums)


def funds_of(read: Mapping[str, Rows], promised: Promised) -> Rows:
    """Give each fund, in the order in which they pay; after them what was paid from none that is named."""
    ever = by_fund(read["issued"])
    within = by_fund([row for row in read["issued"] if row["month"]])
    known = {fund.name: fund.amount or 0 for fund in promised.funds}
    rows = []
    for name in [*known, *(name for name in sorted(ever) if name not in known)]:
        amount = known.get(name)
        rows.append(
            {
                "fund": name,
                "amount_cents": amount,
                "issued_cents": within.get(name, 0),
                "issued_so_far_cents": ever.get(name, 0),
                "promised_cents": promised.by_fund[name],
                "left_cents": None if amount is None else max(0, amount - ever.get(name, 0)),
            }
        )
    return rows


def months_of(period: Period, today: date, read: Mapping[str, Rows]) -> Rows:
    earned, issued, redeemed = (_by_month(read[name]) for name in ("earned", "issued", "redeemed"))
    waiting = earned[""] - issued[""]
    rows = []
    for month in period.months(today):
        waiting += earned[month] - issued[month]
        rows.append(
            {
                "month": month,
                "earned_cents": earned[month],
                "issued_cents": issued[month],
                "issued_by_fund": {
                    row["fund"]: row["cents"] for row in read["issued"] if row["month"] == month
                },
                "waiting_cents": waiting,
                "redeemed_cents": redeemed[month],
            }
        )
    return rows


def _by_month(rows: Rows) -> Counter[str]:
    sums: Counter[str] = Counter()
    for row in rows:
        sums[row["month"]] += row["cents"]
    return sums


def expected_by(
    period: Period, today: date, read: Mapping[str, Rows], funds: Sequence[str]
) -> Rows:
    """Say what will be earned and handed over by the end of the period, in all and from each fund."""
    monday = week_of(today)
    past = monday - timedelta(weeks=PAST_WEEKS)
    days_left = (period.last - today).days
    begun = read["begun"][0]

    def one(what: str, fund: str | None, rows: Rows, so_far: int) -> dict[str, Any]:
        by_day: Counter[date] = Counter()
        for row in rows:
            by_day[date.fromisoformat(row["on_day"])] += row["cents"]
        first = begun[what] and date.fromisoformat(begun[what])
        found: Expected = expect(so_far, weekly(by_day, first, past, monday), days_left)
        return {
            "what": what,
            "fund": fund,
            "so_far_cents": found.so_far,
            "weeks": found.weeks,
            "mean_cents": found.mean,
            "low_cents": found.low,
            "high_cents": found.high,
        }

    within = {name: [row for row in read[name] if row["month"]] for name in ("earned", "issued")}
    issued = by_fund(within["issued"])
    return [
        one("earned", None, read["past_earned"], sum(row["cents"] for row in within["earned"])),
        one("issued", None, read["past_issued"], sum(issued.values())),
        *(
            one(
                "issued",
                fund,
                [row for row in read["past_issued"] if row["fund"] == fund],
                issued.get(fund, 0),
            )
            for fund in funds
        ),
    ]


def short(funds: Rows, uncovered: int, expected: Rows) -> Iterator[Remark]:
    """Say where money may not reach."""
    if uncovered:
        yield Remark(
            "funds", f"{dollars(uncovered)} that clients have earned is more than the funds hold."
        )
    left = {one["fund"]: one["left_cents"] for one in funds}
    for one in expected:
        rest = left.get(one["fund"])
        if one["fund"] is None or rest is None or one["high_cents"] is None:
            continue
        more = one["high_cents"] - one["so_far_cents"]
        if more > rest:
            yield Remark(
                "funds",
                f"The fund '{one['fund']}' has {dollars(rest)} left. By the end of the period, up to "
                f"{dollars(more)} more may be asked of it.",
            )
