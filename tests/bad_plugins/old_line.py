"""RAISES: a line that knows only twenty-six letters."""

from pathlib import Path
from typing import ClassVar

from attrs import frozen

from cmengine import Message, Notifier, hookimpl


@frozen(kw_only=True)
class OldLine:
    kind: ClassVar[str] = "old_line"

    def send(self, message: Message) -> None:
        Path("line.txt").write_text(message.text, encoding="ascii")


@hookimpl
def register_notifiers() -> list[type[Notifier]]:
    return [OldLine]
