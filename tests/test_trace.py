"""The trace: what plugins are asked and answer, and nothing that a client said."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from cmengine.program import Program
from cmengine.trace import MOST_LINES

Run = Callable[..., Result]
MakeProgram = Callable[..., Program]
WORDS = "call my sister on Sunday"
RULES = f"""\
[[rule]]
id    = "steps"
title = "My own steps"
[rule.goal]
kind  = "steps"
event = "step_done"
steps = ["{WORDS}", "go for a walk"]
[[rule.reward]]
kind  = "fixed_voucher"
worth = "2.50"
[[rule.reward]]
kind  = "every_nth"
every = 2
worth = "10.00"

[[rule]]
id    = "drinks"
title = "Fewer drinks"
[rule.goal]
kind   = "at_most"
event  = "drinks"
target = 2
[[rule.reward]]
kind  = "fixed_voucher"
worth = "1.00"
"""
KINDS = """\
[kind.step_done]
label = "A step"
text  = true
[kind.drinks]
label = "Drinks"
unit  = "drinks"
"""


@pytest.fixture
def folder(make: MakeProgram, run: Run) -> Path:
    program = make(RULES, KINDS)
    run("client", "add", "c001", folder=program.folder)
    for rule in ("steps", "drinks"):
        run(
            "goal",
            "choose",
            "c001",
            rule,
            "--words",
            "mine",
            "--on",
            "2026-01-01",
            folder=program.folder,
        )
    return program.folder


def traced(run: Run, folder: Path, *words: str) -> list[str]:
    done = run("--trace", "-p", folder, *words)
    assert done.exit_code == 0, done.output
    lines = done.stderr.splitlines()
    assert all(line.startswith("trace: ") for line in lines)
    assert "c001" not in done.stderr
    assert WORDS not in done.stderr
    assert [w for w in WORDS.split() if len(w) > 3 and w in done.stderr.lower()] == []
    return [line.removeprefix("trace: ") for line in lines]


def test_it_says_where_each_plugin_comes_from(folder: Path, run: Run) -> None:
    (voucher,) = [
        one for one in traced(run, folder, "awards") if one.startswith("plugin 'voucher'")
    ]
    assert voucher.startswith("plugin 'voucher' (cmengine 0.1.0) from ")
    assert voucher.endswith(
        "cmengine_voucher.py: reward fixed_voucher, reward escalating_voucher, reward every_nth"
    )


def test_it_says_what_was_asked_and_answered(folder: Path, run: Run) -> None:
    lines = traced(run, folder, "log", "c001", "drinks", "1", "--on", "2026-01-05")
    assert (
        "rule 'drinks', goal 'at_most': drinks of 1 on 2026-01-05, remembering nothing -> met"
        in lines
    )
    assert (
        "rule 'drinks', reward 1 'fixed_voucher': time 1 on 2026-01-05 of 1 -> voucher 1.00, 1.00"
        in lines
    )
    assert not [one for one in lines if "rule 'steps'" in one]


def test_of_a_clients_words_it_tells_only_how_long_they_are(folder: Path, run: Run) -> None:
    lines = traced(run, folder, "log", "c001", "step_done", WORDS)
    (step,) = [one for one in lines if "goal 'steps'" in one and "no things" in one]
    assert "step_done of a text of 24 letters on " in step
    assert step.endswith("remembering no things -> met, remembers 1 things (a text of 24 letters)")
    assert any("'every_nth': time 1" in one and one.endswith("-> nothing") for one in lines)


def test_what_is_done_is_the_same_with_it(folder: Path, run: Run) -> None:
    first = run("--trace", "-p", folder, "log", "c001", "drinks", "2").stdout
    again = run("-p", folder, "log", "c001", "drinks", "2").stdout
    assert first.splitlines()[1].split(",")[0] == again.splitlines()[1].split(",")[0]
    assert first.splitlines()[-1] == again.splitlines()[-1]
    assert run("--trace", "verify", folder=folder).exit_code == 0
    assert run("--trace", "client", "show", "c001", folder=folder).exit_code == 0


def test_it_is_off_unless_asked_for(
    folder: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("log", "c001", "drinks", "1", folder=folder).stderr == ""
    monkeypatch.setenv("CMENGINE_TRACE", "1")
    assert "trace: rule 'drinks'" in run("log", "c001", "drinks", "1", folder=folder).stderr


def test_it_does_not_go_on_for_ever(folder: Path, run: Run, tmp_path: Path) -> None:
    events = tmp_path / "events.csv"
    rows = "".join(f"e{n},c001,drinks,1,2026-01-05T18:00Z\n" for n in range(MOST_LINES))
    events.write_text("id,client,kind,value,at\n" + rows)
    lines = traced(run, folder, "import", str(events))
    assert len(lines) == MOST_LINES + 1
    assert lines[-1] == f"{MOST_LINES} lines are enough; the rest is not told"
