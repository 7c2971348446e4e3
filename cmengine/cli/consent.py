"""cmengine consent"""

from typing import Any

import click

from cmengine.cli.ask import all_typed
from cmengine.cli.desk import Desk, client_codes, examples, json_option, pass_desk
from cmengine.cli.show import count, document, note, say, several, table
from cmengine.consents import HOW, INFORMATION, MESSAGES, PURPOSES, Consent

_purpose = click.option(
    "--purpose", type=click.Choice(list(PURPOSES)), help="What it is for (see above)."
)
_channel = click.option("--channel", metavar="C", help="The channel it is for, such as outbox.")
_how = click.option(
    "--how", type=click.Choice(HOW), default="spoken", show_default=True, help="How they said so."
)
MOST_HEARD = 1_000  # letters of an answer that are looked at; STOP is shorter
FOR = "\n".join(f"  {name}: {words}" for name, words in PURPOSES.items())


@click.group("consent", epilog=f"\b\nWhat a consent can be for:\n{FOR}")
def consent_command() -> None:
    """Note what a client allows, and no longer allows. It never changes what they earn."""


@consent_command.command(
    "give",
    epilog=examples(
        "cmengine consent give c001 --channel outbox",
        "cmengine consent give c001 --channel outbox --purpose fuller --how written",
        "cmengine consent give c001 --purpose information",
    ),
)
@click.argument("client", shell_complete=client_codes)
@_channel
@_purpose
@_how
@json_option
@pass_desk
def give(
    desk: Desk, client: str, channel: str | None, purpose: str | None, how: str, as_json: bool
) -> None:
    """Note that CLIENT allows something: to be written to on a channel, unless --purpose says what."""
    from cmengine.consents import give

    with desk.open() as program:
        consent = give(program, client, purpose or MESSAGES, channel or "", how)
    if as_json:
        document(_data(consent))
    else:
        say(f"Noted: {client} allows {_what(consent)}. It can be taken back at any time.")


@consent_command.command(
    "withdraw",
    epilog=examples(
        "cmengine consent withdraw c001 --channel outbox",
        "cmengine consent withdraw c001 --purpose information",
        "cmengine consent withdraw c001          (all of them)",
    ),
)
@click.argument("client", shell_complete=client_codes)
@_channel
@_purpose
@_how
@json_option
@pass_desk
def withdraw(
    desk: Desk, client: str, channel: str | None, purpose: str | None, how: str, as_json: bool
) -> None:
    """Note that CLIENT does not allow something, or no longer does: all, or what --channel and --purpose say.

    A no is kept also where nobody had said yes, and exports leave out who said no to `sharing`. What waited
    to be sent on a channel never goes.
    """
    from cmengine.consents import withdraw

    with desk.open() as program:
        gone = withdraw(program, client, purpose, channel, how)
    _say_gone(client, gone, as_json)


@consent_command.command(
    "stop",
    epilog=examples(
        "cmengine consent stop c001",
        "cmengine consent stop c001 --heard --channel text   < what-they-wrote",
    ),
)
@click.argument("client", shell_complete=client_codes)
@click.option(
    "--heard",
    is_flag=True,
    help="Read what they wrote from standard input, and stop only if it is STOP or a word like it.",
)
@click.option(
    "--channel",
    metavar="C",
    help="With --heard: where they wrote it (default: the only channel they allow).",
)
@click.option(
    "--no-answer", is_flag=True, help="With --heard: the gateway tells them itself that it is done."
)
@json_option
@pass_desk
def stop(
    desk: Desk, client: str, heard: bool, channel: str | None, no_answer: bool, as_json: bool
) -> None:
    """Write to CLIENT no more, on no channel: at once, and without asking why.

    With --heard, a gateway that receives messages can hand an answer on; what it says is not kept. They are
    told once that it is done, by the next `outbox send` within five minutes, and nothing after.
    """
    from cmengine.consents import stop as stop_messages
    from cmengine.stopping import says_stop, stop_heard

    if not heard and (channel is not None or no_answer):
        raise click.UsageError("--channel and --no-answer go together with --heard")
    words = all_typed(MOST_HEARD) if heard else "stop"
    with desk.open() as program:
        if not says_stop(words):
            program.must_have(client)
            if as_json:
                document({"client": client, "stopped": False, "withdrawn": [], "answer": None})
            else:
                note("That is not STOP, nor a word like it: nothing was changed, nothing was kept.")
            return
        if heard:
            gone, way = stop_heard(program, client, channel, answer=not no_answer)
        else:
            gone, way = stop_messages(program, client), ""
    _say_gone(client, gone, as_json, answer=way or None)
    if way and not as_json:
        say(f"That it is done is said once on {way}. Send: cmengine outbox send")


@consent_command.command(
    "list", epilog=examples("cmengine consent list", "cmengine consent list c001 --json")
)
@click.argument("client", required=False, shell_complete=client_codes)
@json_option
@pass_desk
def list_consents(desk: Desk, client: str | None, as_json: bool) -> None:
    """List what clients allow, and what they no longer do: of all, or of CLIENT."""
    from cmengine.consents import consents

    with desk.open() as program:
        if client is not None:
            program.must_have(client)
        found = consents(program, client)
    if as_json:
        document({"consents": [_data(one) for one in found]})
    elif found:
        rows = [
            (
                one.client,
                one.channel or "-",
                one.purpose,
                "yes" if one.given else "no",
                one.how,
                one.noted_at[:10],
                one.noted_by,
            )
            for one in found
        ]
        table(rows, ("client", "channel", "for", "allowed", "how", "noted on", "by"))
    else:
        say("No consent is noted. Note one: cmengine consent give c001 --channel outbox")


@consent_command.command("channels", epilog=examples("cmengine consent channels"))
@json_option
@pass_desk
def channels(desk: Desk, as_json: bool) -> None:
    """List the channels on which clients can be written to, as the published rules name them."""
    from cmengine.consents import channels_of, consents

    with desk.open() as program:
        named = channels_of(program)
        found = consents(program)
    allowed = {
        name: sum(one.given and one.purpose == MESSAGES and one.channel == name for one in found)
        for name in named
    }
    if as_json:
        document({"channels": [{"channel": one, "allowed_by": allowed[one]} for one in named]})
    elif named:
        table([(one, count(allowed[one], "client")) for one in named], ("channel", "allowed by"))
    else:
        say("No published rule has a channel. Publish rules with: cmengine rules publish")


def _data(one: Consent) -> dict[str, object]:
    return {
        "client": one.client,
        "channel": one.channel,
        "purpose": one.purpose,
        "given": one.given,
        "how": one.how,
        "noted_at": one.noted_at,
        "noted_by": one.noted_by,
    }


def _what(one: Consent) -> str:
    words = PURPOSES[one.purpose]
    return f"{words.replace('a channel', one.channel).replace('that channel', one.channel)}"


def _named(one: Consent) -> str:
    if not one.channel:
        return one.purpose
    return f"{one.purpose} {'about' if one.purpose == INFORMATION else 'on'} {one.channel}"


def _say_gone(client: str, gone: list[Consent], as_json: bool, **more: Any) -> None:
    if as_json:
        withdrawn = [_data(one) for one in gone]
        document({"client": client, "stopped": True, "withdrawn": withdrawn, **more})
        return
    what = several([_named(one) for one in gone])
    noted = f"Noted: from now on, no to {what}." if gone else "Noted already: the no stands."
    say(f"{noted} All that {client} has earned stays theirs.")
