"""Vouchers: issue what is waiting, redeem by code. A code is shown once; only its keyed hash is kept."""

from datetime import datetime

from attrs import field, frozen

from cmengine.earlier import Earlier, last_issued, same_again
from cmengine.errors import CMError, Mistake, Refused, did_you_mean, stop_if
from cmengine.funds import allowed, charge, nearly_used
from cmengine.ids import code_hash, new_code, read_code
from cmengine.limits import Allowance, Held, Near, Share
from cmengine.money import dollars
from cmengine.program import Program
from cmengine.refusals import held_back, note_refusals, noted
from cmengine.sqlite import sqlite3
from cmengine.stock import (
    HandedCard,
    cards_for,
    hand_cards,
    hand_thing,
    opened,
    thing_for,
    worth_of,
)
from cmengine.tries import count_try, stop_if_paused

NOT_HERE = Mistake(
    "this code", "cannot be used here", "read it again, letter by letter; staff can look it up"
)
"""What is said of every code that is not one to be used, whatever the reason."""


@frozen(kw_only=True)
class Issued:
    """A voucher that was just issued. `code` exists here and on the client's slip, nowhere else; it is
    empty where gift cards were handed over. `instead_of` is the item that was earned, where another was taken.

    `shares` say what it was charged to, `held` what limits and funds hold back of what waits, `near` which
    of them are nearly used. `earlier` is a voucher of as much, or of the same thing, that they were issued
    in the last minutes, and that was not used: perhaps the same, done twice because its code was never seen.
    """

    voucher: str
    client: str
    code: str = field(repr=False)
    cents: int
    item: str | None
    waiting: int
    cards: tuple[HandedCard, ...] = ()
    instead_of: str | None = None
    shares: tuple[Share, ...] = ()
    held: tuple[Held, ...] = ()
    near: tuple[Near, ...] = ()
    earlier: Earlier | None = None


@frozen(kw_only=True)
class Redeemed:
    """What was just redeemed of a voucher, in cents; `left` is what is still on it."""

    voucher: str
    client: str
    cents: int
    item: str | None
    left: int = 0


def issue_voucher(
    program: Program,
    client: str,
    *,
    cents: int | None = None,
    item: str | None = None,
    card: str | None = None,
    serial: str | None = None,
    instead: str | None = None,
    printed: bool = False,
) -> Issued:
    """Issue a voucher for `cents` of what is waiting (None: all that may be issued now), or for a waiting item.

    With `card`, gift cards of that brand for as much of it as they make, or the one card of this `serial`; the
    rest goes on waiting. `instead` is a thing of equal or more worth that the client takes in place of the item.
    `printed` says that it goes to paper. Raises CMError where there is nothing to issue, or where limits and funds
    let nothing, or less than `cents`, be issued now. What is refused is written down, with the voucher or alone.
    """
    with noted(program), program.ledger.writing():
        program.must_have(client)
        earlier = last_issued(program, client, thing=item is not None)
        award = None
        if item is not None:
            award = _waiting_item(program, client, item, instead or item, earlier)
        may = allowed(program, client)
        waiting = may.waiting
        amount = 0 if award else (may.cents if cents is None else cents)
        if not award:
            _can_issue(program, client, cents, may, earlier)
        cards = []
        if card is not None and not award:
            cards = cards_for(program, client, card, amount, serial)
        amount = worth_of(program, cards) if cards else amount
        thing = None if item is None else thing_for(program, client, item, instead)
        code = "" if cards else new_code()
        voucher, now = program.new_id(), program.now()
        shares = may.first(amount)
        charge(program, voucher, shares)
        program.ledger.add_voucher(
            {
                "id": voucher,
                "client": client,
                "cents": amount,
                "item": instead or item,
                "occurrence": award[0] if award else None,
                "n": award[1] if award else None,
                "code_hash": code_hash(code, program.keys.codes) if code else None,
                "issued_at": now.isoformat(),
                "issued_by": program.by,
            }
        )
        hand_cards(program, voucher, cards, named=serial is not None)
        if thing is not None:
            hand_thing(program, voucher, thing, item if instead else None)
        if printed:
            note_print(program, voucher, now)
        if cents is None and not award:
            note_refusals(program, held_back(client, may.held))
        handed = opened(program, cards)
        near = nearly_used(program, client) if amount else []
    return Issued(
        voucher=voucher,
        client=client,
        code=code,
        cents=amount,
        item=instead or item,
        waiting=waiting - amount,
        cards=tuple(handed),
        instead_of=item if instead else None,
        shares=shares,
        held=may.held,
        near=tuple(near),
        earlier=same_again(program, earlier, amount, instead or item),
    )


def _can_issue(
    program: Program, client: str, cents: int | None, may: Allowance, earlier: Earlier | None
) -> None:
    where, waiting = f"client '{client}'", may.waiting
    earlier = earlier if waiting == 0 else same_again(program, earlier, cents)
    before, todo_before = (f"; {earlier.words}", f"{earlier.todo}; ") if earlier else ("", "")
    items = [item for _, _, item in program.ledger.waiting_items(client)] if waiting == 0 else []
    if items:
        todo = f"there is '{items[0]}' waiting; name it with: --item '{items[0]}'"
        what = f"no money is waiting just now{before}"
        raise CMError(Mistake(where, what, f"{todo_before}{todo}"))
    if waiting == 0:
        raise CMError(
            Mistake(
                where,
                f"nothing is waiting just now{before}",
                f"{todo_before}see what comes next: cmengine client show {client}",
            )
        )
    if cents == 0:
        raise CMError(
            Mistake(
                where, "a voucher of 0.00 is no voucher", f"there is {dollars(waiting)} waiting"
            )
        )
    if cents is not None and cents > waiting:
        raise CMError(
            Mistake(
                where,
                f"{dollars(cents)} is more than is waiting{before}",
                f"{todo_before}at most {dollars(may.cents)} can be issued now",
            )
        )
    if not may.cents or (cents is not None and cents > may.cents):
        why = "; ".join(held.why for held in may.held)
        todo = "; ".join(held.todo for held in may.held)
        some = f"{dollars(may.cents)} of it" if may.cents else "none of it"
        what = f"{dollars(waiting)} is waiting, and {some} can be issued just now: {why}"
        then = "for the rest, " if may.cents else "it stays theirs; "
        raise Refused(held_back(client, may.held), Mistake(where, what, then + todo))


def _waiting_item(
    program: Program, client: str, item: str, taken: str, earlier: Earlier | None
) -> tuple[int, int]:
    waiting = program.ledger.waiting_items(client)
    for occurrence, n, found in waiting:
        if found == item:
            return occurrence, n
    todo = (
        did_you_mean(item, {found for _, _, found in waiting})
        or "nothing of the kind has been earned yet"
    )
    if earlier is not None and earlier.item == taken:
        what = f"no '{item:.60}' is waiting; {earlier.words}"
        raise CMError(Mistake(f"client '{client}'", what, earlier.todo))
    raise CMError(Mistake(f"client '{client}'", f"no '{item:.60}' is waiting", todo))


def redeem_voucher(
    program: Program, code: str, *, cents: int | None = None, details: bool = False
) -> Redeemed:
    """Redeem a voucher by its code: `cents` of it (None: all that is left).

    Raises CMError; of a code that cannot be used, it says the same whatever the reason. With `details`,
    for staff, it says the reason, too.
    """
    read = typed_code(code)
    with noted(program), program.ledger.writing():
        stop_if_paused(program)
        row = living(program, read)
        reason = ""
        if row is not None and not row["redeemed"]:
            left = row["cents"] - row["redeemed_cents"]
            amount = left if cents is None or row["item"] else cents
            _can_redeem(amount, left, row["item"])
            program.ledger.add_redemption(row["id"], amount, program.now(), program.by)
        else:
            count_try(program)
            reason = why_not(program, read) if details else ""
    if row is None or row["redeemed"]:
        raise not_here(reason)
    return Redeemed(
        voucher=row["id"],
        client=row["client"],
        cents=amount,
        item=row["item"],
        left=left - amount,
    )


def _can_redeem(amount: int, left: int, item: str | None) -> None:
    if item is None and not 0 < amount <= left:
        raise CMError(
            Mistake(
                "this voucher",
                f"{dollars(left)} is left on it, and {dollars(amount)} cannot be taken from that",
                f"take an amount from 0.01 to {dollars(left)}",
            )
        )


def typed_code(code: str) -> str:
    """Read a typed code. Raises CMError where its check symbols say that a letter is wrong."""
    read = read_code(code)
    if read is None:
        raise CMError(
            Mistake(
                "this code",
                "has a letter or two that do not fit",
                "read it again, letter by letter: it has 18, like 4Q7Z2N-8KTC31-M5VX9A",
            )
        )
    return read


def living(program: Program, code: str) -> sqlite3.Row | None:
    """Find the voucher of a code that was read; None where there is none, or another code took its place.

    As much is read either way, so that the time it takes does not tell whether there is one: where there is
    none, the latest voucher is looked at. What is looked up is a keyed hash, of which nobody can try a part.
    """
    ledger = program.ledger
    found = ledger.one(
        "select voucher, n from voucher_codes where code_hash = ?",
        code_hash(code, program.keys.codes),
    )
    row = ledger.one(
        "select * from voucher_list where id = coalesce(?, (select max(id) from vouchers))",
        found["voucher"] if found else None,
    )
    return row if found and row and found["n"] == row["replaced"] else None


def why_not(program: Program, code: str) -> str:
    """Say, to staff, why a code that was read cannot be used."""
    row = program.ledger.one(
        "select l.*, c.n as of_code from voucher_codes c join voucher_list l on l.id = c.voucher"
        " where c.code_hash = ?",
        code_hash(code, program.keys.codes),
    )
    if row is None:
        return "it belongs to no voucher of this program"
    if row["of_code"] < row["replaced"]:
        later = program.ledger.rows(
            "select replaced_at from replacements where voucher = ? and n = ?",
            row["id"],
            row["of_code"] + 1,
        )
        return f"voucher {row['id']} was given another code on {_when(later[0][0])}"
    last = program.ledger.rows(
        "select redeemed_by from redemptions where voucher = ? order by seq desc limit 1", row["id"]
    )
    return (
        f"voucher {row['id']} was used on {_when(row['redeemed_at'])}, at the desk of {last[0][0]}"
    )


def not_here(reason: str = "") -> CMError:
    """Say that a code cannot be used: always the same words, and the reason beside them for staff."""
    return CMError(*[NOT_HERE, *([Mistake("this code", reason)] if reason else [])])


def _when(moment: str) -> str:
    return moment[:16].replace("T", " at ")


def find_voucher(program: Program, voucher: str) -> sqlite3.Row:
    """Find a voucher by its number, or by the end of it from six letters on. Raises CMError."""
    typed = voucher.strip().upper()
    rows = (
        program.ledger.rows("select * from voucher_list where id like '%' || ? limit 2", typed)
        if 6 <= len(typed) <= 26 and typed.isalnum()
        else []
    )
    if len(rows) != 1:
        what = "is the end of several vouchers' numbers" if rows else "there is no such voucher"
        raise CMError(
            Mistake("this number", what, "the numbers of vouchers stand in: cmengine voucher list")
        )
    return rows[0]


def note_print(program: Program, voucher: str, now: datetime, reason: str = "") -> int:
    """Write down that a voucher goes to paper; give how often it has. Call it inside `writing`."""
    (row,) = program.ledger.rows("select client, printed from voucher_list where id = ?", voucher)
    n = int(row["printed"]) + 1
    program.ledger.insert(
        "prints",
        voucher=voucher,
        n=n,
        printed_at=now.isoformat(),
        printed_by=program.by,
    )
    if reason:
        program.ledger.keep_personal(row["client"], f"printed:{voucher}:{n}", reason)
    return n


def must_say_why(reason: str) -> None:
    """Raise CMError unless a reason is given, and not a long one."""
    from cmengine.engine import MOST_NOTE, too_long

    if not reason.strip():
        raise CMError(Mistake("this voucher", "this needs a reason", 'say why with --reason "..."'))
    stop_if(too_long("reason", reason, MOST_NOTE))
