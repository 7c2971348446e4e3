"""TIME: sleeps for ever."""

import time
from collections.abc import Iterable
from random import Random
from typing import ClassVar

from attrs import frozen

from cmengine import Award, Occurrence, Reward, hookimpl


@frozen(kw_only=True)
class Sleeps:
    kind: ClassVar[str] = "sleeps"

    def awards(self, occurrence: Occurrence, dice: Random) -> Iterable[Award]:
        time.sleep(3600)
        yield Award(label="one", cents=100)


@hookimpl
def register_rewards() -> list[type[Reward]]:
    return [Sleeps]
