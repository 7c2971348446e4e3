"""What to take up with a vendor: cards that did not work at the shop, by their serials. No code is in it."""

from datetime import date

from attrs import frozen

from cmengine.ledger import Ledger


@frozen(kw_only=True)
class EmptyCard:
    """A card whose code did not work. `cents` is what it was sold for, `made_good_cents` what the program gave for
    it; it came in on the day `added`, and was reported on the day `reported`.
    """

    brand: str
    serial: str
    cents: int
    expires: date | None
    added: date
    reported: date
    made_good_cents: int


def empty_cards(ledger: Ledger) -> list[EmptyCard]:
    """List the cards that were made good, by brand, those reported first coming first. Reads only."""
    rows = ledger.rows(
        "select c.brand, c.serial, c.cents, c.expires, p.added_at, e.reported_at,"
        " (select coalesce(sum(g.cents), 0) from card_list g where g.instead_of = c.seq) as made_good"
        " from empty_cards e join cards c on c.seq = e.card join purchases p on p.seq = c.purchase"
        " order by c.brand, e.reported_at, c.seq"
    )
    return [
        EmptyCard(
            brand=row["brand"],
            serial=row["serial"],
            cents=row["cents"],
            expires=date.fromisoformat(row["expires"]) if row["expires"] else None,
            added=date.fromisoformat(row["added_at"][:10]),
            reported=date.fromisoformat(row["reported_at"][:10]),
            made_good_cents=row["made_good"],
        )
        for row in rows
    ]
