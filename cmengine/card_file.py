"""Make a client's card, and put it into files: both of them, or neither."""

from contextlib import ExitStack
from pathlib import Path

from cmengine.card import Card, card_of
from cmengine.card_paper import page, pdf
from cmengine.errors import CMError, Mistake, did_you_mean
from cmengine.newfile import write_new
from cmengine.overview import overview
from cmengine.paper import reserved
from cmengine.preferences import preferences
from cmengine.program import Program
from cmengine.telling import languages
from cmengine.wording import words_of


def make_card(
    program: Program,
    client: str,
    *,
    language: str | None = None,
    own_words: bool = True,
    html: Path | None = None,
    pdf_file: Path | None = None,
) -> Card:
    """Make the card of a client and write it to new files that only their owner can read. Raises CMError."""
    seen = overview(program, client)
    known = languages(program.folder)
    spoken = language or preferences(program, client).language
    if language and language not in known:
        what = f"'{language:.40}' is no language that there are words in"
        raise CMError(Mistake("--language", what, did_you_mean(language, known)))
    card = card_of(
        seen,
        language=spoken,
        currency=program.settings.currency,
        program=program.settings.name,
        book=words_of(program.folder),
        own_words=own_words,
        folder=program.folder,
    )
    with ExitStack() as stack:
        if pdf_file is not None:
            write = stack.enter_context(reserved(pdf_file))
            drawn = pdf(card, pdf_file)
        if html is not None:
            write_new((html, page(card)), private=True)
        if pdf_file is not None:
            write(drawn)
    return card
