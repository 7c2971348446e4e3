"""How much one event at the desk costs, against a bare durable commit of one row on the same disk.

    python benchmarks/desk.py

Prints ratios, medians of the runs; the same with many events behind the client must cost the same.
"""

import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cmengine.choices import Wish, choose_goals
from cmengine.database import connect
from cmengine.engine import Logbook, add_client, log_event, make_event
from cmengine.plugins import load_plugins
from cmengine.program import Program, open_program
from cmengine.publish import publish
from cmengine.starters import make_program

RUNS = 200
NOW = datetime(2026, 7, 1, 18, tzinfo=UTC)


def median_ms(work: Callable[[int], object]) -> float:
    """Time `work` RUNS times; give the median in milliseconds."""
    took = []
    for n in range(RUNS):
        begins = time.perf_counter()
        work(n)
        took.append(time.perf_counter() - begins)
    return statistics.median(took) * 1000


def program_with(folder: Path, past: int) -> Program:
    """Make a program with one client who has `past` events behind them."""
    make_program(folder, starter="drop-in", zone="America/Chicago", clock=lambda: NOW)
    program = open_program(folder, by="desk", clock=lambda: NOW, registry=load_plugins())
    publish(program)
    add_client(program, "c1")
    first = (NOW - timedelta(days=4000)).date()
    wishes = [
        Wish(client="c1", rule=rule, on=first)
        for rule in ("drop-in", "welcome-back", "any-positive-change")
    ]
    choose_goals(program, wishes)
    with program.ledger.writing():
        book = Logbook(program)
        for n in range(past):
            at = NOW - timedelta(days=3900 - n % 3800, minutes=n % 300)
            event, _ = make_event(program, client="c1", kind="visit", at=at, id=f"past-{n}")
            if event is not None:
                book.log(event, NOW)
        book.close()
    return program


def main() -> None:
    """Measure, and print the ratios."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        bare = connect(folder / "bare.db")
        bare.execute("create table one (n integer)")
        commit = median_ms(lambda n: bare.execute("insert into one values (?)", (n,)))
        costs = {}
        for past in (10, 10_000):
            program = program_with(folder / f"p{past}", past)

            def log(n: int, program: Program = program) -> None:
                event, _ = make_event(
                    program,
                    client="c1",
                    kind="visit",
                    at=NOW - timedelta(days=n % 90),
                    id=f"now-{n}",
                )
                if event is not None:
                    log_event(program, event)

            costs[past] = median_ms(log)
        print(f"a bare durable commit of one row          {commit:8.3f} ms")
        for past, cost in costs.items():
            print(
                f"one event, {past:>6} behind the client      {cost:8.3f} ms   {cost / commit:5.2f} x a bare commit"
            )
        print(
            f"10,000 behind the client : 10                             {costs[10_000] / costs[10]:5.2f} x"
        )


if __name__ == "__main__":
    main()
