"""What a client wants: kept where it can be erased, checked before it is kept, and journaled as nothing."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, time

import pytest
from click.testing import Result
from hypothesis import given
from hypothesis import strategies as st

from cmengine.errors import CMError
from cmengine.preferences import change, preferences
from cmengine.program import Program
from cmengine.quiet import Quiet, read_quiet
from cmengine.verify import verify

Run = Callable[..., Result]
TIMES = st.times().map(lambda at: at.replace(second=0, microsecond=0))


@pytest.fixture
def program(make: Callable[..., Program], run: Run) -> Program:
    program = make()
    run("client", "add", "c1", folder=program.folder)
    return program


def test_without_a_word_the_programs_zone_and_quiet_hours_hold(program: Program) -> None:
    found = preferences(program, "c1")
    assert (found.language, found.zone, found.quiet, found.called) == (
        "en",
        program.settings.zone,
        Quiet(time(21), time(8)),
        "",
    )


def test_what_a_client_wants_is_kept_shown_changed_and_taken_back(
    program: Program, run: Run
) -> None:
    run(
        "client",
        "set",
        "c1",
        "language=es",
        "quiet=20:00-09:00",
        "called=Sky",
        folder=program.folder,
    )
    run("client", "set", "c1", "zone=America/Denver", "called=Sol", folder=program.folder)
    found = preferences(program, "c1")
    assert (found.language, found.zone.key, found.called) == ("es", "America/Denver", "Sol")
    assert found.quiet == Quiet(time(20), time(9))
    shown = json.loads(run("client", "show", "c1", "--json", folder=program.folder).output)
    assert shown["set"] == {
        "called": "Sol",
        "language": "es",
        "quiet": "20:00-09:00",
        "zone": "America/Denver",
    }
    assert (
        "Sol (c1)\n  Set by them: language es"
        in run("client", "show", "c1", folder=program.folder).output
    )
    done = run(
        "client", "set", "c1", "quiet=", "zone=", "language=", "called=", folder=program.folder
    )
    assert done.output == "c1: nothing is set any more\n"
    assert program.ledger.one("select count(*) from personal where client = 'c1'")[0] == 0  # type: ignore[index]
    assert not verify(program).problems


def test_every_mistake_is_told_at_once_and_nothing_is_kept(program: Program) -> None:
    wishes = [
        ("language", "ess"),
        ("zone", "America/Dever"),
        ("quiet", "9pm"),
        ("quiet", "08:00-08:00"),
        ("called", "x" * 201),
        ("called", "\x1b[2J"),
        ("nick", "Sky"),
        ("language", "es"),
    ]
    with pytest.raises(CMError) as told:
        change(program, "c1", wishes)
    assert [str(one).partition(";")[0] for one in told.value.mistakes] == [
        "language: 'ess' is no language that there are words in",
        "zone: 'America/Dever' is not a time zone",
        "quiet: these are no quiet hours",
        "quiet: these end when they begin",
        "the name: is longer than 200 letters",
        "called: it holds a letter that cannot be shown",
        "client set: 'nick' is nothing that a client can set",
    ]
    assert preferences(program, "c1").language == "en"


def test_nobody_is_set_who_is_not_enrolled(program: Program) -> None:
    with pytest.raises(CMError, match="there is no such client"):
        change(program, "c2", [("language", "es")])


def test_a_word_without_its_name_is_a_mistake_of_typing(program: Program, run: Run) -> None:
    assert run("client", "set", "c1", "es", folder=program.folder).exit_code == 2


def test_no_entry_of_the_journal_says_what_a_client_wants(program: Program, run: Run) -> None:
    before = program.ledger.one("select count(*) from journal")
    run("client", "set", "c1", "called=Sky", folder=program.folder)
    assert tuple(program.ledger.one("select count(*) from journal") or ()) == tuple(before or ())


@given(TIMES, TIMES, TIMES)
def test_quiet_hours_are_those_that_one_walks_through_from_their_beginning(
    begins: time, ends: time, at: time
) -> None:
    if begins == ends:
        return

    def minute(one: time) -> int:
        return one.hour * 60 + one.minute

    length = (minute(ends) - minute(begins)) % 1440
    since = (minute(at) - minute(begins)) % 1440
    quiet = read_quiet(f"{begins:%H:%M}-{ends:%H:%M}")
    assert quiet is not None
    assert quiet.holds(datetime.combine(datetime(2026, 7, 1, tzinfo=UTC), at)) == (since < length)


def test_what_they_like_to_be_called_is_one_thing(program: Program, run: Run) -> None:
    run("client", "add", "m1", "--name", "Robert", folder=program.folder)
    run("client", "set", "m1", "called=Rosa", folder=program.folder)
    assert preferences(program, "m1").called == "Rosa"
    assert program.ledger.called("m1") == "Rosa (m1)"
    assert program.ledger.personal("m1") == {"name": "Rosa"}
    shown = run("client", "show", "m1", folder=program.folder).stdout
    assert shown.startswith("Rosa (m1)\n") and "Robert" not in shown
    run("client", "set", "m1", "called=", folder=program.folder)
    assert program.ledger.called("m1") == "m1"
