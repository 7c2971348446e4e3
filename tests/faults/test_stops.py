"""Killed at any write, sync, unlink, rename or truncate: what was acknowledged is there, and the rest is all
there or not at all; the next command works with no word to anybody.
"""

from collections.abc import Callable
from pathlib import Path

import pytest
from lab.commands import REPLACE, WRITES, Writes
from lab.doing import Doing, doing, expected, left_wrong
from lab.oracles import Content, content, found_by_verify
from lab.river import Mode, River, do

Place = Callable[[], Path]
Figure = Callable[..., None]
MODES: list[Mode] = [("delete", "extra"), ("wal", "full")]
FEW = [one for one in WRITES if one.id in ("init", "log", "import --skip-bad", "voucher issue")]

pytestmark = pytest.mark.usefixtures("tracer")
each = pytest.mark.parametrize("one", WRITES, ids=lambda one: one.id)


def killed_at(
    one: Writes, source: River, place: Place, mode: Mode | None, every: int
) -> tuple[int, list[str]]:
    """Kill a command at every so many of its places; give how often it was, and what was wrong."""
    known = expected(one, source, place(), mode)
    points, wrong = 0, []
    for call, n, file in known.places[::-every][::-1]:
        done = doing(one, source, place(), mode)
        ended = done.wrong(call, str(n), "signal=SIGKILL")
        points += ended.killed
        at = f"{one.id}: {call} {n} ({Path(file).name})"
        wrong += [f"{at}: {text}" for text in left_wrong(done, ended, known)]
    return points, wrong


@pytest.mark.parametrize("one", FEW, ids=lambda one: one.id)
def test_a_stop_leaves_all_or_nothing(one: Writes, source: River, place: Place) -> None:
    points, wrong = killed_at(one, source, place, None, every=13)
    assert not wrong
    assert points


@pytest.mark.faults
@pytest.mark.parametrize("mode", MODES, ids="-".join)
@each
def test_a_stop_anywhere_leaves_all_or_nothing(
    one: Writes, mode: Mode, source: River, place: Place, every: int, record_property: Figure
) -> None:
    points, wrong = killed_at(one, source, place, mode, every)
    record_property("figure", f"stops in {'-'.join(mode)}")
    record_property("tried", points)
    record_property("wrong", len(wrong))
    assert not wrong
    assert points >= 10 // every


def wrong_after_replacing(done: Doing, before: Content, after: Content) -> list[str]:
    """Say what is wrong after a stop while a program was put in the place of another: one of them is there, or
    the one that was there is kept beside it; and the same command, done again, comes to its end.
    """
    there = done.folder.exists()
    kept = list(done.folder.parent.glob("river.before-*"))
    found = [content(one / "program.db") for one in ([done.folder] if there else []) + kept]
    wrong = []
    if not any(not one.without(before) and not before.without(one) for one in found):
        wrong.append("the program that was there is gone")
    if there and content(done.file).counts not in (before.counts, after.counts):
        wrong.append("it is neither the one nor the other")
    wrong += found_by_verify(done.folder) if there else []
    again = do(None, *done.river.words(REPLACE.words))
    if again.exit_code or content(done.file).counts != after.counts:
        wrong.append(f"done again: {again.output}")
    left = done.folder.parent.glob("*unfinished*")
    return wrong + found_by_verify(done.folder) + [f"left over: {one.name}" for one in left]


def replaced(source: River, place: Place, every: int) -> tuple[int, list[str]]:
    """Kill a restore that replaces a program at every so many of its places."""
    known = expected(REPLACE, source, place())
    points, wrong = 0, []
    for call, n, file in known.places[::-every][::-1]:
        done = doing(REPLACE, source, place())
        points += done.wrong(call, str(n), "signal=SIGKILL").killed
        at = f"{call} {n} ({Path(file).name})"
        wrong += [
            f"{at}: {text}" for text in wrong_after_replacing(done, known.before, known.after)
        ]
    return points, wrong


def test_a_stop_while_a_program_is_replaced_leaves_one_or_the_other(
    source: River, place: Place
) -> None:
    points, wrong = replaced(source, place, every=7)
    assert not wrong
    assert points


@pytest.mark.faults
def test_a_stop_anywhere_while_a_program_is_replaced(
    source: River, place: Place, record_property: Figure
) -> None:
    points, wrong = replaced(source, place, every=1)
    record_property("figure", "stops while a program is replaced")
    record_property("tried", points)
    record_property("wrong", len(wrong))
    assert not wrong
    assert points >= 10
