"""Vouchers under limits and from funds, in a real program: what is issued, what waits, and why."""

import json
import multiprocessing
import sqlite3
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from cmengine import charges
from cmengine.choices import Wish, choose_goals
from cmengine.engine import add_client, log_event, make_event
from cmengine.errors import CMError
from cmengine.funds import add_money, allowed, funds_now
from cmengine.profiles import profile_of, profiles
from cmengine.program import Program, open_program
from cmengine.settings import read_settings
from cmengine.starters import starters
from cmengine.verify import verify
from cmengine.vouchers import issue_voucher

Make = Callable[..., Program]
Run = Callable[..., Result]

HEAD = 'name = "p"\nzone = "America/Los_Angeles"\n'
GRANT = '[[fund]]\nname = "grant"\namount = "{}"\nask = "Maria"\n'
GIFTS = '[[fund]]\nname = "gifts"\namount = "500.00"\nafter = "grant"\n'
LIMIT = (
    '[[limit]]\nname = "SAMHSA"\nwindow = "calendar_year"\nmost = "750.00"\nfund = "grant"\n'
    'cite = "the grant agreement, page 4"\n'
)
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
"""


def settings(program: Program, text: str) -> Program:
    """Let a funder change their mind: write program.toml anew, and open the program again."""
    (program.folder / "program.toml").write_text(HEAD + text)
    program.close()
    return open_program(
        program.folder, by=program.by, clock=program.clock, registry=program.registry
    )


def come_in(program: Program, client: str, kind: str = "visit", value: str | None = None) -> None:
    event, wrong = make_event(program, client=client, kind=kind, value=value)
    assert event is not None, wrong
    log_event(program, event)


def enroll(program: Program, *clients: str, rule: str = "drop-in") -> None:
    for client in clients:
        add_client(program, client)
    choose_goals(program, [Wish(client=client, rule=rule, words="mine") for client in clients])


# The cap on Higgins: 2.50, 1.25 more each time, 10.00 with every third; 750.00 a year.


def worth(n: int) -> int:
    return 250 + 125 * (n - 1) + (1000 if n % 3 == 0 else 0)


@pytest.fixture
def higgins(make: Make, clock: Any) -> Callable[[str], Program]:
    def made(text: str) -> Program:
        clock.now = datetime(2026, 1, 5, 18, tzinfo=UTC)
        folder = starters()["vouchers-higgins"]
        program = make(
            (folder / "vouchers-higgins.toml").read_text(),
            (folder / "kinds.toml").read_text(),
            HEAD + text,
        )
        enroll(program, "c1", rule="vouchers-each-time")
        return program

    return made


def visits() -> list[datetime]:
    """Monday, Wednesday and Friday of twelve weeks from 5 January 2026."""
    first = datetime(2026, 1, 5, 18, tzinfo=UTC)
    return [first + timedelta(weeks=week, days=day) for week in range(12) for day in (0, 2, 4)]


def test_rewards_1_to_30_issue_718_75_the_31st_issues_31_25_and_the_turn_of_the_year_pays_the_rest(
    higgins: Callable[[str], Program], clock: Any
) -> None:
    program = higgins(GRANT.format("5000.00") + LIMIT)
    assert sum(map(worth, range(1, 31))) == 718_75
    assert sum(map(worth, range(1, 37))) == 997_50
    for n, at in enumerate(visits(), start=1):
        clock.now = at
        come_in(program, "c1", "test", "negative")
        balance = program.ledger.balance("c1")
        assert balance.earned == sum(map(worth, range(1, n + 1))), "earning goes on as it was"
        if n <= 30:
            done = issue_voucher(program, "c1")
            assert (done.cents, done.waiting, done.held) == (worth(n), 0, ())
            assert bool(done.near) == (balance.earned >= 600_00)
        elif n == 31:
            assert program.ledger.balance("c1").issued == 718_75
            done = issue_voucher(program, "c1")
            assert (worth(31), done.cents, done.waiting) == (40_00, 31_25, 8_75)
            assert [(held.cents, held.until) for held in done.held] == [(8_75, date(2027, 1, 1))]
            assert "the limit 'SAMHSA' lets 750.00 a calendar year" in done.held[0].why
        else:
            with pytest.raises(CMError, match="none of it can be issued just now") as stopped:
                issue_voucher(program, "c1")
            assert "it stays theirs" in str(stopped.value)
            assert "2027-01-01" in str(stopped.value)
    balance = program.ledger.balance("c1")
    assert (balance.earned, balance.issued, balance.waiting) == (997_50, 750_00, 247_50)

    clock.now = datetime(2026, 12, 31, 18, tzinfo=UTC)
    with pytest.raises(CMError):
        issue_voucher(program, "c1")
    clock.now = datetime(2027, 1, 1, 18, tzinfo=UTC)
    done = issue_voucher(program, "c1")
    assert (done.cents, done.waiting, done.held) == (247_50, 0, ())
    verdict = verify(program)
    assert verdict.ok, verdict.problems


def test_a_second_fund_pays_at_once_what_the_first_may_not(
    higgins: Callable[[str], Program], clock: Any
) -> None:
    program = higgins(GRANT.format("5000.00") + GIFTS + LIMIT)
    for n, at in enumerate(visits()[:31], start=1):
        clock.now = at
        come_in(program, "c1", "test", "negative")
        done = issue_voucher(program, "c1")
        assert done.cents == worth(n)
        paid = {share.fund: 0 for share in done.shares}
        for share in done.shares:
            paid[share.fund] += share.cents
        assert paid == ({"grant": worth(n)} if n <= 30 else {"grant": 31_25, "gifts": 8_75})
    assert verify(program).ok


def test_a_fund_that_is_added_later_pays_what_waits(
    higgins: Callable[[str], Program], clock: Any
) -> None:
    program = higgins(GRANT.format("5000.00") + LIMIT)
    for at in visits()[:33]:
        clock.now = at
        come_in(program, "c1", "test", "negative")
    assert issue_voucher(program, "c1").cents == 750_00
    program = settings(program, GRANT.format("5000.00") + GIFTS + LIMIT)
    done = issue_voucher(program, "c1")
    assert done.cents == sum(map(worth, range(1, 34))) - 750_00
    assert {share.fund for share in done.shares} == {"gifts"}
    assert verify(program).ok
    program.close()


# Funds.


@pytest.fixture
def program(make: Make) -> Program:
    opened = make(RULES, settings=HEAD + GRANT.format("25.00"))
    enroll(opened, "c1", "c2", "c3")
    return opened


def test_a_fund_is_issued_to_its_last_cent_and_what_comes_in_later_pays_the_rest(
    program: Program,
) -> None:
    for client in ("c1", "c2", "c3"):
        come_in(program, client)
    assert funds_now(program).uncovered == 5_00
    assert allowed(program, "c3").cents == 5_00, "10.00 each are kept for those who earned earlier"
    assert issue_voucher(program, "c3").cents == 5_00
    assert issue_voucher(program, "c1").cents == 10_00
    assert issue_voucher(program, "c2").cents == 10_00
    with pytest.raises(CMError, match=r"the fund 'grant' is used up just now.*ask Maria"):
        issue_voucher(program, "c3")
    add_money(program, "grant", 2_50)
    assert issue_voucher(program, "c3").cents == 2_50
    program = settings(program, GRANT.format("30.00"))
    assert issue_voucher(program, "c3").cents == 2_50
    (fund,) = funds_now(program).funds
    assert (fund.amount, fund.issued, fund.left, fund.promised) == (32_50, 30_00, 2_50, 0)
    assert verify(program).ok
    program.close()


def test_an_amount_beyond_what_may_be_issued_now_is_a_mistake_in_words(program: Program) -> None:
    for _ in range(3):
        come_in(program, "c1")
    with pytest.raises(CMError, match=r"30.00 is waiting, and 25.00 of it can be issued just now"):
        issue_voucher(program, "c1", cents=25_01)
    with pytest.raises(CMError, match="is more than is waiting"):
        issue_voucher(program, "c1", cents=30_01)
    assert program.ledger.balance("c1").issued == 0
    assert issue_voucher(program, "c1", cents=24_99).held[0].cents == 5_00
    assert issue_voucher(program, "c1").cents == 1


def test_a_fund_or_limit_that_is_lowered_takes_nothing_back(program: Program) -> None:
    for _ in range(3):
        come_in(program, "c1")
    assert issue_voucher(program, "c1").cents == 25_00
    for text in (
        GRANT.format("0.00"),
        GRANT.format("5.00"),
        GRANT.format("100.00") + LIMIT.replace("750.00", "0.01"),
        '[[limit]]\nname = "new"\nwindow = "program"\nmost = "10.00"\n',
    ):
        program = settings(program, text)
        assert program.ledger.balance("c1").issued == 25_00
        assert program.ledger.balance("c1").waiting == 5_00
        with pytest.raises(CMError, match=r"5\.00 is waiting, and none of it"):
            issue_voucher(program, "c1")
        assert verify(program).ok
    program = settings(program, "")
    assert issue_voucher(program, "c1").cents == 5_00
    program.close()


def test_only_an_existing_fund_takes_money_in(program: Program) -> None:
    with pytest.raises(CMError, match="no such fund; did you mean 'grant'"):
        add_money(program, "grantt", 1)
    with pytest.raises(CMError, match="no money"):
        add_money(program, "grant", 0)


# What SQL itself refuses.

VOUCHER = "insert into vouchers (id, client, cents, code_hash, issued_at, issued_by) values ('v', 'c2', {}, hex(randomblob(32)), '', '')"
CHARGE = "insert into charges (voucher, occurrence, n, fund, cents, on_day, terms) values ('v', {}, 1, '{}', {}, '2026-07-01', {})"


class Undone(Exception):
    """Takes back a transaction that was only tried."""


@pytest.mark.parametrize(
    "statements",
    [
        [VOUCHER.format(1)],  # nothing is charged
        [CHARGE.format(3, "grant", 1, 1)],  # no voucher comes
        [CHARGE.format(3, "grant", 4_00, 1), VOUCHER.format(5_00)],  # not exact
        [CHARGE.format(3, "grant", 5_00, 1), VOUCHER.format(4_00)],
        [CHARGE.format(4, "grant", 5_00, 1), VOUCHER.format(5_00)],  # somebody else's award
        [CHARGE.format(1, "grant", 5_00, 1), VOUCHER.format(5_00)],  # an award that is paid
        [CHARGE.format(3, "other", 5_00, 1), VOUCHER.format(5_00)],  # no such fund
        [CHARGE.format(3, "", 5_00, 1), VOUCHER.format(5_00)],  # beside the funds
        [CHARGE.format(3, "grant", 5_01, 1), VOUCHER.format(5_01)],  # more than the fund holds
        [CHARGE.format(3, "grant", -5_00, 1), VOUCHER.format(-5_00)],
        ["insert into fundings (fund, cents, added_at, added_by) values ('grant', -1, '', '')"],
    ],
)
def test_sql_itself_keeps_funds_and_charges_exact(program: Program, statements: list[str]) -> None:
    come_in(program, "c1")
    come_in(program, "c1")
    come_in(program, "c2")
    come_in(program, "c3")
    issue_voucher(program, "c1", cents=20_00)
    with pytest.raises((CMError, sqlite3.IntegrityError)), program.ledger.whole():
        program.ledger.rows("insert into pledges (terms, fund, cents) values (1, 'some', 0)")
        for statement in statements:
            program.ledger.rows(statement)
    assert verify(program).ok
    with pytest.raises(Undone), program.ledger.whole():
        # It takes what is right: 5.00 of 10.00, with 5.00 in the fund.
        program.ledger.rows(CHARGE.format(3, "grant", 5_00, 1))
        program.ledger.rows(VOUCHER.format(5_00))
        with pytest.raises(CMError, match="has been charged"):
            program.ledger.rows(CHARGE.format(3, "grant", 1, 1))
        raise Undone
    assert verify(program).ok


@pytest.mark.parametrize(
    ("table", "change", "found"),
    [
        ("charges", "update charges set cents = cents - 1 where seq = 1", "cents, and"),
        ("charges", "update charges set occurrence = 2 where seq = 1", "not of the same client"),
        ("charges", "update charges set occurrence = 1 where seq > 1", "more was charged for it"),
        ("charges", "update charges set fund = 'gifts' where seq = 1", "beyond what it holds"),
        ("pledges", "update pledges set cents = 1", "is not what program.toml said"),
        ("terms", "update terms set body = replace(body, '2500', '1')", "beyond what it holds"),
        ("charges", "update charges set on_day = '2026-07-02'", "limit 'month'"),
    ],
)
def test_verify_finds_what_was_changed_in_the_charges(
    program: Program, clock: Any, table: str, change: str, found: str
) -> None:
    program = settings(
        program,
        GRANT.format("25.00") + '[[limit]]\nname = "month"\nwindow = "month"\nmost = "10.00"\n',
    )
    come_in(program, "c1")
    come_in(program, "c2")
    come_in(program, "c1")
    issue_voucher(program, "c1")
    issue_voucher(program, "c2", cents=5_00)
    clock.now += timedelta(days=40)
    issue_voucher(program, "c1", cents=5_00)
    assert verify(program).ok
    connection = sqlite3.connect(program.ledger.path)
    connection.execute(f"drop trigger {table}_no_update")
    connection.execute(change)
    connection.commit()
    connection.close()
    problems = verify(program).problems
    program.close()
    assert any(found in one for one in problems), problems


# Several at once.


_together: list[Any] = []


def _meet(barrier: Any) -> None:
    _together.append(barrier)


def _issue_from_a_process(folder: str, clients: list[str]) -> list[int]:
    """Issue to each client in turn, each at the same moment as the other desks."""
    opened = open_program(Path(folder), by="ana")
    given = []
    for client in clients:
        _together[0].wait()
        try:
            given.append(issue_voucher(opened, client).cents)
        except CMError as error:
            assert "just now" in str(error) or "nothing is waiting" in str(error)
            given.append(0)
        except BaseException:
            _together[0].abort()  # the others are not to wait for a desk that has gone
            raise
    opened.close()
    return given


@pytest.mark.parametrize("at_once", ["the same client", "different clients"])
def test_desks_that_issue_from_one_fund_at_once_issue_it_to_the_cent_and_no_more(
    make: Make, at_once: str
) -> None:
    program = make(RULES, settings=HEAD + GRANT.format("61.25"))
    clients = [f"c{n}" for n in range(8)]
    enroll(program, *clients)
    for client in clients:
        come_in(program, client)
    folder, path = str(program.folder), program.ledger.path
    program.close()
    turns = [0] * 4 if at_once == "the same client" else [0, 2, 4, 6]
    orders = [clients[turn:] + clients[:turn] for turn in turns]
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(4, spawn, initializer=_meet, initargs=(spawn.Barrier(4),)) as pool:
        done = list(pool.map(_issue_from_a_process, [folder] * 4, orders))
    to = dict.fromkeys(clients, 0)
    for order, given in zip(orders, done, strict=True):
        for client, cents in zip(order, given, strict=True):
            to[client] += cents
    # First come, first served, by who earned first: six whole awards, 1.25 of the seventh's, once.
    assert list(to.values()) == [10_00] * 6 + [1_25, 0]
    connection = sqlite3.connect(path)
    assert connection.execute("select sum(cents) from charges").fetchone()[0] == 61_25
    connection.close()


# The command line.


def test_the_commands_say_what_waits_and_why(program: Program, run: Run) -> None:
    folder = program.folder
    for _ in range(3):
        come_in(program, "c1")
    shown = run("client", "show", "c1", folder=folder).output
    assert "Waiting to be handed over: 30.00" in shown
    assert "Of it can be issued now: 25.00" in shown
    assert "5.00 waits, and stays theirs: the fund 'grant' is used up just now" in shown
    seen = json.loads(run("client", "show", "c1", "--json", folder=folder).stdout)
    assert (seen["waiting_cents"], seen["may_issue_cents"]) == (30_00, 25_00)
    assert seen["held_back"][0]["reasons"] == [{"kind": "fund", "fund": "grant", "limit": None}]

    done = run("voucher", "issue", "c1", folder=folder)
    assert done.exit_code == 0
    assert "25.00 USD" in done.stdout
    assert "5.00 waits, and stays theirs" in done.stdout
    assert "'grant': 25.00 of 25.00 has been issued in all" in done.stderr
    again = run("voucher", "issue", "c1", folder=folder)
    assert again.exit_code == 1
    assert "5.00 is waiting, and none of it can be issued just now" in again.stderr

    listed = run("fund", "list", folder=folder)
    assert "'grant' has 0.00 of 25.00 left" in listed.stderr
    assert "5.00 of what waits has no money in a fund yet" in listed.stderr
    more = run("fund", "add", "grant", "100.00", folder=folder)
    assert more.stdout == "100.00 came into 'grant': 100.00 is left to issue.\n"
    data = json.loads(run("fund", "list", "--json", folder=folder).stdout)
    assert data["funds"] == [
        {
            "fund": "grant",
            "amount_cents": 125_00,
            "issued_cents": 25_00,
            "left_cents": 100_00,
            "promised_cents": 5_00,
            "pays_for": [],
            "nearly_used": False,
        }
    ]
    assert (data["waiting_cents"], data["uncovered_cents"]) == (5_00, 0)
    paid = json.loads(run("voucher", "issue", "c1", "--json", folder=folder).stdout)
    assert paid["charged"] == [{"fund": "grant", "cents": 5_00}]
    for wrong in (("grant", "1.5"), ("gramt", "1.00"), ("grant", "0")):
        assert run("fund", "add", *wrong, folder=folder).exit_code == 1


def test_a_rule_that_would_reach_a_limit_is_said_before_anybody_agrees_to_it(
    higgins: Callable[[str], Program], run: Run
) -> None:
    program = higgins(GRANT.format("5000.00") + LIMIT.replace("calendar_year", "program"))
    add_client(program, "c2")
    folder = program.folder
    program.close()
    words = "'vouchers-each-time' by itself reaches the limit 'SAMHSA' of 750.00 in the whole program at reward 31, on 2"
    part = "31.25 of 40.00 can be issued then; the rest waits, and stays theirs"
    for command in (
        ("rules", "check"),
        ("rules", "publish"),
    ):
        done = run(*command, folder=folder)
        assert done.exit_code == 0
        assert words in done.stderr
        assert part in done.stderr
    choice = ("goal", "choose", "c2", "vouchers-each-time", "--words", "mine")
    done = run(*choice, folder=folder)
    assert (
        done.stderr == "Some of what this brings may have to wait for a while. It stays theirs.\n"
    )
    data = json.loads(run("rules", "check", "--json", folder=folder).stdout)
    assert {(one["rule"], one["reward"], one["issued_cents"]) for one in data["reaches"]} == {
        ("vouchers-each-time", 31, 31_25),
        ("vouchers-by-calendar", 31, 31_25),
    }


def test_a_fund_that_pays_for_no_rule_there_is_and_a_rule_that_none_pays_for_are_said(
    program: Program, run: Run
) -> None:
    program = settings(program, GRANT.format("1.00") + 'pays_for = ["drop-inn"]\n')
    folder = program.folder
    program.close()
    said = run("fund", "list", folder=folder).stderr
    assert "pays for 'drop-inn', which is no published rule; did you mean 'drop-in'?" in said
    assert "no fund pays for 'drop-in'; add it to a pays_for" in said
    assert run("rules", "publish", folder=folder).stderr.count("no fund pays for") == 1


MONTHLY = '[[limit]]\nname = "monthly"\nwindow = "{}"\nmost = "75.00"\n'
MONEY = '[[rule.reward]]\nkind = "fixed_voucher"\nworth = "1.00"\n'
VISITS = 'kind = "any_of"\nevents = ["visit"]\n'


@pytest.mark.parametrize(
    ("goal", "reward", "more", "said"),
    [
        (VISITS, MONEY, "", True),
        (VISITS, '[[rule.reward]]\nkind = "every_nth"\nevery = 7\nworth = "1.00"\n', "", True),
        (VISITS, '[[rule.reward]]\nkind = "fishbowl"\nslips = [{ says = "a", count = 1, worth = "1.00" }]\n', "", True),
        ('kind = "at_most"\nevent = "drinks"\ntarget = 3\n', MONEY, "", True),
        (VISITS, MONEY, MONTHLY.format("award"), True),  # so much for each, and each again
        (VISITS + "per_day = 1\n", MONEY, "", False),
        (VISITS + "per_week = 2\n", MONEY, "", False),
        (VISITS, '[[rule.reward]]\nkind = "praise"\nsays = ["Good to see you"]\n', "", False),
        (VISITS, '[[rule.reward]]\nkind = "item"\nitem = "bus pass"\n', "", False),
        (VISITS, '[[rule.reward]]\nkind = "ladder"\nphases = [{ times = 5, worth = "1.00" }]\n', "", False),
        ('kind = "first_time"\nevents = ["visit"]\n', MONEY, "", False),
        (VISITS, MONEY, GRANT.format("5.00"), False),
        (VISITS, MONEY, MONTHLY.format("month"), False),
    ],
)  # fmt: skip
def test_a_rule_that_could_bring_any_amount_in_a_day_is_said_when_it_is_published(
    make: Make, run: Run, goal: str, reward: str, more: str, said: bool
) -> None:
    kinds = '[kind.visit]\nlabel = "Came in"\n[kind.drinks]\nlabel = "Drinks"\nunit = "drinks"\n'
    rule = f'[[rule]]\nid = "own"\ntitle = "My own"\n[rule.goal]\n{goal}{reward}'
    program = make(rule, kinds, 'name = "p"\nzone = "UTC"\n' + more)
    done = run("rules", "publish", folder=program.folder)
    words = (
        "'own' brings money as often as it is logged, and no fund or limit could hold any of it back; give it a pace,"
        " such as per_day = 1, or see what it may cost with: cmengine rules simulate own"
    )
    assert done.stderr == (f"Note: {words}\n" if said else "")
    told = json.loads(run("rules", "publish", "--json", folder=program.folder).stdout)
    assert told["notes"] == ([words] if said else [])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[[fund]]\nname = "a"\namount = "1.00"\nafter = "b"\n', "there is no fund 'b'"),
        (
            '[[fund]]\nname = "a"\namount = "1.00"\nafter = "b"\n[[fund]]\nname = "b"\namount = "1.00"\nafter = "a"\n',
            "would come after itself",
        ),
        ('[[fund]]\nname = "a"\namount = "-1.00"\n', "below zero"),
        ('[[limit]]\nname = "l"\nwindow = "month"\n', "most is missing"),
        (
            '[[limit]]\nname = "l"\nwindow = "month"\nmost = "1.00"\nwarn_at = "1.01"\n',
            "more than the limit itself",
        ),
        ('[[limit]]\nname = "l"\nwindow = "award"\nwarn_at = "1.00"\n', "nothing to be warned of"),
        (
            '[[limit]]\nname = "l"\nwindow = "month"\nmost = "1.00"\nstarts = 2026-02-01\nends = 2026-01-31\n',
            "before it starts",
        ),
        ('[[limit]]\nname = "l"\nwindow = "month"\nmost = "1.00"\nper = "fund"\n', "names no fund"),
        ('[[limit]]\nname = "l"\nwindow = "week"\nmost = "1.00"\n', "not one of its words"),
    ],
)
def test_what_cannot_be_agreed_is_said_in_words(make: Make, run: Run, text: str, said: str) -> None:
    folder = make().folder
    (folder / "program.toml").write_text(HEAD + text)
    done = run("client", "list", folder=folder)
    assert done.exit_code == 1
    assert said in done.stderr


# Ready profiles. The figures are those of the sources that each names.

MOST = {
    "samhsa-750": [("client", "budget_year", 750_00)],
    "oig-22-04": [
        ("client", "award", 4_99),
        ("client", "month", 200_00),
        ("client", "calendar_year", 599_00),
    ],
    "california-599": [("client", "calendar_year", 599_00)],
    "engagement-safe-harbor": [("client", "calendar_year", 500_00)],
    "nominal-value": [("client", "award", 15_00), ("client", "calendar_year", 75_00)],
    "tax-line": [("client", "calendar_year", None), ("client", "calendar_year", None)],
}


def test_the_profiles_are_those_that_are_known() -> None:
    found = {
        one.name: [(limit.per, limit.window, limit.most) for limit in one.limits]
        for one in profiles()
    }
    assert found == MOST


@pytest.mark.parametrize("name", sorted(MOST))
def test_a_profile_can_be_pasted_and_says_where_it_is_written(
    make: Make, run: Run, name: str
) -> None:
    folder = make().folder
    printed = run("limits", "show", name).stdout
    with (folder / "program.toml").open("a") as file:
        file.write(printed)
    read, mistakes = read_settings(folder)
    assert mistakes == []
    assert read is not None
    assert [(one.per, one.window, one.most) for one in read.limit] == MOST[name]
    assert all(any(digit in one.cite for digit in "0123456789") for one in read.limit)
    listed = run("limits", "list", folder=folder).stdout
    assert all(one.cite in listed for one in read.limit)


def test_the_tax_line_goes_by_the_year_of_the_payment() -> None:
    old, new = profile_of("tax-line").limits
    assert (old.warn_at, old.ends) == (600_00, date(2025, 12, 31))
    assert (new.warn_at, new.starts, new.ends) == (2000_00, date(2026, 1, 1), None)


def test_a_profile_that_is_not_there_says_what_is(run: Run) -> None:
    done = run("limits", "show", "samsa-750")
    assert done.exit_code == 1
    assert "did you mean 'samhsa-750'?" in done.stderr


def test_the_tax_line_warns_and_holds_nothing_back(make: Make, clock: Any) -> None:
    clock.now = datetime(2025, 6, 2, 18, tzinfo=UTC)
    rules = RULES.replace("10.00", "300.00")
    program = make(rules, settings=HEAD + profile_of("tax-line").text)
    enroll(program, "c1")
    for n, warned in enumerate((False, True, True), start=1):
        come_in(program, "c1")
        done = issue_voucher(program, "c1")
        assert (done.cents, done.held) == (300_00, ())
        assert [one.name for one in done.near] == ["tax report, up to 2025"] * warned, n
    clock.now = datetime(2026, 1, 1, 18, tzinfo=UTC)
    for n in range(1, 8):
        come_in(program, "c1")
        done = issue_voucher(program, "c1")
        assert [one.name for one in done.near] == ["tax report, from 2026 on"] * (n == 7)


def test_what_waits_is_read_in_the_order_in_which_it_was_earned(program: Program) -> None:
    for client in ("c2", "c1", "c2", "c3"):
        come_in(program, client)
    issue_voucher(program, "c2", cents=4_00)
    found = charges.dues(program.ledger, None, program.day, paid=True)
    assert [(due.client, due.cents, due.paid) for due in found] == [
        ("c2", 6_00, {"grant": 4_00}),
        ("c1", 10_00, {}),
        ("c2", 10_00, {}),
        ("c3", 10_00, {}),
    ]
    assert {due.since for due in found} == {date(2026, 7, 1)}
