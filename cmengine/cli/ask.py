"""What somebody types, or pipes: a bounded part of it, whatever it is."""

import sys
from collections.abc import Callable

import click

from cmengine.errors import CMError, Mistake

MOST_ANSWER = 100  # letters of a yes or no


def asked(question: str, most: int) -> str:
    """Ask for a line; from a pipe, take the first. Raises CMError where it is empty, or has more letters than `most`."""
    if sys.stdin.isatty():
        typed: str = click.prompt(question, err=True)
        return typed
    line = _text(lambda: sys.stdin.readline(most + 1))
    if not line.strip():
        raise CMError(
            Mistake("standard input", "its first line is empty", "write there what is asked for")
        )
    if len(line) > most:
        what = f"its first line is longer than {most:,} letters"
        raise CMError(Mistake("standard input", what, "is this what was meant?"))
    return line.strip()


def agreed(question: str) -> bool:
    """Ask for a yes; who gives no answer, or another, or stops, has said no."""
    if not sys.stdin.isatty():
        click.echo(f"{question} [y/N]: ", nl=False)
        said = _text(lambda: sys.stdin.readline(MOST_ANSWER))
        click.echo("")
        return said.strip().lower() in ("y", "yes")
    try:
        return click.confirm(question)
    except click.Abort:
        click.echo("")
        return False


def all_typed(most: int) -> str:
    """Take what stands on standard input, and of very much the first letters, so many. Raises CMError."""
    return _text(lambda: sys.stdin.read(most))


def _text(read: Callable[[], str]) -> str:
    try:
        return read()
    except UnicodeDecodeError as error:
        raise CMError(
            Mistake("standard input", "is not UTF-8 text", "write it as UTF-8")
        ) from error
