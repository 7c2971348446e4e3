"""Each *no* has a reason of a short published list and something that can be done instead, and is counted once a day."""

import json
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from cmengine.choices import Wish, accept_version, choose_goals
from cmengine.engine import add_client, log_event, make_event
from cmengine.errors import CMError, Refused
from cmengine.ids import new_code
from cmengine.limits import Cap, Held, Reason
from cmengine.program import Program
from cmengine.publish import publish
from cmengine.refusals import REASONS, Refusal, by_staff, counted, held_back, refusals_since
from cmengine.replacing import replace_voucher
from cmengine.stock import shelves
from cmengine.stocking import add_stock
from cmengine.tries import DESK
from cmengine.verify import verify
from cmengine.vouchers import issue_voucher, redeem_voucher

Make = Callable[..., Program]
Run = Callable[..., Result]
ROOT = Path(__file__).resolve().parent.parent

HEAD = 'name = "p"\nzone = "America/Los_Angeles"\n'
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
KINDS = '[kind.visit]\nlabel = "Came in"\n[kind.ride]\nlabel = "Came far"\n'
MONTH = '[[limit]]\nname = "month"\nwindow = "month"\nmost = "5.00"\n'
NOTHING = '[[limit]]\nname = "none"\nwindow = "program"\nmost = "0.00"\n'
FUND = '[[fund]]\nname = "gifts"\namount = "{}"\n'
FOR_OTHERS = '[[fund]]\nname = "gifts"\namount = "9.00"\npays_for = ["pass"]\n'
GOODS = "item,count,value\nradio,{},20.00\nsticker,5,1.00\nheadphones,0,25.00\n"
CARDS = "serial,code,value,brand\nG-1,600649120001,5.00,Grocer\n"


@pytest.fixture
def begun(make: Make) -> Callable[..., Program]:
    """Make a program with settings, in which c1 has something waiting, and c0 had before."""

    def made(text: str = "", goods: int = 0) -> Program:
        program = make(RULES, KINDS, HEAD + text)
        for client in ("c0", "c1"):
            add_client(program, client)
            wishes = [Wish(client=client, rule=rule, words="mine") for rule in ("drop-in", "pass")]
            choose_goals(program, wishes)
        for name, body in (("goods.csv", GOODS.format(goods)), ("cards.csv", CARDS)):
            (program.folder / name).write_text(body)
            add_stock(program, program.folder / name)
        return program

    return made


def happens(program: Program, client: str = "c1", kind: str = "visit") -> None:
    event, wrong = make_event(program, client=client, kind=kind)
    assert event is not None, wrong
    log_event(program, event)


Ask = Callable[[Program], Any]


def no_money(program: Program) -> Ask:
    happens(program)
    return lambda p: issue_voucher(p, "c1")


def a_queue(program: Program) -> Ask:
    happens(program, "c0")
    happens(program)
    return lambda p: issue_voucher(p, "c1")


def no_card(program: Program) -> Ask:
    happens(program)
    issue_voucher(program, "c1", cents=500, card="Grocer")
    return lambda p: issue_voucher(p, "c1", card="Grocer")


def no_thing(program: Program) -> Ask:
    happens(program, kind="ride")
    return lambda p: issue_voucher(p, "c1", item="radio")


def a_thing_of_less(program: Program) -> Ask:
    happens(program, kind="ride")
    return lambda p: issue_voucher(p, "c1", item="radio", instead="sticker")


def no_card_in_its_place(program: Program) -> Ask:
    happens(program)
    voucher = issue_voucher(program, "c1", card="Grocer").voucher
    return lambda p: replace_voucher(p, voucher, "The shop says it is empty")


def cards_to_be_counted(program: Program) -> Ask:
    happens(program)
    at = program.now().isoformat()
    with program.ledger.writing("restore"):
        program.ledger.insert(
            "restores", file="b.zip", entry=1, hash="0" * 64, restored_at=at, restored_by="ana"
        )
    return lambda p: issue_voucher(p, "c1", card="Grocer")


def nothing_left(program: Program) -> Ask:
    happens(program)
    done = issue_voucher(program, "c1")
    redeem_voucher(program, done.code)
    return lambda p: replace_voucher(p, done.voucher, "Lost the slip")


def a_lesser_version(program: Program) -> Ask:
    file = program.folder / "rules" / "rules.toml"
    file.write_text(RULES.replace("10.00", "9.00"))
    publish(program)
    return lambda p: accept_version(p, "c1", "drop-in")


def too_many_codes(program: Program) -> Ask:
    for _ in range(DESK):
        with pytest.raises(CMError):
            redeem_voucher(program, new_code())
    return lambda p: redeem_voucher(p, new_code())


# Every place that says no: the reason, what is in the way, how much waits, the settings, and how it comes.
PLACES = [
    ("limit", "none", 1000, NOTHING, no_money),
    ("fund", "gifts", 1000, FUND.format("0.00"), no_money),
    ("queue", "gifts", 1000, FUND.format("10.00"), a_queue),
    ("rule", "drop-in", 1000, FOR_OTHERS, no_money),
    ("stock", "Grocer", 500, "", no_card),
    ("stock", "radio", 0, "", no_thing),
    ("worth", "sticker", 0, "", a_thing_of_less),
    ("stock", "Grocer", 500, "", no_card_in_its_place),
    ("count", "Grocer", 1000, "", cards_to_be_counted),
    ("used", None, 1000, "", nothing_left),
    ("less", "drop-in", 0, "", a_lesser_version),
    ("pause", "ana", 0, "", too_many_codes),
]
each = pytest.mark.parametrize(
    "reason, what, cents, text, ask",
    PLACES,
    ids=[f"{one[0]}-{getattr(one[4], '__name__', '')}" for one in PLACES],
)


def money(program: Program) -> list[Any]:
    """Everything that is somebody's: what was earned, issued, charged, handed out and is on hand."""
    tables = ("awards", "vouchers", "charges", "redemptions", "handed_cards", "handed_goods")
    rows = [program.ledger.rows(f"select * from {name}") for name in (*tables, "choices")]
    return [[tuple(row) for row in some] for some in rows] + [shelves(program)]


@each
def test_every_no_has_a_reason_an_alternative_and_costs_nothing(
    begun: Callable[..., Program],
    clock: Any,
    reason: str,
    what: str | None,
    cents: int,
    text: str,
    ask: Callable[[Program], Ask],
) -> None:
    program = begun(text)
    again = ask(program)
    before = money(program)
    with pytest.raises(Refused) as caught:
        again(program)
    (refusal,) = caught.value.refusals
    assert refusal.reason == reason and refusal.instead and all(refusal.instead)
    todo = caught.value.mistakes[0].todo
    assert any(one in todo for one in refusal.instead)
    (row,) = refusals_since(program)
    assert (row["reason"], row["cents"], row["made_by"]) == (reason, cents, "ana")
    assert what is None or row["what"] == what
    assert row["client"] == (None if reason == "pause" else "c1")
    assert row["on"] == program.today().isoformat()
    with pytest.raises(Refused):
        again(program)
    assert refusals_since(program) == [row]  # asked again the same day, it counts once
    if reason != "pause":
        clock.now += timedelta(days=1)
        with pytest.raises(Refused):
            again(program)
        assert len(refusals_since(program)) == 2
    assert money(program) == before
    assert verify(program).problems == []


def test_the_places_say_no_for_every_reason_of_the_list() -> None:
    """And a rule that is held, which is told by tests/test_held_and_retried.py and below."""
    assert {one[0] for one in PLACES} | {"held"} == set(REASONS)
    assert all(one.words and one.instead and all(one.instead) for one in REASONS.values())
    page = (ROOT / "docs" / "saying-no.md").read_text(encoding="utf-8")
    assert all(f"| `{name}` |" in page for name in REASONS)


@pytest.mark.parametrize(
    "bad",
    [
        {"reason": "mood", "instead": ("ask again",)},
        {"reason": "fund", "instead": ()},
        {"reason": "fund", "instead": ("",)},
    ],
)
def test_a_no_without_a_listed_reason_or_an_alternative_cannot_be_made(bad: Any) -> None:
    with pytest.raises(ValueError, match="has a listed reason, and an alternative"):
        Refusal(what="gifts", **bad)


def test_every_refusal_is_made_with_what_can_be_done() -> None:
    """Nobody raises one past the class that asks for an alternative."""
    makes = [
        path.name
        for path in sorted((ROOT / "cmengine").glob("*.py"))
        if "Refused(" in path.read_text(encoding="utf-8") and path.name != "errors.py"
    ]
    assert makes == ["refusals.py", "vouchers.py"]


# Issued in part


def test_what_is_held_back_of_a_voucher_is_written_down_with_it(
    begun: Callable[..., Program], run: Run
) -> None:
    program = begun(MONTH)
    happens(program)
    done = run("voucher", "issue", "c1", "--json", folder=program.folder)
    told = json.loads(done.stdout)
    assert told["cents"] == 500
    (held,) = told["held_back"]
    assert held["alternatives"] and held["reasons"][0]["kind"] in REASONS
    (row,) = refusals_since(program)
    assert (row["reason"], row["what"], row["cents"]) == ("limit", "month", 500)
    journal = program.ledger.rows("select what, parts from journal order by seq desc limit 1")[0]
    assert journal["what"] == "issue voucher" and "refusals" in journal["parts"]
    shown = json.loads(run("client", "show", "c1", "--json", folder=program.folder).stdout)
    assert all(one["alternatives"] for one in shown["held_back"]) and shown["held_back"]


def test_who_asks_for_what_there_is_was_refused_nothing(begun: Callable[..., Program]) -> None:
    program = begun(MONTH)
    happens(program)
    issue_voucher(program, "c1", cents=500)
    assert refusals_since(program) == []


@pytest.mark.parametrize(
    "words",
    [
        ["voucher", "issue", "c0"],  # nothing was earned yet
        ["voucher", "issue", "c1", "--amount", "99.00"],  # more than there is
        ["voucher", "issue", "c1", "--item", "radio"],  # nothing of the kind was earned
        ["voucher", "issue", "c1", "--card", "Grocerr"],
        ["voucher", "issue", "nobody"],
        ["voucher", "redeem", "4Q7Z2N-8KTC31-M5VX9A"],
        ["log", "c1", "visitt"],
    ],
)
def test_what_was_mistyped_or_has_not_happened_is_no_refusal(
    begun: Callable[..., Program], run: Run, words: list[str]
) -> None:
    program = begun()
    happens(program)
    assert run(*words, folder=program.folder).exit_code == 1
    assert refusals_since(program) == []


def test_an_event_that_earns_nothing_is_no_refusal(begun: Callable[..., Program]) -> None:
    program = begun()
    happens(program, kind="visit")
    happens(program, kind="ride")
    assert refusals_since(program) == []


# At the desk


def test_a_refused_command_answers_in_json_too(begun: Callable[..., Program], run: Run) -> None:
    program = begun(FUND.format("0.00"))
    happens(program)
    done = run("voucher", "issue", "c1", "--json", folder=program.folder)
    assert done.exit_code == 1
    told = json.loads(done.stdout)
    (one,) = told["refused"]
    assert one["reason"] == "fund" and one["what"] == "gifts" and one["cents"] == 1000
    assert one["alternatives"] == ["more money can come in with: cmengine fund add 'gifts' AMOUNT"]
    assert one["words"] == REASONS["fund"].words
    assert [p["text"] for p in told["problems"]] == [done.stderr.removeprefix("Error: ").strip()]
    plain = run("voucher", "issue", "c1", folder=program.folder)
    assert plain.stdout == "" and "cmengine fund add" in plain.stderr


def test_refusals_are_counted_by_reason_and_desk(begun: Callable[..., Program], run: Run) -> None:
    program = begun(FUND.format("0.00"))
    assert "Nobody was refused anything." in run("refusals", folder=program.folder).output
    for client in ("c0", "c1"):
        happens(program, client)
        happens(program, client, "ride")
    program.by = "ben"
    for client, wish in (("c0", {}), ("c1", {}), ("c1", {"item": "radio"})):
        with pytest.raises(Refused):
            issue_voucher(program, client, **wish)  # type: ignore[arg-type]
    program.by = "mia"
    with pytest.raises(Refused):
        issue_voucher(program, "c0", item="radio")
    told = json.loads(run("refusals", "--json", folder=program.folder).stdout)
    counts = {one["reason"]: one for one in told["reasons"]}
    assert list(counts) == list(REASONS)
    assert all(one["alternatives"] for one in told["reasons"])
    for reason, times, people in program.ledger.rows(
        "select reason, count(*), count(distinct client) from refusals group by reason"
    ):
        assert (counts[reason]["times"], counts[reason]["clients"]) == (times, people) == (2, 2)
    assert sum(one["times"] for one in told["reasons"]) == len(told["refusals"]) == 4
    assert told["by_staff"] == {"ben": 3, "mia": 1}
    shown = run("refusals", folder=program.folder).output
    assert "gifts (2)" in shown and "radio (2)" in shown and "ben (3) and mia (1)" in shown
    of_c1 = json.loads(run("refusals", "--client", "c1", "--json", folder=program.folder).stdout)
    assert {one["client"] for one in of_c1["refusals"]} == {"c1"} and len(of_c1["refusals"]) == 2
    later = run("refusals", "--since", "2026-07-02", folder=program.folder)
    assert "Nobody was refused anything." in later.output
    assert run("refusals", "--client", "nobody", folder=program.folder).exit_code == 1


def test_counts_are_pure_and_keep_what_is_listed_no_longer() -> None:
    rows: list[dict[str, Any]] = [
        {"reason": "old", "what": "x", "client": None, "made_by": "ana"},
        {"reason": "fund", "what": "gifts", "client": "c1", "made_by": "ben"},
        {"reason": "fund", "what": "gifts", "client": "c1", "made_by": "ana"},
    ]
    found = {one["reason"]: (one["times"], one["clients"], one["what"]) for one in counted(rows)}
    assert found["fund"] == (2, 1, {"gifts": 2}) and found["old"] == (1, 0, {"x": 1})
    assert found["limit"] == (0, 0, {})
    assert by_staff(rows) == {"ana": 2, "ben": 1}


def test_of_several_funds_the_first_says_why_and_what_waits_for_the_same_is_added_up() -> None:
    month = Cap(name="month", window="month", most=1)
    limit = Reason(kind="limit", fund="grant", cap=month)
    empty, other = Reason(kind="fund", fund="gifts"), Reason(kind="fund", fund="city")
    unpaid = Reason(kind="rule", fund="gifts", rule="pass")
    found = held_back(
        "c1",
        [
            Held(cents=300, reasons=(limit, empty)),
            Held(cents=25, reasons=(limit, other)),
            Held(cents=7, reasons=(empty, limit)),
            Held(cents=1, reasons=(unpaid,)),
        ],
    )
    assert [(one.reason, one.what, one.cents, one.client) for one in found] == [
        ("limit", "month", 325, "c1"),
        ("fund", "gifts", 7, "c1"),
        ("rule", "pass", 1, "c1"),
    ]
    assert all(one.instead for one in found)


def test_refusals_are_told_oldest_first_from_a_day_on_with_the_moment_and_the_desk(
    begun: Callable[..., Program], run: Run, clock: Any
) -> None:
    program = begun(FUND.format("0.00"))
    moments = []
    for day, (client, by) in enumerate((("c1", "ana"), ("c0", "ben"), ("c0", "ana"))):
        clock.now += timedelta(days=day > 0)
        program.by = by
        happens(program, client)
        with pytest.raises(Refused):
            issue_voucher(program, client)
        moments.append((program.today(), program.now().isoformat(), client, by))
    rows = refusals_since(program)
    assert [
        (date.fromisoformat(one["on"]), one["made_at"], one["client"], one["made_by"])
        for one in rows
    ] == moments
    assert refusals_since(program, moments[1][0]) == rows[1:]
    assert refusals_since(program, moments[2][0], "c1") == []
    since = ("--since", moments[2][0].isoformat())
    shown = run("refusals", *since, folder=program.folder).output.splitlines()
    assert [line.split(maxsplit=3) for line in shown] == [
        ["reason", "times", "people", "in the way"],
        ["fund", "1", "1", "gifts (1)"],
        ["At", "the", "desk", "of: ana (1)"],
    ]
    whole = run("refusals", folder=program.folder).output.splitlines()
    assert whole[1].split(maxsplit=3) == ["fund", "3", "2", "gifts (3)"]
    assert whole[2] == "At the desk of: ana (2) and ben (1)"


def test_what_was_as_often_comes_by_name() -> None:
    rows: list[dict[str, Any]] = [
        {"reason": "fund", "what": what, "client": None, "made_by": by}
        for what, by in (("gifts", "mia"), ("city", "ben"), ("zoo", "ana"), ("zoo", "ben"))
    ]
    (found,) = [one for one in counted(rows) if one["times"]]
    assert list(found["what"].items()) == [("zoo", 2), ("city", 1), ("gifts", 1)]
    assert list(by_staff(rows).items()) == [("ben", 2), ("ana", 1), ("mia", 1)]


def test_a_refusal_that_cannot_be_written_down_is_said_all_the_same(
    begun: Callable[..., Program], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody else writes for longer than anybody waits."""
    import sqlite3
    from contextlib import closing

    program = begun(FUND.format("0.00"))
    happens(program)
    monkeypatch.setattr("cmengine.ledger.WAIT_SECONDS", 0)
    with closing(sqlite3.connect(program.ledger.path, isolation_level=None)) as other:
        real = program.ledger._roll_back

        def then_others_write() -> None:
            real()
            if not other.in_transaction:
                other.execute("begin immediate")

        monkeypatch.setattr(program.ledger, "_roll_back", then_others_write)
        with pytest.raises(Refused) as caught:
            issue_voucher(program, "c1")
        other.execute("rollback")
    assert "the fund 'gifts' is used up just now" in str(caught.value)
    assert "locked" in str(caught.value) and caught.value.refusals[0].reason == "fund"
    assert refusals_since(program, date(2026, 1, 1)) == []
