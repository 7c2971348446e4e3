"""NP4: whoever looks for a way to take something back finds none: no command, no option, no function, no table."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import click

from cmengine.cli import cli

CMENGINE = Path(__file__).parents[1] / "cmengine"
TAKES = re.compile(
    r"claw|revok|deduct|forfeit|reclaim|confiscat|penal|revers|rescind|void|cancel|unissu|unearn|subtract|reset|refund"
    r"|chargeback|takeback|punish|fine$|fines$"
)
# What others would do, shown beside a rule that does not: no rule file can name it.
COMPARED = {"simulate.py", "simulated.py"}


def commands(group: click.Group, before: str = "") -> Iterator[str]:
    ctx = click.Context(group)
    for name in group.list_commands(ctx):
        found = group.get_command(ctx, name)
        assert found is not None
        called = f"{before}{name}"
        yield called
        for param in found.params:
            yield from (f"{called} {one}" for one in param.opts)
        if isinstance(found, click.Group):
            yield from commands(found, f"{called} ")


def functions() -> Iterator[str]:
    for file in CMENGINE.rglob("*.py"):
        if file.name in COMPARED:
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                yield f"{file.name}: {node.name}"


def schema() -> Iterator[str]:
    for file in (CMENGINE / "schema").glob("*.sql"):
        for line in file.read_text(encoding="utf-8").splitlines():
            code = line.partition("--")[0]
            yield from (f"{file.name}: {name}" for name in re.findall(r"[a-z_]+", code))


def takes(name: str) -> bool:
    words = re.split(r"[^a-z]+", name.rpartition(": ")[2].lower())
    return any(TAKES.match(word) for word in words)


def test_no_command_no_function_and_no_table_takes_anything_back() -> None:
    names = [*commands(cli), *functions(), *schema()]
    assert len(names) > 1000
    assert [name for name in names if takes(name)] == []


def test_a_way_to_take_something_back_would_be_seen() -> None:
    for name in ("voucher void", "voucher issue --reverse", "vouchers.py: claw_back", "a.sql: penalty_cents"):  # fmt: skip
        assert takes(name), name
