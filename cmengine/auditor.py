"""Check an export of a cmengine journal, with nothing but Python's standard library.

    python check.py EXPORT.zip [ANCHOR]

Every entry is chained to the one before by SHA-256, and holds the SHA-256 of the rows it wrote. This reads
the rows, works the hashes out anew, and adds up the money. ANCHOR is a number, a colon and 64 letters that
somebody wrote down earlier, from `cmengine journal head`: the journal is then the one it was on that day.
"""

import json
import sys
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from hashlib import sha256
from typing import Any, BinaryIO

Row = dict[str, Any]
NOTHING = bytes(32)
HASH, MARK = 32, 8
# What comes of reading something that is no export, or a damaged one.
WRONG = (
    zipfile.BadZipFile, zlib.error, KeyError, TypeError, ValueError, IndexError, AttributeError, EOFError,
    ArithmeticError, RuntimeError,
)  # fmt: skip


class Table:
    """The rows of a table in the order in which they were written, or only their hashes."""

    def __init__(self, export: zipfile.ZipFile, name: str, about: Row) -> None:
        self.name, self.columns, self.shown = name, about["columns"], about["shown"]
        self.left: int = about["rows"]
        end = "jsonl" if self.shown else "hashes"
        self.file: BinaryIO = export.open(f"rows/{name}.{end}")  # type: ignore[assignment]

    def next(self) -> tuple[bytes, Row | None]:
        """Give the hash of the next row, and the row where it is shown."""
        self.left -= 1
        if not self.shown:
            return self.file.read(HASH), None
        line = self.file.readline().rstrip(b"\n")
        row = dict(zip(self.columns, json.loads(line), strict=True)) if line else None
        return sha256(line).digest(), row


class Money:
    """What was earned, issued and redeemed, in cents, and whether each cent was earned before it was issued."""

    def __init__(self) -> None:
        self.earned = self.issued = self.redeemed = 0
        self.client: dict[int, str] = {}  # whose occurrence it is
        self.waiting: Counter[str] = Counter()  # by client: earned and not issued
        self.worth: dict[str, int] = {}  # by voucher: issued and not redeemed
        self.awards: set[tuple[int, int]] = set()
        self.handed: set[tuple[int, int]] = set()

    def take(self, table: str, row: Row) -> Iterator[str]:
        """Take in a row; say what is wrong with it."""
        if table == "occurrences":
            self.client[row["seq"]] = row["client"]
        elif table == "awards":
            yield from self._award(row, (row["occurrence"], row["n"]))
        elif table == "vouchers":
            yield from self._voucher(row)
        elif table == "redemptions":
            self.redeemed += row["cents"]
            self.worth[row["voucher"]] = self.worth.get(row["voucher"], 0) - row["cents"]
            if self.worth[row["voucher"]] < 0:
                yield f"voucher {row['voucher']}: more was redeemed than was issued"

    def _award(self, row: Row, number: tuple[int, int]) -> Iterator[str]:
        self.earned += row["cents"]
        if number in self.awards:
            yield f"award {number[0]}.{number[1]}: is there twice"
        self.awards.add(number)
        client = self.client.get(row["occurrence"])
        if client is None:
            yield f"award {number[0]}.{number[1]}: belongs to no occurrence"
        else:
            self.waiting[client] += row["cents"]

    def _voucher(self, row: Row) -> Iterator[str]:
        self.issued += row["cents"]
        if row["id"] in self.worth:
            yield f"voucher {row['id']}: is there twice"
        self.worth[row["id"]] = row["cents"]
        self.waiting[row["client"]] -= row["cents"]
        if self.waiting[row["client"]] < 0:
            yield f"voucher {row['id']}: more was issued to its client than was earned"
        if row["item"] is not None:
            number = (row["occurrence"], row["n"])
            if number not in self.awards or number in self.handed:
                yield f"voucher {row['id']}: its item was not earned, or was handed over before"
            self.handed.add(number)


def check(export: zipfile.ZipFile, anchor: str, money: Money) -> Iterator[str]:
    """Check an export; say everything that is wrong, and fill in the money."""
    about = json.loads(export.read("export.json"))
    tables = {name: Table(export, name, one) for name, one in about["tables"].items()}
    before, last = NOTHING, 0
    at, _, wanted = anchor.partition(":")
    for line in export.open("entries.jsonl"):
        *header, digest, found = json.loads(line)
        seq, parts = header[0], json.loads(header[5])
        if seq != last + 1:
            yield f"entry {last + 1} is missing"
        hashes = []
        for name, count, _, _ in parts:
            for _ in range(count):
                hash, row = tables[name].next()
                hashes.append(hash)
                if row is not None:
                    yield from money.take(name, row)
        if sha256(b"".join(hashes)).hexdigest() != digest:
            yield f"entry {seq}: its rows are not those that were written"
        text = json.dumps([*header, digest], separators=(",", ":")).encode()
        marks = b"".join(hash[:MARK] for hash in hashes)
        before, last = sha256(before + text + marks).digest(), seq
        if before.hex() != found:
            yield f"entry {seq}: is not as it was written"
        if str(seq) == at and found != wanted:
            yield f"entry {seq}: is not the one that the anchor was made of"
    if at and last < int(at):
        yield f"the journal ends with entry {last}, before the anchor"
    if f"{last}:{before.hex()}" != about["anchor"]:
        yield "the journal does not end with the entry that the export names"
    yield from (
        f"table {one.name}: has rows that no entry wrote" for one in tables.values() if one.left
    )


def main(words: list[str]) -> int:
    """Check what is named, and say what came of it."""
    if not 1 <= len(words) <= 2:
        print(__doc__)
        return 2
    money = Money()
    try:
        with zipfile.ZipFile(words[0]) as export:
            problems = list(check(export, "".join(words[1:]), money))
            anchor = json.loads(export.read("export.json"))["anchor"]
    except OSError as error:
        print(f"{words[0]}: cannot be read: {error.strerror}", file=sys.stderr)
        return 2
    except WRONG as error:
        print(f"{words[0]}: is damaged, or no export of a journal: {error!r}", file=sys.stderr)
        return 2
    for problem in problems:
        print(f"wrong: {problem}")
    for name in ("earned", "issued", "redeemed"):
        cents = getattr(money, name)
        print(f"{name}: {cents // 100}.{cents % 100:02d}")
    print(f"{len(money.waiting)} clients, {len(money.awards)} awards, {len(money.worth)} vouchers")
    print(f"last entry: {anchor}")
    print("Something is wrong." if problems else "All fits together.")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
