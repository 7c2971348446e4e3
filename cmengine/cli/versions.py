"""cmengine rules history, cmengine rules diff"""

from typing import Any

import click

from cmengine.cli.desk import Desk, examples, json_option, pass_desk, rule_ids
from cmengine.cli.show import count, document, say, table
from cmengine.errors import CMError, Mistake, did_you_mean
from cmengine.ordinals import nth

RULE = click.argument("rule_id", metavar="ID", shell_complete=rule_ids)


@click.command("history", epilog=examples("cmengine rules history drop-in"))
@RULE
@json_option
@pass_desk
def history(desk: Desk, rule_id: str, as_json: bool) -> None:
    """List the versions of a rule: when they were published, by whom, and how many clients keep each."""
    with desk.open() as program:
        rows = _versions(program, rule_id)
    if as_json:
        document({"rule": rule_id, "versions": rows})
        return
    shown = [
        (
            row["digest"][:12],
            row["published_at"][:16].replace("T", " "),
            row["published_by"],
            count(row["kept_by"], "client"),
        )
        for row in rows
    ]
    table(shown, ("version", "published", "by", "kept by"))


@click.command(
    "diff",
    epilog=examples(
        "cmengine rules diff drop-in",
        "cmengine rules diff drop-in 3f2a91c0 d2c41dc3     (from, to)",
    ),
)
@RULE
@click.argument("old", required=False, metavar="[FROM]")
@click.argument("new", required=False, metavar="[TO]")
@json_option
@pass_desk
def diff(desk: Desk, rule_id: str, old: str | None, new: str | None, as_json: bool) -> None:
    """Say who would earn more or less under another version of a rule, and when.

    Without versions: what is in the file against what is published, or else the last two published.
    """
    from cmengine.versions import compare

    with desk.open() as program:
        before, after, names = _pair(program, rule_id, old, new)
        found = compare(before, after, program.kinds)
    if as_json:
        document(
            {
                "rule": rule_id,
                "from": names[0],
                "to": names[1],
                "same": found.same,
                "words": found.words,
                "steps": [
                    {"first": step.first, "last": step.last, "from": step.before, "to": step.after}
                    for step in found.steps
                ],
                "less": found.less,
                "more": found.more,
            }
        )
        return
    say(f"{rule_id}: from {names[0]} to {names[1]}")
    for words in found.words:
        say(f"  {words}")
    table(
        [
            (
                _times(step),
                ", ".join(step.before) or "thanks",
                "->",
                ", ".join(step.after) or "thanks",
            )
            for step in found.steps[:12]
        ],
        indent="  ",
    )
    if len(found.steps) > 12:
        say(f"  and {len(found.steps) - 12} more such changes")
    if found.more:
        say(f"  Somebody would earn more: {found.more}")
    if found.less:
        say(f"  Somebody would earn less: {found.less}")
        say("  So it is for new choices only; whoever chose before keeps their version.")
    elif found.same:
        say("  Nothing differs.")
    else:
        say(
            "  Nobody would earn less. Clients may take it when they like: cmengine goal accept CLIENT "
            + rule_id
        )


def _times(step: Any) -> str:
    if step.first == step.last:
        return f"the {nth(step.first)} time:"
    return f"the {nth(step.first)} to {nth(step.last)} time:"


def _versions(program: Any, rule_id: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = program.ledger.history_of(rule_id)
    if not rows:
        todo = (
            did_you_mean(rule_id, program.ledger.current_digests())
            or "publish it with: cmengine rules publish"
        )
        raise CMError(
            Mistake(f"rule '{rule_id:.64}'", "there is no published rule of this id", todo)
        )
    return rows


def _pair(
    program: Any, rule_id: str, old: str | None, new: str | None
) -> tuple[Any, Any, tuple[str, str]]:
    """Find the two versions that are meant, and what to call them."""
    from cmengine.publish import in_files

    digests = [row["digest"] for row in _versions(program, rule_id)]
    if old is None:
        draft = in_files(program).get(rule_id)
        if draft is not None and draft.digest != digests[-1]:
            return (
                program.specimen(program.table(digests[-1]), digests[-1]),
                draft,
                (digests[-1][:12], "the file"),
            )
        if len(digests) < 2:
            raise CMError(
                Mistake(
                    f"rule '{rule_id}'",
                    "there is only one version",
                    "change its file, then look again",
                )
            )
    chosen = (
        [digests[-2], digests[-1]]
        if old is None
        else [_found(digests, old, rule_id), _found(digests, new or digests[-1], rule_id)]
    )
    rules = [program.specimen(program.table(digest), digest) for digest in chosen]
    return rules[0], rules[1], (chosen[0][:12], chosen[1][:12])


def _found(digests: list[str], start: str, rule_id: str) -> str:
    matches = {digest for digest in digests if digest.startswith(start)}
    if len(start) < 4 or len(matches) != 1:
        raise CMError(
            Mistake(
                f"version '{start:.64}'",
                f"names no one version of '{rule_id}'",
                f"see: cmengine rules history {rule_id}",
            )
        )
    return matches.pop()
