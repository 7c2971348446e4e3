"""Ask as if a client had been here for years: how long does a call take, and how much is remembered?"""

from random import Random
from statistics import median
from time import perf_counter
from typing import Any

from cmengine.asker import Asker, alarm
from cmengine.memory import to_text
from cmengine.ordinals import nth
from cmengine.stories import MANY, long_history, time_of

BUDGET = 20.0  # seconds for a very long history


def grow_goal(asker: Asker, goal: Any) -> None:
    """Play a very long history, and look at how long a call takes and how much is remembered."""
    memory, listens, sizes, took = goal.start(), frozenset(goal.listens()), {}, []
    began = perf_counter()
    for n, told in enumerate(long_history(goal), 1):
        if told.thing.kind not in listens:
            continue
        if n % 100 == 1:
            asker.say(at=f"{n:,} events on the record of one client")
            alarm(asker.seconds)
        event = told.event()
        started = perf_counter()
        memory, _ = goal.step(memory, event)
        took.append(perf_counter() - started)
        if n in (100, MANY // 10, MANY):
            sizes[n] = len(to_text(memory))
        if n % 100 == 0 and perf_counter() - began > BUDGET:
            break
    alarm(0)
    asker.at = f"{len(took):,} events on the record of one client"
    if perf_counter() - began > BUDGET:
        asker.find("growth", f"it took more than {BUDGET:.0f} seconds for them")
    if sizes.get(MANY, 0) > max(2_000, 3 * sizes[MANY // 10]):
        asker.find(
            "growth",
            f"it remembers {sizes[MANY]:,} letters; after {MANY // 10:,} events it was"
            f" {sizes[MANY // 10]:,}",
        )
    asker.find("growth", _slower(median(took[50:150]), median(took[-100:])))
    asker.say(seconds=median(took))


def grow_reward(asker: Asker, reward: Any) -> None:
    """Ask a reward early and late, and look at how long it takes for each award."""

    def timed(ordinal: int) -> float:
        occurrence = time_of(ordinal, ordinal).occurrence
        took = []
        for _ in range(25):
            dice = Random(1)
            started = perf_counter()
            awards = list(reward.awards(occurrence, dice))
            took.append((perf_counter() - started) / max(1, len(awards)))
        return median(took)

    asker.at = f"{nth(MANY)} time"
    asker.say(at=asker.at)
    alarm(50 * asker.seconds)
    early, late = timed(10), timed(MANY)
    alarm(0)
    asker.find("growth", _slower(early, late))
    asker.say(seconds=late)


def _slower(early: float, late: float) -> str:
    """Say that a call takes far longer late than it did early."""
    if late > 6 * early and late - early > 0.00005:
        return f"it takes {late / early:.0f} times as long to answer as at the beginning"
    return ""
