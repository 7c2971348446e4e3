"""SHA-256 at the price of each place: the interpreter's own at the desk, OpenSSL's for many rows.

OpenSSL takes a few milliseconds to load, and then half the time of the other. Both give the same.
"""

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

MANY = 256  # rows from which on OpenSSL is worth loading


__all__ = ["MANY", "Keyed", "Sha", "sha256", "sha_for"]

Sha = Callable[..., Any]

if TYPE_CHECKING:
    from hashlib import sha256
else:
    try:
        if sys.version_info >= (3, 12):
            from _sha2 import sha256
        else:
            from _sha256 import sha256
    except ImportError:  # an interpreter that was built without it
        from hashlib import sha256


def sha_for(rows: int) -> Sha:
    """Give the SHA-256 that so many rows are hashed with."""
    if rows < MANY:
        return sha256
    import hashlib

    return hashlib.sha256


class Keyed:
    """HMAC-SHA256 (RFC 2104) under one key, begun once."""

    def __init__(self, key: bytes) -> None:
        padded = (key if len(key) <= 64 else sha256(key).digest()).ljust(64, b"\0")
        self._inner = sha256(bytes(byte ^ 0x36 for byte in padded))
        self._outer = sha256(bytes(byte ^ 0x5C for byte in padded))

    def __call__(self, data: bytes) -> bytes:
        """Give the 32 bytes for some data."""
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(data)
        outer.update(inner.digest())
        return outer.digest()
