"""A document of tables and charts on a terminal: 80 letters wide, without color."""

import sys
from collections.abc import Sequence

from cmengine.cli.show import plain, say
from cmengine.document import Chart, Section, Table

WIDE = 80
NAME = 26  # letters of a bar's name
LONGEST = 32  # letters of the longest bar
LEAST = 8  # of a column that is wrapped


def show_sections(sections: Sequence[Section]) -> None:
    """Print sections, one below the other."""
    for section in sections:
        say(f"\n{section.title}\n{'-' * len(section.title)}")
        for words in section.words:
            say(_wrapped(words))
        for cite in section.cites:
            say(_wrapped(f"({cite})"))
        for table in section.tables:
            say()
            _show_table(table)
        for chart in section.charts:
            if any(bar.length for bar in chart.bars):
                say()
                _show_chart(chart)


def _wrapped(text: str) -> str:
    import textwrap

    return textwrap.fill(text, WIDE, break_long_words=False, break_on_hyphens=False)


def _show_table(table: Table) -> None:
    """Print a table; cells that would make it too wide are wrapped."""
    import textwrap

    cells = [[plain(cell) for cell in row] for row in (table.heads, *table.rows)]
    widths = [max(1, *(len(row[n]) for row in cells)) for n in range(len(table.heads))]
    gaps = 2 * (len(widths) - 1)
    while sum(widths) + gaps > WIDE and max(widths) > LEAST:
        widths[widths.index(max(widths))] -= 1
    for row in cells:
        lines = [
            textwrap.wrap(cell, width) or [""] for cell, width in zip(row, widths, strict=True)
        ]
        for n in range(max(map(len, lines))):
            parts = [column[n] if n < len(column) else "" for column in lines]
            say(
                "  ".join(
                    part.rjust(width) if k in table.numbers else part.ljust(width)
                    for k, (part, width) in enumerate(zip(parts, widths, strict=True))
                ).rstrip()
            )


def _show_chart(chart: Chart) -> None:
    """Print a bar a line; a range is a line of its own sign up to its end."""
    full, range_ = ("█", "░") if _can_draw() else ("#", "-")
    top = max(max(bar.length, bar.high or 0) for bar in chart.bars)
    wide = min(NAME, max(len(plain(bar.name)) for bar in chart.bars))
    say(chart.title)
    for bar in chart.bars:
        name = plain(bar.name)
        name = name if len(name) <= wide else name[: wide - 2] + ".."
        length = round(LONGEST * bar.length / top)
        if bar.length and not length:
            length = 1
        drawn = full * length
        if bar.high is not None:
            drawn += range_ * (round(LONGEST * bar.high / top) - length)
        say(f"  {name.ljust(wide)}  {drawn.ljust(LONGEST)}  {bar.said}".rstrip())


def _can_draw() -> bool:
    """Say whether the terminal can show a block."""
    try:
        "█░".encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True
