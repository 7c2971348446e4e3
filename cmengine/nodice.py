"""Dice that refuse to be thrown. Pure."""

from random import Random


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
