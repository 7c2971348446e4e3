"""MACHINE: what the environment says."""

import os
from collections.abc import Iterable
from random import Random
from typing import ClassVar

from attrs import frozen

from cmengine import Award, Occurrence, Reward, hookimpl


@frozen(kw_only=True)
class AsksAround:
    kind: ClassVar[str] = "asks_around"

    def awards(self, occurrence: Occurrence, dice: Random) -> Iterable[Award]:
        yield Award(label=os.environ.get("LANG", "one"))


@hookimpl
def register_rewards() -> list[type[Reward]]:
    return [AsksAround]
