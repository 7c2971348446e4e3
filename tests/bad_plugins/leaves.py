"""STAYS: SystemExit."""

import sys
from collections.abc import Iterable
from random import Random
from typing import ClassVar

from attrs import frozen

from cmengine import Award, Occurrence, Reward, hookimpl


@frozen(kw_only=True)
class Leaves:
    kind: ClassVar[str] = "leaves"

    def awards(self, occurrence: Occurrence, dice: Random) -> Iterable[Award]:
        sys.exit(3)


@hookimpl
def register_rewards() -> list[type[Reward]]:
    return [Leaves]
