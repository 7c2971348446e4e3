"""The shelf: what is on hand of gift cards and things, and taking from it what a voucher hands over."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta

from attrs import field, frozen

from cmengine.cards import at_least, choose_cards
from cmengine.errors import CMError, Mistake, did_you_mean
from cmengine.ledger import Ledger
from cmengine.money import dollars
from cmengine.program import Program
from cmengine.recount import must_be_counted
from cmengine.refusals import Refusal, no
from cmengine.sealed import unseal

SOON = timedelta(days=30)
# A card that may be handed out: never handed out, not missing, and good today. Takes brand and day.
_GOOD = "brand = ? and voucher is null and difference = 0 and (expires is null or expires >= ?)"


@frozen(kw_only=True)
class HandedCard:
    """A gift card in a client's hands. Its code is shown by the command that hands it over, nowhere else."""

    serial: str
    brand: str
    cents: int
    expires: date | None
    code: str = field(repr=False)


@frozen(kw_only=True)
class Shelf:
    """What is on hand of one thing, or of one brand's cards of one worth. `cents` is what each is worth,
    `total` what all that is on hand cost. Cards that have expired are counted apart; `to_count` are those that
    nobody has counted since a restore, and that are not handed out until then.
    """

    brand: str | None
    item: str | None
    cents: int
    on_hand: int
    total: int
    low: bool
    expired: int = 0
    soon: int = 0
    first_expires: date | None = None
    to_count: int = 0

    @property
    def name(self) -> str:
        """Name it."""
        return self.item or f"{self.brand} {dollars(self.cents)}"


def shelves(program: Program) -> list[Shelf]:
    """List what is on hand: cards by brand and worth, then things by name."""
    return [*_card_shelves(program), *_goods_shelves(program)]


def _card_shelves(program: Program) -> list[Shelf]:
    today = program.today()
    rows = program.ledger.rows(
        "select brand, cents, count(*) filter (where good and not gone) as on_hand,"
        " count(*) filter (where good and gone) as expired,"
        " count(*) filter (where good and not gone and expires <= ?1) as soon,"
        " min(expires) filter (where good and not gone) as first,"
        " count(*) filter (where seq in (select seq from cards_to_count)) as to_count"
        " from (select *, voucher is null and difference = 0 as good, coalesce(expires < ?2, 0) as gone"
        " from card_list) group by brand, cents order by brand, cents",
        (today + SOON).isoformat(),
        today.isoformat(),
    )
    return [
        Shelf(
            brand=row["brand"],
            item=None,
            cents=row["cents"],
            on_hand=row["on_hand"],
            total=row["on_hand"] * row["cents"],
            low=row["on_hand"] < program.settings.stock.low,
            expired=row["expired"],
            soon=row["soon"],
            first_expires=date.fromisoformat(row["first"]) if row["first"] else None,
            to_count=row["to_count"],
        )
        for row in rows
    ]


def _goods_shelves(program: Program) -> list[Shelf]:
    rows = program.ledger.rows(
        "select item, max(cents) as cents, sum(on_hand) as on_hand, sum(on_hand * cents) as total"
        " from goods_list group by item order by item"
    )
    return [
        Shelf(
            brand=None,
            item=row["item"],
            cents=row["cents"],
            on_hand=row["on_hand"],
            total=row["total"],
            low=row["on_hand"] < program.settings.stock.low,
        )
        for row in rows
    ]


def kept_items(ledger: Ledger) -> dict[str, int]:
    """Give the things that the stock knows, and the most that one of each has cost, in cents."""
    rows = ledger.rows("select item, max(cents) from goods group by item")
    return {row[0]: row[1] for row in rows}


def items_on_hand(ledger: Ledger) -> dict[str, int]:
    """Count what is on hand of every thing that the stock knows."""
    rows = ledger.rows("select item, sum(on_hand) from goods_list group by item")
    return {row[0]: row[1] for row in rows}


def brands(ledger: Ledger) -> list[str]:
    """Name the brands of which there ever was a card."""
    return [row[0] for row in ledger.rows("select distinct brand from cards order by brand")]


def cards_for(
    program: Program, client: str, brand: str, most: int, serial: str | None = None
) -> list[int]:
    """Choose cards of a brand for at most `most` cents; give their numbers. Call it inside `writing`.

    With `serial`, this very card. Raises CMError where there is none, or where they have to be counted first
    because of a restore: what waits goes on waiting.
    """
    known = brands(program.ledger)
    where = f"client '{client}'"
    if brand not in known:
        todo = did_you_mean(brand, known) or "add some with: cmengine stock add FILE"
        raise CMError(Mistake(where, f"there are no cards of '{brand:.60}'", todo))
    if serial is not None:
        return [_this_card(program, brand, serial, most)]
    must_be_counted(program.ledger, client, brand, most, f"{dollars(most)} stays theirs meanwhile")
    piles = _piles(program, brand)
    chosen = choose_cards({worth: len(pile) for worth, pile in piles.items()}, most)
    if not chosen:
        least = f"; the smallest is {dollars(min(piles))}" if piles else ""
        raise no(
            where,
            f"no card of {brand} of at most {dollars(most)} is on hand just now{least}",
            Refusal(
                reason="stock",
                what=brand,
                client=client,
                cents=most,
                instead=(
                    f"{dollars(most)} stays theirs and waits for stock",
                    "hand over another brand, or a voucher without --card",
                ),
            ),
        )
    return _from(piles, chosen)


def cards_in_place_of(program: Program, client: str, brand: str, least: int) -> list[int]:
    """Choose cards of a brand that are worth `least` cents or a little more. Call it inside `writing`.

    Raises CMError where there are none, or where they have to be counted first because of a restore.
    """
    must_be_counted(program.ledger, client, brand, least, "it stays owed meanwhile")
    piles = _piles(program, brand)
    chosen = at_least({worth: len(pile) for worth, pile in piles.items()}, least)
    if not chosen:
        raise no(
            f"cards of '{brand:.60}'",
            f"none worth {dollars(least)} or more are on hand just now",
            Refusal(
                reason="stock",
                what=brand,
                client=client,
                cents=least,
                instead=(
                    "name another brand with --card",
                    "do it again when there are some: it stays owed",
                ),
            ),
        )
    return _from(piles, chosen)


def _this_card(program: Program, brand: str, serial: str, most: int) -> int:
    """Find the card that the desk names. Naming it is what a count would be: somebody has looked at it."""
    where = f"--serial {serial:.60}"
    row = program.ledger.one(
        f"select seq, cents from card_list where serial = ? and {_GOOD}",
        serial,
        brand,
        program.today().isoformat(),
    )
    if row is None:
        what = f"no such card of {brand} can be handed out: it is not there, handed out, missing or expired"
        raise CMError(Mistake(where, what, "see what is on hand with: cmengine stock list"))
    if row["cents"] > most:
        what = (
            f"this card is worth {dollars(row['cents'])}, and {dollars(most)} can be issued for it"
        )
        raise CMError(Mistake(where, what, "name another, or leave --amount out"))
    return int(row["seq"])


def _piles(program: Program, brand: str) -> dict[int, list[int]]:
    """Give the cards of a brand that may be handed out, by worth; those that expire first come first."""
    piles: dict[int, list[int]] = {}
    sql = f"select seq, cents from card_list where {_GOOD} order by expires is null, expires, seq"
    for seq, cents in program.ledger.rows(sql, brand, program.today().isoformat()):
        piles.setdefault(cents, []).append(seq)
    return piles


def _from(piles: dict[int, list[int]], worths: Sequence[int]) -> list[int]:
    return [card for worth, count in Counter(worths).items() for card in piles[worth][:count]]


def worth_of(program: Program, cards: Sequence[int]) -> int:
    """Add up what cards are worth, in cents."""
    return sum(
        program.ledger.rows("select cents from cards where seq = ?", card)[0][0] for card in cards
    )


def hand_cards(
    program: Program,
    voucher: str,
    cards: Sequence[int],
    instead_of: int | None = None,
    *,
    named: bool = False,
) -> None:
    """Write down that a voucher hands over these cards; `named`, as the desk named them. The ledger refuses
    a card that was handed out.
    """
    for card in cards:
        program.ledger.insert(
            "handed_cards",
            card=card,
            voucher=voucher,
            instead_of=instead_of,
            named=int(named),
            handed_at=program.now().isoformat(),
            handed_by=program.by,
        )


def opened(program: Program, cards: Sequence[int]) -> list[HandedCard]:
    """Open the codes of cards, to hand them over."""
    found = []
    for card in cards:
        (row,) = program.ledger.rows("select * from cards where seq = ?", card)
        found.append(
            HandedCard(
                serial=row["serial"],
                brand=row["brand"],
                cents=row["cents"],
                expires=date.fromisoformat(row["expires"]) if row["expires"] else None,
                code=unseal(program.keys, row["id"], row["sealed"]),
            )
        )
    return found


def thing_for(program: Program, client: str, item: str, instead: str | None) -> int | None:
    """Find the thing on hand to give for an item, or one of equal or better worth instead of it.

    Gives its number; None for an item of which no stock is kept. Call it inside `writing`. Raises
    CMError where none is on hand: it stays owed.
    """
    where = f"client '{client}'"
    known = kept_items(program.ledger)
    wanted = item if instead is None else instead
    if instead is not None:
        _no_less(client, item, instead, known)
    elif item not in known:
        return None
    rows = program.ledger.rows(
        "select seq, cents from goods_list where item = ? and on_hand > 0 order by seq", wanted
    )
    good = [row["seq"] for row in rows if instead is None or row["cents"] >= known[item]]
    if not good:
        raise no(
            where,
            f"no '{wanted:.60}' is on hand just now",
            Refusal(
                reason="stock",
                what=wanted,
                client=client,
                instead=(
                    f"'{item:.60}' stays theirs and waits for stock",
                    "if they like, give something of equal or more worth with: --instead NAME",
                ),
            ),
        )
    return int(good[0])


def _no_less(client: str, item: str, instead: str, known: dict[str, int]) -> None:
    where = f"client '{client}'"
    for name in (item, instead):
        if name not in known:
            todo = did_you_mean(name, known) if name == instead else ""
            raise CMError(
                Mistake(
                    where,
                    f"nobody wrote down what '{name:.60}' is worth",
                    todo or "add it with: cmengine stock add FILE (a count of 0 is one, too)",
                )
            )
    if known[instead] < known[item]:
        raise no(
            where,
            f"'{instead:.60}' is worth {dollars(known[instead])}, and '{item:.60}' {dollars(known[item])}",
            Refusal(
                reason="worth",
                what=instead,
                client=client,
                instead=("give something of equal or more worth, never of less",),
            ),
        )


def hand_thing(program: Program, voucher: str, goods: int, instead_of: str | None) -> None:
    """Write down that a voucher hands over a thing from the shelf."""
    program.ledger.insert(
        "handed_goods",
        voucher=voucher,
        goods=goods,
        instead_of=instead_of,
        handed_at=program.now().isoformat(),
        handed_by=program.by,
    )
