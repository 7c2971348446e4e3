"""A program's report: its figures, read at one moment, as plain values with stable names. Amounts are in cents."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from typing import Any

from cmengine.database import connect
from cmengine.equity import by_strata
from cmengine.errors import CMError, Fault
from cmengine.figures import Figure, queries
from cmengine.funds import terms_of
from cmengine.magnitudes import Remark, a_month, best_of, judge, remarks
from cmengine.ordinals import nth
from cmengine.period import Period
from cmengine.program import Program
from cmengine.spending import Promised, Rows, by_fund, expected_by, funds_of, months_of, short
from cmengine.sqlite import sqlite3
from cmengine.versions import compare

DRUGS = ("safer use", "use")
"""What goals about drugs are about, as `kinds.toml` says it; they are told after all others."""
LONG = ("soon", "amounts", "earned")  # about half of the work, of a large ledger
WITHIN_TWO_WEEKS = ("1 to 7 days", "8 to 13 days")  # as the figure `gaps` has them
READS = 3  # how often the figures are read anew where somebody writes meanwhile


def report(program: Program, period: Period) -> dict[str, Any]:
    """Work out the report of a period. Raises CMError."""
    wanted = queries(period, program.today())
    ledger = program.ledger
    for _ in range(READS):
        before = ledger.others()
        read, promised = _read(program, wanted)
        if ledger.others() == before:
            break
    else:
        with ledger.snapshot():
            read, promised = _read(program, wanted)
    return _composed(program, period, read, promised)


def _read(program: Program, wanted: Mapping[str, Figure]) -> tuple[dict[str, Rows], Promised]:
    """Read every figure. The awards that wait may be many: they are summed up as they come.

    SQLite lets other threads work while it does: the figures that take long are read beside the others.
    """
    from concurrent.futures import ThreadPoolExecutor

    ledger = program.ledger

    def beside() -> dict[str, Rows]:
        connection = connect(ledger.path)
        try:
            return {name: _rows(connection.execute(wanted[name].sql)) for name in LONG}
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as helper:
        long = helper.submit(beside)
        read = {
            name: _rows(ledger.rows(figure.sql))
            for name, figure in wanted.items()
            if name != "waiting" and name not in LONG
        }
        promised = _promised(program, wanted["waiting"], read)
        return read | long.result(), promised


def _rows(found: Iterable[sqlite3.Row]) -> Rows:
    return [dict(row) for row in found]


def _promised(program: Program, waiting: Figure, read: Mapping[str, Rows]) -> Promised:
    terms = terms_of(program.settings, by_fund(read["added"]))
    issued = by_fund(read["issued"])
    rows = ((row[0], row[1], row[2]) for row in program.ledger.each(waiting.sql))
    return Promised(terms.funds, issued, rows)


def _composed(
    program: Program, period: Period, read: dict[str, Rows], promised: Promised
) -> dict[str, Any]:
    today = program.today()
    amounts = read["amounts"][0]
    waiting = promised.untouched + sum(row["waiting"] for row in read["things"])
    soon = {**read["soon"][0], "waiting": waiting}
    often, returns = _gaps(read["gaps"])
    versions = _versions(program, read["plans"], often["median_days"])
    plans = judge(
        [(row["versions"].split(), row["clients"]) for row in read["plans"]],
        {version: one["twelve_weeks_cents"] for version, one in versions.items()},
    )
    funds = funds_of(read, promised)
    expected = expected_by(period, today, read, [one["fund"] for one in funds])
    stock = [{**row, "low": row["on_hand"] < program.settings.stock.low} for row in read["stock"]]
    said = [
        *remarks(plans, soon, often, program.settings.currency),
        *short(funds, promised.uncovered, expected),
        *_open(read["feedback"]),
    ]
    return {
        "program": program.settings.name,
        "currency": program.settings.currency,
        "from": period.first.isoformat(),
        "to": period.last.isoformat(),
        "on": today.isoformat(),
        "remarks": [{"about": one.about, "text": one.text, "cite": one.cite} for one in said],
        "clients": read["people"][0]["clients"],
        "funds": funds,
        "months": months_of(period, today, read),
        "waiting": {
            "cents": promised.waiting,
            "uncovered_cents": promised.uncovered,
            "by_rule": dict(sorted(promised.by_rule.items())),
        },
        "things": read["things"],
        "forecast": expected,
        "soon": soon,
        "goals": _goals(program, read),
        "returns": returns,
        "often": often,
        "amounts": amounts,
        "plans": {
            "clients": plans.clients,
            "under_80_in_12_weeks": plans.too_small,
            "under_100_a_month": plans.small,
            "not_known": plans.unknown,
            "versions": list(versions.values()),
        },
        "stock": stock,
        "feedback": read["feedback"],
        "refusals": read["refusals"],
        "rule_changes": [_change(program, row) for row in read["rule_changes"]],
        "equity": by_strata(read["equity"], read["people"][0]["enrolled"]),
    }


def _goals(program: Program, read: Mapping[str, Rows]) -> Rows:
    """Give the goals: those that have nothing to do with drugs first."""
    chosen, met = ({row["rule"]: row for row in read[name]} for name in ("chosen", "met"))
    earned: Counter[str] = Counter()
    for row in read["earned"]:
        if row["month"]:
            earned[row["rule"]] += row["cents"]
    current = program.ledger.current_digests()
    rows = []
    for rule in sorted({*chosen, *met, *earned, *current}):
        table = program.table(current[rule])
        about = about_of(program, table["goal"])
        rows.append(
            {
                "rule": rule,
                "title": table["title"],
                "about": about,
                "drugs": about in DRUGS,
                "clients": chosen[rule]["clients"] if rule in chosen else 0,
                "chosen": chosen[rule]["chosen"] if rule in chosen else 0,
                "met_by": met[rule]["clients"] if rule in met else 0,
                "times": met[rule]["times"] if rule in met else 0,
                "cents": earned[rule],
            }
        )
    return sorted(rows, key=lambda row: (drugs_last(row["about"]), row["title"]))


def _gaps(rows: Rows) -> tuple[dict[str, Any], Rows]:
    """Take apart how often goals are met, and who came back after 14 days or more."""
    weekly, rare = WITHIN_TWO_WEEKS
    often = {
        "times": sum(row["times"] for row in rows),
        "median_days": rows[0]["median_days"] if rows else None,
        "within_week": sum(row["times"] for row in rows if row["after"] == weekly),
    }
    returns = [
        {"after": row["after"], "returns": row["times"], "clients": row["clients"]}
        for row in rows
        if row["after"] not in (weekly, rare)
    ]
    return often, returns


def drugs_last(about: str) -> tuple[int, str]:
    """Order what goals are about: what has nothing to do with drugs comes first."""
    return DRUGS.index(about) + 1 if about in DRUGS else 0, about


def about_of(program: Program, goal: Mapping[str, Any]) -> str:
    """Say what a goal is about: what the kinds of event that it names are about, drugs before all else."""
    named = [
        program.kinds[word].about
        for value in goal.values()
        for word in (value if isinstance(value, list | tuple) else [value])
        if isinstance(word, str) and word in program.kinds
    ]
    last = [about for about in reversed(DRUGS) if about in named]
    return next(iter([*last, *(about for about in named if about)]), "")


def _versions(program: Program, plans: Rows, median_days: int | None) -> dict[str, dict[str, Any]]:
    """Work out what each version that somebody has chosen could bring in 12 weeks."""
    per_week = min(7, max(1, round(7 / max(1, median_days)))) if median_days is not None else 1
    today = program.today()
    first = today + timedelta(days=-today.weekday() % 7)
    clients: Counter[str] = Counter()
    for row in plans:
        for version in row["versions"].split():
            clients[version] += row["clients"]
    found = {}
    for version, count in clients.items():
        table = program.table(version)
        try:
            best: int | None = best_of(program.specimen(table, version), first, per_week)
        except (CMError, Fault):
            best = None
        found[version] = {
            "rule": table["id"],
            "version": version,
            "clients": count,
            "times_a_week": table.get("goal", {}).get("per_week") or per_week,
            "twelve_weeks_cents": best,
            "a_month_cents": None if best is None else a_month(best),
        }
    return dict(sorted(found.items(), key=lambda one: (one[1]["rule"], one[0])))


def changes(program: Program, period: Period) -> Rows:
    """Say in words which rules changed in a period."""
    figure = queries(period, program.today())["rule_changes"]
    return [_change(program, dict(row)) for row in program.ledger.rows(figure.sql)]


def _change(program: Program, row: Mapping[str, Any]) -> dict[str, Any]:
    """Say in words what a new version of a rule changed."""
    if row["before"] is None:
        said = ["is new on the menu"]
    elif row["before"] == row["version"]:
        said = ["was published again"]
    else:
        try:
            old, new = (
                program.specimen(program.table(version), version)
                for version in (row["before"], row["version"])
            )
            said = list(_said(compare(old, new, program.kinds)))
        except (CMError, Fault):
            said = ["changed; what changed cannot be told without its plugin"]
    return {
        "rule": row["rule"],
        "title": row["title"],
        "version": row["version"],
        "published_on": row["published_on"],
        "published_by": row["published_by"],
        "said": said,
    }


def _said(found: Any) -> Iterator[str]:
    yield from found.words
    for step in found.steps[:3]:
        until = "" if step.last == step.first else f" to {nth(step.last)}"
        was, now = (", ".join(one) or "thanks" for one in (step.before, step.after))
        yield f"the {nth(step.first)}{until} time: {now} instead of {was}"
    if len(found.steps) > 3:
        yield f"and {len(found.steps) - 3} more such changes"
    if found.less:
        yield "new choices alone are under it; whoever chose before keeps the version they chose"
    elif found.same:
        yield "nothing that anybody earns differs"
    else:
        yield "nobody earns less by it; whoever chose before may take it when they like"


def _open(feedback: Rows) -> Iterator[Remark]:
    late = sum(row["open_over_14_days"] for row in feedback)
    if late:
        yield Remark(
            "feedback",
            f"Of what people told us, {late} have waited for an answer for over 14 days.",
        )
