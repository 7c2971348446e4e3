"""Vouchers on paper: a slip and a small card, each with a QR code, that say nothing about anybody. Needs the
extra `print`.

42 CFR 2.18: nobody may be made to carry a card that would show them as a patient. So no name of a program,
no logo, no date, no word of health or drugs, and nothing of who holds it.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import date
from errno import EEXIST
from io import BytesIO
from pathlib import Path
from stat import S_ISREG
from typing import TYPE_CHECKING

from attrs import field, frozen

from cmengine.errors import CMError, Mistake
from cmengine.money import dollars
from cmengine.stock import HandedCard
from cmengine.telling import ENGLISH, tell
from cmengine.unfinished import lock

if TYPE_CHECKING:
    from reportlab.pdfgen.canvas import Canvas

MM = 72 / 25.4  # points
LETTER, A4 = (612.0, 792.0), (210 * MM, 297 * MM)
_LETTER_LANDS = {"USD", "CAD", "MXN", "PHP"}  # where paper is cut in inches
SLIP, CARD = (148.0, 105.0), (85.6, 54.0)  # mm: ISO 216 A6, ISO/IEC 7810 ID-1


@frozen(kw_only=True)
class Paper:
    """What stands on one slip. `number` is the end of the voucher's, to find it by; it opens nothing."""

    worth: str
    code: str = field(repr=False)
    number: str
    place: str = ""
    until: date | None = None


def neutral(item: str, program: str = "") -> str:
    """Name a thing on paper, where its name says nothing about who holds it; else ``1 item``."""
    from cmengine.wording import shipped

    told = shipped().tells(item, program=program)
    return "1 item" if told or not _printable(item) else item


def _printable(text: str) -> bool:
    """Say whether the letters are among those that every PDF reader has a font for."""
    try:
        text.encode("cp1252")
    except UnicodeEncodeError:
        return False
    return text.isprintable()


def papers(
    *,
    voucher: str,
    code: str,
    cents: int,
    item: str | None,
    cards: Sequence[HandedCard],
    currency: str,
    program: str,
) -> list[Paper]:
    """Say what stands on paper for a voucher: one slip, or one for each gift card."""
    number = voucher[-6:]
    if code:
        worth = f"{dollars(cents)} {currency}" if item is None else neutral(item, program)
        return [Paper(worth=worth, code=code, number=number)]
    return [
        Paper(
            worth=f"{dollars(card.cents)} {currency}",
            code=card.code,
            number=number,
            place=card.brand if _printable(card.brand) else "",
            until=card.expires,
        )
        for card in cards
    ]


@contextmanager
def reserved(path: Path) -> Iterator[Callable[[bytes], None]]:
    """Make a new file that only its owner can read, before anything is decided; then write it, once.

    Without anything written, the file is gone again. Raises CMError where it is there or cannot be made,
    or where the library that draws is not installed.
    """
    try:
        import reportlab.pdfgen.canvas  # noqa: F401
    except ImportError:
        todo = "install it with: pip install 'cmengine[print]'"
        raise CMError(
            Mistake(str(path), "the library that makes a PDF is not installed", todo)
        ) from None
    try:
        number = _new(path)
    except FileExistsError:
        raise CMError(Mistake(str(path), "is already there", "name a new file")) from None
    except OSError as error:
        raise CMError(
            Mistake(str(path), f"cannot be written ({error.strerror})", "name another file")
        ) from error
    written = False

    def write(content: bytes) -> None:
        nonlocal written
        file.write(content)
        file.flush()
        written = True

    with os.fdopen(number, "wb") as file:
        try:
            yield write
        finally:
            if not written:
                with suppress(OSError):
                    path.unlink()


def _new(path: Path) -> int:
    """Open a new file, or the empty one that a stop on the way has left. Raises FileExistsError."""
    try:
        number = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        taken = False
    except FileExistsError:
        number = os.open(path, os.O_WRONLY | getattr(os, "O_NOFOLLOW", 0))
        taken = True
    found, alone = os.fstat(number), lock(number)
    if taken and (not alone or found.st_size or not S_ISREG(found.st_mode)):
        os.close(number)
        raise FileExistsError(EEXIST, os.strerror(EEXIST), str(path))
    path.chmod(0o600)
    return number


def pdf(sheets: Sequence[Paper], currency: str, language: str = ENGLISH) -> bytes:
    """Draw a page for each slip: the slip, and under it the same as a small card, its words in a language."""
    from reportlab.pdfgen.canvas import Canvas

    out = BytesIO()
    size = LETTER if currency in _LETTER_LANDS else A4
    canvas = Canvas(out, pagesize=size, invariant=1)
    for setting in (canvas.setTitle, canvas.setSubject, canvas.setAuthor, canvas.setCreator):
        setting(" ")
    for paper in sheets:
        left = 20 * MM
        under = lines(paper, language, currency)
        _draw(canvas, paper, under, (left, size[1] - (20 + SLIP[1]) * MM), SLIP, large=1.7)
        _draw(
            canvas, paper, under, (left, size[1] - (35 + SLIP[1] + CARD[1]) * MM), CARD, large=1.0
        )
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def lines(paper: Paper, language: str, currency: str) -> list[str]:
    """Give the lines of a slip under its worth and its code, in a language."""
    facts = {"place": paper.place, "until": paper.until, "number": paper.number}
    return tell("slip", language, {**facts, "currency": currency}).split("\n")


def _draw(
    canvas: "Canvas",
    paper: Paper,
    under: Sequence[str],
    at: tuple[float, float],
    size: tuple[float, float],
    large: float,
) -> None:
    """Draw a slip or a card with its lower left corner at a place; `large` is the size of its letters."""
    from reportlab.graphics import renderPDF
    from reportlab.graphics.barcode.qr import QrCodeWidget
    from reportlab.graphics.shapes import Drawing

    width, height = size[0] * MM, size[1] * MM
    edge = 4 * MM * large
    canvas.saveState()
    canvas.translate(*at)
    canvas.setDash(1, 2)
    canvas.setLineWidth(0.4)
    canvas.rect(0, 0, width, height)
    side = 26 * MM * large
    code = QrCodeWidget(paper.code, barLevel="M", barWidth=side, barHeight=side)
    drawing = Drawing(side, side)
    drawing.add(code)
    renderPDF.draw(drawing, canvas, width - side - edge / 2, height - side - edge / 2)
    room = width - side - 2 * edge
    _write(
        canvas, "Helvetica-Bold", 17 * large, paper.worth, edge, height - edge - 15 * large, room
    )
    _write(
        canvas,
        "Courier-Bold",
        11 * large,
        paper.code,
        edge,
        height - side - edge - 6 * large,
        width - 2 * edge,
    )
    below = height - side - edge - 17 * large
    for n, line in enumerate(under):
        _write(
            canvas, "Helvetica", 7.5 * large, line, edge, below - n * 9.5 * large, width - 2 * edge
        )
    canvas.restoreState()


def _write(
    canvas: "Canvas", font: str, points: float, text: str, x: float, y: float, room: float
) -> None:
    """Write a line, in smaller letters where it would not fit."""
    wide = canvas.stringWidth(text, font, points)
    canvas.setFont(font, points * min(1.0, room / wide) if wide else points)
    canvas.drawString(x, y, text)
