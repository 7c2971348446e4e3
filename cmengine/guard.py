"""Keep a spreadsheet from taking text for a formula, in a way that can be undone. Pure.

A spreadsheet takes a cell that begins with = + - or @ for a formula, and where the program is set to
another separator, cells begin in the middle of a text as well. So a ' is put wherever a cell could begin
and a formula would: at the beginning of the text, and behind each separator or line end in it. Where a '
stands there already another is put before it, so that taking one away at each such place gives the text
back as it was. A plain number such as -5 is no formula and stays as it is.

Source of the signs: OWASP, "CSV Injection", https://owasp.org/www-community/attacks/CSV_Injection
"""

import re

_BEGINS = r"(^|[,;|\t\r\n])"
# What a formula begins with, in Latin and in full width, behind spaces, marks that show nothing, and quotes.
_FORMULA = r"[\s\"\u00a0\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]*[=+\-@＝＋－＠﹣−\t\r\n]"
_PUT = re.compile(rf"{_BEGINS}(?='|{_FORMULA})")
_TAKEN = re.compile(rf"{_BEGINS}'")
_NUMBER = re.compile(r"-?\d{1,15}(\.\d{1,15})?", re.ASCII)


def guarded(text: str) -> str:
    """Write a text so that no spreadsheet runs any of it."""
    return text if _NUMBER.fullmatch(text) else _PUT.sub(r"\1'", text)


def unguarded(text: str) -> str:
    """Give back the text that was guarded."""
    return _TAKEN.sub(r"\1", text)
