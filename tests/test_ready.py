"""Nobody is told that something is ready while it cannot be handed over; and once it can, they are told once."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from cmengine.choices import Wish, choose_goals
from cmengine.consents import FULLER, give
from cmengine.engine import add_client, log_event, make_event
from cmengine.errors import CMError
from cmengine.funds import add_money
from cmengine.letters import letters
from cmengine.program import Program
from cmengine.sending import NOT_YET, send_waiting, standings
from cmengine.stocking import add_stock
from cmengine.verify import verify
from cmengine.vouchers import issue_voucher

Make = Callable[..., Program]
KINDS = '[kind.visit]\nlabel = "Came in"\n[kind.walk]\nlabel = "Walked"\n'
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
[[rule.notify]]
kind = "outbox"
channel = "text"

[[rule]]
id = "walks"
title = "I walk"
[rule.goal]
kind = "any_of"
events = ["walk"]
[[rule.reward]]
kind = "item"
item = "bus pass"
[[rule.notify]]
kind = "outbox"
channel = "text"
"""
PROGRAM = 'name = "p"\nzone = "America/Los_Angeles"\n[messages]\nquiet = "none"\n'
MONTHLY = PROGRAM + '[[limit]]\nname = "monthly"\nwindow = "month"\nmost = "4.00"\n'
GIFTS = PROGRAM + '[[fund]]\nname = "gifts"\namount = "3.00"\n'


def opened(make: Make, settings: str = PROGRAM) -> Program:
    program = make(RULES, KINDS, settings)
    for client in ("c1", "c2"):
        add_client(program, client)
        first = program.today() - timedelta(days=90)
        wishes = [Wish(client=client, rule=rule, on=first) for rule in ("drop-in", "walks")]
        choose_goals(program, wishes)
        give(program, client, channel="text")
    return program


def log(program: Program, client: str = "c1", kind: str = "visit") -> None:
    event, wrong = make_event(program, client=client, kind=kind)
    assert event is not None, wrong
    log_event(program, event)


def told(program: Program) -> list[tuple[str, str]]:
    """Send what can go, and give who was told what."""
    return [(one.message.client, one.message.text) for one in send_waiting(program, lambda *_: "")]


READY = "You have something ready to pick up."


def test_what_a_limit_holds_back_is_told_when_the_next_month_begins(
    make: Make, clock: Callable[..., datetime]
) -> None:
    program = opened(make, MONTHLY)
    for _ in range(2):
        log(program)
    assert told(program) == [("c1", READY)], "4.00 of 5.00 is there"
    assert issue_voucher(program, "c1").cents == 400
    log(program)
    log(program)
    (stands,) = standings(program)
    assert (stands.state, stands.why) == ("held back", NOT_YET)
    assert told(program) == []
    with pytest.raises(CMError, match="none of it can be issued just now"):
        issue_voucher(program, "c1")
    clock.now = datetime(2026, 8, 1, 18, tzinfo=UTC)  # type: ignore[attr-defined]
    assert told(program) == [("c1", READY)]
    assert told(program) == []
    assert letters(program) == []
    assert verify(program).ok


def test_what_an_empty_fund_holds_back_is_told_when_money_comes_in(make: Make) -> None:
    program = opened(make, GIFTS)
    log(program, "c1")
    log(program, "c2")
    assert told(program) == [("c1", READY), ("c2", READY)], "2.50 is there, and 0.50"
    issue_voucher(program, "c1")
    issue_voucher(program, "c2")
    log(program, "c2")
    assert told(program) == []
    add_money(program, "gifts", 100)
    assert told(program) == [("c2", READY)]
    assert issue_voucher(program, "c2").cents == 100


def test_a_thing_that_is_not_on_hand_is_told_when_it_is(make: Make) -> None:
    program = opened(make)
    file = program.folder.parent / "things.csv"
    file.write_text("item,count,value\nbus pass,1,2.50\n")
    add_stock(program, file)
    log(program, "c1", "walk")
    assert told(program) == [("c1", READY)]
    issue_voucher(program, "c1", item="bus pass")
    log(program, "c1", "walk")
    log(program, "c2", "walk")
    assert told(program) == []
    assert {one.state for one in standings(program)} == {"held back"}
    log(program, "c2")
    assert told(program) == [("c2", READY)], "there is money for them"
    file.write_text("item,count,value\nbus pass,4,2.50\n")
    add_stock(program, file)
    assert told(program) == [("c1", READY)]


def test_a_thing_that_is_not_kept_in_stock_is_ready_at_once(make: Make) -> None:
    program = opened(make)
    log(program, "c1", "walk")
    assert told(program) == [("c1", READY)]


def test_fuller_words_say_what_can_be_picked_up_and_not_what_waits(make: Make) -> None:
    program = opened(make, MONTHLY)
    give(program, "c1", FULLER, "text")
    for _ in range(3):
        log(program)
    ((_, text),) = told(program)
    assert "$4.00 ready" in text
    assert "7.50" not in text


def test_the_desk_sees_why_it_has_not_gone(make: Make, run: Callable[..., object]) -> None:
    program = opened(make, GIFTS.replace("3.00", "0.00"))
    log(program)
    listed = run("outbox", "list", folder=program.folder).output  # type: ignore[attr-defined]
    assert NOT_YET in listed
    assert "Nothing of it can go just now." in listed
    sent = run("outbox", "send", folder=program.folder).output  # type: ignore[attr-defined]
    assert sent.startswith("0 sent, 1 kept")
    assert "1 message: waits until something can be handed over" in sent
    seen = run("status", folder=program.folder).output  # type: ignore[attr-defined]
    assert "for when there is something to hand over" in " ".join(seen.split())


@pytest.mark.parametrize("seed", range(6))
def test_whoever_is_told_finds_it_at_the_desk(
    make: Make, clock: Callable[..., datetime], seed: int
) -> None:
    """In any course of things: who was told gets something on the spot, and who was not would get nothing."""
    dice = Random(seed)
    program = opened(make, MONTHLY.replace("most", 'per = "client"\nmost') + GIFTS[len(PROGRAM) :])
    messages = 0
    for _ in range(90):
        match dice.choice(["log", "log", "log", "send", "issue", "money", "time"]):
            case "log":
                log(program, dice.choice(["c1", "c2"]))
            case "money":
                add_money(program, "gifts", dice.choice([50, 500]))
            case "time":
                clock.now += timedelta(days=dice.choice([1, 20]))  # type: ignore[attr-defined]
            case "issue":
                got(program, dice.choice(["c1", "c2"]))
            case "send":
                went = {client for client, _ in told(program)}
                messages += len(went)
                kept = {one.client for one in letters(program)}
                for client in sorted(went | kept, key=lambda one: one in kept):
                    assert got(program, client) == (client in went)
    assert messages > 2
    assert verify(program).ok


def got(program: Program, client: str) -> bool:
    """Try to hand over what there is; say whether there was anything."""
    try:
        issue_voucher(program, client)
    except CMError:
        return False
    return True
