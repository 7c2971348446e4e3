"""cmengine init"""

from pathlib import Path

import click

from cmengine.cli.desk import Desk, examples, json_option, pass_desk
from cmengine.cli.show import document, say


@click.command(
    "init",
    epilog=examples(
        "cmengine init riverside --starter drop-in --zone America/Los_Angeles",
        "cmengine init pilot --name 'Riverside pilot'     (empty: write your own rules)",
        "cmengine init --list",
    ),
)
@click.argument("folder", metavar="DIR", required=False, type=click.Path(path_type=Path))
@click.option("--starter", metavar="NAME", help="Begin with the rules of a starter.")
@click.option(
    "--name", metavar="TEXT", help="What the program is called (default: the folder's name)."
)
@click.option(
    "--zone", metavar="ZONE", help="Its time zone, like America/Chicago (default: this machine's)."
)
@click.option("--currency", metavar="CODE", default="USD", show_default=True, help="Its currency.")
@click.option("--list", "show_list", is_flag=True, help="List the starters.")
@json_option
@pass_desk
def init_command(
    desk: Desk,
    folder: Path | None,
    starter: str | None,
    name: str | None,
    zone: str | None,
    currency: str,
    show_list: bool,
    as_json: bool,
) -> None:
    """Make a new program in DIR: its settings, kinds of event, rules and an empty ledger."""
    from cmengine.program import login_name
    from cmengine.starters import make_program, starters

    if show_list:
        names = list(starters())
        if as_json:
            document({"starters": names})
        else:
            say("\n".join(names))
        return
    if folder is None:
        raise click.UsageError("name a folder for the program: cmengine init DIR")
    rules = make_program(
        folder, starter=starter, name=name, zone=zone, currency=currency, by=desk.by or login_name()
    )
    if as_json:
        document({"program": str(folder), "rules": rules})
        return
    say(f"A new program is in {folder}.")
    if rules:
        say(f"Rules to look at: {', '.join(f'{folder}/rules/{rule}' for rule in rules)}")
        say(f"\nNext:\n  cmengine -p {folder} rules check\n  cmengine -p {folder} rules publish")
        say(f"  cmengine -p {folder} rules list\n  cmengine -p {folder} client add c001")
        say(f"  cmengine -p {folder} goal choose c001 RULE --words 'What they want'")
        say(f"  cmengine -p {folder} log c001 visit")
    else:
        say(
            f"\nNext: write a rule file in {folder}/rules, then\n  cmengine -p {folder} rules publish"
        )
        say("Or begin again from a starter: cmengine init --list")
