"""MACHINE: starts another program."""

import subprocess
from collections.abc import Iterable
from random import Random
from typing import ClassVar

from attrs import frozen

from cmengine import Award, Occurrence, Reward, hookimpl


@frozen(kw_only=True)
class CallsOut:
    kind: ClassVar[str] = "calls_out"

    def awards(self, occurrence: Occurrence, dice: Random) -> Iterable[Award]:
        subprocess.run(["true"], check=False)
        yield Award(label="one", cents=100)


@hookimpl
def register_rewards() -> list[type[Reward]]:
    return [CallsOut]
