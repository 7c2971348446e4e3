"""A bit that has turned over in the file of a ledger: it is found, or it changes nothing that anybody reads."""

import random
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from lab.oracles import digest, found_by_verify, opened
from lab.river import River, do

Place = Callable[[], Path]
Figure = Callable[..., None]
SEED, FLIPS, PARTS = 20260105, 2000, 8
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


def flips(river: River, number: int, part: slice = slice(None)) -> list[tuple[int, str]]:
    """Turn over so many bits of the ledger, or a part of them, one at a time; give each and what came of it."""
    whole = river.file().read_bytes()
    before = read(river.file())
    assert before is not None
    bits = random.Random(SEED).sample(range(len(whole) * 8), number)
    return [(bit, after_flip(river, whole, bit, before)) for bit in bits[part]]


def test_a_flipped_bit_is_found_or_changes_nothing(source: River, place: Place) -> None:
    came = [one for _, one in flips(source.copy(place()), 40)]
    assert FOUND in came
    assert HARMLESS in came


@pytest.mark.faults
@pytest.mark.parametrize("part", range(PARTS))
def test_every_flipped_bit_is_found_or_changes_nothing(
    source: River, place: Place, record_property: Figure, part: int
) -> None:
    came = flips(source.copy(place()), FLIPS, slice(part, None, PARTS))
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


SHOWN = [
    ("client", "show", "c1"), ("client", "list"), ("goal", "list"), ("events", "--client", "c1"), ("awards",), ("voucher", "list"),
    ("outbox", "list"), ("fund", "list"), ("stock", "reconcile"), ("journal", "list"), ("report",), ("doctor",),
    ("log", "c1", "visit", "--on", "2026-03-29"), ("voucher", "issue", "c1", "--amount", "1.00"),
]  # fmt: skip


def test_what_cannot_be_read_is_said_in_words_by_every_command(source: River, place: Place) -> None:
    """Holes of 300 bytes in the file: each command does what it can, or says that it cannot."""
    river, dice = source.copy(place()), random.Random(SEED)
    whole, said = river.file().read_bytes(), 0
    for _ in range(4):
        holes = bytearray(whole)
        for _ in range(6):
            at = dice.randrange(100, len(whole) - 300)
            holes[at : at + 300] = dice.randbytes(300)
        for words in SHOWN:
            river.file().write_bytes(holes)
            for beside in river.folder.glob("program.db-*"):
                beside.unlink()
            done = do(river.folder, *words)  # raises what nobody foresaw
            assert done.exit_code in (0, 1), (words, done.output)
            said += "cannot be read as it should" in done.stderr or "damaged" in done.stderr
    assert said
