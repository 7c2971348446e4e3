"""Give a voucher another code, or good cards for one that did not work. The client loses nothing, and proves nothing."""

from attrs import field, frozen

from cmengine.errors import CMError, Mistake, did_you_mean
from cmengine.ids import code_hash, new_code
from cmengine.program import Program
from cmengine.refusals import Refusal, no, noted
from cmengine.sqlite import sqlite3
from cmengine.stock import HandedCard, brands, cards_in_place_of, hand_cards, opened
from cmengine.tries import count_try, stop_if_paused
from cmengine.vouchers import (
    find_voucher,
    living,
    must_say_why,
    not_here,
    note_print,
    typed_code,
)


@frozen(kw_only=True)
class Replaced:
    """What a client has now: a new code, or other cards. `cents` is what is on it; `charged` is what the
    program paid for it out of its own pocket, in cents.
    """

    voucher: str
    client: str
    code: str = field(repr=False)
    cents: int
    item: str | None
    cards: tuple[HandedCard, ...] = ()
    charged: int = 0


def replace_voucher(
    program: Program,
    voucher: str,
    reason: str,
    *,
    serial: str | None = None,
    card: str | None = None,
    printed: bool = False,
) -> Replaced:
    """Replace what was lost, was never printed, or does not work at the shop. Any number of times.

    A voucher of ours gets a new code, and the old one is dead from the same moment; what is left on it
    stays. For a gift card (`serial`, where the voucher handed over several) the client gets cards worth as
    much or a little more, of the same brand or of the brand `card`: the program pays for them.
    Raises CMError where nothing is left, or no such card is on hand.
    """
    must_say_why(reason)
    with noted(program), program.ledger.writing():
        row = find_voucher(program, voucher)
        if row["card"]:
            done = _other_cards(program, row, reason, serial, card)
        else:
            done = _other_code(program, row, reason)
        if printed:
            note_print(program, row["id"], program.now())
    return done


def _other_code(program: Program, row: sqlite3.Row, reason: str) -> Replaced:
    left = row["cents"] - row["redeemed_cents"]
    if row["redeemed"]:
        raise no(
            f"voucher {row['id']}",
            "nothing is left on it: it was used",
            Refusal(
                reason="used",
                what=row["id"],
                client=row["client"],
                cents=row["cents"],
                instead=(
                    "if somebody else used it, talk it over",
                    "a gift from the program is an award of its own",
                ),
            ),
        )
    code = new_code()
    n = row["replaced"] + 1
    program.ledger.insert(
        "replacements",
        voucher=row["id"],
        n=n,
        code_hash=code_hash(code, program.keys.codes),
        replaced_at=program.now().isoformat(),
        replaced_by=program.by,
    )
    program.ledger.keep_personal(row["client"], f"replaced:{row['id']}:{n}", reason)
    return Replaced(
        voucher=row["id"], client=row["client"], code=code, cents=left, item=row["item"]
    )


def _other_cards(
    program: Program, row: sqlite3.Row, reason: str, serial: str | None, brand: str | None
) -> Replaced:
    bad = _card_meant(program, row, serial)
    wanted = _brand(program, brand) or bad["brand"]
    cards = cards_in_place_of(program, row["client"], wanted, bad["cents"])
    program.ledger.insert(
        "empty_cards",
        card=bad["seq"],
        reported_at=program.now().isoformat(),
        reported_by=program.by,
    )
    program.ledger.keep_personal(row["client"], f"replaced:{row['id']}:{bad['id']}", reason)
    hand_cards(program, row["id"], cards, instead_of=bad["seq"])
    handed = tuple(opened(program, cards))
    total = sum(one.cents for one in handed)
    return Replaced(
        voucher=row["id"],
        client=row["client"],
        code="",
        cents=total,
        item=None,
        cards=handed,
        charged=total,
    )


def _brand(program: Program, brand: str | None) -> str | None:
    known = brands(program.ledger)
    if brand is not None and brand not in known:
        todo = did_you_mean(brand, known)
        raise CMError(Mistake("--card", f"there are no cards of '{brand:.60}'", todo))
    return brand


def _card_meant(program: Program, row: sqlite3.Row, serial: str | None) -> sqlite3.Row:
    """Find the one card of a voucher that is to be made good."""
    where = f"voucher {row['id']}"
    cards = program.ledger.rows(
        "select * from card_list where voucher = ? and not empty order by seq", row["id"]
    )
    meant = [card for card in cards if serial is None or card["serial"] == serial]
    if len(meant) != 1:
        what = "it handed over several cards" if meant else "it has no such card to be made good"
        known = ", ".join(f"'{card['serial']}'" for card in cards)
        raise CMError(Mistake(where, what, f"name one with --serial: {known}" if known else ""))
    return meant[0]


# Again on paper


@frozen(kw_only=True)
class Reprinted:
    """A voucher that goes to paper once more; `times` counts this one."""

    voucher: str
    client: str
    code: str = field(repr=False)
    cents: int
    item: str | None
    cards: tuple[HandedCard, ...]
    times: int


def print_by_code(program: Program, code: str, reason: str = "") -> Reprinted:
    """Print a voucher whose code is there. A second time needs a reason. Raises CMError."""
    read = typed_code(code)
    with noted(program), program.ledger.writing():
        stop_if_paused(program)
        row = living(program, read)
        if row is None or row["redeemed"]:
            count_try(program)
        else:
            if row["printed"]:
                must_say_why(reason)
            times = note_print(program, row["id"], program.now(), reason)
    if row is None or row["redeemed"]:
        raise not_here()
    return _reprinted(row, _grouped(read), (), times)


def print_cards(program: Program, voucher: str, reason: str) -> Reprinted:
    """Print the cards of a voucher once more, as their codes are kept. Needs a reason. Raises CMError."""
    must_say_why(reason)
    with program.ledger.writing():
        row = find_voucher(program, voucher)
        if not row["card"]:
            raise CMError(
                Mistake(
                    f"voucher {row['id']}",
                    "its code is not kept, so it cannot be shown again",
                    "with the code at hand: cmengine voucher print; without it: cmengine voucher replace",
                )
            )
        times = note_print(program, row["id"], program.now(), reason)
        cards = program.ledger.rows(
            "select seq from card_list where voucher = ? and not empty order by seq", row["id"]
        )
        handed = tuple(opened(program, [card[0] for card in cards]))
    return _reprinted(row, "", handed, times)


def _reprinted(row: sqlite3.Row, code: str, cards: tuple[HandedCard, ...], times: int) -> Reprinted:
    return Reprinted(
        voucher=row["id"],
        client=row["client"],
        code=code,
        cents=row["cents"] - row["redeemed_cents"],
        item=row["item"],
        cards=cards,
        times=times,
    )


def _grouped(code: str) -> str:
    return "-".join(code[n : n + 6] for n in range(0, len(code), 6))
