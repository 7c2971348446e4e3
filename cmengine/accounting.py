"""A program's money as double-entry books: what funds hold, what was promised, handed over and paid.

Nobody is in them: no name, no code, no account of one client. What the accounts come to is read from
the ledger's own sums, and not from the entries, so that each can be held against the other.
"""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta

from attrs import frozen

from cmengine import fund_entries, stock_entries
from cmengine.books import Entry, account_names, by_day, day_of, write_books
from cmengine.fold import counted_under
from cmengine.ledger import Ledger
from cmengine.program import Program

PROMISED, VOUCHERS = "Liabilities:Promised", "Liabilities:Vouchers"
EARNED = "Expenses:Clients"
REWARDS, MISTAKES = f"{EARNED}:Rewards", f"{EARNED}:Mistakes"
PAID = "Assets:Paid-Out"
NOTES = {
    EARNED: "everything that clients have earned",
    **fund_entries.NOTES,
    **stock_entries.NOTES,
    PROMISED: "earned by clients and not handed over yet: owed, whatever a fund holds",
    VOUCHERS: "handed over as vouchers and not redeemed yet",
    MISTAKES: "earned by events that were marked as mistakes: clients keep it, the program carries it",
    PAID: "paid for vouchers that were redeemed",
}
Postings = tuple[tuple[str, int], ...]


@frozen
class Books:
    """The books as text, how many entries they have, and what each account comes to, in cents."""

    text: str
    entries: int
    balances: dict[str, int]


def books_of(program: Program, *, each: bool = False) -> Books:
    """Write the books of a program: a day's entries of a kind together, or `each` by itself."""
    ledger = program.ledger
    with ledger.snapshot():
        rules = account_names(REWARDS, (row[0] for row in ledger.rows("select rule from rules")))
        funds = fund_entries.fund_accounts(program)
        entries = [
            *fund_entries.fund_entries(program, funds),
            *stock_entries.stock_entries(ledger),
            *_promises(program, rules),
            *_mistakes(ledger, rules),
            *_issues(ledger, funds),
            *_redemptions(ledger),
        ]
        balances = {
            **_balances(ledger),
            **fund_entries.fund_balances(program, funds),
            **stock_entries.stock_balances(ledger),
        }
    kept = entries if each else by_day(entries)
    last = max([program.today(), *(entry.on for entry in kept)])
    notes = NOTES | {account: name for name, account in (funds | rules).items()}
    settings = program.settings
    tomorrow = last + timedelta(days=1)
    text = write_books(settings.name, settings.currency, kept, balances, tomorrow, notes)
    return Books(text, len(kept), balances)


def _promises(program: Program, rules: Mapping[str, str]) -> Iterator[Entry]:
    """Give what was earned, on the day on which that was written down."""
    ledger = program.ledger
    chosen = {row["id"]: row for row in ledger.rows("select id, after_event, made_at from choices")}
    corrected: dict[str, list[str]] = {}
    for row in ledger.each(
        "select e.client, c.corrected_at from corrections c join events e on e.seq = c.event order by c.seq"
    ):
        corrected.setdefault(row[0], []).append(row[1])
    for client in ledger.clients():
        timelines = ledger.timelines(client)
        for row in ledger.rows(
            "select o.seq, o.rule, o.on_day, o.round, e.seq as event, e.logged_at, a.cents, a.awards"
            " from occurrences o join events e on e.seq = o.event"
            " join (select occurrence, sum(cents) as cents, count(*) as awards from awards"
            " where cents > 0 group by occurrence) a on a.occurrence = o.seq where o.client = ?",
            client,
        ):
            on = [day_of(row["logged_at"])]
            if row["round"]:  # after so many corrections, and perhaps because of the last of them
                on.append(day_of(corrected[client][row["round"] - 1]))
            day = date.fromisoformat(row["on_day"])
            choice = counted_under(timelines[row["rule"]], row["event"], day)
            if choice is not None and chosen[choice.id]["after_event"] >= row["event"]:
                on.append(
                    day_of(chosen[choice.id]["made_at"])
                )  # a choice that caught up with the event
            postings = ((rules[row["rule"]], row["cents"]), (PROMISED, -row["cents"]))
            words = f"Earned: {row['rule']}"
            yield Entry(max(on), words, postings, row["awards"], f"occurrence {row['seq']}")


def _mistakes(ledger: Ledger, rules: Mapping[str, str]) -> Iterator[Entry]:
    """Give what mistakes earned, taken from the rewards and carried by the program as such."""
    for row in ledger.each(
        "select o.rule, c.seq, c.corrected_at, sum(a.cents) as cents from corrections c"
        " join occurrences o on o.event = c.event join awards a on a.occurrence = o.seq"
        " group by o.seq having sum(a.cents) > 0 order by c.seq, o.seq"
    ):
        postings = ((MISTAKES, row["cents"]), (rules[row["rule"]], -row["cents"]))
        words = f"Marked as a mistake: {row['rule']}"
        yield Entry(day_of(row["corrected_at"]), words, postings, 1, f"correction {row['seq']}")


def _issues(ledger: Ledger, funds: Mapping[str, str]) -> Iterator[Entry]:
    """Give what was handed over: as a voucher of ours, for which its fund's money is set aside; or as gift
    cards, for which the fund pays back what they cost.
    """
    charged, cards = fund_entries.charged(ledger), stock_entries.handed_as_cards(ledger)
    for row in ledger.each("select seq, id, cents, issued_at from vouchers where cents > 0"):
        by_card = row["id"] in cards
        into, contra = (
            (stock_entries.CARDS, stock_entries.BOUGHT)
            if by_card
            else (VOUCHERS, fund_entries.SET_ASIDE)
        )
        postings = [(PROMISED, row["cents"]), (into, -row["cents"])]
        for fund, cents in charged.get(row["id"], ()):
            postings += [(funds[fund], -cents), (contra, cents)]
        words = "Gift cards" if by_card else "Vouchers"
        yield Entry(day_of(row["issued_at"]), words, tuple(postings), 1, f"voucher {row['seq']}")


def _redemptions(ledger: Ledger) -> Iterator[Entry]:
    for row in ledger.each("select seq, cents, redeemed_at from redemptions where cents > 0"):
        postings = ((VOUCHERS, row["cents"]), (PAID, -row["cents"]))
        yield Entry(day_of(row["redeemed_at"]), "Redeemed", postings, 1, f"redemption {row['seq']}")


def _balances(ledger: Ledger) -> dict[str, int]:
    """Read from the ledger's sums what the accounts must come to."""
    (earned,) = ledger.rows("select coalesce(sum(cents), 0) from memories")
    (waiting,) = ledger.rows("select coalesce(sum(waiting_cents), 0) from balances")
    (vouchers,) = ledger.rows(
        "select coalesce(sum(cents - redeemed_cents), 0) as open, coalesce(sum(redeemed_cents), 0) as paid"
        " from voucher_list where code_hash is not null"
    )
    return {
        EARNED: earned[0],
        PROMISED: -waiting[0],
        VOUCHERS: -vouchers["open"],
        PAID: -vouchers["paid"],
    }
