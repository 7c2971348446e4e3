"""Count what is on the shelf, by two people. A difference is written down; it is the program's, never a client's."""

from collections.abc import Collection, Sequence

from attrs import frozen

from cmengine.errors import CMError, Mistake, did_you_mean, stop_if
from cmengine.ledger import Ledger
from cmengine.program import MOST_WHO, Program
from cmengine.settings import SETTINGS
from cmengine.stock import brands, kept_items


@frozen(kw_only=True)
class Counted:
    """A count: what should have been there, what was, and what the difference is worth, in cents.

    `cents` is below zero where something is missing. `apart` says that who counted had handed out nothing.
    """

    what: str
    expected: int
    counted: int
    cents: int
    apart: bool


def count_items(program: Program, item: str, counted: int, witness: str) -> Counted:
    """Write down a count of a thing by `program.by`, while `witness` looked on. Raises CMError."""
    with program.ledger.writing():
        known = kept_items(program.ledger)
        if item not in known:
            raise CMError(
                Mistake("--item", f"no '{item:.60}' is in the stock", did_you_mean(item, known))
            )
        apart = _may_count(program, witness, "item", item)
        goods = program.ledger.rows(
            "select seq, cents, on_hand, difference from goods_list where item = ? order by seq",
            item,
        )
        expected = sum(one["on_hand"] for one in goods)
        number = _write_count(program, "item", item, expected, counted, witness, apart)
        cents = 0
        for seq, units, each in _spread([tuple(one) for one in goods], counted - expected):
            program.ledger.insert("differences", count=number, goods=seq, units=units)
            cents += units * each
    return Counted(what=item, expected=expected, counted=counted, cents=cents, apart=apart)


def _spread(
    goods: Sequence[tuple[int, int, int, int]], difference: int
) -> list[tuple[int, int, int]]:
    """Say of which lines (number, cents each, on hand, difference so far) so many are missing or there again.

    What is missing is taken from the oldest; what is there again goes first where some were missing. Pure.
    """
    found: list[tuple[int, int, int]] = []
    left = difference
    for seq, cents, on_hand, before in goods if difference < 0 else reversed(goods):
        units = -min(on_hand, -left) if left < 0 else min(max(-before, 0), left)
        if units:
            found.append((seq, units, cents))
            left -= units
    if left > 0:
        seq, cents, _, _ = goods[-1]
        found = [one for one in found if one[0] != seq] + [
            (seq, left + sum(units for one, units, _ in found if one == seq), cents)
        ]
    return found


def count_cards(
    program: Program,
    brand: str,
    counted: int,
    witness: str,
    *,
    missing: Sequence[str] = (),
    found: Sequence[str] = (),
) -> Counted:
    """Write down a count of a brand's cards: `missing` and `found` are serials, so that it comes out right."""
    ledger = program.ledger
    with ledger.writing():
        known = brands(ledger)
        if brand not in known:
            raise CMError(
                Mistake(
                    "--card", f"there are no cards of '{brand:.60}'", did_you_mean(brand, known)
                )
            )
        apart = _may_count(program, witness, "brand", brand)
        cards = ledger.rows("select * from card_list where brand = ? and voucher is null", brand)
        here = {card["serial"]: card for card in cards if card["difference"] == 0}
        away = {card["serial"]: card for card in cards if card["difference"] < 0}
        stop_if(
            [
                *_not_among(missing, here, "--missing", "is not on hand"),
                *_not_among(found, away, "--found", "was not missing"),
                *_adds_up(brand, len(here), counted, len(set(missing)), len(set(found))),
            ]
        )
        number = _write_count(program, "brand", brand, len(here), counted, witness, apart)
        cents = 0
        for serials, units in ((missing, -1), (found, 1)):
            for serial in dict.fromkeys(serials):
                card = here[serial] if units < 0 else away[serial]
                ledger.insert("differences", count=number, card=card["seq"], units=units)
                cents += units * card["cents"]
    return Counted(what=brand, expected=len(here), counted=counted, cents=cents, apart=apart)


def _not_among(
    serials: Sequence[str], known: Collection[str], where: str, what: str
) -> list[Mistake]:
    return [
        Mistake(f"{where} {serial:.60}", what, did_you_mean(serial, known))
        for serial in serials
        if serial not in known
    ]


def _adds_up(brand: str, here: int, counted: int, missing: int, found: int) -> list[Mistake]:
    if here - missing + found == counted:
        return []
    said = f", {missing} named missing" if missing else ""
    said += f", {found} named found" if found else ""
    return [
        Mistake(
            f"cards of '{brand}'",
            f"{here} should be there{said}, and {counted} were counted",
            "name each that is not there with --missing SERIAL, each that is there again with --found SERIAL;"
            " new ones come in with: cmengine stock add",
        )
    ]


def _may_count(program: Program, witness: str, column: str, what: str) -> bool:
    """Look at who counts and who looks on; say whether who counts had handed out none since the last count."""
    who, staff = program.by, program.settings.staff
    if witness.strip().casefold() == who.casefold():
        raise CMError(
            Mistake(
                "--witness", "two people count, and this is one", "ask somebody else to look on"
            )
        )
    if not witness.strip() or len(witness) > MOST_WHO or not witness.isprintable():
        raise CMError(Mistake("--witness", "this is not a name", "write it in a few letters"))
    if staff and witness not in staff:
        unknown = f"'{witness:.64}' is not among the staff of this program"
        raise CMError(Mistake("--witness", unknown, did_you_mean(witness, staff)))
    hands = handed_out_by(program.ledger, column, what)
    if who not in hands:
        return True
    if program.settings.stock.separate and not (staff and set(staff) <= hands):
        raise CMError(
            Mistake(
                "--by",
                f"{who} has handed out of it since the last count, and who hands out does not count",
                "let somebody else count, and look on; where everybody hands out: [stock] separate = false"
                f" in {SETTINGS}",
            )
        )
    return False


def handed_out_by(ledger: Ledger, column: str, what: str) -> set[str]:
    """Name those who have handed out of a brand or a thing since it was last counted."""
    since = f"coalesce((select max(julianday(counted_at)) from counts where {column} = ?1), 0)"
    table = (
        "handed_cards h join cards s on s.seq = h.card"
        if column == "brand"
        else "handed_goods h join goods s on s.seq = h.goods"
    )
    sql = f"select distinct handed_by from {table} where s.{column} = ?1 and julianday(handed_at) >= {since}"
    return {row[0] for row in ledger.rows(sql, what)}


def _write_count(
    program: Program,
    column: str,
    what: str,
    expected: int,
    counted: int,
    witness: str,
    apart: bool,
) -> int:
    return program.ledger.insert(
        "counts",
        **{column: what},
        expected=expected,
        counted=counted,
        apart=int(apart),
        after_restore=_last(program.ledger, "restores"),
        last_card=_last(program.ledger, "cards"),
        counted_at=program.now().isoformat(),
        counted_by=program.by,
        witness=witness,
    )


def _last(ledger: Ledger, table: str) -> int:
    return int(ledger.rows(f"select coalesce(max(seq), 0) from {table}")[0][0])
