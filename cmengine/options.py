"""The options of a TOML table as the fields of an attrs class, every mistake at once.

A field's type says how its value is read; a converter or validator of the class then has its say.
Text that a client or a command line gives (`from_text`) is read by the same types.
"""

import re
import sys
import types
import typing
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Any, NamedTuple

import attrs

from cmengine.days import YEARS, read_day
from cmengine.errors import Mistake, closest, did_you_mean
from cmengine.money import are_digits
from cmengine.places import StrPath

Key = tuple[str | int, ...]
MOST_TEXT = 2_000
# For each type: what a value of it is called, and how to write one.
_NAMES: dict[type, tuple[str, str]] = {
    str: ("text", "write it in quotes"),
    int: ("a whole number", "write it like 3, without quotes"),
    bool: ("true or false", "write true or false, without quotes"),
    date: ("a date", "write it like 2026-01-05, without quotes"),
}
# What the program itself keeps in its folder: no option may name one of these as a file to write to.
_OWN = ("program.", "plugins.json", "kinds.toml", "rules")


class Place(NamedTuple):
    """Where in a file something stands, so that a mistake can say it: a name, and a key path."""

    name: str
    key: Key = ()
    lines: Mapping[Key, int] = MappingProxyType({})
    subject: str = ""

    def at(self, *more: str | int) -> "Place":
        """Go further in."""
        return self._replace(key=(*self.key, *more))

    def about(self, subject: str) -> "Place":
        """Name the rule (or whatever it is) that this is about."""
        return self._replace(subject=subject)

    def wrong(self, what: str, todo: str = "") -> Mistake:
        """Make the mistake that stands here, with its line where that can be known."""
        line = next(
            (
                self.lines[self.key[:n]]
                for n in range(len(self.key), 0, -1)
                if self.key[:n] in self.lines
            ),
            None,
        )
        where = self.name if line is None else f"{self.name}:{line}"
        return Mistake(f"{where}: {self.subject}" if self.subject else where, what, todo)


def shown(key: Key) -> str:
    """Write a key path the way people say it: ``reward.slips``, counting from one in a list."""
    parts = []
    for part in key:
        parts.append(f"[{part + 1}]" if isinstance(part, int) else f".{part}")
    return "".join(parts).lstrip(".")


def as_written(value: object) -> str:
    """Show a value the way it stands in a TOML file, cut short; of a list or a table, only that."""
    if isinstance(value, str):
        return f'"{value:.60}"'
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (list, tuple)):
        return "a list"
    return "a table" if isinstance(value, Mapping) else f"{value!s:.60}"


def misspelt(table: Mapping[str, Any], known: Sequence[str]) -> set[str]:
    """Find the known keys that unknown ones of a table may stand for, so that each is said once."""
    return {word for key in table if key not in known and (word := closest(key, known))}


def unknown_keys(
    table: Mapping[str, Any], known: Sequence[str], place: Place, of: str
) -> list[Mistake]:
    """Find the keys of a table that are not among the known ones."""
    return [
        place.at(key).wrong(f"'{key:.60}' is not {of}", did_you_mean(key, known))
        for key in table
        if key not in known
    ]


def read_options(
    cls: type[Any],
    table: Mapping[str, Any],
    place: Place,
    *,
    called: str,
    folder: StrPath | None = None,
    said: Collection[str] = (),
    also: Sequence[str] = (),
) -> tuple[Any, list[Mistake]]:
    """Build `cls` from a table; give (object or None, mistakes).

    `called` names the kind in messages; `folder` is what a Path option is relative to. Of an option
    that is in `said`, it has been said already why it is missing; `also` are further keys that may
    stand in the file's table, for a did-you-mean.
    """
    known = [*_options_of(cls), *also]
    mistakes = unknown_keys(table, known, place, f"an option of '{called}'")
    said = {*said, *misspelt(table, known)}
    values: dict[str, Any] = {}
    complete = True
    for attribute in _attributes(cls):
        name = attribute.name
        if name not in table:
            if attribute.default is attrs.NOTHING:
                complete = False
                if name not in said:
                    mistakes.append(place.wrong(f"{name} is missing", f"'{called}' needs it"))
            elif isinstance(attribute.default, _paths()) and folder:
                values[name] = type(attribute.default)(folder, attribute.default)
            continue
        value, wrong = _read(attribute, table[name], place.at(name), folder)
        mistakes += wrong
        values[name] = value
    if mistakes or not complete:
        return None, mistakes
    try:
        return cls(**values), []
    except (ValueError, TypeError) as error:
        what, todo = _in_words(error)
        inside = f"{shown(place.key[2:])}: " if len(place.key) > 2 else ""
        return None, [place.wrong(f"{inside}{what}", todo)]


def _in_words(error: Exception) -> tuple[str, str]:
    """Give (what is wrong, what to do) of an error that a class raised about its own options."""
    text = str(error.args[0] if error.args else error)
    bound = re.fullmatch(_BOUND, text)
    if bound:
        small = bound["sign"] in (">=", ">")
        todo = f"{bound['bound']} or {'more' if small else 'less'}"
        return f"{bound['value']:.40} is too {'small' if small else 'large'}", f"write {todo}"
    what, _, todo = text.partition("; ")
    return what, todo


# How attrs says that a number is out of bounds.
_BOUND = r"(?s)'\w+' must be (?P<sign>[<>]=?) (?P<bound>\S+): (?P<value>.+)"


def from_text(cls: type[Any], name: str, text: str) -> Any:
    """Read one option from text, as it comes from `--set` or a CSV, into what a TOML file would hold.

    Raises ValueError where the text does not fit. A list is separated by commas.
    """
    annotation = next(a.type for a in _attributes(cls) if a.name == name)
    wanted, _ = _plain(annotation)
    if wanted in (int, Decimal):
        return number(text)
    if wanted is bool:
        if text not in ("true", "false"):
            raise ValueError(f"{text!r} is neither true nor false")
        return text == "true"
    if wanted is date:
        return read_day(text)
    if typing.get_origin(wanted) is tuple:
        return [part.strip() for part in text.split(",") if part.strip()]
    return text


def number(text: object) -> Decimal:
    """Read a plain decimal number of at most 12 digits and 6 places. Raises ValueError for others."""
    if isinstance(text, str) and _is_number(text):
        return Decimal(text)
    if isinstance(text, (int, Decimal)) and not isinstance(text, bool):
        read = Decimal(text)
        if read.is_finite() and abs(read.adjusted()) < 13 and _is_number(f"{read:f}"):
            return read
    raise ValueError(f"{as_written(text)} is not a number; write it like 4000 or 2.5")


def _is_number(text: str) -> bool:
    whole, dot, part = text[text[:1] in ("+", "-") :].partition(".")
    return are_digits(whole, 12) and (are_digits(part, 6) or not dot)


def _attributes(cls: type[Any]) -> list[Any]:
    attrs.resolve_types(cls)
    return [attribute for attribute in attrs.fields(cls) if attribute.init]


def _options_of(cls: type[Any]) -> list[str]:
    return [attribute.name for attribute in _attributes(cls)]


def _plain(annotation: Any) -> tuple[Any, bool]:
    """Give a type without its `| None`, and whether None was allowed."""
    if typing.get_origin(annotation) in (types.UnionType, typing.Union):
        kept = [one for one in typing.get_args(annotation) if one is not type(None)]
        return (kept[0] if len(kept) == 1 else annotation), True
    return annotation, False


def _read(
    attribute: Any, raw: Any, place: Place, folder: StrPath | None
) -> tuple[Any, list[Mistake]]:
    name = shown(place.key[2:]) if len(place.key) > 2 else attribute.name
    value = raw
    if attribute.converter is None:
        wanted, _ = _plain(attribute.type)
        value, wrong = _by_type(wanted, raw, place, name, folder)
        if wrong:
            return None, wrong
    try:
        read = value if attribute.converter is None else attribute.converter(value)
        if attribute.validator is not None:
            attribute.validator(None, attribute, read)
    except (ValueError, TypeError) as error:
        what, todo = _in_words(error)
        return None, [place.wrong(f"{name}: {what}", todo)]
    return value, []  # the class converts it again when it is made


def _by_type(
    wanted: Any, raw: Any, place: Place, name: str, folder: StrPath | None
) -> tuple[Any, list[Mistake]]:
    origin = typing.get_origin(wanted)
    if origin is typing.Literal:
        words = typing.get_args(wanted)
        if raw in words:
            return raw, []
        return None, [
            place.wrong(
                f"{name}: {as_written(raw)} is not one of its words", did_you_mean(str(raw), words)
            )
        ]
    if origin is tuple:
        return _list(typing.get_args(wanted)[0], raw, place, name, folder)
    if attrs.has(wanted):
        if not isinstance(raw, Mapping):
            what = f"{name}: {as_written(raw)} is not a table"
            return None, [place.wrong(what, f"write it like {{{_options_of(wanted)[0]} = ...}}")]
        return read_options(wanted, raw, place, called=name, folder=folder)
    if wanted is Decimal:
        try:
            return number(raw), []
        except ValueError as error:
            what, todo = _in_words(error)
            return None, [place.wrong(f"{name}: {what}", todo)]
    if wanted in _paths():
        return _file(raw, place, name, folder)
    if wanted is int:
        return _whole(raw, place, name)
    if type(raw) is wanted:
        if wanted is str and (not raw.strip() or len(raw) > MOST_TEXT):
            what = f"is longer than {MOST_TEXT:,} letters" if raw.strip() else "is empty"
            return None, [place.wrong(f"{name} {what}", "write a few words")]
        if wanted is date and raw.year not in YEARS:
            what = f"{name}: {raw} is not a day of the years 1900 to 2999"
            return None, [place.wrong(what, "look at the year")]
        return raw, []
    return (raw, []) if wanted not in _NAMES else _not_one(wanted, raw, place, name)


def _not_one(wanted: type, raw: Any, place: Place, name: str) -> tuple[None, list[Mistake]]:
    what, todo = _NAMES[wanted]
    return None, [place.wrong(f"{name}: {as_written(raw)} is not {what}", todo)]


def _whole(raw: Any, place: Place, name: str) -> tuple[Any, list[Mistake]]:
    """Read a whole number; a client's own setting comes as a Decimal."""
    if not isinstance(raw, str):
        try:
            read = number(raw)
        except ValueError:
            return _not_one(int, raw, place, name)
        if read == read.to_integral_value():
            return int(read), []
    return _not_one(int, raw, place, name)


def _list(
    inner: Any, raw: Any, place: Place, name: str, folder: StrPath | None
) -> tuple[Any, list[Mistake]]:
    if not isinstance(raw, list) or not raw:
        one = f"{{{_options_of(inner)[0]} = ...}}" if attrs.has(inner) else '"..."'
        what = "is empty" if raw == [] else f"{as_written(raw)} is not a list"
        return None, [place.wrong(f"{name}: {what}", f"write it like [{one}]")]
    values, mistakes = [], []
    for n, one in enumerate(raw):
        value, wrong = _by_type(inner, one, place.at(n), f"{name}[{n + 1}]", folder)
        values.append(value)
        mistakes += wrong
    if not mistakes and inner is str and len(set(values)) < len(values):
        mistakes.append(place.wrong(f"{name} names the same thing twice", "take one out"))
    return tuple(values), mistakes


def _paths() -> tuple[type[Any], ...]:
    """Give the class of a path, where the class with such an option has imported it."""
    module = sys.modules.get("pathlib")
    return (module.Path,) if module else ()


def _file(raw: Any, place: Place, name: str, folder: StrPath | None) -> tuple[Any, list[Mistake]]:
    from pathlib import Path  # late: the commands at the desk need none

    if (
        not isinstance(raw, str)
        or not raw.isprintable()
        or not 0 < len(raw) <= 200
        or raw.startswith(("-", "."))
        or "\\" in raw
        or ":" in raw
    ):
        what = f"{name}: {as_written(raw)} is not the name of a file in the program's folder"
        return None, [place.wrong(what, 'write it like "outbox.txt"')]
    path = Path(raw)
    if path.is_absolute() or ".." in path.parts:
        return None, [
            place.wrong(f"{name}: {raw} leaves the program's folder", "name a file in it")
        ]
    if path.parts[0].lower().startswith(_OWN):
        what = f"{name}: {raw} is a file of the program itself"
        return None, [place.wrong(what, "name another, like outbox.txt")]
    return (Path(folder, path) if folder else path), []
