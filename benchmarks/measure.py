"""Run the sides of a comparison in turns, each in a process of its own, and compare what ran side by side.

A noisy machine then hurts both sides alike. What a process says last is one line of JSON: its seconds,
the most memory it had, and whatever else it found.
"""

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from hashlib import sha256
from pathlib import Path
from shutil import copytree, ignore_patterns, rmtree
from statistics import median
from typing import Any

from attrs import Factory, define

HERE = Path(__file__).resolve().parent
LOG = "events.csv"
ROWS = "rows.pickle"
MAC = sys.platform == "darwin"  # where the peak of memory is told in bytes
Figures = dict[str, Any]


@define
class Took:
    """How many seconds something took, and how many of a processor."""

    seconds: float = 0.0
    cpu: float = 0.0


def processor_time() -> float:
    """Give the seconds of a processor that this process and those it began have had."""
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in both)


@contextmanager
def timed() -> Iterator[Took]:
    """Measure what is done inside."""
    took = Took()
    begins, cpu = time.perf_counter(), processor_time()
    yield took
    took.seconds = time.perf_counter() - begins
    took.cpu = processor_time() - cpu


def tell(took: Took, **more: object) -> None:
    """Say what a process came to: its seconds, and the most memory that it, or one it began, has had."""
    peak = max(
        resource.getrusage(who).ru_maxrss / (2**20 if MAC else 2**10)
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    print(json.dumps({"seconds": took.seconds, "cpu": took.cpu, "peak_mib": peak, **more}))


def plain_environment() -> dict[str, str]:
    """Give an environment in which Python keeps what it has compiled, and no module is found by chance."""
    return {
        name: value
        for name, value in os.environ.items()
        if name not in ("PYTHONDONTWRITEBYTECODE", "PYTHONPATH")
    }


def child(module: str, *words: object, python: str = sys.executable) -> Figures:
    """Run a module of this folder in a process of its own; give what it says."""
    done = subprocess.run(
        [python, "-m", module, *map(str, words)],
        env={**plain_environment(), "PYTHONPATH": str(HERE)},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    found: Figures = json.loads(done.stdout.splitlines()[-1])
    return found


def what_makes_it() -> str:
    """Name, by a hash, everything that a prepared program depends on."""
    sources = [
        HERE / "make_log.py",
        HERE / "desk.py",
        *sorted((HERE.parent / "cmengine" / "schema").glob("*.sql")),
    ]
    return sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()


def once(folder: Path, make: Callable[[], object], **numbers: int) -> Path:
    """Make a folder; one that is there from before, whole and made of the same, is taken as it is."""
    made = folder.with_name(f"{folder.name}.made")
    how = f"{what_makes_it()} {sorted(numbers.items())}"
    if not made.is_file() or made.read_text() != how:
        if folder.exists():
            rmtree(folder)
        said(f"making {folder.name}")
        make()
        made.write_text(how)
    return folder


def prepare(folder: Path, base: Path | None = None, **numbers: int) -> Path:
    """Make a program and its log in a process of its own; without a base, a base."""
    return once(folder, partial(_make_log, folder, base, numbers), **numbers)


def _make_log(folder: Path, base: Path | None, numbers: Mapping[str, int]) -> None:
    words = [f"--{name}={number}" for name, number in numbers.items()]
    subprocess.run(
        [sys.executable, "-m", "make_log", str(folder)]
        + (["--only-base"] if base is None else [f"--base={base}", *words]),
        env={**plain_environment(), "PYTHONPATH": str(HERE)},
        check=True,
    )


def fresh(prepared: Path, copy: Path) -> Path:
    """Copy a prepared program, and let the disk come to rest."""
    if copy.exists():
        rmtree(copy)
    copytree(prepared, copy, ignore=ignore_patterns(LOG, ROWS))
    os.sync()
    return copy


Side = Callable[[], Figures]


@define
class Turns:
    """What the sides came to, turn by turn."""

    found: dict[str, list[Figures]] = Factory(dict)

    def ratios(self, one: str, other: str, figure: str = "seconds") -> list[float]:
        """Compare two sides, turn by turn."""
        pairs = zip(self.found[one], self.found[other], strict=True)
        return [a[figure] / b[figure] for a, b in pairs]

    def median(self, side: str, figure: str = "seconds") -> float:
        """Give the median of what a side came to."""
        return float(median(turn[figure] for turn in self.found[side]))


def said(words: str) -> None:
    """Say what is being done, and since when."""
    print(f"  {datetime.now().astimezone():%H:%M:%S} {words}", file=sys.stderr, flush=True)


def take_turns(
    sides: Mapping[str, Side], runs: int, after: Callable[[Turns], object] = lambda turns: None
) -> Turns:
    """Run every side once a turn; `after` each turn is told all that was found."""
    turns = Turns({name: [] for name in sides})
    for turn in range(1, runs + 1):
        for name, side in sides.items():
            begins = time.perf_counter()
            turns.found[name].append(side())
            said(f"turn {turn} of {runs}: {name}, {time.perf_counter() - begins:.1f} s")
        after(turns)
    return turns


@define
class Line:
    """A line of the table: what was compared, what it may be at most (or must be more than), and the ratios
    of the turns; `instead` says why there are none.
    """

    what: str
    most: float | None
    more_than: float | None = None
    ratios: Sequence[float] = ()
    instead: str = ""
    note: str = ""

    @property
    def kept(self) -> bool:
        """Say whether the median is within the limit."""
        middle = median(self.ratios)
        return middle <= self.most if self.most is not None else middle > (self.more_than or 0)

    def cells(self) -> tuple[str, ...]:
        """Give the cells of the line."""
        limit = f"at most {self.most}" if self.most is not None else f"more than {self.more_than}"
        if not self.ratios:
            return self.what, limit, "-", "-", "0", self.instead
        spread = f"{min(self.ratios):.2f} to {max(self.ratios):.2f}"
        says = "; ".join(filter(None, ("yes" if self.kept else "**no**", self.note)))
        return self.what, limit, f"{median(self.ratios):.2f}", spread, f"{len(self.ratios)}", says


def table(lines: Sequence[Line]) -> str:
    """Write the lines as a table."""
    heads = ("what", "limit", "measured", "from, to", "turns", "kept")
    return table_of([heads, *(line.cells() for line in lines)])


def table_of(rows: Sequence[Sequence[str]]) -> str:
    """Write rows as a table, the first as its head."""
    wide = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]
    written = [
        "| " + " | ".join(cell.ljust(w) for cell, w in zip(row, wide, strict=True)) + " |"
        for row in rows
    ]
    written.insert(1, "| " + " | ".join("-" * w for w in wide) + " |")
    return "\n".join(written)


def write_between(page: Path, name: str, text: str) -> None:
    """Put measured figures into a page, between the two marks of that name."""
    begins, ends = f"<!-- {name}: measured -->\n", f"<!-- {name}: end -->"
    before, found, rest = page.read_text(encoding="utf-8").partition(begins)
    _, there, after = rest.partition(ends)
    if not (found and there):
        raise SystemExit(f"{page}: there are no marks '{name}'")
    page.write_text(f"{before}{begins}\n{text}\n\n{ends}{after}", encoding="utf-8")


def machine() -> str:
    """Say what was measured on."""
    from cmengine.database import journal_mode
    from cmengine.sqlite import sqlite3

    mode, sync = journal_mode(sqlite3.sqlite_version_info)
    version = ".".join(map(str, sys.version_info[:3]))
    return (
        f"Python {version}, SQLite {sqlite3.sqlite_version} "
        f"(`journal_mode={mode}`, `synchronous={sync}`), {os.cpu_count()} processors"
    )
