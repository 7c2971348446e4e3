"""ANSWERS: says False where it could not send."""

from typing import Any, ClassVar

from attrs import frozen

from cmengine import Message, Notifier, hookimpl


@frozen(kw_only=True)
class SentOrNot:
    kind: ClassVar[str] = "sent_or_not"

    def send(self, message: Message) -> Any:
        return False


@hookimpl
def register_notifiers() -> list[type[Notifier]]:
    return [SentOrNot]
