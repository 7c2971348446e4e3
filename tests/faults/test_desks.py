"""Eight desks hand out what there is, and are killed in the middle of it: to the cent, all of it is issued or
still there, nothing twice, and whatever somebody was told of is so.
"""

import json
import random
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from attrs import frozen
from lab.oracles import found_by_verify, opened, wrong_money
from lab.races import riverbank
from lab.river import command, must, surroundings
from lab.strace import Ended, gone_wrong, run

Place = Callable[[], Path]
Figure = Callable[..., None]
Told = tuple[str, tuple[str, ...]]  # a voucher, and the serials of its cards
EACH, DESKS, SEED = 1000, 8, 100
KILLS = {"pwrite64": 30, "fdatasync": 5, "unlink": 1}  # a call, and how many of it there are

pytestmark = pytest.mark.usefixtures("tracer")


@frozen(eq=False)
class Shelf:
    """What is handed out in pieces of 10.00: how it is stocked, how a piece is asked for, and what the ledger
    says of it (the pieces that are gone by what makes each one what it is, and the cents that are left).
    """

    name: str
    stock: Callable[[Path, int], None]
    take: Callable[[int], tuple[str, ...]]
    gone: Callable[[Path], list[str]]
    on_hand: Callable[[Path], int]


def codes_gone(folder: Path) -> list[str]:
    with opened(folder / "program.db") as db:
        return [row[0] for row in db.execute("select id from vouchers where cents = ?", (EACH,))]


def cents_left(folder: Path) -> int:
    with opened(folder / "program.db") as db:
        (left,) = db.execute(
            "select (select sum(cents) from awards) - (select coalesce(sum(cents), 0) from vouchers)"
        ).fetchone()
    return int(left)


def stock_cards(folder: Path, pieces: int) -> None:
    riverbank(folder, pieces)
    cards = "".join(f"G-{n:03d},6006 4912 {n:06d},10.00,Grocer\n" for n in range(pieces))
    (folder / "cards.csv").write_text("serial,code,value,brand\n" + cards)
    must(folder, "stock", "add", str(folder / "cards.csv"))


def serials_gone(folder: Path) -> list[str]:
    """Every serial that a voucher of the ledger has handed over, as often as it is there."""
    with opened(folder / "program.db") as db:
        sql = (
            "select c.serial from cards c join handed_cards h on h.card = c.seq"
            " join vouchers v on v.id = h.voucher and v.cents = c.cents"
        )
        return [row[0] for row in db.execute(sql)]


def cards_left(folder: Path) -> int:
    with opened(folder / "program.db") as db:
        sql = "select coalesce(sum(cents), 0) from cards where seq not in (select card from handed_cards)"
        return int(db.execute(sql).fetchone()[0])


SHELVES = [
    Shelf(
        "vouchers",
        riverbank,
        lambda n: ("voucher", "issue", f"r{n}", "--amount", "10.00", "--json"),
        codes_gone,
        cents_left,
    ),
    Shelf(
        "gift cards",
        stock_cards,
        lambda n: ("voucher", "issue", f"r{n}", "--card", "Grocer", "--json"),
        serials_gone,
        cards_left,
    ),
]


def hand_out(shelf: Shelf, here: Path, pieces: int) -> tuple[list[Told], int, list[str]]:
    """Let eight desks hand out every piece, each asked for twice, every second of them killed on the way.

    Gives what somebody was told of, how many were killed, and what was said that is not in words.
    """
    folder, dice = here / "p", random.Random(SEED)
    shelf.stock(folder, pieces)
    asked = [n for n in range(pieces) for _ in range(2)]
    dice.shuffle(asked)
    plans = []
    for n in asked:
        call = dice.choice(list(KILLS))
        plans.append((n, call, dice.randint(1, KILLS[call]), dice.random() < 0.5))

    def ask(plan: tuple[int, str, int, bool]) -> Ended:
        n, call, when, to_kill = plan
        words, env = command(folder, *shelf.take(n)), surroundings(here)
        if not to_kill:
            return run(words, env)
        trace = here / f"trace-{n}-{call}-{when}"
        return gone_wrong(words, env, call=call, when=str(when), how="signal=SIGKILL", to=trace)

    with ThreadPoolExecutor(DESKS) as desks:
        ended = list(desks.map(ask, plans))
    said = [json.loads(one.out) for one in ended if one.out]
    told = [(one["voucher"], tuple(card["serial"] for card in one["cards"])) for one in said]
    unsaid = [one.err for one in ended if one.code not in (0, -9) and one.err[:7] != "Error: "]
    return told, sum(one.killed for one in ended), unsaid


def wrong_with(shelf: Shelf, here: Path, pieces: int) -> tuple[list[str], int]:
    """Hand out everything, and say what is wrong then; and how many were killed."""
    told, killed, wrong = hand_out(shelf, here, pieces)
    folder = here / "p"
    gone = shelf.gone(folder)
    if len(gone) * EACH + shelf.on_hand(folder) != pieces * EACH:
        wrong.append(f"{len(gone)} issued, and {shelf.on_hand(folder)} cents on hand")
    wrong += [f"twice: {piece}" for piece, times in Counter(gone).items() if times > 1]
    with opened(folder / "program.db") as db:
        issued = {row[0] for row in db.execute("select id from vouchers")}
        handed = set(
            db.execute("select voucher, serial from handed_cards h join cards c on c.seq = h.card")
        )
    wrong += [f"told, and not there: {one}" for one, _ in told if one not in issued]
    pairs = {(one, serial) for one, serials in told for serial in serials}
    wrong += [f"told, and not handed over: {pair}" for pair in pairs - handed]
    wrong += [
        f"stock: {one}"
        for one in json.loads(must(folder, "stock", "reconcile", "--json"))["problems"]
    ]
    wrong += found_by_verify(folder) + wrong_money(folder / "program.db")
    return wrong, killed


@pytest.mark.parametrize("shelf", SHELVES, ids=lambda shelf: shelf.name)
def test_a_few_desks_that_are_killed(shelf: Shelf, place: Place) -> None:
    wrong, _ = wrong_with(shelf, place(), 6)
    assert not wrong


@pytest.mark.faults
@pytest.mark.parametrize("shelf", SHELVES, ids=lambda shelf: shelf.name)
def test_eight_desks_that_are_killed_in_the_middle(
    shelf: Shelf, place: Place, record_property: Figure
) -> None:
    wrong, killed = wrong_with(shelf, place(), 100)
    record_property("figure", f"eight desks and 100 pieces of 10.00: {shelf.name}")
    record_property("tried", killed)
    record_property("wrong", len(wrong))
    assert not wrong
    assert killed > 50
