"""What every command shares: which folder, who is at the desk, and the open program."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, time, timedelta
from typing import Any, NamedTuple, TypeVar

import click

from cmengine.errors import CMError, Refused

F = TypeVar("F", bound=Callable[..., Any])


class Desk(NamedTuple):
    """The folder named on the command line, and who is at the desk."""

    folder: str
    by: str | None
    trace: bool = False

    @contextmanager
    def open(self, *, look_at_key: bool = True) -> Iterator[Any]:
        """Open the program for one command. Without `look_at_key`, a wrong key is refused when it is used."""
        from cmengine.program import open_program

        if self.trace:
            from cmengine.cli.show import note
            from cmengine.plugins import load_plugins
            from cmengine.trace import traced

            every = load_plugins()
            program = traced(open_program(self.folder, by=self.by, registry=every), note)
        else:
            program = open_program(self.folder, by=self.by)
        try:
            if look_at_key:
                _ = program.keys
            yield program
        except CMError as error:
            _answer_refused(error)
            raise
        finally:
            program.close()


def _answer_refused(error: CMError) -> None:
    """With --json, what is refused is a document, too: why, and what can be done instead."""
    if isinstance(error, Refused) and click.get_current_context().params.get("as_json"):
        from cmengine.cli.held_back import refused_data
        from cmengine.cli.show import document

        document(refused_data(error))


pass_desk = click.make_pass_decorator(Desk)


def json_option(command: F) -> F:
    """Add --json, as every command that shows something has it."""
    return click.option(
        "--json",
        "as_json",
        is_flag=True,
        help="One JSON document; what is named cents is in cents.",
    )(command)


class Unread(NamedTuple):
    """An option that cannot be read, and why: said together with whatever else is off."""

    option: str
    what: str


class Day(click.ParamType[Any]):
    """A day: written like 2026-01-05, or today, or yesterday. With `later`, one that is off is given as Unread."""

    name = "day"

    def __init__(self, *, later: bool = False) -> None:
        self.later = later

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if isinstance(value, str) and value in ("today", "yesterday"):
            return value
        from cmengine.days import read_day

        try:
            return read_day(value)
        except ValueError as error:
            words = (
                " (or say today, or yesterday)" if ";" in str(error) else ", or today, or yesterday"
            )
            what = f"{error}{words}"
            if self.later and param is not None:
                return Unread(param.opts[0], what)
            self.fail(what)


class NewFile(click.Path):
    """A file that is to be written; `like` is a name that it could have."""

    def __init__(self, like: str) -> None:
        from pathlib import Path  # late: nothing at the desk needs it

        super().__init__(path_type=Path, readable=False)
        self.like = like

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        from pathlib import Path

        path = Path(str(super().convert(value, param, ctx)))
        if path.is_dir():
            self.fail(f"'{value!s:.200}' is a folder; name a file in it, like {path / self.like}")
        return path


class Hour(click.ParamType[Any]):
    """A local time, written like 14:30. With `later`, one that is off is given as Unread."""

    name = "time"

    def __init__(self, *, later: bool = False) -> None:
        self.later = later

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        try:
            at = time.fromisoformat(value) if len(value) in (5, 8) else None
        except ValueError:
            at = None
        if at is None or at.tzinfo is not None:
            what = f"'{value:.40}' is not a time like 14:30"
            if self.later and param is not None:
                return Unread(param.opts[0], what)
            self.fail(what)
        return at


def day_meant(program: Any, on: Any) -> date | None:
    """Give the day that was named on the command line, in the program's zone."""
    if on in ("today", "yesterday"):
        today: date = program.today()
        return today - timedelta(days=on == "yesterday")
    return on if isinstance(on, date) else None


def examples(*lines: str) -> str:
    """Write real examples for the end of a command's help."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)


def client_codes(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Complete a client's code in the shell."""
    return _complete(ctx, incomplete, lambda program: program.ledger.clients())


def rule_ids(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Complete the id of a published rule in the shell."""
    return _complete(ctx, incomplete, lambda program: list(program.ledger.current_digests()))


def kind_names(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Complete a kind of event in the shell."""
    return _complete(ctx, incomplete, lambda program: list(program.kinds))


def _complete(ctx: click.Context, incomplete: str, words: Callable[[Any], list[str]]) -> list[str]:
    from cmengine.errors import CMError
    from cmengine.program import open_program

    root = ctx.find_root()
    try:
        program = open_program(root.params.get("folder") or ".")
    except CMError:
        return []
    try:
        return [word for word in words(program) if word.startswith(incomplete)]
    finally:
        program.close()
