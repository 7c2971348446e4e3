"""What another system says is taken in as one: a mistake at the end, or an end on the way, leaves nothing of it."""

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cmengine.choices import Wish, choose_goals, set_aside
from cmengine.codes import Codes
from cmengine.disclosures import Grounds
from cmengine.ehr import export_bundle, import_bundle
from cmengine.engine import add_client, log_event, make_event
from cmengine.errors import CMError
from cmengine.program import Program
from cmengine.study import export_project, import_records, load_instruments
from cmengine.taking import Came
from cmengine.verify import verify

Make = Callable[..., Program]
WHY = Grounds(recipient="Them", purpose="care", consent="2026-021")
SYSTEMS = ("redcap", "fhir")
TABLES = ("clients", "choices", "events", "occurrences", "awards", "personal", "journal")

KINDS = """
[kind.visit]
label = "Came in"
[kind.walk]
label = "Walked"
"""
RULE = """
[[rule]]
id = "NAME"
title = "NAME, for what it is worth"
[rule.goal]
kind = "any_of"
events = ["KIND"]
[[rule.reward]]
kind = "fixed_voucher"
worth = "2.50"
"""
RULES = "".join(
    RULE.replace("NAME", name).replace("KIND", kind)
    for name, kind in (("drop-in", "visit"), ("walks", "walk"))
)


def take_in(program: Program, system: str, file: Path) -> Came:
    if system == "fhir":
        return import_bundle(program, file, Codes(), add_clients=True)
    return import_records(program, file, load_instruments(program), add_clients=True)


def held(program: Program) -> dict[str, int]:
    """Count by plain SQL what the ledger has."""
    return {
        table: program.ledger.rows(f"select count(*) from {table}")[0][0] for table in TABLES
    }  # fmt: skip


@pytest.fixture
def there(make: Make, tmp_path: Path) -> dict[str, Path]:
    """What another program gave away: two people, four choices of which one rests, six events."""
    program = make(RULES, KINDS, name="there")
    for client in ("c1", "c2"):
        add_client(program, client)
        wishes = [
            Wish(client=client, rule=rule, words="w", on=program.today().replace(month=6, day=1))
            for rule in ("drop-in", "walks")
        ]
        choose_goals(program, wishes)
        for kind, day in (("visit", 2), ("walk", 3), ("visit", 9)):
            at = program.moment(program.today().replace(month=6, day=day), None)
            event, wrong = make_event(program, client=client, kind=kind, at=at)
            assert event is not None, wrong
            log_event(program, event)
    set_aside(program, "c2", "walks", program.today().replace(month=6, day=8))
    export_project(program, tmp_path / "out", ["c1", "c2"], WHY, words=True)
    export_bundle(program, tmp_path / "out.json", ["c1", "c2"], Codes(), WHY, words=True)
    return {"redcap": tmp_path / "out" / "records.csv", "fhir": tmp_path / "out.json"}


@pytest.mark.parametrize("system", SYSTEMS)
def test_all_of_it_is_one_entry_of_the_journal(
    make: Make, there: dict[str, Path], system: str
) -> None:
    program = make(RULES, KINDS, name="here")
    before = held(program)
    came = take_in(program, system, there[system])
    assert (came.events, came.choices, came.set_aside, len(came.clients)) == (6, 4, 1, 2)
    assert came.cents == 6 * 250
    now = held(program)
    assert now["journal"] == before["journal"] + 1
    assert (now["clients"], now["choices"], now["events"], now["awards"]) == (2, 5, 6, 6)
    verdict = verify(program)
    assert verdict.ok, verdict.problems
    again = take_in(program, system, there[system])
    assert (again.events, again.choices, again.set_aside, again.duplicates) == (0, 0, 0, 6)


@pytest.mark.parametrize("system", SYSTEMS)
def test_what_can_only_be_seen_in_writing_takes_back_all_of_it(
    make: Make, there: dict[str, Path], system: str
) -> None:
    """A goal that rests since before it began is told as what it is, and where; nothing is kept."""
    program = make(RULES, KINDS, name="here")
    file = there[system]
    file.write_text(file.read_text().replace("2026-06-08", "2026-05-08"))
    before = held(program)
    with pytest.raises(CMError, match="2026-05-08 is not a day from 2026-06-01 to today") as wrong:
        take_in(program, system, file)
    assert str(file) in wrong.value.mistakes[0].where
    assert held(program) == before


KILLED = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
sys.path.insert(0, sys.argv[4])
from test_taken_in_at_once import take_in
from cmengine.program import open_program

left = int(sys.argv[5])

def clock():
    global left
    left -= 1
    if left < 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return datetime(2026, 7, 1, 18, tzinfo=UTC)

program = open_program(Path(sys.argv[1]), by="ana", clock=clock)
take_in(program, sys.argv[2], Path(sys.argv[3]))
"""


@pytest.mark.parametrize("system", SYSTEMS)
def test_who_ends_on_the_way_leaves_nothing(
    make: Make, there: dict[str, Path], system: str
) -> None:
    """A process that is killed whenever it looks at the clock has kept nothing, until it has kept all."""
    program = make(RULES, KINDS, name="here")
    before = held(program)
    ends = []
    for looks in range(0, 200, 7):
        words = [program.folder, system, there[system], Path(__file__).parent, str(looks)]
        done = subprocess.run(
            [sys.executable, "-c", KILLED, *map(str, words)], capture_output=True, text=True
        )
        ends.append(done.returncode)
        if done.returncode == 0:
            break
        assert done.returncode == -signal.SIGKILL, done.stderr
        assert held(program) == before
    assert ends[-1] == 0
    assert len(ends) > 2
    assert held(program)["events"] == 6
    verdict = verify(program)
    assert verdict.ok, verdict.problems
