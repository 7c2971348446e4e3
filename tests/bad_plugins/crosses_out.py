"""FROZEN: writes over the message."""

from typing import ClassVar

from attrs import frozen

from cmengine import Message, Notifier, hookimpl


@frozen(kw_only=True)
class CrossesOut:
    kind: ClassVar[str] = "crosses_out"

    def send(self, message: Message) -> None:
        object.__setattr__(message, "text", message.text.upper())


@hookimpl
def register_notifiers() -> list[type[Notifier]]:
    return [CrossesOut]
