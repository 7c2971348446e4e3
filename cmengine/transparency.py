"""A page for clients and their board: what was given, what is left, what changed, what was asked and answered.

Nobody can be picked out of it. It holds no code, no name, and no word that a client said. Of every number, at
least 11 people stand behind it, and behind what is left when the shown ones are taken from their sum.
"""

from typing import Any

from cmengine.document import Bar, Chart, Section, Table, count_of, day, table
from cmengine.figures import Figure, queries
from cmengine.funds import terms_of
from cmengine.hidden import LEAST, MARK, shown_rows
from cmengine.money import dollars
from cmengine.page import page
from cmengine.period import Period
from cmengine.program import Program
from cmengine.reporting import about_of, changes, drugs_last

Rows = list[dict[str, Any]]

PUBLIC = {
    "given": Figure(
        "what was handed over in money in the period, and to how many people; and before it",
        """
select count(distinct case when c.on_day >= :first then v.client end) as people,
       coalesce(sum(case when c.on_day >= :first then c.cents end), 0) as cents,
       count(distinct case when c.on_day < :first then v.client end) as people_before,
       coalesce(sum(c.cents), 0) as ever_cents
from charges c join vouchers v on v.id = c.voucher
where c.on_day <= :last
""",
    ),
    "by_month": Figure(
        "the same by month",
        """
select substr(c.on_day, 1, 7) as name, count(distinct v.client) as people, sum(c.cents) as cents
from charges c join vouchers v on v.id = c.voucher
where c.on_day between :first and :last
group by 1 order by 1
""",
    ),
    "by_fund": Figure(
        "the same by fund",
        """
select c.fund as name, count(distinct v.client) as people, sum(c.cents) as cents
from (select fund, voucher, sum(cents) as cents from charges
      where on_day between :first and :last group by fund, voucher) c
join vouchers v on v.id = c.voucher
group by 1 order by 1
""",
    ),
    "waiting": Figure(
        "what waited at the end of the period, and for how many people",
        """
select count(*) as people, coalesce(sum(cents), 0) as cents
from (select o.client as client, sum(a.cents) - coalesce((select sum(c.cents) from charges c
        join vouchers v on v.id = c.voucher where v.client = o.client and c.on_day <= :last), 0) as cents
      from awards a join occurrences o on o.seq = a.occurrence
      where o.on_day <= :last
      group by o.client)
where cents > 0
""",
    ),
    "things": Figure(
        "things that were handed over, and to how many people",
        """
select item as name, count(distinct client) as people, count(*) as times
from vouchers
where item is not null and substr(issued_at, 1, 10) between :first and :last
group by 1 order by 1
""",
    ),
    "goals": Figure(
        "how often each goal was met, and by how many people",
        """
select rule, count(*) as people, sum(times) as times
from (select client, rule, count(*) as times from occurrences
      where on_day between :first and :last and seq not in (select occurrence from released)
      group by client, rule)
group by rule order by rule
""",
    ),
    "feedback": Figure(
        "what was told: answered and something changed, answered, not answered yet",
        """
select coalesce(sum(days is not null and changed = 1), 0) as changed,
       coalesce(sum(days is not null and changed = 0), 0) as answered,
       coalesce(sum(days is null), 0) as open
from report_feedback
where told_on between :first and :last
""",
    ),
    "refusals": Figure(
        "how often the program said no, or not yet, by reason, and to how many people",
        """
select reason as name, count(distinct client) as people, count(*) as times
from refusals
where on_day between :first and :last
group by 1 order by 1
""",
    ),
}


def public_page(program: Program, period: Period) -> str:
    """Write the page of a period. Raises CMError."""
    days = f"{day(f'{period.first}')} to {day(f'{period.last}')}"
    title = f"{program.settings.name}: what was given and done, for everybody to read, {days}"
    return page(title, public_sections(program, period), lead=LEAD, foot=FOOT)


LEAD = (
    f"Nobody can be picked out of this page: groups of fewer than {LEAST} people are not shown, and others with "
    "them, so that nobody can be worked out from the rest. While few people take part, that leaves few numbers."
)
FOOT = "Nothing that was earned was taken back: that cannot happen here."
PRIVATE = "Numbers that are not shown here are kept private, so that nobody can be picked out."
"""What is said once instead of tables and sums that would be hidden as a whole."""


def public_sections(program: Program, period: Period) -> list[Section]:
    """Put together what everybody may read."""
    ledger = program.ledger
    with ledger.snapshot():
        read = {
            name: [dict(row) for row in ledger.rows(figure.sql)]
            for name, figure in queries(period, program.today(), PUBLIC).items()
        }
        added = {
            row[0]: row[1] for row in ledger.rows(queries(period, program.today())["added"].sql)
        }
        said = changes(program, period)
    amount = sum(fund.amount or 0 for fund in terms_of(program.settings, added).funds)
    goals = []
    for row in read["goals"]:
        rule = program.table(ledger.current_digests()[row["rule"]])
        order = (drugs_last(about_of(program, rule["goal"])), rule["title"])
        goals.append((order, {**row, "name": rule["title"]}))
    return [
        _given(read, amount if program.settings.fund else None),
        _of("Things that were given", read["things"], ("thing", "people", "times")),
        _of(
            "What people did",
            [row for _, row in sorted(goals, key=lambda one: one[0])],
            ("goal", "people", "times"),
        ),
        _changed(said),
        _feedback(read["feedback"][0]),
        _of("When we said no, or not yet", read["refusals"], ("reason", "people", "times")),
    ]


def _given(read: dict[str, Rows], amount: int | None) -> Section:
    """Say what was given, by month and by fund; both add up to the same sum."""
    given, waiting = read["given"][0], read["waiting"][0]
    seen = {
        name: shown_rows([row["people"] for row in read[name]], given["people"], apart=False)
        for name in ("by_month", "by_fund")
    }
    whole = all(total for _, total in seen.values())
    tables = []
    for name, head in (("by_month", "month"), ("by_fund", "fund")):
        shown = seen[name][0]
        lines = [
            (
                row["name"] or "no fund named",
                *((str(row["people"]), dollars(row["cents"])) if yes else (MARK, MARK)),
            )
            for row, yes in zip(read[name], shown, strict=True)
        ]
        tables.append((f"By {head}", head, read[name], shown, lines))
    words = [f"Given: {dollars(given['cents'])}."] if whole else []
    waits = waiting["people"] >= LEAST
    if waits:
        words.append(f"Earned and waiting: {dollars(waiting['cents'])}. It runs out for nobody.")
    before = given["people_before"]
    told = amount is None or (whole and (before == 0 or before >= LEAST))
    if amount is not None:
        left = f"; left of it: {dollars(max(0, amount - given['ever_cents']))}" if told else ""
        words.append(f"The funds hold {dollars(amount)}{left}.")
    if not (whole and waits and told and all(any(one[3]) for one in tables)):
        words.append(PRIVATE)
    return Section(
        title="What was given",
        words=tuple(words),
        tables=tuple(
            table(title, (head, "people", "given"), lines)
            for title, head, _, shown, lines in tables
            if any(shown)
        ),
        charts=tuple(
            Chart(
                f"Given, {title.lower()}",
                tuple(
                    Bar(line[0], row["cents"], line[2])
                    for row, yes, line in zip(rows, shown, lines, strict=True)
                    if yes
                ),
            )
            for title, _, rows, shown, lines in tables
        ),
    )


def _of(title: str, rows: Rows, heads: tuple[str, str, str]) -> Section:
    """Show counts that have no sum beside them: each by itself is large, or hidden."""
    lines = [
        (
            row["name"],
            *((str(row["people"]), str(row["times"])) if row["people"] >= LEAST else (MARK, MARK)),
        )
        for row in rows
    ]
    some = any(row["people"] >= LEAST for row in rows)
    return Section(
        title=title,
        words=() if some else (PRIVATE,) if rows else ("Nothing to tell.",),
        tables=(table(f"By {heads[0]}", heads, lines),) if some else (),
        charts=(
            Chart(
                heads[2].capitalize(),
                tuple(
                    Bar(row["name"], row["times"], str(row["times"]))
                    for row in rows
                    if row["people"] >= LEAST
                ),
            ),
        ),
    )


def _changed(said: Rows) -> Section:
    rows = [(day(one["published_on"]), one["title"], "; ".join(one["said"])) for one in said]
    changed = (Table("Rules, in words", ("on", "rule", "what"), tuple(rows)),) if rows else ()
    return Section(
        title="What changed", words=() if rows else ("No rule changed.",), tables=changed
    )


def _feedback(row: dict[str, int]) -> Section:
    names = {
        "changed": "answered, and something changed",
        "answered": "answered",
        "open": "not answered yet",
    }
    counts = [row[name] for name in names]
    told = sum(counts)
    if not told:
        return Section(title="What we were told", words=("Nobody told us anything. Please do.",))
    shown, total = shown_rows(counts, told, apart=True)
    lines = [
        (words, str(row[name]) if yes else MARK)
        for (name, words), yes in zip(names.items(), shown, strict=True)
    ]
    return Section(
        title="What we were told",
        words=(
            *((f"We were told something {count_of(told, 'time')}.",) if total else ()),
            *(() if total and any(shown) else (PRIVATE,)),
        ),
        tables=(table("Told and answered", ("", "times"), lines),) if any(shown) else (),
    )
