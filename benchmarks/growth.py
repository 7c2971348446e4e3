"""Whether an event costs the same however long a client's past is, and however many clients there are.

    python benchmarks/growth.py [--runs 5] [--keep FOLDER] [--write]

For each size: the cost of an event in an import of the whole log, and of one event at the desk after it.
With --write, the table and the picture go into docs/performance.md and docs/performance.svg.
"""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from html import escape
from pathlib import Path
from statistics import median

import click
from attrs import frozen
from desk import log_visit, microseconds
from make_log import open_again
from measure import (
    LOG,
    Figures,
    Side,
    Took,
    Turns,
    child,
    fresh,
    machine,
    prepare,
    table_of,
    take_turns,
    tell,
    write_between,
)

DOCS = Path(__file__).resolve().parent.parent / "docs"
PAGE, PICTURE = DOCS / "performance.md", DOCS / "performance.svg"
MOST = 1.2


@frozen
class Size:
    """How many clients, and how many events each."""

    clients: int
    each: int

    @property
    def events(self) -> int:
        """Count the events."""
        return self.clients * self.each

    @property
    def name(self) -> str:
        """Name it in the turns."""
        return f"{self.clients:,} clients, {self.each:,} events each"


DESK = "the desk"
PASTS = tuple(Size(100_000 // each, each) for each in (10, 100, 1_000, 10_000))
CROWDS = tuple(Size(clients, 10) for clients in (1_000, 10_000, 100_000))


def run_desk(programs: Sequence[Path], times: int) -> None:
    """In each imported program, log visits of the client whose past was over first: by turns, a visit each.
    Say the medians, in microseconds.
    """
    opened = [open_again(one) for one in programs]
    clients = [
        program.ledger.rows(
            "select client from events group by client order by max(on_day), client limit 1"
        )[0][0]
        for program in opened
    ]
    took: list[list[float]] = [[] for _ in opened]
    for n in range(times):
        for program, client, some in zip(opened, clients, took, strict=True):
            some.append(microseconds(partial(log_visit, program, client, n, times)))
    tell(Took(sum(map(sum, took)) / 1e6), medians=list(map(median, took)))


def made(kept: Path, base: Path, sizes: Sequence[Size]) -> dict[Size, Path]:
    """Make a program and its log of every size, where they are not there."""
    return {
        size: prepare(
            kept / f"{size.clients} of {size.each}", base, events=size.events, each=size.each
        )
        for size in sizes
    }


def measured(
    folder: Path,
    prepared: Mapping[Size, Path],
    runs: int,
    times: int,
    tell: Callable[[Turns], object],
) -> None:
    """Measure every size, in turns; `tell` what was found after each."""
    copies = {size: folder / f"copy of {size.clients} of {size.each}" for size in prepared}

    def imported(size: Size) -> Figures:
        copy = fresh(prepared[size], copies[size])
        return child("import_log", copy, prepared[size] / LOG)

    sides: dict[str, Side] = {size.name: partial(imported, size) for size in prepared}
    sides[DESK] = lambda: child("growth", "--times", times, "--run", *copies.values())
    take_turns(sides, runs, tell)


Costs = Mapping[str, Sequence[float]]
"""Of `imported` and `desk`, the microseconds an event at each size."""


def costs(turns: Turns, sizes: Sequence[Size], order: Sequence[Size]) -> Costs:
    """Gather the medians; `order` is that of all that was measured."""
    desks = [turn["medians"] for turn in turns.found[DESK]]
    return {
        "imported": [turns.median(size.name) / size.events * 1e6 for size in sizes],
        "desk": [median(turn[order.index(size)] for turn in desks) for size in sizes],
    }


def flatness(some: Sequence[float]) -> str:
    """Say how much the dearest size costs, against the cheapest."""
    ratio = max(some) / min(some)
    return f"{ratio:.2f} ({'within' if ratio <= MOST else '**beyond**'} {MOST})"


def rows(sizes: Sequence[Size], found: Costs) -> str:
    """Write the table of a series."""
    lines: list[tuple[str, ...]] = [
        (
            f"{size.clients:,}",
            f"{size.each:,}",
            f"{size.events:,}",
            f"{found['imported'][n]:.1f} µs",
            f"{found['desk'][n] / 1000:.2f} ms",
        )
        for n, size in enumerate(sizes)
    ]
    lines.append(("most : least", "", "", *(flatness(some) for some in found.values())))
    heads = ("clients", "events each", "events", "an event, imported", "an event at the desk")
    return table_of((heads, *lines))


WIDTH, HEIGHT = 760, 340
LEFT, RIGHT, TOP, BOTTOM = 70, 170, 56, 60
HIGHEST = 1.6
STYLE = """\
svg { background: #ffffff; color: #1a1a1a; font: 14px system-ui, sans-serif; }
@media (prefers-color-scheme: dark) { svg { background: #16181c; color: #ececec; } }
text { fill: currentColor; }
.head { font-size: 16px; font-weight: 600; }
.grid { stroke: currentColor; stroke-opacity: 0.2; }
.band { fill: currentColor; fill-opacity: 0.08; }
.line { stroke: currentColor; fill: none; stroke-width: 2; }
.desk { stroke-dasharray: 8 5; }
"""


def picture(series: Sequence[tuple[str, Sequence[str], Costs]]) -> str:
    """Draw each series: the cost of an event against that of the cheapest size."""
    said = " ".join(
        f"{title}: imported {flatness(found['imported'])}, at the desk {flatness(found['desk'])}."
        for title, _, found in series
    ).replace("*", "")
    height = HEIGHT * len(series)
    panels = [
        f'<g transform="translate(0 {HEIGHT * n})">\n{_panel(*one)}\n</g>'
        for n, one in enumerate(series)
    ]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" '
            f'height="{height}" role="img" aria-labelledby="title desc">',
            '<title id="title">What an event costs as the log grows</title>',
            f'<desc id="desc">{escape(said)}</desc>',
            f"<style>\n{STYLE}</style>",
            *panels,
            "</svg>\n",
        ]
    )


def _panel(title: str, names: Sequence[str], found: Costs) -> str:
    right = WIDTH - RIGHT
    parts = [
        _text(LEFT, 28, f"An event, by {title} (cheapest = 1)", kind="head"),
        f'<rect class="band" x="{LEFT}" y="{_y(MOST):.1f}" width="{right - LEFT}" '
        f'height="{_y(1) - _y(MOST):.1f}"/>',
    ]
    for n in range(0, 17, 4):
        y = _y(n / 10)
        parts.append(f'<path class="grid" d="M{LEFT} {y:.1f}H{right}"/>')
        parts.append(_text(LEFT - 8, y + 5, f"{n / 10:.1f}", "end"))
    parts.append(_text(LEFT + 6, _y(MOST) - 5, f"flat: within {MOST}"))
    wide = (right - LEFT) / len(names)
    at = [LEFT + wide * (n + 0.5) for n in range(len(names))]
    ends: list[float] = []
    for figure, words in (("imported", "imported"), ("desk", "at the desk")):
        least = min(found[figure])
        points = [(x, _y(cost / least)) for x, cost in zip(at, found[figure], strict=True)]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        parts.append(f'<polyline class="line {figure}" points="{path}"/>')
        end = points[-1][1] + 5
        while any(abs(end - other) < 17 for other in ends):
            end += 17
        ends.append(end)
        parts.append(_text(points[-1][0] + 8, end, words))
    parts += [
        _text(x, HEIGHT - BOTTOM + 20, name, "middle") for x, name in zip(at, names, strict=True)
    ]
    parts.append(_text((LEFT + right) / 2, HEIGHT - 16, title, "middle"))
    return "\n".join(parts)


def _text(x: float, y: float, words: str, anchor: str = "start", kind: str = "") -> str:
    style = f' class="{kind}"' if kind else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{style}>{escape(words)}</text>'


def _y(ratio: float) -> float:
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * min(ratio, HIGHEST) / HIGHEST


@click.command()
@click.option("--runs", default=5, show_default=True, help="Turns.")
@click.option("--times", default=60, show_default=True, help="Events at the desk, a turn.")
@click.option(
    "--smaller", default=1, show_default=True, help="Divide the number of clients by this."
)
@click.option("--write", is_flag=True, help="Write the page and the picture.")
@click.option(
    "--keep", type=click.Path(path_type=Path), help="Keep the data, or use what is there."
)
@click.option("--prepare", "ahead", is_flag=True, help="Only make the data.")
@click.option("--base", "begin_from", type=click.Path(path_type=Path), hidden=True)
@click.option("--run", "at_desk", is_flag=True, hidden=True)
@click.argument("programs", nargs=-1, type=click.Path(path_type=Path))
def main(
    runs: int,
    times: int,
    smaller: int,
    write: bool,
    keep: Path | None,
    ahead: bool,
    begin_from: Path | None,
    at_desk: bool,
    programs: tuple[Path, ...],
) -> None:
    """Measure how the cost of an event grows, and print the tables."""
    if at_desk:
        run_desk(programs, times)
        return
    pasts, crowds = (
        [Size(max(size.clients // smaller, 1), size.each) for size in some]
        for some in (PASTS, CROWDS)
    )
    sizes = list(dict.fromkeys((*pasts, *crowds)))

    def tell(turns: Turns) -> None:
        past, crowd = costs(turns, pasts, sizes), costs(turns, crowds, sizes)
        done = len(turns.found[DESK])
        told = f"Measured with {machine()}: `python benchmarks/growth.py`, medians of {done}."
        found[:] = [f"{told}\n\n{rows(pasts, past)}\n\n{rows(crowds, crowd)}"]
        if write:
            write_between(PAGE, "growth", found[0])
            PICTURE.write_text(
                picture(
                    (
                        ("events a client", [f"{size.each:,}" for size in pasts], past),
                        ("clients", [f"{size.clients:,}" for size in crowds], crowd),
                    )
                ),
                encoding="utf-8",
            )

    found: list[str] = []
    with tempfile.TemporaryDirectory(prefix="cmengine-growth-") as name:
        folder = Path(name)
        kept = keep or folder / "kept"
        kept.mkdir(parents=True, exist_ok=True)
        prepared = made(kept, begin_from or prepare(kept / "base"), sizes)
        if not ahead:
            measured(folder, prepared, runs, times, tell)
    print(*found)


if __name__ == "__main__":
    main()
