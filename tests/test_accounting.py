"""The books: what beancount makes of them, what a reader of our own makes of them, and the ledger."""

import json
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random

import pytest
from click.testing import Result
from hypothesis import given
from hypothesis import strategies as st

from cmengine.books import Entry, account_names, by_day, write_books
from cmengine.choices import Wish, choose_goals
from cmengine.corrections import correct_event
from cmengine.engine import add_client, log_event, make_event
from cmengine.importing import import_choices, import_events
from cmengine.program import Program
from cmengine.vouchers import issue_voucher, redeem_voucher

Run = Callable[..., Result]
SEASON = Path(__file__).parent / "season"
BEAN_CHECK = shutil.which("bean-check")

KINDS = '[kind.visit]\nlabel = "Came in"\n[kind.walk]\nlabel = "Walked"\n'
RULES = """
[[rule]]
id = "drop_in"
title = "I come by"
[rule.goal]
kind = "any_of"
events = ["visit"]
[[rule.reward]]
kind = "escalating_voucher"
start = "2.50"
step = "1.25"

[[rule]]
id = "drop-in"
title = "I walk"
[rule.goal]
kind = "any_of"
events = ["walk"]
per_day = 1
[[rule.reward]]
kind = "fixed_voucher"
worth = "0.99"
[[rule.reward]]
kind = "item"
item = "bus pass"
"""
SETTINGS = """
name = "A \\"Program\\" of \\\\ ours"
zone = "America/Los_Angeles"
[[fund]]
name = "State grant 2026"
amount = "1000.00"
[[fund]]
name = "state-grant 2026"
amount = "250.00"
"""

OPEN = re.compile(r"(\d{4}-\d\d-\d\d) open (\S+) (\S+)")
POSTING = re.compile(r"  (\S+)  (-?\d+\.\d\d) (\S+)")
BALANCE = re.compile(r"(\d{4}-\d\d-\d\d) balance (\S+)  (-?\d+\.\d\d) (\S+)")
ACCOUNT = re.compile(r"(Assets|Liabilities|Equity|Income|Expenses)(:[A-Z0-9][A-Za-z0-9-]*)+")


def read(text: str) -> tuple[Counter[str], list[str]]:
    """Read books without beancount: what every account comes to, in cents, and what is wrong."""
    wrong: list[str] = []
    opened: dict[str, str] = {}
    sums: Counter[str] = Counter()
    day, entry = "", 0
    for line in [*text.splitlines(), ""]:
        if not line.startswith("  ") and entry:
            wrong.append(f"an entry of {day} does not come to nothing")
            entry = 0
        if found := OPEN.fullmatch(line):
            opened[found[2]] = found[1]
            if not ACCOUNT.fullmatch(found[2]):
                wrong.append(f"{found[2]} is no account")
        elif re.match(r"\d{4}-\d\d-\d\d \* ", line):
            day = line[:10]
        elif found := POSTING.fullmatch(line):
            cents = int(Decimal(found[2]) * 100)
            entry += cents
            sums[found[1]] += cents
            if day < opened.get(found[1], "9"):
                wrong.append(f"{found[1]} is used before it is opened")
        elif found := BALANCE.fullmatch(line):
            whole = sum(
                cents
                for account, cents in sums.items()
                if account == found[2] or account.startswith(f"{found[2]}:")
            )
            if whole != int(Decimal(found[3]) * 100):
                wrong.append(f"{found[2]} comes to {whole}, not to {found[3]}")
            if found[1] <= day or found[2] not in opened:
                wrong.append(f"the balance of {found[2]} cannot be read")
    return sums, wrong


def bean_check(text: str, folder: Path) -> str:
    """What beancount's own bean-check says against the books: nothing where all is well."""
    assert BEAN_CHECK
    file = folder / "books.beancount"
    file.write_text(text, encoding="utf-8")
    done = subprocess.run([BEAN_CHECK, file], capture_output=True, text=True, check=False)
    return done.stdout + done.stderr if done.returncode else ""


def right(text: str, folder: Path) -> Counter[str]:
    """Hold books against both readers; give what the accounts come to."""
    sums, wrong = read(text)
    assert wrong == []
    if BEAN_CHECK:
        assert bean_check(text, folder) == ""
    return sums


@pytest.fixture
def program(make: Callable[..., Program]) -> Program:
    return make(RULES, KINDS, SETTINGS)


def at_work(program: Program, clock: object, dice: Random, days: int) -> None:
    """Some weeks of everything that moves money, on days that follow each other."""
    clients = [f"zz-client-{n}" for n in range(4)]
    for client in clients:
        add_client(program, client, name="Zuleika")
        rule = dice.choice(["drop_in", "drop-in"])
        choose_goals(program, [Wish(client=client, rule=rule, on=date(2026, 7, 1))])
    events: list[str] = []
    codes: list[str] = []
    for day in range(days):
        clock.now = datetime(2026, 7, 1, 18, tzinfo=UTC) + timedelta(days=day)  # type: ignore[attr-defined]
        for client in clients:
            what = dice.choice(["log", "log", "log", "issue", "redeem", "correct", "choose"])
            waiting = program.ledger.balance(client).waiting
            if what == "log":
                kind = dice.choice(["visit", "walk"])
                event, _ = make_event(program, client=client, kind=kind)
                assert event is not None
                log_event(program, event)
                events.append(event.id)
            elif what == "issue" and waiting:
                codes.append(
                    issue_voucher(program, client, cents=dice.randint(1, waiting)).code or ""
                )
            elif what == "redeem" and codes:
                redeem_voucher(program, codes.pop(dice.randrange(len(codes))))
            elif what == "correct" and events:
                correct_event(program, events.pop(dice.randrange(len(events))), "Not them")
            elif what == "choose":
                for rule in ("drop_in", "drop-in"):
                    if rule not in program.ledger.timelines(client):
                        wish = Wish(client=client, rule=rule, on=date(2026, 7, 1))
                        choose_goals(program, [wish])


@pytest.mark.parametrize("seed", range(6))
def test_the_books_agree_with_the_ledger_to_the_cent(
    seed: int, program: Program, clock: object, run: Run, tmp_path: Path
) -> None:
    at_work(program, clock, Random(seed), 30)
    ledger = program.ledger
    one = ledger.one
    earned = one("select sum(cents) from awards")
    issued = one("select coalesce(sum(cents), 0) from vouchers")
    redeemed = one("select coalesce(sum(cents), 0) from redemptions")
    mistaken = one(
        "select coalesce(sum(a.cents), 0) from awards a join occurrences o on o.seq = a.occurrence"
        " join corrections c on c.event = o.event"
    )
    assert earned and issued and redeemed and mistaken
    whole = {
        "Equity:Opening": -125_000,
        "Liabilities:Promised": issued[0] - earned[0],
        "Liabilities:Vouchers": redeemed[0] - issued[0],
        "Assets:Paid-Out": -redeemed[0],
        "Expenses:Clients:Mistakes": mistaken[0],
    }
    for each in ((), ("--each",)):
        file = tmp_path / f"books{len(each)}.beancount"
        done = run("export", "accounting", file, *each, "--json", folder=program.folder)
        assert done.exit_code == 0, done.output
        text = file.read_text()
        sums = right(text, tmp_path)
        told = json.loads(done.stdout)
        assert {name: sums[name] for name in whole} == whole
        funds = {"Assets:Funds:State-grant-2026", "Assets:Funds:State-grant-2026-2"}
        assert {name for name in sums if name.startswith("Assets:Funds:")} == funds
        # What was taken from the funds for vouchers is set aside.
        assert sum(sums[name] for name in funds) + sums["Assets:Set-Aside"] == 125_000
        rewards = [cents for name, cents in sums.items() if ":Rewards:" in name]
        assert sum(rewards) == earned[0] - mistaken[0] and min(rewards) >= 0
        assert told["balance_cents"]["Expenses:Clients"] == earned[0]
        assert told["entries"] == len(re.findall(r"^\S+ \* ", text, re.MULTILINE))
        assert "zz-client" not in text and "Zuleika" not in text


def test_a_cent_that_is_moved_is_found(
    program: Program, clock: object, run: Run, tmp_path: Path
) -> None:
    at_work(program, clock, Random(1), 12)
    file = tmp_path / "books"
    run("export", "accounting", file, folder=program.folder)
    lines = file.read_text().splitlines()
    right("\n".join(lines), tmp_path)
    postings = [n for n, line in enumerate(lines) if POSTING.fullmatch(line)]
    for n in postings:
        account, cents, currency = POSTING.fullmatch(lines[n]).groups()  # type: ignore[union-attr]
        moved = f"  {account}  {Decimal(cents) + Decimal('0.01')} {currency}"
        assert read("\n".join([*lines[:n], moved, *lines[n + 1 :]]))[1]
    if BEAN_CHECK:
        assert "does not balance" in bean_check(
            "\n".join([*lines[:n], moved, *lines[n + 1 :]]), tmp_path
        )


def test_the_books_of_a_season(season: Program, tmp_path: Path, run: Run) -> None:
    import_choices(season, SEASON / "choices.csv", add_clients=True)
    import_events(season, next(SEASON.glob("events.*")))
    file = tmp_path / "books"
    assert run("export", "accounting", file, folder=season.folder).exit_code == 0
    sums = right(file.read_text(), tmp_path)
    earned = season.ledger.one("select sum(earned_cents) from balances")
    assert earned and -sums["Liabilities:Promised"] == earned[0] > 0


def test_the_books_of_a_program_in_which_nothing_happened(
    make: Callable[..., Program], tmp_path: Path, run: Run
) -> None:
    file = tmp_path / "books"
    assert run("export", "accounting", file, folder=make().folder).exit_code == 0
    assert right(file.read_text(), tmp_path).total() == 0


def test_what_is_earned_late_is_booked_when_it_is_written_down(
    program: Program, clock: object, run: Run, tmp_path: Path
) -> None:
    """A month that is closed stays as it was: neither a late choice nor a correction changes it."""

    def at(month: int) -> None:
        clock.now = datetime(2026, month, 10, 18, tzinfo=UTC)  # type: ignore[attr-defined]

    def earned() -> list[tuple[str, str]]:
        file = tmp_path / f"books{len(list(tmp_path.iterdir()))}"
        run("export", "accounting", file, folder=program.folder)
        right(file.read_text(), tmp_path)
        found = re.findall(
            r'^(\S+) \* "(?:Earned|Marked[^"]+).*\n(?:  count.*\n)?  \S+  (\S+)',
            file.read_text(),
            re.M,
        )
        return sorted(found)

    at(7)
    add_client(program, "c1")
    choose_goals(program, [Wish(client="c1", rule="drop_in", on=date(2026, 7, 1))])
    for id in ("e1", "e2", "w1"):
        event, _ = make_event(program, client="c1", kind="walk" if id == "w1" else "visit", id=id)
        assert event is not None
        log_event(program, event)
    july = [("2026-07-10", "6.25")]  # 2.50 and 3.75
    assert earned() == july
    at(8)
    choose_goals(program, [Wish(client="c1", rule="drop-in", on=date(2026, 7, 1))])
    assert earned() == [*july, ("2026-08-10", "0.99")]
    at(9)
    correct_event(program, "e1", "Not them")
    # The mistake keeps its 2.50; what the second visit earns as a first is nothing more than it has.
    september = [*july, ("2026-08-10", "0.99"), ("2026-09-10", "2.50")]
    assert earned() == september
    at(10)
    # A second walk on a day on which one counts: only without the first does it earn.
    for id in ("w2", "w3"):
        event, _ = make_event(program, client="c1", kind="walk", id=id)
        assert event is not None
        log_event(program, event)
    october = [*september, ("2026-10-10", "0.99")]
    assert earned() == october
    at(11)
    correct_event(program, "w2", "Not them")
    # What the third walk earns now, 0.99; and the mistake's 0.99, which goes over to the mistakes.
    november = [*october, ("2026-11-10", "0.99"), ("2026-11-10", "0.99")]
    assert earned() == november
    at(12)
    late = datetime(2026, 7, 20, 18, tzinfo=UTC)
    event, _ = make_event(program, client="c1", kind="walk", at=late)
    assert event is not None
    log_event(program, event)
    assert earned() == [*november, ("2026-12-10", "0.99")]


def test_the_books_of_the_stock(
    make: Callable[..., Program], clock: object, run: Run, tmp_path: Path
) -> None:
    program = make(RULES.replace('worth = "0.99"', 'worth = "25.00"'), KINDS)
    folder = program.folder
    add_client(program, "c1")
    choose_goals(program, [Wish(client="c1", rule="drop-in", on=date(2026, 7, 1))])
    event, _ = make_event(program, client="c1", kind="walk")
    assert event is not None
    log_event(program, event)
    (tmp_path / "cards.csv").write_text(
        "serial,code,value,brand,expires\n"
        + "".join(f"S-{n},6006 4900 000{n} 770{n},10.00,Grocer,\n" for n in range(6))
    )
    (tmp_path / "things.csv").write_text("item,count,value\nbus pass,5,2.50\n")
    ana: tuple[tuple[str | Path, ...], ...] = (
        ("stock", "add", tmp_path / "cards.csv"),
        ("stock", "add", tmp_path / "things.csv"),
        ("voucher", "issue", "c1", "--card", "Grocer"),
        ("voucher", "issue", "c1", "--item", "bus pass"),
        ("voucher", "issue", "c1"),
    )
    for words in ana:
        done = run(*words, folder=folder)
        assert done.exit_code == 0, done.output
    voucher = program.ledger.rows("select voucher from handed_cards")[0][0]
    two_more: tuple[tuple[str | Path, ...], ...] = (
        ("voucher", "replace", voucher, "--serial", "S-0", "--reason", "empty"),
        (
            "--by",
            "ben",
            "stock",
            "count",
            "2",
            "--card",
            "Grocer",
            "--witness",
            "cem",
            "--missing",
            "S-3",
        ),
        ("--by", "ben", "stock", "count", "3", "--item", "bus pass", "--witness", "cem"),
    )
    for words in two_more:
        done = run(*words, folder=folder)
        assert done.exit_code == 0, done.output
    file = tmp_path / "books"
    assert run("export", "accounting", file, folder=folder).exit_code == 0
    sums = right(file.read_text(), tmp_path)
    # 6 x 10.00 and 5 x 2.50 were bought. Two cards for 20.00 of the 25.00, one more as one did not work, one
    # is missing; a pass was handed over, one is missing.
    assert {name: cents for name, cents in sums.items() if "Stock" in name} == {
        "Equity:Stock-Bought": -7_250,
        "Assets:Stock:Gift-Cards": 2_000,
        "Assets:Stock:Things": 750,
        "Expenses:Stock:Made-Good": 1_000,
        "Expenses:Stock:Things": 250,
        "Expenses:Stock:Missing": 1_250,
    }
    assert sums["Liabilities:Promised"] == 0
    assert sums["Liabilities:Vouchers"] == -500


def test_the_books_of_funds_that_change(
    program: Program, clock: object, run: Run, tmp_path: Path
) -> None:
    folder = program.folder
    add_client(program, "c1")
    choose_goals(program, [Wish(client="c1", rule="drop_in", on=date(2026, 7, 1))])

    def issue() -> None:
        event, _ = make_event(program, client="c1", kind="visit")
        assert event is not None
        log_event(program, event)
        done = run("voucher", "issue", "c1", folder=folder)
        assert done.exit_code == 0, done.output

    issue()  # 2.50
    done = run("fund", "add", "state-grant 2026", "12.00", folder=folder)
    assert done.exit_code == 0, done.output
    settings = folder / "program.toml"
    settings.write_text(settings.read_text().replace("1000.00", "3.00"))
    issue()  # 3.75: 0.50 of it from what is left of the first fund, or all of it from the second
    settings.write_text(settings.read_text().replace("250.00", "260.00"))
    file = tmp_path / "books"
    done = run("export", "accounting", file, folder=folder)
    assert done.exit_code == 0, done.output
    sums = right(file.read_text(), tmp_path)
    charged = {
        row[0]: row[1]
        for row in program.ledger.rows("select fund, sum(cents) from charges group by fund")
    }
    assert sum(charged.values()) == 250 + 375
    assert sums["Assets:Funds:State-grant-2026"] == 300 - charged["State grant 2026"]
    assert sums["Assets:Funds:State-grant-2026-2"] == 27_200 - charged.get("state-grant 2026", 0)
    assert sums["Assets:Set-Aside"] == 625 and sums["Equity:Opening"] == -300 - 27_200


@given(st.lists(st.text(max_size=30), max_size=12))
def test_any_names_make_accounts_that_differ(names: list[str]) -> None:
    accounts = account_names("Assets:Funds", names)
    assert set(accounts) == set(names)
    assert len({one.casefold() for one in accounts.values()}) == len(accounts)
    assert all(ACCOUNT.fullmatch(one) for one in accounts.values())


@given(
    st.lists(
        st.tuples(st.integers(0, 9), st.sampled_from(["a", 'b"\\', "c\n"]), st.integers(-500, 500)),
        max_size=20,
    )
)
def test_a_day_taken_together_comes_to_the_same(told: list[tuple[int, str, int]]) -> None:
    first = date(2026, 1, 1)
    entries = [
        Entry(first + timedelta(days=day), words, (("Assets:A", cents), ("Equity:B", -cents)))
        for day, words, cents in told
    ]
    whole = sum(cents for _, _, cents in told)
    balances = {"Assets:A": whole, "Equity:B": -whole}
    for kept in (entries, by_day(entries)):
        text = write_books("x", "USD", kept, balances, first + timedelta(days=10), {})
        sums, wrong = read(text)
        assert wrong == [] and sums["Assets:A"] == whole
    assert sum(entry.count for entry in by_day(entries)) == len(entries)
