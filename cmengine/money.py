"""Money as whole cents, and the one place where it is read or shown.

>>> cents("2.50"), dollars(250)
(250, '2.50')
"""

MOST_DIGITS = 9


def cents(text: object) -> int:
    """Read an amount that is written as text, like ``"2.50"`` or ``"3"``, as whole cents.

    Raises ValueError for anything else: a number that is not quoted (a float cannot hold a cent),
    a part of a cent, a sign, an amount of a thousand million or more.
    """
    if isinstance(text, str):
        whole, dot, part = text.partition(".")
        if are_digits(whole, MOST_DIGITS) and ((are_digits(part, 2) and len(part) == 2) or not dot):
            return int(whole) * 100 + int(part or 0)
    if isinstance(text, str) and text.lstrip().startswith("-"):
        raise ValueError(f"'{text:.40}' is below zero; nothing here can take money away")
    if isinstance(text, str):
        raise ValueError(f"'{text:.40}' is not an amount in whole cents; write it like 2.50")
    raise ValueError(
        f'{text!s:.40} is not an amount in whole cents; write it in quotes like "2.50"'
    )


def are_digits(text: str, most: int) -> bool:
    """Say whether a text is 1 to `most` of the digits 0 to 9."""
    return 0 < len(text) <= most and text.isascii() and text.isdecimal()


def dollars(amount: int) -> str:
    """Show whole cents the way they are written: ``250`` as ``2.50``."""
    sign = "-" if amount < 0 else ""
    whole, part = divmod(abs(amount), 100)
    return f"{sign}{whole}.{part:02d}"
