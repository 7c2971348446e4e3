"""The benchmarks measure what they say: every way to load a log comes to the same rows. Nothing is timed."""

import csv
import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from shutil import copytree

import pytest

from cmengine.engine import log_event, make_event
from cmengine.loglines import read_moment
from cmengine.plugins import Registry
from cmengine.program import open_program
from cmengine.verify import verify

BENCHMARKS = Path(__file__).resolve().parent.parent / "benchmarks"
EVENTS, EACH = 200, 20
NOW = datetime(2026, 7, 1, 18, tzinfo=UTC)  # as in make_log.py


def run(module: str, *words: object) -> str:
    """Run a benchmark in a process of its own; give what it prints."""
    done = subprocess.run(
        [sys.executable, "-m", module, *map(str, words)],
        env={**os.environ, "PYTHONPATH": str(BENCHMARKS)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def digests(folder: Path) -> dict[str, str]:
    found: dict[str, str] = json.loads(run("digest", folder))
    return found


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A program with its rules published, and nobody in it."""
    folder = tmp_path_factory.mktemp("base") / "base"
    run("make_log", folder, "--only-base")
    return folder


def make(folder: Path, base: Path) -> Path:
    run("make_log", folder, "--events", EVENTS, "--each", EACH, "--base", base)
    return folder


@pytest.fixture(scope="module")
def prepared(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("benchmarks") / "program", base)


@pytest.fixture(scope="module")
def one_by_one(
    prepared: Path, registry: Registry, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, str]:
    """What the ledger comes to where each line is logged alone, as at the desk."""
    folder = copytree(prepared, tmp_path_factory.mktemp("desk") / "copy")
    program = open_program(folder, by="desk", clock=lambda: NOW, registry=registry)
    with (folder / "events.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            event, wrong = make_event(
                program,
                client=row["client"],
                kind=row["kind"],
                value=row["value"] or None,
                at=read_moment(row["at"], program, None),
                id=row["id"],
            )
            assert event is not None, wrong
            log_event(program, event)
    program.close()
    return digests(folder)


def test_the_log_is_always_the_same(base: Path, prepared: Path, tmp_path: Path) -> None:
    log = (make(tmp_path / "again", base) / "events.csv").read_text()
    assert log == (prepared / "events.csv").read_text()
    assert log.count("\n") == EVENTS + 1


@pytest.mark.parametrize("module", ["import_log", "script", "peers.by_hand"])
def test_a_log_comes_to_the_same_rows_however_it_is_loaded(
    module: str, prepared: Path, one_by_one: dict[str, str], tmp_path: Path
) -> None:
    copy = copytree(prepared, tmp_path / "copy")
    run(module, copy, copy / "events.csv")
    assert digests(copy) == one_by_one


def test_the_rows_that_are_inserted_are_those_of_the_import(
    prepared: Path, one_by_one: dict[str, str], tmp_path: Path
) -> None:
    recorded = copytree(prepared, tmp_path / "recorded")
    inserted = copytree(prepared, tmp_path / "inserted")
    run("record", recorded, recorded / "events.csv", tmp_path / "rows", 500)
    run("insert", inserted, tmp_path / "rows")
    assert digests(recorded) == digests(inserted) == one_by_one


def test_every_limit_is_in_the_table(base: Path) -> None:
    printed = run(
        "all", "--base", base, "--events", EVENTS, "--runs", 1, "--long-runs", 1, "--times", 2
    )
    rows = [line.split("|")[1].strip() for line in printed.splitlines() if line.startswith("|")]
    assert len(rows) == 3 * 2 + 15
    assert printed.count("not measured: --peers was not given") == 6


def test_growth_is_measured_at_every_size(base: Path) -> None:
    printed = run("growth", "--base", base, "--runs", 1, "--smaller", 1000, "--times", 2)
    assert printed.count("most : least") == 2
    assert "| 10,000 " in printed


def test_a_report_is_measured_over_vouchers_that_hold(base: Path, tmp_path: Path) -> None:
    folder = make(tmp_path / "program", base)
    run("import_log", folder, folder / "events.csv")
    told = [json.loads(line) for line in run("report_log", folder).splitlines()]
    assert [one["what"] for one in told] == ["report", "public"]
    program = open_program(folder, by="desk")
    waiting, earned = program.ledger.rows(
        "select sum(waiting_cents), sum(earned_cents) from balances"
    )[0]
    assert 0 < waiting < earned
    verdict = verify(program)
    program.close()
    assert verdict.ok, verdict.problems
