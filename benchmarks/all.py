"""Measure everything that has a limit, and print each ratio beside it.

    python benchmarks/all.py [--quick] [--peers PYTHON] [--write]

Every side runs in a process of its own, in turns with what it is compared with; a ratio is the median of
the turns. PYTHON is that of an environment with the peers: see docs/performance.md.
"""

import subprocess
import tempfile
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from statistics import median

import click
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
    prepare,
    table,
    take_turns,
    write_between,
)

PAGE = Path(__file__).resolve().parent.parent / "docs" / "performance.md"
PEERS = {
    "by_zen": "zen-engine, compiled expressions",
    "by_zen_table": "zen-engine, decision tables",
    "by_rule_engine": "rule-engine",
    "by_business_rules": "business-rules",
    "by_eventsourcing": "eventsourcing",
    "by_beancount": "beancount (the money alone)",
}
WITHOUT_HOST = ("by_eventsourcing", "by_beancount")
LEAST_FOR_MEMORY = 100_000
TOO_FEW = "not measured: so few events fit into a batch or two"
NO_PEERS = "not measured: --peers was not given"


def must_be_equal(digests: Mapping[str, str]) -> None:
    """Stop where sides that should have come to the same did not."""
    if len(set(digests.values())) != 1:
        raise SystemExit(f"these are not the same: {dict(digests)}")


def bulk(folder: Path, base: Path, events: int, few: int, runs: int) -> list[Line]:
    """Compare the import with its floor and with a plain script, and the replay with the import."""
    many = prepare(folder / "many", base, events=events)
    small = prepare(folder / "small", base, events=few)
    child("record", fresh(many, folder / "recorded"), many / LOG, many / ROWS)
    copies = {name: folder / name for name in ("import", "insert", "script", "import small")}
    turns = take_turns(
        {
            "import": lambda: child("import_log", fresh(many, copies["import"]), many / LOG),
            "insert": lambda: child("insert", fresh(many, copies["insert"]), many / ROWS),
            "script": lambda: child("script", fresh(many, copies["script"]), many / LOG),
            "verify": lambda: child("verify_log", copies["import"]),
            "import small": lambda: child(
                "import_log", fresh(small, copies["import small"]), small / LOG
            ),
            "verify small": lambda: child("verify_log", copies["import small"]),
        },
        runs,
    )
    must_be_equal(
        {name: child("digest", copies[name])["rows"] for name in ("import", "insert", "script")}
    )
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


def desk(folder: Path, base: Path, behind: int, times: int, runs: int) -> list[Line]:
    """Compare one event at the desk with a bare commit, and a long past with a short one."""
    child("desk", "--events", behind, "--prepare", folder / "desk", "--base", base)
    copy = folder / "desk copy"
    found = take_turns(
        {"desk": lambda: child("desk", "--run", fresh(folder / "desk", copy), "--times", times)},
        runs,
    )
    turns = found.found["desk"]
    middle = {name: found.median("desk", name) / 1000 for name in ("bare", "few", "many")}
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
    ]


def start(folder: Path, times: int, runs: int) -> Line:
    """Compare a process of `cmengine log` with what it cannot do without."""
    program = folder / "desk"
    found = take_turns(
        {"start": lambda: child("start", "--run", program, "--times", times)},
        runs,
    )
    turns = found.found["start"]
    return Line(
        '`cmengine log` : `python -c "import click, sqlite3"`',
        2.0,
        ratios=[turn["log"] / turn["floor"] for turn in turns],
        note=f"{found.median('start', 'log'):.0f} ms, {found.median('start', 'floor'):.0f} ms",
    )


def peers(folder: Path, base: Path, python: str | None, events: int, runs: int) -> list[Line]:
    """Compare every peer with the import of the same log."""
    if python is None:
        return [_peer(name, instead=NO_PEERS) for name in PEERS]
    log = prepare(folder / "peers", base, events=events)
    imported, copy = folder / "peers import", folder / "peers copy"
    digests: dict[str, str] = {}
    cannot: dict[str, str] = {}

    def run_import() -> Figures:
        found = child("import_log", fresh(log, imported), log / LOG, python=python)
        digests["import"] = digests.get("import") or child("digest", imported)["ledger"]
        return found

    def run_peer(name: str) -> Figures:
        if name == "by_beancount":
            return child(f"peers.{name}", imported, python=python)
        found = child(f"peers.{name}", fresh(log, copy), log / LOG, python=python)
        if name not in digests:
            digests[name] = found.get("ledger") or child("digest", copy)["ledger"]
        return found

    run_import()
    sides: dict[str, Side] = {"import": run_import}
    for name in PEERS:
        try:
            run_peer(name)
        except subprocess.CalledProcessError as error:
            cannot[name] = f"did not run: {error}"
        else:
            sides[name] = partial(run_peer, name)
    turns = take_turns(sides, runs)
    must_be_equal(digests)
    return [_peer(name, turns, events, cannot.get(name, "")) for name in PEERS]


def _peer(name: str, turns: Turns | None = None, events: int = 1, instead: str = "") -> Line:
    what = f"{PEERS[name]} : import"
    if turns is None or instead:
        return Line(what, None, 1.0, instead=instead)
    each, ours = (turns.median(side) / events * 1e6 for side in (name, "import"))
    host = "" if name in WITHOUT_HOST else "with its host "
    note = f"{host}{each:.1f} µs an event, import {ours:.1f}"
    return Line(what, None, 1.0, turns.ratios(name, "import"), note=note)


@click.command()
@click.option(
    "--quick", is_flag=True, help="A fiftieth of everything, three turns: to see that it runs."
)
@click.option("--peers", "python", help="The Python of an environment with the peers.")
@click.option("--runs", default=5, show_default=True, help="Turns.")
@click.option("--long-runs", default=5, show_default=True, help="Turns of the long log.")
@click.option("--events", default=1_000_000, show_default=True, help="Events of the long log.")
@click.option("--times", default=100, show_default=True, help="Events at the desk, a turn.")
@click.option("--base", "begin_from", type=click.Path(path_type=Path), hidden=True)
@click.option("--write", is_flag=True, help="Write the table into docs/performance.md.")
def main(
    quick: bool,
    python: str | None,
    runs: int,
    long_runs: int,
    events: int,
    times: int,
    begin_from: Path | None,
    write: bool,
) -> None:
    """Measure everything, and print the table."""
    if quick:
        runs, long_runs, events, times = 3, 3, 20_000, 40
    few, behind = max(events // 10, 1), max(events // 100, 20)
    with tempfile.TemporaryDirectory(prefix="cmengine-bench-") as name:
        folder = Path(name)
        base = begin_from or prepare(folder / "base")
        lines = [
            *desk(folder, base, behind, times, runs),
            start(folder, max(times // 5, 1), runs),
            *bulk(folder, base, events, few, long_runs),
            *peers(folder, base, python, few, runs),
        ]
    said = table(lines)
    told = f"Measured with {machine()}: `python benchmarks/all.py`, medians of the turns."
    print(f"{said}\n\n{told}")
    if write:
        write_between(PAGE, "ratios", f"{told}\n\n{said}")


if __name__ == "__main__":
    main()
