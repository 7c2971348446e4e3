"""Ways to put a message in front of somebody on this machine: a file, or the screen."""

from pathlib import Path
from typing import ClassVar

import click
from attrs import frozen

from cmengine import Message, Notifier, hookimpl


@frozen(kw_only=True)
class Outbox:
    """Appends each message to the file `where`, a line a message: id, client and text."""

    kind: ClassVar[str] = "outbox"

    where: Path = Path("outbox.txt")

    def send(self, message: Message) -> None:
        new = not self.where.exists()
        with self.where.open("a", encoding="utf-8") as file:
            if new:
                self.where.chmod(0o600)
            file.write(f"{message.id}\t{message.client}\t{message.text}\n")


@frozen(kw_only=True)
class Console:
    """Shows each message on the screen."""

    kind: ClassVar[str] = "console"

    def send(self, message: Message) -> None:
        click.echo(f"{message.client}: {message.text}", err=True)


@hookimpl
def register_notifiers() -> list[type[Notifier]]:
    return [Outbox, Console]
