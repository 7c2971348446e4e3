"""Search with Hypothesis, where it is installed (the extra `laws`): it shrinks what it finds by itself."""

from collections.abc import Callable, Sequence
from random import Random

from cmengine.histories import DAYS, History, Thing, Told

Holds = Callable[[History, int], str]
"""Try a law on a history with some luck; give the story, or nothing."""


def is_installed() -> bool:
    """Say whether Hypothesis is there."""
    from importlib.util import find_spec

    return find_spec("hypothesis") is not None


def find_story(
    tell: Holds, can_happen: Sequence[Thing], examples: int, seed: int
) -> tuple[History, int, str] | None:
    """Look through `examples` histories for one that tells a story; give the smallest, its luck, the story.

    Pure but for its tool: the same seed gives the same search.
    """
    from hypothesis import HealthCheck, Phase, find, settings
    from hypothesis import strategies as st
    from hypothesis.errors import NoSuchExample

    happened = st.tuples(st.sampled_from(DAYS), st.sampled_from(list(can_happen)))
    drawn = st.tuples(st.lists(happened, max_size=9), st.integers(0, 2**32 - 1))

    def history(told: Sequence[tuple[int, Thing]]) -> History:
        return tuple(Told(f"e{n}", day, thing) for n, (day, thing) in enumerate(told))

    try:
        told, luck = find(
            drawn,
            lambda one: bool(tell(history(one[0]), one[1])),
            settings=settings(
                max_examples=examples,
                database=None,
                deadline=None,
                phases=(Phase.generate, Phase.shrink),
                suppress_health_check=list(HealthCheck),
            ),
            random=Random(seed),
        )
    except NoSuchExample:
        return None
    found = history(told)
    return found, luck, tell(found, luck)
