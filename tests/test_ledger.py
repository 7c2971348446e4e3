"""The ledger: facts only grow, reads do not grow with the past, and a replay finds what was changed."""

import multiprocessing
import sqlite3
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cmengine import database, migrations
from cmengine.charges import put_money_in
from cmengine.choices import Wish, choose_goals, set_aside, set_goal
from cmengine.consents import MESSAGES, give
from cmengine.corrections import correct_event
from cmengine.counting import count_items
from cmengine.database import journal_mode
from cmengine.disclosures import Grounds, disclose
from cmengine.engine import Logbook, add_client, log_event, make_event
from cmengine.errors import CMError
from cmengine.evaluate import play
from cmengine.holds import Hold, add_holds, held_for, resume
from cmengine.information import answer
from cmengine.model import Choice, Event
from cmengine.options import Place
from cmengine.program import Program, open_program
from cmengine.publish import publish
from cmengine.reasons import reasons
from cmengine.replacing import print_by_code, replace_voucher
from cmengine.sending import retry, send_waiting
from cmengine.stocking import add_stock
from cmengine.turns import retire
from cmengine.verify import verify
from cmengine.vouchers import issue_voucher, redeem_voucher

Make = Callable[..., Program]

RULES = """
[[rule]]
id    = "drop-in"
title = "Coming in"
[rule.goal]
kind    = "any_of"
events  = ["visit"]
per_day = 1
[[rule.reward]]
kind  = "escalating_voucher"
start = "2.50"
step  = "1.25"

[[rule]]
id          = "fewer-drinks"
title       = "My own number"
client_sets = ["goal.target"]
[rule.goal]
kind  = "at_most"
event = "drinks"
target = 6
[[rule.reward]]
kind  = "fixed_voucher"
worth = "1.50"
[[rule.reward]]
kind = "item"
item = "bus pass"
"""
KINDS = """
[kind.visit]
label = "Came in"
[kind.missed_visit]
label = "Did not make it in"
[kind.drinks]
label = "Drinks in a day"
unit  = "drinks"
"""


def log(
    program: Program,
    kind: str,
    value: str | None = None,
    on: date | None = None,
    id: str | None = None,
) -> int:
    """Log an event for c1; give what it earned, in cents."""
    event, wrong = make_event(
        program, client="c1", kind=kind, value=value, at=program.moment(on, None), id=id
    )
    assert event is not None, wrong
    return sum(
        r.outcome.earned.cents for r in log_event(program, event).results if r.outcome.earned
    )


@pytest.fixture
def program(make: Make) -> Program:
    opened = make(RULES, KINDS)
    add_client(opened, "c1", "Sky")
    choose_goals(
        opened, [Wish(client="c1", rule="drop-in", words="See people", on=date(2026, 6, 1))]
    )
    return opened


def test_the_fast_path_knows_how_many_migration_steps_there_are() -> None:
    steps = [name for name in dir(migrations) if name.startswith("m0")]
    assert len(steps) == migrations.STEPS == database.SCHEMA


def something_of_everything_in_the_stock(program: Program) -> None:
    """Hand over a card, one for it that works, and a thing, and count what is left."""
    choose_goals(program, [Wish(client="c1", rule="fewer-drinks", words="w", on=date(2026, 6, 1))])
    log(program, "drinks", "1", on=date(2026, 6, 1))
    cards = program.folder / "cards.csv"
    cards.write_text("serial,code,value,brand\n1,AAAA1111,1.00,Grocer\n2,BBBB2222,1.00,Grocer\n")
    add_stock(program, cards)
    things = program.folder / "things.csv"
    things.write_text("item,count,value\nbus pass,3,2.50\n")
    add_stock(program, things)
    handed = issue_voucher(program, "c1", card="Grocer")
    replace_voucher(program, handed.voucher, "The shop says it is empty")
    issue_voucher(program, "c1", item="bus pass")
    ben = open_program(program.folder, by="ben", clock=program.clock, registry=program.registry)
    count_items(ben, "bus pass", 1, "ana")
    ben.close()


def something_said_allowed_and_not_now(program: Program) -> None:
    """Write down a consent, a message that did not go, a complaint with its answer, and a refusal."""
    ledger, now = program.ledger, program.now().isoformat()
    give(program, "c1", MESSAGES, "outbox")
    assert [one.problem for one in send_waiting(program, lambda *_: "it did not answer")]
    assert retry(program)
    answer(program, "c1", "naloxone", wants=True)
    with ledger.writing():
        ledger.insert("forgotten", client="c1", noted_at=now, noted_by="ana")
    with ledger.writing():
        told = ledger.insert(
            "feedback", id="b", kind="complaint", client="c1", names="ben", goes_to="ana",
            told_at=now, noted_by="ana",
        )  # fmt: skip
        ledger.insert("answers", feedback=told, changed=1, answered_at=now, answered_by="ana")
        ledger.insert(
            "refusals", client="c1", reason="fund", what="gifts", cents=100,
            on_day="2026-07-01", made_at=now, made_by="ana",
        )  # fmt: skip


def something_of_everything(program: Program) -> None:
    """Put a row into every table there is."""
    log(program, "visit")
    issued = issue_voucher(program, "c1")
    replaced = replace_voucher(program, issued.voucher, "Lost the slip")
    with pytest.raises(CMError):
        redeem_voucher(program, issued.code)
    print_by_code(program, replaced.code)
    redeem_voucher(program, replaced.code)
    something_of_everything_in_the_stock(program)  # after a restore, cards are counted first
    with program.ledger.writing():
        head = {"file": "backup.zip", "entry": 1, "hash": "0" * 64}
        now = program.now().isoformat()
        program.ledger.insert("backups", **head, made_at=now, made_by="ana")
        program.ledger.insert("restores", **head, restored_at=now, restored_by="ana")
    with program.ledger.writing():
        program.ledger.insert("pledges", terms=1, fund="gifts", cents=0)
        put_money_in(program.ledger, "gifts", 1, program.now(), "ana")
    disclose(program, "all", ["c1"], Grounds(recipient="them", purpose="care", consent="1"))
    correct_event(program, program.ledger.awards()[0].event, "It was somebody else")
    with program.ledger.writing():
        hold = Hold(client="c1", rule="drop-in", event=1, problem="it raised", day=program.today())
        add_holds(program, [hold])
        resume(program, held_for(program.ledger, "c1")["drop-in"])
    retire(program)
    something_said_allowed_and_not_now(program)


def test_facts_cannot_be_changed_removed_or_replaced(program: Program) -> None:
    something_of_everything(program)
    tables = program.ledger.rows("select name from sqlite_schema where type = 'table'")
    facts = {row[0] for row in tables} - database.STATE
    assert {"events", "awards", "vouchers", "redemptions"} <= facts
    for table in sorted(facts):
        before = [tuple(row) for row in program.ledger.rows(f"select * from {table}")]
        assert before, f"nothing in {table} to try it on"
        column = program.ledger.rows(f"select name from pragma_table_info('{table}') limit 1")[0][0]
        marks = ", ".join("?" * len(before[0]))
        for statement, values in (
            (f"update {table} set {column} = {column}", ()),
            (f"delete from {table}", ()),
            (f"insert or replace into {table} values ({marks})", before[0]),
        ):
            with pytest.raises((CMError, sqlite3.IntegrityError)), program.ledger.writing():
                program.ledger.rows(statement, *values)
        assert [tuple(row) for row in program.ledger.rows(f"select * from {table}")] == before


def test_no_amount_of_money_in_any_table_can_be_below_zero(program: Program) -> None:
    """Also without the triggers, and whatever else is the same: the sign is refused by the table itself."""
    something_of_everything(program)
    copy = program.folder / "copy.db"
    program.ledger.copy(copy)
    tried = set()
    with closing(sqlite3.connect(copy)) as db:
        for (trigger,) in db.execute(
            "select name from sqlite_schema where type = 'trigger'"
        ).fetchall():
            db.execute(f"drop trigger {trigger}")
        tables = db.execute("select name from sqlite_schema where type = 'table'").fetchall()
        for (table,) in tables:
            columns = [row[1] for row in db.execute(f"pragma table_info({table})")]
            for money in (one for one in columns if one == "cents" or one.endswith("_cents")):
                below = ", ".join("-1" if one == money else one for one in columns)
                with pytest.raises(sqlite3.IntegrityError, match="CHECK"):
                    db.execute(f"insert into {table} select {below} from {table} limit 1")
                tried.add(table)
    copy.unlink()
    assert {"awards", "vouchers", "redemptions", "charges", "pledges", "refusals"} <= tried


@pytest.mark.parametrize(
    "statement",
    [
        "insert into awards values (1, 9, 0, 'taken back', -1, null)",
        "insert into vouchers (id, client, cents, code_hash, issued_at, issued_by) values ('v', 'c1', -5, hex(randomblob(32)), '', '')",
        "insert into vouchers (id, client, cents, code_hash, issued_at, issued_by) values ('v', 'c1', 999999, hex(randomblob(32)), '', '')",
        "insert into redemptions (voucher, cents, redeemed_at, redeemed_by) values ('none', 1, '', '')",
        "insert into occurrences (event, client, rule, digest, ordinal, on_day, reason) select event, client, rule, digest, 1, on_day, '' from occurrences",
        "insert into awards values (1, 9, 0, 'half a cent', 1.5, null)",
    ],
)
def test_sql_itself_refuses_what_cannot_be(program: Program, statement: str) -> None:
    log(program, "visit")
    with pytest.raises((CMError, sqlite3.IntegrityError)), program.ledger.writing():
        program.ledger.rows(statement)
    assert verify(program).ok


def test_what_one_event_reads_never_walks_through_the_past(program: Program) -> None:
    statements: list[str] = []
    connection = program.ledger._db
    connection.set_trace_callback(statements.append)
    log(program, "visit")
    connection.set_trace_callback(None)
    reads = [text for text in statements if text.lstrip().lower().startswith("select")]
    assert len(reads) >= 4
    walked = []
    for read in reads:
        plan = [row["detail"] for row in connection.execute(f"explain query plan {read}")]
        walked += [
            (read, step)
            for step in plan
            if step.startswith("SCAN") and not step.startswith(("SCAN json_each", "SCAN CONSTANT"))
        ]  # json_each is the list of those who are asked for: one
    assert not walked


def test_how_often_it_counted_is_read_of_those_days_alone(program: Program) -> None:
    today = program.today()
    log(program, "visit", on=today)
    statements: list[str] = []
    connection = program.ledger._db
    connection.set_trace_callback(statements.append)
    assert log(program, "visit", on=today - timedelta(days=1)) == 375
    connection.set_trace_callback(None)
    counts = [text for text in statements if text.startswith("select count(*) from occurrences")]
    assert counts
    for read in counts:
        plan = [row["detail"] for row in connection.execute(f"explain query plan {read}")]
        assert plan[0].endswith("(on_day=? AND client=? AND rule=?)")


def test_what_is_chosen_once_a_client_was_looked_up_is_shown_what_comes_next(
    program: Program,
) -> None:
    add_client(program, "c2")
    choose_goals(program, [Wish(client="c2", rule="drop-in", on=date(2026, 6, 1))])
    now = program.now()
    other, _ = make_event(program, client="c2", kind="visit", at=now)
    event, _ = make_event(program, client="c1", kind="drinks", value="3", at=now)
    assert other is not None
    assert event is not None
    choice = Choice(
        id="chosen-meanwhile",
        client="c1",
        rule="fewer-drinks",
        digest=program.ledger.current_digests()["fewer-drinks"],
        settings=(),
        on=program.today(),
    )
    with program.ledger.writing():
        book = Logbook(program)
        book.look_up(["c1", "c2"])
        book.log(other, now)  # somebody who has chosen what c1 had
        book.choose(choice, now)
        logged = book.log(event, now)
        book.close()
    assert [one.outcome.earned.cents for one in logged.results if one.outcome.earned] == [150]
    assert verify(program).ok


def test_durability_is_set_on_every_connection(program: Program) -> None:
    mode, sync = journal_mode(sqlite3.sqlite_version_info)
    value = {"full": 2, "extra": 3}[sync]
    assert program.ledger.rows("pragma journal_mode")[0][0] == mode
    assert program.ledger.rows("pragma synchronous")[0][0] == value
    assert program.ledger.rows("pragma foreign_keys")[0][0] == 1
    assert program.ledger.rows("pragma recursive_triggers")[0][0] == 1


@pytest.mark.parametrize(
    ("version", "mode"),
    [
        ((3, 40, 1), ("delete", "extra")),
        ((3, 44, 5), ("delete", "extra")),
        ((3, 44, 6), ("wal", "full")),
        ((3, 45, 0), ("delete", "extra")),
        ((3, 50, 6), ("delete", "extra")),
        ((3, 50, 7), ("wal", "full")),
        ((3, 51, 2), ("delete", "extra")),
        ((3, 51, 3), ("wal", "full")),
        ((3, 53, 0), ("wal", "full")),
    ],
)
def test_wal_is_used_only_where_the_library_can_be_trusted_with_it(
    version: tuple[int, ...], mode: tuple[str, str]
) -> None:
    assert journal_mode(version) == mode


def test_only_their_owner_can_read_the_files(program: Program) -> None:
    assert program.folder.stat().st_mode & 0o077 == 0
    for name in ("program.db", "program.key"):
        assert (program.folder / name).stat().st_mode & 0o077 == 0


def test_the_same_id_is_one_event_and_says_again_what_it_earned(program: Program) -> None:
    assert log(program, "visit", id="k1") == 250
    event, _ = make_event(program, client="c1", kind="visit", id="k1")
    assert event is not None
    assert log_event(program, event).again
    other, _ = make_event(program, client="c1", kind="missed_visit", id="k1")
    assert other is not None
    with pytest.raises(CMError, match="already used"):
        log_event(program, other)
    assert verify(program).events == 1


def test_a_setback_changes_nothing_and_a_second_visit_of_a_day_counts_once(
    program: Program,
) -> None:
    assert log(program, "visit", on=date(2026, 6, 1)) == 250
    assert log(program, "missed_visit", on=date(2026, 6, 8)) == 0
    assert log(program, "visit", on=date(2026, 6, 15)) == 375
    assert log(program, "visit", on=date(2026, 6, 15)) == 0
    assert log(program, "visit", on=date(2026, 6, 3)) == 500
    assert program.ledger.balance("c1").waiting == 1125
    assert verify(program).ok


def test_a_choice_that_is_written_down_late_counts_from_its_first_day(program: Program) -> None:
    assert log(program, "drinks", "3", on=date(2026, 6, 2)) == 0
    assert log(program, "drinks", "9", on=date(2026, 6, 4)) == 0
    assert log(program, "drinks", "2", on=date(2026, 6, 10)) == 0
    wish = Wish(
        client="c1", rule="fewer-drinks", settings=(("goal.target", "4"),), on=date(2026, 6, 3)
    )
    (chosen,), _ = choose_goals(program, [wish])
    assert [r.outcome.earned.cents for r in chosen.caught_up if r.outcome.earned] == [150]
    assert log(program, "drinks", "4", on=date(2026, 6, 11)) == 150
    assert verify(program).ok


def test_a_client_moves_their_own_number_and_keeps_what_they_have(program: Program) -> None:
    choose_goals(
        program,
        [
            Wish(
                client="c1",
                rule="fewer-drinks",
                settings=(("goal.target", "2"),),
                on=date(2026, 6, 1),
            )
        ],
    )
    assert log(program, "drinks", "3", on=date(2026, 6, 5)) == 0
    assert log(program, "drinks", "2", on=date(2026, 6, 6)) == 150
    set_goal(program, "c1", "fewer-drinks", (("goal.target", "4"),), on=date(2026, 6, 10))
    assert log(program, "drinks", "4", on=date(2026, 6, 11)) == 150
    assert log(program, "drinks", "4", on=date(2026, 6, 9)) == 0, (
        "a day before it was moved has the bar of that day"
    )
    set_goal(program, "c1", "fewer-drinks", (("goal.target", "5"),), on=date(2026, 6, 11))
    assert program.ledger.balance("c1").earned == 300, (
        "what was logged before it was moved stays as it is"
    )
    assert verify(program).ok


def test_p8_a_choice_keeps_the_version_it_was_made_under(program: Program) -> None:
    assert log(program, "visit", on=date(2026, 6, 1)) == 250
    file = program.folder / "rules" / "rules.toml"
    file.write_text(RULES.replace('"2.50"', '"1.00"'))
    published, _ = publish(program)
    assert [one.rule for one in published] == ["drop-in"]
    assert log(program, "visit", on=date(2026, 6, 2)) == 375
    add_client(program, "c2")
    choose_goals(program, [Wish(client="c2", rule="drop-in", on=date(2026, 6, 1))])
    event, _ = make_event(program, client="c2", kind="visit")
    assert event is not None
    assert [
        r.outcome.earned.cents for r in log_event(program, event).results if r.outcome.earned
    ] == [100]
    assert verify(program).ok
    file.write_text(RULES)
    assert [one.rule for one in publish(program)[0]] == ["drop-in"], (
        "an older version can come back"
    )
    assert not publish(program)[0]


def test_set_aside_and_chosen_again_it_goes_on_where_it_was(program: Program) -> None:
    assert log(program, "visit", on=date(2026, 6, 1)) == 250
    assert log(program, "visit", on=date(2026, 6, 2)) == 375
    set_aside(program, "c1", "drop-in", on=date(2026, 6, 5))
    assert log(program, "visit", on=date(2026, 6, 6)) == 0
    assert log(program, "visit", on=date(2026, 6, 4)) == 500, (
        "a day before it was set aside still counts, however late"
    )
    choose_goals(program, [Wish(client="c1", rule="drop-in", on=date(2026, 6, 20))])
    assert log(program, "visit", on=date(2026, 6, 21)) == 625
    assert verify(program).ok


def test_p9_a_limit_of_a_funder_lowers_nothing_that_is_earned(make: Make) -> None:
    settings = """
name = "small fund"
zone = "America/Los_Angeles"
[[fund]]
name = "tiny"
amount = "0.01"
[[limit]]
name = "yearly"
window = "calendar_year"
most = "0.01"
"""
    limited = make(RULES, KINDS, settings)
    add_client(limited, "c1")
    choose_goals(limited, [Wish(client="c1", rule="drop-in", on=date(2026, 6, 1))])
    assert log(limited, "visit") == 250
    assert limited.ledger.balance("c1").waiting == 250


def test_p8a_what_others_do_changes_nothing_of_mine(make: Make) -> None:
    alone, among = make(RULES, KINDS, name="alone"), make(RULES, KINDS, name="among")
    for program in (alone, among):
        add_client(program, "c1")
        choose_goals(program, [Wish(client="c1", rule="drop-in", on=date(2026, 6, 1))])
    add_client(among, "c2")
    choose_goals(among, [Wish(client="c2", rule="drop-in", on=date(2026, 6, 1))])
    for n in range(6):
        other, _ = make_event(
            among, client="c2", kind="visit", at=among.moment(date(2026, 6, 1 + n), None)
        )
        assert other is not None
        log_event(among, other)
        earned = [log(program, "visit", on=date(2026, 6, 1 + n)) for program in (alone, among)]
        assert earned[0] == earned[1] == 250 + 125 * n


def test_a_day_has_the_programs_boundary_and_stays_the_day_it_was(make: Make) -> None:
    late = make(
        RULES, KINDS, 'name = "late"\nzone = "America/Los_Angeles"\nday_boundary = "04:00"\n'
    )
    at_two = datetime(2026, 6, 2, 2, 30, tzinfo=late.settings.zone)
    event, _ = make_event(late, client="c1", kind="visit", at=at_two)
    assert event is not None
    assert event.day == date(2026, 6, 1)
    assert late.day(datetime(2026, 6, 2, 11, 0, tzinfo=UTC)) == date(2026, 6, 2)


@pytest.mark.parametrize(
    ("table", "change", "named"),
    [
        ("awards", "update awards set cents = cents + 1 where occurrence = 2", "awards"),
        ("awards", "delete from awards where occurrence = 2", "awards"),
        ("occurrences", "update occurrences set slot = 3 where seq = 1", "occurrence"),
        ("events", "update events set on_day = '2026-06-29' where seq = 2", "drop-in"),
        ("memories", "update memories set cents = cents + 100", "remembers"),
        ("memories", "delete from memories", "remembers"),
        (
            "rules",
            "update rules set body = replace(body, '2.50', '9.50') where rule = 'drop-in'",
            "kept text",
        ),
        ("choices", "update choices set on_day = '2026-06-04'", "occurrence"),
    ],
)
def test_a_replay_finds_what_was_changed_behind_its_back(
    program: Program, table: str, change: str, named: str
) -> None:
    log(program, "visit", on=date(2026, 6, 1))
    log(program, "visit", on=date(2026, 6, 2))
    assert verify(program).ok
    program.close()
    with sqlite3.connect(program.folder / "program.db") as raw:
        for verb in ("update", "delete"):
            raw.execute(f"drop trigger if exists {table}_no_{verb}")
        raw.execute(change)
    raw.close()
    again = open_program(program.folder, by="ana", clock=program.clock, registry=program.registry)
    problems = verify(again).problems
    again.close()
    assert problems
    assert any(named in problem for problem in problems), problems


def test_a_decision_that_fails_leaves_nothing_behind(program: Program) -> None:
    before = program.ledger.last_event()
    event, _ = make_event(program, client="nobody", kind="visit")
    assert event is not None
    with pytest.raises(CMError, match="no such client"):
        log_event(program, event)
    assert program.ledger.last_event() == before


def _log_from_a_process(folder: str, name: str, times: int) -> int:
    """Log the same ids from another process; give how many were new."""
    opened = open_program(Path(folder), by=name)
    new = 0
    for n in range(times):
        event, _ = make_event(
            opened, client="c1", kind="visit", id=f"same-{n}", at=opened.now() - timedelta(days=n)
        )
        assert event is not None
        new += not log_event(opened, event).again
    opened.close()
    return new


def test_two_desks_logging_the_same_ids_at_once_log_each_once(program: Program) -> None:
    program.close()
    with ProcessPoolExecutor(4, multiprocessing.get_context("spawn")) as pool:
        names = [f"desk-{n}" for n in range(4)]
        new = list(pool.map(_log_from_a_process, [str(program.folder)] * 4, names, [12] * 4))
    again = open_program(program.folder, by="ana", clock=program.clock, registry=program.registry)
    assert sum(new) == 12
    verdict = verify(again)
    again.close()
    assert verdict.ok, verdict.problems
    assert (verdict.events, verdict.awards) == (12, 12)


def test_a_voucher_is_issued_from_what_waits_and_used_once(program: Program) -> None:
    log(program, "visit", on=date(2026, 6, 1))
    log(program, "visit", on=date(2026, 6, 2))
    first = issue_voucher(program, "c1", cents=600)
    assert (first.cents, first.waiting) == (600, 25)
    with pytest.raises(CMError, match="more than is waiting"):
        issue_voucher(program, "c1", cents=26)
    done = redeem_voucher(program, first.code.lower().replace("-", " "))
    assert done.cents == 600
    with pytest.raises(CMError, match="cannot be used here"):
        redeem_voucher(program, first.code)
    assert program.ledger.balance("c1").waiting == 25


def test_a_thing_that_was_earned_is_handed_over_once(program: Program) -> None:
    choose_goals(
        program,
        [
            Wish(
                client="c1",
                rule="fewer-drinks",
                settings=(("goal.target", "2"),),
                on=date(2026, 6, 1),
            )
        ],
    )
    log(program, "drinks", "1")
    issued = issue_voucher(program, "c1", item="bus pass")
    assert (issued.cents, issued.item) == (0, "bus pass")
    with pytest.raises(CMError, match="no 'bus pass' is waiting"):
        issue_voucher(program, "c1", item="bus pass")
    assert redeem_voucher(program, issued.code).item == "bus pass"
    with pytest.raises(CMError, match="cannot be used here"):
        redeem_voucher(program, issued.code)


def test_no_code_stands_in_any_file_of_the_program(program: Program) -> None:
    log(program, "visit")
    code = issue_voucher(program, "c1").code
    letters = code.replace("-", "").encode()
    for path in program.folder.rglob("*"):
        if path.is_file():
            held = path.read_bytes()
            assert letters not in held
            assert code.encode() not in held


def test_what_was_typed_about_a_person_stands_in_one_table(program: Program) -> None:
    event: Event | None
    event, _ = make_event(program, client="c1", kind="visit")
    assert event is not None
    log_event(program, event, note="Brought a canary called Pip")
    for table, name in [
        (row[0], row[0])
        for row in program.ledger.rows("select name from sqlite_master where type = 'table'")
    ]:
        rows: list[Any] = [tuple(row) for row in program.ledger.rows(f"select * from {table}")]
        told = [
            row for row in rows if any(word in repr(row) for word in ("Sky", "See people", "Pip"))
        ]
        assert bool(told) == (name == "personal"), (name, told)


def test_a_goal_that_is_over_its_pace_remembers_nothing_of_that_time(program: Program) -> None:
    """What does not count today stays free for another day, whatever the goal remembers."""
    table = {
        "id": "my-steps",
        "title": "My own steps",
        "goal": {"kind": "steps", "event": "step", "steps": ["call", "form"], "per_day": 1},
        "reward": [{"kind": "fixed_voucher", "worth": "3.00"}],
    }
    rule, mistakes = program.reader().read_rule(table, Place("test.toml"))
    assert rule is not None, mistakes
    days = [date(2026, 6, 2), date(2026, 6, 2), date(2026, 6, 3), date(2026, 6, 4)]
    steps = ["call", "form", "form", "form"]
    events = [
        Event(id=f"e{n}", client="c1", kind="step", at=program.now(), day=on, value=step)
        for n, (on, step) in enumerate(zip(days, steps, strict=True))
    ]
    outcomes = play(rule, events, program.dice, date(2026, 6, 1))
    assert [outcome.earned.cents if outcome.earned else 0 for outcome in outcomes] == [
        300,
        0,
        300,
        0,
    ]


def test_a_slip_of_the_pen_in_a_step_is_pointed_out(make: Make) -> None:
    kinds = '[kind.step]\nlabel = "A step"\ntext = true\n'
    rules = """
[[rule]]
id = "my-steps"
title = "My own steps"
client_sets = ["goal.steps"]
[rule.goal]
kind = "steps"
event = "step"
[[rule.reward]]
kind = "fixed_voucher"
worth = "3.00"
"""
    program = make(rules, kinds)
    add_client(program, "c1")
    choose_goals(
        program, [Wish(client="c1", rule="my-steps", settings=(("goal.steps", "Call mum, form"),))]
    )
    event, _ = make_event(program, client="c1", kind="step", value="cal mum")
    assert event is not None
    log_event(program, event)
    assert "did you mean 'Call mum'?" in reasons(program, event)["My own steps"]
    assert log(program, "step", " call  MUM ") == 300
