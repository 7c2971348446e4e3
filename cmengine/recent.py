"""What the settings files of a program said when they were read last, kept by their very text.

To load what reads TOML takes a command at the desk longer than all that it reads. So what a text came to is
kept beside the index of the plugins (see quick.py). It holds for the same text, letter by letter, and for no
other; where it is not there, the text is read as ever.
"""

import json
from typing import Any

from cmengine.kept import of_json, to_json
from cmengine.quick import keep_file, kept_file

FORMAT = 1
NAME = "settings"
MOST = 8  # texts; a program has two
MOST_LETTERS = 20_000  # of a text that is kept


def tables_of(text: str) -> dict[str, Any] | None:
    """Give the tables of a text that was read before, if it is among the last ones."""
    said = dict(_kept()).get(text)
    try:
        return None if said is None else dict(of_json(said))
    except (ValueError, TypeError, ArithmeticError, RecursionError):
        return None  # somebody changed it


def keep(text: str, tables: dict[str, Any]) -> None:
    """Keep what a text came to, where that can be read back as it is."""
    if len(text) > MOST_LETTERS:
        return
    try:
        said = to_json(tables, sort=False)
        if repr(of_json(said)) != repr(tables):
            return
    except (TypeError, ValueError, ArithmeticError, RecursionError):
        return
    others = [one for one in _kept() if one[0] != text]
    keep_file(NAME, {"format": FORMAT, "texts": [[text, said], *others][:MOST]})


def _kept() -> list[tuple[str, str]]:
    """Read what is kept: each text, and its tables as `to_json` writes them."""
    try:
        kept = json.loads(kept_file(NAME))
        texts = [(str(text), str(said)) for text, said in kept["texts"]]
        return texts if kept["format"] == FORMAT else []
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return []  # it is made anew
