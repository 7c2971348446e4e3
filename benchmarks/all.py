"""Measure everything that has a limit, and print each ratio beside it.

    python benchmarks/all.py [--quick] [--peers PYTHON] [--keep FOLDER] [--only PART] [--write]

Every side runs in a process of its own, in turns with what it is compared with; a ratio is the median of
the turns. PYTHON is that of an environment with the peers: see docs/performance.md. FOLDER keeps the data
that is measured with, so that it can be made ahead, with --prepare. With --write, the page has what was
found after every turn: whatever stops it, the turns until then stand there.
"""

import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from statistics import median

import click
from attrs import frozen
from measure import (
    LOG,
    ROWS,
    Figures,
    Line,
    Side,
    Turns,
    child,
    fresh,
    machine,
    once,
    prepare,
    said,
    table,
    take_turns,
    write_between,
)

PAGE = Path(__file__).resolve().parent.parent / "docs" / "performance.md"
PEERS = {
    "by_zen": "zen-engine, compiled expressions",
    "by_rule_engine": "rule-engine",
    "by_business_rules": "business-rules",
    "by_eventsourcing": "eventsourcing",
    "by_beancount": "beancount (the money alone)",
    "by_zen_table": "zen-engine, decision tables",
}
WITHOUT_HOST = ("by_eventsourcing", "by_beancount")
SLOW = "by_zen_table"  # takes ten times as long as the others: it gets a tenth of the log
LEAST_FOR_MEMORY = 100_000
TOO_FEW = "not measured: so few events fit into a batch or two"
NO_PEERS = "not measured: --peers was not given"
Told = Callable[[Sequence[Line]], object]


@frozen
class Sizes:
    """How much is measured: events of the long log, of the short one, behind a client at the desk, and logged
    there a turn; turns, and turns of the long log.
    """

    events: int
    times: int
    runs: int
    long_runs: int

    @property
    def few(self) -> int:
        """Count the events of the short log, which the peers load."""
        return max(self.events // 10, 1)

    @property
    def fewest(self) -> int:
        """Count the events of the log for who is slow."""
        return max(self.few // 10, 1)

    @property
    def behind(self) -> int:
        """Count the events behind the second client at the desk."""
        return max(self.events // 100, 20)


@frozen
class Data:
    """Where the prepared programs and logs are."""

    kept: Path
    sizes: Sizes
    base: Path

    def log(self, events: int) -> Path:
        """Give a program and its log of so many events."""
        return prepare(self.kept / f"{events} events", self.base, events=events)

    def desk(self) -> Path:
        """Give the program of the desk."""
        behind = self.sizes.behind
        folder = self.kept / f"desk with {behind}"
        words = ("--events", behind, "--prepare", folder, "--base", self.base)
        return once(folder, lambda: child("desk", *words), events=behind)

    def make(self) -> None:
        """Make everything."""
        self.desk()
        for events in (self.sizes.events, self.sizes.few, self.sizes.fewest):
            self.log(events)


def must_be_equal(digests: Mapping[str, str]) -> None:
    """Stop where sides that should have come to the same did not."""
    if len(set(digests.values())) != 1:
        raise SystemExit(f"these are not the same: {dict(digests)}")


def bulk(data: Data, folder: Path, tell: Told) -> None:
    """Compare the import with its floor and with a plain script, and the replay with the import."""
    sizes = data.sizes
    events, few = sizes.events, sizes.few
    many, small = data.log(events), data.log(few)
    copies = {name: folder / name for name in ("import", "insert", "script", "import small")}

    def imported(log: Path, name: str) -> Figures:
        return child("import_log", fresh(log, copies[name]), log / LOG)

    said("seeing how many events a transaction has here")
    batch = imported(many, "import")["batch"]
    said(f"writing down the rows of an import, {batch:,} events a transaction")
    child("record", fresh(many, folder / "recorded"), many / LOG, folder / ROWS, batch)
    turns = take_turns(
        {
            "import": lambda: imported(many, "import"),
            "insert": lambda: child("insert", fresh(many, copies["insert"]), folder / ROWS),
            "script": lambda: child("script", fresh(many, copies["script"]), many / LOG),
            "verify": lambda: child("verify_log", copies["import"]),
            "import small": lambda: imported(small, "import small"),
            "verify small": lambda: child("verify_log", copies["import small"]),
        },
        sizes.long_runs,
        lambda turns: tell(bulk_lines(turns, events, few)),
    )
    said("logging at the desk while an import runs")
    meanwhile = child("waits", fresh(many, folder / "waits"), many / LOG)
    tell([*bulk_lines(turns, events, few), waits_line(meanwhile, events)])
    must_be_equal(
        {name: child("digest", copies[name])["rows"] for name in ("import", "insert", "script")}
    )


def waits_line(found: Figures, events: int) -> Line:
    """Write how long somebody at the desk had to wait."""
    return Line(
        f"the longest of an event at the desk while {events:,} are imported, in seconds",
        1.0,
        ratios=[found["longest"]],
        note=f"{found['logged']} logged, half of them within {found['middle']:.2f} s",
    )


def bulk_lines(turns: Turns, events: int, few: int) -> list[Line]:
    """Write what was found."""
    each = {name: f"{turns.median(name) / events * 1e6:.1f}" for name in turns.found}
    imported = f"import {each['import']} µs an event"

    def cpu(one: str, other: str) -> str:
        return f"; in processor time {median(turns.ratios(one, other, 'cpu')):.2f}"

    def memory(side: str) -> Line:
        if few < LEAST_FOR_MEMORY:
            return Line(f"peak memory of {side}", 1.3, instead=TOO_FEW)
        peaks = [turns.median(name, "peak_mib") for name in (side, f"{side} small")]
        return Line(
            f"peak memory of {side}, {events:,} events : {few:,}",
            1.3,
            ratios=turns.ratios(side, f"{side} small", "peak_mib"),
            note=f"{peaks[0]:.0f} MiB, {peaks[1]:.0f} MiB",
        )

    return [
        Line(
            f"import of {events:,} events : `executemany` of the same rows",
            1.5,
            ratios=turns.ratios("import", "insert"),
            note=f"{imported}, rows alone {each['insert']}{cpu('import', 'insert')}",
        ),
        Line(
            "import : a plain script, same rows and settings",
            1.3,
            ratios=turns.ratios("import", "script"),
            note=f"the script {each['script']} µs an event{cpu('import', 'script')}",
        ),
        Line(
            "`verify` : import",
            0.6,
            ratios=turns.ratios("verify", "import"),
            note=f"verify {each['verify']} µs an event{cpu('verify', 'import')}",
        ),
        memory("import"),
        memory("verify"),
    ]


def desk(data: Data, folder: Path, tell: Told) -> None:
    """Compare one event at the desk with a bare commit, a long past with a short one, and a process of
    `cmengine log` with what it cannot do without.
    """
    times = data.sizes.times
    prepared, copy = data.desk(), folder / "desk copy"
    take_turns(
        {
            "desk": lambda: child("desk", "--run", fresh(prepared, copy), "--times", times),
            "start": lambda: child(
                "start", "--run", fresh(prepared, copy), "--times", max(times // 5, 1)
            ),
        },
        data.sizes.runs,
        lambda turns: tell(desk_lines(turns, data.sizes.behind)),
    )


def desk_lines(found: Turns, behind: int) -> list[Line]:
    """Write what was found."""
    turns, starts = found.found["desk"], found.found["start"]
    middle = {name: found.median("desk", name) / 1000 for name in ("bare", "few", "many")}
    processor = median(turn["log cpu"] / turn["floor cpu"] for turn in starts)
    return [
        Line(
            "one event at the desk, durable : a bare durable commit",
            3.0,
            ratios=[turn["few"] / turn["bare"] for turn in turns],
            note=f"{middle['few']:.2f} ms, {middle['bare']:.2f} ms",
        ),
        Line(
            f"the same with {behind:,} events behind the client : with 10",
            1.2,
            ratios=[turn["many"] / turn["few"] for turn in turns],
            note=f"{middle['many']:.2f} ms, {middle['few']:.2f} ms",
        ),
        Line(
            '`cmengine log` : `python -c "import click, sqlite3"`',
            2.0,
            ratios=[turn["log"] / turn["floor"] for turn in starts],
            note=f"{found.median('start', 'log'):.0f} ms, {found.median('start', 'floor'):.0f} ms;"
            f" in processor time {processor:.2f}",
        ),
    ]


def peers(data: Data, folder: Path, python: str | None, tell: Told) -> None:
    """Compare every peer with the import of the same log."""
    if python is None:
        tell([Line(f"{what} : import", None, 1.0, instead=NO_PEERS) for what in PEERS.values()])
        return
    few, fewest = data.sizes.few, data.sizes.fewest
    digests: dict[int, dict[str, str]] = {few: {}, fewest: {}}
    copies = {events: folder / f"peers import {events}" for events in (few, fewest)}

    def run_import(events: int) -> Figures:
        log, copy = data.log(events), copies[events]
        found = child("import_log", fresh(log, copy), log / LOG, python=python)
        if "import" not in digests[events]:
            digests[events]["import"] = child("digest", copy)["ledger"]
        return found

    def run_peer(name: str, events: int) -> Figures:
        if name == "by_beancount":
            return child(f"peers.{name}", copies[events], python=python)
        log, copy = data.log(events), folder / "peers copy"
        found = child(f"peers.{name}", fresh(log, copy), log / LOG, python=python)
        if name not in digests[events]:
            digests[events][name] = found.get("ledger") or child("digest", copy)["ledger"]
        return found

    sides: dict[str, Side] = {}
    cannot: dict[str, str] = {}
    for events, names in ((few, [name for name in PEERS if name != SLOW]), (fewest, [SLOW])):
        run_import(events)
        sides[f"import {events}"] = partial(run_import, events)
        for name in names:
            try:
                run_peer(name, events)
            except subprocess.CalledProcessError as error:
                cannot[name] = f"did not run: {error}"
            else:
                sides[name] = partial(run_peer, name, events)
    take_turns(
        sides,
        data.sizes.runs,
        lambda turns: tell([_peer(name, turns, data.sizes, cannot) for name in PEERS]),
    )
    for some in digests.values():
        must_be_equal(some)


def _peer(name: str, turns: Turns, sizes: Sizes, cannot: Mapping[str, str]) -> Line:
    events = sizes.fewest if name == SLOW else sizes.few
    what = f"{PEERS[name]} : import of {events:,} events"
    if name in cannot:
        return Line(what, None, 1.0, instead=cannot[name])
    ours = f"import {events}"
    each, own = (turns.median(side) / events * 1e6 for side in (name, ours))
    host = "" if name in WITHOUT_HOST else "with its host "
    note = f"{host}{each:.1f} µs an event, import {own:.1f}"
    return Line(what, None, 1.0, turns.ratios(name, ours), note=note)


PARTS = ("desk", "bulk", "peers")


@click.command()
@click.option(
    "--quick", is_flag=True, help="A fiftieth of everything, three turns: to see that it runs."
)
@click.option("--peers", "python", help="The Python of an environment with the peers.")
@click.option("--runs", default=5, show_default=True, help="Turns.")
@click.option("--long-runs", default=5, show_default=True, help="Turns of the long log.")
@click.option("--events", default=1_000_000, show_default=True, help="Events of the long log.")
@click.option("--times", default=100, show_default=True, help="Events at the desk, a turn.")
@click.option("--only", type=click.Choice(PARTS), multiple=True, help="Measure this part.")
@click.option(
    "--keep", type=click.Path(path_type=Path), help="Keep the data, or use what is there."
)
@click.option("--prepare", "ahead", is_flag=True, help="Only make the data.")
@click.option("--base", "begin_from", type=click.Path(path_type=Path), hidden=True)
@click.option("--write", is_flag=True, help="Write the tables into docs/performance.md.")
def main(
    quick: bool,
    python: str | None,
    runs: int,
    long_runs: int,
    events: int,
    times: int,
    only: tuple[str, ...],
    keep: Path | None,
    ahead: bool,
    begin_from: Path | None,
    write: bool,
) -> None:
    """Measure everything, and print the tables."""
    sizes = Sizes(20_000, 40, 3, 3) if quick else Sizes(events, times, runs, long_runs)
    told = f"Measured with {machine()}: `python benchmarks/all.py`, medians of the turns."
    found: dict[str, str] = {}

    def tell(part: str, lines: Sequence[Line]) -> None:
        found[part] = table(lines)
        if write:
            write_between(PAGE, part, f"{told}\n\n{found[part]}")

    with tempfile.TemporaryDirectory(prefix="cmengine-bench-") as name:
        folder = Path(name)
        kept = keep or folder / "kept"
        kept.mkdir(parents=True, exist_ok=True)
        data = Data(kept, sizes, begin_from or prepare(kept / "base"))
        if ahead:
            data.make()
            return
        for part in only or PARTS:
            if part == "desk":
                desk(data, folder, partial(tell, part))
            elif part == "bulk":
                bulk(data, folder, partial(tell, part))
            else:
                peers(data, folder, python, partial(tell, part))
    print("\n\n".join([*found.values(), told]))


if __name__ == "__main__":
    main()
