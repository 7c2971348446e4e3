"""Send the messages that wait in the outbox. What does not go is kept, with the reason."""

from collections.abc import Iterator

from attrs import frozen

from cmengine.errors import CMError, stop_if
from cmengine.model import Message, Notifier
from cmengine.options import Place
from cmengine.program import Program


def _notifiers(program: Program, digest: str) -> tuple[Notifier, ...]:
    """Build the notifiers of a published rule, also where another plugin that it needs is not there."""
    table = program.table(digest)
    built, mistakes = program.reader().notifiers(
        table, Place("published").about(f"rule '{table['id']}'")
    )
    stop_if(mistakes)
    return tuple(built)


@frozen
class Sent:
    """One try to send a message; `problem` is empty where it went."""

    message: Message
    channel: str
    problem: str = ""


def send_waiting(program: Program) -> Iterator[Sent]:
    """Send what waits, oldest first. What does not go is kept, with the reason, for another time."""
    ledger = program.ledger
    notifiers: dict[str, tuple[Notifier, ...]] = {}
    for row in ledger.rows("select * from message_list where not sent order by seq"):
        message = Message(
            id=row["id"], client=row["client"], text=row["text"], about=str(row["event"])
        )
        problem = ""
        try:
            if row["digest"] not in notifiers:
                notifiers[row["digest"]] = _notifiers(program, row["digest"])
            notifiers[row["digest"]][row["notify"]].send(message)
        except CMError as error:
            problem = str(error)
        except (Exception, SystemExit) as error:
            problem = f"{type(error).__name__}: {error}"
        with ledger.writing():
            ledger.add_delivery(row["seq"], problem or None, program.now())
        yield Sent(message, row["channel"], problem)
