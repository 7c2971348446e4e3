"""A disk that is full, or fails, at any write or sync, once or from then on: words and no traceback, nothing
said that is not so, and all that was there before is there.
"""

from collections.abc import Callable
from pathlib import Path

import pytest
from lab.commands import WRITES, Writes
from lab.doing import Expected, doing, expected, left_wrong
from lab.river import River
from lab.strace import Ended

Place = Callable[[], Path]
Figure = Callable[..., None]
Fault = tuple[str, str, bool]
FULL = "ENOSPC"
FAULTS: list[Fault] = [
    ("pwrite64", FULL, False),
    ("pwrite64", FULL, True),
    ("pwrite64", "EIO", False),
    ("write", FULL, False),
    ("fdatasync", "EIO", False),
    ("fdatasync", "EIO", True),
    ("fsync", "EIO", False),
    ("fsync", "EIO", True),
    ("unlink", "EIO", False),
    ("rename", "EIO", False),
    ("mkdir", FULL, False),
]
QUICK = [("pwrite64", FULL, True), ("fdatasync", "EIO", False)]
FEW = [one for one in WRITES if one.id in ("log", "init")]

pytestmark = pytest.mark.usefixtures("tracer")


def named(fault: Fault) -> str:
    call, error, lasting = fault
    return f"{call}-{error}-{'lasting' if lasting else 'once'}"


def misspoken(ended: Ended, error: str, same: bool, place: Path) -> list[str]:
    """Say what is wrong with what a command told about a fault."""
    wrong = []
    said = ended.err.splitlines()
    if ended.code not in (0, 1) or (ended.code and not said):
        wrong.append(f"exit {ended.code}: {ended.err!r}")
    if ended.code and not all(line.startswith(("Error: ", "Code: ")) for line in said):
        wrong.append(f"not in words: {ended.err!r}")
    if "Traceback" in ended.err + ended.out or list((place / "scrap").glob("cmengine-error-*")):
        wrong.append(f"nobody foresaw it: {ended.err!r}")
    if "nothing was written" in ended.err and not same:
        wrong.append(f"it says that nothing was written, and something was: {ended.err!r}")
    if "disk is full" in ended.err and "bytes are left in" not in ended.err:
        wrong.append(f"it does not say where, and how much room there is: {ended.err!r}")
    return wrong


def faulty(
    one: Writes, fault: Fault, known: Expected, source: River, place: Place, every: int = 1
) -> tuple[int, list[str]]:
    """Let each of a command's calls go wrong in turn; give how often, and what was wrong then."""
    call, error, lasting = fault
    numbers = known.of(call)[::-every][::-1]
    wrong = []
    for n in numbers:
        here = place()
        done = doing(one, source, here)
        ended = done.wrong(call, f"{n}{'+' if lasting else ''}", f"error={error}")
        there = done.file.exists() and (done.folder / "program.toml").exists()
        same = not there or done.content().counts == known.before.counts or one.commits > 1
        told = misspoken(ended, error, same, here) + left_wrong(done, ended, known)
        wrong += [f"{one.id}: {named(fault)} {n}: {text}" for text in told]
    return len(numbers), wrong


@pytest.mark.parametrize("fault", QUICK, ids=named)
@pytest.mark.parametrize("one", FEW, ids=lambda one: one.id)
def test_a_bad_disk_is_told_of_in_words(
    one: Writes, fault: Fault, source: River, place: Place
) -> None:
    tried, wrong = faulty(one, fault, expected(one, source, place()), source, place, every=9)
    assert not wrong
    assert tried


@pytest.mark.faults
@pytest.mark.parametrize("one", WRITES, ids=lambda one: one.id)
def test_a_bad_disk_anywhere_loses_nothing(
    one: Writes, source: River, place: Place, every: int, record_property: Figure
) -> None:
    known = expected(one, source, place())
    tried, wrong = 0, []
    for fault in FAULTS:
        points, found = faulty(one, fault, known, source, place, every)
        tried += points
        wrong += found
    record_property("figure", "bad disk")
    record_property("tried", tried)
    record_property("wrong", len(wrong))
    assert not wrong
    assert tried
