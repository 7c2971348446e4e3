"""Money as whole cents, and the one place where it is read or shown.

>>> cents("2.50"), dollars(250)
(250, '2.50')
"""

import re

_AMOUNT = re.compile(r"(\d{1,9})(?:\.(\d\d))?", re.ASCII)


def cents(text: object) -> int:
    """Read an amount that is written as text, like ``"2.50"`` or ``"3"``, as whole cents.

    Raises ValueError for anything else: a number that is not quoted (a float cannot hold a cent),
    a part of a cent, a sign, an amount of a thousand million or more.
    """
    if isinstance(text, str) and (found := _AMOUNT.fullmatch(text)):
        return int(found[1]) * 100 + int(found[2] or 0)
    if isinstance(text, str) and text.lstrip().startswith("-"):
        raise ValueError(f"'{text:.40}' is below zero; nothing here can take money away")
    if isinstance(text, str):
        raise ValueError(f"'{text:.40}' is not an amount in whole cents; write it like 2.50")
    raise ValueError(
        f'{text!s:.40} is not an amount in whole cents; write it in quotes like "2.50"'
    )


def dollars(amount: int) -> str:
    """Show whole cents the way they are written: ``250`` as ``2.50``."""
    sign = "-" if amount < 0 else ""
    whole, part = divmod(abs(amount), 100)
    return f"{sign}{whole}.{part:02d}"
