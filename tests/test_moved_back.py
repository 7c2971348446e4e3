"""A choice that was written down too late gets its right first day: more may count, and nothing else changes."""

import json
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cmengine.choices import Wish, accept_version, choose_goals, set_aside, set_goal
from cmengine.corrections import correct_event
from cmengine.engine import add_client, log_event, make_event
from cmengine.errors import CMError
from cmengine.importing import import_choices
from cmengine.program import Program
from cmengine.publish import publish
from cmengine.timeline import first_day, going_on
from cmengine.verify import verify

Make = Callable[..., Program]
MONDAY = date(2026, 6, 1)

KINDS = """
[kind.visit]
label = "Came in"
[kind.drinks]
label = "Drinks in a day"
unit  = "drinks"
"""
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
id    = "welcome-back"
title = "Good to see you again"
[rule.goal]
kind       = "came_back"
events     = ["visit"]
after_days = 14
beside     = "drop-in"
[[rule.reward]]
kind  = "fixed_voucher"
worth = "1.50"

[[rule]]
id          = "fewer-drinks"
title       = "My own number"
client_sets = ["goal.target"]
[rule.goal]
kind   = "at_most"
event  = "drinks"
target = 4
[[rule.reward]]
kind  = "fixed_voucher"
worth = "1.00"

[[rule]]
id    = "season"
title = "By the calendar"
[rule.goal]
kind   = "any_of"
events = ["visit"]
[[rule.calendar]]
days  = ["mon", "wed", "fri"]
weeks = 4
[[rule.reward]]
kind   = "ladder"
climbs = "by_calendar"
phases = [{ times = 12, start = "1.00", step = "0.50" }]
"""


@pytest.fixture
def program(make: Make) -> Program:
    opened = make(RULES, KINDS)
    for client in ("c1", "c2"):
        add_client(opened, client)
    return opened


def day(number: int) -> date:
    """Give a day of June."""
    return MONDAY + timedelta(days=number - 1)


def log(program: Program, on: int, *, client: str = "c1", value: str | None = None) -> str:
    """Log a visit on a day of June, or drinks where there is a number; give its id."""
    kind = "visit" if value is None else "drinks"
    at = program.moment(day(on), None)
    event, wrong = make_event(program, client=client, kind=kind, value=value, at=at)
    assert event is not None, wrong
    log_event(program, event)
    return event.id


def choose(program: Program, rule: str, on: int, *, client: str = "c1", words: str = "w") -> int:
    """Choose a rule from a day of June on; give what events that were logged before earned by it, in cents."""
    wish = Wish(client=client, rule=rule, words=words, on=day(on))
    (chosen,), _ = choose_goals(program, [wish])
    return sum(r.outcome.earned.cents for r in chosen.caught_up if r.outcome.earned)


def earned(program: Program, client: str = "c1") -> int:
    return program.ledger.balance(client).earned


def counted(program: Program) -> list[tuple[str, str, str]]:
    """Every occurrence as plain SQL has it: which event, under which rule and version."""
    sql = "select event, rule, digest from occurrences order by 1, 2"
    return [tuple(row) for row in program.ledger.rows(sql)]


def test_who_forgot_the_day_gives_it_now_and_nothing_is_lost(program: Program) -> None:
    log(program, 3)
    log(program, 5)
    choose(program, "drop-in", 8)
    log(program, 9)
    before = counted(program)
    assert earned(program) == 250

    assert choose(program, "drop-in", 3) == 375 + 500

    assert set(before) < set(counted(program))
    assert earned(program) == 250 + 375 + 500
    log(program, 10)
    assert earned(program) == 250 + 375 + 500 + 625, "the ladder goes on from where it is"
    verdict = verify(program)
    assert verdict.ok, verdict.problems


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_it_comes_to_what_the_right_day_from_the_beginning_comes_to(
    data: st.DataObject, make: Make
) -> None:
    """In whatever order days and choices come: counted is each day from the first day on, once."""
    program = make(RULES, KINDS)
    client = f"c{len(program.ledger.clients())}"
    add_client(program, client)
    days = data.draw(st.lists(st.integers(1, 20), min_size=1, max_size=12))
    firsts = sorted(data.draw(st.sets(st.integers(1, 20), min_size=1, max_size=4)), reverse=True)
    steps = [("log", on) for on in days] + [("choose", 0)] * len(firsts)
    left = list(firsts)
    for what, on in data.draw(st.permutations(steps)):
        before = earned(program, client)
        if what == "log":
            log(program, on, client=client)
        else:
            choose(program, "drop-in", left.pop(0), client=client)
        assert earned(program, client) >= before
    times = len({on for on in days if on >= firsts[-1]})
    assert earned(program, client) == sum(250 + 125 * n for n in range(times))
    verdict = verify(program)
    assert verdict.ok, verdict.problems


def test_what_was_set_or_taken_since_goes_on_from_its_own_day(program: Program) -> None:
    choose(program, "fewer-drinks", 10)
    set_goal(program, "c1", "fewer-drinks", (("goal.target", "2"),), day(12))
    for on in (5, 11, 13):
        log(program, on, value="3")
    assert earned(program) == 100, "three is under the bar of the 11th alone"

    assert choose(program, "fewer-drinks", 4) == 100, "the 5th is under the bar of then"

    log(program, 6, value="4")
    log(program, 14, value="3")
    log(program, 15, value="2")
    assert earned(program) == 100 + 100 + 100 + 100
    assert program.ledger.timelines("c1")["fewer-drinks"][-1].choice.settings == (
        ("goal.target", "2"),
    )
    assert verify(program).ok


def test_the_version_that_was_promised_stays_before_and_after(program: Program) -> None:
    choose(program, "drop-in", 10)
    old = program.ledger.timelines("c1")["drop-in"][0].choice.digest
    file = program.folder / "rules" / "rules.toml"
    file.write_text(RULES.replace('start = "2.50"', 'start = "4.00"'))
    publish(program)
    accept_version(program, "c1", "drop-in", day(12))
    log(program, 5)
    choose(program, "drop-in", 4)
    log(program, 13)
    under = {event: digest for event, _, digest in counted(program)}
    assert list(under.values()).count(old) == 1
    assert earned(program) == 250 + 400 + 125
    assert verify(program).ok


def test_a_rest_stays_a_rest(program: Program) -> None:
    choose(program, "drop-in", 2)
    set_aside(program, "c1", "drop-in", day(6))
    log(program, 8)
    choose(program, "drop-in", 12)
    log(program, 10)
    log(program, 4)
    assert earned(program) == 250, "the 4th alone"

    with pytest.raises(CMError, match="was set aside from 2026-06-06 on; give that day or a later"):
        choose(program, "drop-in", 5)
    assert choose(program, "drop-in", 9) == 375, "the 10th, and not the 8th"
    log(program, 7)
    assert earned(program) == 250 + 375
    assert verify(program).ok
    assert choose(program, "drop-in", 6) == 500 + 625, "the whole rest was a mistake"
    assert verify(program).ok


def test_a_calendar_moves_as_long_as_no_place_of_it_is_taken(program: Program) -> None:
    log(program, 3)  # a Wednesday
    choose(program, "season", 8)
    assert choose(program, "season", 1) == 150, "the second place: Monday was the first"
    log(program, 5)
    assert earned(program) == 150 + 200
    assert verify(program).ok
    choose(program, "season", 8, client="c2")
    log(program, 8, client="c2")
    rows = program.ledger.rows("select count(*) from choices")[0][0]
    with pytest.raises(CMError, match="a place in it that begins on 2026-06-08 is taken"):
        choose(program, "season", 1, client="c2")
    assert program.ledger.rows("select count(*) from choices")[0][0] == rows
    assert verify(program).ok


def test_a_welcome_moves_back_no_further_than_what_it_goes_with(program: Program) -> None:
    choose(program, "drop-in", 10)
    choose(program, "welcome-back", 10)
    with pytest.raises(CMError, match="choose 'drop-in' first"):
        choose(program, "welcome-back", 1)
    choose(program, "drop-in", 1)
    choose(program, "welcome-back", 1)
    assert verify(program).ok


def test_a_mistake_that_was_corrected_stays_one(program: Program) -> None:
    wrong = log(program, 3)
    log(program, 4)
    choose(program, "drop-in", 8)
    log(program, 9)
    correct_event(program, wrong, "It was somebody else")
    assert choose(program, "drop-in", 1) == 375, "the 4th"
    assert earned(program) == 250 + 375
    assert verify(program).ok


def test_a_first_day_never_moves_forward_and_what_is_set_is_left_out(program: Program) -> None:
    choose(program, "fewer-drinks", 10)
    log(program, 11, value="1")
    with pytest.raises(
        CMError, match="is already chosen, from 2026-06-10 on; if it was chosen earl"
    ):
        choose(program, "fewer-drinks", 12)
    wish = Wish(client="c1", rule="fewer-drinks", settings=(("goal.target", "9"),), on=day(2))
    with pytest.raises(CMError, match="leave the settings out, and change one with goal set"):
        choose_goals(program, [wish])
    assert earned(program) == 100
    assert [row.choice.on for row in program.ledger.timelines("c1")["fewer-drinks"]] == [day(10)]


def test_a_file_of_choices_that_came_in_before_is_still_known(program: Program) -> None:
    file = program.folder / "choices.csv"
    file.write_text("client,rule,words,on\nc1,drop-in,Out of my room,2026-06-10\n")
    import_choices(program, file)
    choose(program, "drop-in", 3, words="")
    (known,), _ = import_choices(program, file)
    assert known.again
    assert (known.choice.on, known.choice.words) == (day(3), "Out of my room"), "as it holds now"


@pytest.mark.parametrize("told", [[], [3], [5, 3], [5, 5]])
def test_the_first_day_is_the_earliest(program: Program, told: list[int]) -> None:
    choose(program, "drop-in", 10)
    for on in told:
        try:
            choose(program, "drop-in", on)
        except CMError as error:
            assert told == [5, 5], error
    rows = program.ledger.timelines("c1")["drop-in"]
    assert first_day(rows) == min([day(10), *map(day, told)]) == going_on(rows)[0].choice.on
    assert len(going_on(rows)) == 1


def test_the_desk_is_told_what_moved_and_what_counts_now(
    program: Program, run: Callable[..., object]
) -> None:
    log(program, 3)
    words = ("goal", "choose", "c1", "drop-in", "--words", "See people", "--on")
    run(*words, "2026-06-10", folder=program.folder)
    done = run(*words, "2026-06-02", "--json", folder=program.folder)
    told = json.loads(done.output)  # type: ignore[attr-defined]
    assert (told["on"], told["moved_from"], told["again"]) == ("2026-06-02", "2026-06-10", False)
    assert sum(Decimal(award["cents"]) for award in told["awards"]) == 250
    done = run(*words, "2026-06-01", folder=program.folder)
    assert "from Mon 1 Jun 2026; written down before: from Tue 2 Jun 2026." in done.output  # type: ignore[attr-defined]
    listed = json.loads(run("goal", "list", "--json", folder=program.folder).output)  # type: ignore[attr-defined]
    assert [(one["rule"], one["on"]) for one in listed["goals"]] == [("drop-in", "2026-06-01")]
