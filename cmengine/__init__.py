"""Rewards for any positive change. Every name that a plugin may import is here, and nothing else."""

from cmengine.errors import did_you_mean
from cmengine.hookspecs import hookimpl
from cmengine.ladder import Phase, climb, phase_at, phase_worth
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
