"""NETWORK: asks a server what it is worth."""

import socket
from collections.abc import Iterable
from contextlib import suppress
from random import Random
from typing import ClassVar

from attrs import frozen

from cmengine import Award, Occurrence, Reward, hookimpl


@frozen(kw_only=True)
class AsksTheWeb:
    kind: ClassVar[str] = "asks_the_web"

    def awards(self, occurrence: Occurrence, dice: Random) -> Iterable[Award]:
        with socket.socket() as line, suppress(OSError):
            line.connect(("127.0.0.1", 9))
        yield Award(label="one", cents=100)


@hookimpl
def register_rewards() -> list[type[Reward]]:
    return [AsksTheWeb]
