"""A client asks to be forgotten: no byte of what is personal is left, and everything they earned stands."""

import json
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import Result

from cmengine.choices import Wish, choose_goals
from cmengine.consents import consents, give
from cmengine.corrections import correct_event
from cmengine.engine import add_client, log_event, make_event
from cmengine.feedback import add_feedback, answer_feedback
from cmengine.forgetting import ELSEWHERE, ERASED, STAYS, forget
from cmengine.preferences import change
from cmengine.program import Program
from cmengine.sending import gone, send_waiting, standings
from cmengine.strengths import add_strength, remove_strength
from cmengine.verify import verify
from cmengine.vouchers import issue_voucher

Run = Callable[..., Result]
RULES = """
[[rule]]
id = "drop-in"
title = "I come in"
[rule.goal]
kind = "any_of"
events = ["visit"]
[[rule.reward]]
kind = "fixed_voucher"
worth = "2.50"
"""
KINDS = '[kind.visit]\nlabel = "Came in"\n'
CANARY = "Quillfeather"


@pytest.fixture
def program(make: Callable[..., Program]) -> Program:
    """Two clients of whom everything personal is kept that can be."""
    made = make(RULES, KINDS)
    for client in ("c1", "c2"):
        mine = CANARY if client == "c1" else "Thistledown"
        add_client(made, client, f"{mine} name")
        choose_goals(made, [Wish(client=client, rule="drop-in", words=f"{mine} words")])
        for n in range(30):
            event, wrong = make_event(made, client=client, kind="visit", id=f"{client}-{n}")
            assert event is not None, wrong
            log_event(made, event, note=f"{mine} note {n} " + "long " * 200)
        correct_event(made, f"{client}-0", f"{mine} reason")
        change(made, client, [("called", f"{mine} called"), ("language", "es")])
        change(made, client, [("called", f"{mine} called anew"), ("quiet", "none")])
        add_strength(made, client, f"{mine} strength")
        told = add_feedback(made, f"{mine} said", client=client)
        answer_feedback(made, told.id, said=f"{mine} answer", did="")
        give(made, client, channel="outbox")
        give(made, client, "equity")
    return made


def everything(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_no_byte_is_left_and_everything_earned_stands(program: Program) -> None:
    before = verify(program)
    earned = {one: program.ledger.balance(one) for one in ("c1", "c2")}
    assert CANARY.encode() in everything(program.folder)
    done = forget(program, "c1")
    assert (done.texts, done.words, done.consents, done.messages) == (36, 2, 2, 30)
    assert CANARY.encode() not in everything(program.folder)
    assert b"Thistledown" in everything(program.folder)
    assert {one: program.ledger.balance(one) for one in ("c1", "c2")} == earned
    after = verify(program)
    assert after.problems == []
    assert (after.events, after.awards) == (before.events, before.awards)
    assert [one.client for one in consents(program) if one.given] == ["c2", "c2"]
    assert issue_voucher(program, "c1").cents == 2.5 * 100 * 30


def test_what_is_taken_out_or_changed_leaves_no_byte_behind(program: Program) -> None:
    for text in ("Mirabell first", "Mirabell " * 40, "Mirabell"):
        remove_strength(program, "c1", add_strength(program, "c1", text).id)
    for text in ("Mirabell " * 20, "Sky"):
        change(program, "c1", [("called", text)])
    assert b"Mirabell" not in everything(program.folder)


def test_what_another_program_left_in_the_file_goes_too(program: Program) -> None:
    with closing(sqlite3.connect(program.folder / "program.db", isolation_level=None)) as other:
        other.execute("pragma secure_delete = off")
        other.execute("create table scrap (text)")
        other.execute("insert into scrap values (?)", (f"{CANARY} left over " * 300,))
        other.execute("drop table scrap")
    forget(program, "c1")
    assert CANARY.encode() not in everything(program.folder)


def test_nothing_is_sent_to_them_any_more_and_what_waited_is_noted(program: Program) -> None:
    forget(program, "c1")
    assert [one.letter.client for one in standings(program)] == ["c2"]
    assert [(one["client"], one["came"], one["why"]) for one in gone(program)] == [
        ("c1", "not needed", "what is personal was erased")
    ]
    assert [one.message.client for one in send_waiting(program, lambda *_: "")] == ["c2"]


def test_it_is_journaled_and_the_journal_says_nothing_of_them(program: Program) -> None:
    forget(program, "c1")
    row = program.ledger.rows("select written_by, what from journal order by seq desc limit 1")[0]
    assert tuple(row) == ("ana", "forget client")
    assert [
        tuple(one) for one in program.ledger.rows("select client, noted_by from forgotten")
    ] == [("c1", "ana")]


def test_they_can_come_back_and_be_forgotten_again(program: Program) -> None:
    forget(program, "c1")
    again = forget(program, "c1")
    assert (again.texts, again.words, again.consents, again.messages) == (0, 0, 0, 0)
    change(program, "c1", [("called", f"{CANARY} back")])
    assert forget(program, "c1").texts == 1
    assert CANARY.encode() not in everything(program.folder)
    assert verify(program).problems == []


def test_what_is_and_is_not_erased_is_said_before_and_a_no_changes_nothing(
    program: Program, run: Run
) -> None:
    before = everything(program.folder)
    done = run("client", "forget", "c1", folder=program.folder, typed="n\n")
    assert done.exit_code == 1
    assert all(line in done.stdout for line in (*ERASED, *STAYS, *ELSEWHERE))
    assert "backups" in done.stdout
    assert everything(program.folder) == before
    assert run("client", "forget", "c1", "--json", folder=program.folder).exit_code == 2
    done = run("client", "forget", "c1", folder=program.folder, typed="y\n")
    assert done.exit_code == 0
    assert CANARY not in done.output
    assert CANARY.encode() not in everything(program.folder)
    told = json.loads(run("client", "show", "c1", "--json", folder=program.folder).stdout)
    assert told["set"] == {}
    assert [goal["words"] for goal in told["goals"]] == [""]
    assert run("client", "forget", "nobody", "--yes", folder=program.folder).exit_code == 1


def bullets(lines: Sequence[str]) -> str:
    return "".join(f"  - {line}\n" for line in lines)


def test_before_it_is_said_what_would_be_erased_and_with_yes_what_is(
    program: Program, run: Run
) -> None:
    would = (
        f"Of c1 would be erased, and end:\n{bullets(ERASED)}Of them would stay:\n{bullets(STAYS)}"
        f"Out of reach, and yours to see to:\n{bullets(ELSEWHERE)}Erase it for good (38 texts)? [y/N]: "
    )
    for typed in ("n\n", "\n", ""):
        done = run("client", "forget", "c1", folder=program.folder, typed=typed)
        assert (done.exit_code, done.stdout) == (1, f"{would}\nNothing was erased.\n")
    done = run("client", "forget", "c1", folder=program.folder, typed="y\n")
    erased = "Erased: 38 texts. c1 is a code from now on.\n"
    assert (done.exit_code, done.stdout) == (0, f"{would}\n{erased}")
    run("client", "set", "c1", "called=Sky", folder=program.folder)
    done = run("client", "forget", "c1", "--yes", folder=program.folder)
    assert done.stdout == (
        f"Of c1 is erased, and ends:\n{bullets(ERASED)}Of them stays:\n{bullets(STAYS)}"
        f"Out of reach, and yours to see to:\n{bullets(ELSEWHERE)}"
        "Erased: 1 text. c1 is a code from now on.\n"
    )
    told = json.loads(
        run("client", "forget", "c2", "--yes", "--json", folder=program.folder).stdout
    )
    assert told == {
        "client": "c2",
        "texts": 36,
        "words": 2,
        "consents": 2,
        "messages": 30,
        "erased": list(ERASED),
        "stays": list(STAYS),
        "elsewhere": list(ELSEWHERE),
    }


def test_while_somebody_reads_it_is_said_that_bytes_may_be_left(program: Program, run: Run) -> None:
    with closing(sqlite3.connect(program.folder / "program.db", isolation_level=None)) as other:
        other.execute("begin")
        other.execute("select count(*) from events").fetchone()
        done = run("client", "forget", "c1", "--yes", folder=program.folder)
        assert done.exit_code == 1
        assert "do it again" in done.stderr
        other.execute("rollback")
    assert run("client", "forget", "c1", "--yes", folder=program.folder).exit_code == 0
    assert CANARY.encode() not in everything(program.folder)
