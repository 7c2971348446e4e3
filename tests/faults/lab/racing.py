"""Several processes, each with the program open, do the same thing at the same moment, round after round."""

import multiprocessing
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

from attrs import frozen
from lab.oracles import opened

from cmengine import founding
from cmengine.errors import CMError
from cmengine.ledger import Ledger
from cmengine.program import Program, open_program

PATIENCE = (
    120.0  # seconds until a process that does not come is given up; nothing is measured by it
)
Ready = Callable[["Program | None", int], object]
"""What is done by one of the processes before a round begins, while the others wait."""
Act = Callable[[Path, "Program | None", int, int], str]
"""What one process (by its number) does in a round; gives what came of it."""


@frozen(eq=False)
class Race:
    """`prepare` makes the ground for so many rounds; `act` is what each process does in a round; `judge` says
    what is wrong with what came of it, in each round and in the end. `at_desk`: the program stays open.
    `second_line` is the SQL that takes away what still stands in the way of the worst when the lock is gone;
    `ready` is done by the first process alone before each round.
    """

    name: str
    prepare: Callable[[Path, int], None]
    act: Act
    judge: Callable[[Path, "list[list[str]]"], list[str]]
    at_desk: bool = True
    second_line: str = ""
    ready: Ready | None = None


def run(
    race: Race, folder: Path, *, workers: int, rounds: int, locked: bool = True, bare: bool = False
) -> list[str]:
    """Run a race in processes of its own; give what was wrong. With `locked` off, nobody waits for anybody;
    `bare`, the second line is not there either.
    """
    race.prepare(folder, rounds)
    if bare:
        with opened(folder / "program.db") as db:
            db.executescript(race.second_line)
    context = multiprocessing.get_context("spawn")
    start = context.Barrier(workers)
    between = None if locked else context.Barrier(workers)
    pipes, processes = [], []
    for n in range(workers):
        here, there = context.Pipe(duplex=False)
        process = context.Process(
            target=_work, args=(race, folder, n, rounds, start, between, there), daemon=True
        )
        process.start()
        there.close()
        pipes.append(here)
        processes.append(process)
    told = [_told(pipe) for pipe in pipes]
    for process in processes:
        process.join()
    return race.judge(folder, [list(outcomes) for outcomes in zip(*told, strict=True)])


def _told(pipe: Any) -> list[str]:
    try:
        told: list[str] = pipe.recv()
    except EOFError:
        return []
    return told


def _work(
    race: Race,
    folder: Path,
    n: int,
    rounds: int,
    start: Barrier,
    between: Barrier | None,
    pipe: Any,
) -> None:
    if between is not None:
        _unlock(between)
    program = open_program(folder, by=f"desk{n}") if race.at_desk else None
    if between is not None and program is not None:
        # What a voucher is charged to is written before it, which the end of a transaction looks at.
        program.ledger.rows("pragma foreign_keys = off")
    told = []
    for number in range(rounds):
        if race.ready is not None:
            start.wait(PATIENCE)  # until the round before is over
            _met.update(("begin", "write"))  # nobody else comes there now
            if n == 0:
                race.ready(program, number)
        start.wait(PATIENCE)
        _met.clear()
        try:
            told.append(race.act(folder, program, n, number))
        except CMError as error:
            told.append(f"no: {error}")
        except Exception as error:
            told.append(f"failed: {type(error).__name__}: {error}")
    if program is not None:
        program.close()
    pipe.send(told)


_met: set[str] = set()


def _unlock(between: Barrier) -> None:
    """Take the lock away, in this process of a test alone, and let all read before any of them writes."""
    write, extend = Ledger.insert, Ledger.append

    def meet(where: str) -> None:
        if where not in _met:
            _met.add(where)
            between.wait(PATIENCE)

    @contextmanager
    def no_lock(*_: object) -> Iterator[None]:
        meet("begin")
        yield

    def insert(self: Ledger, table: str, **columns: object) -> int:
        meet("write")
        return write(self, table, **columns)

    def append(self: Ledger, *rows: Any) -> None:
        meet("write")
        extend(self, *rows)

    Ledger.whole = no_lock  # type: ignore[method-assign, assignment]
    Ledger.insert = insert  # type: ignore[method-assign]
    Ledger.append = append  # type: ignore[method-assign, assignment]
    founding._alone = partial(no_lock)
