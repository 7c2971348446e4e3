"""cmengine plugins"""

import click

from cmengine.cli.desk import examples, json_option
from cmengine.cli.show import document, say, table


@click.command("plugins", epilog=examples("cmengine plugins", "cmengine plugins --json"))
@json_option
def plugins_command(as_json: bool) -> None:
    """List the plugins, the kinds they offer, and which did not load and why."""
    from cmengine.plugins import load_plugins

    plugins = load_plugins().plugins
    if as_json:
        rows = [
            {
                "name": one.name,
                "distribution": one.distribution,
                "version": one.version,
                "kinds": one.kinds,
                "error": one.error or None,
            }
            for one in plugins
        ]
        document({"plugins": rows})
        return
    table(
        [
            (one.name, f"{one.distribution} {one.version}".strip(), ", ".join(one.kinds))
            for one in plugins
        ],
        ("plugin", "from", "kinds"),
    )
    for one in plugins:
        if one.error:
            say(f"\n{one.name} did not load: {one.error}")
