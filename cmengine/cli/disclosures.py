"""cmengine disclosures"""

import click

from cmengine.cli.desk import Desk, client_codes, examples, json_option, pass_desk
from cmengine.cli.show import count, document, say, wrapped


@click.command(
    "disclosures",
    epilog=examples("cmengine disclosures", "cmengine disclosures --client c001"),
)
@click.option("--client", shell_complete=client_codes, help="Only what concerned this client.")
@json_option
@pass_desk
def disclosures_command(desk: Desk, client: str | None, as_json: bool) -> None:
    """List what was given to others about clients, to whom, and what for."""
    from cmengine.disclosures import disclosures

    with desk.open() as program:
        if client is not None:
            program.must_have(client)
        found = disclosures(program, client)
    if as_json:
        document({"disclosures": found})
        return
    if not found:
        say("Nothing was given to others.")
        return
    for one in found:
        about = count(one["clients"], "client")
        say(
            wrapped(
                f"{one['made_at'][:10]}  ", f"{one['what']}; about {about}, by {one['made_by']}"
            )
        )
        grounds = f"to {one['recipient']}, for {one['purpose']}, under consent {one['consent']}"
        say(wrapped(" " * 12, grounds))
