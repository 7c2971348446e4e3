"""Whose code was meant: a slip of the pen is mended, and nobody else's code is ever shown. Pure.

A client may be looking at the screen, so a code that is merely like what was typed is not suggested.
"""

import re
from collections.abc import Iterable

_SAME = str.maketrans({"o": "0", "i": "1", "l": "1"})
_ZEROS = re.compile(r"(?<![0-9])0+(?=[0-9])")


def code_meant(typed: str, codes: Iterable[str]) -> str | None:
    """Find the one code that is as it was typed but for case, O for 0, I or l for 1, zeros in front of a number,
    and separators; None where there is none, or more than one.
    """
    plain = _plain(typed)
    found = [code for code in codes if plain and _plain(code) == plain]
    return found[0] if len(found) == 1 else None


def code_words(typed: str, codes: Iterable[str]) -> str:
    """Say which code was meant, where it is the same but for a slip; else nothing."""
    meant = code_meant(typed, codes)
    return f"did you mean '{meant}'?" if meant else ""


def _plain(code: str) -> str:
    letters = "".join(one for one in code.casefold() if one.isalnum())
    return _ZEROS.sub("", letters.translate(_SAME))
