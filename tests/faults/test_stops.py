"""Killed at any write, sync, unlink, rename or truncate: what was acknowledged is there, and the rest is all
there or not at all; the next command works with no word to anybody.
"""

from collections.abc import Callable
from pathlib import Path

import pytest
from lab.commands import WRITES, Writes
from lab.doing import doing, expected, left_wrong
from lab.river import Mode, River

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
    one: Writes, mode: Mode, source: River, place: Place, record_property: Figure
) -> None:
    points, wrong = killed_at(one, source, place, mode, every=1)
    record_property("figure", f"stops in {'-'.join(mode)}")
    record_property("tried", points)
    record_property("wrong", len(wrong))
    assert not wrong
    assert points >= 10
