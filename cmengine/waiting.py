"""What has been earned and not been issued yet: money by client, and things in the order they were earned."""

from typing import Any

from cmengine.program import Program
from cmengine.stock import items_on_hand


def waiting_list(program: Program, client: str | None = None) -> list[dict[str, Any]]:
    """List what waits: client, cents, item, and how many of the item are on hand (None: not kept in stock)."""
    ledger = program.ledger
    where, values = ("client = ?", (client,)) if client is not None else ("1", ())
    money = ledger.rows(
        f"select client, waiting_cents from balances where waiting_cents > 0 and {where} order by client",
        *values,
    )
    things = ledger.rows(
        "select client, item from awards a join occurrences o on o.seq = a.occurrence where a.item is not null"
        " and not exists (select 1 from vouchers v where v.occurrence = a.occurrence and v.n = a.n)"
        f" and {where} order by a.occurrence, a.n",
        *values,
    )
    here = items_on_hand(ledger)
    return [
        *({"client": row[0], "cents": row[1], "item": None, "stock": None} for row in money),
        *(
            {"client": row[0], "cents": 0, "item": row[1], "stock": here.get(row[1])}
            for row in things
        ),
    ]
