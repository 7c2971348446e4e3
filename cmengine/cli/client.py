"""cmengine client"""

from datetime import date
from pathlib import Path

import click

from cmengine.cli.ask import agreed
from cmengine.cli.card import card
from cmengine.cli.desk import Desk, client_codes, examples, json_option, pass_desk
from cmengine.cli.held import LATER, held_data
from cmengine.cli.held_back import held_back_data, say_held_back
from cmengine.cli.show import count, day, document, money, say, several, table, wrapped
from cmengine.ordinals import nth


@click.group("client")
def client_command() -> None:
    """Enroll clients, and show what concerns one."""


@client_command.command(
    "add", epilog=examples("cmengine client add c001", "cmengine client add c002 --name 'Sky'")
)
@click.argument("client")
@click.option(
    "--name", default="", help="What they like to be called; kept apart, and can be erased."
)
@json_option
@pass_desk
def add(desk: Desk, client: str, name: str, as_json: bool) -> None:
    """Enroll CLIENT, by a code that says nothing about the person."""
    from cmengine.engine import add_client

    with desk.open() as program:
        add_client(program, client, name)
    if as_json:
        document({"client": client})
    else:
        say(f"Welcome, {client}. The menu: cmengine rules list")


@client_command.command(
    "show", epilog=examples("cmengine client show c001", "cmengine client show c001 --json")
)
@click.argument("client", shell_complete=client_codes)
@json_option
@pass_desk
def show(desk: Desk, client: str, as_json: bool) -> None:
    """Show what CLIENT chose, how often it has happened, what is waiting and what comes next."""
    from cmengine.feedback import beside_entries
    from cmengine.overview import overview

    with desk.open() as program:
        seen = overview(program, client)
        said = beside_entries(program, client)
    if as_json:
        document(
            {
                "client": seen.client,
                "earned_cents": seen.balance.earned,
                "issued_cents": seen.balance.issued,
                "waiting_cents": seen.balance.waiting,
                "may_issue_cents": seen.may.cents,
                "held_back": held_back_data(seen.may.held),
                "waiting_items": seen.items,
                "open_vouchers": seen.open_vouchers,
                "goals": [
                    {
                        "rule": goal.choice.rule,
                        "title": goal.title,
                        "words": goal.choice.words,
                        "settings": dict(goal.choice.settings),
                        "on": goal.choice.on.isoformat(),
                        "digest": goal.choice.digest,
                        "times": goal.times,
                        "earned_cents": goal.cents,
                        "next": goal.coming,
                        "absent": goal.absent or None,
                        "held": held_data([goal.held])[0] if goal.held else None,
                    }
                    for goal in seen.goals
                ],
                "set_aside": [choice.rule for choice in seen.put_away],
                "set": seen.set,
                "said": said,
            }
        )
        return
    say(f"{seen.name} ({client})" if seen.name else client)
    wishes = [f"{name} {text}" for name, text in seen.set.items() if name != "called"]
    if wishes:
        say(f"  Set by them: {', '.join(wishes)}")
    waiting = [money(seen.balance.waiting), *seen.items] if seen.balance.waiting else seen.items
    say(f"  Waiting to be handed over: {several(waiting) or 'nothing just now'}")
    if seen.may.held:
        say(f"  Of it can be issued now: {money(seen.may.cents)}")
        say_held_back(seen.may.held, "    ")
    say(f"  Earned so far: {money(seen.balance.earned)}; handed over: {money(seen.balance.issued)}")
    for goal in seen.goals:
        say(f"\n  {goal.title}   ({goal.choice.rule}, since {day(goal.choice.on)})")
        if goal.choice.words:
            say(f"    In their words: {goal.choice.words}")
        for key, value in goal.choice.settings:
            say(f"    {key.partition('.')[2]}: {value}")
        so_far = (
            f"{goal.times} {'time' if goal.times == 1 else 'times'} so far"
            if goal.times
            else "not yet, whenever it comes"
        )
        if goal.coming:
            say(f"    {so_far}; the {nth(goal.times + 1)} time: {several(goal.coming)}")
        else:
            say(f"    {so_far}")
        if goal.held:
            say(
                f"    Held since {day(goal.held.day)}: what happens is kept, and {LATER}\n"
                f"    ({goal.held.problem})"
            )
        elif goal.absent:
            say(f"    What comes next cannot be told just now: {goal.absent}")
    if not seen.goals:
        so_far = "No goal just now" if seen.put_away else "No goal chosen yet"
        say(f"\n  {so_far}. The menu: cmengine rules list")
    if seen.put_away:
        say(
            f"\n  Set aside for now, and there when wanted: {', '.join(choice.rule for choice in seen.put_away)}"
        )
    for one in said:
        told = f"{day(date.fromisoformat(one['told_at'][:10]))}"
        say(f"\n  About the entry {one['entry']} they said on {told} (feedback {one['number']}):")
        say(wrapped("    ", one["words"]))


@client_command.command(
    "set",
    epilog=examples(
        "cmengine client set c001 language=es called=Sky",
        "cmengine client set c001 zone=America/Denver quiet=21:00-08:00",
        "cmengine client set c001              (what is set)",
        "cmengine client set c001 quiet=none      (quiet= alone: those of the program again)",
    ),
)
@click.argument("client", shell_complete=client_codes)
@click.argument("wishes", metavar="[NAME=TEXT]...", nargs=-1)
@json_option
@pass_desk
def set_wishes(desk: Desk, client: str, wishes: tuple[str, ...], as_json: bool) -> None:
    """Set how CLIENT wants things, or show it: language, zone and quiet hours of messages, and what to call them."""
    from cmengine.preferences import change, set_by

    pairs = [
        (name.strip(), text.strip()) for name, _, text in (one.partition("=") for one in wishes)
    ]
    if not all("=" in one for one in wishes):
        raise click.UsageError("write each as NAME=TEXT, like language=es")
    with desk.open() as program:
        program.must_have(client)
        if pairs:
            change(program, client, pairs)
        now = set_by(program, client)
    if as_json:
        document({"client": client, "set": now})
    else:
        shown = ", ".join(f"{name} {text}" for name, text in now.items())
        nothing = "nothing is set any more" if pairs else "nothing is set; what holds for all holds"
        say(f"{client}: {shown or nothing}")


@client_command.command("list", epilog=examples("cmengine client list"))
@json_option
@pass_desk
def list_clients(desk: Desk, as_json: bool) -> None:
    """List the clients and what is waiting for each."""
    with desk.open() as program:
        balances = [(client, program.ledger.balance(client)) for client in program.ledger.clients()]
    if as_json:
        rows = [
            {
                "client": client,
                "earned_cents": b.earned,
                "issued_cents": b.issued,
                "waiting_cents": b.waiting,
            }
            for client, b in balances
        ]
        document({"clients": rows})
    elif balances:
        table(
            [
                (client, money(b.earned), money(b.issued), money(b.waiting))
                for client, b in balances
            ],
            ("client", "earned", "issued", "waiting"),
        )
    else:
        say("No client is enrolled yet. Enroll one: cmengine client add c001")


@client_command.command(
    "forget", epilog=examples("cmengine client forget c001", "cmengine client forget c001 --yes")
)
@click.argument("client", shell_complete=client_codes)
@click.option("--yes", is_flag=True, help="Do it without asking again.")
@json_option
@click.pass_context
def forget(ctx: click.Context, client: str, yes: bool, as_json: bool) -> None:
    """Erase what is personal about CLIENT, for good: names, notes, words, wishes. What they earned stays theirs."""
    from cmengine.forgetting import ELSEWHERE, ERASED, STAYS, forget, would_forget

    if as_json and not yes:
        raise click.UsageError("with --json, say --yes", ctx)
    desk = ctx.find_object(Desk) or Desk(".", None)
    with desk.open() as program:
        if not yes:
            found = would_forget(program, client)
            _tell_of_erasing(f"Of {client} would be erased, and end:", "Of them would stay:")
            if not agreed(f"Erase it for good ({found.texts + found.words} texts)?"):
                say("Nothing was erased.")
                ctx.exit(1)
        done = forget(program, client)
    if yes and not as_json:  # once it is so
        _tell_of_erasing(f"Of {client} is erased, and ends:", "Of them stays:")
    if as_json:
        document(
            {
                "client": client,
                "texts": done.texts,
                "words": done.words,
                "consents": done.consents,
                "messages": done.messages,
                "erased": ERASED,
                "stays": STAYS,
                "elsewhere": ELSEWHERE,
            }
        )
    else:
        say(f"Erased: {count(done.texts + done.words, 'text')}. {client} is a code from now on.")


def _tell_of_erasing(erased: str, stays: str) -> None:
    from cmengine.forgetting import ELSEWHERE, ERASED, STAYS

    out_of_reach = "Out of reach, and yours to see to:"
    for head, lines in ((erased, ERASED), (stays, STAYS), (out_of_reach, ELSEWHERE)):
        say(head)
        for line in lines:
            say(f"  - {line}")


@client_command.command(
    "import", epilog=examples("cmengine client import clients.csv     (columns: client, name)")
)
@click.argument("file", type=click.Path(path_type=Path, readable=False))
@json_option
@pass_desk
def import_file(desk: Desk, file: Path, as_json: bool) -> None:
    """Enroll every client of a CSV file; those who are known already stay as they are."""
    from cmengine.importing import import_clients

    with desk.open() as program:
        added, known = import_clients(program, file)
    if as_json:
        document({"added": added, "known": known})
    else:
        say(f"{len(added)} enrolled, {known} known already.")


@client_command.command(
    "strata",
    epilog=examples(
        "cmengine client strata c001 age=25-34 housing=shelter",
        "cmengine client strata c001 housing=          (erase it)",
    ),
)
@click.argument("client", shell_complete=client_codes)
@click.argument("pairs", metavar="[NAME=VALUE]...", nargs=-1)
@json_option
@pass_desk
def strata(desk: Desk, client: str, pairs: tuple[str, ...], as_json: bool) -> None:
    """Keep what CLIENT said of themselves and wants counted, or show it.

    It is counted in reports while their consent to `equity` stands, and for groups of 11 and more alone. It
    decides nothing: no reward is shown it.
    """
    from cmengine.equity import keep_strata, strata_of

    with desk.open() as program:
        found = keep_strata(program, client, pairs) if pairs else strata_of(program, client)
    if as_json:
        document({"client": client, "strata": found})
    elif found:
        table(list(found.items()))
    else:
        say(f"{client} has said nothing to be counted by.")


client_command.add_command(card)
