"""cmengine fhir"""

from pathlib import Path

import click

from cmengine.cli.came import say_came
from cmengine.cli.desk import Desk, client_codes, examples, json_option, pass_desk
from cmengine.cli.show import count, document, note, say

CODES = click.option(
    "--codes",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="What kinds and rules are called there (default: fhir.toml in the program's folder).",
)


@click.group("fhir")
def fhir_command() -> None:
    """Exchange choices and events with an EHR, as FHIR R4."""


@fhir_command.command(
    "import",
    epilog=examples(
        "cmengine fhir import bundle.json",
        "cmengine fhir import export.ndjson --add-clients",
    ),
)
@click.argument("file", type=click.Path(path_type=Path))
@CODES
@click.option("--add-clients", is_flag=True, help="Enroll whom the program does not know yet.")
@json_option
@pass_desk
def import_(desk: Desk, file: Path, codes: Path | None, add_clients: bool, as_json: bool) -> None:
    """Log the Observations of FILE and choose its Goals, where the program's codes know them.

    What is known already counts once. Where something is off, it is named, and nothing is kept. What
    means nothing here is passed over, and counted. A FILE whose name ends with .ndjson has a resource a line.
    """
    from cmengine.ehr import import_bundle, load_codes

    with desk.open() as program:
        came = import_bundle(program, file, load_codes(program, codes), add_clients=add_clients)
    say_came(came, as_json)


@fhir_command.command(
    "export",
    epilog=examples(
        "cmengine fhir export bundle.json --to 'County clinic' --purpose treatment --consent 2026-017",
        "cmengine fhir export one.json --client c001 --to c001 --purpose 'own record' --consent asked",
    ),
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--client", "clients", multiple=True, shell_complete=client_codes, help="Only this client."
)
@click.option("--words", is_flag=True, help="Also settings and clients' own words.")
@click.option("--to", "recipient", metavar="NAME", help="Who receives it.")
@click.option("--purpose", metavar="TEXT", help="What it is for.")
@click.option("--consent", metavar="ID", help="The clients' written consent.")
@CODES
@json_option
@pass_desk
def export(
    desk: Desk,
    file: Path,
    clients: tuple[str, ...],
    words: bool,
    recipient: str | None,
    purpose: str | None,
    consent: str | None,
    codes: Path | None,
    as_json: bool,
) -> None:
    """Write what clients chose as Goals and what happened as Observations, into the new FILE.

    It is a bundle, or has a resource a line where its name ends with .ndjson.

    It holds clients' codes, so it is written down who receives it, what for, and under which
    consent; `cmengine disclosures` lists that. Who has withdrawn their consent to sharing is left out.
    """
    from cmengine.disclosures import grounds, not_shared
    from cmengine.ehr import export_bundle, load_codes

    why = grounds(recipient, purpose, consent)
    with desk.open() as program:
        for client in clients:
            program.must_have(client)
        left_out = [] if clients else not_shared(program.ledger)
        about = list(clients) or [one for one in program.ledger.clients() if one not in left_out]
        own = clients == (recipient,)
        written = export_bundle(
            program, file, about, load_codes(program, codes), why, words=words, own=own
        )
    if as_json:
        document(
            {
                "file": str(file),
                "resources": written,
                "clients": len(about),
                "left_out": len(left_out),
            }
        )
        return
    say(f"{count(written, 'resource')} about {count(len(about), 'client')} in {file}.")
    if left_out:
        note(f"Left out: {count(len(left_out), 'client')} without consent to sharing.")
