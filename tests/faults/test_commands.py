"""No command that writes is left out of the tests of faults."""

from collections.abc import Iterator

import click
from lab.commands import BESIDE, FILES, FOLDERS, READ_FILES, READS, WRITES

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


def test_every_file_and_folder_that_a_command_is_given_is_known() -> None:
    """The docs list which commands write files, from these tables."""
    ctx = click.Context(cli)
    for called in leaves(cli, ctx):
        command: click.Command | None = cli
        for word in called.split():
            assert isinstance(command, click.Group)
            command = command.get_command(ctx, word)
        assert command is not None
        given = sorted(
            param.opts[0]
            if isinstance(param, click.Option)
            else param.make_metavar(ctx).strip("[].").upper()
            for param in command.params
            if isinstance(param.type, click.Path)
        )
        known = [one for table in (FILES, FOLDERS, READ_FILES) for one in table.get(called, ())]
        assert given == sorted(known), f"{called}: put it into tests/faults/lab/commands.py"
