"""Reconcile the stock: what was bought is handed over, or on hand, or accounted for. To the cent and the serial."""

from collections.abc import Iterator

from attrs import frozen

from cmengine.errors import CMError
from cmengine.ledger import Ledger
from cmengine.money import dollars
from cmengine.program import Program
from cmengine.sealed import card_hash, must_be_able_to_seal, unseal
from cmengine.stock import brands, kept_items


@frozen(kw_only=True)
class Line:
    """One brand or thing, in pieces and in cents: bought = issued + made good + on hand + missing.

    `made_good` was given for cards that did not work; `expired`, a part of what is on hand, can no longer
    be handed out; `missing` is below zero where a count found more than there should be. What was made
    good, expired or is missing is the program's cost.
    """

    what: str
    bought: int
    bought_cents: int
    issued: int
    issued_cents: int
    made_good: int
    made_good_cents: int
    on_hand: int
    on_hand_cents: int
    expired: int
    expired_cents: int
    missing: int
    missing_cents: int

    @property
    def agrees(self) -> bool:
        """Say whether both sums come out."""
        pieces = self.issued + self.made_good + self.on_hand + self.missing
        cents = self.issued_cents + self.made_good_cents + self.on_hand_cents + self.missing_cents
        return (pieces, cents) == (self.bought, self.bought_cents)


@frozen(kw_only=True)
class Reconciled:
    """What a reconciliation found: a line for each brand and thing, and whatever does not agree."""

    lines: list[Line]
    problems: list[str]

    @property
    def ok(self) -> bool:
        """Say whether everything agrees."""
        return not self.problems


def reconcile(program: Program) -> Reconciled:
    """Add up the stock, and look at every card and thing. Reads only."""
    lines = [_brand_line(program, brand) for brand in brands(program.ledger)]
    lines += [_item_line(program.ledger, item) for item in kept_items(program.ledger)]
    problems = [
        f"{line.what}: {dollars(line.bought_cents)} were bought ({line.bought} pieces), and what is issued, made good,"
        " on hand and missing does not add up to that"
        for line in lines
        if not line.agrees
    ]
    problems += stock_problems(program.ledger)
    problems += sealed_problems(program)
    return Reconciled(lines=lines, problems=problems)


def _brand_line(program: Program, brand: str) -> Line:
    (row,) = program.ledger.rows(
        "select count(*) as bought, sum(cents) as bought_cents,"
        " count(*) filter (where handed and instead_of is null) as issued,"
        " coalesce(sum(cents) filter (where handed and instead_of is null), 0) as issued_cents,"
        " count(*) filter (where handed and instead_of is not null) as made_good,"
        " coalesce(sum(cents) filter (where handed and instead_of is not null), 0) as made_good_cents,"
        " count(*) filter (where here) as on_hand,"
        " coalesce(sum(cents) filter (where here), 0) as on_hand_cents,"
        " count(*) filter (where here and expires < ?2) as expired,"
        " coalesce(sum(cents) filter (where here and expires < ?2), 0) as expired_cents,"
        " coalesce(-sum(difference), 0) as missing, coalesce(-sum(difference * cents), 0) as missing_cents"
        " from (select *, voucher is not null as handed, voucher is null and difference = 0 as here"
        " from card_list where brand = ?1)",
        brand,
        program.today().isoformat(),
    )
    return Line(what=brand, **dict(row))


def _item_line(ledger: Ledger, item: str) -> Line:
    (row,) = ledger.rows(
        "select sum(units) as bought, sum(units * cents) as bought_cents,"
        " sum(handed) as issued, sum(handed * cents) as issued_cents,"
        " 0 as made_good, 0 as made_good_cents,"
        " sum(on_hand) as on_hand, sum(on_hand * cents) as on_hand_cents,"
        " 0 as expired, 0 as expired_cents,"
        " -sum(difference) as missing, -sum(difference * cents) as missing_cents"
        " from goods_list where item = ?",
        item,
    )
    return Line(what=item, **dict(row))


# Each must give no row; what it gives is said with its words.
_MUST_BE_EMPTY = (
    (
        "select p.seq from purchases p where p.pieces <> (select count(*) from cards c where c.purchase = p.seq)"
        " + (select coalesce(sum(g.units), 0) from goods g where g.purchase = p.seq) or p.cents <>"
        " (select coalesce(sum(c.cents), 0) from cards c where c.purchase = p.seq)"
        " + (select coalesce(sum(g.units * g.cents), 0) from goods g where g.purchase = p.seq)",
        "purchase {}: what it brought is not what was written down of it",
    ),
    (
        "select serial from card_list group by brand, serial having count(*) > 1",
        "card {}: is there more than once",
    ),
    (
        "select serial from card_list where voucher is not null and difference <> 0"
        " or difference not in (-1, 0)",
        "card {}: is missing, and yet handed over or missing twice",
    ),
    (
        "select serial from card_list where voucher is not null"
        " and expires < date(substr(handed_at, 1, 10), '-1 day')",
        "card {}: was handed over when it could no longer be used",
    ),
    (
        "select serial from card_list where voucher is not null"
        " and voucher not in (select id from vouchers where code_hash is null)",
        "card {}: was handed over by no voucher of that kind",
    ),
    (
        "select v.id from vouchers v where code_hash is null and v.cents <>"
        " (select coalesce(sum(c.cents), 0) from handed_cards h join cards c on c.seq = h.card"
        " where h.voucher = v.id and h.instead_of is null)",
        "voucher {}: its cards are not worth what it says",
    ),
    (
        "select b.serial from card_list b where b.empty and b.cents >"
        " (select coalesce(sum(c.cents), 0) from card_list c where c.instead_of = b.seq and c.voucher = b.voucher)",
        "card {}: did not work, and was not made good",
    ),
    (
        "select c.serial from card_list c where c.instead_of is not null"
        " and c.instead_of not in (select card from empty_cards)",
        "card {}: was given for a card that nobody reported",
    ),
    ("select item from goods_list where on_hand < 0", "{}: more were handed over than there were"),
    (
        "select v.id from handed_goods h join goods g on g.seq = h.goods join vouchers v on v.id = h.voucher"
        " join awards a on a.occurrence = v.occurrence and a.n = v.n"
        " where v.item <> g.item or coalesce(h.instead_of, v.item) <> a.item",
        "voucher {}: handed over another thing than it says",
    ),
    (
        "select voucher from handed_goods where voucher in (select id from vouchers where item is null)",
        "voucher {}: is for money, and yet handed over a thing",
    ),
    (
        "select k.seq from counts k where k.counted - k.expected <>"
        " (select coalesce(sum(d.units), 0) from differences d where d.count = k.seq)",
        "count {}: what was counted is not what was written down of it",
    ),
)


def stock_problems(ledger: Ledger) -> Iterator[str]:
    """Name whatever in the stock does not agree with itself. Needs no key; reads only."""
    for sql, words in _MUST_BE_EMPTY:
        for row in ledger.rows(sql):
            yield words.format(row[0])


def sealed_problems(program: Program) -> Iterator[str]:
    """Name each card whose code cannot be opened, or is not the code that was added. Reads only.

    Raises CMError where there are cards, and the library that opens their codes is not installed.
    """
    if program.ledger.one("select 1 from cards limit 1") is not None:
        must_be_able_to_seal()
    for row in program.ledger.each("select id, serial, code_hash, sealed from cards order by seq"):
        try:
            code = unseal(program.keys, row["id"], row["sealed"])
        except CMError as error:
            yield f"card {row['serial']}: {error.mistakes[0].what}"
            continue
        if card_hash(program.keys, code) != row["code_hash"]:
            yield f"card {row['serial']}: its code is not the one that was added"
