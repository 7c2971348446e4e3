"""Small groups are not shown: no count under 11, and none that could be worked out from the rest. Pure.

What is shown of a table, taken from its total, leaves what is hidden. So what is hidden of a table is never one
row alone, and never fewer than 11 people together; larger rows are hidden with the small ones until that is so.
"""

from collections.abc import Sequence

LEAST = 11
"""The smallest number of people that is shown."""
MARK = "hidden"
"""What is shown instead; it does not tell whether what is hidden is small."""


def shown_rows(people: Sequence[int], total: int, *, apart: bool) -> tuple[list[bool], bool]:
    """Say which rows of a table may be shown, and whether its total may.

    `people` is how many people stand behind each row, `total` behind all of them. With `apart`, nobody stands
    behind two rows; without it somebody may, and then the rows that are hidden may all be of the same few.
    """
    shown = [count >= LEAST for count in people]
    if all(shown):
        return shown, total >= LEAST
    while not _tells_of_nobody(people, shown, total, apart=apart):
        large = [count for count, yes in zip(people, shown, strict=True) if yes]
        if not large:
            return shown, False
        # All of the same size: which of them came first would tell something.
        shown = [yes and count > min(large) for count, yes in zip(people, shown, strict=True)]
    return shown, True


def _tells_of_nobody(
    people: Sequence[int], shown: Sequence[bool], total: int, *, apart: bool
) -> bool:
    """Say whether what is left when the shown rows are taken from the total tells of no small group."""
    hidden = [count for count, yes in zip(people, shown, strict=True) if not yes]
    of_hidden = sum(hidden) if apart else max(hidden)
    together = total if len(hidden) == len(people) else of_hidden
    # Who sees that the small rows add up to the most that they can knows each of them.
    full = apart and max(hidden) < LEAST and together == (LEAST - 1) * len(hidden)
    return len(hidden) > 1 and together >= LEAST and not full
