"""TIME: the line is engaged for ever."""

import time
from typing import ClassVar

from attrs import frozen

from cmengine import Message, Notifier, hookimpl


@frozen(kw_only=True)
class Engaged:
    kind: ClassVar[str] = "engaged"

    def send(self, message: Message) -> None:
        time.sleep(3600)


@hookimpl
def register_notifiers() -> list[type[Notifier]]:
    return [Engaged]
