"""Chance that can be replayed: dice from the program's draw secret and what is being drawn for.

A draw depends on nothing else: not on dates, on the order of logging, on stock or on other draws.
"""

import hashlib
import hmac
from random import Random
from typing import Any, cast

from cmengine.evaluate import Dice


def dice_from(secret: bytes) -> Dice:
    """Make the dice of a program from its draw secret.

    The seed is the HMAC-SHA256 of the event's id, the rule's id and the number of the reward.
    """

    def dice(event: str, rule: str, reward: int) -> Random:
        return cast(Random, _Unthrown(secret, event, rule, reward))

    return dice


class _Unthrown:
    """Dice that are made when they are first thrown: most rewards never do, and making them is work."""

    __slots__ = ("_dice", "_drawn_for", "_secret")

    def __init__(self, secret: bytes, *drawn_for: str | int) -> None:
        self._secret, self._drawn_for = secret, drawn_for

    @property  # type: ignore[misc]
    def __class__(self) -> type[Any]:
        return Random

    def __getattr__(self, name: str) -> Any:
        if name == "_dice":
            drawn_for = "\n".join(map(str, self._drawn_for)).encode()
            self._dice = Random(hmac.digest(self._secret, drawn_for, "sha256"))
            return self._dice
        return getattr(self._dice, name)


def commitment(secret: bytes) -> str:
    """Give the hash of the secret that is written down before the first draw."""
    return hashlib.sha256(b"cmengine draw secret\n" + secret).hexdigest()


class Drawn(Exception):
    """A reward reached for the dice while it was only asked what comes."""


class NoDice(Random):
    """Dice that refuse to be thrown: to find out whether chance has a say. `thrown` says that it had."""

    thrown = False

    def random(self) -> float:
        self.thrown = True
        raise Drawn

    def getrandbits(self, k: int, /) -> int:
        self.thrown = True
        raise Drawn
