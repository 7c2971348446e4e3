"""What was issued last: where the power went just then, nobody may have seen its code."""

from datetime import datetime, timedelta
from typing import Any

from attrs import frozen

from cmengine.money import dollars
from cmengine.program import Program

JUST_NOW = timedelta(minutes=15)

# Nothing says that anybody has seen the code: it was not used, not printed again and not replaced. To go to paper
# as it is issued says nothing: that is written down before there is any paper.
_UNSEEN = (
    "redeemed_at is null and replaced = 0 and not exists (select 1 from prints p where p.voucher = voucher_list.id"
    " and p.printed_at <> voucher_list.issued_at)"
)


@frozen(kw_only=True)
class Earlier:
    """The voucher that a client was issued before, of which nothing has been used."""

    voucher: str
    cents: int
    item: str | None
    issued_at: datetime
    issued_by: str
    cards: bool

    @property
    def words(self) -> str:
        """Say what it was, when, and by whom."""
        worth = self.item or dollars(self.cents)
        when = f"{self.issued_at:%Y-%m-%d at %H:%M}"
        return f"voucher {self.voucher[-6:]} ({worth}) was issued to them on {when} by {self.issued_by}"

    @property
    def todo(self) -> str:
        """Say how its code comes to light."""
        verb = "print" if self.cards else "replace"
        return f"if nobody has seen its code: cmengine voucher {verb} {self.voucher[-6:]} --reason 'Never seen'"


def last_issued(program: Program, client: str, *, thing: bool) -> Earlier | None:
    """Give the money, or the thing, that a client was issued last, unless some of it has been used."""
    row = program.ledger.one(
        "select * from voucher_list where client = ? and (item is not null) = ? order by seq desc limit 1",
        client,
        int(thing),
    )
    if row is None or row["redeemed_at"] is not None:
        return None
    return Earlier(
        voucher=row["id"],
        cents=row["cents"],
        item=row["item"],
        issued_at=datetime.fromisoformat(row["issued_at"]),
        issued_by=row["issued_by"],
        cards=bool(row["card"]),
    )


def perhaps_unseen(program: Program, client: str | None = None) -> list[dict[str, Any]]:
    """List the vouchers of which nothing says that anybody has seen their codes, oldest first, as
    `Ledger.vouchers` does. After a stop between the ledger and the screen, the voucher is among them.
    """
    return program.ledger.vouchers(f"(?1 is null or client = ?1) and {_UNSEEN}", client)


def same_again(
    program: Program, earlier: Earlier | None, cents: int | None, item: str | None = None
) -> Earlier | None:
    """Give it again where as much, or such a thing, was issued within the last minutes: perhaps the same,
    done twice.
    """
    if earlier is None or (earlier.cents, earlier.item) != (cents, item):
        return None
    return earlier if abs(program.now() - earlier.issued_at) <= JUST_NOW else None
