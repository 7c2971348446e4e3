"""cmengine awards, cmengine explain"""

import click

from cmengine.cli.desk import Desk, client_codes, examples, json_option, pass_desk
from cmengine.cli.show import count, day, document, money, say, table, wrapped
from cmengine.ordinals import nth


@click.command("awards", epilog=examples("cmengine awards --client c001", "cmengine awards --json"))
@click.option("--client", shell_complete=client_codes, help="Only this client's.")
@json_option
@pass_desk
def awards_command(desk: Desk, client: str | None, as_json: bool) -> None:
    """List what was earned, in the order in which it was logged."""
    with desk.open() as program:
        if client is not None:
            program.must_have(client)
        awards = (
            program.ledger.awards("client = ?", client)
            if client is not None
            else program.ledger.awards()
        )
    if as_json:
        rows = [
            {
                "id": a.id,
                "client": a.client,
                "rule": a.rule,
                "digest": a.digest,
                "ordinal": a.ordinal,
                "slot": a.slot,
                "on": a.on.isoformat(),
                "event": a.event,
                "label": a.label,
                "cents": a.cents,
                "item": a.item,
                "corrected": a.corrected,
            }
            for a in awards
        ]
        document({"awards": rows})
    elif awards:
        table(
            [(a.id, a.client, a.on.isoformat(), a.rule, a.label, money(a.cents)) for a in awards],
            ("award", "client", "day", "goal", "what", "worth"),
        )
        say(f"{count(len(awards), 'award')}, {money(sum(award.cents for award in awards))} in all.")
    else:
        say("Nothing has been earned yet.")


@click.command(
    "explain",
    epilog=examples(
        "cmengine explain 17.1     (the number stands in: cmengine awards)",
        "cmengine explain 17.1 --technical",
        "cmengine explain --event s1-000042     (also where it earned nothing)",
    ),
)
@click.argument("award", required=False)
@click.option(
    "--event",
    metavar="EVENT",
    help="Explain an event by its id: what it earned, or kindly why nothing.",
)
@click.option("--technical", is_flag=True, help="Show also what it is worked out from.")
@json_option
@pass_desk
def explain_command(
    desk: Desk, award: str | None, event: str | None, technical: bool, as_json: bool
) -> None:
    """Say why AWARD is what it is, in a sum that comes out to the cent, and what would not have changed it."""
    if (award is None) == (event is None):
        raise click.UsageError("name an award, like 17.1, or an event with --event")
    if event is not None:
        _explain_event(desk, event, as_json)
        return
    from cmengine.explain import UNCHANGED
    from cmengine.recall import explained, worked_from

    with desk.open() as program:
        row, rule, why = explained(program, str(award))
        currency = program.settings.currency
        details = worked_from(program, row, rule) if technical or as_json else {}
    if as_json:
        document(
            {
                "award": row.id,
                "client": row.client,
                "rule": row.rule,
                "title": why.title,
                "digest": row.digest,
                "event": row.event,
                "on": row.on.isoformat(),
                "reason": row.reason,
                "ordinal": row.ordinal,
                "slot": row.slot,
                "label": row.label,
                "arithmetic": why.arithmetic,
                "cents": row.cents,
                "agrees": why.agrees,
                "absent": why.absent or None,
                "corrected": row.corrected,
                "technical": details,
                "unchanged_by": list(UNCHANGED),
            }
        )
        return
    say(f"{row.label}, for {row.client} (award {row.id})")
    say(f"  Goal     {why.title}")
    say(f"  What     {row.reason}, {day(row.on)}")
    slot = f", place {row.slot} of the calendar" if row.slot else ""
    say(f"  Which    the {nth(row.ordinal)} time{slot}")
    if row.cents:
        say(f"  Sum      {why.arithmetic} {currency}")
    say(f"  Rule     {row.rule}, version {row.digest[:12]}, as it was when it was chosen")
    if row.corrected:
        say("  Mistake  the event was marked as a mistake of ours; the award stays")
    if why.absent:
        say(
            wrapped(
                "  Kept     ",
                f"as it was worked out then. It cannot be worked out again just now: {why.absent}.",
            )
        )
    if not why.agrees:
        say("  Look     working it out again gives something else; run: cmengine verify")
    if technical:
        say("  Worked out from:")
        table([(name, str(value)) for name, value in details.items()], indent="    ")
    say("  It would be the same with " + ";\n    with ".join(UNCHANGED) + ".")


def _explain_event(desk: Desk, event: str, as_json: bool) -> None:
    """Say what an event earned, and for each goal that saw it and gave nothing, kindly why."""
    from cmengine.errors import CMError, Mistake
    from cmengine.reasons import on_the_menu, reasons

    with desk.open() as program:
        stored = program.ledger.find_event(event)
        if stored is None:
            raise CMError(
                Mistake(
                    f"event '{event:.64}'",
                    "there is no such event",
                    "ids stand in: cmengine events --client CLIENT",
                )
            )
        awards = program.ledger.awards("event = ?", event)
        why = reasons(program, stored.event)
        menu = [] if awards or why else on_the_menu(program, stored.event)
        corrected = program.ledger.is_corrected(stored.seq)
    told = stored.event
    if as_json:
        document(
            {
                "event": event,
                "client": told.client,
                "kind": told.kind,
                "day": told.day.isoformat(),
                "corrected": corrected,
                "awards": [
                    {"id": a.id, "rule": a.rule, "label": a.label, "cents": a.cents} for a in awards
                ],
                "reasons": why,
                "lost_cents": 0,
            }
        )
        return
    value = "" if told.value is None else f" {told.value}"
    say(f"{told.kind}{value}, {told.client}, {day(told.day)}")
    table([(a.label, a.rule, f"explain {a.id}") for a in awards], indent="  ")
    for title, words in why.items():
        say(f"  {title}: {words}.")
    if not awards and not why:
        say("  No goal that this client has chosen looks at this kind of event.")
    if menu:
        say(f"  On the menu for this, if they like: {', '.join(menu)}")
    if corrected:
        say("  It was marked as a mistake of ours; what it earned stays.")
    say("  Nothing was lost by it: all that was earned before, and all that comes, is as it was.")
