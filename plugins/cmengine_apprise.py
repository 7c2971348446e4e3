"""E-mail, SMS, push and chat through the apprise library (the extra `notify`).

An address of apprise holds passwords and tokens, and apprise may write parts of it to its log. So what
it says is heard here and nowhere else, and of that only a few plain words of our own are passed on.
"""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from types import ModuleType
from typing import ClassVar

from attrs import frozen

from cmengine import Message, Notifier, hookimpl

SAME = "X-Message-ID"  # the same however often a message is sent, and it says nothing about anybody
_MAIL = ("mailto", "mailtos")  # mail without a subject is taken for spam
_LOGS = ("apprise", "urllib3", "requests")
_ANSWERED = re.compile(r"\berror=([1-5]\d\d)\b")
# What apprise or the network may have said, and the words that are passed on for it; the first that fits.
_WORDS = (
    (re.compile(r"Authentication|\b(401|403|530|534|535)\b"), "it did not accept who is sending"),
    (re.compile(r"timed out|timeout", re.IGNORECASE), "it did not answer in time"),
    (re.compile(r"refused", re.IGNORECASE), "nothing answers there"),
    (
        re.compile(r"resolve|name or service|getaddrinfo", re.IGNORECASE),
        "there is no such machine, or no network",
    ),
    (re.compile(r"certificate|\bssl\b", re.IGNORECASE), "its certificate was not accepted"),
    (
        re.compile(r"reset|aborted|closed|disconnected|broken pipe|incomplete", re.IGNORECASE),
        "it closed the line midway",
    ),
)


class NotSent(Exception):
    """A message did not go. The words name no secret: no address, no password, no token."""


@frozen(kw_only=True)
class Apprise:
    """Sends through the addresses in the file `where`: on each line a client's code and an address of
    apprise, as in ``c001 = mailto://...``.

    Of several lines for one client, the first that takes the message is enough. A client without a
    line cannot be written to. The file holds secrets: keep it readable by its owner alone.
    """

    kind: ClassVar[str] = "apprise"

    where: Path = Path("apprise.txt")

    def send(self, message: Message) -> None:
        reasons = []
        for number, address in self._addresses(message.client):
            with _listening() as heard:
                reason = _deliver(_apprise(), address, message, heard)
            if not reason:
                return
            reasons.append(f"line {number}: {reason}")
        raise NotSent(
            f"{self.where.name}: {'; '.join(reasons) or f'no line is for {message.client}'}"
        )

    def _addresses(self, client: str) -> list[tuple[int, str]]:
        """Read the lines that are for a client: (number of the line, address)."""
        try:
            lines = self.where.read_text(encoding="utf-8").splitlines()
        except (OSError, ValueError):
            raise NotSent(f"{self.where.name}: it is not there, or cannot be read") from None
        found = []
        for number, line in enumerate(lines, start=1):
            codes, _, address = line.partition("=")
            if not line.startswith("#") and client in re.split(r"[\s,]+", codes):
                found.append((number, address.strip()))
        return found


def _apprise() -> ModuleType:
    try:
        import apprise
    except ImportError:
        raise NotSent(
            "apprise is not installed; install it with: pip install 'cmengine[notify]'"
        ) from None
    return apprise


@contextmanager
def _listening() -> Iterator[list[str]]:
    """Hear all that apprise says while it sends, and let none of it go anywhere else."""
    heard: list[str] = []

    class Ear(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            heard.append(record.getMessage())

    ear = Ear(logging.DEBUG)
    loggers = [logging.getLogger(name) for name in _LOGS]
    before = [(one.handlers, one.propagate, one.level) for one in loggers]
    for one in loggers:
        one.handlers, one.propagate = [ear], False
        one.setLevel(logging.DEBUG)
    try:
        yield heard
    finally:
        for one, (handlers, propagate, level) in zip(loggers, before, strict=True):
            one.handlers, one.propagate = handlers, propagate
            one.setLevel(level)


def _deliver(apprise: ModuleType, address: str, message: Message, heard: list[str]) -> str:
    """Send to one address; say in plain words why it did not go, or nothing where it went."""
    asset = apprise.AppriseAsset(app_id="", app_desc="", storage_mode="memory")
    way = address.partition("://")[0]
    try:
        service = apprise.Apprise.instantiate(address, asset=asset)
        if service is None:
            return "apprise cannot read this address"
        if isinstance(getattr(service, "headers", None), dict):
            service.headers[SAME] = sha256(message.id.encode()).hexdigest()[:32]
        sender = apprise.Apprise(asset=asset)
        sender.add(service)
        title = "Hello" if way in _MAIL else ""
        if sender.notify(body=message.text, title=title, body_format=apprise.NotifyFormat.TEXT):
            return ""
    except Exception as error:
        heard.append(f"{type(error).__name__}: {error}")
    return f"{way}: {_in_words(heard)}"


def _in_words(heard: list[str]) -> str:
    said = "\n".join(
        line for line in heard if re.search("error|exception|fail", line, re.IGNORECASE)
    )
    answered = _ANSWERED.search(said)
    if answered and answered[1] not in ("401", "403"):
        return f"it answered {answered[1]}"
    return next((words for pattern, words in _WORDS if pattern.search(said)), "it did not take it")


@hookimpl
def register_notifiers() -> list[type[Notifier]]:
    return [Apprise]
