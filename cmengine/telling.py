"""What a message says: facts become words when it is sent or shown, and not before. Pure."""

from collections.abc import Mapping

# Neutral on purpose: it may be read by others on a locked screen. It names no program, drug, test or amount.
READY = "You have something ready to pick up."


def tell(template: str, language: str, facts: Mapping[str, object], *, fuller: bool = False) -> str:
    """Give the words of a message. `fuller` words are for those who asked for them on that channel."""
    return READY
