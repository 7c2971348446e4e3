"""cmengine outbox"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import click

from cmengine.cli.desk import Desk, client_codes, examples, json_option, pass_desk
from cmengine.cli.show import count, document, note, say, table

EVERY = 30
OTHERS = ("no consent", "quiet", "held back", "did not go")  # what a round says of what it kept


@click.group("outbox")
def outbox_command() -> None:
    """See and send the messages that are waiting."""


@outbox_command.command(
    "list", epilog=examples("cmengine outbox list", "cmengine outbox list --all --json")
)
@click.option("--all", "everything", is_flag=True, help="Also what went, and what was not needed.")
@json_option
@pass_desk
def list_messages(desk: Desk, everything: bool, as_json: bool) -> None:
    """List the messages that wait, what each would say now, and why one has not gone."""
    from cmengine.sending import gone, standings

    with desk.open() as program:
        rows = [
            _data(one, _words(program, one.letter), program.settings.messages.tries)
            for one in standings(program)
        ]
        over = gone(program) if everything else []
    if as_json:
        waiting = sum(row["state"] != "not needed" for row in rows)
        document({"waiting": waiting, "messages": rows, **({"gone": over} if everything else {})})
        return
    if over:
        shown = [(one["client"], one["channel"], one["came"], one["noted_at"]) for one in over]
        table(shown, ("client", "channel", "came", "on"))
    if rows:
        table(
            [(row["client"], row["channel"], row["text"], _told(row)) for row in rows],
            ("client", "channel", "message", "state"),
        )
        due = sum(row["state"] == "due" for row in rows)
        say(
            f"{due} can go now. Send: cmengine outbox send"
            if due
            else "Nothing of it can go just now."
        )
    else:
        say("Nothing is waiting to be sent.")


@outbox_command.command(
    "send",
    epilog=examples("cmengine outbox send", "cmengine outbox send --watch     (until Ctrl-C)"),
)
@click.option("--watch", is_flag=True, help="Go on until stopped; a line a round.")
@click.option(
    "--every",
    type=click.FloatRange(1, 3600),
    default=EVERY,
    show_default=True,
    metavar="SECONDS",
    help="With --watch: how often to look for something new.",
)
@json_option
@pass_desk
def send(desk: Desk, watch: bool, every: float, as_json: bool) -> None:
    """Send what waits and may go now: where the client allows it, and outside their quiet hours.

    What does not go is kept, and tried again after growing pauses; it costs the client nothing.
    """
    from cmengine.sending import send_waiting, standings

    with desk.open() as program, _until_stopped() as stop:
        if watch:
            _watch(program, stop, every, as_json)
            return
        tried = list(send_waiting(program, stopped=stop.is_set))
        waiting = standings(program)
    if as_json:
        document(_round(tried, waiting))
    else:
        _say_round(tried, waiting)


@outbox_command.command(
    "write",
    epilog=examples(
        "cmengine outbox write c001 hello",
        "cmengine outbox write c001 welcome_back --channel outbox",
    ),
)
@click.argument("client", shell_complete=client_codes)
@click.argument("template", metavar="hello|welcome_back")
@click.option("--channel", metavar="C", help="Where (default: the only channel they allow).")
@json_option
@pass_desk
def write(desk: Desk, client: str, template: str, channel: str | None, as_json: bool) -> None:
    """Put a greeting into the outbox for CLIENT. It goes as every message does: then, outbox send."""
    from cmengine.greetings import write

    with desk.open() as program:
        id = write(program, client, template, channel)
    if as_json:
        document({"id": id, "client": client, "template": template})
    else:
        say("In the outbox. Send: cmengine outbox send")


@outbox_command.command(
    "retry",
    epilog=examples("cmengine outbox retry 01JZ8.../drop-in/0", "cmengine outbox retry --all"),
)
@click.argument("message", metavar="ID", required=False)
@click.option("--all", "everything", is_flag=True, help="Everything that did not go.")
@json_option
@click.pass_context
def retry(ctx: click.Context, message: str | None, everything: bool, as_json: bool) -> None:
    """Let a message that did not go be tried again at once, and as often as a new one. Then: outbox send."""
    from cmengine.sending import retry

    if (message is None) is not everything:
        raise click.UsageError("name one message, or say --all", ctx)
    desk = ctx.find_object(Desk) or Desk(".", None)
    with desk.open() as program:
        again = retry(program, message)
    if as_json:
        document({"retried": [one.id for one in again]})
    else:
        say(f"{count(len(again), 'message')} to be tried again. Send: cmengine outbox send")


def _watch(program: Any, stop: Any, every: float, as_json: bool) -> None:
    import json

    from cmengine.watching import watch

    for one in watch(program, stop.wait, every, stop.is_set):
        if as_json:
            click.echo(json.dumps({"at": one.at.isoformat(), **_round(one.tried, one.waiting)}))
        else:
            say(f"{one.at:%Y-%m-%d %H:%M:%S}  {_line(one.tried, one.waiting)}")
    if not as_json:
        note("Stopped. What was not sent waits.")


@contextmanager
def _until_stopped() -> Iterator[Any]:
    """Let Ctrl-C, or the system, stop after the message that is being sent: so it is noted that it went."""
    import signal
    import threading

    stop = threading.Event()
    both = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(one, lambda *_: stop.set()) for one in both]
    try:
        yield stop
    finally:
        for one, handler in zip(both, before, strict=True):
            signal.signal(one, handler)


def _data(one: Any, text: str, most: int) -> dict[str, Any]:
    letter = one.letter
    return {
        "id": letter.id,
        "client": letter.client,
        "channel": letter.channel,
        "template": letter.template,
        "text": text,
        "messages": letter.messages,
        "state": one.state,
        "why": one.why,
        "at": one.at.isoformat() if one.at else None,
        "tries": one.tries,
        "most_tries": most,
        "made_at": letter.made_at,
    }


def _words(program: Any, letter: Any) -> str:
    """Say what a letter would say now, or why it cannot be said."""
    from cmengine.errors import CMError
    from cmengine.sending import words_of

    try:
        return words_of(program, letter)
    except CMError as error:
        return f"({error})"


def _told(row: dict[str, Any]) -> str:
    at = f" {row['at'][:10]} {row['at'][11:16]}" if row["at"] else ""
    tries = f"{row['tries']} of {row['most_tries']} tries"
    why = f": {row['why']}" if row["why"] else ""
    said = {
        "due": f"did not go yet ({tries}){why}" if row["why"] else "goes with the next sending",
        "no consent": row["why"],
        "quiet": f"quiet hours until{at}{why}",
        "held back": row["why"],
        "being sent": f"is being sent; if nothing comes of it, again from{at}",
        "pause": f"did not go ({tries}){why}; again from{at}",
        "did not go": f"did not go ({tries}){why}; try again: cmengine outbox retry {row['id']}",
        "not needed": row["why"],
    }
    return str(said[row["state"]])


def _round(tried: Sequence[Any], waiting: Sequence[Any]) -> dict[str, Any]:
    return {
        "sent": sum(not one.problem for one in tried),
        "waiting": len(waiting),
        "problems": [
            {"id": one.message.id, "client": one.message.client, "problem": one.problem}
            for one in tried
            if one.problem
        ],
        "states": _states(waiting),
    }


def _states(waiting: Sequence[Any]) -> dict[str, int]:
    found: dict[str, int] = {}
    for one in waiting:
        found[one.state] = found.get(one.state, 0) + 1
    return found


def _line(tried: Sequence[Any], waiting: Sequence[Any]) -> str:
    sent = sum(not one.problem for one in tried)
    return f"{sent} sent, {len(waiting)} kept for another time"


def _say_round(tried: Sequence[Any], waiting: Sequence[Any]) -> None:
    say(f"{_line(tried, waiting)}.")
    for problem in dict.fromkeys(f"{one.channel}: {one.problem}" for one in tried if one.problem):
        say(f"  {problem}")
    others = _states([one for one in waiting if one.state in OTHERS])
    from cmengine.sending import STATES

    for state, number in others.items():
        say(f"  {count(number, 'message')}: {STATES[state]}")
