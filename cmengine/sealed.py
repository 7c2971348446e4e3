"""Vendors' codes at rest: encrypted, under a key that is not in the database. Needs the extra `stock`."""

import hmac
from base64 import b64decode, b64encode
from os import urandom
from typing import TYPE_CHECKING

from cmengine.errors import CMError, Mistake
from cmengine.settings import Keys

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE = 12  # bytes; NIST SP 800-38D, 5.2.1.1


def seal(keys: Keys, card: str, code: str) -> str:
    """Encrypt a code with AES-256-GCM, bound to the id of its card: moved to another, it does not open."""
    nonce = urandom(NONCE)
    return b64encode(nonce + _cipher(keys).encrypt(nonce, code.encode(), card.encode())).decode()


def unseal(keys: Keys, card: str, sealed: str) -> str:
    """Decrypt the code of a card. Raises CMError where it was changed, moved, or sealed under another key."""
    from cryptography.exceptions import InvalidTag

    cipher = _cipher(keys)
    try:
        raw = b64decode(sealed, validate=True)
        return cipher.decrypt(raw[:NONCE], raw[NONCE:], card.encode()).decode()
    except (InvalidTag, ValueError):
        what = "the code of this card cannot be opened: it is not as it was written"
        raise CMError(
            Mistake(f"card {card}", what, "put ledger and key back from a backup")
        ) from None


def card_hash(keys: Keys, code: str) -> str:
    """Give what a code is found again by: its HMAC-SHA256, the same however it is spaced and cased."""
    letters = "".join(letter for letter in code if letter not in " -\t").upper()
    return hmac.digest(_key(keys, "find"), letters.encode(), "sha256").hex()


def file_hash(keys: Keys, parts: list[str]) -> str:
    """Give a keyed hash of what a file held, in whatever order its lines stood."""
    text = "\n".join(sorted(parts))
    return hmac.digest(_key(keys, "file"), text.encode(), "sha256").hex()


def last_four(code: str) -> str:
    """Show the end of a code, of one long enough that its end gives nothing away."""
    return f"...{code[-4:]}" if len(code) >= 8 else "..."


def must_be_able_to_seal() -> None:
    """Raise CMError where the library that encrypts is not installed."""
    try:
        import cryptography.hazmat.primitives.ciphers.aead  # noqa: F401
    except ImportError:
        raise CMError(
            Mistake(
                "gift cards",
                "their codes are kept encrypted, and the library for that is not installed",
                "install it with: pip install 'cmengine[stock]'",
            )
        ) from None


def _cipher(keys: Keys) -> "AESGCM":
    must_be_able_to_seal()
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return AESGCM(_key(keys, "seal"))


def _key(keys: Keys, use: str) -> bytes:
    """Derive the key of one use from the program's secret for codes; none opens what another closed."""
    return hmac.digest(keys.codes, f"cmengine stock {use}".encode(), "sha256")
