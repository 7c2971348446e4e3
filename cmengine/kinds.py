"""The kinds of event a program logs, as `kinds.toml` names them, and what values they take."""

from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any

from attrs import field, frozen, validators

from cmengine.errors import Mistake, did_you_mean
from cmengine.model import EVIDENCE, Value
from cmengine.options import MOST_TEXT, Place, number, read_options

MOST_ABOUT = 40
MOST_NAME = 63
_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789_.-")


def _known_evidence(instance: object, attribute: object, value: str) -> None:
    if value not in EVIDENCE:
        raise ValueError(f"'{value}' is no kind of evidence; {did_you_mean(value, EVIDENCE)}")


@frozen(kw_only=True)
class Kind:
    """A kind of event: its label, and either some values, or a unit for a number, or free text.

    `about` is what it has to do with, for the report: ``use`` and ``safer use`` are said last.
    """

    label: str
    values: tuple[str, ...] = ()
    unit: str = ""
    text: bool = False
    evidence: str = field(default="self", validator=_known_evidence)
    about: str = field(default="", validator=validators.max_len(MOST_ABOUT))

    def __attrs_post_init__(self) -> None:
        if sum(map(bool, (self.values, self.unit, self.text))) > 1:
            raise ValueError(
                "it has more than one of values, unit and text = true; keep one of them"
            )

    def read(self, text: str | None) -> Value:
        """Read the value of an event of this kind. Raises ValueError, in words, if it does not fit."""
        if text is None or text == "":
            if self.values:
                raise ValueError(f"it needs a value: {' or '.join(self.values)}")
            if self.unit:
                raise ValueError(f"it needs a number of {self.unit}")
            return None
        if self.values:
            if text not in self.values:
                raise ValueError(
                    f"'{text:.60}' is not one of its values; {did_you_mean(text, self.values)}"
                )
            return text
        if self.unit:
            read = _plain_number(text)
            if read < 0:
                raise ValueError(f"{text} {self.unit} is below zero; write 0 or more")
            return read
        if self.text:
            if len(text) > MOST_TEXT:
                raise ValueError(f"the text is longer than {MOST_TEXT:,} letters; shorten it")
            return text
        raise ValueError(f"it takes no value, and was given '{text:.60}'; leave it out")


@lru_cache(maxsize=1024)
def _plain_number(text: str) -> Decimal:
    return number(text).normalize() + 0


Kinds = Mapping[str, Kind]


def read_kinds(tables: Mapping[str, Any], place: Place) -> tuple[dict[str, Kind], list[Mistake]]:
    """Read the tables of a `kinds.toml`; give the kinds and every mistake."""
    mistakes = [
        place.at(key).wrong(f"'{key}' does not belong in kinds.toml", "write [kind.NAME]")
        for key in tables
        if key != "kind"
    ]
    found: dict[str, Kind] = {}
    named = tables.get("kind", {})
    if not isinstance(named, Mapping):
        return found, [place.at("kind").wrong("kind must be tables", "write [kind.NAME]")]
    for name, table in named.items():
        here = place.at("kind", name).about(f"kind '{name}'")
        if len(name) > MOST_NAME or name[:1] in "_.-" or not _LETTERS.issuperset(name):
            mistakes.append(here.wrong("is not a name", "use small letters, digits, _ - and ."))
        if not isinstance(table, Mapping):
            mistakes.append(here.wrong("must be a table", f"write [kind.{name}]"))
            continue
        kind, wrong = read_options(Kind, table, here, called="kind")
        mistakes += wrong
        if kind is not None:
            found[name] = kind
    return found, mistakes


def unknown_kind(name: str, kinds: Kinds) -> tuple[str, str]:
    """Say that there is no such kind of event, and what to do."""
    todo = did_you_mean(name, kinds) or "name it in kinds.toml"
    return f"there is no kind of event '{name:.60}'", todo
