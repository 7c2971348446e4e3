"""cmengine correct"""

import click

from cmengine.cli.desk import Desk, client_codes, examples, json_option, pass_desk
from cmengine.cli.held import held_data, say_held
from cmengine.cli.show import day, document, money, say


@click.command(
    "correct",
    epilog=examples(
        "cmengine correct --last c001 --reason 'It was somebody else'",
        "cmengine correct s1-000042 --reason 'Logged twice'",
    ),
)
@click.argument("event", required=False)
@click.option(
    "--last",
    metavar="CLIENT",
    shell_complete=client_codes,
    help="The event that was logged last for CLIENT.",
)
@click.option("--reason", required=True, metavar="TEXT", help="Why it was a mistake.")
@json_option
@pass_desk
def correct_command(
    desk: Desk, event: str | None, last: str | None, reason: str, as_json: bool
) -> None:
    """Mark EVENT as a mistake of ours. What it earned stays with the client.

    The rung it used is free again: the next real event earns what it would have earned without it.
    """
    from cmengine.corrections import correct_event, last_event_of

    if (event is None) == (last is None):
        raise click.UsageError("name the event by its id, or a client with --last CLIENT")
    with desk.open() as program:
        done = correct_event(program, event or last_event_of(program, str(last)), reason)
    awards = [
        award
        for result in done.caught_up
        if result.outcome.earned
        for _, award in result.outcome.earned.awards
    ]
    if as_json:
        document(
            {
                "event": done.event.id,
                "client": done.event.client,
                "kept_cents": done.kept_cents,
                "awards": [{"label": award.label, "cents": award.cents} for award in awards],
                "held": held_data(done.held),
            }
        )
        return
    say(
        f"Marked as a mistake: {done.event.kind}, {day(done.event.day)}, {done.event.client}. It is left out of reports."
    )
    if done.kept_cents:
        say(
            f"  {done.event.client} keeps the {money(done.kept_cents)} it earned; the program carries that."
        )
    if awards:
        say(
            f"  Without the mistake in the way, other events earn now: {', '.join(award.label for award in awards)}"
        )
    say_held(done.held, "the correction is kept")
