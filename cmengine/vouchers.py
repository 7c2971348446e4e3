"""Vouchers: issue what is waiting, redeem by code. A code is shown once; only its keyed hash is kept."""

from attrs import frozen

from cmengine.errors import CMError, Mistake, did_you_mean
from cmengine.funds import allowed, charge, nearly_used
from cmengine.ids import code_hash, new_code, read_code
from cmengine.limits import Allowance, Held, Near, Share
from cmengine.money import dollars
from cmengine.program import Program


@frozen(kw_only=True)
class Issued:
    """A voucher that was just issued. `code` exists here and on the client's slip, nowhere else.

    `shares` say what it was charged to, `held` what limits and funds hold back of what waits, `near` which
    of them are nearly used.
    """

    voucher: str
    client: str
    code: str
    cents: int
    item: str | None
    waiting: int
    shares: tuple[Share, ...] = ()
    held: tuple[Held, ...] = ()
    near: tuple[Near, ...] = ()


@frozen(kw_only=True)
class Redeemed:
    """A voucher that was just redeemed."""

    voucher: str
    client: str
    cents: int
    item: str | None


def issue_voucher(
    program: Program, client: str, *, cents: int | None = None, item: str | None = None
) -> Issued:
    """Issue a voucher for `cents` of what is waiting (None: all that may be issued now), or for a waiting item.

    Raises CMError where limits and funds let nothing, or less than `cents`, be issued now.
    """
    with program.ledger.writing():
        program.must_have(client)
        award = _waiting_item(program, client, item) if item is not None else None
        may = allowed(program, client)
        waiting = may.waiting
        amount = 0 if award else (may.cents if cents is None else cents)
        if not award:
            _can_issue(program, client, cents, may)
        code = new_code()
        voucher = program.new_id()
        shares = may.first(amount)
        charge(program, voucher, shares)
        program.ledger.add_voucher(
            {
                "id": voucher,
                "client": client,
                "cents": amount,
                "item": item,
                "occurrence": award[0] if award else None,
                "n": award[1] if award else None,
                "code_hash": code_hash(code, program.keys.codes),
                "issued_at": program.now().isoformat(),
                "issued_by": program.by,
            }
        )
        near = nearly_used(program, client) if amount else []
    return Issued(
        voucher=voucher,
        client=client,
        code=code,
        cents=amount,
        item=item,
        waiting=waiting - amount,
        shares=shares,
        held=may.held,
        near=tuple(near),
    )


def _can_issue(program: Program, client: str, cents: int | None, may: Allowance) -> None:
    where, waiting = f"client '{client}'", may.waiting
    items = [item for _, _, item in program.ledger.waiting_items(client)] if waiting == 0 else []
    if items:
        todo = f"there is '{items[0]}' waiting; name it with: --item '{items[0]}'"
        raise CMError(Mistake(where, "no money is waiting just now", todo))
    if waiting == 0:
        raise CMError(
            Mistake(
                where,
                "nothing is waiting just now",
                f"see what comes next: cmengine client show {client}",
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
                f"{dollars(cents)} is more than is waiting",
                f"at most {dollars(may.cents)} can be issued now",
            )
        )
    if not may.cents or (cents is not None and cents > may.cents):
        why = "; ".join(held.why for held in may.held)
        todo = "; ".join(held.todo for held in may.held)
        what = f"{dollars(waiting)} is waiting, and {{}} can be issued just now: {why}"
        if may.cents:
            raise CMError(
                Mistake(where, what.format(f"{dollars(may.cents)} of it"), f"for the rest, {todo}")
            )
        raise CMError(Mistake(where, what.format("none of it"), f"it stays theirs; {todo}"))


def _waiting_item(program: Program, client: str, item: str) -> tuple[int, int]:
    waiting = program.ledger.waiting_items(client)
    for occurrence, n, found in waiting:
        if found == item:
            return occurrence, n
    todo = (
        did_you_mean(item, {found for _, _, found in waiting})
        or "nothing of the kind has been earned yet"
    )
    raise CMError(Mistake(f"client '{client}'", f"no '{item:.60}' is waiting", todo))


def redeem_voucher(program: Program, code: str) -> Redeemed:
    """Redeem a whole voucher by its code, once."""
    read = read_code(code)
    if read is None:
        raise CMError(
            Mistake(
                "this code",
                "has a letter or two that do not fit",
                "read it again, letter by letter: it has 18, like 4Q7Z2N-8KTC31-M5VX9A",
            )
        )
    with program.ledger.writing():
        row = program.ledger.one(
            "select * from voucher_list where code_hash = ?", code_hash(read, program.keys.codes)
        )
        if row is None:
            raise CMError(
                Mistake(
                    "this code",
                    "belongs to no voucher of this program",
                    "check where it was issued",
                )
            )
        if row["redeemed"]:
            when = row["redeemed_at"][:16].replace("T", " at ")
            raise CMError(
                Mistake("this voucher", f"was redeemed on {when}", "a voucher can be used once")
            )
        program.ledger.add_redemption(row["id"], row["cents"], program.now(), program.by)
    return Redeemed(voucher=row["id"], client=row["client"], cents=row["cents"], item=row["item"])
