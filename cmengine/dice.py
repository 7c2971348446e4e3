"""Chance that can be replayed: dice from the program's draw secret and what is being drawn for.

A draw depends on nothing else: not on dates, on the order of logging, on stock or on other draws.
"""

import hashlib
import hmac
from random import Random

from cmengine.evaluate import Dice


def dice_from(secret: bytes) -> Dice:
    """Make the dice of a program from its draw secret.

    The seed is the HMAC-SHA256 of the event's id, the rule's id and the number of the reward.
    """

    def dice(event: str, rule: str, reward: int) -> Random:
        drawn_for = f"{event}\n{rule}\n{reward}".encode()
        return Random(hmac.digest(secret, drawn_for, "sha256"))

    return dice


def commitment(secret: bytes) -> str:
    """Give the hash of the secret that is written down before the first draw."""
    return hashlib.sha256(b"cmengine draw secret\n" + secret).hexdigest()
