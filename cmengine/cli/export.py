"""cmengine export"""

from pathlib import Path

import click

from cmengine.cli.desk import Desk, examples, json_option, pass_desk
from cmengine.cli.show import count, document, money, say, table


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
