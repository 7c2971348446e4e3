"""The options of a TOML table as the fields of an attrs class, every mistake at once.

A field's type says how its value is read; a converter or validator of the class then has its say.
Text that a client or a command line gives (`from_text`) is read by the same types.
"""

import re
import types
import typing
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import attrs

from cmengine.errors import Mistake, did_you_mean

Key = tuple[str | int, ...]
_NAMES: dict[type, str] = {
    str: "text in quotes",
    int: "a whole number",
    bool: "true or false",
    date: "a date like 2026-01-05",
    Decimal: "a number",
    Path: "the name of a file in the program's folder",
}


@attrs.frozen
class Place:
    """Where in a file something stands, so that a mistake can say it: a name, and a key path."""

    name: str
    key: Key = ()
    lines: Mapping[Key, int] = attrs.field(factory=dict, eq=False)
    subject: str = ""

    def at(self, *more: str | int) -> "Place":
        """Go further in."""
        return attrs.evolve(self, key=(*self.key, *more))

    def about(self, subject: str) -> "Place":
        """Name the rule (or whatever it is) that this is about."""
        return attrs.evolve(self, subject=subject)

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


def unknown_keys(
    table: Mapping[str, Any], known: Sequence[str], place: Place, of: str
) -> list[Mistake]:
    """Find the keys of a table that are not among the known ones."""
    return [
        place.at(key).wrong(f"'{key}' is not {of}", did_you_mean(key, known))
        for key in table
        if key not in known
    ]


def read_options(
    cls: type[Any],
    table: Mapping[str, Any],
    place: Place,
    *,
    called: str,
    folder: Path | None = None,
) -> tuple[Any, list[Mistake]]:
    """Build `cls` from a table; give (object or None, mistakes).

    `called` names the kind in messages; `folder` is what a Path option is relative to.
    """
    mistakes = unknown_keys(table, _options_of(cls), place, f"an option of '{called}'")
    values: dict[str, Any] = {}
    for attribute in _attributes(cls):
        name = attribute.name
        if name not in table:
            if attribute.default is attrs.NOTHING:
                mistakes.append(place.wrong(f"{name} is missing", f"'{called}' needs it"))
            elif isinstance(attribute.default, Path) and folder:
                values[name] = folder / attribute.default
            continue
        value, wrong = _read(attribute, table[name], place.at(name), folder)
        mistakes += wrong
        values[name] = value
    if mistakes:
        return None, mistakes
    try:
        return cls(**values), []
    except (ValueError, TypeError) as error:
        return None, [place.wrong(str(error.args[0] if error.args else error))]


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
        return date.fromisoformat(text)
    if typing.get_origin(wanted) is tuple:
        return [part.strip() for part in text.split(",") if part.strip()]
    return text


_NUMBER = re.compile(r"[+-]?\d{1,12}(\.\d{1,6})?", re.ASCII)


def number(text: object) -> Decimal:
    """Read a plain decimal number of at most 12 digits and 6 places. Raises ValueError for others."""
    try:
        if isinstance(text, str) and _NUMBER.fullmatch(text):
            return Decimal(text)
        if (
            isinstance(text, (int, Decimal))
            and not isinstance(text, bool)
            and _NUMBER.fullmatch(f"{text:f}")
        ):
            return Decimal(text)
    except InvalidOperation:
        pass
    raise ValueError(f"{text!s:.40} is not a plain number like 4000 or 2.5")


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


def _read(attribute: Any, raw: Any, place: Place, folder: Path | None) -> tuple[Any, list[Mistake]]:
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
        return None, [place.wrong(f"{name}: {error.args[0] if error.args else error}")]
    return value, []  # the class converts it again when it is made


def _by_type(
    wanted: Any, raw: Any, place: Place, name: str, folder: Path | None
) -> tuple[Any, list[Mistake]]:
    origin = typing.get_origin(wanted)
    if origin is typing.Literal:
        words = typing.get_args(wanted)
        if raw in words:
            return raw, []
        return None, [
            place.wrong(f"{name}: {raw!r} is not one of its words", did_you_mean(str(raw), words))
        ]
    if origin is tuple:
        return _list(typing.get_args(wanted)[0], raw, place, name, folder)
    if attrs.has(wanted):
        if not isinstance(raw, Mapping):
            return None, [place.wrong(f"{name} must be a table {{...}}")]
        return read_options(wanted, raw, place, called=name, folder=folder)
    if wanted is Decimal:
        try:
            return number(raw), []
        except ValueError as error:
            return None, [place.wrong(f"{name}: {error}")]
    if wanted is Path:
        return _file(raw, place, name, folder)
    whole = isinstance(raw, Decimal) and raw.is_finite() and raw == raw.to_integral_value()
    if wanted is int and whole and abs(raw) < 10**12:
        return int(raw), []
    if type(raw) is wanted and not (wanted is int and abs(raw) >= 10**12):
        if wanted is str and (not raw.strip() or len(raw) > 2000):
            return None, [place.wrong(f"{name} is empty or very long", "write a few words")]
        return raw, []
    if wanted not in _NAMES:
        return raw, []
    return None, [place.wrong(f"{name}: {raw!s:.60} is not {_NAMES[wanted]}")]


def _list(
    inner: Any, raw: Any, place: Place, name: str, folder: Path | None
) -> tuple[Any, list[Mistake]]:
    if not isinstance(raw, list) or not raw:
        return None, [place.wrong(f"{name} must be a list with something in it, like [...]")]
    values, mistakes = [], []
    for n, one in enumerate(raw):
        value, wrong = _by_type(inner, one, place.at(n), f"{name}[{n + 1}]", folder)
        values.append(value)
        mistakes += wrong
    if not mistakes and inner is str and len(set(values)) < len(values):
        mistakes.append(place.wrong(f"{name} names the same thing twice"))
    return tuple(values), mistakes


def _file(raw: Any, place: Place, name: str, folder: Path | None) -> tuple[Any, list[Mistake]]:
    if (
        not isinstance(raw, str)
        or not raw
        or raw.startswith(("-", "."))
        or "\\" in raw
        or ":" in raw
    ):
        return None, [place.wrong(f"{name}: {raw!s:.60} is not {_NAMES[Path]}")]
    path = Path(raw)
    if path.is_absolute() or ".." in path.parts:
        return None, [
            place.wrong(f"{name}: {raw} leaves the program's folder", "name a file in it")
        ]
    return (folder / path if folder else path), []
