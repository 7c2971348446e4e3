"""cmengine log"""

from datetime import time
from typing import Any

import click

from cmengine.cli.desk import (
    Day,
    Desk,
    Hour,
    client_codes,
    day_meant,
    examples,
    json_option,
    kind_names,
    pass_desk,
)
from cmengine.cli.show import day, document, money, say, several, table
from cmengine.ordinals import nth


@click.command(
    "log",
    epilog=examples(
        "cmengine log c001 visit",
        "cmengine log c001 drinks 3",
        "cmengine log c002 visit --on 2026-01-05 --at 14:30",
        "cmengine log c002 positive_change 'Called my sister'",
    ),
)
@click.argument("client", shell_complete=client_codes)
@click.argument("kind", shell_complete=kind_names)
@click.argument("value", required=False)
@click.option(
    "--on",
    metavar="DATE",
    type=Day(),
    help="The day it happened (default: today). Late is on time.",
)
@click.option(
    "--at",
    metavar="TIME",
    type=Hour(),
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
@json_option
@pass_desk
def log_command(
    desk: Desk,
    client: str,
    kind: str,
    value: str | None,
    on: Any,
    at: time | None,
    event_id: str | None,
    evidence: str | None,
    note: str,
    as_json: bool,
) -> None:
    """Log that KIND happened for CLIENT, and see at once what it earned."""
    from cmengine.coming import coming
    from cmengine.engine import log_event, make_event
    from cmengine.errors import CMError, Mistake
    from cmengine.reasons import on_the_menu, reasons

    with desk.open(look_at_key=False) as program:
        moment = program.moment(day_meant(program, on), at)
        event, wrong = make_event(
            program,
            client=client,
            kind=kind,
            value=value,
            at=moment,
            id=event_id,
            evidence=evidence,
        )
        if event is None:
            raise CMError(*_unknown(program, client), *(Mistake("log", *one) for one in wrong))
        logged = log_event(program, event, note)
        event = logged.event
        awards = program.ledger.awards("event = ?", event.id)
        balance = program.ledger.balance(client)
        next_time = coming(program, event, list(dict.fromkeys(award.rule for award in awards)))
        titles = {award.rule: program.table(award.digest)["title"] for award in awards}
        why = reasons(program, event)
        menu = [] if awards or why else on_the_menu(program, event)
        unit = program.kinds[kind].unit
        who = program.ledger.called(client)
        things = [item for _, _, item in program.ledger.waiting_items(client)]
        corrected = logged.again and program.ledger.is_marked(event.id)
    if as_json:
        document(
            {
                "event": event.id,
                "client": client,
                "kind": kind,
                "day": event.day.isoformat(),
                "again": logged.again,
                "awards": [_award(award) for award in awards],
                "cents": sum(award.cents for award in awards),
                "waiting_cents": balance.waiting,
                "reasons": why,
                "next": next_time,
            }
        )
        return
    shown = f" {event.value} {unit}".rstrip() if event.value is not None else ""
    say(
        f"{who}: {kind}{shown}, {day(event.day)}"
        + (" (logged before; it counts once)" if logged.again else "")
    )
    table(
        [(award.label, f"{titles[award.rule]}, {nth(award.ordinal)} time") for award in awards],
        indent="  ",
    )
    for title, words in why.items():
        say(f"  {title}: {words}.")
    if not awards and not why:
        say("  Logged. Nothing changes: all that is earned and all that comes stays as it is.")
    if menu:
        say(f"  On the menu for this, if {client} likes: {several(menu)}")
    if corrected:
        say("  It was marked as a mistake since; if it did happen, log it under a new id.")
    say(f"  Waiting: {several([money(balance.waiting), *things])}")
    for rule, labels in next_time.items():
        say(f"  Next time ({titles[rule]}): {several(labels)}")


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
