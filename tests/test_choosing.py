"""Somebody chooses a goal: what is logged already since that day counts, and it is said what it came to."""

import json
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from click.testing import Result

from cmengine.engine import add_client, log_event, make_event
from cmengine.program import Program

Make = Callable[..., Program]
Run = Callable[..., Result]

RULES = """
[[rule]]
id = "drop-in"
title = "I come in"
[rule.goal]
kind = "any_of"
events = ["visit"]
[[rule.reward]]
kind = "escalating_voucher"
start = "2.50"
step = "1.25"

[[rule]]
id = "thanks"
title = "I am thanked"
[rule.goal]
kind = "any_of"
events = ["visit"]
[[rule.reward]]
kind = "praise"
says = ["Well done!"]
"""
FIRST = date(2026, 6, 1)


@pytest.fixture
def program(make: Make) -> Program:
    made = make(RULES)
    for client in ("c1", "c2"):
        add_client(made, client)
    return made


def came(program: Program, times: int, client: str = "c1") -> None:
    """Log visits on as many days from the first of June on."""
    for n in range(times):
        at = program.moment(FIRST + timedelta(days=n), None)
        event, wrong = make_event(program, client=client, kind="visit", at=at)
        assert event is not None, wrong
        log_event(program, event)


def chosen(run: Run, folder: Path, rule: str = "drop-in", on: str = "2026-06-01") -> str:
    words = ("goal", "choose", "c1", rule, "--words", "See people", "--on", on)
    return run(*words, folder=folder).stdout


HEAD = "c1 chose: I come in, from Mon 1 Jun 2026.\n"
COUNTED = "Already logged since then, and counted now: "


@pytest.mark.parametrize(
    ("times", "said"),
    [
        (0, ""),
        (1, f"{COUNTED}voucher 2.50.\n"),
        (2, f"{COUNTED}voucher 2.50, voucher 3.75.\n"),
        (
            6,
            f"{COUNTED}voucher 2.50, voucher 3.75, voucher 5.00, voucher 6.25, voucher 7.50, voucher 8.75.\n",
        ),
        (
            7,
            f"{COUNTED}voucher 2.50, voucher 3.75, voucher 5.00, voucher 6.25, voucher 7.50, 2 more.\n",
        ),
    ],
)
def test_what_was_logged_already_is_counted_and_told(
    program: Program, run: Run, times: int, said: str
) -> None:
    came(program, times)
    came(program, 3, client="c2")
    assert chosen(run, program.folder) == HEAD + said
    earned = sum(250 + 125 * n for n in range(times))
    assert program.ledger.balance("c1").earned == earned
    assert program.ledger.balance("c2").earned == 0


def test_only_from_that_day_on_is_counted_and_told(program: Program, run: Run) -> None:
    came(program, 3)
    told = chosen(run, program.folder, on="2026-06-03")
    assert told == f"c1 chose: I come in, from Wed 3 Jun 2026.\n{COUNTED}voucher 2.50.\n"


def test_kind_words_end_the_line_with_one_full_stop(program: Program, run: Run) -> None:
    came(program, 2)
    told = chosen(run, program.folder, "thanks")
    assert told.endswith(f"{COUNTED}Well done, Well done.\n")


def test_what_is_counted_now_is_there_as_data(program: Program, run: Run) -> None:
    came(program, 7)
    words = ("goal", "choose", "c1", "drop-in", "--words", "See people", "--on", "2026-06-01")
    told = json.loads(run(*words, "--json", folder=program.folder).stdout)
    assert (told["client"], told["rule"], told["on"]) == ("c1", "drop-in", "2026-06-01")
    assert [(one["rule"], one["cents"]) for one in told["awards"]] == [
        ("drop-in", 250 + 125 * n) for n in range(7)
    ]
