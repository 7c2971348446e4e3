"""cmengine redcap"""

from pathlib import Path

import click

from cmengine.cli.came import say_came
from cmengine.cli.desk import Desk, client_codes, examples, json_option, pass_desk
from cmengine.cli.show import count, document, note, say


@click.group("redcap")
def redcap_command() -> None:
    """Exchange choices and events with a REDCap project."""


@redcap_command.command(
    "import",
    epilog=examples(
        "cmengine redcap import records.csv",
        "cmengine redcap import labels.csv --dictionary dictionary.csv --add-clients",
    ),
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--mapping",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="What the project's instruments mean here (default: redcap.toml in the program's folder).",
)
@click.option(
    "--dictionary",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="The project's data dictionary: an export with labels needs it.",
)
@click.option("--add-clients", is_flag=True, help="Enroll whom the program does not know yet.")
@click.option("--no-guard", is_flag=True, help="The file was exported with --no-guard.")
@json_option
@pass_desk
def import_(
    desk: Desk,
    file: Path,
    mapping: Path | None,
    dictionary: Path | None,
    add_clients: bool,
    no_guard: bool,
    as_json: bool,
) -> None:
    """Log and choose what the records of FILE say, a flat CSV export of a REDCap project.

    What is known already counts once. Where something is off, it is named with its line and column, and
    nothing is kept. What means nothing here is passed over, and counted.
    """
    from cmengine.study import import_records, load_instruments

    with desk.open() as program:
        came = import_records(
            program,
            file,
            load_instruments(program, mapping),
            dictionary=dictionary,
            add_clients=add_clients,
            guard=not no_guard,
        )
    say_came(came, as_json)


@redcap_command.command(
    "export",
    epilog=examples(
        "cmengine redcap export study.zip --to 'County study' --purpose research --consent 2026-021",
        "cmengine redcap export study --event-name enrollment_arm_1"
        " --to 'County study' --purpose research --consent 2026-021",
    ),
)
@click.argument("file", type=click.Path(path_type=Path, readable=False))
@click.option(
    "--client", "clients", multiple=True, shell_complete=client_codes, help="Only this client."
)
@click.option(
    "--event-name",
    "event",
    metavar="NAME",
    default="",
    help="The event, in a longitudinal project.",
)
@click.option("--words", is_flag=True, help="Also settings and clients' own words.")
@click.option("--to", "recipient", metavar="NAME", help="Who receives it.")
@click.option("--purpose", metavar="TEXT", help="What it is for.")
@click.option("--consent", metavar="ID", help="The clients' written consent.")
@click.option(
    "--no-guard",
    is_flag=True,
    help="Text as it is, also where a spreadsheet would take it for a formula.",
)
@json_option
@pass_desk
def export(
    desk: Desk,
    file: Path,
    clients: tuple[str, ...],
    event: str,
    words: bool,
    recipient: str | None,
    purpose: str | None,
    consent: str | None,
    no_guard: bool,
    as_json: bool,
) -> None:
    """Write choices, events and awards as records into the new FILE, a folder or a .zip, with the data
    dictionary of a project that takes them.

    It is written down who receives it, what for, and under which consent; `cmengine disclosures` lists that.
    Who has withdrawn their consent to sharing is left out.
    """
    from cmengine.disclosures import grounds, not_shared
    from cmengine.study import export_project

    why = grounds(recipient, purpose, consent)
    with desk.open() as program:
        for client in clients:
            program.must_have(client)
        left_out = [] if clients else not_shared(program.ledger)
        about = list(clients) or [one for one in program.ledger.clients() if one not in left_out]
        rows = export_project(
            program,
            file,
            about,
            why,
            words=words,
            event=event,
            guard=not no_guard,
            own=clients == (recipient,),
        )
    if as_json:
        document(
            {"file": str(file), "rows": rows, "clients": len(about), "left_out": len(left_out)}
        )
        return
    say(f"{count(rows, 'row')} about {count(len(about), 'client')} in {file}.")
    if left_out:
        note(f"Left out: {count(len(left_out), 'client')} without consent to sharing.")
