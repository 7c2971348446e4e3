"""cmengine client card"""

from pathlib import Path

import click

from cmengine.cli.desk import Desk, client_codes, examples, json_option, pass_desk
from cmengine.cli.show import document, say


@click.command(
    "card",
    epilog=examples(
        "cmengine client card c001",
        "cmengine client card c001 --html card.html --language es",
        "cmengine client card c001 --pdf card.pdf --no-words",
    ),
)
@click.argument("client", shell_complete=client_codes)
@click.option(
    "--html", type=click.Path(path_type=Path), help="Write it to a new file, as a page of HTML."
)
@click.option(
    "--pdf", type=click.Path(path_type=Path), help="Write it to a new file, as a PDF in A6."
)
@click.option("--language", help="In which language (default: the one that the client set).")
@click.option(
    "--words/--no-words", "own_words", default=True, help="With their own words on it, or without."
)
@json_option
@pass_desk
def card(
    desk: Desk,
    client: str,
    html: Path | None,
    pdf: Path | None,
    language: str | None,
    own_words: bool,
    as_json: bool,
) -> None:
    """Show CLIENT their card: what they chose, how often so far, what is here for them, what comes next.

    It names no program and no date. Give it to them, if they like.
    """
    from cmengine.card import in_letters
    from cmengine.card_file import make_card

    with desk.open() as program:
        made = make_card(
            program, client, language=language, own_words=own_words, html=html, pdf_file=pdf
        )
    files = [str(path) for path in (html, pdf) if path is not None]
    if as_json:
        lines = [
            {
                "kind": one.kind,
                "text": one.text,
                "times": one.times if one.kind == "marks" else None,
            }
            for one in made.lines
        ]
        document({"client": client, "language": made.language, "lines": lines, "files": files})
        return
    for line in in_letters(made):
        say(line)
    for file in files:
        say(f"\nIt is in {file}. Only you can read the file; print it, give it, and take it away.")
