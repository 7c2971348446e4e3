"""Messages, written in the transaction of the award; they are sent after it, and kept until they have gone."""

from datetime import datetime

from cmengine.model import Earned, Event, Rule
from cmengine.sheet import Sheet

READY = "ready"
"""The template of what is said after an award: that something waits, and no more."""

STOPPED = "stopped"
"""The template of what STOP is answered with, once: the one message that needs no consent."""

INFORMATION = "information"
"""How templates begin that tell about safety and health; the topic follows after a dot."""


def add_messages(
    sheet: Sheet, seq: int, event: Event, rule: Rule, earned: Earned, at: datetime
) -> None:
    """Put a message on the sheet for each way in which a rule notifies. Nothing earned, no message."""
    if not earned.awards:
        return
    add = sheet.add_message
    for number, channel in enumerate(rule.channels):
        id = f"{event.id}/{rule.id}/{number}"
        add(id, event.client, seq, rule.digest, number, channel, READY, at)
