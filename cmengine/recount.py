"""After a restore, a card that was handed out since the backup looks as if it were here: it is counted first."""

from attrs import frozen

from cmengine.ledger import Ledger
from cmengine.refusals import Refusal, no


@frozen(kw_only=True)
class Uncounted:
    """Cards of a brand that nobody has counted since the ledger was put back from a backup. None of them is
    handed out until then; nothing else waits for it.
    """

    brand: str
    cards: int
    restored: str

    @property
    def what(self) -> str:
        """Say what is the matter."""
        return (
            f"the ledger was put back from a backup on {self.restored}, and its cards on hand ({self.cards}) were not"
            " counted since: one handed out after that backup was made would look as if it were here"
        )

    @property
    def todo(self) -> str:
        """Say what to do."""
        return (
            f"count them, two of you: cmengine stock count NUMBER --card '{self.brand}' --witness NAME, with"
            " --missing SERIAL for each that is not here"
        )


def uncounted(ledger: Ledger) -> dict[str, Uncounted]:
    """Give the brands whose cards have to be counted before one is handed out, because of a restore."""
    rows = ledger.rows(
        "select brand, count(*) as cards, substr(max(restored_at), 1, 10) as restored"
        " from cards_to_count group by brand order by brand"
    )
    return {row["brand"]: Uncounted(**dict(row)) for row in rows}


def must_be_counted(ledger: Ledger, client: str, brand: str, cents: int, meanwhile: str) -> None:
    """Raise Refused where the cards of a brand have to be counted first: `cents` of a client wait for that.

    `meanwhile` says what stands.
    """
    found = uncounted(ledger).get(brand)
    if found is not None:
        raise no(
            f"cards of '{brand}'",
            found.what,
            Refusal(
                reason="count",
                what=brand,
                client=client,
                cents=cents,
                instead=(
                    found.todo,
                    "write down one that somebody has already with: cmengine voucher issue CLIENT"
                    f" --card '{brand}' --serial SERIAL",
                    f"{meanwhile}; a voucher without --card need not wait",
                ),
            ),
        )
