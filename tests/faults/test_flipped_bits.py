"""A bit that has turned over in the file of a ledger: it is found, or it changes nothing that anybody reads."""

import random
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from lab.oracles import digest, found_by_verify, opened
from lab.river import River

Place = Callable[[], Path]
Figure = Callable[..., None]
SEED, FLIPS = 20260105, 2000
HARMLESS, FOUND, MISSED, UNFORESEEN = "changes nothing", "found", "missed", "nobody foresaw it"


def read(file: Path) -> str | None:
    """Read all that a ledger says with SQLite alone; None where that cannot be done."""
    try:
        with opened(file) as db:
            return digest(db)
    except (sqlite3.Error, UnicodeError, OverflowError):
        return None


def after_flip(river: River, whole: bytes, bit: int, before: str) -> str:
    """Turn a bit over, and say what came of it; the file is put back."""
    file = river.file()
    changed = bytearray(whole)
    changed[bit // 8] ^= 1 << bit % 8
    file.write_bytes(changed)
    same = read(file) == before
    try:
        found = found_by_verify(river.folder)
    except Exception as error:
        return f"{UNFORESEEN}: {type(error).__name__}: {error}"
    for beside in river.folder.glob("program.db-*"):
        beside.unlink()
    return FOUND if found else HARMLESS if same else MISSED


def flips(river: River, number: int) -> list[tuple[int, str]]:
    """Turn over so many bits of the ledger, one at a time; give each and what came of it."""
    whole = river.file().read_bytes()
    before = read(river.file())
    assert before is not None
    bits = random.Random(SEED).sample(range(len(whole) * 8), number)
    return [(bit, after_flip(river, whole, bit, before)) for bit in bits]


def test_a_flipped_bit_is_found_or_changes_nothing(source: River, place: Place) -> None:
    came = [one for _, one in flips(source.copy(place()), 40)]
    assert FOUND in came
    assert HARMLESS in came


@pytest.mark.faults
def test_every_flipped_bit_is_found_or_changes_nothing(
    source: River, place: Place, record_property: Figure
) -> None:
    came = flips(source.copy(place()), FLIPS)
    missed = [(bit, one) for bit, one in came if one not in (FOUND, HARMLESS)]
    found = sum(one == FOUND for _, one in came)
    record_property("figure", "flipped bits")
    record_property("tried", len(came))
    record_property("wrong", len(missed))
    record_property("note", f"{found} found, {len(came) - found - len(missed)} that change nothing")
    with opened(source.file()) as db:
        (chained,) = db.execute(
            "select count(*) from sqlite_schema where name = 'journal'"
        ).fetchone()
    if chained:  # without the journal, nothing knows what text and times there were
        assert not missed
