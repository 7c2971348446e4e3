"""A report as a document: sections with words, tables and charts, for whoever prints them. Pure.

Goes in: what `reporting.report` gives. Comes out: values that a terminal and a page can show in their own way.
"""

from collections.abc import Iterator

from cmengine.document import (
    Bar,
    Chart,
    Section,
    Told,
    count_of,
    day,
    money_or,
    share,
    span,
    table,
)
from cmengine.hidden import MARK
from cmengine.money import dollars
from cmengine.money_sections import forecast_section, money_section, months_section


def sections(told: Told) -> list[Section]:
    """Put a report into sections, in the order in which they are read."""
    return [
        *_remarks(told),
        money_section(told),
        months_section(told),
        forecast_section(told),
        _soon(told),
        _goals(told),
        _returns(told),
        _much(told),
        _things(told),
        _feedback(told),
        _refusals(told),
        _changes(told),
        _equity(told),
    ]


def heading(told: Told) -> str:
    """Write what a report is about: the program, and its days."""
    return f"{told['program']}: {day(told['from'])} to {day(told['to'])}"


def _remarks(told: Told) -> Iterator[Section]:
    if told["remarks"]:
        yield Section(
            title="Worth a thought",
            words=tuple(one["text"] for one in told["remarks"]),
            cites=tuple(dict.fromkeys(one["cite"] for one in told["remarks"] if one["cite"])),
        )


def _soon(told: Told) -> Section:
    soon = told["soon"]
    awards = soon["awards"]
    waits = soon["waiting"]
    if not awards:
        still = f" {count_of(waits, 'award waits', 'awards wait')}." if waits else ""
        return Section(
            title="How soon a voucher was in hand",
            words=(f"Nothing was handed over.{still}",),
            figures=("soon", "waiting", "things"),
        )
    steps = [(f"within {n}", soon[f"within_{k}"]) for n, k in (("an hour", "hour"), ("a day", "day"), ("a week", "week"))]  # fmt: skip
    rows = [(name, str(count), share(count, awards)) for name, count in steps]
    lines = [*rows, ("all handed over", str(awards), "100%"), ("still waiting", str(waits), "-")]
    return Section(
        title="How soon a voucher was in hand",
        words=(
            f"From the event to the first voucher for it: {span(soon['median_minutes'])} in the middle "
            f"(the median of {count_of(awards, 'award')} that {'was' if awards == 1 else 'were'} handed over)."
            + (
                f" {count_of(waits, 'more award', 'more awards')} had not been handed over at all by the end, "
                f"and {'is' if waits == 1 else 'are'} in no share."
                if waits
                else ""
            ),
        ),
        figures=("soon", "waiting", "things"),
        tables=(table("Awards handed over", ("", "awards", "share"), lines),),
        charts=(
            Chart(
                "Share of awards",
                tuple(Bar(name, count / awards, share(count, awards)) for name, count in steps),
            ),
        ),
    )


def _goals(told: Told) -> Section:
    goals = told["goals"]
    rows = [
        (
            one["title"],
            one["about"] or "-",
            str(one["clients"]),
            str(one["chosen"]),
            str(one["met_by"]),
            str(one["times"]),
            dollars(one["cents"]),
        )
        for one in goals
    ]
    heads = ("goal", "about", "chosen by", "new", "met by", "times met", "earned")
    return Section(
        title="Goals, chosen and met",
        words=(
            f"{count_of(told['clients'], 'person', 'people')} met a goal. Goals that have nothing to do with "
            "drugs come first.",
        ),
        figures=("chosen", "met", "earned", "people"),
        tables=(table("Goals", heads, rows),),
        charts=(
            Chart(
                "Times met",
                tuple(Bar(one["title"], one["times"], str(one["times"])) for one in goals),
            ),
        ),
    )


def _returns(told: Told) -> Section:
    returns = told["returns"]
    total = sum(one["returns"] for one in returns)
    words = (
        f"{count_of(total, 'time')}, somebody came back after 14 days or more without a goal met. "
        "Each of them is a success."
        if total
        else "Nobody had been away for 14 days or more and came back in this period."
    )
    rows = [(one["after"], str(one["returns"]), str(one["clients"])) for one in returns]
    return Section(
        title="Coming back",
        words=(words,),
        figures=("gaps",),
        tables=(table("After how long", ("after", "times", "people"), rows),) if rows else (),
        charts=(
            Chart(
                "Came back after",
                tuple(Bar(one["after"], one["returns"], str(one["returns"])) for one in returns),
            ),
        ),
    )


def _much(told: Told) -> Section:
    often, amounts, plans = told["often"], told["amounts"], told["plans"]
    words = []
    if often["times"]:
        words.append(
            f"From one day with a goal met to the next: {count_of(often['median_days'], 'day')} in the middle; "
            f"{share(often['within_week'], often['times'])} within a week."
        )
    if amounts["months"]:
        words.append(
            f"In a month in which somebody met a goal, they earned {dollars(amounts['median_cents'])} in the middle; "
            f"100.00 or more in {share(amounts['at_least_100'], amounts['months'])} of these months."
        )
    words.append(
        f"{count_of(plans['clients'], 'client')} have goals that stand. Met every time, they bring less than 80.00 "
        f"in 12 weeks for {plans['under_80_in_12_weeks']}, and less than 100.00 a month for "
        f"{plans['under_100_a_month']} more."
        + (f" For {plans['not_known']} it cannot be told." if plans["not_known"] else "")
    )
    rows = [
        (
            f"{one['rule']} ({one['version'][:12]})",
            str(one["clients"]),
            str(one["times_a_week"]),
            money_or(one["twelve_weeks_cents"]),
            money_or(one["a_month_cents"]),
        )
        for one in plans["versions"]
        if one["twelve_weeks_cents"] != 0
    ]
    apart = sorted({one["rule"] for one in plans["versions"] if one["twelve_weeks_cents"] == 0})
    if apart:
        words.append(
            f"Not in the table, as no money comes of it week after week: {', '.join(apart)}. It pays for something "
            "that is not met every week, such as coming back after a while, or in things and words."
        )
    heads = ("rule", "stands for", "a week", "in 12 weeks", "a month")
    return Section(
        title="How often and how much",
        words=tuple(words),
        figures=("gaps", "amounts", "plans"),
        tables=(table("What each rule brings, met every time", heads, rows),) if rows else (),
    )


def _things(told: Told) -> Section:
    rows = [(one["item"], str(one["handed"]), str(one["waiting"])) for one in told["things"]]
    shelf = [
        (
            one["item"] or f"{one['brand']} {dollars(one['cents'])}",
            str(one["on_hand"]),
            str(one["expired"]),
            one["first_expires"] or "-",
            "low" if one["low"] else "no",
        )
        for one in told["stock"]
    ]
    tables = [
        table("Things", ("thing", "handed over", "waiting"), rows),
        table("On hand now", ("what", "on hand", "expired", "first expires", "is it low?"), shelf),
    ]
    return Section(
        title="Things and stock",
        words=() if rows or shelf else ("No things were handed over, and there is no stock.",),
        figures=("things", "stock"),
        tables=tuple(table for table in tables if table.rows),
    )


def _feedback(told: Told) -> Section:
    rows = [
        (
            one["kind"],
            str(one["told"]),
            str(one["answered"]),
            str(one["changed"]),
            "-" if one["median_days"] is None else str(one["median_days"]),
            str(one["open_over_14_days"]),
        )
        for one in told["feedback"]
    ]
    heads = ("", "told", "answered", "led to a change", "days (median)", "open for over 14 days")
    return Section(
        title="What people told us",
        words=() if rows else ("Nobody told us anything in this period. Ask.",),
        figures=("feedback",),
        tables=(table("Told and answered", heads, rows),) if rows else (),
    )


def _refusals(told: Told) -> Section:
    refusals = told["refusals"]
    rows = [(one["reason"], str(one["times"]), dollars(one["cents"])) for one in refusals]
    return Section(
        title="When we said no, or not yet",
        words=("What was earned stands; it waits.",) if rows else ("We never had to.",),
        figures=("refusals",),
        tables=(table("By reason", ("reason", "times", "waited"), rows),) if rows else (),
        charts=(
            Chart(
                "Times",
                tuple(Bar(one["reason"], one["times"], str(one["times"])) for one in refusals),
            ),
        ),
    )


def _changes(told: Told) -> Section:
    rows = [
        (day(one["published_on"]), one["title"], "; ".join(one["said"]))
        for one in told["rule_changes"]
    ]
    return Section(
        title="Rules that changed",
        words=() if rows else ("No rule changed.",),
        figures=("rule_changes",),
        tables=(table("In words", ("on", "rule", "what"), rows),) if rows else (),
    )


def _equity(told: Told) -> Section:
    tables = []
    for one in told["equity"]:
        rows = [_counted(row["value"] or "did not say", row) for row in one["rows"]]
        heads = (one["stratum"], "people", "times met, each", "earned, each")
        tables.append(table(f"By {one['stratum']}", heads, [*rows, _counted("all", one["total"])]))
    words = (
        "Of those who agreed to be counted. Groups of fewer than 11 are hidden, and others with them, so that "
        "nobody can be worked out from the rest.",
    )
    return Section(
        title="Who it reached",
        words=words
        if tables
        else ("Nobody has agreed to be counted by what they said of themselves.",),
        figures=("equity", "people"),
        tables=tuple(tables),
    )


def _counted(name: str, row: Told) -> tuple[str, ...]:
    if row["clients"] is None:
        return (name, MARK, MARK, MARK)
    return (name, str(row["clients"]), f"{row['mean_times']:.1f}", dollars(row["mean_cents"]))
