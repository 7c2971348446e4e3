"""cmengine retry"""

from typing import Any

import click

from cmengine.cli.desk import Desk, client_codes, examples, json_option
from cmengine.cli.show import count, document, money, note, say, several


@click.command(
    "retry",
    epilog=examples(
        "cmengine retry", "cmengine retry --client c001", "cmengine retry --client c001 --json"
    ),
)
@click.option("--client", shell_complete=client_codes, help="Only what is held for this client.")
@json_option
@click.pass_context
def retry_command(ctx: click.Context, client: str | None, as_json: bool) -> None:
    """Go on with rules that were held because a plugin could not be asked, and add what they owe.

    A rule is held for a client where its plugin is not installed or goes wrong while an event is logged. When
    the plugin is mended, each client gets what they would have had, and nothing twice.
    """
    from cmengine.retry import retry

    desk = ctx.find_object(Desk) or Desk(".", None)
    with desk.open() as program:
        done = []
        for one in retry(program, client):
            done.append(one)
            if not as_json:
                _tell(one)
    still = [one for one in done if one.problem]
    if as_json:
        document(
            {
                "resumed": [_row(one) for one in done if not one.problem],
                "held": [
                    {
                        "client": one.hold.client,
                        "rule": one.hold.rule,
                        "since": one.hold.day.isoformat(),
                        "problem": one.problem,
                    }
                    for one in still
                ],
            }
        )
    elif not done:
        say("Nothing is held." if client is None else f"Nothing is held for {client}.")
    if still:
        ctx.exit(1)


def _awards(one: Any) -> list[Any]:
    return [award for result in one.earned for _, award in result.outcome.earned.awards]


def _row(one: Any) -> dict[str, Any]:
    return {
        "client": one.hold.client,
        "rule": one.hold.rule,
        "cents": one.cents,
        "awards": [
            {"label": award.label, "cents": award.cents, "item": award.item}
            for award in _awards(one)
        ],
    }


def _tell(one: Any) -> None:
    """Say what came of going on with one rule for one client."""
    who = f"{one.hold.client}, {one.hold.rule}"
    if one.problem:
        note(
            f"{who}: stays held ({one.problem}); all that happens is kept. Mend the plugin, then retry"
        )
        return
    labels = [award.label for award in _awards(one)]
    some = labels if len(labels) <= 6 else [*labels[:5], f"{len(labels) - 5} more"]
    what = (
        f"added now: {several(some)}; {money(one.cents)} in all" if labels else "nothing was owed"
    )
    say(f"{who}: goes on. {count(len(one.earned), 'time')} counted; {what}.")
