"""ANSWERS: a list of text."""

from random import Random
from typing import Any, ClassVar

from attrs import frozen

from cmengine import Occurrence, Reward, hookimpl


@frozen(kw_only=True)
class Texts:
    kind: ClassVar[str] = "texts"

    def awards(self, occurrence: Occurrence, dice: Random) -> Any:
        return ["2.50"]


@hookimpl
def register_rewards() -> list[type[Reward]]:
    return [Texts]
