"""The books of the stock: gift cards and things that were bought, handed over, made good, missing."""

from collections.abc import Iterator

from cmengine.books import Entry, day_of
from cmengine.ledger import Ledger

CARDS, THINGS, BOUGHT = "Assets:Stock:Gift-Cards", "Assets:Stock:Things", "Equity:Stock-Bought"
GIVEN, GOOD, MISSING = "Expenses:Stock:Things", "Expenses:Stock:Made-Good", "Expenses:Stock:Missing"
NOTES = {
    CARDS: "gift cards on hand",
    THINGS: "things on hand, at what they cost",
    BOUGHT: "paid for the stock, less what funds have paid back for cards handed over",
    GIVEN: "things that were handed over, at what they cost",
    GOOD: "given for cards that did not work",
    MISSING: "what counts found missing, less what they found again",
}


def stock_entries(ledger: Ledger) -> Iterator[Entry]:
    """Give what came into the stock, and what left it other than for a voucher in money."""
    if not ledger.has_table("handed_cards"):
        return
    for row in ledger.each(
        "select p.seq, p.added_at,"
        " coalesce((select sum(c.cents) from cards c where c.purchase = p.seq), 0) as cards,"
        " coalesce((select sum(g.units * g.cents) from goods g where g.purchase = p.seq), 0) as things"
        " from purchases p order by p.seq"
    ):
        postings = (
            (CARDS, row["cards"]),
            (THINGS, row["things"]),
            (BOUGHT, -row["cards"] - row["things"]),
        )
        yield Entry(
            day_of(row["added_at"]), "Bought for the stock", postings, 1, f"purchase {row['seq']}"
        )
    for row in ledger.each(
        "select c.seq, c.cents, h.handed_at from handed_cards h join cards c on c.seq = h.card"
        " where h.instead_of is not null"
    ):
        yield _moved(row["handed_at"], "Made good", CARDS, GOOD, row["cents"], f"card {row['seq']}")
    for row in ledger.each(
        "select g.seq, g.cents, h.handed_at from handed_goods h join goods g on g.seq = h.goods"
    ):
        about = f"goods {row['seq']}"
        yield _moved(row["handed_at"], "Things handed over", THINGS, GIVEN, row["cents"], about)
    for row in ledger.each(
        "select d.seq, c.counted_at, d.card, d.units * coalesce(k.cents, g.cents) as cents"
        " from differences d join counts c on c.seq = d.count left join cards k on k.seq = d.card"
        " left join goods g on g.seq = d.goods"
    ):
        account = THINGS if row["card"] is None else CARDS
        about = f"difference {row['seq']}"
        yield _moved(row["counted_at"], "Counted", account, MISSING, -row["cents"], about)


def _moved(at: str, words: str, out_of: str, into: str, cents: int, about: str) -> Entry:
    return Entry(day_of(at), words, ((into, cents), (out_of, -cents)), 1, about)


def handed_as_cards(ledger: Ledger) -> dict[str, int]:
    """Give what was handed over in gift cards for each voucher, in cents."""
    if not ledger.has_table("handed_cards"):
        return {}
    sql = (
        "select h.voucher, sum(c.cents) from handed_cards h join cards c on c.seq = h.card"
        " where h.instead_of is null group by h.voucher"
    )
    return {row[0]: row[1] for row in ledger.each(sql)}


def stock_balances(ledger: Ledger) -> dict[str, int]:
    """Give what is on hand by the ledger's own list of it."""
    if not ledger.has_table("handed_cards"):
        return {}
    (cards,) = ledger.rows(
        "select coalesce(sum(cents), 0) from card_list where voucher is null and difference = 0"
    )
    (things,) = ledger.rows("select coalesce(sum(on_hand * cents), 0) from goods_list")
    return {CARDS: cards[0], THINGS: things[0]}
