"""cmengine report"""

from pathlib import Path
from typing import Any

import click

from cmengine.cli.desk import Day, Desk, NewFile, day_meant, examples, json_option, pass_desk
from cmengine.cli.show import document, note, say
from cmengine.errors import CMError, Mistake

NOW = "now"


@click.command(
    "report",
    epilog=examples(
        "cmengine report                         (the present budget year)",
        "cmengine report --month 2026-05 --html may.html",
        "cmengine report --from 2026-01-05 --to 2026-03-31 --json",
        "cmengine report --public page.html      (for clients and their board)",
        "cmengine report --sql soon              (the query behind a figure)",
    ),
)
@click.option("--from", "first", metavar="DAY", type=Day(), help="The first day; needs --to.")
@click.option("--to", "last", metavar="DAY", type=Day(), help="The last day; needs --from.")
@click.option(
    "--month",
    metavar="[YYYY-MM]",
    is_flag=False,
    flag_value=NOW,
    help="A month (this month, where none is named).",
)
@click.option(
    "--year",
    metavar="[YYYY]",
    is_flag=False,
    flag_value=NOW,
    help="A budget year, by the year in which it begins (default: the present one).",
)
@click.option(
    "--html",
    metavar="FILE",
    type=NewFile("report.html"),
    help="Write it as a page: one file, with charts, that needs no network.",
)
@click.option(
    "--public",
    metavar="FILE",
    type=NewFile("page.html"),
    help="Write a page for clients and their board: nobody can be picked out of it.",
)
@click.option(
    "--sql",
    metavar="[FIGURE]",
    is_flag=False,
    flag_value=NOW,
    help="Print the query behind a figure, or behind all of them; nothing else.",
)
@json_option
@pass_desk
def report_command(
    desk: Desk,
    first: Any,
    last: Any,
    month: str | None,
    year: str | None,
    html: Path | None,
    public: Path | None,
    sql: str | None,
    as_json: bool,
) -> None:
    """Say what was spent, promised and left, what it did, and how soon.

    By fund and month, with what may come until the end; how soon after the event a voucher was in hand; goals
    chosen and met; people who came back; feedback, refusals, rules that changed. Changes nothing.
    """
    from cmengine.reporting import report

    if bool(first) != bool(last):
        raise click.UsageError("--from and --to belong together")
    if sum(map(bool, (first, month, year))) > 1:
        raise click.UsageError("give one of --from and --to, --month, and --year")
    with desk.open() as program:
        period = _period(program, first, last, month, year)
        if sql is not None:
            _print_queries(program, period, sql, as_json=as_json)
            return
        told = report(program, period) if as_json or html or not public else None
        if public is not None:
            from cmengine.transparency import public_page

            _write(public, public_page(program, period))
    if told is not None and html is not None:
        from cmengine.page import page
        from cmengine.report_sections import heading, sections

        _write(html, page(heading(told), sections(told), foot=FOOT))
    if told is not None and as_json:
        document(told)
    elif told is not None and html is None and public is None:
        from cmengine.cli.report_shown import show_sections
        from cmengine.report_sections import heading, sections

        say(heading(told))
        show_sections(sections(told))


FOOT = "It shows what groups of people did, and no client's name. It is for the program; for others there is a page without small groups: cmengine report --public."


def _write(path: Path, text: str) -> None:
    from cmengine.newfile import write_new

    write_new((path, text))
    note(f"The page is in {path}")


def _print_queries(program: Any, period: Any, name: str, *, as_json: bool) -> None:
    from cmengine.errors import did_you_mean
    from cmengine.figures import queries

    found = queries(period, program.today())
    if name != NOW and name not in found:
        todo = did_you_mean(name, found) or f"there are: {', '.join(found)}"
        raise CMError(Mistake(f"--sql {name:.40}", "there is no such figure", todo))
    asked = {key: one for key, one in found.items() if name in (NOW, key)}
    if as_json:
        document(
            {"figures": {key: {"says": one.says, "sql": one.sql} for key, one in asked.items()}}
        )
        return
    say("\n\n".join(f"-- {key}: {one.says}\n{one.sql};" for key, one in asked.items()))


def _period(program: Any, first: Any, last: Any, month: str | None, year: str | None) -> Any:
    from cmengine.period import Period, month_of, year_of, year_with

    today, begins = program.today(), program.settings.budget_year
    try:
        if first:
            begins_on, ends_on = (day_meant(program, day) or today for day in (first, last))
            return Period(begins_on, ends_on)
        if month:
            return month_of(f"{today:%Y-%m}" if month == NOW else month)
        if year and year != NOW:
            return year_of(year, begins)
    except ValueError as error:
        raise CMError(Mistake("the period", str(error))) from error
    return year_with(today, begins)
