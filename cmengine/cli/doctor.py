"""cmengine doctor"""

from pathlib import Path
from typing import Any

import click

from cmengine.cli.desk import Desk, examples, json_option
from cmengine.cli.show import complain, document, problem
from cmengine.errors import CMError, Mistake


@click.command("doctor", epilog=examples("cmengine doctor", "cmengine doctor --ci --json"))
@click.option(
    "--ci",
    "whole",
    is_flag=True,
    help="Check all that cmengine verify does as well: for every night.",
)
@json_option
@click.pass_context
def doctor_command(ctx: click.Context, whole: bool, as_json: bool) -> None:
    """Look over the file and its settings, permissions, the disk, backups, the journal, the clock and plugins.

    Says a line for each thing that is not as it should be, with what to do, and ends with 1; says nothing
    where all is well.
    """
    found, about = _look(ctx.find_object(Desk) or Desk(".", None), whole)
    if as_json:
        document({"ok": not found, "findings": [problem(one) for one in found], **about})
    elif found:
        complain(CMError(*found))
    ctx.exit(1 if found else 0)


def _look(desk: Desk, whole: bool) -> tuple[list[Mistake], dict[str, Any]]:
    """Find everything; a program that cannot be opened is a finding too."""
    from cmengine.doctor import about, findings
    from cmengine.plugins import load_plugins
    from cmengine.program import open_program
    from cmengine.verify import verify

    try:
        program = open_program(Path(desk.folder), by=desk.by, registry=load_plugins())
    except CMError as error:
        return list(error.mistakes), {}
    try:
        found = list(findings(program))
        if whole:
            path = str(program.ledger.path)
            found += [Mistake(path, one, "restore a backup") for one in verify(program).problems]
        return found, about(program)
    except CMError as error:
        return list(error.mistakes), {}
    finally:
        program.close()
