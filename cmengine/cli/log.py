"""cmengine log"""

import json
import sys
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

import click

from cmengine.cli.desk import (
    Day,
    Desk,
    Hour,
    Unread,
    client_codes,
    day_meant,
    examples,
    json_option,
    kind_names,
)
from cmengine.cli.show import day, document, money, note, problem, say, several, table
from cmengine.ordinals import nth

MOST_LINE = 20_000  # letters of a line: a note has 2,000 at most


@click.command(
    "log",
    epilog=examples(
        "cmengine log c001 visit",
        "cmengine log c001 drinks 3",
        "cmengine log c002 visit --on 2026-01-05 --at 14:30",
        "cmengine log c002 positive_change 'Called my sister'",
        "cmengine log --stdin     (then, a line an event: c001 visit --at 14:30)",
    ),
)
@click.argument("client", metavar="CLIENT", shell_complete=client_codes, required=False)
@click.argument("kind", metavar="KIND", shell_complete=kind_names, required=False)
@click.argument("value", required=False)
@click.option(
    "--on",
    metavar="DATE",
    type=Day(later=True),
    help="The day it happened (default: today). Late is on time.",
)
@click.option(
    "--at",
    metavar="TIME",
    type=Hour(later=True),
    help="The local time, like 14:30.",
)
@click.option(
    "--id", "event_id", metavar="KEY", help="An id of your own: logged twice, it counts once."
)
@click.option(
    "--evidence",
    metavar="E",
    help="self, staff, document, device or test (default: as kinds.toml says).",
)
@click.option("--note", default="", metavar="TEXT", help="A note; kept apart, and can be erased.")
@click.option(
    "--stdin",
    is_flag=True,
    help="Stay open, for a busy desk: a line an event, written as here after the word log, and an answer a line.",
)
@json_option
@click.pass_context
def log_command(ctx: click.Context, /, stdin: bool, as_json: bool, **event: Any) -> None:
    """Log that KIND happened for CLIENT, and see at once what it earned."""
    desk = ctx.find_object(Desk) or Desk(".", None)
    if stdin:
        if any(event.values()):
            raise click.UsageError("with --stdin, what happened stands in the lines", ctx)
        with desk.open(look_at_key=False) as program:
            wrong = 0
            for line in _lines():
                wrong += not _answer(ctx, program, line, as_json)
        ctx.exit(1 if wrong else 0)
    _must_name(ctx, event)
    with desk.open(look_at_key=False) as program:
        done = _log(program, **event)
    if as_json:
        document(_as_data(done))
    else:
        _show(done)


def _lines() -> Iterator[tuple[int, str]]:
    """Read lines as they come, without waiting for more of them; blank ones and remarks are passed over.

    Of a line that is too long the beginning is given, and nothing of the rest is kept.
    """
    number, goes_on = 0, False
    for part in iter(partial(sys.stdin.readline, MOST_LINE), ""):
        begins, goes_on = not goes_on, _too_long(part)
        number += begins
        if begins and part.strip() and not part.lstrip().startswith("#"):
            yield number, part


def _too_long(line: str) -> bool:
    return len(line) == MOST_LINE and line[-1] != "\n"


def _answer(ctx: click.Context, program: Any, line: tuple[int, str], as_json: bool) -> bool:
    """Log what a line says, and answer in a line; say whether it was logged."""
    from cmengine.errors import CMError, Mistake

    number, text = line
    mistakes: Sequence[Mistake] = ()
    try:
        event = _read(ctx, text)
    except (click.UsageError, ValueError) as error:
        mistakes = (Mistake("log", _words(error)),)
    else:
        try:
            done = _log(program, **event)
        except CMError as error:
            mistakes = error.mistakes
        except click.UsageError as error:
            mistakes = (Mistake("log", error.format_message()),)
    if mistakes:
        if as_json:
            click.echo(json.dumps({"line": number, "problems": [problem(one) for one in mistakes]}))
        else:
            for one in mistakes:
                note(f"Error: line {number}: {' '.join(str(one).split())}")
        return False
    if as_json:
        click.echo(json.dumps({"line": number, **_as_data(done)}))
    else:
        say(_in_a_line(done))
        _say_new(done)
        _say_offers(done)
    return True


def _words(error: Exception) -> str:
    return error.format_message() if isinstance(error, click.UsageError) else str(error)


def _read(ctx: click.Context, text: str) -> dict[str, Any]:
    """Read a line the way the command line is read."""
    import shlex

    if _too_long(text):
        raise ValueError(f"the line is longer than {MOST_LINE:,} letters; is this what was meant?")
    try:
        words = shlex.split(text)
    except ValueError:
        raise ValueError("a quote is opened and not closed; close it, or write it as \\'") from None
    with ctx.command.make_context("log", words, parent=ctx.parent) as own:
        event = dict(own.params)
        if event.pop("stdin") | event.pop("as_json"):
            raise ValueError("--stdin and --json belong to the command, not to a line")
        _must_name(own, event)
    return event


def _must_name(ctx: click.Context, event: dict[str, Any]) -> None:
    for name in ("client", "kind"):
        if event[name] is None:
            param = next(one for one in ctx.command.params if one.name == name)
            raise click.MissingParameter(ctx=ctx, param=param)


class _Done(NamedTuple):
    """An event that was logged, and what is said of it."""

    event: Any
    again: bool
    awards: Sequence[Any]
    titles: dict[str, str]  # of the rules of those awards
    waiting: int
    things: list[str]
    coming: dict[str, list[str]]
    why: dict[str, str]
    menu: list[str]
    unit: str
    who: str
    corrected: bool
    new: Sequence[Any]  # what is held since this event
    held: Sequence[Any]  # what is held for this client
    offers: Sequence[Any]  # what they may be asked whether they would like to hear


def _log(
    program: Any,
    *,
    client: str,
    kind: str,
    value: str | None,
    on: Any,
    at: Any,
    event_id: str | None,
    evidence: str | None,
    note: str,
) -> _Done:
    from cmengine.coming import coming
    from cmengine.engine import log_event, make_event
    from cmengine.errors import CMError, Mistake
    from cmengine.reasons import on_the_menu, reasons

    unread = [one for one in (on, at) if isinstance(one, Unread)]
    moment = program.now() if unread else program.moment(day_meant(program, on), at)
    event, wrong = make_event(
        program,
        client=client,
        kind=kind,
        value=value,
        at=moment,
        id=event_id,
        evidence=evidence,
    )
    if event is None or unread:
        mistakes = [*_unknown(program, client), *(Mistake("log", *one) for one in wrong)]
        if not mistakes:  # then it is the command alone that was typed wrongly
            option, what = unread[0]
            raise click.BadParameter(what, param_hint=f"'{option}'")
        raise CMError(*mistakes, *(Mistake(*one) for one in unread))
    logged = log_event(program, event, note)
    event = logged.event
    ledger = program.ledger
    awards = ledger.awards("event = ?", event.id)
    why = reasons(program, event)
    return _Done(
        event=event,
        again=logged.again,
        awards=awards,
        titles={award.rule: program.table(award.digest)["title"] for award in awards},
        waiting=ledger.balance(client).waiting,
        things=[item for _, _, item in ledger.waiting_items(client)],
        coming=coming(program, event, list(dict.fromkeys(award.rule for award in awards))),
        why=why,
        menu=[] if awards or why else on_the_menu(program, event),
        unit=program.kinds[kind].unit,
        who=ledger.called(client),
        corrected=logged.again and ledger.is_marked(event.id),
        new=logged.held,
        held=_held(program, event.client),
        offers=() if logged.again else _offers(program, event),
    )


def _offers(program: Any, event: Any) -> Sequence[Any]:
    """Give what the client may be asked about, where it may be the moment for anything."""
    from cmengine.engine import LONG_GAP, days_since

    if not program.settings.information and (days_since(program, event) or 0) < LONG_GAP:
        return ()
    from cmengine.information import after_event  # late: that is seldom

    return after_event(program, event)


def _held(program: Any, client: str) -> Sequence[Any]:
    from cmengine.engine import was_held

    if not was_held(program.ledger):
        return ()
    from cmengine.holds import held_for

    return list(held_for(program.ledger, client).values())


def _as_data(done: _Done) -> dict[str, Any]:
    return {
        "event": done.event.id,
        "client": done.event.client,
        "kind": done.event.kind,
        "day": done.event.day.isoformat(),
        "again": done.again,
        "awards": [_award(award) for award in done.awards],
        "cents": sum(award.cents for award in done.awards),
        "waiting_cents": done.waiting,
        "reasons": done.why,
        "next": done.coming,
        "held": _held_data(done.held),
        "offers": [one.topic for one in done.offers],
    }


def _held_data(held: Sequence[Any]) -> list[dict[str, Any]]:
    if not held:
        return []
    from cmengine.cli.held import held_data  # late: it is seldom that anything is

    return held_data(held)


def _say_new(done: _Done) -> None:
    if done.new:
        from cmengine.cli.held import say_held

        say_held(done.new, "the event is kept")


def _head(done: _Done) -> str:
    event = done.event
    shown = f" {event.value} {done.unit}".rstrip() if event.value is not None else ""
    again = " (logged before; it counts once)" if done.again else ""
    return f"{done.who}: {event.kind}{shown}, {day(event.day)}{again}"


def _in_a_line(done: _Done) -> str:
    """Answer in a line: what it was, what it earned or why not, and what waits."""
    said = [award.label for award in done.awards]
    said += [f"{title}: {words}" for title, words in done.why.items()]
    waits = several([money(done.waiting), *done.things])
    return f"{_head(done)} | {'; '.join(said) or 'logged'} | waiting: {waits}"


def _show(done: _Done) -> None:
    say(_head(done))
    titles = done.titles
    table(
        [
            (award.label, f"{titles[award.rule]}, {nth(award.ordinal)} time")
            for award in done.awards
        ],
        indent="  ",
    )
    for title, words in done.why.items():
        say(f"  {title}: {words}.")
    if not done.awards and not done.why:
        say("  Logged. Nothing changes: all that is earned and all that comes stays as it is.")
    if done.menu:
        say(f"  On the menu for this, if {done.event.client} likes: {several(done.menu)}")
    if done.corrected:
        say("  It was marked as a mistake since; if it did happen, log it under a new id.")
    say(f"  Waiting: {several([money(done.waiting), *done.things])}")
    for rule, labels in done.coming.items():
        say(f"  Next time ({titles[rule]}): {several(labels)}")
    _say_new(done)
    _say_offers(done)


def _say_offers(done: _Done) -> None:
    if done.offers:
        from cmengine.cli.information import say_offers

        say_offers(done.event.client, done.offers)


def _unknown(program: Any, client: str) -> tuple[Any, ...]:
    from cmengine.errors import CMError

    try:
        program.must_have(client)
    except CMError as error:
        return error.mistakes
    return ()


def _award(award: Any) -> dict[str, Any]:
    return {
        "id": award.id,
        "rule": award.rule,
        "ordinal": award.ordinal,
        "label": award.label,
        "cents": award.cents,
        "item": award.item,
    }
