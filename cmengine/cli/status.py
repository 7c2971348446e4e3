"""cmengine status"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from cmengine.cli.desk import Desk, examples, json_option
from cmengine.cli.show import count, day, document, money, problem, say, several, wrapped

STATES = {
    "due": "can go now",
    "quiet": "for after the quiet hours",
    "pause": "to be tried again",
    "held back": "for when there is something to hand over",
    "being sent": "on the way",
    "no consent": "no consent to write",
    "did not go": "did not go",
    "not needed": "no longer needed",
}


@click.command(
    "status",
    epilog=examples("cmengine status", "cmengine status --most 50", "cmengine status --json"),
)
@click.option(
    "--most",
    type=click.IntRange(0),
    default=10,
    show_default=True,
    help="How many people are named in each list.",
)
@json_option
@click.pass_context
def status_command(ctx: click.Context, most: int, as_json: bool) -> None:
    """See on one screen, in the morning, what waits for whom and what wants a hand.

    What waits, the oldest first; what limits hold back; funds, stock, the backup, messages, what people
    said; and people to say hello to. What is as it should be is left out. It only reads.
    """
    from cmengine.plugins import load_plugins
    from cmengine.program import open_program
    from cmengine.status import status

    desk = ctx.find_object(Desk) or Desk(".", None)
    program = open_program(Path(desk.folder), by=desk.by, registry=load_plugins())
    try:
        _ = program.keys
        seen = status(program, most)
        if as_json:
            document(status_data(seen))
        else:
            show_status(program, seen)
    finally:
        program.close()


def show_status(program: Any, seen: Any) -> None:
    """Print the look at a program, a section each; what is as it should be is left out."""
    say(f"{seen.program}, {day(seen.on)}")
    called = program.ledger.called
    sections = [
        ("Waiting to be handed over", _waiting(seen.waiting, called)),
        ("Held back, even if all else is handed over now", [_back(one) for one in seen.held_back]),
        ("Funds", _funds(seen)),
        ("Stock", [*map(_shelf, seen.stock), *map(_uncounted, seen.uncounted)]),
        ("Backup", _backup(seen.backup)),
        ("Messages", _messages(seen.messages)),
        ("What people said", _feedback(seen.feedback)),
        ("Held until a plugin is mended", [_held(one) for one in seen.held_rules]),
        ("To look at", [str(one) for one in seen.findings]),
        ("You may like to say hello to", _people(seen.people, called)),
    ]
    told = [(head, lines) for head, lines in sections if lines]
    for head, lines in told:
        say(f"\n{head}")
        for line in lines:
            say(wrapped("  ", line))
    if not told:
        say("Nothing waits, and nothing wants a hand.")


def _waiting(seen: Any, called: Any) -> list[str]:
    if not seen.people:
        return []
    things = [count(seen.things, "thing")] if seen.things else []
    all_of_it = several([*([money(seen.cents)] if seen.cents else []), *things])
    lines = [f"{all_of_it}, for {count(seen.people, 'person', 'people')}"]
    for one in seen.oldest:
        what = several([*([money(one.cents)] if one.cents else []), *one.items])
        lines.append(f"{called(one.client)}: {what}, {_since(one)}")
    return lines + _more(seen.people - len(seen.oldest))


def _since(one: Any) -> str:
    return (
        f"for {count(one.days, 'day')} (since {day(one.since)})" if one.days > 0 else "since today"
    )


def _more(left: int) -> list[str]:
    return [f"... and {left} more: --most"] if left > 0 else []


def _back(one: Any) -> str:
    who = count(one.people, "person", "people")
    return f"{money(one.cents)} for {who}, and it stays theirs: {one.why}; {', or '.join(one.alternatives)}"


def _funds(seen: Any) -> list[str]:
    lines = [
        f"{one.fund.name}: {money(one.left)} of {money(one.amount)} left, {money(one.promised)} of it promised"
        + ("; it is nearly used" if one.nearly else "")
        for one in seen.funds
    ]
    if seen.uncovered:
        lines.append(f"{money(seen.uncovered)} of what waits has no money in a fund yet")
    return lines


def _shelf(one: Any) -> str:
    said = [f"{one.on_hand} left"] if one.low else []
    said += [f"the shop takes {one.expired} no longer"] if one.expired else []
    said += [f"{one.soon} to be used by {day(one.first_expires)} or soon after"] if one.soon else []
    return f"{one.name}: {several(said)}"


def _uncounted(one: Any) -> str:
    ever = (
        f"last counted on {day(one.since)}"
        if one.ever
        else f"here since {day(one.since)}, not counted yet"
    )
    return f"{one.name}: {ever} ({count(one.days, 'day')})"


def _backup(one: Any) -> list[str]:
    if not one.old:
        return []
    last = f"the last one is {count(one.days, 'day')} old" if one.last else "none has been made yet"
    return [f"{last}; make one with: cmengine backup DIR"]


def _messages(seen: Any) -> list[str]:
    if not seen.waiting:
        return []
    said = [f"{n} {STATES.get(state, state)}" for state, n in seen.states.items()]
    of = f" (of the oldest {seen.looked_at})" if seen.looked_at < seen.waiting else ""
    return [f"{seen.waiting} waiting{of}: {several(said)}"]


def _feedback(seen: Sequence[Any]) -> list[str]:
    lines = []
    for one in seen[:10]:
        since = f"waits for an answer for {count(one.days, 'day')}" if one.days else "is new"
        whose = f", for {one.goes_to}" if one.goes_to else ""
        late = ": please answer it" if one.late else ""
        lines.append(f"{one.kind} {one.number} {since}{whose}{late}")
    left = len(seen) - len(lines)
    return [*lines, *([f"... and {left} more: cmengine feedback list --open"] if left else [])]


def _held(one: Any) -> str:
    who = count(one.people, "person", "people")
    return f"{one.rule}, for {who} ({one.problem}); then: cmengine retry"


def _people(seen: Any, called: Any) -> list[str]:
    if not seen.total:
        return []
    lines = []
    for one in seen.shown:
        last = f"last seen {day(one.last)}" if one.last else "has not been by yet"
        how = "likes to be written to" if one.may_write else "when they come by"
        lines.append(f"{called(one.client)}: {last}; {how}")
    return [*lines, *_more(seen.total - len(seen.shown)), "Nothing of theirs has run out."]


def status_data(seen: Any) -> dict[str, Any]:
    """Give the look at a program as data."""
    return {
        "program": seen.program,
        "on": seen.on,
        "waiting": {
            "cents": seen.waiting.cents,
            "things": seen.waiting.things,
            "people": seen.waiting.people,
            "oldest": [_plain(one) for one in seen.waiting.oldest],
        },
        "held_back": [_plain(one) for one in seen.held_back],
        "funds": [
            {
                "fund": one.fund.name,
                "amount_cents": one.amount,
                "issued_cents": one.issued,
                "left_cents": one.left,
                "promised_cents": one.promised,
                "nearly_used": one.nearly,
            }
            for one in seen.funds
        ],
        "uncovered_cents": seen.uncovered,
        "stock": [
            {
                "name": one.name,
                "on_hand": one.on_hand,
                "low": one.low,
                "expired": one.expired,
                "soon": one.soon,
            }
            for one in seen.stock
        ],
        "uncounted": [_plain(one) for one in seen.uncounted],
        "backup": _plain(seen.backup),
        "messages": _plain(seen.messages),
        "feedback": [_plain(one) for one in seen.feedback],
        "held_rules": [_plain(one) for one in seen.held_rules],
        "findings": [problem(one) for one in seen.findings],
        "people": {
            "away": seen.people.away,
            "total": seen.people.total,
            "shown": [_plain(one) for one in seen.people.shown],
        },
    }


def _plain(value: Any) -> dict[str, Any]:
    from attrs import asdict

    return asdict(value)
