"""cmengine plugins"""

import click

from cmengine.cli.desk import examples, json_option
from cmengine.cli.plugins_new import new_command
from cmengine.cli.show import document, note, say, table


@click.group(
    "plugins",
    invoke_without_command=True,
    epilog=examples(
        "cmengine plugins", "cmengine plugins --json", "cmengine plugins check voucher"
    ),
)
@json_option
@click.pass_context
def plugins_command(ctx: click.Context, as_json: bool) -> None:
    """List the plugins, the kinds they offer, and which did not load and why."""
    if ctx.invoked_subcommand is not None:
        return
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


plugins_command.add_command(new_command)


@plugins_command.command(
    "check",
    epilog=examples("cmengine plugins check voucher", "cmengine plugins check my-plugin --json"),
)
@click.argument("name")
@json_option
@click.pass_context
def check_plugin(ctx: click.Context, name: str, as_json: bool) -> None:
    """Look for a history in which a goal or reward of plugin NAME punishes somebody."""
    from cmengine.plugins import load_plugins
    from cmengine.trial import try_plugin

    tried = try_plugin(load_plugins(), name)
    ok = not any(one.findings or one.untried for one in tried)
    if as_json:
        document(
            {
                "plugin": name,
                "ok": ok,
                "kinds": [
                    {
                        "part": one.part,
                        "kind": one.kind,
                        "examples": one.examples,
                        "untried": one.untried or None,
                        "findings": [
                            {
                                "law": f.law,
                                "promise": f.promise,
                                "story": f.story,
                                "seed": f.seed,
                                "scenario": f.scenario,
                            }
                            for f in one.findings
                        ],
                    }
                    for one in tried
                ],
            }
        )
    else:
        for one in tried:
            if one.untried:
                note(f"{one.part} '{one.kind}' could not be tried: {one.untried}")
            elif one.findings:
                for finding in one.findings:
                    note(f"{one.part} '{one.kind}' punishes ({finding.promise}). {finding.story}")
                    if finding.scenario:
                        note(f"\n{finding.scenario}\n")
            else:
                say(
                    f"{one.part} '{one.kind}': {one.examples} examples, and nobody is punished in any of them."
                )
        if not tried:
            say(f"Plugin '{name}' offers no goal and no reward, so there is nothing to judge.")
    if not ok:
        ctx.exit(1)
