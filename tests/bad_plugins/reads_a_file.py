"""FILES: keeps its amounts in a file."""

from collections.abc import Iterable
from pathlib import Path
from random import Random
from typing import ClassVar

from attrs import frozen

from cmengine import Award, Occurrence, Reward, hookimpl


@frozen(kw_only=True)
class ReadsAFile:
    kind: ClassVar[str] = "reads_a_file"

    def awards(self, occurrence: Occurrence, dice: Random) -> Iterable[Award]:
        with Path(__file__).open() as file:
            yield Award(label="one", cents=len(file.readline()))


@hookimpl
def register_rewards() -> list[type[Reward]]:
    return [ReadsAFile]
