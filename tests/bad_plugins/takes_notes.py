"""MACHINE: writes to a log."""

import logging
from collections.abc import Iterable
from random import Random
from typing import ClassVar

from attrs import frozen

from cmengine import Award, Occurrence, Reward, hookimpl


@frozen(kw_only=True)
class TakesNotes:
    kind: ClassVar[str] = "takes_notes"

    def awards(self, occurrence: Occurrence, dice: Random) -> Iterable[Award]:
        logging.getLogger(__name__).warning("asked about %s", occurrence)
        yield Award(label="one", cents=100)


@hookimpl
def register_rewards() -> list[type[Reward]]:
    return [TakesNotes]
