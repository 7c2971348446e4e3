"""A document as one page of HTML: charts as SVG, and the numbers of each in a table beside it. Pure.

It holds no script and asks for nothing from anywhere, and its own policy forbids both. It reads from 320 to 1,280
pixels, in light and in dark, on paper, and with a screen reader. No number is cut or broken: a table that is wider
than its place can be slid sideways, and says so.
"""

from collections.abc import Sequence
from math import ceil

from cmengine.document import Bar, Chart, Section, Table
from cmengine.svg import text, written

STYLE = """\
:root { color-scheme: light dark; --paper: #ffffff; --ink: #1a1a1a; --soft: #595959; --line: #c4c4c4; --bar: #2f6f8f; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #16181c; --ink: #ececec; --soft: #b4b4b4; --line: #4a4d52; --bar: #7db8d4; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1rem; max-width: 72rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: break-word; }
h1 { font-size: 1.5rem; line-height: 1.25; }
h2 { font-size: 1.2rem; margin: 2.5rem 0 0.5rem; border-top: 1px solid var(--line); padding-top: 1rem; }
p { max-width: 44rem; margin: 0.5rem 0; }
.cites, footer p { font-size: 0.875rem; color: var(--soft); }
a { color: inherit; }
.pair { display: flex; flex-wrap: wrap; gap: 1rem 2rem; align-items: flex-start; }
.pair > * { flex: 1 1 18rem; min-width: 0; max-width: 28rem; }
.pair > .first { flex: 1 0 auto; max-width: 100%; }
.hint { display: none; font-size: 0.875rem; color: var(--soft); margin: 0; }
.scroll { overflow-x: auto; background:
  linear-gradient(to right, var(--paper) 50%, transparent) left / 2rem 100% no-repeat local,
  linear-gradient(to left, var(--paper) 50%, transparent) right / 2rem 100% no-repeat local,
  linear-gradient(to right, var(--line), transparent) left / 0.75rem 100% no-repeat scroll,
  linear-gradient(to left, var(--line), transparent) right / 0.75rem 100% no-repeat scroll; }
.scroll:focus-visible { outline: 2px solid var(--bar); }
table { border-collapse: collapse; margin: 0.5rem 0; }
caption { text-align: left; font-weight: 600; padding: 0.25rem 0; }
th, td { text-align: left; vertical-align: top; padding: 0.3rem 0.75rem 0.3rem 0; border-bottom: 1px solid var(--line);
  overflow-wrap: normal; }
th { font-weight: 600; }
tbody th { font-weight: 400; }
.short { white-space: nowrap; }
.name { min-width: 9rem; }
.long { min-width: 16rem; }
.number { text-align: right; font-variant-numeric: tabular-nums; }
td.number { white-space: nowrap; }
figure { margin: 0.5rem 0; }
figcaption { font-weight: 600; padding: 0.25rem 0; }
svg { display: block; width: 100%; height: auto; max-width: 32rem; font: 13px system-ui, sans-serif; }
svg text { fill: var(--ink); }
.bar { fill: var(--bar); }
.range { stroke: var(--ink); stroke-width: 2; fill: none; }
@page { margin: 12mm; }
@media print {
  html { font-size: 9.5pt; }
  body { max-width: none; padding: 0; }
  section, tr, figure { break-inside: avoid; }
  h2, figcaption, caption { break-after: avoid; }
  h2 { margin-top: 1.5rem; }
  .pair { display: block; }
  .pair > *, .pair > .first { max-width: none; }
  figure { max-width: 24rem; margin: 1rem 0; }
  .scroll { overflow: visible; background: none; }
  .first .hint { display: none; }
}
"""
POLICY = "default-src 'none'; style-src 'unsafe-inline'"
WIDE, ROW, THICK, LEFT = 360, 44, 14, 2
LONG = 40  # letters of a cell that is kept wide, and scrolled to
SHORT = 16  # letters that stay on one line at the head of a row
NAME = 36  # letters of a bar's name
LETTER, GAP = 0.6, 0.75  # rem: a wide letter, and what stands beside a cell
STEP, WIDEST = 4, 72  # rem, by which tables that need more room than a telephone has are told apart
HINTS = "".join(
    f"@media screen and (max-width: {wide + 2 if wide < WIDEST else 999}rem) {{ .w{wide} > .hint {{ display: block; }} }}\n"
    for wide in range(20, WIDEST + 1, STEP)
)


def page(title: str, sections: Sequence[Section], *, lead: str = "", foot: str = "") -> str:
    """Write a page, `lead` under its title. All words are text: nothing in them is read as HTML."""
    body = [_section(number, section) for number, section in enumerate(sections, start=1)]
    begins = f"<p>{written(lead)}</p>\n" if lead else ""
    last = f"<footer><p>{written(foot)}</p></footer>\n" if foot else ""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n'
        f"<title>{written(title)}</title>\n<style>\n{STYLE}{HINTS}</style>\n</head>\n<body>\n<main>\n"
        f"<h1>{written(title)}</h1>\n{begins}{''.join(body)}</main>\n{last}</body>\n</html>\n"
    )


def _section(number: int, section: Section) -> str:
    words = "".join(f"<p>{written(one)}</p>\n" for one in section.words)
    cites = "".join(f'<p class="cites">{written(one)}</p>\n' for one in section.cites)
    tables = [_table(one) for one in section.tables if one.rows]
    charts = [
        _chart(f"chart-{number}-{n}", one)
        for n, one in enumerate(section.charts)
        if any(bar.length for bar in one.bars)
    ]
    shown = "".join(f'<div class="pair">\n{one}</div>\n' for one in _paired(tables, charts))
    name = f"part-{number}"
    return (
        f'<section aria-labelledby="{name}">\n<h2 id="{name}">{written(section.title)}</h2>\n'
        f"{words}{cites}{shown}</section>\n"
    )


def _paired(tables: Sequence[str], charts: Sequence[str]) -> list[str]:
    """Put each chart beside the table that has its numbers: one beside one, or all beside the first."""
    if len(tables) != len(charts):
        every = "".join(charts)
        charts = [every if n == 0 else "" for n in range(max(1, len(tables)))]
    beside = [*tables, *[""] * (len(charts) - len(tables))]
    return [
        table + (f"<div>\n{chart}</div>\n" if chart else "")
        for table, chart in zip(beside, charts, strict=True)
        if table or chart
    ]


def _table(table: Table) -> str:
    heads = "".join(
        f'<th scope="col"{_number(n, table)}>{written(head)}</th>'
        if head
        else f"<td{_number(n, table)}></td>"
        for n, head in enumerate(table.heads)
    )
    rows = "".join(
        "<tr>"
        + "".join(
            f'<th scope="row"{_short(cell)}>{written(cell)}</th>'
            if n == 0
            else f"<td{_kind(n, cell, table)}>{written(cell)}</td>"
            for n, cell in enumerate(row)
        )
        + "</tr>\n"
        for row in table.rows
    )
    return (
        f'<div class="first{_room(table)}">\n<p class="hint">This table is wider than its place: slide it sideways.</p>\n'
        f'<div class="scroll" tabindex="0" role="group" aria-label="{written(table.title)}">\n<table>\n'
        f"<caption>{written(table.title)}</caption>\n<thead>\n<tr>{heads}</tr>\n</thead>\n"
        f"<tbody>\n{rows}</tbody>\n</table>\n</div>\n</div>\n"
    )


def _room(table: Table) -> str:
    """Name the class of a table by the room that it needs at least; it is rather taken too large."""
    columns = zip(table.heads, *table.rows, strict=True)
    need = sum(_least(n, head, cells, table) + GAP for n, (head, *cells) in enumerate(columns))
    wide = min(WIDEST, STEP * ceil(need / STEP))
    return f" w{wide}" if need > 18 else ""


def _least(column: int, head: str, cells: Sequence[str], table: Table) -> float:
    """Say how narrow a column can be, in rem: its words are not broken, nor its numbers."""
    words = [word for cell in (head, *cells) for word in cell.split()]
    whole = [cell for cell in cells if column in table.numbers or len(cell) <= SHORT]
    least = max((len(one) for one in (*words, *whole)), default=0) * LETTER
    longest = max(map(len, cells), default=0)
    return max(least, 16 if longest > LONG else 9 if longest > SHORT else 0)


def _kind(column: int, cell: str, table: Table) -> str:
    if column in table.numbers:
        return _number(column, table)
    return ' class="long"' if len(cell) > LONG else _short(cell)


def _short(cell: str) -> str:
    return ' class="short"' if len(cell) <= SHORT else ' class="name"'


def _number(column: int, table: Table) -> str:
    return ' class="number"' if column in table.numbers else ""


def _chart(name: str, chart: Chart) -> str:
    """Draw bars, each under its name and with its number at its end."""
    top = max(max(bar.length, bar.high or 0) for bar in chart.bars)
    said = "; ".join(f"{bar.name}: {bar.said}" for bar in chart.bars)
    drawn = "".join(_bar(bar, n * ROW, top) for n, bar in enumerate(chart.bars))
    return (
        f"<figure>\n<figcaption>{written(chart.title)}</figcaption>\n"
        f'<svg viewBox="0 0 {WIDE} {ROW * len(chart.bars)}" role="img" aria-labelledby="{name}-t {name}-d">\n'
        f'<title id="{name}-t">{written(chart.title)}</title>\n<desc id="{name}-d">{written(said)}</desc>\n'
        f"{drawn}</svg>\n</figure>\n"
    )


def _bar(bar: Bar, y: float, top: float) -> str:
    room = WIDE - LEFT - 4
    name = bar.name if len(bar.name) <= NAME else f"{bar.name[: NAME - 2]}.."
    long = room * bar.length / top
    parts = [
        text(LEFT, y + 15, name),
        text(WIDE - 2, y + 15, bar.said, "end"),
        f'<rect class="bar" x="{LEFT}" y="{y + 21}" width="{max(long, 1 if bar.length else 0):.1f}" height="{THICK}"/>',
    ]
    if bar.low is not None and bar.high is not None and bar.high > bar.low:
        low, high = (LEFT + room * end / top for end in (bar.low, bar.high))
        mid = y + 21 + THICK / 2
        parts.append(
            f'<path class="range" d="M{low:.1f} {mid - 6}v12M{high:.1f} {mid - 6}v12M{low:.1f} {mid}H{high:.1f}"/>'
        )
    return "\n".join(parts) + "\n"
