"""Whatever is typed is text: nothing of it is taken for SQL, a template, a format, a path or a command of a shell."""

from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import Result

from cmengine.choices import Wish, choose_goals
from cmengine.cli import COMMANDS, cli
from cmengine.corrections import correct_event
from cmengine.engine import add_client, log_event, make_event
from cmengine.equity import keep_strata, strata_of
from cmengine.errors import CMError
from cmengine.feedback import add_feedback, answer_feedback, feedback_list
from cmengine.preferences import change, set_by
from cmengine.program import Program
from cmengine.replacing import replace_voucher
from cmengine.shape import shape_problems
from cmengine.strengths import add_strength, strengths
from cmengine.verify import verify
from cmengine.vouchers import issue_voucher

Run = Callable[..., Result]
RULES = """
[[rule]]
id = "drop-in"
title = "Coming in"
[rule.goal]
kind = "any_of"
events = ["visit", "positive_change"]
[[rule.reward]]
kind = "fixed_voucher"
worth = "2.50"
"""
KINDS = """
[kind.visit]
label = "Came in"
[kind.positive_change]
label = "Something better"
text = true
"""

# How a text might be left for something else, what might come then, and how the rest might be passed over.
OUT = ("'", '"', "')", "`", "]", "%'", "\\'", "''", "';", "")
THEN = (
    "; drop table events; ",
    " or 1=1 ",
    " union select sealed from cards ",
    "||(select code_hash from vouchers)||",
    "; attach '/tmp/other.db' as x; ",
    "; update awards set cents=0; ",
    "; pragma writable_schema=on; ",
)
REST = ("--", "/*", "#", "'", "")
SQL = [f"x{out}{then}{rest}".strip() for out, then, rest in product(OUT, THEN, REST)]
OTHERS = [
    "{0.__class__}", "%s%n%d", "{{ 7 * 7 }}", "{% include 'program.key' %}", "$(touch pwned)", "`touch pwned`",
    "; touch pwned", "| touch pwned", "../../program.key", "/etc/passwd", "C:\\con", "CON", "?", "?1", ":client",
    "@client", "$1", "null", "NULL", "0", "-1", "1e400", "nan", "<script>alert(1)</script>", "=1+1", "@SUM(A1)",
    "''''''", "O'Brien", "Robert'); DROP TABLE students;--", "ñ ü 漢字 \N{PARTY POPPER}", "a\u0301", "--", "--json",
]  # fmt: skip
TEXTS = list(dict.fromkeys(SQL + OTHERS))


def test_there_are_enough_of_them() -> None:
    assert len(TEXTS) > 350


@pytest.fixture
def program(make: Callable[..., Program]) -> Program:
    opened = make(RULES, KINDS)
    opened.ledger.rows("pragma synchronous = off")  # durability is not what this is about
    return opened


def kept_about(program: Program, n: int, text: str) -> dict[str, Any]:
    """Type a text wherever one may be typed about a client; give what is kept of it, by where it was typed."""
    client = f"c{n}"
    add_client(program, client, text)
    choose_goals(program, [Wish(client=client, rule="drop-in", words=text)])
    said: dict[str, Any] = {}
    event, wrong = make_event(
        program, client=client, kind="positive_change", value=text, id=f"{n} {text}"
    )
    assert event is not None, wrong
    logged = log_event(program, event, note=text)
    stored = program.ledger.find_event(event.id)
    assert stored is not None
    said["value"] = stored.event.value
    said["id"] = stored.event.id.removeprefix(f"{n} ")
    assert sum(one.outcome.earned.cents for one in logged.results if one.outcome.earned) == 250
    correct_event(program, event.id, text)
    add_strength(program, client, text)
    said["strength"] = strengths(program, client)[0].text
    told = add_feedback(program, text, client=client)
    answer_feedback(program, told.number, text, text)
    (one,) = feedback_list(program, client=client)
    said["feedback"], said["answer"] = one["words"], one["answers"][0]["said"]
    said["done"] = one["answers"][0]["did"]
    voucher = issue_voucher(program, client).voucher
    replace_voucher(program, voucher, text)
    personal = program.ledger.personal(client)
    said["called"] = personal["name"]
    said["note"] = personal[f"note:{event.id}"]
    said["replaced"] = personal[f"replaced:{voucher}:1"]
    said["words"] = next(kept for about, kept in personal.items() if about.startswith("words:"))
    said["corrected"] = next(kept for about, kept in personal.items() if "correct" in about)
    change(program, client, [("called", text)])
    said["called anew"] = set_by(program, client)["called"]
    keep_strata(program, client, [f"group={text}"])
    said["stratum"] = strata_of(program, client)["group"]
    return said


def test_what_is_typed_is_kept_as_it_was_typed(program: Program) -> None:
    schema = shape(program)
    for n, text in enumerate(TEXTS):
        assert set(kept_about(program, n, text).values()) == {text}
    assert shape(program) == schema
    assert not list(shape_problems(program.ledger))
    counted = program.ledger.rows("select count(*), sum(cents) from awards")
    assert tuple(counted[0]) == (len(TEXTS), 250 * len(TEXTS))
    verdict = verify(program)
    assert verdict.ok, verdict.problems
    assert not Path("pwned").exists()


def shape(program: Program) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in program.ledger.rows("select * from sqlite_schema order by name")]


# Every command

NOT = {"demo", "init", "rules simulate", "plugins check", "plugins new", "rules solve-bowl", "restore", "backup"}  # fmt: skip
"""Commands that have nothing to do with what a ledger holds, or take long; `backup` copies all of it."""
KNOWN = {
    "client": "c0", "rule": "drop-in", "kind": "visit", "event": "e0", "channel": "outbox", "fund": "gifts",
    "award": "1.1", "words": "words", "reason": "because", "to": "somebody", "purpose": "care",
}  # fmt: skip
FEW = ["x'; drop table events; --", 'x") or 1=1 --', "%s{0}{{ 7 * 7 }}$(touch pwned)", "../../program.key"]  # fmt: skip


def leaves(group: click.Group, before: str = "") -> Iterator[tuple[str, click.Command]]:
    ctx = click.Context(group)
    for name in group.list_commands(ctx):
        found = group.get_command(ctx, name)
        if isinstance(found, click.Group):
            yield from leaves(found, f"{before}{name} ")
        elif found is not None and (before or name in COMMANDS):
            yield f"{before}{name}", found


LEAVES = [(name, command) for name, command in leaves(cli) if name not in NOT]


def is_text(param: click.Parameter) -> bool:
    return not (
        isinstance(param, click.Option) and (param.is_flag or param.count)
    ) and not isinstance(param.type, click.Choice | click.types.IntParamType)


def lines_of(command: click.Command, text: str) -> Iterator[list[str]]:
    """Write a command with a text in the place of each thing that may be typed, one after the other."""
    known = {
        param: KNOWN.get(str(param.name), text)
        for param in command.params
        if isinstance(param, click.Argument) or param.required
    }
    for hostile in filter(is_text, command.params):
        words, after = [], []
        for param, usual in {**known, hostile: text}.items():
            value = text if param is hostile else usual
            if isinstance(param, click.Option):
                words += [f"{param.opts[-1]}={value}"]
            else:
                after.append(value)
        yield [*words, "--", *after]


@pytest.mark.parametrize("name, command", LEAVES, ids=[name for name, _ in LEAVES])
def test_whatever_is_typed_into_a_command_is_text(
    program: Program,
    run: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    command: click.Command,
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    add_client(program, "c0")
    choose_goals(program, [Wish(client="c0", rule="drop-in", words="w")])
    schema = shape(program)
    for text in FEW:
        for words in lines_of(command, text):
            done = run(*name.split(), *words, folder=program.folder, typed=text)
            assert done.exit_code in (0, 1, 2), (words, done.output)
            said = done.output.lower()
            assert not any(one in said for one in ("syntax error", "no such table", "no such column", "unrecognized token", "7 * 7 = 49")), (words, done.output)  # fmt: skip
    assert shape(program) == schema
    with_key = (program.folder / "program.key").read_text()
    assert "draws" in with_key
    verdict = verify(program)
    assert verdict.ok, verdict.problems
    assert not list(tmp_path.rglob("pwned"))
    kept = {path.name for path in tmp_path.iterdir()}
    assert kept <= {"here", "program"}, "nothing was written outside of where it belongs"


def test_a_client_is_named_by_a_code_and_nothing_else(program: Program) -> None:
    for text in TEXTS:
        if text in ("CON", "null", "NULL", "0", "nan", "1e400"):
            continue  # letters and digits, as codes are
        with pytest.raises(CMError, match="is not a code"):
            add_client(program, text)
    assert program.ledger.clients() == []
