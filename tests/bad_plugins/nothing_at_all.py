"""ANSWERS: None instead of awards."""

from random import Random
from typing import Any, ClassVar

from attrs import frozen

from cmengine import Occurrence, Reward, hookimpl


@frozen(kw_only=True)
class NothingAtAll:
    kind: ClassVar[str] = "nothing_at_all"

    def awards(self, occurrence: Occurrence, dice: Random) -> Any:
        return None


@hookimpl
def register_rewards() -> list[type[Reward]]:
    return [NothingAtAll]
