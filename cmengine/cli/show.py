"""How things are shown: plain text that no stored word can disturb, tables, money, days, JSON."""

import json
from collections.abc import Sequence
from datetime import date
from typing import Any

import click

from cmengine.errors import CMError, Mistake
from cmengine.money import dollars

# Marks that change the direction of text, or show nothing: shown as escapes, so that no name can pose.
_HIDDEN = {*range(0x200B, 0x2010), *range(0x2028, 0x202F), *range(0x2060, 0x2070), 0xFEFF}


def plain(text: str) -> str:
    """Show control and direction marks as visible escapes."""
    if text.isprintable():
        return text
    return "".join(
        letter
        if letter.isprintable() and ord(letter) not in _HIDDEN
        else letter.encode("unicode_escape").decode()
        for letter in text
    )


def say(text: str = "") -> None:
    """Print lines on standard output."""
    click.echo("\n".join(plain(line) for line in text.split("\n")))


def note(text: str) -> None:
    """Print a remark on standard error."""
    click.echo("\n".join(plain(line) for line in text.split("\n")), err=True)


def document(data: Any) -> None:
    """Print one JSON document."""
    click.echo(json.dumps(data, indent=2, default=str))


def problem(mistake: Mistake) -> dict[str, str]:
    """Show a mistake as data."""
    return {
        "where": mistake.where,
        "what": mistake.what,
        "todo": mistake.todo,
        "text": str(mistake),
    }


def complain(error: CMError) -> None:
    """Print every mistake on standard error, a line each."""
    for mistake in error.mistakes:
        click.echo(f"Error: {plain(' '.join(str(mistake).split()))}", err=True)


def table(rows: Sequence[Sequence[str]], heads: Sequence[str] = (), indent: str = "") -> None:
    """Print columns; a column of money is aligned to the right."""
    shown = [[plain(cell) for cell in row] for row in ([heads, *rows] if heads else rows)]
    if not shown:
        return
    widths = [max(len(row[n]) for row in shown) for n in range(len(shown[0]))]
    money = [all(_is_money(row[n]) for row in rows) for n in range(len(shown[0]))]
    for row in shown:
        cells = (
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(row, widths, money, strict=True)
        )
        click.echo((indent + "  ".join(cells)).rstrip())


def _is_money(cell: str) -> bool:
    return cell.replace(".", "", 1).isdecimal()


def day(on: date) -> str:
    """Write a day the way it is said: ``Mon 26 Jan 2026``."""
    return f"{on:%a} {on.day} {on:%b %Y}"


def money(cents: int) -> str:
    """Write an amount."""
    return dollars(cents)


def wrapped(head: str, text: str) -> str:
    """Write a long text in lines of at most 100 letters, under each other behind its head."""
    import textwrap

    return textwrap.fill(
        " ".join(text.split()),
        100,
        initial_indent=head,
        subsequent_indent=" " * len(head),
        break_long_words=False,
    )


def count(number: int, one: str, many: str = "") -> str:
    """Write a number of things: ``1 client``, ``2 clients``."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def several(words: Sequence[str]) -> str:
    """Write a list as people say it."""
    return (
        words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}" if words else ""
    )
