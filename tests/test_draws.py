"""Draws from the bowl: fair, fixed, replayed in front of a client, and checked by a stranger."""

import hashlib
import json
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from math import sqrt
from pathlib import Path
from random import Random
from typing import Any

import pytest
from click.testing import Result
from cmengine_fishbowl import Fishbowl, Slip
from hypothesis import given
from hypothesis import strategies as st

from cmengine import check_draws
from cmengine.check_draws import check
from cmengine.choices import Wish, choose_goals
from cmengine.corrections import correct_event
from cmengine.dice import KeyedDice, commitment, dice_from, throw
from cmengine.drawbook import names_client, published
from cmengine.draws import replay_draw
from cmengine.engine import add_client, log_event, make_event
from cmengine.errors import CMError
from cmengine.model import Occurrence
from cmengine.program import Program, open_program
from cmengine.settings import add_draw_secret, read_keys
from cmengine.sqlite import sqlite3
from cmengine.turns import retire, turns_of
from cmengine.verify import verify
from cmengine.vouchers import issue_voucher

Run = Callable[..., Result]

KINDS = """
[kind.group]
label = "Came to the group"
[kind.setback_shared]
label = "Told us about a setback"
"""
RULES = """
[[rule]]
id = "bowl"
title = "I come to the group and draw"
[rule.goal]
kind = "any_of"
events = ["group"]
[[rule.reward]]
kind = "praise"
says = ["Good to see you."]
[[rule.reward]]
kind = "fishbowl"
first_draws = 2
slips = [
  { says = "good job", count = 50 },
  { says = "small", count = 39, worth = "1.00" },
  { says = "bus pass", count = 8, item = "bus pass" },
  { says = "large", count = 3, worth = "20.00" },
]
"""
SLIPS = (
    Slip(says="good job", count=250, worth=None),
    Slip(says="small", count=209, worth="1.00"),
    Slip(says="large", count=40, worth="20.00"),
    Slip(says="jumbo", count=1, worth="100.00"),
)
FIRST = Occurrence(rule="r", on=date(2026, 1, 5), value=None, ordinal=1, slot=None, reason="")


@pytest.fixture
def program(make: Callable[..., Program]) -> Program:
    program = make(RULES, KINDS)
    for client in ("c001", "c002"):
        add_client(program, client)
        choose_goals(program, [Wish(client=client, rule="bowl", on=date(2026, 1, 1))])
    return program


def group(program: Program, client: str, id: str, day: int = 0, kind: str = "group") -> None:
    at = program.moment(date(2026, 1, 5) + timedelta(days=day), None)
    event, wrong = make_event(program, client=client, kind=kind, at=at, id=id)
    assert event is not None and not wrong
    log_event(program, event)


def slips(program: Program) -> dict[str, list[str]]:
    """What was drawn for each event."""
    found: dict[str, list[str]] = {}
    for row in program.ledger.awards("reward = 1"):
        found.setdefault(row.event, []).append(row.label)
    return found


# How a draw is worked out


def hmac_by_hand(key: bytes, text: bytes) -> bytes:
    """RFC 2104, written out: H(K xor opad, H(K xor ipad, text)), with SHA-256 and its blocks of 64 bytes."""
    key = hashlib.sha256(key).digest() if len(key) > 64 else key
    key = key.ljust(64, b"\0")
    inner = hashlib.sha256(bytes(b ^ 0x36 for b in key) + text).digest()
    return hashlib.sha256(bytes(b ^ 0x5C for b in key) + inner).digest()


def by_hand(secret: bytes, event: str, rule: str, reward: int, bowl: list[str], draws: int) -> Any:
    """The slips of so many draws; a bowl of so few slips never comes to its last, incomplete round."""
    found = []
    for n in range(draws):
        digest = hmac_by_hand(secret, f"{event}\n{rule}\n{reward}\n{n}".encode())
        found.append(bowl[int(digest.hex()[:16], 16) % len(bowl)])
    return found


@given(st.binary(max_size=80), st.text(min_size=1, max_size=20), st.integers(0, 9), st.data())
def test_a_bowl_draws_as_the_page_says(
    secret: bytes, event: str, reward: int, data: st.DataObject
) -> None:
    counts = data.draw(st.lists(st.integers(1, 9), min_size=1, max_size=6))
    draws = data.draw(st.integers(1, 100))
    bowl = Fishbowl(
        slips=tuple(Slip(says=f"s{n}", count=count) for n, count in enumerate(counts)),
        first_draws=draws,
    )
    dice = dice_from(secret)(event, "r", reward)
    each = [f"slip: s{n}" for n, count in enumerate(counts) for _ in range(count)]
    drawn = [award.label for award in bowl.awards(FIRST, dice)]
    assert drawn == by_hand(secret, event, "r", reward, each, draws)


class Scripted(Random):
    """Dice that show the numbers they are told to."""

    def __init__(self, *numbers: int) -> None:
        super().__init__()
        self.numbers = list(numbers)

    def getrandbits(self, k: int, /) -> int:
        assert k == 64
        return self.numbers.pop(0)


def test_a_number_of_the_last_incomplete_round_is_thrown_again() -> None:
    # 2^64 = 3 x 6148914691236517205 + 1: the last number alone is over.
    assert throw(Scripted(2**64 - 1, 2**64 - 2), 3) == (2**64 - 2, 2)
    assert throw(Scripted(2**64 - 1), 4) == (2**64 - 1, 3)
    # 2^64 = 10 x 1844674407370955161 + 6: the last six are over.
    for over in range(1, 7):
        assert throw(Scripted(2**64 - over, 17), 10) == (17, 7)
    assert throw(Scripted(2**64 - 7), 10) == (2**64 - 7, 9)


@given(st.integers(0, 700), st.integers(0, 700))
def test_numbers_of_any_size_come_from_whole_throws_of_their_own(k: int, more: int) -> None:
    dice = KeyedDice(b"secret", "e", "r", 0)
    stream = "".join(
        f"{int.from_bytes(hmac_by_hand(b'secret', f'e{chr(10)}r{chr(10)}0{chr(10)}{n}'.encode())):0256b}"
        for n in range(6)
    )
    first, second = dice.getrandbits(k), dice.getrandbits(more)
    used = -(-k // 256) * 256
    assert first == int(stream[:k] or "0", 2)
    assert second == int(stream[used : used + more] or "0", 2)


def test_dice_of_a_stranger_are_fixed_too_and_cannot_be_seeded_anew() -> None:
    def played(seeded: bool) -> list[object]:
        dice = KeyedDice(b"secret", "e", "r", 0)
        if seeded:
            dice.seed(5)
        return [dice.random(), dice.choice("abc"), dice.gauss(), dice.sample(range(9), 3)]

    assert played(False) == played(True)
    assert 0 <= KeyedDice(b"x", "e", "r", 0).random() < 1


def test_a_hundred_thousand_draws_are_fair() -> None:
    """Each slip within four standard errors, and chi-square below 16.27, which one in a thousand fair
    bowls with three degrees of freedom comes to (any table of chi-square).
    """
    bowl, draws = Fishbowl(slips=SLIPS, first_draws=100), 100_000
    dice = dice_from(b"a fixed key")
    seen = Counter(
        award.label
        for event in range(draws // 100)
        for award in bowl.awards(FIRST, dice(f"event-{event}", "r", 0))
    )
    assert seen.total() == draws
    chi_square = 0.0
    for slip in SLIPS:
        p = slip.count / 500
        expected = draws * p
        assert abs(seen[slip.award.label] - expected) < 4 * sqrt(draws * p * (1 - p))
        chi_square += (seen[slip.award.label] - expected) ** 2 / expected
    assert chi_square < 16.27
    # 250 x 0 + 209 x 1.00 + 40 x 20.00 + 1 x 100.00 = 1109.00, a 500th of it is 2.218.
    worth = {slip.award.label: slip.worth for slip in SLIPS}
    mean = sum(count * worth[label] for label, count in seen.items()) / draws
    spread = sqrt((209 * 100**2 + 40 * 2000**2 + 10000**2) / 500 - 221.8**2)
    assert abs(mean - 221.8) < 4 * spread / sqrt(draws)


def test_neighboring_events_rules_and_rewards_draw_independently() -> None:
    bowl = Fishbowl(slips=(Slip(says="a", count=1), Slip(says="b", count=1)))
    dice = dice_from(b"a fixed key")

    def face(event: str, rule: str, reward: int) -> str:
        (award,) = bowl.awards(FIRST, dice(event, rule, reward))
        return award.label

    for other in (("e", "r", 1), ("e", "s", 0), ("f", "r", 0)):
        same = sum(
            face(f"e{n}", "r", 0) == face(f"{other[0]}{n}", other[1], other[2])
            for n in range(10_000)
        )
        assert abs(same - 5_000) < 4 * 50  # four times the square root of 10,000 / 4


# A draw is fixed


def test_neither_order_nor_day_nor_others_nor_retries_change_a_draw(program: Program) -> None:
    order, rounds = Random(7), 6
    ids = [f"e{n}" for n in range(12)]
    seen = []
    for n in range(rounds):
        folder = program.folder.with_name(f"copy{n}")
        shutil.copytree(program.folder, folder)
        copy = open_program(folder, by="ana", clock=program.clock, registry=program.registry)
        order.shuffle(ids)
        for place, id in enumerate(ids):
            client = "c001" if n == 0 else order.choice(["c001", "c002"])
            if order.random() < 0.5:
                group(copy, client, f"between{place}", order.randrange(60), "setback_shared")
            day = order.randrange(60)
            group(copy, client, id, day)
            for _ in range(order.randrange(3)):
                group(copy, client, id, day)  # a double click
        assert verify(copy).ok
        seen.append({id: slips(copy)[id] for id in ids})
        copy.close()
    assert all(one == seen[0] for one in seen)


def test_marking_as_a_mistake_and_logging_again_is_no_second_try(program: Program) -> None:
    group(program, "c001", "e1")
    before = slips(program)
    correct_event(program, "e1", "Wrong person")
    group(program, "c001", "e1")
    assert slips(program) == before
    with pytest.raises(CMError, match="this id was already used"):
        group(program, "c001", "e1", day=1)
    assert slips(program) == before
    retire(program)
    (drawn,) = published(program).document["draws"]
    assert drawn["mistake"] is True  # for a stranger to see how often it happens


# Secrets in turns


def awards_again(program: Program) -> list[bool]:
    return [one.agrees for row in slips(program) for one in replay_draw(program, row)]


def test_what_was_logged_before_keeps_its_secret_and_what_comes_after_has_the_next(
    program: Program,
) -> None:
    old = read_keys(program.folder / "program.key").draws
    group(program, "c001", "early")
    done = retire(program)
    group(program, "c001", "late")
    new = read_keys(program.folder / "program.key").draws
    each = [*["good job"] * 50, *["small 1.00"] * 39, *["bus pass"] * 8, *["large 20.00"] * 3]
    each = [f"slip: {one}" for one in each]
    assert new[:1] == old and len(new) == 2
    assert done.turn.secret == old[0] and done.turn.retired_by == "ana"
    assert done.next == hashlib.sha256(b"cmengine draw secret\n" + new[1]).hexdigest()
    assert slips(program) == {
        "early": by_hand(new[0], "early", "bowl", 1, each, 2),
        "late": by_hand(new[1], "late", "bowl", 1, each, 2),
    }
    assert [turn.secret for turn in turns_of(program.ledger)] == [old[0], None]
    assert awards_again(program) == [True] * 4
    assert verify(program).ok
    assert verify(program, many=0).ok  # in two processes


def test_a_late_choice_and_a_correction_find_the_secret_of_the_event(program: Program) -> None:
    add_client(program, "c003")
    for n in range(3):
        group(program, "c003", f"before{n}", n)
    retire(program)
    group(program, "c003", "after", 5)
    retire(program)
    choose_goals(program, [Wish(client="c003", rule="bowl", on=date(2026, 1, 1))])
    secrets = read_keys(program.folder / "program.key").draws
    each = [*["good job"] * 50, *["small 1.00"] * 39, *["bus pass"] * 8, *["large 20.00"] * 3]
    each = [f"slip: {one}" for one in each]
    drawn = slips(program)
    assert drawn["after"] == by_hand(secrets[1], "after", "bowl", 1, each, 2)
    for n in range(3):
        assert drawn[f"before{n}"] == by_hand(secrets[0], f"before{n}", "bowl", 1, each, 2)
    correct_event(program, "before0", "It was somebody else")
    assert verify(program).ok
    assert slips(program) == drawn


def test_another_desk_that_is_open_notices_that_a_secret_was_retired(program: Program) -> None:
    other = open_program(program.folder, by="ben", clock=program.clock, registry=program.registry)
    group(other, "c001", "e1")
    retire(program)
    group(other, "c001", "e2")
    retire(other)
    group(program, "c001", "e3")
    other.close()
    assert verify(program).ok
    assert (
        len({one.turn.commitment for e in ("e1", "e2", "e3") for one in replay_draw(program, e)})
        == 3
    )


def test_neither_key_nor_secrets_are_looked_at_before_dice_are_thrown(program: Program) -> None:
    (program.folder / "program.key").write_text("not a key")
    group(program, "c001", "calm", kind="setback_shared")
    with pytest.raises(CMError, match="the program's key cannot be read"):
        group(program, "c001", "thrown")
    assert slips(program) == {}


CUT_OFF = """
import os, sys
from pathlib import Path
from cmengine.program import open_program
from cmengine.turns import retire
program = open_program(Path(sys.argv[1]), by="ana")
program.ledger._db.set_trace_callback(lambda sql: sql.lower().startswith(sys.argv[2]) and os._exit(9))
retire(program)
"""


def test_cut_off_between_the_key_and_the_ledger_nothing_is_lost(program: Program) -> None:
    """The process ends as the ledger is about to be written, or about to be kept."""
    group(program, "c001", "e1")
    key = program.folder / "program.key"
    (first,) = read_keys(key).draws
    at = ("insert into retired", "insert into draw_secrets", "commit")
    for times, statement in enumerate(at, start=1):
        words = [sys.executable, "-c", CUT_OFF, str(program.folder), statement]
        assert subprocess.run(words, check=False).returncode == 9
        assert [turn.secret for turn in turns_of(program.ledger)] == [None]
        # What the ledger was about to promise is in the key already.
        assert read_keys(key).draws[0] == first and len(read_keys(key).draws) == 1 + times
    group(program, "c001", "e2")
    assert verify(program).ok
    done = retire(program)
    group(program, "c001", "e3")
    known = read_keys(key).draws
    # What is promised is a secret that nobody has seen: those of the tries that were cut off are not used.
    assert done.next == commitment(known[-1]) and len(known) == 5
    assert verify(program).ok
    assert key.stat().st_mode & 0o077 == 0


def test_where_the_key_cannot_be_written_nothing_is_promised(program: Program) -> None:
    (program.folder / "program.key.new").mkdir()
    before = (program.folder / "program.key").read_text()
    with pytest.raises(CMError, match="the program's key cannot be written"):
        retire(program)
    assert [turn.secret for turn in turns_of(program.ledger)] == [None]
    assert (program.folder / "program.key").read_text() == before


def test_a_further_secret_leaves_all_else_in_the_key_as_it_was(tmp_path: Path) -> None:
    key = tmp_path / "program.key"
    key.write_text(json.dumps({"draws": ["aa"], "codes": "bb", "journal": "dd", "cards": "cc"}))
    secret = add_draw_secret(key)
    assert json.loads(key.read_text()) == {
        "draws": ["aa", secret.hex()],
        "codes": "bb",
        "journal": "dd",
        "cards": "cc",
    }


def test_the_ledger_keeps_one_promise_at_a_time(program: Program) -> None:
    with pytest.raises(sqlite3.IntegrityError, match="is not retired"), program.ledger.writing():
        program.ledger.insert(
            "draw_secrets", commitment="a" * 64, after_event=0, committed_at="x", committed_by="x"
        )


def test_verify_finds_an_opened_secret_that_was_not_the_promised_one(program: Program) -> None:
    for n in range(30):
        group(program, "c001", f"e{n}")
    retire(program)
    program.close()
    with sqlite3.connect(program.folder / "program.db") as db:
        db.execute("drop trigger retired_secrets_no_update")
        db.execute("update retired_secrets set secret = ?", ("0" * 64,))
    db.close()
    again = open_program(program.folder, by="ana", registry=program.registry)
    problems = verify(again).problems
    again.close()
    assert any("is not the one that was opened" in problem for problem in problems)
    assert any("the awards are not those that the log gives" in problem for problem in problems)


def test_whoever_retires_is_written_down_and_the_next_promise_is_shown(
    program: Program, run: Run
) -> None:
    group(program, "c001", "e1")
    done = json.loads(run("draw", "retire", "--json", folder=program.folder).stdout)
    told = json.loads(run("draw", "secrets", "--json", folder=program.folder).stdout)["secrets"]
    assert [one["commitment"] for one in told] == [
        done["retired"]["commitment"],
        done["commitment"],
    ]
    assert told[0]["retired_by"] == "ana" and told[0]["secret"] == done["retired"]["secret"]
    assert told[1]["secret"] is None and told[1]["retired_at"] is None


# In front of a client


def test_a_draw_is_replayed_with_its_bowl_its_number_and_its_slip(
    program: Program, run: Run
) -> None:
    secret = read_keys(program.folder / "program.key").draws[0]
    for n in range(20):
        group(program, "c001", f"e{n}")
    for row in program.ledger.awards("reward = 1"):
        told = json.loads(run("draw", "show", row.id, "--json", folder=program.folder).stdout)
        (one,) = told["draws"]
        digest = hmac_by_hand(secret, f"{row.event}\nbowl\n1\n{one['throw']}".encode())
        number = int.from_bytes(digest[:8], "big")
        assert one["number"] == str(number)
        assert one["slip"] == number % 100 + 1
        assert [slip["chance"] for slip in one["bowl"]["slips"]] == [
            "50/100", "39/100", "8/100", "3/100",
        ]  # fmt: skip
        last = 0
        for slip in one["bowl"]["slips"]:
            last += slip["count"]
            if one["slip"] <= last:
                assert slip["label"] == row.label
                break
        assert one["agrees"] is True and one["retired_at"] is None
    whole = run("draw", "show", "e3", folder=program.folder).stdout
    assert "slips 51 to 89 slip: small 1.00 39 in 100 39%" in " ".join(whole.split())
    # 39 x 1.00 + 3 x 20.00 = 99.00 in a hundred slips.
    assert "A draw is worth 0.99 in money on average, and a thing 8 times in 100." in whole
    assert whole.count("The number thrown:") == 2
    assert "anybody can check this draw without trusting us" in " ".join(whole.split())


def test_what_was_not_drawn_is_said_kindly(program: Program, run: Run) -> None:
    group(program, "c001", "e1")
    group(program, "c001", "quiet", kind="setback_shared")
    for which, words in (
        ("1.1", "it was not drawn from a bowl"),
        ("quiet", "nothing was drawn for it"),
        ("9.9", "there is no such award"),
    ):
        done = run("draw", "show", which, folder=program.folder)
        assert done.exit_code == 1 and words in done.stderr


def test_a_thing_that_was_drawn_is_owed_until_it_is_handed_over(program: Program, run: Run) -> None:
    drawn = None
    for n in range(400):
        group(program, "c001", f"e{n}")
        drawn = next((row for row in program.ledger.awards("item is not null")), None)
        if drawn:
            break
    assert drawn is not None
    group(program, "c001", "hard week", 40, "setback_shared")
    shown = run("draw", "show", drawn.id, folder=program.folder).stdout
    assert "Owed in writing: 'bus pass' waits to be handed over. It does not run out" in shown
    assert "bus pass" in run("client", "show", "c001", folder=program.folder).stdout
    issue_voucher(program, "c001", item="bus pass")
    shown = run("draw", "show", drawn.id, folder=program.folder).stdout
    assert "Handed over on 2026-07-01." in shown and "Owed" not in shown


# For a stranger


@pytest.fixture
def book(program: Program) -> dict[str, Any]:
    """A file of draws with two opened secrets, from a program whose people have telling codes."""
    add_client(program, "zorro-9", name="Zuleika")
    choose_goals(program, [Wish(client="zorro-9", rule="bowl", on=date(2026, 1, 1), words="Zest")])
    for n in range(12):
        group(program, ("c001", "zorro-9", "c002")[n % 3], f"a{n}", n)
    group(program, "zorro-9", "visit-of-ZORRO-9")
    retire(program)
    for n in range(4):
        group(program, "c002", f"b{n}", n)
    retire(program)
    group(program, "c001", "shut")
    book = published(program)
    assert book.left_out == {"shut": 1, "codes": 1}
    return book.document


def test_what_is_published_names_nobody(book: dict[str, Any]) -> None:
    text = json.dumps(book).lower()
    for word in ("c001", "c002", "zorro", "zuleika", "zest"):
        assert word not in text
    assert [one["event"] for one in book["draws"]] == [
        *(f"a{n}" for n in range(12)),
        *(f"b{n}" for n in range(4)),
    ]


def test_a_stranger_finds_every_draw_as_it_had_to_be(
    book: dict[str, Any], program: Program, run: Run, tmp_path: Path
) -> None:
    assert check(book, [turn.commitment for turn in turns_of(program.ledger)]) == []
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    file, script = elsewhere / "draws.json", elsewhere / "check_draws.py"
    done = run("draw", "publish", file, "--script", script, folder=program.folder)
    assert done.exit_code == 0, done.output
    assert "Note: left out: 1 time, the id of the event has the client's code in it" in done.stderr
    known = book["secrets"][0]["commitment"]
    checked = run("draw", "verify", file, "--commitment", known)
    assert checked.exit_code == 0 and "16 times" in checked.stdout
    assert run("draw", "verify", file, "--commitment", "f" * 64).exit_code == 1
    # Alone: nothing of this project can be imported there.
    alone = [sys.executable, "-I", "-S", "check_draws.py", "draws.json", known]
    bare = subprocess.run(alone, cwd=elsewhere, capture_output=True, text=True, check=False)
    assert (bare.returncode, bare.stderr) == (0, "")
    assert "16 times drawn; 0 problems." in bare.stdout
    told = json.loads(file.read_text())
    told["draws"][3]["slips"][1] = "slip: large 20.00"
    told["draws"][4]["slips"][1] = "slip: large 20.00"
    file.write_text(json.dumps(told))
    bare = subprocess.run(alone, cwd=elsewhere, capture_output=True, text=True, check=False)
    assert bare.returncode == 1 and "event a3, rule bowl, reward 1: draw 2 falls on" in bare.stderr


def edits(book: dict[str, Any], dice: Random) -> tuple[str, dict[str, Any]]:
    """Quietly change one thing in a file of draws."""
    told: dict[str, Any] = json.loads(json.dumps(book))
    drawn = dice.choice(told["draws"])
    what = dice.choice(["slip", "secret", "event", "reward", "bowl", "commitment", "turn", "twice"])
    if what == "slip":
        n = dice.randrange(2)
        others = [s["label"] for s in told["bowls"][0]["slips"] if s["label"] != drawn["slips"][n]]
        drawn["slips"][n] = dice.choice(others)
    elif what == "secret":
        told["secrets"][0]["secret"] = f"{dice.getrandbits(256):064x}"
    elif what == "commitment":
        told["secrets"][1]["commitment"] = f"{dice.getrandbits(256):064x}"
    elif what == "event":
        # Under one secret, where what the other event draws is known to be something else.
        same = [one for one in told["draws"] if one["commitment"] == drawn["commitment"]]
        others = [one for one in same if one["slips"] != drawn["slips"]]
        if not others:
            return edits(book, dice)
        other = dice.choice(others)
        drawn["event"], other["event"] = other["event"], drawn["event"]
    elif what == "reward":
        drawn["reward"] = 0
    elif what == "bowl":
        told["bowls"][0]["slips"].reverse()
    elif what == "turn":
        drawn["commitment"] = told["secrets"][2]["commitment"]
    else:
        told["draws"].append(drawn)
    return what, told


def test_whatever_is_changed_in_the_file_is_found(book: dict[str, Any]) -> None:
    dice, tried = Random(11), Counter[str]()
    known = [one["commitment"] for one in book["secrets"]]
    for _ in range(200):
        what, told = edits(book, dice)
        assert check(told, known), what
        tried[what] += 1
    assert len(tried) == 8


def test_another_secret_with_slips_to_fit_is_found_by_its_commitment(book: dict[str, Any]) -> None:
    told = json.loads(json.dumps(book))
    forged = bytes(32)
    told["secrets"][0]["secret"] = forged.hex()
    each = [slip["label"] for slip in told["bowls"][0]["slips"] for _ in range(slip["count"])]
    for drawn in told["draws"]:
        if drawn["commitment"] == told["secrets"][0]["commitment"]:
            drawn["slips"] = by_hand(forged, drawn["event"], "bowl", 1, each, 2)
    (problem,) = check(told, [])
    assert "is not the one that was promised" in problem


def test_what_is_no_file_of_draws_is_said_in_words(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "draws.json"
    others = ('{"format": "cmengine draws 1"}', '{"format": "another"}', "\xff", "[" * 100_000)
    for text in ("", "[]", "{}", *others):
        file.write_text(text, encoding="latin-1")
        done = run("draw", "verify", file)
        assert done.exit_code == 1 and "is not a file of draws" in done.stderr
        assert check_draws.main([str(file)]) == 2
        assert "is not a file of draws" in capsys.readouterr().err
    assert "there is no such file" in run("draw", "verify", tmp_path / "none.json").stderr
    assert "there is no such file" in run("draw", "verify", "/dev/zero").stderr


def test_nothing_that_is_there_is_written_over(program: Program, run: Run, tmp_path: Path) -> None:
    there, new = tmp_path / "there", tmp_path / "new"
    there.write_text("mine")
    done = run("draw", "publish", new, "--script", there, folder=program.folder)
    assert done.exit_code == 1 and "is already there" in done.stderr
    assert there.read_text() == "mine" and not new.exists()


@pytest.mark.parametrize(
    ("event", "client", "names"),
    [
        ("c001-2026-01-05", "c001", True),
        ("xC001x", "c001", True),
        ("01m87d0dbhx0a77crx9hbgmh8m", "c001", False),
        ("visit-7", "7", True),
        ("visit-17", "7", False),
        ("01M87D0DBHX0A77CRX9HBGMH8M", "7", False),
    ],
)
def test_an_id_that_names_a_client_is_known(event: str, client: str, names: bool) -> None:
    assert names_client(event, client) is names


OWN_WAY = """
from cmengine import Award, hookimpl
from attrs import frozen

@frozen(kw_only=True)
class Coin:
    kind = "coin"
    def awards(self, occurrence, dice):
        yield Award(label=dice.choice(["heads", "tails"]))
    def odds(self, occurrence):
        return 1, ((1, Award(label="heads")), (1, Award(label="tails")))

@hookimpl
def register_rewards():
    return [Coin]
"""


def test_a_plugin_that_draws_in_a_way_of_its_own_is_told_from_others(
    make: Callable[..., Program], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "own_way_coin.py").write_text(OWN_WAY)
    monkeypatch.syspath_prepend(tmp_path)
    import importlib

    from cmengine.plugins import load_plugins

    registry = load_plugins(importlib.import_module("own_way_coin"))
    rules = RULES.replace('kind = "praise"\nsays = ["Good to see you."]', 'kind = "coin"')
    folder = make("", KINDS).folder
    (folder / "rules" / "rules.toml").write_text(rules)
    program = open_program(folder, by="ana", registry=registry)
    from cmengine.publish import publish

    publish(program)
    add_client(program, "c001")
    choose_goals(program, [Wish(client="c001", rule="bowl", on=date(2026, 1, 1))])
    group(program, "c001", "e1")
    coin, *bowl = replay_draw(program, "e1")
    assert coin.thrown is None and coin.agrees
    assert len(bowl) == 2 and all(one.thrown and one.agrees for one in bowl)
    retire(program)
    found = published(program)
    assert found.left_out == {"own_way": 1}
    assert [one["reward"] for one in found.document["draws"]] == [1]
    program.close()


def test_the_example_on_the_page_is_right() -> None:
    page = (Path(__file__).parent.parent / "docs" / "draws.md").read_text(encoding="utf-8")
    told = dict(
        re.findall(r"^\| (commitment|throw \d) \| `([0-9a-f]{64})` \|$", page, re.MULTILINE)
    )
    numbers = re.findall(r"^\| number, slip from 0 \| `(\d+)`, `(\d+)` \|$", page, re.MULTILINE)
    secret = bytes(32)
    assert told["commitment"] == hashlib.sha256(b"cmengine draw secret\n" + secret).hexdigest()
    assert len(numbers) == 2
    for n, (number, place) in enumerate(numbers):
        digest = hmac_by_hand(secret, f"e1\nbowl\n0\n{n}".encode())
        assert told[f"throw {n}"] == digest.hex()
        assert int(number) == int(digest.hex()[:16], 16) and int(place) == int(number) % 100
