"""Rewards for any positive change. Every name that a plugin may import is here, and nothing else."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cmengine.errors import did_you_mean
    from cmengine.ladder import Phase, climb, phase_at, phase_worth
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
    "hookimpl",
    "phase_at",
    "phase_worth",
]

# Where each name that is not a value of the model lives: a name is imported when it is asked for, so
# that a command at the desk need not wait for those it does not use.
_HOMES = {
    "Phase": "ladder",
    "cents": "money",
    "climb": "ladder",
    "did_you_mean": "errors",
    "dollars": "money",
    "hookimpl": "marker",
    "phase_at": "ladder",
    "phase_worth": "ladder",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'cmengine' has no attribute '{name}'")
    value = getattr(import_module(f"cmengine.{_HOMES.get(name, 'model')}"), name)
    globals()[name] = value
    return value
