"""What can be raced for: the last cents of a balance or a fund, the last gift card, one code, one event id, one
new program, one migration.

A new one is a row in RACES: three functions.
"""

import json
import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from lab.oracles import found_by_verify, opened
from lab.racing import Race
from lab.river import FIRST, must

from cmengine.cli.init import init_command
from cmengine.database import APPLICATION_ID, SCHEMA
from cmengine.engine import log_event, make_event
from cmengine.funds import add_money
from cmengine.ledger import open_ledger
from cmengine.program import Program, open_program
from cmengine.starters import make_program
from cmengine.vouchers import issue_voucher, redeem_voucher

RULES = """
[[rule]]
id    = "drop-in"
title = "Coming in"
[rule.goal]
kind    = "any_of"
events  = ["visit"]
per_day = 1
[[rule.reward]]
kind  = "fixed_voucher"
worth = "10.00"
"""
WORTH = 1000
TAKERS = 8


def riverbank(folder: Path, clients: int, *, visits: int = 1, settings: str = "") -> None:
    """Make a program in which each of so many clients has 10.00 waiting for each visit."""
    must(None, "init", str(folder), "--zone", "America/Los_Angeles")
    if settings:
        with (folder / "program.toml").open("a") as file:
            file.write(settings)
    (folder / "rules" / "rules.toml").write_text(RULES)
    must(folder, "rules", "publish")
    begin = FIRST - timedelta(days=max(0, visits - 1))
    choices = "".join(f"r{n},drop-in,See people,{begin},\n" for n in range(clients))
    (folder / "choices.csv").write_text("client,rule,words,on,set\n" + choices)
    must(folder, "goal", "import", str(folder / "choices.csv"), "--add-clients")
    events = "".join(
        f"r{n}-{v},r{n},visit,,{begin + timedelta(days=v)},\n"
        for n in range(clients)
        for v in range(visits)
    )
    (folder / "events.csv").write_text("id,client,kind,value,at,evidence\n" + events)
    if visits:
        must(folder, "import", str(folder / "events.csv"))


def one_wins(outcomes: list[list[str]], lost: str) -> list[str]:
    """Say in which rounds not exactly one won, or another was not told why in the words that belong there."""
    wrong = []
    for n, told in enumerate(outcomes):
        won = [one for one in told if one.startswith("yes")]
        if len(won) != 1 or any(one not in won and lost not in one for one in told):
            wrong.append(f"round {n}: {told}")
    return wrong


def ledger_is_well(folder: Path) -> list[str]:
    """Ask `verify`, where the lock was in its place."""
    return found_by_verify(folder)


# The last cents of a balance


def prepare_balance(folder: Path, rounds: int) -> None:
    riverbank(folder, rounds)


def act_balance(folder: Path, program: Program | None, worker: int, number: int) -> str:
    assert program is not None
    return f"yes: {issue_voucher(program, f'r{number}', cents=WORTH - 200).voucher}"


def judge_balance(folder: Path, outcomes: list[list[str]]) -> list[str]:
    wrong = one_wins(outcomes, "is more than is waiting")
    with opened(folder / "program.db") as db:
        (beyond,) = db.execute(
            "select count(*) from (select client from vouchers group by client having sum(cents) > ?)",
            (WORTH,),
        ).fetchone()
    if beyond:
        wrong.append(f"{beyond} clients were issued more than they earned")
    return wrong + ledger_is_well(folder)


# The last gift card


def prepare_card(folder: Path, rounds: int) -> None:
    """One card of a brand of its own for each round; everybody has more than enough waiting."""
    riverbank(folder, TAKERS, visits=rounds)
    cards = "".join(f"S-{n},6006 4912 {n:06d},10.00,Shop {n}\n" for n in range(rounds))
    (folder / "cards.csv").write_text("serial,code,value,brand\n" + cards)
    must(folder, "stock", "add", str(folder / "cards.csv"))


def act_card(folder: Path, program: Program | None, worker: int, number: int) -> str:
    assert program is not None
    (card,) = issue_voucher(program, f"r{worker}", card=f"Shop {number}").cards
    return f"yes: {card.serial}"


def judge_card(folder: Path, outcomes: list[list[str]]) -> list[str]:
    wrong = one_wins(outcomes, "stays theirs and waits for stock")
    with opened(folder / "program.db") as db:
        (handed, cents) = db.execute(
            "select count(*), coalesce(sum(c.cents), 0) from handed_cards h join cards c on c.seq = h.card"
        ).fetchone()
        (issued,) = db.execute("select coalesce(sum(cents), 0) from vouchers").fetchone()
    if (handed, cents) != (len(outcomes), issued):
        wrong.append(f"{handed} cards worth {cents} were handed over, for vouchers of {issued}")
    return wrong + ledger_is_well(folder)


# The last cents of a fund


def prepare_fund(folder: Path, rounds: int) -> None:
    """A fund in which 2.00 are left; before each round 8.00 come in, and every desk wants just as much of it,
    for a client who has more than that waiting. (Of several clients, only who earned first would be in line.)
    """
    fund = '\n[[fund]]\nname = "gifts"\namount = "2.00"\n'
    riverbank(folder, 1, visits=rounds, settings=fund)


def ready_fund(program: Program | None, number: int) -> None:
    assert program is not None
    add_money(program, "gifts", WORTH - 200)


def act_fund(folder: Path, program: Program | None, worker: int, number: int) -> str:
    assert program is not None
    return f"yes: {issue_voucher(program, 'r0', cents=WORTH - 200).voucher}"


def judge_fund(folder: Path, outcomes: list[list[str]]) -> list[str]:
    wrong = one_wins(outcomes, "2.00 of it can be issued just now")
    with opened(folder / "program.db") as db:
        (held,) = db.execute(
            "select 200 + coalesce(sum(cents), 0) from fundings where fund = 'gifts'"
        ).fetchone()
        (charged,) = db.execute("select coalesce(sum(cents), 0) from charges").fetchone()
        (issued,) = db.execute("select coalesce(sum(cents), 0) from vouchers").fetchone()
    if max(charged, issued) > held:
        wrong.append(f"{max(charged, issued)} were issued, more than the fund's {held}")
    if (held, issued) != (charged + 200, charged):
        wrong.append(f"{issued} were issued, {charged} charged, {held} put in")
    return wrong + ledger_is_well(folder)


# One code


def prepare_code(folder: Path, rounds: int) -> None:
    riverbank(folder, rounds)
    program = open_program(folder, by="ana")
    codes = [issue_voucher(program, f"r{n}").code for n in range(rounds)]
    program.close()
    (folder / "codes.json").write_text(json.dumps(codes))


def act_code(folder: Path, program: Program | None, worker: int, number: int) -> str:
    assert program is not None
    codes = json.loads((folder / "codes.json").read_text())
    # A day a round: whoever is late has typed a code that cannot be used, and many of those in an hour are
    # slowed down.
    program.clock = lambda: datetime(2026, 3, 1, 12, tzinfo=UTC) + timedelta(days=number)
    return f"yes: {redeem_voucher(program, codes[number]).voucher}"


def judge_code(folder: Path, outcomes: list[list[str]]) -> list[str]:
    wrong = one_wins(outcomes, "cannot be used here")
    with opened(folder / "program.db") as db:
        (twice,) = db.execute(
            "select count(*) from (select voucher from redemptions group by 1 having count(*) > 1)"
        ).fetchone()
    if twice:
        wrong.append(f"{twice} vouchers were redeemed twice")
    return wrong + ledger_is_well(folder)


# One event id


def prepare_event(folder: Path, rounds: int) -> None:
    riverbank(folder, rounds, visits=0)


def act_event(folder: Path, program: Program | None, worker: int, number: int) -> str:
    assert program is not None
    at = program.moment(date(2026, 1, 6), None)
    event, wrong = make_event(program, client=f"r{number}", kind="visit", at=at, id=f"id-{number}")
    assert event is not None, wrong
    done = log_event(program, event)
    return f"{'known' if done.again else 'yes'}: {sum(one.cents for one in program.ledger.awards('event = ?', event.id))}"


def judge_event(folder: Path, outcomes: list[list[str]]) -> list[str]:
    wrong = one_wins(outcomes, f"known: {WORTH}")
    with opened(folder / "program.db") as db:
        (twice,) = db.execute(
            "select count(*) from (select client from events group by 1 having count(*) > 1)"
        ).fetchone()
    if twice:
        wrong.append(f"{twice} events were logged twice")
    return wrong + ledger_is_well(folder)


# One new program


def prepare_init(folder: Path, rounds: int) -> None:
    folder.mkdir(parents=True)
    assert init_command  # what it makes is imported before the race begins


def act_init(folder: Path, program: Program | None, worker: int, number: int) -> str:
    make_program(folder / f"p{number}", starter="drop-in", zone="UTC", by=f"desk{worker}")
    return f"yes: desk{worker}"


def judge_init(folder: Path, outcomes: list[list[str]]) -> list[str]:
    wrong = []
    for n, told in enumerate(outcomes):
        won = [one for one in told if one.startswith("yes")]
        lost = ("is making a program here just now", "in it already")
        if len(won) != 1 or any(
            one not in won and not any(words in one for words in lost) for one in told
        ):
            wrong.append(f"round {n}: {told}")
            continue
        try:
            made = open_program(folder / f"p{n}", by="ana")
            _ = made.keys
            if f"yes: {made.ledger.fact('made_by')}" != won[0]:
                wrong.append(f"round {n}: the program is not that of who was told so")
            made.close()
        except Exception as error:
            wrong.append(f"round {n}: {error}")
    return wrong


# One migration


def prepare_migration(folder: Path, rounds: int) -> None:
    folder.mkdir(parents=True)
    for n in range(rounds):
        with closing(sqlite3.connect(folder / f"{n}.db")) as db:
            db.execute(f"pragma application_id = {APPLICATION_ID}")


def act_migration(folder: Path, program: Program | None, worker: int, number: int) -> str:
    open_ledger(folder / f"{number}.db").close()
    return "yes"


def judge_migration(folder: Path, outcomes: list[list[str]]) -> list[str]:
    wrong = [f"round {n}: {told}" for n, told in enumerate(outcomes) if set(told) != {"yes"}]
    schemas = set()
    for n in range(len(outcomes)):
        with opened(folder / f"{n}.db") as db:
            if db.execute("pragma user_version").fetchone()[0] != SCHEMA:
                wrong.append(f"round {n}: the schema is not there")
            schemas.add(
                tuple(
                    map(tuple, db.execute("select type, name, sql from sqlite_schema order by 2"))
                )
            )
    return wrong + (["the schemas are not the same"] if len(schemas) != 1 else [])


RACES = [
    Race(
        "the last cents of a balance",
        prepare_balance,
        act_balance,
        judge_balance,
        second_line="drop trigger vouchers_within_earned; drop trigger vouchers_charged;"
        " drop trigger vouchers_within_funds; drop trigger charges_before_voucher",
    ),
    Race("the last gift card", prepare_card, act_card, judge_card),
    Race(
        "the last cents of a fund",
        prepare_fund,
        act_fund,
        judge_fund,
        ready=ready_fund,
        second_line="drop trigger vouchers_within_funds",
    ),
    Race(
        "one code",
        prepare_code,
        act_code,
        judge_code,
        second_line="drop trigger redemptions_within_voucher",
    ),
    Race("one event id", prepare_event, act_event, judge_event),
    Race("one new program", prepare_init, act_init, judge_init, at_desk=False),
    Race("one migration", prepare_migration, act_migration, judge_migration, at_desk=False),
]
