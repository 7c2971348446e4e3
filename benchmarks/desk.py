"""What one event costs at the desk, in process and durable, against a bare durable commit of one row.

    python benchmarks/desk.py [--events 10000] [--times 100]

One program, two clients: one has 10 events behind them, the other so many. Each is logged a visit a day,
which earns, in turns with a commit of one row into a table of one column, with the same settings on the
same disk.
"""

import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from statistics import median

import click
from make_log import NOW, codes, first_day, lines, make, open_again
from measure import Took, tell

from cmengine.database import connect
from cmengine.engine import Logbook, log_event, make_event
from cmengine.program import Program

FEW = 10
TIMES = 100


def give_past(program: Program, client: str, events: int) -> None:
    """Log so many events of a client."""
    with program.ledger.writing():
        book = Logbook(program)
        for id, _, kind, value, at, _ in lines(events, events):
            moment = NOW.fromisoformat(at)
            event, _ = make_event(
                program,
                client=client,
                kind=kind,
                value=value or None,
                at=moment,
                id=f"{client}-{id}",
            )
            if event is not None:
                book.log(event, NOW)
        book.close()


def prepare(folder: Path, events: int, base: Path | None = None) -> None:
    """Make the program and both clients."""
    few, many = codes(2, 1)
    program = make(folder, [few, many], first_day(events), base)
    give_past(program, few, FEW)
    give_past(program, many, events)
    program.close()


def log_visit(program: Program, client: str, n: int, times: int) -> None:
    """Log a visit on a day of its own, the days in order, up to today."""
    at = NOW - timedelta(days=times - 1 - n)
    event, wrong = make_event(program, client=client, kind="visit", at=at)
    if event is None:
        raise SystemExit(str(wrong))
    if not any(result.outcome.earned for result in log_event(program, event).results):
        raise SystemExit("this visit should have earned something")


def microseconds(work: Callable[[], object]) -> float:
    """Time one piece of work."""
    begins = time.perf_counter()
    work()
    return (time.perf_counter() - begins) * 1e6


def run(folder: Path, times: int) -> None:
    """Measure in a prepared program, and say the medians."""
    program = open_again(folder)
    few, many = codes(2, 1)
    bare = connect(folder / "bare.db")
    bare.execute("create table one (n integer)")
    took: dict[str, list[float]] = {"bare": [], "few": [], "many": []}
    for n in range(times):
        took["bare"].append(microseconds(partial(bare.execute, "insert into one values (?)", (n,))))
        took["few"].append(microseconds(partial(log_visit, program, few, n, times)))
        took["many"].append(microseconds(partial(log_visit, program, many, n, times)))
    program.close()
    bare.close()
    tell(
        Took(sum(map(sum, took.values())) / 1e6),
        **{name: median(some) for name, some in took.items()},
    )


@click.command()
@click.option(
    "--events", default=10_000, show_default=True, help="Events behind the second client."
)
@click.option("--times", default=TIMES, show_default=True, help="Events logged for each.")
@click.option(
    "--prepare", "only_prepare", type=click.Path(path_type=Path), help="Only make it, there."
)
@click.option("--run", "prepared", type=click.Path(path_type=Path), help="Measure what was made.")
@click.option("--base", type=click.Path(path_type=Path), help="Begin from this program.")
def main(
    events: int, times: int, only_prepare: Path | None, prepared: Path | None, base: Path | None
) -> None:
    """Measure, and print the medians in microseconds."""
    if only_prepare:
        prepare(only_prepare, events, base)
        tell(Took())
    elif prepared:
        run(prepared, times)
    else:
        with tempfile.TemporaryDirectory() as name:
            prepare(Path(name) / "program", events, base)
            run(Path(name) / "program", times)


if __name__ == "__main__":
    main()
