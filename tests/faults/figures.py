"""Write the figures of a run of the tests of faults into docs/faults.md: figures.py REPORT.xml...

The reports are those that pytest writes with --junitxml. Several of them, each of a part of the tests, are
added up; where a test is in more than one, the last counts. Lines of which no report has a test stay as they are.
"""

import os
import platform
import re
import sqlite3
import sys
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

PAGE = Path(__file__).resolve().parents[2] / "docs" / "faults.md"
BEGINS, ENDS = "<!-- figures: measured -->\n", "<!-- figures: end -->"
CONTROL = "control, "
NUMBER = re.compile(r"\d+")
ROW = re.compile(
    r"^\| (?P<figure>[^|]+?) +\| +(?P<tried>[\d,]+) +\| +(?P<wrong>[\d,]+) +\| (?P<note>[^|]*?) *\|$",
    re.M,
)
Figures = dict[str, tuple[int, int, str]]


def read(reports: list[Path]) -> Figures:
    """Add up what the tests of the reports have noted: how often something was tried, how often it went wrong."""
    cases: dict[str, dict[str, str]] = {}
    for report in reports:
        for case in ElementTree.parse(report).iter("testcase"):
            noted = {str(one.get("name")): str(one.get("value")) for one in case.iter("property")}
            if "figure" in noted:
                cases[f"{case.get('classname')} {case.get('name')}"] = noted
    tried: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    notes: dict[str, str] = {}
    for noted in cases.values():
        figure = noted["figure"]
        tried[figure] += int(noted["tried"])
        wrong[figure] += int(noted["wrong"])
        notes[figure] = added(notes.get(figure, ""), noted.get("note", ""))
    return {one: (tried[one], wrong[one], notes[one]) for one in tried}


def added(note: str, more: str) -> str:
    """Add up the numbers of two notes of the same words."""
    numbers = iter(NUMBER.findall(note))
    return NUMBER.sub(lambda found: str(int(found[0]) + int(next(numbers, 0))), more)


def known(page: str) -> Figures:
    """Read the figures that stand on the page."""
    _, _, rest = page.partition(BEGINS)
    there, _, _ = rest.partition(ENDS)
    return {
        row["figure"]: (_number(row["tried"]), _number(row["wrong"]), row["note"])
        for row in ROW.finditer(there)
    }


def _number(text: str) -> int:
    return int(text.replace(",", ""))


def table(figures: Figures, heads: tuple[str, ...]) -> str:
    """Write figures as a table."""
    rows = [
        (figure, f"{tried:,}", f"{wrong:,}", note)
        for figure, (tried, wrong, note) in sorted(figures.items())
    ]
    widths = [max(len(row[n]) for row in [heads, *rows]) for n in range(len(heads))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in [heads, *rows]
    ]
    rule = "| " + " | ".join("-" * width for width in widths) + " |"
    return "\n".join([lines[0], rule, *lines[1:]])


def text(figures: Figures) -> str:
    """Write both tables: what must never go wrong, and the controls, which must."""
    real = {name: row for name, row in figures.items() if not name.startswith(CONTROL)}
    controls = {name: row for name, row in figures.items() if name.startswith(CONTROL)}
    machine = (
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, "
        f"{platform.system()}, {os.cpu_count()} processors"
    )
    return (
        f"Measured with {machine}: `make faults`.\n\n"
        f"{table(real, ('what', 'tried', 'wrong', ''))}\n\n"
        "And the controls, with what keeps a ledger safe taken away. Each of these has to go wrong:\n\n"
        f"{table(controls, ('what', 'tried', 'went wrong', ''))}"
    )


def main(reports: list[Path]) -> None:
    """Put the figures of the reports onto the page."""
    page = PAGE.read_text(encoding="utf-8")
    figures = known(page) | read(reports)
    before, _, rest = page.partition(BEGINS)
    _, _, after = rest.partition(ENDS)
    PAGE.write_text(f"{before}{BEGINS}\n{text(figures)}\n\n{ENDS}{after}", encoding="utf-8")


if __name__ == "__main__":
    main([Path(name) for name in sys.argv[1:]])
