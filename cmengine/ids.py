"""Ids and codes in Crockford's base 32: no I, L, O or U, so that they can be read aloud and typed.

Source of the alphabet: Douglas Crockford, "Base 32", https://www.crockford.com/base32.html
"""

import os
from datetime import datetime

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_READ = {**{letter: n for n, letter in enumerate(ALPHABET)}, "I": 1, "L": 1, "O": 0}
CODE_LETTERS = 16  # 80 random bits
GROUP = 6


def new_id(now: datetime) -> str:
    """Make an id that sorts by time: 48 bits of milliseconds, then 80 random bits (26 letters)."""
    return _letters(int(now.timestamp() * 1000) << 80 | int.from_bytes(os.urandom(10), "big"), 26)


def _letters(number: int, length: int) -> str:
    return "".join(ALPHABET[number >> (5 * place) & 31] for place in reversed(range(length)))


# Arithmetic in the field of 32 elements, modulo x^5 + x^2 + 1: a symbol is an element, and the powers
# of 2 are all different for 31 places, which is what makes the check below catch what it catches.
def _times_two(element: int) -> int:
    doubled = element << 1
    return doubled ^ 0b100101 if doubled & 32 else doubled


def _weighed(symbols: list[int], power: int) -> int:
    """Sum symbol[i] * 2^(power * i) over the field, by Horner's rule."""
    total = 0
    for symbol in reversed(symbols):
        for _ in range(power):
            total = _times_two(total)
        total ^= symbol
    return total


def new_code() -> str:
    """Make a voucher's code: 80 random bits and two check symbols, in groups that can be read aloud.

    The two check symbols make the sums over symbol * 2^i and symbol * 4^i zero. A code with one or
    two wrong symbols, or with two swapped, cannot satisfy both.
    """
    import secrets  # late, like all that the desk seldom needs

    symbols = [secrets.randbelow(32) for _ in range(CODE_LETTERS)]
    checks = next(
        [first, second]
        for first in range(32)
        for second in range(32)
        if not _weighed([first, second, *symbols], 1) and not _weighed([first, second, *symbols], 2)
    )
    text = "".join(ALPHABET[symbol] for symbol in symbols + checks)
    return "-".join(text[n : n + GROUP] for n in range(0, len(text), GROUP))


def read_code(text: str) -> str | None:
    """Read a typed code whatever its case, spaces and dashes; None where the check symbols disagree."""
    letters = [letter for letter in text.upper() if letter not in " -\t\n"]
    if len(letters) != CODE_LETTERS + 2 or any(letter not in _READ for letter in letters):
        return None
    symbols = [_READ[letter] for letter in letters]
    ordered = symbols[CODE_LETTERS:] + symbols[:CODE_LETTERS]
    if _weighed(ordered, 1) or _weighed(ordered, 2):
        return None
    return "".join(ALPHABET[symbol] for symbol in symbols)


def code_hash(code: str, key: bytes) -> str:
    """Give what is kept of a code: its HMAC-SHA256 under a key that is not in the database."""
    import hmac

    letters = "".join(letter for letter in code if letter in ALPHABET)
    return hmac.digest(key, letters.encode(), "sha256").hex()
