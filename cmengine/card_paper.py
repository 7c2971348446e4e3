"""A client's card as a page: HTML that needs nothing else, or a PDF in A6. The PDF needs the extra `print`."""

from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from cmengine.card import Card, Line
from cmengine.errors import CMError, Mistake
from cmengine.telling import SHIPPED

if TYPE_CHECKING:
    from reportlab.platypus import Flowable

MM = 72 / 25.4  # points
A6 = (105 * MM, 148 * MM)  # ISO 216
EDGE = 8 * MM


def page(card: Card) -> str:
    """Write a card as one page of HTML: no script, no picture from elsewhere, black on white in print."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    space = Environment(
        loader=FileSystemLoader(SHIPPED),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    template = space.get_template("card.html")
    return template.render(language=card.language, lines=card.lines) + "\n"


def pdf(card: Card, file: Path) -> bytes:
    """Draw a card on A6, on as many sheets as it needs. `file` is where it goes, to name it in an error.

    Raises CMError where a letter is among those that no font of every PDF reader has.
    """
    from reportlab.lib.enums import TA_LEFT
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.platypus import KeepTogether, Paragraph, SimpleDocTemplate

    _drawable(card, file)

    def style(size: float, *, bold: bool = False, italic: bool = False, above: float = 0) -> Any:
        font = "Helvetica" + "-" * (bold or italic) + "Bold" * bold + "Oblique" * italic
        return ParagraphStyle(
            str((size, bold, italic, above)),
            fontName=font,
            fontSize=size,
            leading=size * 1.3,
            spaceBefore=above,
            alignment=TA_LEFT,
            splitLongWords=True,
        )

    styles = {
        "name": style(17, bold=True),
        "head": style(9.5, bold=True, above=11),
        "own": style(12.5, italic=True, above=1),
        "count": style(9.5, bold=True, above=2),
        "text": style(9.5, above=2),
        "end": style(9.5, bold=True, above=13),
    }
    story: list[Any] = []
    together: list[Any] = []
    for line in card.lines:
        if line.kind in ("head", "end") and together:
            story.append(KeepTogether(together))
            together = []
        if line.kind == "marks":
            together.append(_marks(line))
        else:
            said = f"“{line.text}”" if line.kind == "own" else line.text
            together.append(Paragraph(escape(said), styles[line.kind]))
    story.append(KeepTogether(together))
    out = BytesIO()
    document = SimpleDocTemplate(
        out,
        pagesize=A6,
        leftMargin=EDGE,
        rightMargin=EDGE,
        topMargin=EDGE,
        bottomMargin=EDGE,
        title=" ",
        author=" ",
        subject=" ",
        creator=" ",
        invariant=1,
        lang=card.language,
    )
    document.build(story)
    return out.getvalue()


def _drawable(card: Card, file: Path) -> None:
    missing = {letter for line in card.lines for letter in line.text if not _has_font(letter)}
    if missing:
        todo = "write it with --html, and print that page from a browser"
        raise CMError(Mistake(str(file), "the card has letters that a PDF has no font for", todo))


def _has_font(letter: str) -> bool:
    try:
        letter.encode("cp1252")
    except UnicodeEncodeError:
        return False
    return letter.isprintable()


def _marks(line: Line) -> "Flowable":
    """Draw the marks of a line: a filled square for ten, a filled dot for one, an open ring for one to come."""
    from reportlab.platypus import Flowable

    side, gap, wide = 4.2 * MM, 1.1 * MM, 2.2 * MM

    class Marks(Flowable):  # type: ignore[misc]
        def wrap(self, width: float, height: float) -> tuple[float, float]:
            self.places = []
            x = y = 0.0
            for row in line.rows:
                if x and x + len(row) * (side + gap) > width:
                    x, y = 0.0, y + side + gap
                for shape in row:
                    if x + side > width:
                        x, y = 0.0, y + side + gap
                    self.places.append((shape, x, y))
                    x += side + gap
                x += wide
            return width, y + side + 2 * gap

        def draw(self) -> None:
            top = self.places[-1][2] + gap if self.places else gap
            for shape, x, y in self.places:
                middle = (x + side / 2, top - y + side / 2)
                if shape == "square":
                    self.canv.rect(x + 1, top - y + 1, side - 2, side - 2, stroke=0, fill=1)
                elif shape == "dot":
                    self.canv.circle(*middle, side / 2 - 0.6, stroke=0, fill=1)
                else:
                    self.canv.setDash(2, 1.6)
                    self.canv.circle(*middle, side / 2 - 1, stroke=1, fill=0)

    return Marks()
