"""A notifier: a way to send words to a client."""

from hashlib import sha256
from pathlib import Path
from typing import ClassVar

from attrs import frozen

from cmengine import Message, Notifier, hookimpl


@frozen(kw_only=True)
class NewNotifier:
    """Writes each message to a file of its own in the folder `where`."""

    kind: ClassVar[str] = "new_notifier"

    where: Path = Path("messages")

    def send(self, message: Message) -> None:
        # The id is the same however often a message is sent, so twice sent is still one file.
        self.where.mkdir(mode=0o700, exist_ok=True)
        name = sha256(message.id.encode()).hexdigest()[:16]
        (self.where / f"{name}.txt").write_text(
            f"{message.client}\n{message.text}\n", encoding="utf-8"
        )


@hookimpl
def register_notifiers() -> list[type[Notifier]]:
    return [NewNotifier]
