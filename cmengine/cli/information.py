"""cmengine information"""

from collections.abc import Sequence
from typing import Any

import click

from cmengine.cli.desk import Desk, client_codes, examples, json_option, pass_desk
from cmengine.cli.show import document, say, several, table
from cmengine.consents import HOW


@click.group("information")
def information_command() -> None:
    """Tell what helps to stay safe, to those who say that they want to hear it; never unasked."""


@information_command.command("list", epilog=examples("cmengine information list c001"))
@click.argument("client", shell_complete=client_codes)
@json_option
@pass_desk
def list_offers(desk: Desk, client: str, as_json: bool) -> None:
    """List what CLIENT could hear about, and what they answered when they were asked."""
    from cmengine.information import offers

    with desk.open() as program:
        found = offers(program, client)
    if as_json:
        document({"client": client, "topics": [_data(one) for one in found]})
        return
    rows = [
        (
            one.topic,
            one.says,
            one.answer or "not asked yet",
            "yes" if one.may else "no",
            "yes" if one.told else "no",
        )
        for one in found
    ]
    table(rows, ("topic", "about", "they said", "may be told", "was told"))


@information_command.command(
    "offer",
    epilog=examples(
        "cmengine information offer c001 naloxone --answer yes",
        "cmengine information offer c001 tolerance --answer no",
        "cmengine information offer c001 --all --answer yes",
    ),
)
@click.argument("client", shell_complete=client_codes)
@click.argument("topic", required=False)
@click.option("--all", "everything", is_flag=True, help="They said it of all that there is.")
@click.option(
    "--answer", type=click.Choice(["yes", "no"]), required=True, help="What they said when asked."
)
@click.option("--how", type=click.Choice(HOW), default="spoken", show_default=True)
@json_option
@pass_desk
def offer(
    desk: Desk,
    client: str,
    topic: str | None,
    everything: bool,
    answer: str,
    how: str,
    as_json: bool,
) -> None:
    """Note what CLIENT said when asked whether they would like to hear about TOPIC.

    It holds for that topic alone, unless they said it of all of them (--all).
    """
    from cmengine import information

    if (topic is None) is not everything:
        raise click.UsageError("name one topic, or say --all")
    with desk.open() as program:
        noted = information.answer(program, client, topic or "", wants=answer == "yes", how=how)
    if as_json:
        document({"client": client, "topics": [_data(one) for one in noted]})
    elif answer == "yes":
        say(f"Noted. Tell them: cmengine information say {client} {topic or 'TOPIC'}")
    else:
        say("Noted. Nobody asks them about it again; they can ask for it at any time.")


@information_command.command(
    "say",
    epilog=examples(
        "cmengine information say c001 naloxone",
        "cmengine information say c001 naloxone --channel outbox",
    ),
)
@click.argument("client", shell_complete=client_codes)
@click.argument("topic")
@click.option(
    "--channel",
    metavar="C",
    help="Put it into the outbox, for a channel on which they want fuller words.",
)
@json_option
@pass_desk
def tell(desk: Desk, client: str, topic: str, channel: str | None, as_json: bool) -> None:
    """Show the text about TOPIC in the language of CLIENT, to be told or shown to them, if they want to hear it."""
    from cmengine.greetings import write_information
    from cmengine.information import told

    with desk.open() as program:
        if channel is not None:
            id, text = write_information(program, client, topic, channel), ""
        else:
            id, text = "", told(program, client, topic)
    if as_json:
        document({"client": client, "topic": topic, "text": text or None, "id": id or None})
    else:
        say(text or "In the outbox. Send: cmengine outbox send")


def offers_data(found: Sequence[Any]) -> list[str]:
    """Give the topics that somebody may be asked about, as data."""
    return [one.topic for one in found]


def say_offers(client: str, found: Sequence[Any]) -> None:
    """Say at the desk what a client may be asked about."""
    if found:
        topics = several([one.topic for one in found])
        say(
            f"  You may ask whether they would like to hear about: {topics}\n"
            f"  and note what they say: cmengine information offer {client} {found[0].topic} --answer yes"
        )


def _data(one: Any) -> dict[str, Any]:
    return {
        "topic": one.topic,
        "says": one.says,
        "answer": one.answer or None,
        "may": one.may,
        "told": one.told,
    }
