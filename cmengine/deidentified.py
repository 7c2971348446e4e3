"""Tables in which nobody can be picked out: counts by month, rare things folded together. Pure.

No code, name, word, note, id or day is in them, and no row stands for fewer than 11 people. There are no
pseudonyms, so no two exports can be joined by person. The month that is not over yet is left out, so that
two exports of the same month cannot be held against each other to see what one person did between them.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from attrs import field, frozen

from cmengine.exports import FUNDS, RULES, STOCK
from cmengine.folded import OTHER, Cell, Key, fold, rows_of, year
from cmengine.tabled import Cells, Column, Sheet, Table

PEOPLE = Column("people", "whole", "how many people that concerns; at least 11")
PLAIN = (RULES, FUNDS, STOCK)
"""Tables that know of no client; they are the same in every export."""


@frozen(kw_only=True)
class Counted:
    """A table of counts: what is counted by (with SQL), what is added up, and how it is told less exactly.

    `coarser` says step by step which of `by` are told how. `source`, `whose` and `day` are as in `Table`.
    """

    name: str
    means: str
    by: tuple[Column, ...]
    sums: tuple[Column, ...] = ()
    source: str
    whose: str
    day: str
    coarser: tuple[Mapping[str, Any], ...] = field(factory=tuple)

    @property
    def columns(self) -> tuple[Column, ...]:
        """Give the columns that are written."""
        count = Column(self.name, "whole", "how many there are")
        return (*self.by, count, *self.sums, PEOPLE)


def _month(day: str) -> Column:
    return Column(
        "month",
        "text",
        "the month, or the year where that month has few people",
        f"substr({day}, 1, 7)",
    )


def _by(table: Table, name: str, means: str = "") -> Column:
    """Take a column of a table as one that is counted by."""
    found = next(column for column in table.columns if column.name == name)
    return Column(name, found.type, means or found.means, found.sql)


def _cents(sql: str, means: str) -> Column:
    return Column("cents", "cents", means, sql)


_YEAR = {"month": year}
_RULE = ({"rule": OTHER}, {"rule": OTHER, **_YEAR})


def counted_tables(tables: Mapping[str, Table]) -> dict[str, Counted]:
    """Say what is counted of each of the tables that know of clients."""
    t = tables
    events, awards, vouchers = t["events"], t["awards"], t["vouchers"]

    def of(name: str, **options: Any) -> Counted:
        return Counted(
            name=name,
            source=t[name].source,
            whose=t[name].whose,
            **{"day": t[name].day, **options},
        )

    kind = Column(
        "kind",
        "text",
        "a thing, or money",
        "case when v.item is null then 'money' else 'thing' end",
    )
    every = (
        of(
            "clients",
            means="How many people were enrolled.",
            day="substr(c.added_at, 1, 10)",
            by=(_month("c.added_at"),),
            coarser=(_YEAR, {"month": OTHER}),
        ),
        of(
            "choices",
            means="How often a rule was chosen, changed or set aside.",
            by=(_month("c.on_day"), _by(t["choices"], "rule"), _by(t["choices"], "stands")),
            coarser=_RULE,
        ),
        of(
            "events",
            means="How often something happened.",
            by=(
                _month("e.on_day"),
                _by(events, "kind"),
                _by(events, "value", "the value, where many people have it; never words"),
                _by(events, "evidence"),
            ),
            sums=(_cents(_sql(events, "earned_cents"), "what they earned"),),
            coarser=(
                {"evidence": OTHER},
                {"evidence": OTHER, "value": OTHER},
                {"evidence": OTHER, "value": OTHER, **_YEAR},
                {"evidence": OTHER, "value": OTHER, "kind": OTHER},
                {"evidence": OTHER, "value": OTHER, "kind": OTHER, **_YEAR},
            ),
        ),
        of(
            "occurrences",
            means="How often something came to count under a rule.",
            by=(_month("o.on_day"), _by(t["occurrences"], "rule")),
            coarser=_RULE,
        ),
        of(
            "awards",
            means="How much was earned.",
            by=(_month("o.on_day"), _by(awards, "rule"), _by(awards, "item")),
            sums=(_cents("a.cents", "what they are worth in money"),),
            coarser=(
                {"item": OTHER},
                {"item": OTHER, "rule": OTHER},
                {"item": OTHER, "rule": OTHER, **_YEAR},
            ),
        ),
        of(
            "vouchers",
            means="How much was handed over.",
            by=(_month("v.issued_at"), kind, _by(vouchers, "state")),
            sums=(
                _cents("v.cents", "what they are worth in money"),
                Column("redeemed_cents", "cents", "what was redeemed of them", "v.redeemed_cents"),
            ),
            coarser=(
                {"state": OTHER},
                {"state": OTHER, "kind": OTHER},
                {"state": OTHER, "kind": OTHER, **_YEAR},
            ),
        ),
        of(
            "charges",
            means="What was charged to which fund.",
            by=(_month("g.on_day"), _by(t["charges"], "fund")),
            sums=(_cents("g.cents", "how much"),),
            coarser=({"fund": OTHER}, {"fund": OTHER, **_YEAR}),
        ),
        of(
            "feedback",
            means="How much was told to the program. What came without a name counts as one person's.",
            by=(_month("f.told_at"), _by(t["feedback"], "kind")),
            sums=(
                Column("answered", "whole", "how many were answered", "f.answered_at is not null"),
            ),
            coarser=({"kind": OTHER}, {"kind": OTHER, **_YEAR}),
        ),
        of(
            "refusals",
            means="How often the program said no, or not yet.",
            by=(_month("n.on_day"), _by(t["refusals"], "reason")),
            sums=(_cents("n.cents", "how much waits because of it"),),
            coarser=({"reason": OTHER}, {"reason": OTHER, **_YEAR}),
        ),
        of(
            "consents",
            means="How often something was allowed, or no longer allowed.",
            by=(
                _month("k.noted_at"),
                *(_by(t["consents"], one) for one in ("purpose", "channel", "given")),
            ),
            coarser=({"channel": OTHER}, {"channel": OTHER, **_YEAR}),
        ),
        of(
            "messages",
            means="How many messages were written.",
            by=(_month("m.made_at"), _by(t["messages"], "channel"), _by(t["messages"], "template")),
            sums=(Column("sent", "whole", "how many have gone", "m.came = 'sent'"),),
            coarser=(
                {"template": OTHER},
                {"template": OTHER, "channel": OTHER},
                {"template": OTHER, "channel": OTHER, **_YEAR},
            ),
        ),
    )
    return {one.name: one for one in every}


def _sql(table: Table, name: str) -> str:
    return next(column.sql for column in table.columns if column.name == name)


def counted_select(table: Counted, condition: str) -> str:
    """Write the statement that counts; where few people are concerned, it names them."""
    keys = ", ".join(f"{one.sql} as {one.name}" for one in table.by)
    sums = "".join(f", coalesce(sum({one.sql}), 0)" for one in table.sums)
    person = f"coalesce({table.whose}, '')"
    places = ", ".join(str(n + 1) for n in range(len(table.by)))
    return (
        f"select {keys}, count(*){sums}, count(distinct {person}),"
        f" case when count(distinct {person}) < 11 then json_group_array(distinct {person}) end"
        f" from {table.source} where {condition} group by {places} order by {places}"
    )


def counted_sheet(table: Counted, cells: Mapping[Key, Cell]) -> tuple[Sheet, int]:
    """Fold what was counted; give the table, and how many things are in no row of it."""
    places = {one.name: n for n, one in enumerate(table.by)}
    coarser = [{places[name]: how for name, how in step.items()} for step in table.coarser]
    shown, left_out = fold(cells, coarser)
    rows = list(rows_of(shown))

    def each() -> Iterator[Cells]:
        return iter(rows)

    return Sheet(name=table.name, means=table.means, columns=table.columns, rows=each), left_out


def cells_of(table: Counted, rows: Iterable[Cells]) -> dict[Key, Cell]:
    """Read what a statement of `counted_select` found."""
    width, sums = len(table.by), len(table.sums)
    return {
        row[:width]: Cell(
            row[width],
            tuple(row[width + 1 : width + 1 + sums]),
            row[-2],
            frozenset(json.loads(row[-1] or "[]")),
        )
        for row in rows
    }
