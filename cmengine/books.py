"""Double-entry books in the plain text of beancount: entries in, text out. Pure. Amounts are whole cents.

The syntax: https://beancount.github.io/docs/beancount_language_syntax.html
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from attrs import frozen

from cmengine.money import dollars


@frozen
class Entry:
    """What happened on a day, and by how many cents each account grows; together they come to nothing.

    `count` says how many of a kind it stands for, and `about` which row of the ledger, where it is one.
    """

    on: date
    words: str
    postings: tuple[tuple[str, int], ...]
    count: int = 1
    about: str = ""


def day_of(at: str) -> date:
    """Give the day of a moment as the ledger writes it, where it was written."""
    return date.fromisoformat(at[:10])


def by_day(entries: Iterable[Entry]) -> list[Entry]:
    """Take the entries of a day that say the same together."""
    sums: dict[tuple[date, str], dict[str, int]] = {}
    counts: dict[tuple[date, str], int] = {}
    for entry in entries:
        key = (entry.on, entry.words)
        counts[key] = counts.get(key, 0) + entry.count
        postings = sums.setdefault(key, {})
        for account, cents in entry.postings:
            postings[account] = postings.get(account, 0) + cents
    return [
        Entry(on, words, tuple(postings.items()), counts[on, words])
        for (on, words), postings in sums.items()
    ]


def account_names(parent: str, names: Iterable[str]) -> dict[str, str]:
    """Name an account under `parent` for each of some names, no two alike."""
    found: dict[str, str] = {}
    for name in sorted(set(names)):
        plain = re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-") or "Other"
        account = f"{parent}:{plain[0].upper()}{plain[1:]}"
        taken = {one.casefold() for one in found.values()}
        number, free = 2, account
        while free.casefold() in taken:
            number, free = number + 1, f"{account}-{number}"
        found[name] = free
    return found


def write_books(
    title: str,
    currency: str,
    entries: Sequence[Entry],
    balances: Mapping[str, int],
    asserted_on: date,
    notes: Mapping[str, str],
) -> str:
    """Write the books. `balances` are what each account must come to before the day `asserted_on`, its
    parts taken together with it; `notes` say what an account is.
    """
    used = {account for entry in entries for account, _ in entry.postings} | balances.keys()
    first = min((entry.on for entry in entries), default=asserted_on)
    lines = [
        f'option "title" {_quoted(title)}',
        f'option "operating_currency" "{currency}"',
        "",
    ]
    for account in sorted(used):
        lines.append(f"{first} open {account} {currency}")
        if account in notes:
            lines.append(f"  about: {_quoted(notes[account])}")
    for entry in sorted(entries, key=lambda entry: entry.on):
        lines += ["", f"{entry.on} * {_quoted(entry.words)}"]
        if entry.about:
            lines.append(f"  row: {_quoted(entry.about)}")
        elif entry.count > 1:
            lines.append(f"  count: {entry.count}")
        lines += [
            f"  {account}  {dollars(cents)} {currency}"
            for account, cents in entry.postings
            if cents
        ]
    lines += ["", "; What the ledger itself says, for the books to agree with."]
    lines += [
        f"{asserted_on} balance {account}  {dollars(cents)} {currency}"
        for account, cents in sorted(balances.items())
    ]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    plain = "".join(letter if letter.isprintable() else " " for letter in text)
    return '"' + plain.replace("\\", "\\\\").replace('"', '\\"') + '"'
