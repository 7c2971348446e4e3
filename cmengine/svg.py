"""The parts that pictures are made of, written by hand as SVG. Pure: numbers and words in, text out.

They need no color, and follow the reader's choice of light or dark: ink is `currentColor`.
"""

from html import escape
from math import log10

_HIDDEN = {*range(0x200B, 0x2010), *range(0x2028, 0x202F), *range(0x2060, 0x2070), 0xFEFF}


def written(words: str) -> str:
    """Leave out what cannot be seen, what turns the direction of text, and what XML cannot hold; then escape."""
    return escape(
        "".join(letter for letter in words if letter.isprintable() and ord(letter) not in _HIDDEN)
    )


def text(x: float, y: float, words: str, anchor: str = "start", kind: str = "") -> str:
    """Write words at a place."""
    style = f' class="{kind}"' if kind else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{style}>{written(words)}</text>'


def round_up(cents: float) -> float:
    """Find a round amount for the top of a scale, of at least one whole unit of money."""
    if cents <= 400:
        return 400.0
    size = 10.0 ** int(log10(cents))
    return next(size * n for n in (1, 2, 4, 6, 8, 10) if size * n >= cents)
