"""Read a TOML file: numbers exactly, a broken file in words, and the line of every key."""

import os
from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import cached_property
from typing import Any

from cmengine.errors import CMError, Mistake
from cmengine.options import Key, Place
from cmengine.places import StrPath, is_file

MOST_BYTES = 1_000_000
EXCERPT = 60  # letters of a line that are shown


def read_text(path: StrPath) -> str:
    """Read a text file of at most a million bytes; raise CMError in words where that is not possible."""
    try:
        if not is_file(path):
            raise no_file(path)
        with open(path, "rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise cannot_read(path, error) from error
    if len(data) > MOST_BYTES:
        raise CMError(Mistake(str(path), f"is larger than {MOST_BYTES:,} bytes", "split it"))
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise CMError(Mistake(f"{path}:{line}", "is not UTF-8 text", "save it as UTF-8")) from error


def no_file(path: StrPath) -> CMError:
    """Say that there is no such file, or that it is a folder."""
    if os.path.isdir(path):
        return CMError(Mistake(str(path), "is a folder", "name a file in it"))
    return CMError(Mistake(str(path), "there is no such file", "check the name"))


def cannot_read(path: StrPath, error: OSError) -> CMError:
    """Say why a file cannot be read."""
    what = f"cannot be read ({error.strerror})"
    return CMError(Mistake(f"{path!s:.200}", what, "check its name and its permissions"))


def parse(text: str, name: str) -> tuple[dict[str, Any], Place]:
    """Parse TOML text; give its tables and a Place that knows the lines. Raises CMError."""
    import tomllib  # late: see recent.py

    try:
        return tomllib.loads(text.replace("\r\n", "\n"), parse_float=Decimal), place_in(text, name)
    except tomllib.TOMLDecodeError as error:
        what, _, at = str(error).partition(" (at ")
        line = at.removeprefix("line ").partition(",")[0] if at.startswith("line ") else ""
        where = f"{name}:{line}" if line else name
        column = at.partition("column ")[2].rstrip(")")
        detail = f"{what}, at the end of the file"
        if column:
            detail = f"{what} at column {column} of '{_excerpt(text, int(line), int(column))}'"
        todo = "look at this line and the one before: a quote, a bracket or an = is often missing"
        if "Cannot overwrite" in what or "twice" in what:
            todo = "the same key or table stands twice: take one out"
        raise CMError(Mistake(where, f"is not valid TOML: {detail}", todo)) from error
    except (RecursionError, ValueError) as error:
        raise CMError(
            Mistake(
                name,
                "is nested too deeply, or holds a number that is too long",
                "look for a row of brackets or of digits that does not end",
            )
        ) from error


def place_in(text: str, name: str) -> Place:
    """Give the Place of a file as a whole, which knows the line of every key."""
    return Place(name, (), _Lines(text))


def _excerpt(text: str, line: int, column: int) -> str:
    """Give the part of a line in which a column is."""
    found = text.replace("\r\n", "\n").split("\n")[line - 1]
    start = max(0, column - EXCERPT // 2)
    return found[start : start + EXCERPT].strip()


class _Lines(Mapping[Key, int]):
    """The line of every table and key, looked for when the first mistake is to be told."""

    def __init__(self, text: str) -> None:
        self._text = text

    @cached_property
    def _found(self) -> Mapping[Key, int]:
        return lines_of(self._text)

    def __getitem__(self, key: Key) -> int:
        return self._found[key]

    def __iter__(self) -> Iterator[Key]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)


def lines_of(text: str) -> Mapping[Key, int]:
    """Map the path of every table and key to its line, where the extra `lint` is installed."""
    try:
        import tree_sitter_toml
        from tree_sitter import Language, Parser
    except ImportError:
        return {}
    tree = Parser(Language(tree_sitter_toml.language())).parse(text.encode())
    lines: dict[Key, int] = {}
    counts: dict[Key, int] = {}
    for node in tree.root_node.children:
        if node.type == "pair":
            _pair(node, (), lines)
        elif node.type in ("table", "table_array_element"):
            path = _resolve(
                _dotted(node.named_children[0]), counts, node.type == "table_array_element"
            )
            lines[path] = node.start_point[0] + 1
            for child in node.named_children[1:]:
                if child.type == "pair":
                    _pair(child, path, lines)
    return lines


def _resolve(parts: tuple[str, ...], counts: dict[Key, int], appends: bool) -> Key:
    """Give the path of a header: every list on the way stands at its latest element."""
    path: Key = ()
    for n, part in enumerate(parts):
        path = (*path, part)
        if appends and n == len(parts) - 1:
            counts[path] = counts.get(path, -1) + 1
        if path in counts:
            path = (*path, counts[path])
    return path


def _dotted(node: Any) -> tuple[str, ...]:
    if node.type == "dotted_key":
        return tuple(part for child in node.named_children for part in _dotted(child))
    return (node.text.decode().strip("\"'"),)


def _pair(node: Any, base: Key, lines: dict[Key, int]) -> None:
    path = (*base, *_dotted(node.named_children[0]))
    lines[path] = node.start_point[0] + 1
    if len(node.named_children) > 1:
        _value(node.named_children[1], path, lines)


def _value(node: Any, path: Key, lines: dict[Key, int]) -> None:
    if node.type == "array":
        elements = [child for child in node.named_children if child.type != "comment"]
        for n, child in enumerate(elements):
            lines[(*path, n)] = child.start_point[0] + 1
            _value(child, (*path, n), lines)
    elif node.type == "inline_table":
        for child in node.named_children:
            if child.type == "pair":
                _pair(child, path, lines)
