"""E-mail, SMS, push and chat through the apprise library (the extra `notify`)."""

from pathlib import Path
from typing import ClassVar

from attrs import frozen

from cmengine import Message, Notifier, hookimpl


@frozen(kw_only=True)
class Apprise:
    """Sends through the addresses in the file `where`, an apprise configuration with a line an address.

    A line that begins with a client's code, as in ``c001=mailto://...``, is used for that client; a
    client without a line cannot be written to. The file holds secrets: keep it readable by its owner
    alone.
    """

    kind: ClassVar[str] = "apprise"

    where: Path = Path("apprise.txt")

    def send(self, message: Message) -> None:
        try:
            import apprise
        except ImportError as error:
            raise RuntimeError(
                "apprise is not installed; install it with: pip install 'cmengine[notify]'"
            ) from error
        config = apprise.AppriseConfig()
        if not self.where.is_file() or not config.add(str(self.where)):
            raise RuntimeError(f"{self.where.name} is not there, or is no apprise configuration")
        sender = apprise.Apprise()
        sender.add(config)
        if not sender.notify(body=message.text, tag=message.client):
            raise RuntimeError(f"no address for {message.client} took the message")


@hookimpl
def register_notifiers() -> list[type[Notifier]]:
    return [Apprise]
