"""cmengine export"""

from pathlib import Path
from typing import Any

import click

from cmengine.cli.desk import Day, Desk, client_codes, day_meant, examples, json_option, pass_desk
from cmengine.cli.show import count, document, money, note, say, table

FILE = click.argument("file", type=click.Path(path_type=Path, readable=False))
FORMAT = click.option(
    "--format",
    "format",
    metavar="NAME",
    help="csv, xlsx, parquet, jsonl or sqlite (default: by the ending of FILE; csv in a folder or .zip).",
)
NO_GUARD = click.option(
    "--no-guard",
    is_flag=True,
    help="CSV for programs: text as it is, also where a spreadsheet would take it for a formula.",
)


@click.group("export")
def export_command() -> None:
    """Write what the ledger holds for other programs to read."""


@export_command.command(
    "accounting",
    epilog=examples(
        "cmengine export accounting books.beancount",
        "cmengine export accounting books.beancount --each",
    ),
)
@click.argument("file", type=click.Path(path_type=Path, readable=False))
@click.option(
    "--each", is_flag=True, help="One entry for each row of the ledger, not for each day."
)
@json_option
@pass_desk
def accounting(desk: Desk, file: Path, each: bool, as_json: bool) -> None:
    """Write the program's money to FILE as double-entry books, in the plain text of beancount.

    Nobody's name or code is in them. They end with what the ledger says each account comes to, so that
    bean-check finds whether the two agree, to the cent.
    """
    from cmengine.accounting import books_of
    from cmengine.newfile import write_new

    with desk.open() as program:
        books = books_of(program, each=each)
    write_new((file, books.text))
    if as_json:
        document({"file": str(file), "entries": books.entries, "balance_cents": books.balances})
        return
    say(f"Written to {file}: {count(books.entries, 'entry', 'entries')}. The accounts come to")
    table([(name, money(cents)) for name, cents in sorted(books.balances.items())], indent="  ")


@export_command.command(
    "data",
    epilog=examples(
        "cmengine export data counts --deidentified",
        "cmengine export data month.xlsx --from 2026-06-01 --until 2026-06-30"
        " --to 'County' --purpose audit --consent 2026-017",
        "cmengine export data program.db --to 'Our board' --purpose evaluation --consent 2026-018",
        "cmengine export data stock.csv --tables stock",
    ),
)
@FILE
@FORMAT
@click.option("--tables", metavar="A,B", default="", help="Only these tables (default: all).")
@click.option("--from", "first", metavar="DAY", type=Day(), help="Only from this day on.")
@click.option("--until", "last", metavar="DAY", type=Day(), help="Only up to this day.")
@click.option("--words", is_flag=True, help="Also names, notes and clients' own words.")
@click.option(
    "--deidentified", is_flag=True, help="Counts of at least 11 people; needs no consent."
)
@click.option("--to", "recipient", metavar="NAME", help="Who receives it.")
@click.option("--purpose", metavar="TEXT", help="What it is for.")
@click.option("--consent", metavar="ID", help="The clients' written consent.")
@NO_GUARD
@json_option
@pass_desk
def data(
    desk: Desk,
    file: Path,
    format: str | None,
    tables: str,
    first: Any,
    last: Any,
    words: bool,
    deidentified: bool,
    recipient: str | None,
    purpose: str | None,
    consent: str | None,
    no_guard: bool,
    as_json: bool,
) -> None:
    """Write tables of the ledger into the new FILE, for a spreadsheet, statistics or Datasette.

    The ending of FILE says how: .csv, .xlsx, .parquet, .jsonl, .db, or .zip for all of them in one. A name
    without an ending is a folder with a file for each table.

    With clients' data it needs --to, --purpose and --consent, and is written down: `cmengine disclosures`
    lists that. Who has withdrawn their consent to sharing is left out.
    """
    from cmengine.disclosures import grounds
    from cmengine.exporting import export_tables, needs_grounds, wanted

    if deidentified and words:
        raise click.UsageError("--deidentified has no words in it; leave --words out")
    with desk.open() as program:
        want = wanted(
            file,
            format,
            tables=[name.strip() for name in tables.split(",") if name.strip()],
            first=day_meant(program, first),
            last=day_meant(program, last),
            words=words,
            deidentified=deidentified,
            guard=not no_guard,
        )
        why = grounds(recipient, purpose, consent) if needs_grounds(want) else None
        written = export_tables(program, file, want, why)
    _show(file, written, as_json)


@export_command.command(
    "client",
    epilog=examples(
        "cmengine export client c001 their-record.xlsx", "cmengine export client c001 their-record"
    ),
)
@click.argument("client", shell_complete=client_codes)
@FILE
@FORMAT
@NO_GUARD
@json_option
@pass_desk
def client_record(
    desk: Desk, client: str, file: Path, format: str | None, no_guard: bool, as_json: bool
) -> None:
    """Write everything that concerns CLIENT into the new FILE, to be given to themselves.

    It is theirs, so no consent is needed; that it was given is written down all the same.
    """
    from cmengine.disclosures import own_grounds
    from cmengine.exporting import OWN_TABLES, export_tables, wanted

    with desk.open() as program:
        program.must_have(client)
        want = wanted(
            file, format, client=client, words=True, guard=not no_guard, tables=OWN_TABLES
        )
        written = export_tables(program, file, want, own_grounds(client))
    _show(file, written, as_json)


def _show(file: Path, written: Any, as_json: bool) -> None:
    if as_json:
        document(
            {
                "file": str(file),
                "files": [str(one) for one in written.files],
                "rows": written.rows,
                "clients": written.clients,
                "left_out": written.left_out,
                "too_few": written.folded,
                "disclosure": written.disclosure or None,
            }
        )
        return
    say(f"{count(sum(written.rows.values()), 'row')} in {file}.")
    table([(name, str(rows)) for name, rows in written.rows.items()], indent="  ")
    if written.left_out:
        who = count(written.left_out, "client")
        note(
            f"Left out: {who} without consent to sharing. What they earned is theirs all the same."
        )
    if written.folded:
        note(f"In no row: {count(written.folded, 'thing')} that too few people have in common.")
    if written.disclosure:
        say(f"Written down as disclosure {written.disclosure}; see: cmengine disclosures")
