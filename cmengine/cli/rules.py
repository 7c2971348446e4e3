"""cmengine rules"""

import sys
from pathlib import Path
from typing import Any

import click

from cmengine.cli.bowl import solve_bowl
from cmengine.cli.desk import Desk, examples, json_option, pass_desk, rule_ids
from cmengine.cli.held_back import ahead_data, note_ahead
from cmengine.cli.odds import bowl_data, bowls_of, in_short, say_bowl
from cmengine.cli.show import (
    complain,
    count,
    document,
    money,
    note,
    problem,
    say,
    several,
    table,
    wrapped,
)
from cmengine.cli.simulate import simulate
from cmengine.cli.versions import diff, history
from cmengine.errors import CMError

FILES = click.argument(
    "files", metavar="[FILE]...", nargs=-1, type=click.Path(path_type=Path, readable=False)
)


@click.group("rules")
def rules_command() -> None:
    """Check, publish and show the rules of a program."""


@rules_command.command(
    "check",
    epilog=examples(
        "cmengine rules check",
        "cmengine rules check rules/drop-in.toml",
        "cmengine rules check my-draft.toml --json",
    ),
)
@FILES
@click.option("--full", is_flag=True, help="Look for a punishing history for minutes, not moments.")
@json_option
@click.pass_context
def check(ctx: click.Context, files: tuple[Path, ...], full: bool, as_json: bool) -> None:
    """Read rule files, find every mistake, play the scenarios, and look for a history that punishes.

    Where all is well, says for each rule the most that a client, and all clients, can earn in 31 days. Without
    FILE, all rules of the program. A FILE needs no program. Changes nothing.
    """
    from cmengine.forewarn import ahead
    from cmengine.plugins import load_plugins
    from cmengine.publish import Report, check_files, check_program
    from cmengine.search import FULL, QUICK
    from cmengine.settings import SETTINGS
    from cmengine.worst import worst_of

    desk = ctx.find_object(Desk) or Desk(".", None)
    effort = FULL if full else QUICK
    reached, clients = [], 0
    if files and not (Path(desk.folder) / SETTINGS).is_file():
        report: Report = check_files(
            _rule_files(files), load_plugins(), progress=_judging, effort=effort
        )
    else:
        with desk.open() as program:
            report = check_program(program, _rule_files(files), progress=_judging, effort=effort)
            reached = [one for draft in report.drafts for one in ahead(program, draft.rule)]
            clients = len(program.ledger.clients())
    ok = not report.mistakes
    worst = [worst_of(draft.rule) for draft in report.drafts] if ok else []
    counts = (
        f"{count(len(report.drafts), 'rule')} in {count(report.files, 'file')},"
        f" {count(report.scenarios, 'scenario')}"
    )
    if as_json:
        document(
            {
                "ok": ok,
                "problems": [problem(mistake) for mistake in report.mistakes],
                "rules": [draft.rule.id for draft in report.drafts],
                "scenarios": report.scenarios,
                "findings": [_finding(one) for one in report.findings],
                "reaches": ahead_data(reached),
                "worst": [_worst(one, clients) for one in worst],
                **_words_data(report),
            }
        )
    elif ok:
        say(f"All is well: {counts}. No history was found in which somebody is punished.")
        _say_worst(worst, clients)
        note_ahead(reached)
    if not as_json:
        _note_words(report)
    if not ok:
        if not as_json:
            complain(CMError(*report.mistakes))
            _say_scenarios(report.findings)
        ctx.exit(1)


def _worst(one: Any, clients: int) -> dict[str, Any]:
    return {
        "rule": one.rule,
        "month_cents": one.cents,
        "endless": one.endless,
        "clients": clients,
        "all_cents": one.of_all(clients),
    }


def _say_worst(worst: list[Any], clients: int) -> None:
    """Say the most that each rule can bring in a month."""
    if not worst:
        return
    all_of = f", and all {clients:,} clients" if clients > 1 else ""
    say(f"The most that a client{all_of} can earn in 31 days, if it happens as often as counts:")
    rows = []
    for one in worst:
        if one.cents is None:
            unknown = (
                "not known: a reward does not say its odds, or there are too many ways to earn it"
            )
            said = "no limit: give it a pace, such as per_day = 1" if one.endless else unknown
            rows.append((one.rule, said))
        elif clients > 1:
            rows.append((one.rule, f"{money(one.cents)}, all {money(one.of_all(clients))}"))
        else:
            rows.append((one.rule, money(one.cents)))
    table(rows, indent="  ")


def _words_data(report: Any) -> dict[str, Any]:
    return {
        "warnings": [problem(one) for one in report.warnings],
        "allowed": [{"phrase": one.phrase, "because": one.because} for one in report.allowed],
    }


def _note_words(report: Any) -> None:
    """Say which words could be better ones, and which the program lets stand."""
    for one in report.warnings:
        note(f"Note: {one}")
    for one in report.allowed:
        note(f"Note: words.toml allows '{one.phrase}': {one.because}")


def _judging(done: int, of: int) -> None:
    """Say on a terminal how far the judging is."""
    if sys.stderr.isatty():
        click.echo(
            f"\rLooking for a history that punishes: {done} of {of}", nl=done == of, err=True
        )


def _finding(one: Any) -> dict[str, Any]:
    return {
        "rule": one.rule,
        "law": one.law,
        "promise": one.promise,
        "story": one.story,
        "seed": one.seed,
        "scenario": one.scenario,
    }


def _say_scenarios(findings: list[Any]) -> None:
    """Show the stories as scenarios that can be pasted beside the rule."""
    for one in findings:
        if one.scenario:
            note(
                f"\nTo see it again, put this beside the rule '{one.rule}', with the event that the"
                f" story adds:\n\n{one.scenario}"
            )


def _rule_files(files: tuple[Path, ...]) -> list[Path]:
    """A folder stands for the rule files in it."""
    from cmengine.errors import Mistake

    found: list[Path] = []
    for path in files:
        inside = [
            one
            for one in (sorted(path.rglob("*.toml")) if _is_folder(path) else [path])
            if one == path
            or not (
                one.name.endswith(".scenarios.toml") or one.name in ("kinds.toml", "program.toml")
            )
        ]
        if not inside:
            raise CMError(Mistake(str(path), "there is no rule file in it", "name another folder"))
        found += inside
    return found


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        return False  # reading it says why


@rules_command.command(
    "publish",
    epilog=examples("cmengine rules publish", "cmengine rules publish rules/drop-in.toml"),
)
@FILES
@json_option
@click.pass_context
def publish_rules(ctx: click.Context, files: tuple[Path, ...], as_json: bool) -> None:
    """Check, then keep each new or changed rule as a version that clients can choose.

    Whoever chose an earlier version keeps it.
    """
    from cmengine.checked import unsure
    from cmengine.forewarn import ahead, boundless
    from cmengine.funds import doubts as fund_doubts
    from cmengine.publish import publish

    desk = ctx.find_object(Desk) or Desk(".", None)
    with desk.open() as program:
        try:
            published, report = publish(program, _rule_files(files), _judging)
            rules = [draft.rule for draft in report.drafts]
            doubts = unsure(program.registry, rules, program.folder)
            reached = [one for rule in rules for one in ahead(program, rule)]
            remarks = [*fund_doubts(program), *boundless(program, rules)]
        except CMError as error:
            if not as_json:
                raise
            document(
                {
                    "published": [],
                    "problems": [problem(mistake) for mistake in error.mistakes],
                    "unchecked": [],
                    "reaches": [],
                    "notes": [],
                    "warnings": [],
                    "allowed": [],
                }
            )
            ctx.exit(1)
    if as_json:
        rows = [{"rule": one.rule, "title": one.title, "digest": one.digest} for one in published]
        document(
            {
                "published": rows,
                "problems": [],
                "unchecked": [_doubt(one) for one in doubts],
                "reaches": ahead_data(reached),
                "notes": remarks,
                **_words_data(report),
            }
        )
        return
    for one in published:
        say(f"Published {one.rule}, version {one.digest[:12]}: {one.title}")
    if not published:
        say(f"Nothing new: {len(report.drafts)} rules are published as they stand.")
    note_ahead(reached)
    _note_words(report)
    for words in remarks:
        note(f"Note: {words}")
    for doubt in doubts:
        rely = "relies" if len(doubt.rules) == 1 else "rely"
        note(
            f"Note: {several(doubt.rules)} {rely} on the plugin '{doubt.plugin}' ({', '.join(doubt.kinds)}),"
            f" which {_stands(doubt.standing)}. Check it with: cmengine plugins check {doubt.plugin} --keep"
        )


def _doubt(one: Any) -> dict[str, Any]:
    return {
        "plugin": one.plugin,
        "checked": one.standing.state,
        "kinds": list(one.kinds),
        "rules": list(one.rules),
    }


def _stands(standing: Any) -> str:
    day = standing.at[:10]
    return {
        "broken": f"was found on {day} to break a promise",
        "changed": f"has changed since it was checked on {day}",
    }.get(standing.state, "was not checked")


@rules_command.command("list", epilog=examples("cmengine rules list", "cmengine rules list --json"))
@json_option
@pass_desk
def list_rules(desk: Desk, as_json: bool) -> None:
    """Show the menu: what can be chosen, in the client's words."""
    from cmengine.publish import unpublished

    with desk.open() as program:
        menu = [
            (digest, program.table(digest)) for digest in program.ledger.current_digests().values()
        ]
        changed = unpublished(program)
        bowls = [_bowls(program, digest, rule) for digest, rule in menu]
    if as_json:
        rows = [
            {**_shown(digest, rule), "bowls": _bowl_data(found)}
            for (digest, rule), found in zip(menu, bowls, strict=True)
        ]
        document({"rules": rows, "unpublished": changed})
        return
    for (_, rule), found in zip(menu, bowls, strict=True):
        say(f"{rule['title']}   ({rule['id']})")
        if rule.get("why"):
            say(f"    {rule['why']}")
        for bowl in found:
            say(wrapped("    ", in_short(bowl["slips"])))
    if not menu:
        say("There is nothing on the menu yet; publish rules with: cmengine rules publish")
    _say_unpublished(changed)


def _bowls(program: Any, digest: str, rule: dict[str, Any]) -> list[dict[str, Any]]:
    """Give the bowls of a published rule; none where a plugin it needs is not there."""
    try:
        return bowls_of(program.specimen(rule, digest))
    except CMError:
        return []


def _bowl_data(bowls: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"reward": bowl["reward"], **bowl_data(bowl["slips"])} for bowl in bowls]


def _say_unpublished(changed: list[str]) -> None:
    if changed:
        note(
            f"Note: not published as it stands in the file: {', '.join(changed)}. See: cmengine rules publish"
        )


def _shown(digest: str, rule: dict[str, Any]) -> dict[str, Any]:
    import json as json_module

    from cmengine.kept import to_json

    table_of: dict[str, Any] = json_module.loads(to_json(rule))
    return {**table_of, "digest": digest}


@rules_command.command(
    "show", epilog=examples("cmengine rules show drop-in", "cmengine rules show drop-in --json")
)
@click.argument("rule_id", metavar="ID", shell_complete=rule_ids)
@json_option
@pass_desk
def show_rule(desk: Desk, rule_id: str, as_json: bool) -> None:
    """Show one rule: why, from where, what the client may set, and what the first times earn."""
    from cmengine.ahead import first_times
    from cmengine.errors import Mistake, did_you_mean
    from cmengine.kept import in_words
    from cmengine.publish import unpublished

    with desk.open() as program:
        current = program.ledger.current_digests()
        if rule_id not in current:
            todo = did_you_mean(rule_id, current) or "publish it with: cmengine rules publish"
            raise CMError(
                Mistake(f"rule '{rule_id:.64}'", "there is no published rule of this id", todo)
            )
        rule = program.table(current[rule_id])
        built = program.specimen(rule, current[rule_id])
        times = first_times(built, program.today())
        variants = [
            (in_words(one.settings), dict(one.settings), first_times(one, program.today()))
            for one in built.variants
        ]
        bowls = bowls_of(built)
        changed = [one for one in unpublished(program) if one == rule_id]
    if as_json:
        shown = {
            **_shown(current[rule_id], rule),
            "first_times": times,
            "variants": [{"set": own, "first_times": each} for _, own, each in variants],
            "bowls": _bowl_data(bowls),
        }
        document({"rules": [shown]})
        return
    say(f"{rule['title']}   ({rule_id}, version {current[rule_id][:12]})")
    for key in ("why", "source", "starts", "ends"):
        if rule.get(key):
            say(wrapped(f"  {key:<8}", str(rule[key])))
    goal = {key: value for key, value in rule["goal"].items() if key != "kind"}
    say(
        f"  goal    {rule['goal']['kind']}: "
        + ", ".join(f"{key} = {_short(value)}" for key, value in goal.items())
    )
    if rule.get("client_sets"):
        say(
            f"  yours   {', '.join(rule['client_sets'])} (the client sets it: --set {rule['client_sets'][0]}=...)"
        )
    say("  What the first times earn:")
    _say_times(times)
    for own, _, each in variants:
        say(f"  With {own}:")
        _say_times(each)
    for bowl in bowls:
        say_bowl(bowl["slips"], "  ")
    _say_unpublished(changed)


def _say_times(times: list[list[str]]) -> None:
    table(
        [(f"{n}.", ", ".join(labels) or "thanks") for n, labels in enumerate(times, start=1)],
        indent="    ",
    )


def _short(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


rules_command.add_command(simulate)
rules_command.add_command(solve_bowl)


rules_command.add_command(history)
rules_command.add_command(diff)
