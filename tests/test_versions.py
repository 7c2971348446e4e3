"""Rule versions: a choice keeps its own; a diff says who would earn more or less; a client may accept."""

from collections.abc import Callable
from datetime import date

import pytest

from cmengine.choices import Wish, accept_version, choose_goals, set_aside
from cmengine.engine import add_client, log_event, make_event
from cmengine.errors import CMError
from cmengine.program import Program
from cmengine.publish import publish, unpublished
from cmengine.verify import verify
from cmengine.versions import Comparison, compare

Make = Callable[..., Program]
KINDS = '[kind.visit]\nlabel = "Came in"\n[kind.drinks]\nlabel = "Drinks"\nunit = "drinks"\n'
RULES = """
[[rule]]
id = "drop-in"
title = "Coming in"
[rule.goal]
kind = "any_of"
events = ["visit"]
per_week = 2
[[rule.reward]]
kind = "escalating_voucher"
start = "2.50"
step = "1.25"
cap = "5.00"

[[rule]]
id = "fewer-drinks"
title = "My number"
client_sets = ["goal.target"]
[rule.goal]
kind = "at_most"
event = "drinks"
target = 4
[[rule.reward]]
kind = "fixed_voucher"
worth = "1.50"
"""


@pytest.fixture
def program(make: Make) -> Program:
    opened = make(RULES, KINDS)
    add_client(opened, "c1")
    choose_goals(opened, [Wish(client="c1", rule="drop-in", on=date(2026, 6, 1))])
    return opened


def changed(program: Program, old: str, new: str) -> Comparison:
    """Publish with one change; give what it changes."""
    before = program.ledger.current_digests()
    (program.folder / "rules" / "rules.toml").write_text(RULES.replace(old, new))
    (published,), _ = publish(program)
    was, now = before[published.rule], published.digest
    return compare(
        program.specimen(program.table(was), was),
        program.specimen(program.table(now), now),
        program.kinds,
    )


def visit(program: Program, on: date) -> int:
    event, _ = make_event(program, client="c1", kind="visit", at=program.moment(on, None))
    assert event is not None
    return sum(
        r.outcome.earned.cents for r in log_event(program, event).results if r.outcome.earned
    )


def test_what_was_judged_is_what_is_published_whatever_becomes_of_the_file_meanwhile(
    program: Program,
) -> None:
    file = program.folder / "rules" / "rules.toml"
    judged = RULES.replace('start = "2.50"', 'start = "3.00"')
    file.write_text(judged)
    seen = []

    def meanwhile(done: int, of: int) -> None:
        seen.append((done, of))
        file.write_text(RULES.replace('start = "2.50"', 'start = "4.00"'))

    (one,), _ = publish(program, progress=meanwhile)
    assert seen
    assert program.table(one.digest)["reward"][0]["start"] == "3.00"
    assert unpublished(program) == ["drop-in"], "what stands in the file now is still to be judged"


def test_a_version_that_pays_more_is_told_and_may_be_accepted(program: Program) -> None:
    assert visit(program, date(2026, 6, 1)) == 250
    found = changed(program, '"2.50"', '"3.00"')
    assert found.more
    assert not found.less
    assert [(s.first, s.last, s.before, s.after) for s in found.steps] == [
        (1, 1, ("voucher 2.50",), ("voucher 3.00",)),
        (2, 2, ("voucher 3.75",), ("voucher 4.25",)),
    ]
    assert visit(program, date(2026, 6, 8)) == 375, "until they accept, theirs stays"
    accept_version(program, "c1", "drop-in", date(2026, 6, 9))
    assert visit(program, date(2026, 6, 15)) == 500
    assert verify(program).ok
    with pytest.raises(CMError, match="newest version already"):
        accept_version(program, "c1", "drop-in")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"2.50"', '"2.49"'),
        ('"5.00"', '"4.99"'),
        ('step = "1.25"\ncap = "5.00"', 'step = "2.00"\ncap = "4.75"'),
        ("per_week = 2", "per_week = 1"),
        ('events = ["visit"]', 'events = ["drinks"]'),
        ('title = "Coming in"', 'title = "Coming in"\nends = 2026-12-31'),
    ],
)
def test_a_version_that_pays_less_in_any_case_is_for_new_choices_only(
    program: Program, old: str, new: str
) -> None:
    assert changed(program, old, new).less
    with pytest.raises(CMError, match="new choices only"):
        accept_version(program, "c1", "drop-in")
    assert visit(program, date(2026, 6, 1)) == 250
    assert verify(program).ok


def test_a_goal_chosen_again_goes_on_under_its_own_version(program: Program) -> None:
    assert visit(program, date(2026, 6, 1)) == 250
    assert changed(program, '"2.50"', '"1.00"').less
    set_aside(program, "c1", "drop-in", date(2026, 6, 5))
    (again,), _ = choose_goals(program, [Wish(client="c1", rule="drop-in", on=date(2026, 6, 8))])
    assert again.choice.digest != program.ledger.current_digests()["drop-in"]
    assert visit(program, date(2026, 6, 9)) == 375
    assert verify(program).ok


def test_a_stricter_target_is_found_by_playing_and_not_by_reading(program: Program) -> None:
    assert "drinks 4" in changed(program, "target = 4", "target = 3").less


def test_other_words_change_nothing_that_is_earned(program: Program) -> None:
    found = changed(program, '"Coming in"', '"Come in"')
    assert found.words == ("title: Coming in -> Come in",)
    assert not (found.less or found.more or found.steps)
