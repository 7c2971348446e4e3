"""cmengine verify"""

import sys
from typing import Any

import click

from cmengine.cli.desk import Desk, examples, json_option
from cmengine.cli.held import LATER, counted_data
from cmengine.cli.show import count, document, note, say


class AnchorType(click.ParamType[Any]):
    """An anchor, as cmengine journal head prints it."""

    name = "anchor"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        from cmengine.journal import Anchor, read_anchor

        try:
            return value if isinstance(value, Anchor) else read_anchor(value)
        except ValueError as error:
            self.fail(str(error))


@click.command(
    "verify",
    epilog=examples(
        "cmengine verify", "cmengine verify --json", "cmengine verify --anchor 17:9f2c..."
    ),
)
@click.option(
    "--anchor",
    type=AnchorType(),
    metavar="ANCHOR",
    help="What cmengine journal head printed earlier: is it the same journal, with nothing cut off?",
)
@json_option
@click.pass_context
def verify_command(ctx: click.Context, anchor: Any, as_json: bool) -> None:
    """Check the schema, the journal against every row, and the whole log, replayed, against the ledger."""
    from cmengine.verify import verify

    desk = ctx.find_object(Desk) or Desk(".", None)
    with desk.open() as program:
        clients = len(program.ledger.clients())
        hidden = as_json or not sys.stderr.isatty()
        with click.progressbar(
            length=clients, label="Replaying", file=sys.stderr, hidden=hidden
        ) as bar:
            verdict = verify(program, bar.update, anchor=anchor)
    if as_json:
        document(
            {
                "ok": verdict.ok,
                "problems": verdict.problems,
                "notes": _notes(verdict),
                "held": len(verdict.held),
                "clients": verdict.clients,
                "events": verdict.events,
                "awards": verdict.awards,
                "entries": verdict.entries,
                "anchor": str(verdict.head) if verdict.head else None,
            }
        )
        ctx.exit(0 if verdict.ok else 1)
    for text in _notes(verdict):
        note(f"Note: {text}")
    if verdict.ok:
        whole = "All that could be replayed" if verdict.notes or verdict.held else "All"
        say(
            f"{whole} is as the log says: {count(verdict.clients, 'client')},"
            f" {count(verdict.events, 'event')}, {count(verdict.awards, 'award')}"
            f" ({count(verdict.entries, 'entry', 'entries')} in the journal)."
        )
    else:
        for problem in verdict.problems:
            note(f"Error: {problem}")
    if not verdict.ok:
        ctx.exit(1)


def _notes(verdict: Any) -> list[str]:
    """Say what was not replayed, and why."""
    absent = [f"rule '{rule}': {_not_replayed(needs)}" for rule, needs in verdict.notes.items()]
    held = [
        f"rule '{one['rule']}' is held for {count(one['clients'], 'client')} ({one['problem']}); its days, counts"
        f" and sums were checked there, and {LATER}"
        for one in counted_data(verdict.held)
    ]
    return absent + held


def _not_replayed(needs: str) -> str:
    return f"not replayed, because {needs}; its days, counts and sums were checked, and what was earned stands"
