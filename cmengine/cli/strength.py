"""cmengine strength"""

import click

from cmengine.cli.desk import Desk, client_codes, examples, json_option, pass_desk
from cmengine.cli.show import document, say, table


@click.group("strength")
def strength_command() -> None:
    """Keep what a client is proud of, in their own words."""


@strength_command.command(
    "add", epilog=examples("cmengine strength add c001 'I always turn up for my sister'")
)
@click.argument("client", shell_complete=client_codes)
@click.argument("text")
@json_option
@pass_desk
def add(desk: Desk, client: str, text: str, as_json: bool) -> None:
    """Keep TEXT, what CLIENT is proud of, as they say it. It is kept apart, and can be taken out.

    A message may draw on it only on a channel on which they want fuller words.
    """
    from cmengine.strengths import add_strength

    with desk.open() as program:
        kept = add_strength(program, client, text)
    if as_json:
        document({"client": client, "id": kept.id})
    else:
        say(f"Kept, as number {kept.id}.")


@strength_command.command("list", epilog=examples("cmengine strength list c001"))
@click.argument("client", shell_complete=client_codes)
@json_option
@pass_desk
def list_strengths(desk: Desk, client: str, as_json: bool) -> None:
    """List what CLIENT is proud of."""
    from cmengine.strengths import strengths

    with desk.open() as program:
        program.must_have(client)
        found = strengths(program, client)
    if as_json:
        document(
            {"client": client, "strengths": [{"id": one.id, "text": one.text} for one in found]}
        )
    elif found:
        table([(one.id, one.text) for one in found], ("number", "in their words"))
    else:
        say(f"Nothing yet. Ask, and keep it: cmengine strength add {client} '...'")


@strength_command.command("remove", epilog=examples("cmengine strength remove c001 2"))
@click.argument("client", shell_complete=client_codes)
@click.argument("number")
@json_option
@pass_desk
def remove(desk: Desk, client: str, number: str, as_json: bool) -> None:
    """Take out one thing that CLIENT is proud of, by its NUMBER. Nothing of it is kept."""
    from cmengine.strengths import remove_strength

    with desk.open() as program:
        remove_strength(program, client, number)
    if as_json:
        document({"client": client, "id": number})
    else:
        say("Taken out.")
