"""No command that writes is left out of the tests of faults."""

from collections.abc import Iterator

import click
from lab.commands import BESIDE, READS, WRITES

from cmengine.cli import COMMANDS, cli


def leaves(group: click.Group, ctx: click.Context, before: str = "") -> Iterator[str]:
    for name in group.list_commands(ctx):
        if not before and name not in COMMANDS:
            continue  # a plugin's own
        found = group.get_command(ctx, name)
        called = f"{before} {name}".strip()
        if isinstance(found, click.Group):
            yield from leaves(found, ctx, called)
        else:
            yield called


def test_every_command_is_known_to_write_or_only_to_read() -> None:
    there = sorted(leaves(cli, click.Context(cli)))
    tables = {one.name for one in WRITES}, READS, BESIDE
    assert there == sorted(set().union(*tables)), "put the new command into tests/faults/lab"
    assert sum(map(len, tables)) == len(there), "a command stands in two tables"
