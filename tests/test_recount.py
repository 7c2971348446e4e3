"""After a restore, gift cards are counted by two before one is handed out. Nothing else waits for that."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from cmengine.backup import make_backup
from cmengine.choices import Wish, choose_goals
from cmengine.counting import count_cards
from cmengine.doctor import stock as looked_at
from cmengine.engine import add_client, log_event, make_event
from cmengine.errors import CMError
from cmengine.program import Program, open_program
from cmengine.reconcile import reconcile
from cmengine.recount import uncounted
from cmengine.replacing import replace_voucher
from cmengine.restore import restore
from cmengine.stock import shelves
from cmengine.stocking import add_stock
from cmengine.verify import verify
from cmengine.vouchers import issue_voucher, redeem_voucher

Make = Callable[..., Program]
Run = Callable[..., Result]
Back = Callable[[], Program]

RULES = """
[[rule]]
id = "drop-in"
title = "Coming in"
[rule.goal]
kind = "any_of"
events = ["visit"]
[[rule.reward]]
kind = "fixed_voucher"
worth = "10.00"
[[rule.reward]]
kind = "item"
item = "radio"
"""
BACKUP_DAY = date(2026, 7, 1)


def cards(program: Program, *serials: str, brand: str = "Grocer") -> Path:
    file = program.folder / f"{brand}-{serials[0]}.csv"
    lines = [f"{serial},{brand} 6006 49 {serial},10.00,{brand}" for serial in serials]
    file.write_text("\n".join(["serial,code,value,brand", *lines, ""]))
    return file


@pytest.fixture
def program(make: Make) -> Program:
    """A program in which four cards and a radio are on hand, and 30.00 and three radios wait for c1 and c2."""
    opened = make(RULES)
    add_stock(opened, cards(opened, "S-1", "S-2", "S-3", "S-4"))
    (opened.folder / "things.csv").write_text("item,count,value\nradio,5,7.00\n")
    add_stock(opened, opened.folder / "things.csv")
    for client in ("c1", "c2"):
        add_client(opened, client)
        choose_goals(opened, [Wish(client=client, rule="drop-in", on=date(2026, 6, 1))])
        for n in range(3):
            event, wrong = make_event(opened, client=client, kind="visit", id=f"{client}-{n}")
            assert event is not None, wrong
            log_event(opened, event)
    return opened


@pytest.fixture
def back(program: Program, tmp_path: Path, clock: Any) -> Any:
    """The program put back from a backup, after which S-1 was handed to c1 and the brand Baker came in."""
    issue_voucher(program, "c2", card="Grocer", cents=1000)  # S-1, before the backup
    made = make_backup(program, tmp_path / "backup.zip")
    assert issue_voucher(program, "c1", card="Grocer", cents=1000).cards[0].serial == "S-2"
    assert uncounted(program.ledger) == {}
    done = restore(made.file, tmp_path / "back", by="ben", clock=clock)
    assert [(one.brand, one.cards) for one in done.uncounted] == [("Grocer", 3)]
    clock.now += timedelta(hours=1)
    opened = open_program(tmp_path / "back", by="ana", clock=clock, registry=program.registry)
    yield opened
    opened.close()


def refused(call: Callable[[], object]) -> str:
    with pytest.raises(CMError) as error:
        call()
    return str(error.value)


def count(program: Program, counted: int, **named: list[str]) -> None:
    other = open_program(program.folder, by="cleo", clock=program.clock, registry=program.registry)
    count_cards(other, "Grocer", counted, "ben", **named)
    other.close()


def test_no_card_is_handed_out_until_two_have_counted(back: Program) -> None:
    before = back.ledger.balance("c1")
    said = refused(lambda: issue_voucher(back, "c1", card="Grocer"))
    assert "put back from a backup on 2026-07-01" in said
    assert "cmengine stock count NUMBER --card 'Grocer' --witness NAME" in said
    assert "30.00 stays theirs" in said
    assert back.ledger.balance("c1") == before
    (voucher,) = back.ledger.rows("select id from vouchers")[0]
    assert "put back" in refused(
        lambda: replace_voucher(back, voucher, "The shop says it is empty")
    )
    count(back, 2, missing=["S-2"])
    assert uncounted(back.ledger) == {}
    handed = issue_voucher(back, "c1", card="Grocer")
    assert [card.serial for card in handed.cards] == ["S-3", "S-4"], "never S-2, which somebody has"
    assert back.ledger.balance("c1").waiting == 1000
    assert reconcile(back).ok
    assert verify(back).ok


def test_nothing_else_waits_for_it(back: Program) -> None:
    money = issue_voucher(back, "c1", cents=500)
    assert redeem_voucher(back, money.code).cents == 500
    assert issue_voucher(back, "c1", item="radio").item == "radio"
    event, _ = make_event(back, client="c1", kind="visit")
    assert event is not None
    log_event(back, event)
    assert back.ledger.balance("c1").earned == 4000
    assert verify(back).ok


def test_a_card_that_somebody_has_is_written_down_by_its_serial(back: Program) -> None:
    """What paper says of the lost days: c1 has S-2. It is theirs, and the books are true again."""
    handed = issue_voucher(back, "c1", card="Grocer", serial="S-2")
    assert [card.serial for card in handed.cards] == ["S-2"]
    assert back.ledger.balance("c1").waiting == 2000
    assert "put back" in refused(lambda: issue_voucher(back, "c1", card="Grocer"))
    count(back, 2)
    assert issue_voucher(back, "c2", card="Grocer", cents=1000).cards[0].serial == "S-3"
    (line,) = [one for one in reconcile(back).lines if one.what == "Grocer"]
    assert (line.bought, line.issued, line.on_hand, line.missing) == (4, 3, 1, 0)
    for serial, why in (("S-2", "no such card"), ("S-9", "no such card"), ("", "no such card")):
        assert why in refused(lambda: issue_voucher(back, "c1", card="Grocer", serial=serial))  # noqa: B023
    told = refused(lambda: issue_voucher(back, "c1", card="Grocer", serial="S-4", cents=900))
    assert "worth 10.00, and 9.00 can be issued" in told


def test_cards_that_come_in_within_the_month_are_counted_too_and_later_ones_are_not(
    back: Program, clock: Any
) -> None:
    """A file that was added in the lost days is added again: some of its cards are in people's hands."""
    count(back, 2, missing=["S-2"])
    clock.now += timedelta(days=5)
    add_stock(back, cards(back, "B-1", "B-2", brand="Baker"))
    assert "put back" in refused(lambda: issue_voucher(back, "c1", card="Baker"))
    add_stock(back, cards(back, "S-5"))
    assert "put back" in refused(lambda: issue_voucher(back, "c1", card="Grocer"))
    count(back, 3)
    assert issue_voucher(back, "c1", card="Grocer", cents=1000).cents == 1000
    clock.now += timedelta(days=30)
    add_stock(back, cards(back, "S-6"))
    assert set(uncounted(back.ledger)) == {"Baker"}
    assert issue_voucher(back, "c1", card="Grocer", cents=2000).cents == 2000


def test_cards_that_come_in_thirty_days_later_to_the_second_need_not_be_counted(
    back: Program, clock: Any
) -> None:
    restored = clock.now - timedelta(hours=1)
    clock.now = restored + timedelta(days=30, seconds=-1)
    add_stock(back, cards(back, "B-1", brand="Baker"))
    clock.now = restored + timedelta(days=30)
    add_stock(back, cards(back, "A-1", brand="Anchor"))
    found = uncounted(back.ledger)
    assert [(one.brand, one.cards) for one in found.values()] == [("Baker", 1), ("Grocer", 3)]
    assert issue_voucher(back, "c1", card="Anchor", cents=1000).cents == 1000
    assert "put back" in refused(lambda: issue_voucher(back, "c1", card="Baker"))


def test_a_count_before_a_restore_or_of_another_brand_is_none(
    program: Program, tmp_path: Path, clock: Any
) -> None:
    add_stock(program, cards(program, "B-1", "B-2", brand="Baker"))
    count(program, 4)
    made = make_backup(program, tmp_path / "backup.zip")
    restore(made.file, tmp_path / "back", by="ben", clock=clock)
    opened = open_program(tmp_path / "back", by="cleo", clock=clock, registry=program.registry)
    found = [(one.brand, one.cards, one.restored) for one in uncounted(opened.ledger).values()]
    assert found == [("Baker", 2, "2026-07-01"), ("Grocer", 4, "2026-07-01")]
    count_cards(opened, "Baker", 1, "ben", missing=["B-2"])
    assert [one.brand for one in uncounted(opened.ledger).values()] == ["Grocer"]
    assert issue_voucher(opened, "c1", card="Baker", cents=1000).cards[0].serial == "B-1"
    opened.close()


def test_a_second_restore_asks_for_a_second_count(
    back: Program, tmp_path: Path, clock: Any
) -> None:
    count(back, 2, missing=["S-2"])
    made = make_backup(back, tmp_path / "second.zip")
    restore(made.file, tmp_path / "third", by="ben", clock=clock)
    third = open_program(tmp_path / "third", by="ana", clock=clock, registry=back.registry)
    assert "put back" in refused(lambda: issue_voucher(third, "c1", card="Grocer"))
    count(third, 2)
    assert issue_voucher(third, "c1", card="Grocer").cents == 2000
    third.close()


def test_a_clock_that_went_back_does_not_undo_a_count(back: Program, clock: Any) -> None:
    clock.now -= timedelta(days=3)
    count(back, 2, missing=["S-2"])
    assert issue_voucher(back, "c1", card="Grocer").cents == 2000


def test_sql_itself_refuses_a_card_that_was_not_counted(back: Program) -> None:
    voucher = back.ledger.rows("select id from vouchers")[0][0]
    sql = "insert into handed_cards (card, voucher, named, handed_at, handed_by) values (2, ?, ?, '', '')"
    with closing(sqlite3.connect(back.ledger.path)) as db:
        with pytest.raises(sqlite3.IntegrityError, match="was not counted since"):
            db.execute(sql, (voucher, 0))
        db.execute(sql, (voucher, 1))


def test_it_is_said_wherever_somebody_looks(back: Program, run: Run) -> None:
    shelf = next(one for one in shelves(back) if one.brand)
    assert (shelf.on_hand, shelf.to_count) == (3, 3)
    (said,) = [one for one in looked_at(back) if "put back" in one.what]
    assert said.what.startswith("Grocer: the ledger was put back from a backup on 2026-07-01")
    assert "cmengine stock count NUMBER --card 'Grocer'" in said.todo
    listed = run("stock", "list", folder=back.folder).stdout
    assert "to be counted before one is handed out" in listed
    rows = json.loads(run("stock", "list", "--json", folder=back.folder).stdout)["stock"]
    assert [one["to_count"] for one in rows] == [3, 0]
    done = run("voucher", "issue", "c1", "--card", "Grocer", folder=back.folder)
    assert (done.exit_code, done.stdout) == (1, "")
    words = ("voucher", "issue", "c1", "--card", "Grocer", "--serial", "S-2")
    assert run(*words, folder=back.folder).exit_code == 0
    assert run(*words[:3], "--serial", "S-2", folder=back.folder).exit_code == 2


def test_a_restore_says_which_cards_are_to_be_counted(
    program: Program, tmp_path: Path, run: Run
) -> None:
    made = make_backup(program, tmp_path / "backup.zip")
    done = run("restore", made.file, tmp_path / "back", "--json")
    assert json.loads(done.stdout)["to_count"] == [{"brand": "Grocer", "cards": 4}]
    assert (
        "until Grocer is counted, no card of it is handed out; count them, two of you"
        in done.stderr
    )
