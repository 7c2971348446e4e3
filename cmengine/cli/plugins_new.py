"""cmengine plugins new"""

from pathlib import Path

import click

from cmengine.cli.desk import examples, json_option
from cmengine.cli.show import document, say


@click.command(
    "new",
    epilog=examples(
        "cmengine plugins new stamp-card --kind reward",
        "cmengine plugins new full-table --kind goal --folder ~/full-table",
    ),
)
@click.argument("name")
@click.option(
    "--kind",
    "part",
    type=click.Choice(["goal", "reward", "notifier"]),
    required=True,
    help="What the plugin adds.",
)
@click.option(
    "--folder",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="The folder to make (default: cmengine-NAME).",
)
@json_option
def new_command(name: str, part: str, folder: Path | None, as_json: bool) -> None:
    """Make the folder of a new plugin NAME, which can be installed, tested and changed from there."""
    from cmengine.blueprint import make_plugin
    from cmengine.plugins import load_plugins

    made = make_plugin(name, part, load_plugins(), folder)
    if as_json:
        document(
            {
                "plugin": made.name,
                "part": made.part,
                "kind": made.kind,
                "module": made.module,
                "folder": str(made.folder),
                "files": list(made.files),
            }
        )
        return
    say(f"A new plugin is in {made.folder}: the {part} '{made.kind}', in {made.module}.py.")
    say(f"\nNext:\n  cd {made.folder}\n  pip install -e . pytest")
    say(f"  pytest\n  cmengine plugins check {made.name}")
