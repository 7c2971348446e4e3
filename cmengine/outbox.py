"""Messages: written in the transaction of the award, sent after it, kept until they have gone."""

from collections.abc import Iterator
from datetime import datetime

from attrs import frozen

from cmengine.errors import CMError
from cmengine.model import Earned, Event, Message, Notifier, Rule
from cmengine.program import Program
from cmengine.sheet import Sheet

# Neutral on purpose: it may be read by others on a locked screen. It names no program, drug, test or amount.
READY = "You have something ready to pick up."


def add_messages(
    sheet: Sheet, seq: int, event: Event, rule: Rule, earned: Earned, at: datetime
) -> None:
    """Put a message on the sheet for each way in which a rule notifies. Nothing earned, no message."""
    if not earned.awards:
        return
    for number, notifier in enumerate(rule.notify):
        id = f"{event.id}/{rule.id}/{number}"
        sheet.add_message(id, event.client, seq, rule.digest, number, notifier.kind, READY, at)


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
                rule = program.specimen(program.table(row["digest"]), row["digest"])
                notifiers[row["digest"]] = rule.notify
            notifiers[row["digest"]][row["notify"]].send(message)
        except CMError as error:
            problem = str(error)
        except (Exception, SystemExit) as error:
            problem = f"{type(error).__name__}: {error}"
        with ledger.writing():
            ledger.add_delivery(row["seq"], problem or None, program.now())
        yield Sent(message, row["channel"], problem)
