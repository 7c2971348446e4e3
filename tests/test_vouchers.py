"""Vouchers in a client's hands: used in parts, lost and replaced, printed, made good. Nobody loses a cent."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import date, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from cmengine.choices import Wish, choose_goals
from cmengine.engine import add_client, log_event, make_event
from cmengine.errors import CMError
from cmengine.ids import read_code
from cmengine.paper import Paper, neutral, papers, pdf
from cmengine.program import Program
from cmengine.reconcile import reconcile
from cmengine.replacing import print_by_code, print_cards, replace_voucher
from cmengine.stocking import add_stock
from cmengine.verify import verify
from cmengine.vouchers import find_voucher, issue_voucher, redeem_voucher

Make = Callable[..., Program]
Run = Callable[..., Result]

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
NAME = "Riverside Harm Reduction"
CMENGINE = "from cmengine.cli import main; main()"


@pytest.fixture
def program(make: Make) -> Program:
    """A program in which 40.00 and a radio wait for c1."""
    opened = make(RULES, settings=f'name = "{NAME}"\nzone = "America/Los_Angeles"\n')
    add_client(opened, "c1", "Juniper Canary")
    choose_goals(opened, [Wish(client="c1", rule="drop-in", words="w", on=date(2026, 6, 1))])
    event, _ = make_event(opened, client="c1", kind="visit")
    assert event is not None
    log_event(opened, event)
    return opened


def cards(program: Program, *values: str, brand: str = "Grocer", expires: str = "") -> None:
    """Add gift cards of such values."""
    first = program.ledger.rows("select count(*) from cards")[0][0]
    file = program.folder / f"{first}.csv"
    file.write_text(
        "serial,code,value,brand,expires\n"
        + "".join(
            f"S-{n},CODE-{n:04d}-{n:04d},{value},{brand},{expires}\n"
            for n, value in enumerate(values, start=first)
        )
    )
    add_stock(program, file)


def refused(call: Callable[[], object]) -> str:
    with pytest.raises(CMError) as error:
        call()
    return str(error.value)


def money(program: Program) -> list[tuple[object, ...]]:
    return [tuple(row) for row in program.ledger.rows("select * from balances")]


# In parts


@pytest.mark.parametrize("parts", [[4000], [1, 3999], [1500, 1500, 1000], [1000] * 4])
def test_a_voucher_is_used_in_parts_to_the_last_cent(program: Program, parts: list[int]) -> None:
    issued = issue_voucher(program, "c1")
    left = 4000
    for part in parts:
        over = refused(lambda: redeem_voucher(program, issued.code, cents=left + 1))  # noqa: B023
        assert f"{left // 100}.{left % 100:02d} is left on it" in over
        done = redeem_voucher(program, issued.code, cents=part)
        left -= part
        assert (done.cents, done.left) == (part, left)
    assert left == 0
    assert "cannot be used here" in refused(lambda: redeem_voucher(program, issued.code))
    assert len(program.ledger.rows("select * from tries")) == 1, (
        "too much of a good code is no wrong code"
    )


def test_without_an_amount_all_that_is_left_is_used(program: Program, run: Run) -> None:
    issued = issue_voucher(program, "c1")
    part = run("voucher", "redeem", "--amount", "12.50", typed=issued.code, folder=program.folder)
    assert "Redeemed: 12.50 USD. Hand it over with our thanks.\n  27.50 USD stays" in part.stdout
    listed = run("voucher", "list", "--open", folder=program.folder).stdout
    assert "27.50 left" in listed
    rest = run("voucher", "redeem", "-", "--json", typed=issued.code, folder=program.folder)
    assert json.loads(rest.stdout)["cents"] == 2750
    assert "27.50 left" not in run("voucher", "list", "--redeemed", folder=program.folder).stdout
    for amount in ("0", "0.00"):
        other = run("voucher", "redeem", issued.code, "--amount", amount, folder=program.folder)
        assert other.exit_code == 1


def test_no_more_than_is_waiting_and_no_less_than_a_cent(program: Program) -> None:
    assert "a voucher of 0.00 is no voucher; there is 40.00 waiting" in refused(
        lambda: issue_voucher(program, "c1", cents=0)
    )
    over = refused(lambda: issue_voucher(program, "c1", cents=4001))
    assert "40.01 is more than is waiting; at most 40.00 can be issued now" in over
    first = issue_voucher(program, "c1", cents=1)
    assert (first.cents, first.waiting, first.item) == (1, 3999, None)
    rest = issue_voucher(program, "c1", cents=3999)
    assert (rest.cents, rest.waiting) == (3999, 0)
    assert "nothing is waiting" not in refused(lambda: issue_voucher(program, "c1", cents=1)), (
        "a radio is"
    )
    for cents in (0, -1, 2):
        said = refused(lambda: redeem_voucher(program, first.code, cents=cents))  # noqa: B023
        assert "0.01 is left on it" in said and "take an amount from 0.01 to 0.01" in said
    assert redeem_voucher(program, first.code, cents=1).left == 0


def test_a_thing_is_handed_over_whole_whatever_amount_is_typed(program: Program) -> None:
    issued = issue_voucher(program, "c1", item="radio")
    done = redeem_voucher(program, issued.code, cents=500)
    assert (done.item, done.cents, done.left) == ("radio", 0, 0)
    assert "cannot be used here" in refused(lambda: redeem_voucher(program, issued.code))


def test_of_the_same_thing_the_one_that_was_earned_first_goes_first(program: Program) -> None:
    for _ in range(2):
        event, _ = make_event(program, client="c1", kind="visit")
        assert event is not None
        log_event(program, event)
    waiting = [occurrence for occurrence, _, _ in program.ledger.waiting_items("c1")]
    assert len(waiting) == 3 and waiting == sorted(waiting)
    for _ in waiting:
        issue_voucher(program, "c1", item="radio")
    rows = program.ledger.rows("select occurrence from vouchers order by seq")
    assert [row[0] for row in rows] == waiting


def test_the_desk_is_told_what_it_hands_over_and_what_still_waits(
    program: Program, run: Run
) -> None:
    event, _ = make_event(program, client="c1", kind="visit")
    assert event is not None
    log_event(program, event)
    cards(program, "10.00", "10.00", "10.00", "10.00", "10.00", "10.00")
    words = ("voucher", "issue", "c1", "--card", "Grocer", "--amount")
    done = run(*words, "10.00", folder=program.folder)
    assert "  Still waiting: 70.00, radio and radio\n" in done.stdout
    assert "Time to get some more" not in done.stderr, "five are left"
    done = run(*words, "40.00", "--json", folder=program.folder)
    told = json.loads(done.stdout)
    assert (told["code"], told["waiting_cents"], len(told["cards"])) == (None, 3000, 4)
    assert told["charged"] == [{"fund": None, "cents": 4000}], "of two awards, added up"
    assert "Time to get some more" not in done.stderr, "in data it is in stock list"
    low = run(*words, "10.00", folder=program.folder)
    assert low.stderr == "Grocer 10.00: 0 left. Time to get some more.\n"
    told = json.loads(run("voucher", "issue", "c1", "--json", folder=program.folder).stdout)
    assert (told["cents"], told["cards"], told["item"]) == (2000, [], None)
    assert read_code(told["code"]) is not None
    for typed in (
        ("--instead", "lamp"),
        ("--serial", "S-5"),
        ("--item", "radio", "--amount", "1.00"),
        ("--item", "radio", "--card", "Grocer"),
    ):
        assert run("voucher", "issue", "c1", *typed, folder=program.folder).exit_code == 2


def test_the_list_says_of_each_where_it_stands(program: Program, run: Run) -> None:
    cards(program, "10.00")
    things = program.folder / "things.csv"
    things.write_text("item,count,value\nradio,1,5.00\n")
    add_stock(program, things)
    whole, part, used = (issue_voucher(program, "c1", cents=500) for _ in range(3))
    redeem_voucher(program, part.code, cents=1)
    redeem_voucher(program, used.code)
    card = issue_voucher(program, "c1", card="Grocer")
    shown = run("voucher", "list", folder=program.folder).stdout.splitlines()[1:]
    assert [line.split(maxsplit=3)[2:] for line in shown] == [
        ["5.00", f"open         {whole.voucher}"],
        ["5.00", f"4.99 left    {part.voucher}"],
        ["5.00", f"2026-07-01   {used.voucher}"],
        ["10.00", f"handed over  {card.voucher}"],
    ]
    waits = run("voucher", "list", "--waiting", folder=program.folder).stdout.splitlines()
    assert [line.split() for line in waits] == [
        ["client", "waiting"],
        ["c1", "15.00"],
        ["c1", "radio"],
    ]
    issue_voucher(program, "c1")
    issue_voucher(program, "c1", item="radio")
    none = run("voucher", "list", "--waiting", folder=program.folder).stdout
    assert none == "Nothing is waiting.\n"


def test_a_voucher_is_found_by_six_letters_of_its_number_where_it_is_the_only_one(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    ends = iter(("01M87CBWB242MRA89EC7AAAAAA", "01M87CBWB242MRA89EC8AAAAAA"))
    monkeypatch.setattr(program, "new_id", lambda: next(ends))
    first = issue_voucher(program, "c1", cents=100).voucher
    assert find_voucher(program, "AAAAAA")["id"] == first
    assert find_voucher(program, " 9ec7aaaaaa ")["id"] == first
    assert "there is no such voucher" in refused(lambda: find_voucher(program, "AAAAA"))
    assert "there is no such voucher" in refused(lambda: find_voucher(program, f"0{first}"))
    second = issue_voucher(program, "c1", cents=100).voucher
    several = refused(lambda: find_voucher(program, "AAAAAA"))
    assert several.startswith("this number: is the end of several vouchers' numbers")
    assert find_voucher(program, "8AAAAAA")["id"] == second
    assert find_voucher(program, first)["id"] == first


# Lost


def test_a_lost_voucher_is_replaced_and_keeps_its_worth(program: Program) -> None:
    first = issue_voucher(program, "c1", cents=3000)
    redeem_voucher(program, first.code, cents=1250)
    before = money(program)
    codes = [first.code]
    for reason in ("Lost the slip", "The dog had it", "Lost again"):
        replaced = replace_voucher(program, first.voucher, reason)
        assert (replaced.cents, replaced.charged, replaced.cards) == (1750, 0, ())
        assert read_code(replaced.code) is not None
        for old in codes:
            assert "cannot be used here" in refused(lambda: redeem_voucher(program, old, cents=1))  # noqa: B023
            clock_on(program)
        codes.append(replaced.code)
    assert money(program) == before, "no money moved"
    assert redeem_voucher(program, codes[-1]).cents == 1750
    assert "nothing is left on it" in refused(lambda: replace_voucher(program, first.voucher, "x"))
    kept = program.ledger.personal("c1")
    assert [kept[f"replaced:{first.voucher}:{n}"] for n in (1, 2, 3)] == [
        "Lost the slip",
        "The dog had it",
        "Lost again",
    ]
    assert verify(program).ok


def clock_on(program: Program) -> None:
    """Let an hour go by, so that nobody has to wait for the next code."""
    clock: Any = program.clock
    clock.now += timedelta(hours=1)


def test_a_thing_is_replaced_like_money(program: Program) -> None:
    issued = issue_voucher(program, "c1", item="radio")
    replaced = replace_voucher(program, issued.voucher[-6:], "Lost the slip")
    assert (replaced.item, replaced.voucher) == ("radio", issued.voucher)
    assert redeem_voucher(program, replaced.code).item == "radio"
    assert "nothing is left" in refused(lambda: replace_voucher(program, issued.voucher, "Lost"))


@pytest.mark.skipif(os.name != "posix", reason="needs a terminal of its own")
@pytest.mark.parametrize("at_a_terminal", [True, False])
def test_a_code_behind_the_command_is_taken_and_a_person_is_told_where_it_stays(
    program: Program, at_a_terminal: bool
) -> None:
    import pty

    words = ("voucher", "redeem")
    code = issue_voucher(program, "c1").code
    main, terminal = pty.openpty()
    try:
        done = subprocess.run(
            [sys.executable, "-c", CMENGINE, "-p", program.folder, "--by", "ana", *words, code],
            stdin=terminal if at_a_terminal else subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
    finally:
        os.close(main)
        os.close(terminal)
    assert done.stdout.startswith("Redeemed: ")
    note = "Note: a code behind the command stays in the shell's history"
    assert done.stderr.startswith(note) == at_a_terminal
    assert code not in done.stdout + done.stderr


@pytest.mark.parametrize("number", ["", "01M8", "ZZZZZZZZ", "'; drop", "%%%%%%", "______"])
def test_a_number_that_is_none_is_said(program: Program, number: str) -> None:
    issue_voucher(program, "c1")
    assert refused(lambda: find_voucher(program, number)).startswith(
        "this number: there is no such"
    )


def test_a_replacement_needs_a_reason_and_the_reason_can_be_erased(program: Program) -> None:
    issued = issue_voucher(program, "c1")
    assert "needs a reason" in refused(lambda: replace_voucher(program, issued.voucher, "  "))
    replace_voucher(program, issued.voucher, "Sleeps outside; the rain took it")
    tables = [row[0] for row in program.ledger.rows("select name from sqlite_schema where type = 'table'")]  # fmt: skip
    for table in tables:
        text = "".join(repr(tuple(row)) for row in program.ledger.rows(f"select * from {table}"))
        assert ("the rain took it" in text) == (table == "personal"), table


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
@pytest.mark.parametrize("what", ["money", "cards"])
def test_a_voucher_whose_code_was_never_seen_is_not_lost(
    program: Program, run: Run, what: str
) -> None:
    cards(program, "25.00", "15.00")
    folder = str(program.folder)
    words = ["voucher", "issue", "c1", *(["--card", "Grocer"] if what == "cards" else [])]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [str(Path(sys.executable).parent / "cmengine"), "-p", folder, "--by", "ana", *words],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 70
    assert program.ledger.balance("c1").waiting == 0, "it was issued all the same"
    assert "waiting" in refused(lambda: issue_voucher(program, "c1")), "and not twice"
    (row,) = json.loads(run("voucher", "list", "--json", folder=folder).stdout)["vouchers"]
    if what == "money":
        replaced = replace_voucher(program, row["voucher"], "Nothing was printed")
        assert redeem_voucher(program, replaced.code).cents == 4000
    else:
        again = print_cards(program, row["voucher"], "Nothing was printed")
        assert [card.code for card in again.cards] == ["CODE-0000-0000", "CODE-0001-0001"]
        (line,) = reconcile(program).lines
        assert (line.issued_cents, line.made_good_cents) == (4000, 0)
    assert verify(program).ok


@pytest.mark.parametrize("what", ["money", "cards", "thing"])
def test_the_same_command_again_says_what_was_issued_and_how_its_code_is_seen(
    program: Program, run: Run, what: str
) -> None:
    """The power went between the ledger and the screen: the desk, not knowing, does the same again."""
    cards(program, "25.00", "15.00")
    more = {"money": [], "cards": ["--card", "Grocer"], "thing": ["--item", "radio"]}[what]
    words = ("voucher", "issue", "c1", *more)
    assert run(*words, folder=program.folder).exit_code == 0
    (row,) = program.ledger.rows("select id, issued_at from vouchers")
    number = row["id"][-6:]
    again = run(*words, folder=program.folder)
    assert (again.exit_code, again.stdout) == (1, "")
    worth = "radio" if what == "thing" else "40.00"
    when = row["issued_at"][:16].replace("T", " at ")
    assert f"voucher {number} ({worth}) was issued to them on {when} by ana" in again.stderr
    verb = "print" if what == "cards" else "replace"
    todo = f"cmengine voucher {verb} {number} --reason 'Never seen'"
    assert f"if nobody has seen its code: {todo}" in again.stderr
    done = run("voucher", verb, number, "--reason", "Never seen", folder=program.folder)
    assert done.exit_code == 0
    shown = re.findall(r"Code: (\S+)", done.stdout)
    if what == "cards":
        assert shown == ["CODE-0000-0000", "CODE-0001-0001"], "the very same"
    else:
        assert redeem_voucher(program, shown[0]).voucher == row["id"]
    assert len(program.ledger.rows("select 1 from vouchers")) == 1
    assert verify(program).ok


def test_a_part_issued_again_within_minutes_is_noted_and_later_it_is_not(
    program: Program, run: Run
) -> None:
    words = ("voucher", "issue", "c1", "--amount", "5.00")
    first = run(*words, "--json", folder=program.folder)
    assert json.loads(first.stdout)["earlier"] is None
    number = json.loads(first.stdout)["voucher"]
    again = run(*words, "--json", folder=program.folder)
    assert again.exit_code == 0, "it is theirs, and they may have it in parts"
    assert json.loads(again.stdout)["earlier"] == number
    told = run(*words, folder=program.folder).stderr
    assert "(5.00) was issued to them on" in told
    assert "too; if nobody has seen its code: cmengine voucher replace" in told
    clock_on(program)
    last = issue_voucher(program, "c1", cents=500)
    assert last.earlier is None
    redeem_voucher(program, last.code, cents=100)
    assert issue_voucher(program, "c1", cents=500).earlier is None, (
        "of what is used, nothing is said"
    )


def test_what_is_said_of_before_is_theirs_of_the_same_kind_and_the_last(
    program: Program, run: Run
) -> None:
    """To whom else something was issued, and what of another kind, is not what was meant."""
    add_client(program, "c2")
    choose_goals(program, [Wish(client="c2", rule="drop-in", on=date(2026, 6, 1))])
    event, _ = make_event(program, client="c2", kind="visit")
    assert event is not None
    log_event(program, event)
    first = issue_voucher(program, "c1", cents=1500).voucher
    last = issue_voucher(program, "c1", cents=2500).voucher
    thing = issue_voucher(program, "c1", item="radio").voucher
    issue_voucher(program, "c2")
    money_again = refused(lambda: issue_voucher(program, "c1"))
    assert f"nothing is waiting just now; voucher {last[-6:]} (25.00)" in money_again
    assert first[-6:] not in money_again and thing[-6:] not in money_again
    thing_again = refused(lambda: issue_voucher(program, "c1", item="radio"))
    assert f"no 'radio' is waiting; voucher {thing[-6:]} (radio)" in thing_again
    other = refused(lambda: issue_voucher(program, "c1", item="lamp"))
    assert "nothing of the kind has been earned yet" in other and "was issued" not in other
    assert "was issued" not in refused(lambda: issue_voucher(program, "c2", item="lamp"))
    redeem_voucher(program, replace_voucher(program, last, "Lost").code, cents=1)
    assert "was issued" not in refused(lambda: issue_voucher(program, "c1"))


def test_for_a_quarter_of_an_hour_as_much_again_may_be_the_same_done_twice(
    program: Program,
) -> None:
    clock: Any = program.clock
    began = clock.now
    first = issue_voucher(program, "c1", cents=500)
    assert issue_voucher(program, "c1", cents=499).earlier is None, "it is not as much"
    second = issue_voucher(program, "c1", cents=500)
    assert second.earlier is None, "what was issued last was not as much"
    for minutes, seconds, said in ((15, 0, True), (15, 1, False), (-15, 0, True), (-15, -1, False)):
        clock.now = began
        before = issue_voucher(program, "c1", cents=200)
        clock.now = began + timedelta(minutes=minutes, seconds=seconds)
        found = issue_voucher(program, "c1", cents=200).earlier
        assert (found and found.voucher) == (before.voucher if said else None), (minutes, seconds)
    assert first.voucher != second.voucher


def test_the_same_thing_again_within_minutes_is_noted_and_another_thing_is_not(
    program: Program, run: Run
) -> None:
    """Two radios wait, and the power goes after the first: the second is no less theirs, and it is said."""
    things = program.folder / "things.csv"
    things.write_text("item,count,value\nradio,9,5.00\nlamp,9,6.00\n")
    add_stock(program, things)
    for _ in range(4):
        event, _ = make_event(program, client="c1", kind="visit")
        assert event is not None
        log_event(program, event)
    assert issue_voucher(program, "c1", cents=1000).earlier is None
    first = issue_voucher(program, "c1", item="radio")
    assert first.earlier is None, "money is another thing"
    second = issue_voucher(program, "c1", item="radio")
    assert second.earlier is not None and second.earlier.voucher == first.voucher
    lamp = issue_voucher(program, "c1", item="radio", instead="lamp")
    assert lamp.earlier is None
    again = issue_voucher(program, "c1", item="radio", instead="lamp")
    assert again.earlier is not None and again.earlier.voucher == lamp.voucher
    clock_on(program)
    assert issue_voucher(program, "c1", item="radio").earlier is None
    for _ in range(2):
        event, _ = make_event(program, client="c1", kind="visit")
        assert event is not None
        log_event(program, event)
    words = ("voucher", "issue", "c1", "--item", "radio")
    told = json.loads(run(*words, "--json", folder=program.folder).stdout)
    assert told["earlier"] is None
    note = run(*words, folder=program.folder).stderr
    assert f"Note: voucher {told['voucher'][-6:]} (radio) was issued to them on" in note
    assert "too; if nobody has seen its code: cmengine voucher replace" in note


def test_a_thing_that_was_taken_instead_is_said_when_the_same_is_done_again(
    program: Program,
) -> None:
    things = program.folder / "things.csv"
    things.write_text("item,count,value\nradio,9,5.00\nlamp,9,6.00\n")
    add_stock(program, things)
    lamp = issue_voucher(program, "c1", item="radio", instead="lamp").voucher
    again = refused(lambda: issue_voucher(program, "c1", item="radio", instead="lamp"))
    assert f"no 'radio' is waiting; voucher {lamp[-6:]} (lamp) was issued to them on" in again
    other = refused(lambda: issue_voucher(program, "c1", item="radio"))
    assert "no 'radio' is waiting" in other and "was issued" not in other


def test_too_much_again_says_what_was_issued_and_another_amount_does_not(program: Program) -> None:
    """30.00 of 40.00 were issued; the desk does the same again, and 10.00 are left."""
    voucher = issue_voucher(program, "c1", cents=3000).voucher
    again = refused(lambda: issue_voucher(program, "c1", cents=3000))
    assert f"30.00 is more than is waiting; voucher {voucher[-6:]} (30.00) was issued" in again
    assert "at most 10.00 can be issued now" in again
    other = refused(lambda: issue_voucher(program, "c1", cents=2999))
    assert "29.99 is more than is waiting; at most 10.00" in other


def test_after_a_stop_the_voucher_whose_code_nobody_saw_is_among_those_that_are_listed(
    program: Program, run: Run
) -> None:
    cards(program, "10.00", "5.00")
    used, shown, lost, paper, kept = (
        issue_voucher(program, "c1", cents=300, printed=n == 3) for n in range(5)
    )
    card = issue_voucher(program, "c1", cents=1000, card="Grocer")
    again = issue_voucher(program, "c1", cents=500, card="Grocer")
    thing = issue_voucher(program, "c1", item="radio")

    def unseen(*more: str) -> list[str]:
        done = run("voucher", "list", "--unseen", *more, "--json", folder=program.folder)
        rows = json.loads(done.stdout)["vouchers"]
        assert all(row["issued_by"] == "ana" and row["issued_at"] for row in rows)
        return [row["voucher"] for row in rows]

    every = [one.voucher for one in (used, shown, lost, paper, kept, card, again, thing)]
    assert unseen() == every, "of none is it known, also where it was to go to paper at once"
    clock_on(program)
    redeem_voucher(program, used.code, cents=1)
    print_by_code(program, shown.code)
    replace_voucher(program, lost.voucher, "Never seen")
    print_cards(program, again.voucher, "Never seen")
    left = [one.voucher for one in (paper, kept, card, thing)]
    assert unseen() == unseen("--client", "c1") == left
    told = run("voucher", "list", "--unseen", folder=program.folder).stdout
    assert re.search(rf"c1 +2026-07-01 11:00 +ana +3\.00 +{paper.voucher}\n", told)
    assert re.search(rf"c1 +2026-07-01 11:00 +ana +10\.00 +gift cards +{card.voucher}\n", told)
    assert re.search(rf"c1 +2026-07-01 11:00 +ana +radio +{thing.voucher}\n", told)
    assert "cmengine voucher replace NUMBER --reason 'Never seen'" in told
    add_client(program, "c2")
    none = run("voucher", "list", "--unseen", "--client", "c2", folder=program.folder).stdout
    assert none == "Of every voucher it is known that its code was seen.\n"
    assert unseen("--client", "c2") == []


def test_a_client_is_called_what_they_like_when_something_is_issued_or_logged(
    program: Program, run: Run
) -> None:
    """On the screen, and never in data."""
    run("client", "set", "c1", "called=Sky", folder=program.folder)
    issued = run("voucher", "issue", "c1", "--amount", "5.00", folder=program.folder)
    assert issued.stdout.startswith("Voucher for Sky (c1): 5.00 USD\n")
    number = program.ledger.vouchers()[0]["voucher"]
    other = run("voucher", "replace", number, "--reason", "Lost", folder=program.folder)
    assert other.stdout.startswith("Voucher for Sky (c1): 5.00 USD\n")
    on = ("--on", "2026-06-02")
    assert run("log", "c1", "visit", *on, folder=program.folder).stdout.startswith(
        "Sky (c1): visit, Tue 2 Jun 2026\n"
    )
    for words in (
        ("voucher", "issue", "c1", "--amount", "5.00"),
        ("voucher", "replace", number, "--reason", "Lost"),
        ("log", "c1", "visit", *on),
        ("voucher", "list"),
    ):
        told = json.loads(run(*words, "--json", folder=program.folder).stdout)
        assert "Sky" not in json.dumps(told) and "Juniper" not in json.dumps(told)
    run("client", "set", "c1", "called=", folder=program.folder)
    plain = run("voucher", "issue", "c1", "--amount", "5.00", folder=program.folder)
    assert plain.stdout.startswith("Voucher for c1: 5.00 USD\n")
    logged = run("log", "c1", "visit", *on, folder=program.folder).stdout
    assert logged.startswith("c1: visit, Tue 2 Jun 2026\n")


def test_cards_are_shown_again_on_the_screen_and_each_time_is_written_down(
    program: Program, run: Run
) -> None:
    cards(program, "25.00", "15.00")
    number = issue_voucher(program, "c1", card="Grocer").voucher
    assert run("voucher", "print", number, folder=program.folder).exit_code == 1, "why is asked"
    reason = ("--reason", "Never seen")
    done = run("voucher", "print", number, *reason, "--json", folder=program.folder)
    told = json.loads(done.stdout)
    assert [card["code"] for card in told["cards"]] == ["CODE-0000-0000", "CODE-0001-0001"]
    assert (told["file"], told["times"]) == (None, 1)
    assert "the 2. time" in run("voucher", "print", number, *reason, folder=program.folder).stdout
    assert len(program.ledger.rows("select 1 from prints")) == 2
    ours = issue_voucher(program, "c1", item="radio").voucher
    said = run("voucher", "print", ours, *reason, folder=program.folder)
    assert "its code is not kept" in said.stderr
    assert run("voucher", "print", folder=program.folder).exit_code == 2


# Gift cards that do not work


def test_an_empty_card_is_made_good_by_the_program(program: Program) -> None:
    cards(program, "10.00", "10.00", "10.00", "25.00")
    issued = issue_voucher(program, "c1", cents=1000, card="Grocer")
    before = money(program)
    serial = issued.cards[0].serial
    for n in (1, 2):
        done = replace_voucher(program, issued.voucher, "The shop says it is empty")
        assert (done.cents, done.charged, done.cards[0].serial) == (1000, 1000, f"S-{n}")
    done = replace_voucher(program, issued.voucher, "Empty again")
    assert (done.charged, done.cards[0].serial) == (2500, "S-3"), "rather more than less"
    assert "no such card" in refused(
        lambda: replace_voucher(program, issued.voucher, "x", serial=serial)
    )
    none_left = refused(lambda: replace_voucher(program, issued.voucher, "And again"))
    assert "it stays owed" in none_left
    assert money(program) == before
    (line,) = reconcile(program).lines
    assert (line.issued_cents, line.made_good_cents, line.on_hand_cents) == (1000, 4500, 0)
    cards(program, "30.00", brand="Shoes")
    assert replace_voucher(program, issued.voucher, "And again", card="Shoes").charged == 3000
    assert reconcile(program).ok


def test_of_several_cards_the_one_that_does_not_work_is_named(program: Program) -> None:
    cards(program, "25.00", "15.00", "10.00", "5.00")
    issued = issue_voucher(program, "c1", card="Grocer")
    said = refused(lambda: replace_voucher(program, issued.voucher, "Empty"))
    assert said.endswith("it handed over several cards; name one with --serial: 'S-0', 'S-1'")
    done = replace_voucher(program, issued.voucher, "Empty", serial="S-1")
    assert [card.serial for card in done.cards] == ["S-2", "S-3"]
    assert done.charged == 1500


def test_cards_that_did_not_work_are_named_for_the_vendor_without_code_or_client(
    program: Program, run: Run, clock: Any
) -> None:
    cards(program, "25.00", "10.00", "5.00", "30.00", "25.00", "25.00")
    none = run("stock", "list", "--empty", folder=program.folder)
    assert none.stdout == "Every card that was handed over has worked, as far as anybody said.\n"
    issued = issue_voucher(program, "c1", cents=4000, card="Grocer")
    came = f"{program.today()}"
    clock.now += timedelta(days=3)
    for card in issued.cards:
        replace_voucher(program, issued.voucher, "Empty", serial=card.serial)
    reported = f"{program.today()}"
    shown = json.loads(run("stock", "list", "--empty", "--json", folder=program.folder).stdout)
    by_hand = program.ledger.rows(
        "select c.serial, c.cents, sum(g.cents) from handed_cards h join cards g on g.seq = h.card"
        " join cards c on c.seq = h.instead_of group by c.seq order by c.seq"
    )
    assert [(one["serial"], one["cents"], one["made_good_cents"]) for one in shown["empty"]] == [
        tuple(row) for row in by_hand
    ]
    assert {(one["added"], one["reported"]) for one in shown["empty"]} == {(came, reported)}
    listed = run("stock", "list", "--empty", folder=program.folder).stdout
    total = sum(row[1] for row in by_hand)
    assert f"{len(by_hand)} cards, {total // 100}.{total % 100:02d}: take it up" in listed
    for text in (listed, json.dumps(shown)):
        assert not any(secret in text for secret in ("CODE-", '"c1"', NAME, "ana"))
    plain = json.loads(run("stock", "list", "--json", folder=program.folder).stdout)
    assert (plain["stock"], plain["empty"]) == (shown["stock"], [])


# On paper


def read(file: Path) -> str:
    (page,) = PdfReader(file).pages
    return str(page.extract_text())


ALLOWED = re.compile(
    r"([0-9]+\.[0-9]{2} USD|[0-9A-Z]{6}-[0-9A-Z]{6}-[0-9A-Z]{6}|Keep this paper\. Whoever has it can use it\."
    r"|No\. [0-9A-Z]{6}|radio|At Grocer|Use it by Jun 1, 2027|CODE-0000-0000)"
)


@pytest.mark.parametrize(
    "what", [[], ["--item", "radio"], ["--card", "Grocer", "--amount", "10.00"]]
)
def test_a_slip_says_nothing_about_anybody(program: Program, run: Run, what: list[str]) -> None:
    cards(program, "10.00", expires="2027-06-01")
    file = program.folder / "slip.pdf"
    old = os.umask(0)
    try:
        done = run(
            "voucher", "issue", "c1", *what, "--print", file, "--json", folder=program.folder
        )
    finally:
        os.umask(old)
    assert done.exit_code == 0, done.output
    issued = json.loads(done.stdout)
    assert file.stat().st_mode & 0o777 == 0o600
    lines = read(file).splitlines()
    assert [line for line in lines if not ALLOWED.fullmatch(line)] == []
    code = issued["code"] or issued["cards"][0]["code"]
    assert lines.count(code) == 2, "on the slip, and on the small card"
    about = dict(PdfReader(file).metadata or {})
    whole = " ".join([*lines, *map(str, about.values())]).casefold()
    for word in (*NAME.casefold().split(), "cmengine", "c1", "juniper", "canary", "ana", "drop-in", "visit"):  # fmt: skip
        assert not re.search(rf"\b{word}\b", whole), word
    assert "2026" not in whole, "and no day"
    assert [row["printed"] for row in program.ledger.vouchers()] == [1]


@pytest.mark.parametrize(
    "item",
    [
        "naloxone kit", "Fentanyl test strips", "syringes", "wound care kit", "safer smoking kit", "condoms",
        "clinic mug", "Recovery coin", "Riverside mug", "reduction", "HIV self-test", "therapy putty", "радио",
        "sharps box", "medicine box", "shelter map",
    ],
)  # fmt: skip
def test_a_thing_whose_name_would_tell_is_called_one_item(item: str) -> None:
    assert neutral(item, NAME) == "1 item"


@pytest.mark.parametrize(
    "item", ["radio", "bus pass", "Café-Tasse", "hygiene kit", "socks", "movie ticket"]
)
def test_a_thing_that_tells_nothing_is_called_what_it_is(item: str) -> None:
    assert neutral(item, NAME) == item


@settings(max_examples=25)
@given(
    st.lists(
        st.tuples(st.integers(1, 99_999_999), st.text("0123456789 -", min_size=4, max_size=60)),
        min_size=1,
        max_size=3,
    )
)
def test_every_slip_has_a_page_and_its_code_can_be_read(slips: list[tuple[int, str]]) -> None:
    sheets = [
        Paper(worth=f"{cents // 100}.{cents % 100:02d} EUR", code=f"A{code}B", number="ABCDEF")
        for cents, code in slips
    ]
    pages = PdfReader(BytesIO(pdf(sheets, "EUR"))).pages
    assert len(pages) == len(slips)
    for sheet, page in zip(sheets, pages, strict=True):
        text = " ".join(str(page.extract_text()).split())
        assert " ".join(sheet.code.split()) in text
        assert (page.mediabox.width, page.mediabox.height) == pytest.approx(
            (595.28, 841.89), abs=0.1
        )


def test_where_the_file_is_there_already_nothing_is_issued(program: Program, run: Run) -> None:
    file = program.folder / "slip.pdf"
    file.write_text("something else")
    for words in (["issue", "c1"], ["issue", "c1", "--item", "radio"]):
        done = run("voucher", *words, "--print", file, folder=program.folder)
        assert done.exit_code == 1
        assert done.stderr == f"Error: {file}: is already there; name a new file\n"
    assert file.read_text() == "something else"
    assert program.ledger.vouchers() == []
    nowhere = program.folder / "no such folder" / "slip.pdf"
    assert run("voucher", "issue", "c1", "--print", nowhere, folder=program.folder).exit_code == 1
    fresh = program.folder / "fresh.pdf"
    done = run(
        "voucher", "issue", "c1", "--amount", "99.00", "--print", fresh, folder=program.folder
    )
    assert done.exit_code == 1
    assert not fresh.exists(), "what is refused leaves no file"


def test_without_the_library_that_draws_nothing_is_issued(
    program: Program, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.startswith("reportlab")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "reportlab", None)
    done = run("voucher", "issue", "c1", "--print", "slip.pdf", folder=program.folder)
    assert done.exit_code == 1
    assert "pip install 'cmengine[print]'" in done.stderr
    assert program.ledger.vouchers() == []


def test_printing_again_needs_a_reason_and_is_written_down(program: Program, run: Run) -> None:
    issued = issue_voucher(program, "c1")
    files = [program.folder / f"{n}.pdf" for n in range(3)]
    words = ("voucher", "print", "--to")
    first = run(*words, files[0], typed=issued.code, folder=program.folder)
    assert first.exit_code == 0, first.output
    second = run(*words, files[1], typed=issued.code, folder=program.folder)
    assert "this needs a reason" in second.stderr
    assert not files[1].exists()
    done = run(*words, files[1], "--reason", "Coffee", "--json", typed=issued.code, folder=program.folder)  # fmt: skip
    assert '"times": 2' in done.stdout
    assert read(files[0]) == read(files[1])
    by_number = run(*words, files[2], issued.voucher, "--reason", "Coffee", folder=program.folder)
    assert "its code is not kept, so it cannot be shown again" in by_number.stderr
    redeem_voucher(program, issued.code, cents=3900)
    assert print_by_code(program, issued.code, "For the rest").cents == 100
    redeem_voucher(program, issued.code)
    assert "cannot be used here" in refused(lambda: print_by_code(program, issued.code, "x"))
    kept = program.ledger.personal("c1")
    assert kept[f"printed:{issued.voucher}:2"] == "Coffee"
    assert [row["n"] for row in program.ledger.rows("select n from prints order by seq")] == [
        1,
        2,
        3,
    ]


def test_what_went_to_paper_at_once_is_printed_again_with_a_reason(
    program: Program, run: Run
) -> None:
    files = [program.folder / f"{n}.pdf" for n in range(4)]
    done = run("voucher", "issue", "c1", "--print", files[0], "--json", folder=program.folder)
    told = json.loads(done.stdout)
    words = ("voucher", "print", "--to")
    again = run(*words, files[1], typed=told["code"], folder=program.folder)
    assert "this needs a reason" in again.stderr
    again = run(*words, files[1], "--reason", "Coffee", typed=told["code"], folder=program.folder)
    assert again.stdout.endswith(f"Printed to {files[1]}, the 2. time\n")
    other = run(
        "voucher", "replace", told["voucher"], "--reason", "Lost", "--print", files[2], "--json",
        folder=program.folder,
    )  # fmt: skip
    assert [row["printed"] for row in program.ledger.vouchers()] == [3]
    code = json.loads(other.stdout)["code"]
    redeem_voucher(program, code)
    before = len(program.ledger.rows("select 1 from tries"))
    used = run(*words, files[3], "--reason", "Coffee", typed=code, folder=program.folder)
    assert "cannot be used here" in used.stderr and not files[3].exists()
    assert [row["printed"] for row in program.ledger.vouchers()] == [3]
    assert len(program.ledger.rows("select 1 from tries")) == before + 1, "it counts as a try"


def test_cards_are_printed_again_from_their_number(program: Program, run: Run) -> None:
    cards(program, "25.00", "15.00", "15.00")
    issued = issue_voucher(program, "c1", card="Grocer")
    file = program.folder / "again.pdf"
    missing = run("voucher", "print", issued.voucher, "--to", file, folder=program.folder)
    assert "this needs a reason" in missing.stderr
    words = ("voucher", "print", issued.voucher[-6:], "--to", file, "--reason", "Coffee on it")
    done = run(*words, folder=program.folder)
    assert done.exit_code == 0, done.output
    assert "CODE" not in done.output, "the code is on the paper, not on the screen"
    assert [f"CODE-{n:04d}-{n:04d}" in str(page.extract_text()) for n, page in enumerate(PdfReader(file).pages)] == [True, True]  # fmt: skip
    replace_voucher(program, issued.voucher, "Empty", serial="S-1")
    again = print_cards(program, issued.voucher, "For the new one")
    assert [card.serial for card in again.cards] == ["S-0", "S-2"], "not the one that did not work"


def test_paper_for_something_of_each_kind() -> None:
    own = papers(voucher="01M87CBWB242MRA89EC7SV8KVR", code="ABC", cents=700, item=None, cards=(), currency="USD", program=NAME)  # fmt: skip
    assert own == [Paper(worth="7.00 USD", code="ABC", number="SV8KVR")]
    assert "ABC" not in repr(own)


# The list


def test_the_list_says_what_is_open_used_up_and_waiting(program: Program, run: Run) -> None:
    things = program.folder / "things.csv"
    things.write_text("item,count,value\nradio,0,5.00\n")
    add_stock(program, things)
    cards(program, "10.00")
    handed = issue_voucher(program, "c1", cents=1000, card="Grocer")
    used, part, whole = (issue_voucher(program, "c1", cents=500) for _ in range(3))
    redeem_voucher(program, used.code)
    redeem_voucher(program, part.code, cents=1)

    def numbers(*options: str) -> list[str]:
        done = run("voucher", "list", *options, "--json", folder=program.folder)
        return [row["voucher"] for row in json.loads(done.stdout)["vouchers"]]

    assert numbers() == [handed.voucher, used.voucher, part.voucher, whole.voucher]
    assert numbers("--open") == [part.voucher, whole.voucher]
    assert numbers("--redeemed", "--client", "c1") == [used.voucher]
    waits = json.loads(run("voucher", "list", "--waiting", "--json", folder=program.folder).stdout)
    assert waits["vouchers"] == []
    assert waits["waiting"] == [
        {"client": "c1", "cents": 1500, "item": None, "stock": None},
        {"client": "c1", "cents": 0, "item": "radio", "stock": 0},
    ]
    shown = run("voucher", "list", "--waiting", folder=program.folder).stdout
    assert re.search(r"c1 +radio +waits for stock", shown)
    assert (
        'open_vouchers": 2' in run("client", "show", "c1", "--json", folder=program.folder).stdout
    )


def test_a_file_that_a_stop_has_left_empty_is_written_and_one_that_holds_something_is_not(
    program: Program, run: Run, tmp_path: Path
) -> None:
    slip = tmp_path / "slip.pdf"
    slip.touch(0o644)
    words = ("voucher", "issue", "c1", "--print", slip)
    assert run(*words, folder=program.folder).exit_code == 0
    assert slip.read_bytes().startswith(b"%PDF")
    assert slip.stat().st_mode & 0o077 == 0
    whole = slip.read_bytes()
    told = run("voucher", "issue", "c1", "--item", "radio", "--print", slip, folder=program.folder)
    assert (told.exit_code, slip.read_bytes()) == (1, whole)
    link = tmp_path / "link.pdf"
    link.symlink_to(tmp_path / "elsewhere.pdf")
    assert run("voucher", "issue", "c1", "--item", "radio", "--print", link, folder=program.folder).exit_code == 1  # fmt: skip
    assert not (tmp_path / "elsewhere.pdf").exists()
    assert len(program.ledger.rows("select 1 from vouchers")) == 1
