"""The stock: what comes in, what goes out, who counts, and that it adds up to the cent and the serial."""

import csv
import io
import json
import multiprocessing
import re
import sqlite3
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, date, datetime, timedelta
from itertools import chain, combinations
from pathlib import Path
from random import Random
from typing import Any

import pytest
from click.testing import Result
from hypothesis import example, given
from hypothesis import strategies as st

from cmengine.cards import at_least, choose_cards
from cmengine.choices import Wish, choose_goals
from cmengine.counting import count_cards, count_items
from cmengine.engine import add_client, log_event, make_event
from cmengine.errors import CMError
from cmengine.forbidden import forbidden
from cmengine.program import Program, open_program
from cmengine.reconcile import reconcile
from cmengine.replacing import replace_voucher
from cmengine.sealed import seal, unseal
from cmengine.settings import Keys
from cmengine.stock import shelves
from cmengine.stocking import add_stock
from cmengine.verify import verify
from cmengine.vouchers import issue_voucher

Make = Callable[..., Program]
Run = Callable[..., Result]
TODAY = date(2026, 7, 1)

RULES = """
[[rule]]
id = "drop-in"
title = "Coming in"
[rule.goal]
kind = "any_of"
events = ["visit"]
[[rule.reward]]
kind = "fixed_voucher"
worth = "40.00"
[[rule.reward]]
kind = "item"
item = "radio"
"""


@pytest.fixture
def program(make: Make) -> Program:
    """A program in which 40.00 and a radio wait for c1."""
    opened = make(RULES)
    enroll(opened, "c1")
    return opened


def enroll(program: Program, client: str, times: int = 1) -> None:
    add_client(program, client)
    choose_goals(program, [Wish(client=client, rule="drop-in", words="w", on=date(2026, 6, 1))])
    for _ in range(times):
        event, _ = make_event(program, client=client, kind="visit")
        assert event is not None
        log_event(program, event)


@pytest.fixture
def as_other(program: Program) -> Iterator[Callable[[str], Program]]:
    """The same program at another desk."""
    opened: list[Program] = []

    def at(name: str) -> Program:
        one = open_program(program.folder, by=name, clock=program.clock, registry=program.registry)
        opened.append(one)
        return one

    yield at
    for one in opened:
        one.close()


def code_of(n: int) -> str:
    return f"6006 4900 {n:04d} 77{n % 97:02d}"


def cards_file(
    program: Program, *cards: tuple[str, str, str], first: int = 0, name: str = "cards.csv"
) -> Path:
    """A vendor's file of (value, brand, expires)."""
    out = io.StringIO()
    write = csv.writer(out, lineterminator="\n").writerow
    write(("serial", "code", "value", "brand", "expires"))
    for n, (value, brand, expires) in enumerate(cards, start=first):
        write((f"S-{n:04d}", code_of(n), value, brand, expires))
    file = program.folder / name
    file.write_text(out.getvalue())
    return file


def things_file(program: Program, *things: tuple[str, int, str], name: str = "things.csv") -> Path:
    file = program.folder / name
    file.write_text(
        "item,count,value\n" + "".join(f"{item},{n},{value}\n" for item, n, value in things)
    )
    return file


def refused(call: Callable[[], object]) -> list[str]:
    with pytest.raises(CMError) as error:
        call()
    return str(error.value).splitlines()


def stock_rows(program: Program) -> list[object]:
    tables = (
        "purchases",
        "cards",
        "goods",
        "handed_cards",
        "handed_goods",
        "counts",
        "differences",
    )
    return [tuple(row) for table in tables for row in program.ledger.rows(f"select * from {table}")]


# Coming in


def test_a_vendors_file_comes_in_and_no_code_can_be_read_anywhere(
    program: Program, run: Run
) -> None:
    file = cards_file(program, ("10.00", "Grocer", "2027-01-31"), ("5.00", "Grocer", ""))
    added = add_stock(program, file)
    assert (added.cards, added.units, added.cents) == (2, 0, 1500)
    file.unlink()
    folder = program.folder
    listed = run("stock", "list", "--json", folder=folder).output
    listed += run("stock", "list", folder=folder).output
    listed += run("stock", "reconcile", "--json", folder=folder).output
    program.close()
    kept = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    for n in (0, 1):
        for code in (code_of(n), code_of(n).replace(" ", "")):
            assert code.encode() not in kept
            assert code not in listed
    assert [one["on_hand"] for one in json.loads(run("stock", "list", "--json", folder=folder).output)["stock"]] == [1, 1]  # fmt: skip


@pytest.mark.parametrize("umask", [0o000, 0o027, 0o777])
def test_key_and_ledger_are_their_owners_alone_whatever_the_umask(make: Make, umask: int) -> None:
    import os

    from cmengine.settings import make_keys

    program = make()
    old = os.umask(umask)
    try:
        make_keys(program.folder / "another.key")
    finally:
        os.umask(old)
    for name in ("another.key", "program.key", "program.db"):
        assert (program.folder / name).stat().st_mode & 0o777 == 0o600, name


def test_a_card_that_was_opened_does_not_show_its_code_by_accident(program: Program) -> None:
    add_stock(program, cards_file(program, ("10.00", "Grocer", "")))
    issued = issue_voucher(program, "c1", card="Grocer")
    assert issued.cards[0].code == code_of(0)
    own = issue_voucher(program, "c1")
    for text in (repr(issued), str(issued), repr(issued.cards), f"{issued.cards[0]!r}", repr(own)):
        assert code_of(0) not in text
        assert own.code not in text


BAD_CARDS = """\
serial,code,value,brand,expires
S-1,CANARY-1111-AAAA,10,Grocer,2027-01-31
S-2,CANARY-2222-BBBB,ten,Grocer,
S-3,canary 2222 bbbb,10.00,Grocer,
,CANARY-3333-CCCC,10.00,,31.12.2027
S-1,CANARY-4444-DDDD,10.00,Grocer,
S-5,,10.00,Grocer,2026-06-30
S-6,CANARY-6666-FFFF,0.00,Corner Liquor,
Grocer,10.00,CANARY-7777-GGGG,S-7,CANARY-8888-HHHH
S-8,CANARY-9999-IIII,10.00
S-9,CANARY-1111-AAAA,5.00,Grocer,
"""


def test_every_mistake_of_a_file_is_said_at_once_and_nothing_of_it_lands(program: Program) -> None:
    file = program.folder / "bad.csv"
    file.write_text(BAD_CARDS)
    lines = [line.removeprefix(f"{file}:") for line in refused(lambda: add_stock(program, file))]
    assert lines == [
        "3: value: is not an amount in whole cents; write it like 10.00",
        "5: serial: is empty, too long or no text; write what is printed on the card",
        "5: brand: is empty, too long or no text; write where the card can be used",
        "5: expires: is not a date; write it like 2027-01-31, or leave it empty",
        "6: the serial that ends in ... stands on line 2 already; take one out, or mend it",
        "7: code: is empty, too short, too long or no text; write it as the vendor has it",
        "7: expires: this card could be used until 2026-06-30; send it back to the vendor",
        "8: value: a card of 0.00 is no card; take the line out",
        "8: alcohol is not handed out here (California DHCS, Recovery Incentives: cards not usable for it;"
        " Colorado, Office of the State Controller, incentives: osc.colorado.gov/incentives-resource); take the"
        " line out, or name the thing as what it is",
        "9: value: is not an amount in whole cents; write it like 10.00",
        "9: expires: is not a date; write it like 2027-01-31, or leave it empty",
        "10: has 3 cells, the first line has 5; a text with a comma in it needs quotes",
        "11: the code that ends in ...AAAA stands on line 2 already; take one out, and ask the vendor for another",
    ]
    assert "CANARY" not in "".join(lines).upper()
    assert stock_rows(program) == []


@pytest.mark.parametrize(
    "text",
    [
        "S-1,CANARY1111,10.00,Grocer,2027-01-31\n",
        "serial;code;value;brand\nS-1;CANARY1111;10.00;Grocer\n",
        "CANARY1111\n",
        "serial,code,value,brand,CANARY1111\n",
        "serial,code,value,brand,expires,expires\nS-1,CANARY1111,10.00,Grocer,,\n",
        "",
        "item,count\nCANARY1111,1\n",
        'serial,code,value,brand\n"CANARY1111,1\n',
        '{"serial": "S-1", "code": "CANARY1111"}\n',
    ],
)
def test_a_file_of_another_shape_is_said_and_nothing_of_it_is_shown(
    program: Program, run: Run, text: str
) -> None:
    for name in ("odd.csv", "odd.jsonl"):
        file = program.folder / name
        file.write_text(text)
        done = run("stock", "add", file, folder=program.folder)
        assert done.exit_code == 1
        assert done.stderr.startswith("Error: ")
        assert "CANARY" not in done.output + done.stderr
    assert stock_rows(program) == []


def test_a_file_added_twice_and_codes_there_already_are_found(program: Program) -> None:
    three = [("10.00", "Grocer", "")] * 3
    file = cards_file(program, *three)
    add_stock(program, file)
    before = stock_rows(program)
    lines = file.read_text().splitlines()
    file.write_text("\n".join([lines[0], *reversed(lines[1:])]) + "\n")
    assert refused(lambda: add_stock(program, file)) == [
        f"{file}: what stands in this file was added on 2026-07-01 by ana already; nothing is to be done"
    ]
    issue_voucher(program, "c1", cents=1000, card="Grocer")
    overlapping = cards_file(program, *three, first=2)
    spaced = overlapping.read_text().replace(code_of(2), code_of(2).replace(" ", "-").lower())
    overlapping.write_text(spaced.replace("S-0002", "S-9999"))
    assert refused(lambda: add_stock(program, overlapping)) == [
        f"{overlapping}:2: the code or serial that ends in ...{code_of(2)[-4:]} was added on 2026-07-01 already;"
        " take the line out; if the vendor sent it twice, ask for another"
    ]
    assert len(stock_rows(program)) == len(before) + 1, (
        "and nothing but the card that was handed out"
    )


def test_things_added_once_more_are_more_of_the_same_only_when_somebody_says_so(
    program: Program,
) -> None:
    file = things_file(program, ("bus pass", 10, "2.50"), ("kit", 4, "0.00"))
    add_stock(program, file)
    (line,) = refused(lambda: add_stock(program, file))
    assert line.endswith("by ana already; if these are more of the same, say so with --again")
    added = add_stock(program, file, again=True)
    assert (added.units, added.cents) == (14, 2500)
    assert {one.item: one.on_hand for one in shelves(program)} == {"bus pass": 20, "kit": 8}


def test_bad_things_are_said_all_at_once(program: Program) -> None:
    file = program.folder / "things.csv"
    file.write_text(
        "item,count,value\n,1,1.00\nbus pass,-1,1.00\nbus pass,1.5,1.00\nkit,1,-1.00\nlottery ticket,1,1.00\n"
        "kit,9999999,1.00\n"
    )
    lines = refused(lambda: add_stock(program, file))
    assert [line.partition(":")[2].partition(":")[0] for line in lines] == [
        "2",
        "3",
        "4",
        "5",
        "6",
        "7",
    ]
    assert "lottery is not handed out here (California DHCS" in lines[4]
    assert stock_rows(program) == []


@pytest.mark.parametrize(
    ("category", "names"),
    [
        ("alcohol", ["Corner Liquor", "beer", "Wine & More", "WHISKEY SHOP"]),
        ("tobacco", ["cigarettes", "Vape Shop", "Tobacco Hut", "e-cigarette"]),
        ("cannabis", ["Green Dispensary", "cannabis edibles", "THC gummies"]),
        ("firearms", ["Guns & Ammo", "Handguns", "rifle"]),
        ("lottery", ["State Lottery", "scratch-off ticket", "Casino Royal"]),
        ("cash", ["cash", "Money order", "Bitcoin card"]),
    ],
)
def test_what_no_program_may_hand_out_is_refused_with_where_it_is_written(
    category: str, names: list[str]
) -> None:
    for name in names:
        found = forbidden(name)
        assert found is not None, name
        assert found[0] == category
        assert re.search("DHCS|Colorado|SAMHSA", found[1])


@pytest.mark.parametrize(
    "name",
    [
        "Grocer", "bus pass", "hygiene kit", "alcohol swabs", "alcohol-free mouthwash", "gun lock", "root beer",
        "ginger ale", "nicotine gum", "cashews", "cashmere scarf", "Rite Drug", "glue gun", "naloxone kit", "radio",
        "swinger", "Begin Again Books", "weed killer", "fireplace",
    ],
)  # fmt: skip
def test_what_only_sounds_like_it_is_not(name: str) -> None:
    assert forbidden(name) is None


def test_without_the_library_that_encrypts_nothing_is_added(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = cards_file(program, ("10.00", "Grocer", ""))
    for name in [name for name in sys.modules if name.startswith("cryptography")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "cryptography", None)
    assert refused(lambda: add_stock(program, file)) == [
        "gift cards: their codes are kept encrypted, and the library for that is not installed; install it"
        " with: pip install 'cmengine[stock]'"
    ]
    assert add_stock(program, things_file(program, ("bus pass", 1, "2.50"))).units == 1


@given(st.text(min_size=1, max_size=60), st.integers(0, 400))
def test_a_code_comes_back_as_it_was_and_not_if_a_letter_was_changed(code: str, at: int) -> None:
    keys, other = Keys((b"d" * 32,), b"c" * 32, b"j" * 32), Keys((b"d" * 32,), b"e" * 32, b"j" * 32)
    sealed = seal(keys, "card", code)
    assert unseal(keys, "card", sealed) == code
    assert seal(keys, "card", code) != sealed, "the same code twice does not look the same"
    place = at % len(sealed.rstrip("="))
    changed = sealed[:place] + ("A" if sealed[place] != "A" else "B") + sealed[place + 1 :]
    for wrong in ((other, "card", sealed), (keys, "another", sealed)):
        with pytest.raises(CMError, match="cannot be opened"):
            unseal(*wrong)
    try:
        assert (
            unseal(keys, "card", changed) == code
        )  # the last letter may hold bits that count for nothing
        assert place >= len(sealed.rstrip("=")) - 1
    except CMError:
        pass


# Going out


piles = st.dictionaries(st.integers(1, 12), st.integers(0, 3), max_size=4)


def sums(pile: dict[int, int]) -> set[tuple[int, int]]:
    """(worth, how many) of every set of cards there is: all of them, one by one."""
    cards = list(Counter(pile).elements())
    every = chain.from_iterable(combinations(cards, n) for n in range(len(cards) + 1))
    return {(sum(some), len(some)) for some in every}


@given(piles, st.integers(0, 60))
@example({12: 1, 5: 3, 3: 1}, 15)  # 12 + 3, not 5 + 5 + 5
def test_cards_make_as_much_as_they_can_and_no_more_with_as_few_as_can_be(
    pile: dict[int, int], most: int
) -> None:
    chosen = choose_cards(pile, most)
    assert all(count <= pile[worth] for worth, count in Counter(chosen).items())
    best = max(worth for worth, _ in sums(pile) if worth <= most)
    assert (sum(chosen), len(chosen)) == (best, min(n for worth, n in sums(pile) if worth == best))


@given(piles, st.integers(1, 30))
def test_cards_in_place_of_others_are_never_worth_less(pile: dict[int, int], least: int) -> None:
    chosen = at_least(pile, least)
    if any(worth == least for worth, _ in sums(pile)):
        assert sum(chosen) == least
    elif any(worth > least and count for worth, count in pile.items()):
        assert chosen == [min(worth for worth, count in pile.items() if worth > least and count)]
    else:
        assert chosen == []


def test_cards_are_handed_over_for_what_is_waiting_and_the_rest_goes_on_waiting(
    program: Program,
) -> None:
    add_stock(
        program,
        cards_file(
            program, ("25.00", "Grocer", ""), ("10.00", "Grocer", ""), ("10.00", "Shoes", "")
        ),
    )
    issued = issue_voucher(program, "c1", card="Grocer")
    assert [(card.brand, card.cents, card.code) for card in issued.cards] == [
        ("Grocer", 2500, code_of(0)),
        ("Grocer", 1000, code_of(1)),
    ]
    assert (issued.cents, issued.waiting, issued.code) == (3500, 500, "")
    assert program.ledger.balance("c1").waiting == 500
    assert refused(lambda: issue_voucher(program, "c1", card="Shoes")) == [
        "client 'c1': no card of Shoes of at most 5.00 is on hand just now; the smallest is 10.00; 5.00 stays"
        " theirs and waits for stock; hand over another brand, or a voucher without --card"
    ]
    assert program.ledger.balance("c1").waiting == 500
    (line,) = refused(lambda: issue_voucher(program, "c1", card="Grozer"))
    assert line.endswith("did you mean 'Grocer'?")
    assert issue_voucher(program, "c1").cents == 500, "a voucher of our own still goes"
    assert verify(program).ok


def test_a_card_that_expired_is_never_handed_out_and_the_entitlement_never_ends(
    program: Program, clock: Any, run: Run
) -> None:
    soon, later = TODAY + timedelta(days=30), TODAY + timedelta(days=31)
    add_stock(
        program,
        cards_file(
            program,
            ("10.00", "Grocer", later.isoformat()),
            ("10.00", "Grocer", soon.isoformat()),
            ("10.00", "Grocer", ""),
        ),
    )
    (shelf,) = shelves(program)
    assert (shelf.on_hand, shelf.soon, shelf.first_expires, shelf.expired) == (3, 1, soon, 0)
    first = issue_voucher(program, "c1", cents=1000, card="Grocer")
    assert first.cards[0].expires == soon, "the one that expires first goes first"
    clock.now += timedelta(days=31)
    assert issue_voucher(program, "c1", cents=1000, card="Grocer").cards[0].expires == later
    add_stock(
        program, cards_file(program, ("10.00", "Grocer", "2026-08-02"), first=9, name="2.csv")
    )
    clock.now += timedelta(days=400)
    (shelf,) = shelves(program)
    assert (shelf.on_hand, shelf.expired) == (1, 1)
    assert issue_voucher(program, "c1", cents=1000, card="Grocer").cards[0].expires is None
    assert "waits for stock" in refused(lambda: issue_voucher(program, "c1", card="Grocer"))[0]
    assert program.ledger.balance("c1").waiting == 1000, "what was earned waits for ever"
    assert reconcile(program).lines[0].expired_cents == 1000
    assert verify(program).ok


def test_a_card_that_ran_out_in_somebodys_pocket_is_made_good(program: Program, clock: Any) -> None:
    soon = TODAY + timedelta(days=40)
    add_stock(
        program,
        cards_file(program, ("10.00", "Grocer", soon.isoformat()), ("10.00", "Grocer", "")),
    )
    issued = issue_voucher(program, "c1", cents=1000, card="Grocer")
    before = program.ledger.balance("c1")
    clock.now += timedelta(days=400)
    done = replace_voucher(program, issued.voucher, "It ran out before they got to the shop")
    assert [(card.cents, card.expires) for card in done.cards] == [(1000, None)]
    assert program.ledger.balance("c1") == before
    (line,) = reconcile(program).lines
    assert (line.issued_cents, line.made_good_cents, line.on_hand_cents) == (1000, 1000, 0)
    assert verify(program).ok


def test_what_runs_low_is_said(make: Make, run: Run) -> None:
    settings = 'name = "p"\nzone = "America/Los_Angeles"\n[stock]\nlow = 3\n'
    program = make(RULES, settings=settings)
    enroll(program, "c1")
    add_stock(program, things_file(program, ("radio", 3, "19.99"), ("scarf", 2, "5.00")))
    assert {one.item: one.low for one in shelves(program)} == {"radio": False, "scarf": True}
    done = run("voucher", "issue", "c1", "--item", "radio", folder=program.folder)
    assert "radio: 2 left. Time to get some more." in done.stderr
    assert {one.item: one.low for one in shelves(program)} == {"radio": True, "scarf": True}
    for wrong in ("-1", '"3"', "3.5"):
        (program.folder / "program.toml").write_text(settings.replace("low = 3", f"low = {wrong}"))
        assert run("stock", "list", folder=program.folder).exit_code == 1


def test_a_card_that_is_to_be_used_soon_is_said_when_it_is_handed_over(
    program: Program, run: Run
) -> None:
    soon = (
        datetime.now(UTC).date() + timedelta(days=20)
    ).isoformat()  # the command line has the machine's own clock
    add_stock(program, cards_file(program, ("10.00", "Grocer", soon)))
    done = run("voucher", "issue", "c1", "--card", "Grocer", folder=program.folder)
    assert "S-0000 is to be used within 30 days" in done.stderr
    assert code_of(0) in done.stdout
    assert code_of(0) not in done.stderr


def test_a_card_is_good_on_its_last_day_and_not_on_the_next(program: Program, clock: Any) -> None:
    last = TODAY + timedelta(days=3)
    add_stock(program, cards_file(program, ("10.00", "Grocer", last.isoformat()), ("10.00", "Grocer", last.isoformat())))  # fmt: skip
    clock.now += timedelta(days=3)
    (shelf,) = shelves(program)
    assert (shelf.on_hand, shelf.expired, shelf.soon, shelf.total) == (2, 0, 2, 2000)
    assert issue_voucher(program, "c1", cents=1000, card="Grocer").cards[0].expires == last
    clock.now += timedelta(days=1)
    (shelf,) = shelves(program)
    assert (shelf.on_hand, shelf.expired, shelf.soon, shelf.total) == (0, 1, 0, 0)
    assert shelf.first_expires is None
    assert "waits for stock" in refused(lambda: issue_voucher(program, "c1", card="Grocer"))[0]


def test_the_day_that_comes_first_is_of_those_that_are_on_hand(
    program: Program, clock: Any
) -> None:
    days = [TODAY + timedelta(days=n) for n in (5, 10, 50)]
    add_stock(program, cards_file(program, *(("10.00", "Grocer", day.isoformat()) for day in days)))
    assert issue_voucher(program, "c1", cents=1000, card="Grocer").cards[0].expires == days[0]
    clock.now += timedelta(days=6)
    (shelf,) = shelves(program)
    assert (shelf.on_hand, shelf.soon, shelf.first_expires) == (2, 1, days[1])


def test_a_card_that_is_missing_is_not_handed_out_nor_counted_as_on_hand(
    program: Program, as_other: Callable[[str], Program]
) -> None:
    add_stock(program, cards_file(program, ("10.00", "Grocer", ""), ("10.00", "Grocer", "")))
    count_cards(as_other("ben"), "Grocer", 1, "cleo", missing=["S-0000"])
    (shelf,) = shelves(program)
    assert (shelf.on_hand, shelf.total) == (1, 1000)
    (line,) = refused(lambda: issue_voucher(program, "c1", card="Grocer", serial="S-0000"))
    assert "it is not there, handed out, missing or expired" in line
    assert [one.serial for one in issue_voucher(program, "c1", card="Grocer").cards] == ["S-0001"]


def test_a_card_that_is_named_is_worth_no_more_than_can_be_issued(program: Program) -> None:
    add_stock(program, cards_file(program, ("40.00", "Grocer", ""), ("40.01", "Grocer", ""), ("9.00", "Shoes", "2026-07-01")))  # fmt: skip
    (line,) = refused(lambda: issue_voucher(program, "c1", card="Grocer", serial="S-0001"))
    assert line == (
        "--serial S-0001: this card is worth 40.01, and 40.00 can be issued for it; name another, or leave"
        " --amount out"
    )
    (line,) = refused(lambda: issue_voucher(program, "c1", card="Shoes", serial="S-0000"))
    assert "no such card of Shoes" in line, "it is another brand's"
    issued = issue_voucher(program, "c1", card="Grocer", serial="S-0000")
    assert (issued.cents, issued.waiting) == (4000, 0)


def test_the_smallest_card_is_named_where_all_are_worth_more(program: Program) -> None:
    add_stock(program, cards_file(program, ("50.00", "Grocer", ""), ("45.00", "Grocer", ""), ("60.00", "Grocer", "")))  # fmt: skip
    (line,) = refused(lambda: issue_voucher(program, "c1", card="Grocer"))
    assert "of at most 40.00 is on hand just now; the smallest is 45.00; 40.00 stays theirs" in line


def test_cards_run_low_by_their_worth_and_as_many_as_the_line_are_not_few(make: Make) -> None:
    program = make(RULES, settings='name = "p"\nzone = "America/Los_Angeles"\n[stock]\nlow = 2\n')
    add_stock(program, cards_file(program, *(("10.00", "Grocer", "") for _ in range(2)), ("25.00", "Grocer", "")))  # fmt: skip
    assert [(one.name, one.on_hand, one.total, one.low) for one in shelves(program)] == [
        ("Grocer 10.00", 2, 2000, False),
        ("Grocer 25.00", 1, 2500, True),
    ]


# Things


def test_what_things_cost_is_added_up_and_each_is_worth_the_most_that_one_cost(
    program: Program,
) -> None:
    add_stock(program, things_file(program, ("radio", 2, "19.99"), ("radio", 3, "24.99"), ("lamp", 1, "24.98"), ("coat", 1, "24.99")))  # fmt: skip
    (radio,) = [one for one in shelves(program) if one.item == "radio"]
    assert (radio.cents, radio.on_hand, radio.total) == (2499, 5, 2 * 1999 + 3 * 2499)
    (line,) = refused(lambda: issue_voucher(program, "c1", item="radio", instead="lamp"))
    assert "'lamp' is worth 24.98, and 'radio' 24.99" in line
    issue_voucher(program, "c1", item="radio")
    (radio,) = [one for one in shelves(program) if one.item == "radio"]
    assert (radio.on_hand, radio.total) == (4, 1999 + 3 * 2499), "those that came first go first"
    enroll(program, "c2")
    assert issue_voucher(program, "c2", item="radio", instead="coat").item == "coat"


def test_a_thing_comes_off_the_shelf_and_out_of_stock_it_stays_owed(program: Program) -> None:
    enroll(program, "c2")
    add_stock(program, things_file(program, ("radio", 1, "19.99"), ("scarf", 5, "5.00")))
    assert issue_voucher(program, "c1", item="radio").item == "radio"
    (line,) = refused(lambda: issue_voucher(program, "c2", item="radio"))
    assert line.startswith(
        "client 'c2': no 'radio' is on hand just now; 'radio' stays theirs and waits for stock"
    )
    assert [item for _, _, item in program.ledger.waiting_items("c2")] == ["radio"]
    add_stock(program, things_file(program, ("radio", 1, "24.99"), name="more.csv"))
    assert issue_voucher(program, "c2", item="radio").item == "radio"
    (radio, _) = sorted(reconcile(program).lines, key=lambda line: line.what)
    assert (radio.bought_cents, radio.issued_cents, radio.on_hand_cents) == (4498, 4498, 0)


def test_another_thing_is_of_equal_or_more_worth_and_never_of_less(program: Program) -> None:
    enroll(program, "c2")
    enroll(program, "c3")
    add_stock(
        program,
        things_file(
            program,
            ("radio", 0, "19.99"),
            ("scarf", 5, "19.98"),
            ("lamp", 1, "19.99"),
            ("coat", 1, "45.00"),
        ),
    )
    (line,) = refused(lambda: issue_voucher(program, "c1", item="radio", instead="scarf"))
    assert line == (
        "client 'c1': 'scarf' is worth 19.98, and 'radio' 19.99; give something of equal or more worth,"
        " never of less"
    )
    (line,) = refused(lambda: issue_voucher(program, "c1", item="radio", instead="lampe"))
    assert line.endswith("nobody wrote down what 'lampe' is worth; did you mean 'lamp'?")
    (line,) = refused(lambda: issue_voucher(program, "c1", item="coat", instead="lamp"))
    assert "no 'coat' is waiting" in line, "only for what was earned"
    given = issue_voucher(program, "c1", item="radio", instead="lamp")
    assert (given.item, given.instead_of) == ("lamp", "radio")
    assert issue_voucher(program, "c2", item="radio", instead="coat").item == "coat"
    assert program.ledger.waiting_items("c1") == program.ledger.waiting_items("c2") == []
    for none_left in ("lamp", "coat"):
        assert refused(lambda: issue_voucher(program, "c3", item="radio", instead=none_left))  # noqa: B023
    assert len(program.ledger.waiting_items("c3")) == 1
    assert verify(program).ok


def test_a_thing_bought_cheaper_does_not_stand_in_for_a_dearer_one(program: Program) -> None:
    add_stock(program, things_file(program, ("radio", 0, "20.00"), ("lamp", 1, "15.00"), ("lamp", 0, "25.00")))  # fmt: skip
    (line,) = refused(lambda: issue_voucher(program, "c1", item="radio", instead="lamp"))
    assert "no 'lamp' is on hand just now" in line, (
        "the lamp that is on hand cost less than a radio"
    )


def test_where_no_stock_is_kept_of_a_thing_it_is_handed_over_as_ever(program: Program) -> None:
    assert issue_voucher(program, "c1", item="radio").item == "radio"
    assert stock_rows(program) == []


# Counting


def test_two_people_count_and_what_is_missing_is_the_programs(
    program: Program, as_other: Callable[[str], Program]
) -> None:
    add_stock(program, things_file(program, ("scarf", 4, "5.00"), ("scarf", 6, "6.00")))
    before = program.ledger.balance("c1")
    counted = count_items(as_other("ben"), "scarf", 5, "cleo")
    # Missing are the four of 5.00 and one of 6.00.
    assert (counted.expected, counted.counted, counted.cents) == (10, 5, -2600)
    again = count_items(as_other("ben"), "scarf", 7, "cleo")
    # Two are there again: one of 6.00, then one of 5.00.
    assert (again.expected, again.counted, again.cents) == (5, 7, 1100)
    (line,) = reconcile(program).lines
    assert (line.bought_cents, line.on_hand, line.on_hand_cents) == (5600, 7, 4100)
    assert (line.missing, line.missing_cents) == (3, 1500)
    more = count_items(as_other("ben"), "scarf", 12, "cleo")
    # Three of 5.00 were missing; two more than were ever bought are like the last that came.
    assert more.cents == 3 * 500 + 2 * 600
    (line,) = reconcile(program).lines
    assert (line.on_hand, line.missing, line.missing_cents) == (12, -2, -1200)
    assert program.ledger.balance("c1") == before
    assert len(program.ledger.waiting_items("c1")) == 1
    assert verify(program).ok


def test_one_person_is_not_two(program: Program, run: Run) -> None:
    add_stock(program, things_file(program, ("scarf", 4, "5.00")))
    for witness in ("ana", " Ana ", "ANA"):
        (line,) = refused(lambda: count_items(program, "scarf", 4, witness))  # noqa: B023
        assert line == "--witness: two people count, and this is one; ask somebody else to look on"
    assert "not a name" in refused(lambda: count_items(program, "scarf", 4, " "))[0]
    assert run("stock", "count", "4", "--item", "scarf", folder=program.folder).exit_code == 2
    assert program.ledger.rows("select * from counts") == []
    assert count_items(program, "scarf", 4, "ben").cents == 0


def test_a_witness_is_of_the_staff_where_staff_is_named(make: Make) -> None:
    settings = 'name = "p"\nzone = "America/Los_Angeles"\nstaff = ["ana", "ben"]\n'
    program = make(RULES, settings=settings)
    add_stock(program, things_file(program, ("scarf", 4, "5.00")))
    (line,) = refused(lambda: count_items(program, "scarf", 4, "bem"))
    assert line.endswith("'bem' is not among the staff of this program; did you mean 'ben'?")
    assert count_items(program, "scarf", 4, "ben").apart


def test_who_hands_out_does_not_count(
    program: Program, as_other: Callable[[str], Program], clock: Any
) -> None:
    add_stock(program, things_file(program, ("radio", 4, "5.00"), ("scarf", 1, "1.00")))
    issue_voucher(program, "c1", item="radio")
    (line,) = refused(lambda: count_items(program, "radio", 3, "ben"))
    assert line.startswith(
        "--by: ana has handed out of it since the last count, and who hands out does not count"
    )
    assert count_items(program, "scarf", 1, "ben").apart, "of something else"
    clock.now += timedelta(seconds=1)
    assert count_items(as_other("ben"), "radio", 3, "ana").apart
    assert count_items(program, "radio", 3, "ben").apart, "since that count ana handed out none"


@pytest.mark.parametrize("settings", ['staff = ["ana", "ben"]', "[stock]\nseparate = false"])
def test_where_everybody_hands_out_two_count_and_it_is_written_down(
    make: Make, settings: str
) -> None:
    program = make(RULES, settings=f'name = "p"\nzone = "America/Los_Angeles"\n{settings}\n')
    enroll(program, "c1", 2)
    add_stock(program, things_file(program, ("radio", 4, "5.00")))
    ben = open_program(program.folder, by="ben", clock=program.clock, registry=program.registry)
    issue_voucher(program, "c1", item="radio")
    if "staff" in settings:
        assert refused(lambda: count_items(program, "radio", 3, "ben"))
    issue_voucher(ben, "c1", item="radio")
    ben.close()
    assert not count_items(program, "radio", 2, "ben").apart
    assert [row["apart"] for row in program.ledger.rows("select apart from counts")] == [0]


def test_cards_are_counted_by_their_serials(program: Program, run: Run) -> None:
    add_stock(program, cards_file(program, *[("10.00", "Grocer", "")] * 4))
    (line,) = refused(lambda: count_cards(program, "Grocer", 2, "ben"))
    assert line.startswith(
        "cards of 'Grocer': 4 should be there, and 2 were counted; name each that is not there with --missing SERIAL"
    )
    lines = refused(lambda: count_cards(program, "Grocer", 3, "ben", missing=["S-0009"], found=["S-0001"]))  # fmt: skip
    assert lines[0].startswith("--missing S-0009: is not on hand")
    assert lines[1].startswith("--found S-0001: was not missing")
    words = ("--card", "Grocer", "--witness", "ben", "--missing", "S-0000", "--missing", "S-0002")
    done = run("stock", "count", "2", *words, "--json", folder=program.folder)
    assert json.loads(done.stdout) == {
        "what": "Grocer",
        "expected": 4,
        "counted": 2,
        "difference": -2,
        "difference_cents": -2000,
        "apart": True,
    }
    issued = issue_voucher(program, "c1", card="Grocer")
    assert [card.serial for card in issued.cards] == ["S-0001", "S-0003"], "not what is missing"
    program.close()
    again = open_program(program.folder, by="ben", clock=program.clock, registry=program.registry)
    assert count_cards(again, "Grocer", 1, "ana", found=["S-0002"]).cents == 1000
    assert "was not missing" in refused(lambda: count_cards(again, "Grocer", 2, "ana", found=["S-0002"]))[0]  # fmt: skip
    (line,) = reconcile(again).lines  # type: ignore[assignment]
    assert (line.issued, line.on_hand, line.missing, line.missing_cents) == (2, 1, 1, 1000)  # type: ignore[attr-defined]
    again.close()


# It adds up


@pytest.mark.parametrize("seed", range(6))
def test_whatever_is_done_bought_is_issued_and_made_good_and_on_hand_and_missing(
    make: Make, clock: Any, seed: int
) -> None:
    dice = Random(seed)
    program = make(RULES, settings='name = "p"\nzone = "America/Los_Angeles"\n[stock]\nseparate = false\n')  # fmt: skip
    clients = [f"c{n}" for n in range(3)]
    for client in clients:
        enroll(program, client, 3)
    bought = on_hand = issued = made_good = missing = 0  # our own sums, in cents
    handed: list[tuple[str, str, int]] = []
    at, radios = 0, 0
    for step in range(60):
        clock.now += timedelta(hours=1)
        do = dice.choice(("cards", "things", "issue", "issue", "issue", "item", "empty", "count"))
        client = dice.choice(clients)
        try:
            if do == "cards":
                values = [dice.choice((500, 1000, 2500)) for _ in range(dice.randint(1, 4))]
                cards = [(f"{v // 100}.00", "Grocer", "") for v in values]
                add_stock(program, cards_file(program, *cards, first=at))
                at += len(values)
                bought, on_hand = bought + sum(values), on_hand + sum(values)
            elif do == "things":
                many = dice.randint(1, 3)
                add_stock(program, things_file(program, ("radio", many, f"7.{step:02d}")))
                bought += many * (700 + step)
                on_hand += many * (700 + step)
                radios += many
            elif do == "issue":
                before = program.ledger.balance(client).waiting
                done = issue_voucher(program, client, card="Grocer", cents=min(before, dice.randint(1, 6000)))  # fmt: skip
                assert done.cents == sum(card.cents for card in done.cards)
                assert program.ledger.balance(client).waiting == before - done.cents
                handed += [(done.voucher, card.serial, card.cents) for card in done.cards]
                issued, on_hand = issued + done.cents, on_hand - done.cents
            elif do == "item":
                worth = program.ledger.rows("select cents from goods_list where on_hand > 0 order by seq limit 1")  # fmt: skip
                issue_voucher(program, client, item="radio")
                if worth:
                    issued, on_hand, radios = (
                        issued + worth[0][0],
                        on_hand - worth[0][0],
                        radios - 1,
                    )
            elif do == "empty" and handed:
                voucher, serial, cents = dice.choice(handed)
                balance = program.ledger.rows("select * from balances order by client")
                done_again = replace_voucher(program, voucher, "Empty", serial=serial)
                assert program.ledger.rows("select * from balances order by client") == balance
                assert done_again.charged >= cents
                handed.remove((voucher, serial, cents))
                handed += [(voucher, card.serial, card.cents) for card in done_again.cards]
                made_good, on_hand = made_good + done_again.charged, on_hand - done_again.charged
            elif do == "count":
                lost = count_items(program, "radio", max(0, radios - dice.randint(0, 1)), "ben")
                missing, on_hand = missing - lost.cents, on_hand + lost.cents
                radios = lost.counted
        except CMError:
            pass
        found = reconcile(program)
        assert found.problems == []
        assert sum(line.bought_cents for line in found.lines) == bought
        assert sum(line.issued_cents for line in found.lines) == issued
        assert sum(line.made_good_cents for line in found.lines) == made_good
        assert sum(line.on_hand_cents for line in found.lines) == on_hand
        assert sum(line.missing_cents for line in found.lines) == missing
        assert bought == issued + made_good + on_hand + missing
    assert issued > 0
    serials = program.ledger.rows("select card from handed_cards")
    assert len(serials) == len({row[0] for row in serials})
    assert verify(program).ok


@pytest.mark.parametrize(
    ("table", "change", "named"),
    [
        ("cards", "delete from cards where serial = 'S-0003'", "purchase 1"),
        ("cards", "update cards set cents = 2000 where serial = 'S-0003'", "purchase 1"),
        ("cards", "update cards set sealed = (select sealed from cards where serial = 'S-0001')"
                  " where serial = 'S-0003'", "card S-0003: the code of this card cannot be opened"),
        ("cards", "update cards set code_hash = replace(code_hash, substr(code_hash, 1, 1), 'x')"
                  " where serial = 'S-0003'", "card S-0003: its code is not the one that was added"),
        ("cards", "update cards set expires = '2026-06-01' where serial = 'S-0000'", "card S-0000: was handed over when"),
        ("handed_cards", "delete from handed_cards where card = 1", "its cards are not worth what it says"),
        ("handed_cards", "delete from handed_cards where instead_of is not null", "card S-0000: did not work, and was not made good"),
        ("handed_cards", "insert into handed_cards select 4, voucher, null, 0, handed_at, handed_by from handed_cards where card = 2",
         "its cards are not worth what it says"),
        ("empty_cards", "delete from empty_cards", "was given for a card that nobody reported"),
        ("vouchers", "update vouchers set cents = cents + 1 where code_hash is null", "its cards are not worth"),
        ("goods", "update goods set units = units + 1", "purchase 2"),
        ("goods", "update goods set units = 0", "radio: more were handed over than there were"),
        ("goods", "update goods set item = 'lamp'", "handed over another thing than it says"),
        ("differences", "update differences set units = -2", "count 1: what was counted"),
        ("differences", "delete from differences", "count 1: what was counted"),
        ("purchases", "update purchases set cents = cents - 1 where seq = 1", "purchase 1"),
    ],
)  # fmt: skip
def test_what_was_changed_behind_its_back_is_found_and_named(
    program: Program, run: Run, table: str, change: str, named: str
) -> None:
    add_stock(program, cards_file(program, *[("10.00", "Grocer", "")] * 4))
    add_stock(program, things_file(program, ("radio", 3, "5.00")))
    handed = issue_voucher(program, "c1", cents=1000, card="Grocer")
    replace_voucher(program, handed.voucher, "The shop says it is empty")
    issue_voucher(program, "c1", item="radio")
    ben = open_program(program.folder, by="ben", clock=program.clock, registry=program.registry)
    count_items(ben, "radio", 1, "ana")
    ben.close()
    assert reconcile(program).ok
    program.close()
    with sqlite3.connect(program.folder / "program.db") as raw:
        triggers = raw.execute(
            "select name from sqlite_schema where type = 'trigger' and tbl_name = ?", (table,)
        ).fetchall()
        for (name,) in triggers:
            raw.execute(f"drop trigger {name}")
        raw.execute(change)
    raw.close()
    done = run("stock", "reconcile", "--json", folder=program.folder)
    assert done.exit_code == 1
    found = json.loads(done.stdout)
    assert found["ok"] is False
    assert any(named in problem for problem in found["problems"]), found["problems"]
    assert not any(code_of(n) in done.output for n in range(4))
    if "code" not in named:
        assert run("verify", folder=program.folder).exit_code == 1


@pytest.mark.parametrize(
    "statement",
    [
        "insert into handed_cards (card, voucher, handed_at, handed_by) select 1, voucher, '', '' from handed_cards",
        "insert into handed_cards (card, voucher, handed_at, handed_by) select 3, voucher, '', '' from handed_cards",
        "insert into handed_cards (card, voucher, handed_at, handed_by) values (2, 'none', '', '')",
        "insert into empty_cards (card, reported_at, reported_by) values (2, '', '')",
        "insert into differences (count, card, units) values (1, 1, -1)",
        "insert into differences (count, card, units) values (1, 3, -1)",
        "insert into differences (count, card, units) values (1, 2, 1)",
        "insert into differences (count, goods, units) values (1, 1, -4)",
        "insert into differences (count, goods, units) values (1, 1, 0)",
        "insert into counts (item, expected, counted, apart, counted_at, counted_by, witness)"
        " values ('radio', 1, 1, 1, '', 'ana', 'ana')",
        "insert into cards select 9, 'new', purchase, brand, 'S-9', cents, expires, code_hash, sealed from cards limit 1",
        "insert into cards (id, purchase, brand, serial, cents, code_hash, sealed)"
        " values ('x', 1, 'Grocer', 'S-0001', 100, hex(randomblob(32)), '')",
        "insert into handed_goods (voucher, goods, handed_at, handed_by) select id, 2, '', '' from vouchers limit 1",
        "insert into redemptions (voucher, cents, redeemed_at, redeemed_by) select id, 1, '', '' from vouchers limit 1",
        "insert into replacements (voucher, n, code_hash, replaced_at, replaced_by)"
        " select id, 1, hex(randomblob(32)), '', '' from vouchers limit 1",
    ],
)
def test_sql_itself_refuses_what_cannot_be(program: Program, statement: str) -> None:
    add_stock(program, cards_file(program, *[("10.00", "Grocer", "")] * 3))
    add_stock(program, things_file(program, ("radio", 3, "5.00"), ("scarf", 0, "5.00")))
    issue_voucher(program, "c1", cents=1000, card="Grocer")
    count_items(program, "radio", 3, "ben")
    with program.ledger.writing():
        program.ledger.insert("differences", count=1, card=3, units=-1)
    refusal = (
        "UNIQUE|FOREIGN KEY|CHECK|on hand|not there|more are missing|nothing to redeem|no code"
    )
    with pytest.raises(CMError, match=refusal), program.ledger.writing():
        program.ledger.rows(statement)


# Several desks at once


def _take_a_card(folder: str, client: str) -> str:
    """Issue a card from another process; give its serial, or what was said."""
    opened = open_program(Path(folder), by=f"desk of {client}")
    try:
        return issue_voucher(opened, client, cents=1000, card="Grocer").cards[0].serial
    except CMError as error:
        return str(error)
    finally:
        opened.close()


@pytest.mark.parametrize("cards", [1, 5])
def test_eight_desks_for_the_last_cards_hand_each_out_once(program: Program, cards: int) -> None:
    clients = [f"d{n}" for n in range(8)]
    for client in clients:
        enroll(program, client)
    add_stock(program, cards_file(program, *[("10.00", "Grocer", "")] * cards))
    program.close()
    with ProcessPoolExecutor(8, multiprocessing.get_context("spawn")) as pool:
        said = list(pool.map(_take_a_card, [str(program.folder)] * 8, clients))
    serials = [one for one in said if one.startswith("S-")]
    assert sorted(serials) == [f"S-{n:04d}" for n in range(cards)]
    others = [one for one in said if not one.startswith("S-")]
    assert all("10.00 stays theirs and waits for stock" in one for one in others), others
    again = open_program(program.folder, by="ana", clock=program.clock, registry=program.registry)
    waiting = [again.ledger.balance(client).waiting for client in clients]
    assert sorted(waiting) == [3000] * cards + [4000] * (8 - cards), (
        "nobody has less than they earned"
    )
    assert reconcile(again).ok
    assert verify(again).ok
    again.close()
