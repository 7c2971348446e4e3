"""Add a file to the stock: a vendor's gift cards, or things. All of it or nothing; no message holds a code."""

from collections.abc import Iterator, Sequence
from datetime import date
from functools import partial
from pathlib import Path

from attrs import frozen

from cmengine.days import read_day
from cmengine.errors import CMError, Mistake, first_of, stop_if
from cmengine.forbidden import forbidden, refusal
from cmengine.ids import new_id
from cmengine.money import cents
from cmengine.program import Program
from cmengine.sealed import card_hash, file_hash, last_four, must_be_able_to_seal, seal
from cmengine.tables import MOST_LINE, REMARK, Row, read_rows
from cmengine.toml import cannot_read, no_file

CARDS = ("serial", "code", "value", "brand", "expires")
GOODS = ("item", "count", "value")
NEEDED = {CARDS: CARDS[:4], GOODS: GOODS}
MOST_CODE, MOST_NAME, LEAST_CODE = 200, 60, 4
MOST_UNITS = 1_000_000


@frozen(kw_only=True, eq=False, repr=False)
class Card:
    """A gift card as a vendor's file has it; `cents` is what it is worth."""

    serial: str
    code: str
    cents: int
    brand: str
    expires: date | None


@frozen(kw_only=True, eq=False, repr=False)
class Goods:
    """So many of a thing, and what each of them cost, in cents."""

    item: str
    units: int
    cents: int


@frozen(kw_only=True)
class Added:
    """What a file brought: how many cards, how many other things, and what all of it cost, in cents."""

    cards: int
    units: int
    cents: int


def add_stock(program: Program, path: Path, *, again: bool = False) -> Added:
    """Add a CSV file to the stock: serial, code, value, brand, expires; or item, count, value.

    `again` adds a file of things that was added before once more. Raises CMError with every mistake of
    the file, and then nothing of it is kept. A code is named by its last four letters only.
    """
    if _columns(path) is GOODS:
        return _add_goods(program, path, again)
    must_be_able_to_seal()
    return _add_cards(program, path)


def _columns(path: Path) -> tuple[str, ...]:
    """Say from its first line what a file holds. What stands in the line is not shown: it may be a code."""
    if not path.is_file():
        raise no_file(path)
    try:
        with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
            lines = iter(partial(file.readline, MOST_LINE), "")
            first = next((line for line in lines if not line.startswith(REMARK)), "")
    except OSError as error:
        raise cannot_read(path, error) from error
    names = [name.strip().strip('"') for name in first.split(",")]
    columns = GOODS if "item" in names else CARDS
    begin = f"begin it with: {','.join(CARDS)}; or, for things: {','.join(GOODS)}"
    unknown = [n for n, name in enumerate(names, start=1) if name not in columns]
    if not set(NEEDED[columns]) <= set(names) or unknown or len(set(names)) < len(names):
        what = "the first line does not name the columns of a stock file"
        raise CMError(Mistake(f"{path}:1", what, begin))
    return columns


def _rows(path: Path, columns: tuple[str, ...]) -> Iterator[Row]:
    if path.suffix.lower() in (".jsonl", ".ndjson", ".json"):
        raise CMError(Mistake(str(path), "a stock file is CSV", "save the table as CSV, in UTF-8"))
    yield from read_rows(path, columns, NEEDED[columns])


# Cards


def _add_cards(program: Program, path: Path) -> Added:
    keys, ledger = program.keys, program.ledger
    cards: list[tuple[int, Card, str]] = []
    mistakes: list[Mistake] = []
    for row in _rows(path, CARDS):
        card, wrong = read_card(row, program.today())
        mistakes += [Mistake(f"{path}:{row.line}", *one) for one in wrong]
        if card is not None:
            cards.append((row.line, card, card_hash(keys, card.code)))
    mistakes += [Mistake(f"{path}:{line}", *one) for line, one in _twice(cards)]
    if not cards and not mistakes:
        raise CMError(Mistake(str(path), "has no card in it", "add a line for each card"))
    with ledger.writing():
        digest = file_hash(keys, [found for _, _, found in cards])
        _not_again(program, path, digest, "nothing is to be done")
        for line, card, found in cards:
            mistakes += [Mistake(f"{path}:{line}", *one) for one in _known(program, card, found)]
        stop_if(_some(path, mistakes))
        total = sum(card.cents for _, card, _ in cards)
        purchase = _purchase(program, digest, len(cards), total)
        for _, card, found in cards:
            id = new_id(program.clock())
            ledger.insert(
                "cards",
                id=id,
                purchase=purchase,
                brand=card.brand,
                serial=card.serial,
                cents=card.cents,
                expires=card.expires.isoformat() if card.expires else None,
                code_hash=found,
                sealed=seal(keys, id, card.code),
            )
    return Added(cards=len(cards), units=0, cents=total)


def read_card(row: Row, today: date) -> tuple[Card | None, list[tuple[str, str]]]:
    """Read a line as a card; give (card or None, what is wrong). No cell is shown: columns may be swapped."""
    if row.wrong:
        return None, [(row.wrong, "")]
    serial, code, value, brand, expires = (cell.strip() for cell in row.cells)
    wrong: list[tuple[str, str]] = []
    worth = _worth(value, wrong)
    if worth == 0:
        wrong.append(("value: a card of 0.00 is no card", "take the line out"))
    if not _is_name(serial, MOST_CODE):
        wrong.append(("serial: is empty, too long or no text", "write what is printed on the card"))
    if not _is_name(code, MOST_CODE) or len(code) < LEAST_CODE:
        wrong.append(
            ("code: is empty, too short, too long or no text", "write it as the vendor has it")
        )
    if not _is_name(brand, MOST_NAME):
        wrong.append(("brand: is empty, too long or no text", "write where the card can be used"))
    elif refused := forbidden(brand):
        wrong.append(_refusal(*refused))
    until = _until(expires, today, wrong)
    if wrong:
        return None, wrong
    return Card(serial=serial, code=code, cents=worth, brand=brand, expires=until), []


def _worth(value: str, wrong: list[tuple[str, str]]) -> int:
    try:
        return cents(value)
    except ValueError:
        wrong.append(("value: is not an amount in whole cents", "write it like 10.00"))
        return -1


def _until(text: str, today: date, wrong: list[tuple[str, str]]) -> date | None:
    if not text:
        return None
    try:
        until = read_day(text)
    except ValueError:
        wrong.append(("expires: is not a date", "write it like 2027-01-31, or leave it empty"))
        return None
    if until < today:
        wrong.append(
            (f"expires: this card could be used until {until}", "send it back to the vendor")
        )
    return until


def _is_name(text: str, most: int) -> bool:
    return bool(text) and len(text) <= most and text.isprintable()


def _refusal(category: str, cite: str) -> tuple[str, str]:
    return (
        refusal(category, cite),
        "take the line out, or name the thing as what it is",
    )


def _twice(cards: list[tuple[int, Card, str]]) -> Iterator[tuple[int, tuple[str, str]]]:
    """Find codes, and serials of a brand, that stand on two lines of a file."""
    codes: dict[str, int] = {}
    serials: dict[tuple[str, str], int] = {}
    for line, card, found in cards:
        first = codes.setdefault(found, line)
        if first != line:
            what = f"the code that ends in {last_four(card.code)} stands on line {first} already"
            yield line, (what, "take one out, and ask the vendor for another")
        first = serials.setdefault((card.brand, card.serial), line)
        if first != line:
            what = (
                f"the serial that ends in {last_four(card.serial)} stands on line {first} already"
            )
            yield line, (what, "take one out, or mend it")


def _known(program: Program, card: Card, found: str) -> Iterator[tuple[str, str]]:
    """Say where a card is in the stock already, or was."""
    row = program.ledger.one(
        "select c.serial, p.added_at from cards c join purchases p on p.seq = c.purchase"
        " where c.code_hash = ? or (c.brand = ? and c.serial = ?)",
        found,
        card.brand,
        card.serial,
    )
    if row is not None:
        what = f"the code or serial that ends in {last_four(card.code)} was added on {row['added_at'][:10]} already"
        yield what, "take the line out; if the vendor sent it twice, ask for another"


# Things


def _add_goods(program: Program, path: Path, again: bool) -> Added:
    things: list[Goods] = []
    mistakes: list[Mistake] = []
    for row in _rows(path, GOODS):
        goods, wrong = read_goods(row)
        mistakes += [Mistake(f"{path}:{row.line}", *one) for one in wrong]
        if goods is not None:
            things.append(goods)
    stop_if(_some(path, mistakes))
    if not things:
        raise CMError(Mistake(str(path), "has nothing in it", "add a line for each kind of thing"))
    digest = file_hash(program.keys, [f"{one.item}\t{one.units}\t{one.cents}" for one in things])
    units, total = sum(one.units for one in things), sum(one.units * one.cents for one in things)
    with program.ledger.writing():
        if not again:
            _not_again(program, path, digest, "if these are more of the same, say so with --again")
        purchase = _purchase(program, digest, units, total)
        for one in things:
            program.ledger.insert(
                "goods", purchase=purchase, item=one.item, units=one.units, cents=one.cents
            )
    return Added(cards=0, units=units, cents=total)


def read_goods(row: Row) -> tuple[Goods | None, list[tuple[str, str]]]:
    """Read a line as things; give (things or None, what is wrong)."""
    if row.wrong:
        return None, [(row.wrong, "")]
    item, count, value = (cell.strip() for cell in row.cells)
    wrong: list[tuple[str, str]] = []
    worth = _worth(value, wrong)
    units = int(count) if count.isascii() and count.isdecimal() and len(count) < 8 else -1
    if not 0 <= units <= MOST_UNITS:
        wrong.append(("count: is not a whole number up to a million", "write it like 12"))
    if not _is_name(item, MOST_NAME):
        wrong.append(
            ("item: is empty, too long or no text", "write what the thing is called in the rules")
        )
    elif refused := forbidden(item):
        wrong.append(_refusal(*refused))
    return (None, wrong) if wrong else (Goods(item=item, units=units, cents=worth), [])


# Both


def _not_again(program: Program, path: Path, digest: str, todo: str) -> None:
    row = program.ledger.one("select * from purchases where digest = ? order by seq", digest)
    if row is not None:
        what = f"what stands in this file was added on {row['added_at'][:10]} by {row['added_by']} already"
        raise CMError(Mistake(str(path), what, todo))


def _purchase(program: Program, digest: str, pieces: int, total: int) -> int:
    return program.ledger.insert(
        "purchases",
        digest=digest,
        pieces=pieces,
        cents=total,
        added_at=program.now().isoformat(),
        added_by=program.by,
    )


def _some(path: Path, mistakes: list[Mistake]) -> Sequence[Mistake]:
    ordered = sorted(mistakes, key=lambda one: int(one.where.rpartition(":")[2]))
    return first_of(ordered, str(path), "mend these first")
