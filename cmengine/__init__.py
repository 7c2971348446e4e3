"""Rewards for any positive change. Every name that a plugin may import is here, and nothing else."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cmengine.dice import draw
    from cmengine.errors import did_you_mean
    from cmengine.ladder import climb
    from cmengine.marker import hookimpl
    from cmengine.model import (
        Arithmetic,
        Award,
        Earned,
        Event,
        Finishes,
        Goal,
        Hints,
        Message,
        Met,
        Notifier,
        Occurrence,
        Odds,
        Promise,
        Reward,
        Samples,
    )
    from cmengine.money import cents, dollars
    from cmengine.phases import Phase, phase_at, phase_worth

__all__ = [
    "Arithmetic",
    "Award",
    "Earned",
    "Event",
    "Finishes",
    "Goal",
    "Hints",
    "Message",
    "Met",
    "Notifier",
    "Occurrence",
    "Odds",
    "Phase",
    "Promise",
    "Reward",
    "Samples",
    "cents",
    "climb",
    "did_you_mean",
    "dollars",
    "draw",
    "hookimpl",
    "phase_at",
    "phase_worth",
]

# Where each name that is not a value of the model lives: a name is imported when it is asked for, so
# that a command at the desk need not wait for those it does not use.
_HOMES = {
    "Phase": "phases",
    "cents": "money",
    "climb": "ladder",
    "did_you_mean": "errors",
    "dollars": "money",
    "draw": "dice",
    "hookimpl": "marker",
    "phase_at": "phases",
    "phase_worth": "phases",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'cmengine' has no attribute '{name}'")
    value = getattr(import_module(f"cmengine.{_HOMES.get(name, 'model')}"), name)
    globals()[name] = value
    return value
