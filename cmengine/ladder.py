"""Schedules as plain functions of a count. Pure, in whole cents.

A count is the number of times something happened, or a slot of a calendar; it starts at 1. Nothing
here can see a date, a gap or a setback, so nothing here can go back.
"""


def climb(count: int, start: int, step: int, every: int = 1, cap: int | None = None) -> int:
    """Give the worth of the `count`-th time on a ladder that climbs by `step` every `every` times."""
    worth = start + step * ((count - 1) // every)
    return worth if cap is None else min(worth, cap)
