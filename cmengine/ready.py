"""What could be handed to a client now, of what waits: so that nobody is told of something that is not to be had yet."""

from collections.abc import Callable, Sequence

from attrs import frozen

from cmengine.funds import allowed, could_be_issued
from cmengine.limits import Due
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


def ready_of_many(program: Program, queue: Sequence[Due] | None = None) -> Callable[[str], bool]:
    """Say of one client after the other whether anything could be handed to them: what concerns all is read
    once, when it is asked for. `queue` is what waits in money, where that is known already.
    """
    known: list[tuple[frozenset[str], dict[str, int]]] = []

    def ready(client: str) -> bool:
        if not known:
            known.append((could_be_issued(program, queue), items_on_hand(program.ledger)))
        ((paid, here),) = known
        items = program.ledger.waiting_items(client) if client not in paid else []
        return client in paid or any(here.get(item, 1) > 0 for _, _, item in items)

    return ready
