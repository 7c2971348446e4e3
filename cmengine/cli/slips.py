"""What the commands that hand over a voucher share: its codes on the screen, and on paper."""

import sys
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import click

from cmengine.cli.ask import asked
from cmengine.cli.show import complain, money, note, say
from cmengine.errors import CMError, Mistake

new_pdf = click.option(
    "--print",
    "paper",
    metavar="FILE.pdf",
    type=click.Path(path_type=Path),
    help="Also write a slip and a small card to a new PDF file.",
)


MOST_CODE = 1_000  # letters: a code has 18, and may have spaces between them


def typed_code(code: str | None) -> str:
    """Take a code from the command line, or ask for it, so that it stays out of the shell's history."""
    if code is None or code == "-":
        return asked("Code", MOST_CODE)
    if sys.stdin.isatty():
        note(
            "Note: a code behind the command stays in the shell's history, and others on this machine can see it."
            " Leave it out, and it is asked for."
        )
    return code


def show_codes(program: Any, done: Any) -> None:
    if done.code:
        say(f"  Code: {done.code}     (shown this once)")
    for card in done.cards:
        until = f", to be used by {card.expires}" if card.expires else ""
        say(f"  {card.brand} {money(card.cents)}{until}")
        say(f"    Code: {card.code}")
        if card.expires and card.expires <= program.today() + timedelta(days=30):
            note(
                f"The card {card.serial} is to be used within 30 days: say so when you hand it over."
            )


def card_rows(cards: Any) -> list[dict[str, Any]]:
    """Show cards as data, with their codes: for the commands that hand them over, and no other."""
    return [
        {
            "serial": card.serial,
            "brand": card.brand,
            "cents": card.cents,
            "expires": card.expires,
            "code": card.code,
        }
        for card in cards
    ]


class Sheet:
    """A PDF file that is reserved before anything is decided, and written when it is."""

    def __init__(self, stack: ExitStack, path: Path | None) -> None:
        from cmengine.paper import reserved

        self.path = path
        self.write = stack.enter_context(reserved(path)) if path is not None else None

    def draw(self, program: Any, done: Any) -> None:
        """Write the slips of a voucher; what has been decided stands, also where the disk is full."""
        if self.write is None:
            return
        from cmengine.paper import papers, pdf
        from cmengine.preferences import preferences

        settings = program.settings
        try:
            slips = papers(
                voucher=done.voucher,
                code=done.code,
                cents=done.cents,
                item=done.item,
                cards=done.cards,
                currency=settings.currency,
                program=settings.name,
            )
            language = preferences(program, done.client).language
            self.write(pdf(slips, settings.currency, language))
        except OSError as error:
            todo = "write the code above on a slip by hand, or: cmengine voucher replace"
            complain(
                CMError(Mistake(str(self.path), f"cannot be written ({error.strerror})", todo))
            )
