"""What could be handed to a client now, of what waits: so that nobody is told of something that is not to be had yet."""

from attrs import frozen

from cmengine.funds import allowed
from cmengine.program import Program
from cmengine.stock import items_on_hand


@frozen
class Ready:
    """Money, in cents, and things, oldest first, that could be handed over now."""

    cents: int
    things: tuple[str, ...]

    def __bool__(self) -> bool:
        return self.cents > 0 or bool(self.things)


def ready_now(program: Program, client: str) -> Ready:
    """Find what limits and funds let be issued now, and which things are on hand, or are not kept in stock."""
    ledger = program.ledger
    cents = allowed(program, client).cents if ledger.balance(client).waiting else 0
    waiting = [item for _, _, item in ledger.waiting_items(client)]
    here = items_on_hand(ledger) if waiting else {}
    return Ready(cents, tuple(item for item in waiting if here.get(item, 1) > 0))
