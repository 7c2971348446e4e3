"""Messages, written in the transaction of the award; they are sent after it, and kept until they have gone."""

from datetime import datetime

from cmengine.model import Earned, Event, Rule
from cmengine.sheet import Sheet

# Neutral on purpose: it may be read by others on a locked screen. It names no program, drug, test or amount.
READY = "You have something ready to pick up."


def add_messages(
    sheet: Sheet, seq: int, event: Event, rule: Rule, earned: Earned, at: datetime
) -> None:
    """Put a message on the sheet for each way in which a rule notifies. Nothing earned, no message."""
    if not earned.awards:
        return
    add = sheet.add_message
    for number, channel in enumerate(rule.notify):
        id = f"{event.id}/{rule.id}/{number}"
        add(id, event.client, seq, rule.digest, number, channel, READY, at)
