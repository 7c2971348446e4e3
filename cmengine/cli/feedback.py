"""cmengine feedback"""

import sys
from typing import Any

import click

from cmengine.cli.ask import all_typed, asked
from cmengine.cli.desk import Desk, client_codes, examples, json_option, pass_desk
from cmengine.cli.show import count, document, say, wrapped


@click.group("feedback")
def feedback_command() -> None:
    """Write down what people say, complaints among it, and what was answered and done."""


@feedback_command.command(
    "add",
    epilog=examples(
        "cmengine feedback add c001                       (asks for the words)",
        "cmengine feedback add < note.txt                 (from somebody who is not named)",
        "cmengine feedback add c001 --complaint --about ben",
        "cmengine feedback add c001 --entry s1-000042 --words 'I was there on the Tuesday, too'",
    ),
)
@click.argument("client", required=False, shell_complete=client_codes)
@click.option("--complaint", is_flag=True, help="It is a complaint.")
@click.option("--about", metavar="STAFF", help="Whom a complaint names.")
@click.option("--to", metavar="STAFF", help="Who is to look after it.")
@click.option("--entry", metavar="EVENT", help="The entry of theirs that it is about.")
@click.option("--words", metavar="TEXT", help="What was said (default: it is asked for).")
@json_option
@pass_desk
def add(
    desk: Desk,
    client: str | None,
    complaint: bool,
    about: str | None,
    to: str | None,
    entry: str | None,
    words: str | None,
    as_json: bool,
) -> None:
    """Write down what CLIENT said, in their own words; without CLIENT, nobody is named.

    A complaint goes to somebody other than the one it names. It changes nothing of what anybody has
    earned or may be handed. Nobody can write the words anew later.
    """
    from cmengine.feedback import add_feedback

    if about is not None and not complaint:
        raise click.UsageError("--about goes with --complaint: it names whom a complaint is about")
    typed = _typed() if words is None else words
    with desk.open() as program:
        told = add_feedback(
            program, typed, client=client, complaint=complaint, about=about, to=to, entry=entry
        )
        days = program.settings.feedback.days
    if as_json:
        document(
            {
                "number": told.number,
                "id": told.id,
                "kind": told.kind,
                "client": told.client,
                "goes_to": told.goes_to,
            }
        )
        return
    say(f"Written down as number {told.number}. Thank you for saying it.")
    if told.goes_to:
        say(f"  It goes to {told.goes_to}.")
    elif complaint:
        say("  There is nobody else whom it could go to: it stays in sight until it is answered.")
    say(f"  An answer is due within {count(days, 'day')}; what is earned stays as it is.")


def _typed() -> str:
    """Take the words from standard input, or ask for them."""
    from cmengine.feedback import MOST_WORDS

    if sys.stdin.isatty():
        return asked("What was said", MOST_WORDS)
    return all_typed(MOST_WORDS + 1)


@feedback_command.command(
    "list",
    epilog=examples(
        "cmengine feedback list --open",
        "cmengine feedback list --client c001",
        "cmengine feedback list --json",
    ),
)
@click.option("--open", "only_open", is_flag=True, help="Only what has not been answered.")
@click.option("--client", shell_complete=client_codes, help="Only what this client said.")
@json_option
@pass_desk
def list_feedback(desk: Desk, only_open: bool, client: str | None, as_json: bool) -> None:
    """List what was said, and what was answered and done.

    A complaint is not shown to the one it names.
    """
    from cmengine.feedback import feedback_list

    with desk.open() as program:
        if client is not None:
            program.must_have(client)
        found = feedback_list(program, client=client, only_open=only_open)
    if as_json:
        document({"feedback": found})
        return
    for one in found:
        _show(one)
    if not found:
        say("Nothing here is waiting for an answer." if only_open else "Nothing has been said yet.")


def _show(one: dict[str, Any]) -> None:
    said = [f"{one['number']}  {one['told_at'][:10]}  {one['client'] or 'somebody'}"]
    if one["kind"] == "complaint":
        said.append(f"a complaint about {one['about']}" if one["about"] else "a complaint")
    if one["entry"]:
        said.append(f"about the entry {one['entry']}")
    if one["goes_to"] and not one["answers"]:
        said.append(f"for {one['goes_to']}")
    say(", ".join(said))
    say(wrapped("   They said: ", one["words"]))
    for answer in one["answers"]:
        who = f"   {answer['answered_by']} answered: "
        say(wrapped(who, answer["said"]))
        say(wrapped("   Done: ", answer["did"] or "nothing so far"))
    if not one["answers"]:
        since = f"for {count(one['days'], 'day')}" if one["days"] else "yet"
        say(f"   Not answered {since}" + (": please answer it" if one["late"] else ""))


@feedback_command.command(
    "answer",
    epilog=examples(
        "cmengine feedback answer JMZB --said 'You are right, sorry' --did 'The door opens at nine'",
        "cmengine feedback answer 7G4K --said 'We looked into it, and cannot change it: ...'",
    ),
)
@click.argument("number")
@click.option("--said", metavar="TEXT", required=True, help="What was answered.")
@click.option("--did", metavar="TEXT", default="", help="What was done because of it.")
@json_option
@pass_desk
def answer(desk: Desk, number: str, said: str, did: str, as_json: bool) -> None:
    """Write down what was answered to the feedback NUMBER, and what was done because of it."""
    from cmengine.feedback import answer_feedback

    with desk.open() as program:
        done = answer_feedback(program, number, said, did)
    if as_json:
        document(done)
    else:
        _show(done)
