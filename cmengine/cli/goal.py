"""cmengine goal"""

from pathlib import Path
from typing import Any

import click

from cmengine.cli.desk import (
    Day,
    Desk,
    client_codes,
    day_meant,
    examples,
    json_option,
    pass_desk,
    rule_ids,
)
from cmengine.cli.held import counted_data, held_data, say_held
from cmengine.cli.held_back import ahead_data
from cmengine.cli.show import count, day, document, note, say, table

CLIENT = click.argument("client", shell_complete=client_codes)
RULE = click.argument("rule", shell_complete=rule_ids)
ON = click.option(
    "--on",
    metavar="DATE",
    type=Day(),
    help="From this day on (default: today).",
)
SET = click.option(
    "--set",
    "settings",
    metavar="KEY=VALUE",
    multiple=True,
    help="The client's own setting; several with several --set.",
)


def _settings(texts: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    from cmengine.errors import CMError, Mistake
    from cmengine.importing import read_settings_text

    try:
        return read_settings_text(texts)
    except ValueError as error:
        raise CMError(Mistake("--set", str(error))) from error


@click.group("goal")
def goal_command() -> None:
    """Write down what a client chooses, in their own words."""


@goal_command.command(
    "choose",
    epilog=examples(
        "cmengine goal choose c001 drop-in --words 'See people, get out of my room'",
        "cmengine goal choose c001 fewer-drinks --words 'Six is enough' --set goal.target=6",
        "cmengine goal choose c002 drop-in --words 'Come in' --on 2026-01-05",
    ),
)
@CLIENT
@RULE
@click.option(
    "--words", required=True, metavar="TEXT", help="What the client wants, as they say it."
)
@SET
@ON
@json_option
@pass_desk
def choose(
    desk: Desk,
    client: str,
    rule: str,
    words: str,
    settings: tuple[str, ...],
    on: Any,
    as_json: bool,
) -> None:
    """CLIENT chooses RULE. What happened since that day and is logged already counts too.

    Of a choice that was written down too late, say it again with --on EARLIER: its first day moves back,
    and nothing that counted changes.
    """
    from cmengine.choices import Wish, choose_goals, put_away_with
    from cmengine.cli.information import offers_data, say_offers
    from cmengine.forewarn import ahead
    from cmengine.information import after_choice

    if not words.strip():
        raise click.UsageError("--words is empty; write down what they want, as they say it")
    with desk.open() as program:
        wish = Wish(
            client=client,
            rule=rule,
            words=words,
            settings=_settings(settings),
            on=day_meant(program, on),
        )
        (chosen,), _ = choose_goals(program, [wish])
        awards = [
            award
            for result in chosen.caught_up
            if result.outcome.earned
            for _, award in result.outcome.earned.awards
        ]
        title = program.table(chosen.choice.digest)["title"]
        resting = put_away_with(program, client, rule)
        reached = ahead(program, program.rule_of(chosen.choice))
        offers = after_choice(program, client, rule, chosen.choice.digest)
    if as_json:
        document(
            {
                "choice": chosen.choice.id,
                "rule": rule,
                "client": client,
                "digest": chosen.choice.digest,
                "on": chosen.choice.on.isoformat(),
                "again": chosen.again,
                "moved_from": chosen.moved_from and chosen.moved_from.isoformat(),
                "awards": [
                    {"rule": rule, "label": award.label, "cents": award.cents} for award in awards
                ],
                "held": held_data(chosen.held),
                "reaches": ahead_data(reached),
                "offers": offers_data(offers),
            }
        )
        return
    before = chosen.moved_from and f"; written down before: from {day(chosen.moved_from)}"
    say(f"{client} chose: {title}, from {day(chosen.choice.on)}{before or ''}.")
    if awards:
        shown = [award.label.rstrip(".!") for award in awards]
        some = shown if len(shown) <= 6 else [*shown[:5], f"{len(shown) - 5} more"]
        say(f"Already logged since then, and counted now: {', '.join(some)}.")
    if resting:
        say(f"Still set aside, if they would like it back too: {', '.join(resting)}")
    say_held(chosen.held, "the choice is kept, and all that was logged")
    if reached:  # the figures are for whoever writes the rules: `rules check` says them
        note("Some of what this brings may have to wait for a while. It stays theirs.")
    say_offers(client, offers)


@goal_command.command("set", epilog=examples("cmengine goal set c001 fewer-drinks goal.target=5"))
@CLIENT
@RULE
@click.argument("settings", metavar="KEY=VALUE...", nargs=-1, required=True)
@ON
@json_option
@pass_desk
def set_command(
    desk: Desk,
    client: str,
    rule: str,
    settings: tuple[str, ...],
    on: Any,
    as_json: bool,
) -> None:
    """CLIENT moves their own number. What has been earned stays as it is."""
    from cmengine.choices import set_goal

    with desk.open() as program:
        choice = set_goal(program, client, rule, _settings(settings), day_meant(program, on))
    if as_json:
        document(
            {
                "choice": choice.id,
                "rule": rule,
                "client": client,
                "settings": dict(choice.settings),
                "on": choice.on.isoformat(),
            }
        )
    else:
        changed = ", ".join(f"{key} = {value}" for key, value in choice.settings)
        say(f"{client}, {rule}: {changed} from {day(choice.on)} on.")


@goal_command.command("accept", epilog=examples("cmengine goal accept c001 drop-in"))
@CLIENT
@RULE
@ON
@json_option
@pass_desk
def accept_command(desk: Desk, client: str, rule: str, on: Any, as_json: bool) -> None:
    """CLIENT takes the newest version of RULE. Theirs stays as it is until they do.

    A version under which they could earn less cannot be taken; see: cmengine rules diff RULE
    """
    from cmengine.choices import accept_version

    with desk.open() as program:
        choice = accept_version(program, client, rule, day_meant(program, on))
    if as_json:
        document(
            {
                "choice": choice.id,
                "rule": rule,
                "client": client,
                "digest": choice.digest,
                "on": choice.on.isoformat(),
            }
        )
    else:
        say(f"{client} has taken version {choice.digest[:12]} of {rule}, from {day(choice.on)} on.")


@goal_command.command("set-aside", epilog=examples("cmengine goal set-aside c001 drop-in"))
@CLIENT
@RULE
@ON
@json_option
@pass_desk
def set_aside_command(desk: Desk, client: str, rule: str, on: Any, as_json: bool) -> None:
    """Put a goal away for as long as CLIENT likes. Chosen again, it goes on where it was."""
    from cmengine.choices import set_aside

    with desk.open() as program:
        put_away = [
            choice.rule for choice in set_aside(program, client, rule, day_meant(program, on))
        ]
    if as_json:
        document({"client": client, "rule": rule, "set_aside": put_away})
    else:
        say(
            f"Set aside for {client}: {', '.join(put_away)}. Everything earned stays; choose it again at any time."
        )


@goal_command.command(
    "list", epilog=examples("cmengine goal list", "cmengine goal list c001 --json")
)
@click.argument("client", required=False, shell_complete=client_codes)
@json_option
@pass_desk
def list_goals(desk: Desk, client: str | None, as_json: bool) -> None:
    """List what is chosen now, by everybody or by CLIENT."""
    rows: list[dict[str, Any]] = []
    with desk.open() as program:
        if client is not None:
            program.must_have(client)
        for one in [client] if client is not None else program.ledger.clients():
            for rule, timeline in program.ledger.timelines(one).items():
                choice = timeline[-1].choice
                if choice.stands:
                    rows.append(
                        {
                            "client": one,
                            "rule": rule,
                            "words": choice.words,
                            "on": choice.on.isoformat(),
                            "settings": dict(choice.settings),
                            "digest": choice.digest,
                        }
                    )
    if as_json:
        document({"goals": rows})
    elif rows:
        table(
            [(row["client"], row["rule"], row["on"], row["words"]) for row in rows],
            ("client", "goal", "since", "in their words"),
        )
    else:
        say("Nothing is chosen yet. The menu: cmengine rules list")


@goal_command.command(
    "import",
    epilog=examples(
        "cmengine goal import choices.csv --add-clients     (columns: client, rule, words, on, set)"
    ),
)
@click.argument("file", type=click.Path(path_type=Path, readable=False))
@click.option("--add-clients", is_flag=True, help="Enroll the clients that are not known yet.")
@json_option
@pass_desk
def import_file(desk: Desk, file: Path, add_clients: bool, as_json: bool) -> None:
    """Write down the choices of a CSV file, all or none. Choices that are known already stay as they are."""
    from cmengine.importing import import_choices

    with desk.open() as program:
        chosen, added = import_choices(program, file, add_clients=add_clients)
    again = sum(one.again for one in chosen)
    held = [hold for one in chosen for hold in one.held]
    if as_json:
        document(
            {
                "choices": len(chosen) - again,
                "known": again,
                "clients_added": len(added),
                "held": counted_data(held),
            }
        )
    else:
        say(
            f"{count(len(chosen) - again, 'choice')} written down, {again} known already; {count(len(added), 'client')} enrolled."
        )
        say_held(held, "the choices are kept, and all that was logged")
