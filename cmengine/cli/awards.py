"""cmengine awards, cmengine explain"""

import click

from cmengine.cli.desk import Desk, client_codes, examples, json_option, pass_desk
from cmengine.cli.show import count, day, document, money, nth, say, table


@click.command("awards", epilog=examples("cmengine awards --client c001", "cmengine awards --json"))
@click.option("--client", shell_complete=client_codes, help="Only this client's.")
@json_option
@pass_desk
def awards_command(desk: Desk, client: str | None, as_json: bool) -> None:
    """List what was earned, in the order in which it was logged."""
    with desk.open() as program:
        if client is not None:
            program.must_have(client)
        awards = program.ledger.awards("client = ?", client) if client is not None else program.ledger.awards()
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
    "explain", epilog=examples("cmengine explain 17.1     (the number stands in: cmengine awards)")
)
@click.argument("award")
@json_option
@pass_desk
def explain_command(desk: Desk, award: str, as_json: bool) -> None:
    """Say why AWARD is what it is, in a sum that comes out to the cent, and what would not have changed it."""
    from cmengine.explain import UNCHANGED
    from cmengine.recall import explained

    with desk.open() as program:
        row, rule, why = explained(program, award)
        currency = program.settings.currency
    if as_json:
        document(
            {
                "award": row.id,
                "client": row.client,
                "rule": row.rule,
                "title": rule.title,
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
                "corrected": row.corrected,
                "unchanged_by": list(UNCHANGED),
            }
        )
        return
    say(f"{row.label}, for {row.client} (award {row.id})")
    say(f"  Goal     {rule.title}")
    say(f"  What     {row.reason}, {day(row.on)}")
    slot = f", place {row.slot} of the calendar" if row.slot else ""
    say(f"  Which    the {nth(row.ordinal)} time{slot}")
    if row.cents:
        say(f"  Sum      {why.arithmetic} {currency}")
    say(f"  Rule     {row.rule}, version {row.digest[:12]}, as it was when it was chosen")
    if row.corrected:
        say("  Mistake  the event was marked as a mistake of ours; the award stays")
    if not why.agrees:
        say("  Look     working it out again gives something else; run: cmengine verify")
    say("  It would be the same with " + ";\n    with ".join(UNCHANGED) + ".")
