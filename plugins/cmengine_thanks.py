"""Things from the cupboard, and kind words."""

from collections.abc import Iterable
from random import Random
from typing import ClassVar

from attrs import frozen

from cmengine import Award, Occurrence, Reward, hookimpl


@frozen(kw_only=True)
class Item:
    """A thing from stock, such as a bus pass or a hygiene kit, every time."""

    kind: ClassVar[str] = "item"

    item: str

    def awards(self, occurrence: Occurrence, dice: Random) -> Iterable[Award]:
        yield Award(label=self.item, item=self.item)


@frozen(kw_only=True)
class Praise:
    """Words, worth nothing in money, always given; of several, each in its turn."""

    kind: ClassVar[str] = "praise"

    says: tuple[str, ...]

    def awards(self, occurrence: Occurrence, dice: Random) -> Iterable[Award]:
        yield Award(label=self.says[(occurrence.ordinal - 1) % len(self.says)])


@hookimpl
def register_rewards() -> list[type[Reward]]:
    return [Item, Praise]
