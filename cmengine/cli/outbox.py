"""cmengine outbox"""

import click

from cmengine.cli.desk import Desk, examples, json_option, pass_desk
from cmengine.cli.show import document, say, table


@click.group("outbox")
def outbox_command() -> None:
    """See and send the messages that are waiting."""


@outbox_command.command("list", epilog=examples("cmengine outbox list"))
@json_option
@pass_desk
def list_messages(desk: Desk, as_json: bool) -> None:
    """List the messages that wait, and why one did not go."""
    with desk.open() as program:
        rows = program.ledger.rows(
            "select id, client, channel, text, tries, problem, made_at from message_list where not sent order by seq"
        )
    if as_json:
        document({"waiting": len(rows), "messages": [dict(row) for row in rows]})
    elif rows:
        table(
            [(row["client"], row["channel"], row["text"], row["problem"] or "") for row in rows],
            ("client", "by", "message", "did not go because"),
        )
        say(f"{len(rows)} waiting. Send them: cmengine outbox send")
    else:
        say("Nothing is waiting to be sent.")


@outbox_command.command("send", epilog=examples("cmengine outbox send"))
@json_option
@pass_desk
def send(desk: Desk, as_json: bool) -> None:
    """Send what waits. What does not go is kept and can be sent again; it costs the client nothing."""
    from cmengine.sending import send_waiting

    sent, kept = 0, []
    with desk.open() as program:
        for one in send_waiting(program):
            if one.problem:
                kept.append(one)
            else:
                sent += 1
    if as_json:
        problems = [
            {"id": one.message.id, "client": one.message.client, "problem": one.problem}
            for one in kept
        ]
        document({"sent": sent, "waiting": len(kept), "problems": problems})
        return
    say(f"{sent} sent, {len(kept)} kept for another time.")
    for problem in dict.fromkeys(f"{one.channel}: {one.problem}" for one in kept):
        say(f"  {problem}")
