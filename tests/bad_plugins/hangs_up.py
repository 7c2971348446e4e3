"""STAYS: leaves the program when it has sent."""

import sys
from typing import ClassVar

from attrs import frozen

from cmengine import Message, Notifier, hookimpl


@frozen(kw_only=True)
class HangsUp:
    kind: ClassVar[str] = "hangs_up"

    def send(self, message: Message) -> None:
        sys.exit()


@hookimpl
def register_notifiers() -> list[type[Notifier]]:
    return [HangsUp]
