"""The command line: parse, call the engine, print. It decides nothing."""

import atexit
import os
import sys
from typing import Any, NoReturn

import click

from cmengine.errors import CMError
from cmengine.start import STOPPED, WORDS, stop

# Where each command lives; a module is imported when its command is asked for.
COMMANDS = {
    "status": ("status", "See in the morning what waits for whom, and what wants a hand."),
    "init": ("init", "Make a new program in a folder, empty or from a starter."),
    "rules": ("rules", "Check, publish and show the rules of a program."),
    "client": ("client", "Enroll clients, and show what concerns one."),
    "goal": ("goal", "Write down what a client chooses, in their own words."),
    "log": ("log", "Log what happened, and see what it earned."),
    "events": ("events_list", "List what was logged for a client, with the ids."),
    "correct": ("correct", "Mark an event as a mistake; what it earned stays."),
    "retry": ("retry", "Go on with rules that were held, and add what they owe."),
    "import": ("events", "Log many events from a CSV or JSON Lines file."),
    "awards": ("awards", "List what was earned."),
    "explain": ("awards", "Say why an award is what it is, to the cent."),
    "draw": ("draw", "Replay a draw from the bowl, and let anybody check it."),
    "voucher": ("voucher", "Issue what is waiting, and redeem by code."),
    "stock": ("stock", "Keep gift cards and things: add, count, reconcile."),
    "fund": ("fund", "See the money there is to give, and add to it."),
    "limits": ("limit", "See what funders let be issued, and copy a ready profile."),
    "refusals": ("refusals", "Count how often the program said no, and why."),
    "outbox": ("outbox", "See and send the messages that are waiting."),
    "consent": ("consent", "Note what a client allows, and no longer allows."),
    "information": ("information", "Tell what helps to stay safe, to those who want to hear it."),
    "strength": ("strength", "Keep what a client is proud of, in their own words."),
    "feedback": ("feedback", "Write down what people say, and what was answered and done."),
    "report": ("report", "See what was spent, what it did, and what may come."),
    "export": ("export", "Write what the ledger holds for other programs to read."),
    "fhir": ("fhir", "Exchange choices and events with an EHR, as FHIR R4."),
    "redcap": ("redcap", "Exchange choices and events with a REDCap project."),
    "disclosures": ("disclosures", "List what was given to others about clients, and what for."),
    "verify": ("verify", "Check the journal and every row, and replay the log."),
    "journal": ("journal", "See who did what; print an anchor; export for an auditor."),
    "backup": ("backup", "Make a backup that is verified before it gets its name."),
    "restore": ("restore", "Put a program back from a backup."),
    "doctor": ("doctor", "Look everything over; say what is not as it should be."),
    "plugins": ("plugins", "List the plugins, their kinds, and which did not load."),
    "demo": ("demo", "Make a whole program in a new folder and tell its story."),
}


class Commands(click.Group):
    """The commands, each imported when it is needed; plugins may add more."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        self._add_plugins()
        return [*COMMANDS, *(name for name in sorted(self.commands) if name not in COMMANDS)]

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name in COMMANDS:
            from importlib import import_module

            module = import_module(f"cmengine.cli.{COMMANDS[name][0]}")
            command = getattr(module, f"{name}_command")
            return command if isinstance(command, click.Command) else None
        if name not in self.commands:
            self._add_plugins()
        return self.commands.get(name)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args[:1] == ["-p"]:
            # click would look for a long option of that name first, and load what finds similar words.
            args = ["--program", *args[1:]]
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            if error.option_name != "--json":
                raise
            todo = "cmengine COMMAND --json"
            raise click.UsageError(f"--json comes after the command: {todo}", ctx) from error

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            from cmengine.errors import did_you_mean

            todo = did_you_mean(args[0], self.list_commands(ctx))
            raise click.UsageError(f"no command '{args[0]:.40}'; {todo}", ctx) from error

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        self._add_plugins()
        rows = [(name, words) for name, (_, words) in COMMANDS.items()]
        rows += [
            (name, one.get_short_help_str())
            for name, one in sorted(self.commands.items())
            if name not in COMMANDS
        ]
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def make_context(self, *args: Any, **more: Any) -> click.Context:
        try:
            return super().make_context(*args, **more)
        except KeyboardInterrupt:
            stop()  # before click says that it aborted, with another code

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except CMError as error:
            from cmengine.cli.show import complain

            complain(error)
            ctx.exit(1)
        except Exception as error:
            if type(error).__module__ != "sqlite3":
                raise
            from cmengine.cli.crash import damaged
            from cmengine.cli.show import complain

            complain(damaged(error, ctx.params["folder"]))
            ctx.exit(1)
        except KeyboardInterrupt:
            click.echo(WORDS, err=True)
            ctx.exit(STOPPED)

    def _add_plugins(self) -> None:
        if not self.__dict__.get("asked"):
            self.__dict__["asked"] = True
            from cmengine.plugins import load_plugins

            load_plugins().add_commands(self)


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="A first try: cmengine demo. Help on a command, with examples: cmengine log --help.",
)
@click.option(
    "-p",
    "--program",
    "folder",
    metavar="DIR",
    envvar="CMENGINE_PROGRAM",
    default=".",
    type=click.Path(file_okay=False),
    help="The program's folder (default: CMENGINE_PROGRAM, or this folder).",
)
@click.option("--by", metavar="NAME", help="Who is at the desk (default: your login name).")
@click.option(
    "--trace",
    is_flag=True,
    envvar="CMENGINE_TRACE",
    help="Tell on standard error what the plugins are asked and answer (or CMENGINE_TRACE=1).",
)
@click.version_option(package_name="cmengine", message="cmengine %(version)s")
@click.pass_context
def cli(ctx: click.Context, folder: str, by: str | None, trace: bool) -> None:
    """Rewards for any positive change. Nothing that goes badly ever costs anybody anything."""
    from cmengine.cli.desk import Desk

    ctx.obj = Desk(folder, by, trace)


def main() -> None:
    """Run the command line. An error that nobody foresaw says so, and leaves the ledger as it was."""
    if any("\ud800" <= letter <= "\udfff" for word in sys.argv for letter in word):
        click.echo("Error: the command holds letters that are not UTF-8; type them again", err=True)
        sys.exit(2)
    try:
        cli(prog_name="cmengine")
    except SystemExit as done:
        leave(done.code)
    except Exception as error:
        from cmengine.cli.crash import report

        leave(report(error))


def leave(code: str | int | None) -> NoReturn:
    """End the process, and let the operating system take back what it used.

    To take apart every class and module first takes Python a fifth of the time of `cmengine log`.
    What asked to be done at the end is done; where that cannot be known for sure (other threads, or a
    code that is to be printed), Python ends in its own way.
    """
    threading = sys.modules.get("threading")
    if not isinstance(code, int | None) or (threading and threading.active_count() > 1):
        sys.exit(code)
    try:
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
    except (OSError, ValueError):  # nobody reads any more
        sys.exit(code)
    os._exit(code or 0)
