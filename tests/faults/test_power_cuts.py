"""Simulated power cuts: whatever of the unsynced writes the disk has kept, lost or torn, the ledger opens, is
whole, and has every transaction that was acknowledged.
"""

import hashlib
import random
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import attrs
import pytest
from attrs import Factory, define
from lab.commands import WRITES, Writes
from lab.doing import doing
from lab.oracles import digest, found_by_verify
from lab.powercut import Left, State, lay, states, stopped
from lab.recording import Recording, record
from lab.river import Mode, River, command, do, surroundings

from cmengine.database import connect

Place = Callable[[], Path]
Figure = Callable[..., None]
PRODUCT: list[Mode] = [("delete", "extra"), ("wal", "full")]
CONTROLS: list[Mode] = [("delete", "off"), ("delete", "full"), ("wal", "off"), ("wal", "normal")]
SAMPLES, FEW = 10, 4
INSIDE = [one for one in WRITES if not one.own_folder]
QUICK = next(one for one in WRITES if one.id == "log")
LONG = next(one for one in WRITES if one.id == "log --stdin")
NEW = [one for one in WRITES if one.own_folder]
RECOVERIES = 3

pytestmark = pytest.mark.usefixtures("tracer")
each = pytest.mark.parametrize("one", INSIDE, ids=lambda one: one.id)


def recorded(one: Writes, source: River, here: Path, mode: Mode | None) -> Recording:
    """Do a command in a copy of the program and record it."""
    done = doing(one, source, here, mode)
    if mode is not None:  # the file is in that mode before it begins
        connect(done.file).close() if mode == PRODUCT[0] else _set(done.file, mode)
    recording = record(here, done.words, done.env, to=Path(f"{here}.trace"), typed=done.typed)
    assert recording.ended.code == 0, recording.ended
    return recording


def _set(file: Path, mode: Mode) -> None:
    db = sqlite3.connect(file)
    db.execute(f"pragma journal_mode = {mode[0]}")
    db.close()


@define
class Judge:
    """Opens what is left of a ledger, and says whether it may be so. The same bytes are opened once."""

    folder: Path
    ledger: str
    allowed: list[str] = Factory(list)
    seen: dict[bytes, str] = Factory(dict)
    tried: int = 0

    def read(self, state: Left) -> str:
        """Open a ledger as the product does; give the digest of all it says, or what is wrong with it."""
        names = [self.ledger, f"{self.ledger}-journal", f"{self.ledger}-wal"]
        key = hashlib.sha256(repr([state.get(one) for one in names]).encode()).digest()
        if key not in self.seen:
            shutil.rmtree(self.folder, ignore_errors=True)
            self.folder.mkdir()
            lay(state, self.folder, names)
            self.seen[key] = self._open(self.folder / self.ledger)
        return self.seen[key]

    def _open(self, file: Path) -> str:
        try:
            db = connect(file)
        except sqlite3.DatabaseError as error:
            return f"it does not open: {error}"
        try:
            (found,) = db.execute("pragma integrity_check").fetchone()
            return digest(db) if found == "ok" else f"it is not whole: {found}"
        except sqlite3.DatabaseError as error:
            return f"it cannot be read: {error}"
        finally:
            db.close()

    def learn(self, recording: Recording, commits: int) -> None:
        """Take down what may be there: what a process that stops leaves, one content for each transaction."""
        for state in stopped(recording):
            found = self.read(state.left)
            if found not in self.allowed:
                self.allowed.append(found)
        assert len(self.allowed) == commits + 1, self.allowed

    def wrong(self, state: State, one: Writes) -> str:
        """Say what is wrong with a state; nothing where it may be so."""
        self.tried += 1
        found = self.read(state.left)
        if found not in self.allowed:
            return found if " " in found else "something half"
        there = self.allowed.index(found)
        owed = state.said if one.line_by_line else one.commits * bool(state.said)
        return f"{owed} were acknowledged, {there} are there" if there < owed else ""


def cut(
    one: Writes, source: River, here: Path, mode: Mode | None, samples: int
) -> tuple[Judge, list[str], list[State]]:
    """Record a command and cut the power everywhere; give what was wrong, and every state."""
    recording = recorded(one, source, here / "run", mode)
    judge = Judge(here / "judged", "river/program.db")
    judge.learn(recording, one.commits)
    wrong, seen = [], []
    for state in states(recording, samples, one.id):
        problem = judge.wrong(state, one)
        if problem:
            wrong.append(f"{one.id}, after {state.after} operations: {problem}")
        seen.append(state)
    return judge, wrong, seen


def report(record_property: Figure, figure: str, judge: Judge, wrong: list[str]) -> None:
    record_property("figure", figure)
    record_property("tried", judge.tried)
    record_property("wrong", len(wrong))


@pytest.mark.parametrize("mode", PRODUCT, ids="-".join)
def test_a_power_cut_loses_nothing_that_was_acknowledged(
    mode: Mode, source: River, place: Place
) -> None:
    judge, wrong, _ = cut(QUICK, source, place(), mode, FEW)
    assert not wrong
    assert judge.tried


def test_without_any_sync_a_power_cut_does_harm(source: River, place: Place) -> None:
    _, wrong, _ = cut(QUICK, source, place(), ("delete", "off"), FEW)
    assert any("whole" in one or "half" in one or "read" in one for one in wrong)


@pytest.mark.faults
@pytest.mark.parametrize("mode", CONTROLS, ids="-".join)
def test_with_other_settings_a_power_cut_does_harm(
    mode: Mode, source: River, place: Place, record_property: Figure
) -> None:
    judge, wrong, _ = cut(LONG, source, place(), mode, SAMPLES)
    report(record_property, f"control, power cuts in {'-'.join(mode)}", judge, wrong)
    assert wrong


@pytest.mark.faults
@pytest.mark.parametrize("mode", PRODUCT, ids="-".join)
@each
def test_a_power_cut_anywhere_loses_nothing(
    one: Writes, mode: Mode, source: River, place: Place, record_property: Figure
) -> None:
    judge, wrong, _ = cut(one, source, place(), mode, SAMPLES)
    report(record_property, f"power cuts in {'-'.join(mode)}", judge, wrong)
    assert not wrong


@pytest.mark.faults
@each
def test_a_power_cut_while_it_recovers_from_a_power_cut(
    one: Writes, source: River, place: Place, record_property: Figure
) -> None:
    here = place()
    judge, _, seen = cut(one, source, here, None, FEW)
    hot = [state for state in seen if state.left.get("river/program.db-journal")]
    wrong, tried = [], 0
    for number, state in enumerate(random.Random(one.id).sample(hot, min(RECOVERIES, len(hot)))):
        found, more = recover(one, state, judge, source, here / f"again-{number}")
        tried += more
        wrong += found
    record_property("figure", "power cuts during recovery")
    record_property("tried", tried)
    record_property("wrong", len(wrong))
    assert not wrong


def recover(
    one: Writes, state: State, judge: Judge, source: River, here: Path
) -> tuple[list[str], int]:
    """Let a process find a ledger that was cut off, and cut the power again while it mends that."""
    lay(state.left, here / "run")
    folder = here / "run" / "river"
    words = command(folder, "client", "list")
    recording = record(here / "run", words, surroundings(here), to=here / "trace")
    assert recording.ended.code == 0, recording.ended
    there = judge.read(state.left)
    wrong, tried = [], 0
    for again in states(recording, SAMPLES, f"{one.id} {state.after}"):
        tried += 1
        found = judge.read(again.left)
        if found != there:
            wrong.append(f"{one.id}, cut after {state.after} and {again.after}: {found}")
    return wrong, tried


def new_program(
    one: Writes, source: River, here: Path, samples: int, every: int
) -> tuple[list[str], int]:
    """Cut the power while a program is made; it is there as a whole, or can be made."""
    recording = recorded(one, source, here / "run", None)
    river = attrs.evolve(source, folder=here / "after" / "river", files=here / "after" / "files")
    folder = river.files / "new"
    wrong, tried = [], 0
    for state in list(states(recording, samples, one.id))[::every]:
        tried += 1
        shutil.rmtree(here / "after", ignore_errors=True)
        lay(state.left, here / "after")
        made = (folder / "program.toml").exists()
        if state.said and not made:
            wrong.append(f"{one.id}, after {state.after}: acknowledged, and not there")
        again = do(None, *river.words(one.words))
        if (again.exit_code != 0) != made:
            wrong.append(f"{one.id}, after {state.after}: {again.output}")
        wrong += [f"{one.id}, after {state.after}: {text}" for text in found_by_verify(folder)]
    return wrong, tried


makes = pytest.mark.parametrize("one", NEW, ids=lambda one: one.id)


@makes
def test_a_power_cut_while_a_program_is_made(one: Writes, source: River, place: Place) -> None:
    wrong, tried = new_program(one, source, place(), 3, 17)
    assert not wrong
    assert tried


@pytest.mark.faults
@makes
def test_a_power_cut_anywhere_while_a_program_is_made(
    one: Writes, source: River, place: Place, record_property: Figure
) -> None:
    wrong, tried = new_program(one, source, place(), SAMPLES, 1)
    record_property("figure", f"power cuts while a program is made by {one.id}")
    record_property("tried", tried)
    record_property("wrong", len(wrong))
    assert not wrong
