"""beancount keeps the books: it loads the awards that the import has made, and balances every client.

    python -m peers.by_beancount FOLDER       (in the folder above)

Only the money: no events, no rules, nothing decided, nothing kept but what stands in the text. The text
is made before the clock runs; the sum of each client must be what the ledger says.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

from beancount.core import realization
from beancount.loader import load_string
from measure import tell, timed

from cmengine.database import connect
from cmengine.settings import DATABASE


def written(folder: Path, totals: dict[str, int]) -> Iterator[str]:
    """Write the awards of a ledger as transactions; put each client's sum in `totals`."""
    database = connect(folder / DATABASE)
    first = database.execute("select min(on_day) from events").fetchone()[0]
    yield f'option "operating_currency" "USD"\n{first} open Expenses:Rewards USD\n'
    for (client,) in database.execute("select client from clients order by client"):
        yield f"{first} open Liabilities:Clients:{client.upper()} USD\n"
    for client, on, rule, label, cents in database.execute(
        "select o.client, o.on_day, o.rule, a.label, a.cents from awards a"
        " join occurrences o on o.seq = a.occurrence order by o.seq, a.n"
    ):
        account = f"Liabilities:Clients:{client.upper()}"
        totals[account] = totals.get(account, 0) + cents
        amount = f"{cents // 100}.{cents % 100:02d} USD"
        yield f'{on} * "{rule}" "{label}"\n  Expenses:Rewards  {amount}\n  {account}  -{amount}\n'
    database.close()


def main(folder: Path) -> None:
    """Load, balance, and say how long it took."""
    totals: dict[str, int] = {}
    text = "".join(written(folder, totals))
    with timed() as took:
        entries, mistakes, _ = load_string(text)
        accounts = realization.realize(entries)
    if mistakes:
        raise SystemExit(str(mistakes[0]))
    for account, cents in totals.items():
        balance = realization.get(accounts, account).balance
        (position,) = balance
        if -position.units.number * 100 != cents:
            raise SystemExit(f"{account}: {position} is not {cents} cents")
    tell(took, clients=len(totals))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
