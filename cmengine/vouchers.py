"""Vouchers: issue what is waiting, redeem by code. A code is shown once; only its keyed hash is kept."""

from attrs import frozen

from cmengine.errors import CMError, Mistake, did_you_mean
from cmengine.ids import code_hash, new_code, read_code
from cmengine.money import dollars
from cmengine.program import Program


@frozen(kw_only=True)
class Issued:
    """A voucher that was just issued. `code` exists here and on the client's slip, nowhere else."""

    voucher: str
    client: str
    code: str
    cents: int
    item: str | None
    waiting: int


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
    """Issue a voucher for `cents` of what is waiting (None: all of it), or for a waiting item."""
    with program.ledger.writing():
        program.must_have(client)
        waiting = program.ledger.balance(client).waiting
        award = _waiting_item(program, client, item) if item is not None else None
        amount = 0 if award else (waiting if cents is None else cents)
        if not award:
            _can_issue(program, client, amount, waiting)
        code = new_code()
        voucher = program.new_id()
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
    return Issued(
        voucher=voucher, client=client, code=code, cents=amount, item=item, waiting=waiting - amount
    )


def _can_issue(program: Program, client: str, amount: int, waiting: int) -> None:
    where = f"client '{client}'"
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
    if amount > waiting:
        raise CMError(
            Mistake(
                where,
                f"{dollars(amount)} is more than is waiting",
                f"at most {dollars(waiting)} can be issued now",
            )
        )
    if amount == 0:
        raise CMError(
            Mistake(
                where, "a voucher of 0.00 is no voucher", f"there is {dollars(waiting)} waiting"
            )
        )


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
