"""Rows in the canonical form, as SQLite itself writes them: in two thirds of the time, for whoever reads very many.

SQLite writes the same JSON as Python for all that our tables should hold. Bytes and fractions are another
matter, and so are control characters in some versions: believe these lines only where their hashes are those
that are looked for, and go by the cells where they are not.
"""

import json
from collections.abc import Iterator, Sequence
from itertools import groupby

from attrs import define, field

from cmengine.journal import SEALED, Sealer, json_text


@define(eq=False, repr=False)
class JsonRows:
    """Has rows of a table written by SQLite. `select` are the columns to ask for, over all the rows at once."""

    columns: Sequence[str]
    sealer: Sealer
    select: str = field(init=False)
    _template: str = field(init=False)
    _sealed: list[str] = field(init=False)

    def __attrs_post_init__(self) -> None:
        groups = list(self._groups())
        self.select = ", ".join(
            f"json_group_array({f'json_array({names})' if not sealed else names})"
            for sealed, names in groups
        )
        self._sealed = [names if sealed else "" for sealed, names in groups]
        self._template = f"[{','.join(['%s'] * len(groups))}]"

    def _groups(self) -> Iterator[tuple[bool, str]]:
        """Give the columns, as many together as stand side by side: those that are sealed are alone."""
        for sealed, names in groupby(self.columns, SEALED.__contains__):
            some = list(names)
            yield from [(True, name) for name in some] if sealed else [(False, ", ".join(some))]

    def lines(self, found: Sequence[str]) -> list[str]:
        """Make lines of what SQLite has given for `select`.

        Raises ValueError where that cannot be cut into rows: a text holds what it would be cut at.
        """
        pieces = [self._cut(text, sealed) for text, sealed in zip(found, self._sealed, strict=True)]
        return [self._template % row for row in zip(*pieces, strict=True)]

    def _cut(self, text: str, sealed: str) -> list[str]:
        if sealed:
            tokens = self.sealer.tokens(sealed, json.loads(text))
            return json_text(tokens)[1:-1].split(",")
        if not text.isascii():
            text = json_text(json.loads(text))
        return text[2:-2].split("],[")
