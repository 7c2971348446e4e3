"""Chance that can be replayed: dice from the program's draw secret and what is being drawn for.

A draw depends on nothing else: not on dates, on the order of logging, on stock or on other draws.
"""

from collections.abc import Callable
from random import Random
from typing import Any, cast

from cmengine.evaluate import Dice
from cmengine.sha import sha256

Secret = bytes | Callable[[], bytes]
"""A draw secret, or how to get at it once dice are thrown."""


def dice_from(secret: Secret) -> Dice:
    """Make the dice of a program from its draw secret.

    The seed is the HMAC-SHA256 of the event's id, the rule's id and the number of the reward.
    """

    def dice(event: str, rule: str, reward: int) -> Random:
        return cast(Random, Unthrown(secret, event, rule, reward))

    return dice


class Unthrown:
    """Dice that are made when they are first thrown: most rewards never do, and making them is work."""

    __slots__ = ("_dice", "_drawn_for", "_secret")

    def __init__(self, secret: Secret, *drawn_for: str | int) -> None:
        self._secret, self._drawn_for = secret, drawn_for

    @property  # type: ignore[misc]
    def __class__(self) -> type[Any]:
        return Random

    def __getattr__(self, name: str) -> Any:
        if name == "_dice":
            import hmac  # late: most rewards leave the dice alone

            drawn_for = "\n".join(map(str, self._drawn_for)).encode()
            secret = self._secret if isinstance(self._secret, bytes) else self._secret()
            self._dice = Random(hmac.digest(secret, drawn_for, "sha256"))
            return self._dice
        return getattr(self._dice, name)


def commitment(secret: bytes) -> str:
    """Give the hash of the secret that is written down before the first draw."""
    digest: str = sha256(b"cmengine draw secret\n" + secret).hexdigest()
    return digest
