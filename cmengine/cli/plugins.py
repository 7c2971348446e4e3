"""cmengine plugins"""

from pathlib import Path
from typing import Any

import click

from cmengine.cli.desk import Desk, examples, json_option
from cmengine.cli.plugins_new import new_command
from cmengine.cli.show import document, note, say, several, table


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
    """List the plugins, their kinds, which were checked, and which did not load and why."""
    if ctx.invoked_subcommand is not None:
        return
    from cmengine.checked import read_results, standing_of
    from cmengine.plugins import load_plugins

    registry = load_plugins()
    results = read_results(Path((ctx.find_object(Desk) or Desk(".", None)).folder))
    listed = [(one, standing_of(registry, one, results)) for one in registry.plugins]
    if as_json:
        rows = [
            {
                "name": one.name,
                "distribution": one.distribution,
                "version": one.version,
                "kinds": one.kinds,
                "error": one.error or None,
                "checked": standing.state,
                "checked_at": standing.at or None,
            }
            for one, standing in listed
        ]
        document({"plugins": rows})
        return
    table(
        [
            (
                one.name,
                f"{one.distribution} {one.version}".strip(),
                standing.words,
                ", ".join(one.kinds),
            )
            for one, standing in listed
        ],
        ("plugin", "from", "checked", "kinds"),
    )
    for one, _ in listed:
        if one.error:
            say(f"\n{one.name} did not load: {one.error}")


plugins_command.add_command(new_command)


@plugins_command.command(
    "check",
    epilog=examples(
        "cmengine plugins check voucher",
        "cmengine plugins check my-plugin --json",
        "cmengine -p riverside plugins check my-plugin --keep",
    ),
)
@click.argument("name")
@click.option("--full", is_flag=True, help="Look for a punishing history for minutes, not moments.")
@click.option("--keep", is_flag=True, help="Keep the result in the program's folder.")
@click.option(
    "--seconds",
    type=click.FloatRange(min=0.1, max=60),
    default=5.0,
    show_default=True,
    help="Cut off a call that takes longer.",
)
@json_option
@click.pass_context
def check_plugin(
    ctx: click.Context, name: str, full: bool, keep: bool, seconds: float, as_json: bool
) -> None:
    """Hold everything that plugin NAME offers to what it promises.

    Each kind is asked in processes of its own: whether it answers as it should, what it reaches for, how
    long it takes, whether it answers the same elsewhere, and whether there is a history in which it
    punishes somebody.
    """
    from cmengine.apart import Limits
    from cmengine.checked import is_kept, source_digest
    from cmengine.examine import examine_plugin
    from cmengine.plugins import load_plugins
    from cmengine.search import FULL, QUICK
    from cmengine.trial import plugin_named

    desk = ctx.find_object(Desk) or Desk(".", None)
    if keep:
        with desk.open():
            pass  # before minutes of work: is there a program to keep it in?
    registry = load_plugins()
    plugin = plugin_named(registry, name)
    tried = examine_plugin(
        registry,
        name,
        effort=FULL if full else QUICK,
        limits=Limits(seconds=seconds),
        tell=(lambda one: None) if as_json else _tell,
    )
    kept = str(_kept(desk, registry, plugin, tried, full)) if keep else None
    ok = is_kept(tried)
    if as_json:
        document(
            {
                "plugin": name,
                "version": plugin.version,
                "digest": source_digest(registry, name),
                "ok": ok,
                "kept": kept,
                "kinds": [_row(one) for one in tried],
            }
        )
    else:
        if not tried:
            say(f"Plugin '{name}' offers no kind, so there is nothing to check.")
        if kept:
            say(f"Kept in {kept}.")
    if not ok:
        ctx.exit(1)


def _kept(desk: Desk, registry: Any, plugin: Any, tried: Any, full: bool) -> Path:
    from cmengine.checked import keep, result_of

    with desk.open() as program:
        result = result_of(registry, plugin, tried, at=program.now(), by=program.by, full=full)
        return keep(program.folder, result)


def _row(one: Any) -> dict[str, Any]:
    return {
        "part": one.part,
        "kind": one.kind,
        "examples": one.examples,
        "seconds": one.seconds,
        "untried": one.untried or None,
        "unchecked": list(one.unchecked),
        "remark": one.remark or None,
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


def _tell(one: Any) -> None:
    """Say what came of one kind."""
    from cmengine.contract import PROMISES
    from cmengine.laws import LAWS

    name = f"{one.part} '{one.kind}'"
    promises = PROMISES[one.part]
    if one.untried:
        note(f"{name} could not be tried: {one.untried}")
        return
    for finding in one.findings:
        does = "punishes" if finding.law in LAWS else "breaks a promise"
        note(f"{name} {does} ({finding.promise}). {finding.story}")
        if finding.scenario:
            note(f"\n{finding.scenario}\n")
    if one.findings and one.unchecked:
        rest = [promises[promise][0] for promise in one.unchecked]
        seen = several(rest) if len(rest) < 4 else f"keeps the other {len(rest)} promises"
        note(f"{name}: mend this first. Then it will be seen whether it {seen}.")
    if one.findings:
        return
    kept = set(promises) - {*one.unchecked, "arrives"}
    if one.part == "notifier":
        takes = f"A message takes {_long(one.seconds)}. " if not one.remark else ""
        say(f"{name}: it keeps all {len(kept)} promises. {takes}{one.remark}".strip())
        return
    say(
        f"{name}: it keeps all {len(kept)} promises. {one.examples} examples, and nobody is punished in any of"
        f" them. A call takes {_long(one.seconds)}."
    )


def _long(seconds: float) -> str:
    return "less than a millisecond" if seconds < 0.001 else f"{seconds * 1000:.0f} milliseconds"
