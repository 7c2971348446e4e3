"""One look in the morning: every figure as the rows have it, and people who were away as guests to be greeted."""

import json
import sqlite3
from collections import Counter
from collections.abc import Callable
from contextlib import closing, redirect_stdout
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from hypothesis import given, settings
from hypothesis import strategies as st

from cmengine.backup import make_backup
from cmengine.choices import Wish, choose_goals
from cmengine.cli.status import show_status, status_data
from cmengine.consents import give, withdraw
from cmengine.corrections import correct_event
from cmengine.counting import count_items
from cmengine.engine import add_client, log_event, make_event
from cmengine.feedback import add_feedback, answer_feedback, shown_as
from cmengine.forgetting import forget
from cmengine.limits import Cap, Due, Fund, Terms, allowance, held_of_all
from cmengine.program import Program, open_program
from cmengine.status import LETTERS, SHOWN, status
from cmengine.stocking import add_stock
from cmengine.vouchers import issue_voucher

Make = Callable[..., Program]
Run = Callable[..., Result]

HEAD = 'name = "Riverside"\nzone = "UTC"\n'
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
[[rule.notify]]
kind = "outbox"

[[rule]]
id = "pass"
title = "A ride"
[rule.goal]
kind = "any_of"
events = ["ride"]
[[rule.reward]]
kind = "item"
item = "radio"
"""
KINDS = (
    '[kind.visit]\nlabel = "Came in"\n[kind.ride]\nlabel = "Came far"\n'
    '[kind.missed_visit]\nlabel = "Did not make it in"\n'
)
NOON = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def begun(make: Make, clock: Any) -> Callable[..., Program]:
    """Make a program with some clients, enrolled on the first of July at noon."""

    def made(text: str = "", clients: int = 3, rules: str = RULES) -> Program:
        clock.now = NOON
        program = make(rules, KINDS, HEAD + text)
        for n in range(clients):
            add_client(program, f"c{n}")
            wishes = [
                Wish(client=f"c{n}", rule=r, words="mine", on=date(2026, 1, 1))
                for r in ("drop-in", "pass")
            ]
            choose_goals(program, wishes)
        return program

    return made


def happens(
    program: Program, client: str, kind: str = "visit", on: date | None = None, id: str = ""
) -> str:
    at = program.moment(on, None)
    event, wrong = make_event(program, client=client, kind=kind, at=at, id=id or None)
    assert event is not None, wrong
    log_event(program, event)
    return event.id


def ask(program: Program, sql: str) -> Any:
    """Ask the file itself, on a connection of its own."""
    with closing(sqlite3.connect(program.ledger.path)) as other:
        return other.execute(sql).fetchall()


def everything(program: Program) -> list[str]:
    with closing(sqlite3.connect(program.ledger.path)) as other:
        return list(other.iterdump())


# What waits


def test_what_waits_is_what_the_rows_say_and_the_oldest_comes_first(
    begun: Callable[..., Program], clock: Any
) -> None:
    program = begun(clients=6)
    for days, client, kind in (
        (0, "c3", "visit"), (1, "c1", "ride"), (2, "c0", "visit"), (2, "c1", "visit"), (3, "c3", "visit"),
        (4, "c4", "visit"), (5, "c2", "visit"),
    ):  # fmt: skip
        clock.now = NOON + timedelta(days=days)
        happens(program, client, kind)
    issue_voucher(program, "c3", cents=500)
    issue_voucher(program, "c4")
    clock.now = NOON + timedelta(days=10)
    seen = status(program, 3).waiting
    earned = ask(program, "select sum(cents) from awards")[0][0]
    issued = ask(program, "select sum(cents) from vouchers")[0][0]
    assert seen.cents == earned - issued == 4500
    assert (seen.things, seen.people) == (1, 4)
    assert [(one.client, one.cents, one.items, one.days) for one in seen.oldest] == [
        ("c3", 1500, (), 10),
        ("c1", 1000, ("radio",), 9),
        ("c0", 1000, (), 8),
    ]
    for one in seen.oldest:
        since = ask(
            program,
            "select substr(min(e.logged_at), 1, 10) from events e join occurrences o on o.event = e.seq join awards a"
            " on a.occurrence = o.seq where (a.item is not null or a.cents > (select coalesce(sum(c.cents), 0) from"
            f" charges c where c.occurrence = a.occurrence and c.n = a.n)) and e.client = '{one.client}'",
        )
        assert one.since.isoformat() == since[0][0]


def test_a_thing_that_was_handed_over_waits_no_longer(begun: Callable[..., Program]) -> None:
    program = begun()
    happens(program, "c1", "ride")
    assert status(program).waiting.things == 1
    issue_voucher(program, "c1", item="radio")
    assert (status(program).waiting.things, status(program).waiting.people) == (0, 0)


# What is held back

AMOUNTS = st.integers(0, 12)
DUES = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("rs"), st.integers(1, 6)), max_size=9)  # fmt: skip


@settings(max_examples=300)
@given(DUES, AMOUNTS, AMOUNTS, AMOUNTS)
def test_what_is_held_back_is_what_is_left_when_everybody_comes_in_turn(
    waits: list[tuple[str, str, int]], first: int, second: int, most: int
) -> None:
    """Everything that waits, less all that is issued if each award is issued by itself, in order."""
    today = date(2026, 7, 1)
    terms = Terms(
        funds=(Fund(name="f", amount=first, pays_for=("r",)), Fund(name="g", amount=second)),
        caps=(Cap(name="m", window="program", most=most), Cap(name="all", window="program", most=3 * most, per="fund")),
    )  # fmt: skip
    queue = [
        Due(client=client, award=(n, 1), rule=rule, cents=cents, since=today)
        for n, (client, rule, cents) in enumerate(waits)
    ]
    held = held_of_all(queue, (), (), terms, today)
    issued = {"f": 0, "g": 0}
    to: Counter[str] = Counter()
    left: Counter[str] = Counter()
    for client, rule, cents in waits:
        rest = cents
        for name, amount in (("f", first), ("g", second)):
            if name == "f" and rule != "r":
                continue
            now = min(rest, amount - issued[name], most - to[client], 3 * most - sum(issued.values()))  # fmt: skip
            issued[name] += now
            to[client] += now
            rest -= now
        left[client] += rest
    assert sum(one.cents for one, _ in held) == left.total()
    assert {client for _, whose in held for client in whose} == {c for c in left if left[c]}
    for client in set(left):  # who stands at the desk alone is held back at least as little
        alone = allowance(client, [due for due in queue if due.client == client], (), (), terms, today)  # fmt: skip
        assert sum(one.cents for one in alone.held) <= left[client]
    assert all(one.instead for one, _ in held)


def test_limits_say_what_they_hold_back_and_why(begun: Callable[..., Program]) -> None:
    program = begun('[[limit]]\nname = "month"\nwindow = "month"\nmost = "15.00"\n')
    for client in ("c0", "c0", "c1"):
        happens(program, client)
    (one,) = status(program).held_back
    assert (one.cents, one.people, one.until) == (500, 1, date(2026, 8, 1))
    assert "month" in one.why and one.alternatives == ("more can be issued from 2026-08-01 on",)


def test_a_limit_and_an_empty_fund_are_told_apart_each_with_what_helps() -> None:
    today = date(2026, 7, 1)
    terms = Terms(
        funds=(Fund(name="gifts", amount=0),),
        caps=(Cap(name="month", window="month", most=150),),
    )
    queue = [Due(client="a", award=(1, 1), rule="r", cents=1775, since=today)]
    held = held_of_all(queue, (), (), terms, today)
    assert {(one.cents, one.reasons[0].kind) for one, _ in held} == {(1625, "limit"), (150, "fund")}
    by = {one.reasons[0].kind: one.todo for one, _ in held}
    assert by["limit"] == "more can be issued from 2026-08-01 on"
    assert by["fund"].startswith("more money can come in with: cmengine fund add 'gifts'")


def test_what_a_fund_cannot_pay_is_kept_for_those_who_earned_it_earlier(
    begun: Callable[..., Program],
) -> None:
    program = begun('[[fund]]\nname = "gifts"\namount = "12.00"\n')
    happens(program, "c0")
    happens(program, "c1")
    seen = status(program)
    (one,) = seen.held_back
    assert (one.cents, one.people) == (800, 1) and "kept for those who earned it earlier" in one.why
    (fund,) = seen.funds
    assert (fund.amount, fund.issued, fund.promised) == (1200, 0, 1200) and not fund.nearly
    assert seen.uncovered == 800


# People


def away(program: Program, most: int = 99) -> list[tuple[str, date | None, int]]:
    return [(one.client, one.last, one.days) for one in status(program, most).people.shown]


def test_people_are_greeted_when_they_were_not_seen_for_fourteen_days(
    begun: Callable[..., Program], clock: Any
) -> None:
    program = begun(clients=5)
    happens(program, "c0", on=date(2026, 6, 30))
    happens(program, "c1", on=date(2026, 7, 1))
    happens(program, "c2", "missed_visit", on=date(2026, 7, 1))
    clock.now = NOON + timedelta(days=10)
    happens(program, "c3", on=date(2026, 7, 11))
    happens(program, "c3", on=date(2026, 6, 1))  # from an old sheet of paper
    happens(program, "c0", "missed_visit", on=date(2026, 7, 10))
    clock.now = NOON + timedelta(days=13)
    assert away(program) == [("c0", date(2026, 6, 30), 14)]
    clock.now = NOON + timedelta(days=14)
    assert away(program) == [
        ("c1", date(2026, 7, 1), 14),
        ("c2", None, 14),
        ("c4", None, 14),
        ("c0", date(2026, 6, 30), 15),
    ]
    assert [one[0] for one in away(program, 1)] == ["c1"]
    assert status(program, 1).people.total == 4
    happens(program, "c2")
    assert "c2" not in [one[0] for one in away(program)]


def test_a_day_that_was_a_mistake_is_no_day_on_which_somebody_was_seen(
    begun: Callable[..., Program], clock: Any
) -> None:
    program = begun(clients=1)
    happens(program, "c0", on=date(2026, 6, 1))
    wrong = happens(program, "c0", on=date(2026, 6, 30))
    assert away(program) == []
    correct_event(program, wrong, "It was somebody else")
    assert away(program) == [("c0", date(2026, 6, 1), 30)]


def test_who_asked_to_be_forgotten_is_not_looked_for(
    begun: Callable[..., Program], clock: Any
) -> None:
    program = begun(clients=2)
    forget(program, "c0")
    clock.now = NOON + timedelta(days=20)
    assert [one[0] for one in away(program)] == ["c1"]


LOGS = st.lists(
    st.tuples(st.integers(0, 3), st.sampled_from(["visit", "ride", "missed_visit"]), st.integers(1, 40)),
    max_size=12,
)  # fmt: skip


def test_who_is_greeted_is_what_the_rows_say(
    begun: Callable[..., Program], clock: Any, tmp_path: Path
) -> None:
    """Whatever was logged, in whatever order: as by the greatest day of each, worked out apart."""
    program = begun(clients=4)
    clock.now = NOON + timedelta(days=40)
    logged: list[tuple[int, str, date]] = []

    @settings(max_examples=40)
    @given(LOGS)
    def look(more: list[tuple[int, str, int]]) -> None:
        for n, kind, days in more:
            on = date(2026, 7, 1) + timedelta(days=days)
            happens(program, f"c{n}", kind, on=on)
            logged.append((n, kind, on))
        expected = []
        for n in range(4):
            seen = [on for who, kind, on in logged if who == n and kind != "missed_visit"]
            last = max(seen) if seen else None
            gone = (program.today() - (last or date(2026, 7, 1))).days
            if gone >= 14:
                expected.append((f"c{n}", last, gone))
        assert away(program) == sorted(expected, key=lambda one: (one[2], one[0]))

    look()


def test_how_long_a_while_is_and_what_is_no_visit_can_be_set(
    begun: Callable[..., Program], clock: Any
) -> None:
    program = begun('[status]\naway = 3\nnot_seen = ["ride"]\n', clients=2)
    happens(program, "c0", "missed_visit")
    happens(program, "c1", "ride")
    clock.now = NOON + timedelta(days=3)
    assert away(program) == [("c0", date(2026, 7, 1), 3), ("c1", None, 3)]
    clock.now = NOON + timedelta(days=2)
    assert away(program) == []


def test_who_does_not_allow_to_be_written_to_is_greeted_when_they_come_by(
    begun: Callable[..., Program], clock: Any, run: Run
) -> None:
    program = begun(clients=3)
    give(program, "c0", channel="outbox")
    give(program, "c1", channel="outbox")
    withdraw(program, "c1")
    clock.now = NOON + timedelta(days=20)
    shown = {one.client: one.may_write for one in status(program).people.shown}
    assert shown == {"c0": True, "c1": False, "c2": False}
    (program.folder / "program.toml").write_text(HEAD)
    told = run("status", folder=program.folder).output
    assert "when they come by" in told and "Nothing of theirs has run out." in told


# The rest


def test_stock_that_is_low_or_was_not_counted_is_said(
    begun: Callable[..., Program], clock: Any
) -> None:
    program = begun("[stock]\nlow = 4\n[status]\ncount = 30\n")
    file = program.folder / "things.csv"
    file.write_text("item,count,value\nradio,3,20.00\nlamp,9,5.00\nkite,0,5.00\n")
    add_stock(program, file)
    assert [(one.name, one.on_hand) for one in status(program).stock] == [("kite", 0), ("radio", 3)]
    assert status(program).uncounted == ()
    clock.now = NOON + timedelta(days=30)
    assert [(one.name, one.days, one.ever) for one in status(program).uncounted] == [
        ("lamp", 30, False),
        ("radio", 30, False),
    ]
    count_items(program, "lamp", 9, "ben")
    clock.now = NOON + timedelta(days=61)
    assert [(one.name, one.days, one.ever) for one in status(program).uncounted] == [
        ("lamp", 31, True),
        ("radio", 61, False),
    ]


def test_the_backup_is_said_when_it_is_old(
    begun: Callable[..., Program], clock: Any, tmp_path: Path
) -> None:
    program = begun()
    assert not status(program).backup.old  # there is nothing yet that could go with the disk
    happens(program, "c0")
    assert status(program).backup.old and status(program).backup.last is None
    make_backup(program, tmp_path / "backup.zip")
    assert (status(program).backup.old, status(program).backup.days) == (False, 0)
    clock.now = NOON + timedelta(days=8)
    assert (status(program).backup.old, status(program).backup.days) == (True, 8)


def test_messages_are_counted_by_where_they_stand(
    begun: Callable[..., Program], clock: Any
) -> None:
    program = begun()
    give(program, "c0", channel="outbox")
    happens(program, "c0")
    happens(program, "c1")
    seen = status(program).messages
    assert seen.waiting == seen.looked_at == 2 <= LETTERS
    assert seen.states["no consent"] == 1 and sum(seen.states.values()) == 2


def test_what_people_said_waits_and_is_late_but_not_at_the_desk_of_the_one_it_names(
    begun: Callable[..., Program], clock: Any, run: Run
) -> None:
    program = begun('staff = ["ana", "ben", "mia"]\n')
    add_feedback(program, "The tea is cold.", client="c0")
    add_feedback(program, "Ben shouted.", client="c1", complaint=True, about="ben")
    add_feedback(program, "It was loud.")
    answer_feedback(program, shown_as(3), "It was.")
    clock.now = NOON + timedelta(days=14)
    seen = [(one.number, one.kind, one.late, one.goes_to) for one in status(program).feedback]
    assert seen == [(shown_as(1), "feedback", True, None), (shown_as(2), "complaint", True, "mia")]
    told = run("status", folder=program.folder)
    assert f"complaint {shown_as(2)}" in told.output and "shouted" not in told.output
    for json_too in ([], ["--json"]):
        bens = run("--by", "ben", "status", *json_too, folder=program.folder)
        assert bens.exit_code == 0 and "complaint" not in bens.output
    answer_feedback(program, shown_as(2), "Sorry.", "We talked.")
    assert [one.number for one in status(program).feedback] == [shown_as(1)]


def test_what_the_doctor_finds_is_a_line_each(begun: Callable[..., Program], run: Run) -> None:
    program = begun()
    assert status(program).findings == ()
    Path(program.ledger.path).chmod(0o644)
    (one,) = status(program).findings
    assert "others can read it" in one.what
    assert "others can read it" in " ".join(run("status", folder=program.folder).output.split())


# Each figure by itself


def screen(program: Program, most: int = SHOWN) -> str:
    """What the screen says, by the program's own clock."""
    with redirect_stdout(StringIO()) as out:
        show_status(program, status(program, most))
    return out.getvalue()


def shelf(program: Program, name: str, text: str) -> None:
    file = program.folder / name
    file.write_text(text)
    add_stock(program, file)


def test_what_waits_for_somebody_waits_since_the_first_of_it_and_of_a_day_codes_come_in_order(
    begun: Callable[..., Program], clock: Any
) -> None:
    program = begun(clients=5)
    for days, client, kind in (
        (0, "c4", "visit"), (1, "c3", "ride"), (2, "c3", "ride"), (2, "c3", "visit"), (2, "c1", "visit"),
        (2, "c1", "visit"), (2, "c2", "visit"),
    ):  # fmt: skip
        clock.now = NOON + timedelta(days=days)
        happens(program, client, kind)
    seen = status(program).waiting
    assert [(one.client, one.cents, one.items, one.days) for one in seen.oldest] == [
        ("c4", 1000, (), 2),
        ("c3", 1000, ("radio", "radio"), 1),
        ("c1", 2000, (), 0),
        ("c2", 1000, (), 0),
    ]
    assert (seen.people, seen.things, seen.cents) == (4, 2, 5000)


def test_somebody_for_whom_only_a_thing_waits_is_counted(begun: Callable[..., Program]) -> None:
    program = begun()
    happens(program, "c1", "ride")
    seen = status(program).waiting
    assert (seen.cents, seen.things, seen.people) == (0, 1, 1)
    assert [(one.client, one.items) for one in seen.oldest] == [("c1", ("radio",))]


def test_the_day_since_which_something_waits_is_the_programs(make: Make, clock: Any) -> None:
    """At two in the morning it is still the evening before, where a day begins at four."""
    night = datetime(2026, 7, 2, 9, 0, tzinfo=UTC)  # 02:00 in Los Angeles
    clock.now = night - timedelta(hours=14)
    zone = 'name = "Riverside"\nzone = "America/Los_Angeles"\nday_boundary = "04:00"\n'
    program = make(RULES, KINDS, zone)
    clock.now = night
    for client in ("c0", "c1", "c2"):
        add_client(program, client)
        wishes = [
            Wish(client=client, rule=rule, on=date(2026, 1, 1)) for rule in ("drop-in", "pass")
        ]
        choose_goals(program, wishes)
    happens(program, "c0")
    happens(program, "c1", "ride")
    clock.now = night + timedelta(days=14)
    seen = status(program)
    assert [(one.client, one.since, one.days) for one in seen.waiting.oldest] == [
        ("c0", date(2026, 7, 1), 14),
        ("c1", date(2026, 7, 1), 14),
    ]
    assert [(one.client, one.last, one.days) for one in seen.people.shown] == [
        ("c0", date(2026, 7, 1), 14),
        ("c1", date(2026, 7, 1), 14),
        ("c2", None, 14),
    ]
    assert screen(program).count(", for 14 days (since Wed 1 Jul 2026)") == 2
    program.close()
    east = zone.replace("America/Los_Angeles", "Asia/Tokyo").replace("04:00", "00:00")
    moved = make(settings=east)  # there it was the evening of the second
    assert [one.since for one in status(moved).waiting.oldest] == [date(2026, 7, 2)] * 2
    assert [(one.client, one.last, one.days) for one in status(moved).people.shown] == [
        ("c2", None, 14),
        ("c0", date(2026, 7, 1), 15),
        ("c1", date(2026, 7, 1), 15),
    ], "the day on which somebody came by is kept as it was"


def test_somebody_who_was_enrolled_fourteen_days_ago_by_the_programs_day_is_greeted(
    make: Make, clock: Any
) -> None:
    clock.now = datetime(2026, 7, 2, 9, 0, tzinfo=UTC)
    zone = 'name = "Riverside"\nzone = "America/Los_Angeles"\nday_boundary = "04:00"\n'
    program = make(RULES, KINDS, zone)
    add_client(program, "c0")
    clock.now = datetime(2026, 7, 15, 10, 59, tzinfo=UTC)  # 03:59: still the fourteenth
    assert (away(program), status(program).people.total) == ([], 0)
    clock.now = datetime(2026, 7, 15, 11, 0, tzinfo=UTC)
    assert (away(program), status(program).people.total) == ([("c0", None, 14)], 1)


def test_of_what_is_held_back_the_most_comes_first(begun: Callable[..., Program]) -> None:
    limit = '[[limit]]\nname = "{}"\nwindow = "program"\nmost = "{}"\nstarts = 2026-01-01\n'
    program = begun(
        '[[fund]]\nname = "gifts"\namount = "12.00"\n' + limit.format("each", "15.00"), clients=3
    )
    for client in ("c0", "c0", "c0", "c1"):
        happens(program, client)
    seen = status(program).held_back
    assert [(one.cents, one.people) for one in seen] == [(1500, 1), (1000, 1), (300, 1)]
    assert "'each'" in seen[0].why and "'gifts'" in seen[1].why and "'gifts'" in seen[2].why


def test_cards_that_are_low_or_of_which_the_day_comes_or_is_past_are_said(
    begun: Callable[..., Program], clock: Any
) -> None:
    program = begun("[stock]\nlow = 2\n[status]\ncount = 400\n", clients=0)
    head = "serial,code,value,brand,expires\n"
    shelf(program, "soon.csv", head + "".join(f"A-{n},AAAA-{n},5.00,Soon,2026-08-10\n" for n in range(3)))  # fmt: skip
    shelf(program, "past.csv", head + "".join(f"B-{n},BBBB-{n},5.00,Past,2026-07-05\n" for n in range(3)) + "".join(f"D-{n},DDDD-{n},5.00,Past,\n" for n in range(2)))  # fmt: skip
    shelf(program, "few.csv", head + "C-0,CCCC-0,5.00,Few,\n")
    shelf(program, "fine.csv", head + "".join(f"E-{n},EEEE-{n},5.00,Fine,2027-07-01\n" for n in range(2)))  # fmt: skip
    clock.now = NOON + timedelta(days=9)
    assert [one.name for one in status(program).stock] == ["Few 5.00", "Past 5.00"]
    clock.now = NOON + timedelta(days=10)  # from here on it is thirty days
    told = screen(program)
    for line in (
        "  Few 5.00: 1 left\n",
        "  Past 5.00: the shop takes 3 no longer\n",
        "  Soon 5.00: 3 to be used by Mon 10 Aug 2026 or soon after\n",
    ):
        assert line in told
    assert "Fine" not in told
    rows = status_data(status(program))["stock"]
    assert rows == [
        {"name": "Few 5.00", "on_hand": 1, "low": True, "expired": 0, "soon": 0},
        {"name": "Past 5.00", "on_hand": 2, "low": False, "expired": 3, "soon": 0},
        {"name": "Soon 5.00", "on_hand": 3, "low": False, "expired": 0, "soon": 3},
    ]


def test_something_is_not_counted_since_it_first_came_or_was_counted_last(
    begun: Callable[..., Program], clock: Any
) -> None:
    program = begun("[stock]\nlow = 0\n[status]\ncount = 10\n", clients=0)
    for n, day in ((1, 0), (2, 5)):
        clock.now = NOON + timedelta(days=day)
        shelf(program, f"{n}.csv", f"item,count,value\nlamp,{n},5.00\nradio,{n},20.00\n")
    for day in (6, 8):
        clock.now = NOON + timedelta(days=day)
        count_items(program, "radio", 3, "ben")
    clock.now = NOON + timedelta(days=17)
    assert [(one.name, one.days) for one in status(program).uncounted] == [("lamp", 17)]
    clock.now = NOON + timedelta(days=18)
    assert [(one.name, one.since, one.days, one.ever) for one in status(program).uncounted] == [
        ("lamp", date(2026, 7, 1), 18, False),
        ("radio", date(2026, 7, 9), 10, True),
    ]
    told = screen(program)
    assert "  lamp: here since Wed 1 Jul 2026, not counted yet (18 days)\n" in told
    assert "  radio: last counted on Thu 9 Jul 2026 (10 days)\n" in told


def test_what_has_a_place_of_its_own_is_not_said_twice(
    begun: Callable[..., Program], clock: Any, tmp_path: Path
) -> None:
    program = begun("[stock]\nlow = 4\n")
    shelf(program, "things.csv", "item,count,value\nradio,3,20.00\n")
    happens(program, "c0")
    seen = status(program)
    assert seen.backup.old and seen.stock and seen.findings == ()
    told = screen(program)
    assert "  none has been made yet; make one with: cmengine backup DIR\n" in told
    make_backup(program, tmp_path / "backup.zip")
    assert "Backup" not in screen(program)
    clock.now = NOON + timedelta(days=9)
    told = screen(program)
    assert "  the last one is 9 days old; make one with: cmengine backup DIR\n" in told


def test_messages_that_are_needed_no_longer_do_not_wait_and_the_oldest_are_looked_at(
    begun: Callable[..., Program], monkeypatch: pytest.MonkeyPatch
) -> None:
    program = begun()
    give(program, "c0", channel="outbox")
    happens(program, "c0")
    assert status(program).messages.waiting == 1
    issue_voucher(program, "c0")
    assert (status(program).messages.waiting, status(program).messages.states) == (0, {})
    assert "Messages" not in screen(program)
    happens(program, "c1")
    happens(program, "c2")
    seen = status(program).messages
    assert (seen.waiting, seen.looked_at, seen.states) == (2, 3, {"no consent": 2})
    assert "  2 waiting: 2 no consent to write\n" in screen(program)
    monkeypatch.setattr("cmengine.status.LETTERS", 2)
    seen = status(program).messages
    assert (seen.waiting, seen.looked_at, seen.states) == (2, 2, {"no consent": 1})


def test_a_yes_to_be_counted_is_none_to_be_written_to(
    begun: Callable[..., Program], clock: Any
) -> None:
    program = begun(clients=3)
    give(program, "c0", "equity")
    give(program, "c1", channel="outbox")
    happens(program, "c1")
    clock.now = NOON + timedelta(days=20)
    shown = {one.client: one.may_write for one in status(program).people.shown}
    assert shown == {"c0": False, "c1": True, "c2": False}
    told = screen(program, 2)
    assert told.endswith(
        "You may like to say hello to\n"
        "  c0: has not been by yet; when they come by\n"
        "  c1: last seen Wed 1 Jul 2026; likes to be written to\n"
        "  ... and 1 more: --most\n"
        "  Nothing of theirs has run out.\n"
    )


def test_what_waits_is_told_in_days_and_how_many_more_there_are(
    begun: Callable[..., Program], clock: Any
) -> None:
    program = begun(clients=4)
    for day, client in enumerate(("c0", "c1", "c2", "c3")):
        clock.now = NOON + timedelta(days=day)
        happens(program, client)
    lines = [
        "  c0: 10.00, for 3 days (since Wed 1 Jul 2026)",
        "  c1: 10.00, for 2 days (since Thu 2 Jul 2026)",
        "  c2: 10.00, for 1 day (since Fri 3 Jul 2026)",
        "  c3: 10.00, since today",
    ]
    for most in range(5):
        told = screen(program, most)
        more = [f"  ... and {4 - most} more: --most"] if most < 4 else []
        assert told.splitlines()[3:][: most + len(more) + 1] == [
            "  40.00, for 4 people", *lines[:most], *more
        ]  # fmt: skip


def test_a_fund_that_is_nearly_used_or_too_small_is_said_as_text_and_as_data(
    begun: Callable[..., Program],
) -> None:
    program = begun('[[fund]]\nname = "gifts"\namount = "24.00"\n')
    happens(program, "c0")
    issue_voucher(program, "c0")
    happens(program, "c1")
    told = screen(program)
    assert "  gifts: 14.00 of 24.00 left, 10.00 of it promised\n" in told
    assert "no money in a fund" not in told
    issue_voucher(program, "c1")
    happens(program, "c1")
    told = screen(program)
    assert "  gifts: 4.00 of 24.00 left, 4.00 of it promised; it is nearly used\n" in told
    assert "  6.00 of what waits has no money in a fund yet\n" in told
    held = (
        "  6.00 for 1 person, and it stays theirs: the fund 'gifts' is used up just now; more money"
    )
    assert held in told
    data = status_data(status(program))
    assert data["uncovered_cents"] == 600
    assert data["funds"] == [
        {
            "fund": "gifts",
            "amount_cents": 2400,
            "issued_cents": 2000,
            "left_cents": 400,
            "promised_cents": 400,
            "nearly_used": True,
        }
    ]


def test_ten_of_what_people_said_are_named_the_oldest_first(
    begun: Callable[..., Program], clock: Any
) -> None:
    program = begun('staff = ["ana", "ben", "mia"]\n', clients=1)
    add_feedback(program, "It took long.", client="c0", complaint=True, about="ben")
    clock.now = NOON + timedelta(days=1)
    for n in range(9):
        add_feedback(program, f"The tea is cold, {n}.")

    def lines() -> list[str]:
        (part,) = [one for one in screen(program).split("\n\n") if "What people said" in one]
        return part.splitlines()[1:]

    assert lines() == [
        f"  complaint {shown_as(1)} waits for an answer for 1 day, for mia",
        *(f"  feedback {shown_as(n)} is new" for n in range(2, 11)),
    ]
    add_feedback(program, "The tea is cold.")
    assert lines()[9:] == [
        f"  feedback {shown_as(10)} is new",
        "  ... and 1 more: cmengine feedback list --open",
    ]
    clock.now = NOON + timedelta(days=20)
    assert ": please answer it" in lines()[0] and "for 20 days, for mia" in lines()[0]


def test_a_held_rule_is_told_with_the_first_problem_and_what_to_do(
    begun: Callable[..., Program],
) -> None:
    program = begun()
    for client in ("c0", "c1"):
        happens(program, client)
    with program.ledger.writing("hold"):
        for client, event, problem in (("c0", 1, "it raised"), ("c1", 2, "it left")):
            program.ledger.insert(
                "holds", client=client, rule="pass", event=event, problem=problem,
                held_at=NOON.isoformat(), held_by="ana",
            )  # fmt: skip
    (one,) = status(program).held_rules
    assert (one.people, one.problem) == (2, "it raised")
    told = screen(program)
    assert "  pass, for 2 people (it raised); then: cmengine retry\n" in told


# As it is shown

KEYS = {
    "program", "on", "waiting", "held_back", "funds", "uncovered_cents", "stock", "uncounted", "backup",
    "messages", "feedback", "held_rules", "findings", "people",
}  # fmt: skip


def test_a_quiet_morning_says_so(begun: Callable[..., Program], run: Run) -> None:
    program = begun(clients=0)
    told = run("status", folder=program.folder).output.splitlines()
    assert told[0].startswith("Riverside, ") and told[1:] == [
        "Nothing waits, and nothing wants a hand."
    ]


def test_the_screen_says_all_of_it_and_only_reads(
    begun: Callable[..., Program], clock: Any, run: Run
) -> None:
    limit = '[[limit]]\nname = "month"\nwindow = "month"\nmost = "15.00"\n'
    program = begun(limit + '[[fund]]\nname = "gifts"\namount = "21.00"\n')
    for client in ("c0", "c0", "c1"):
        happens(program, client)
    happens(program, "c1", "ride")
    add_feedback(program, "The tea is cold.")
    before = everything(program)
    done = run("status", folder=program.folder)
    told = json.loads(run("status", "--json", folder=program.folder).stdout)
    assert everything(program) == before
    assert set(told) == KEYS
    for words in (
        "30.00 and 1 thing, for 2 people",
        "c1: 10.00 and radio, ",
        "and it stays theirs: ",
        "gifts: 21.00 of 21.00 left",
        "none has been made yet",
        "2 waiting: 2 no consent to write",
        f"feedback {shown_as(1)} ",
        "You may like to say hello to",
    ):
        assert words in " ".join(done.output.split()), words
    assert told["waiting"]["cents"] == 3000 and told["funds"][0]["fund"] == "gifts"
    assert [one["client"] for one in told["people"]["shown"]] == ["c0", "c1", "c2"]
    assert all(one["alternatives"] for one in told["held_back"])


NEVER = (
    "inactive",
    "lost",
    "absent",
    "no-show",
    "overdue",
    "dropped",
    "missing",
    "expired",
    "failed",
)


def test_nobody_is_spoken_of_as_if_they_were_gone(
    begun: Callable[..., Program], clock: Any, run: Run
) -> None:
    program = begun()
    happens(program, "c0", "missed_visit")
    out = run("status", folder=program.folder).output
    document = run("status", "--json", folder=program.folder).output
    people = out[out.index("You may like") :] + document[document.index('"people"') :]
    assert [word for word in NEVER if word in people.lower()] == []


def test_a_held_rule_is_told_for_how_many_people(begun: Callable[..., Program]) -> None:
    program = begun()
    for client in ("c0", "c1"):
        happens(program, client)
    with program.ledger.writing("hold"):
        for client, event in (("c0", 1), ("c1", 2)):
            program.ledger.insert(
                "holds", client=client, rule="pass", event=event, problem="it raised",
                held_at=NOON.isoformat(), held_by="ana",
            )  # fmt: skip
    (one,) = status(program).held_rules
    assert (one.rule, one.people, one.problem) == ("pass", 2, "it raised")


def test_a_client_is_called_by_name_on_the_screen_and_by_code_in_data(
    begun: Callable[..., Program], run: Run, clock: Any
) -> None:
    program = begun(clients=0)
    add_client(program, "c7", "Sky")
    assert "Sky (c7)" in run("status", folder=program.folder).output
    assert "Sky" not in run("status", "--json", folder=program.folder).output


def test_another_desk_sees_the_same(begun: Callable[..., Program]) -> None:
    program = begun()
    happens(program, "c0")
    other = open_program(program.folder, by="ben", clock=program.clock, registry=program.registry)
    assert status(other) == status(program)
    other.close()
