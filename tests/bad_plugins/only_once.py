"""AGAIN: cannot take the same message a second time."""

from pathlib import Path
from typing import ClassVar

from attrs import frozen

from cmengine import Message, Notifier, hookimpl


@frozen(kw_only=True)
class OnlyOnce:
    kind: ClassVar[str] = "only_once"

    def send(self, message: Message) -> None:
        with Path(message.id.replace("/", "-")).open("x") as file:
            file.write("sent")


@hookimpl
def register_notifiers() -> list[type[Notifier]]:
    return [OnlyOnce]
