"""MACHINE: starts a thread."""

import threading
from collections.abc import Iterable
from random import Random
from typing import ClassVar

from attrs import frozen

from cmengine import Award, Occurrence, Reward, hookimpl


@frozen(kw_only=True)
class InThreads:
    kind: ClassVar[str] = "in_threads"

    def awards(self, occurrence: Occurrence, dice: Random) -> Iterable[Award]:
        thread = threading.Thread(target=list)
        thread.start()
        thread.join()
        yield Award(label="one", cents=100)


@hookimpl
def register_rewards() -> list[type[Reward]]:
    return [InThreads]
