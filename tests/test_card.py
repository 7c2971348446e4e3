"""A client's card: theirs in every word, silent about all else, and readable on a small screen and on A6."""

import json
import re
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from playwright.sync_api import Browser, Page
from pypdf import PdfReader
from reportlab.pdfbase.pdfmetrics import stringWidth

from cmengine.card import MOST_DOTS, Card, Line, card_of, in_letters
from cmengine.card_file import make_card
from cmengine.card_paper import A6, EDGE, page, pdf
from cmengine.choices import Wish, choose_goals
from cmengine.engine import add_client, log_event, make_event
from cmengine.errors import CMError
from cmengine.overview import overview
from cmengine.preferences import change
from cmengine.program import Program
from cmengine.strengths import add_strength
from cmengine.telling import languages
from cmengine.wording import blocked, shipped

Run = Callable[..., Result]
RULES = """
[[rule]]
id    = "sister"
title = "Something better"
[rule.goal]
kind   = "any_of"
events = ["positive_change"]
[[rule.reward]]
kind  = "fixed_voucher"
worth = "2.50"
[[rule.reward]]
kind = "item"
item = "bus ticket"

[[rule]]
id    = "test"
title = "A negative stimulant test"
[rule.goal]
kind   = "any_of"
events = ["visit"]
[[rule.reward]]
kind  = "fishbowl"
first_draws = 1
slips = [{ says = "well done", count = 1 }, { says = "one", count = 1, worth = "1.00" }]
[[rule.reward]]
kind = "item"
item = "naloxone kit"

[[rule]]
id    = "steps"
title = "Small steps"
client_sets = ["goal.steps"]
[rule.goal]
kind   = "steps"
event  = "positive_change"
[[rule.reward]]
kind  = "praise"
says  = ["That is one."]
"""
KINDS = """
[kind.visit]
label = "Came in"
[kind.missed_visit]
label = "Was not here"
[kind.positive_change]
label = "Something better, in their own words"
text  = true
"""
SETTINGS = 'name = "Riverside House"\nzone = "America/Chicago"\n'
OWN = "Call my sister, and stay clean for her"


def log(program: Program, kind: str, id: str, value: str | None = None) -> None:
    event, wrong = make_event(program, client="c001", kind=kind, id=id, value=value)
    assert event is not None, wrong
    log_event(program, event)


@pytest.fixture
def program(make: Callable[..., Program]) -> Program:
    rules = RULES[: RULES.index('[[rule]]\nid    = "steps"')]
    opened = make(rules, KINDS, SETTINGS)
    add_client(opened, "c001", "Skylar")
    choose_goals(
        opened,
        [
            Wish(client="c001", rule="sister", words=OWN),
            Wish(client="c001", rule="test", words=""),
        ],
    )
    for n in range(7):
        log(opened, "positive_change", f"e{n}", "Called her")
    add_strength(opened, "c001", "I never gave up on my garden")
    return opened


def texts(card: Card) -> list[str]:
    return [line.text for line in card.lines if line.text]


def test_what_they_chose_how_often_what_is_here_and_what_comes_next(program: Program) -> None:
    assert in_letters(make_card(program, "c001")) == [
        "Hello, Skylar",
        "",
        "  You said",
        f"    “{OWN}”",
        "    ●●●●● ●●○",
        "    7 times so far. Each one is yours.",
        "    The next time brings $2.50 and bus ticket.",
        "",
        "  What you chose",
        "    ○",
        "    Not yet. It can come when it comes.",
        "    The next time has a draw in it.",
        "",
        "  Here for you",
        "    $17.50",
        *["    bus ticket"] * 7,
        "    Pick it up when you like.",
        "",
        "  You are proud of",
        "    “I never gave up on my garden”",
        "",
        "All of this stays yours, whatever comes.",
    ]


def test_in_spanish_it_is_as_whole(program: Program) -> None:
    change(program, "c001", [("language", "es"), ("called", "Sol")])
    lines = in_letters(make_card(program, "c001"))
    assert lines[0] == "Hola, Sol"
    assert "    Van 7 veces. Cada una es suya." in lines
    assert lines[-1] == "Todo esto sigue siendo suyo, pase lo que pase."
    assert in_letters(make_card(program, "c001", language="en"))[0] == "Hello, Sol"


def test_a_setback_is_nowhere_on_it_and_changes_nothing(program: Program) -> None:
    before = make_card(program, "c001")
    log(program, "missed_visit", "missed")
    assert make_card(program, "c001") == before


def test_a_thing_whose_name_would_tell_is_left_out(program: Program) -> None:
    log(program, "visit", "v1")
    assert "naloxone kit" in overview(program, "c001").items
    assert not [one for one in texts(make_card(program, "c001")) if "naloxone" in one]


@pytest.mark.parametrize("language", languages())
def test_it_names_no_program_no_condition_no_date_no_code(program: Program, language: str) -> None:
    card = make_card(program, "c001", language=language, own_words=False)
    for said in (*texts(card), page(card), *in_letters(card)):
        assert not re.search(
            r"Riverside|House|c001|stimulant|negative|naloxone|20[23]\d|[Jj]uly|julio", said
        )
    for said in texts(card):
        found = blocked(said, own=["Skylar"], program="Riverside House")
        assert all("amount" in one.why or one.found in ("draw", "sorteo") for one in found), found
        assert shipped().find(said) == []


def test_their_own_words_stand_on_it_as_they_said_them_or_not_at_all(program: Program) -> None:
    assert OWN in texts(make_card(program, "c001"))
    without = " ".join(texts(make_card(program, "c001", own_words=False)))
    assert "sister" not in without and "garden" not in without
    assert "Something better" in without


def test_a_list_that_is_done_says_so(make: Callable[..., Program]) -> None:
    opened = make(RULES[RULES.index('[[rule]]\nid    = "steps"') :], KINDS, SETTINGS)
    add_client(opened, "c001")
    choose_goals(
        opened,
        [Wish(client="c001", rule="steps", words="Papers", settings=(("goal.steps", "one"),))],
    )
    log(opened, "positive_change", "e1", "one")
    card = make_card(opened, "c001")
    assert "You did all of this. How about that!" in texts(card)
    assert [line.more for line in card.lines if line.kind == "marks"] == [False]
    assert texts(card)[0] == "Hello"


@given(st.integers(0, 2000), st.booleans())
def test_the_marks_add_up_to_the_count(times: int, more: bool) -> None:
    shapes = [shape for row in Line("marks", "", times, more).rows for shape in row]
    assert shapes.count("dot") + 10 * shapes.count("square") == times
    assert shapes.count("ring") == more
    assert shapes.count("dot") <= MOST_DOTS


WILD = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=200)


@given(WILD, WILD)
def test_whatever_they_said_is_one_line_of_its_own(words: str, called: str) -> None:
    """No word of theirs can pose as another part of the card, or break its page."""
    from datetime import date

    from cmengine.ahead import Next
    from cmengine.ledger import Balance
    from cmengine.limits import Allowance
    from cmengine.model import Choice
    from cmengine.overview import GoalView, Overview

    choice = Choice(
        id="1", client="c", rule="r", digest="", words=words, settings=(), on=date(2026, 1, 1)
    )
    goal = GoalView(
        choice=choice, title="T", times=1, cents=0, coming=[], next=Next(100, (), False)
    )
    seen = Overview(
        client="c", name=called, balance=Balance(0, 0), goals=[goal], put_away=[], items=[],
        open_vouchers=0, may=Allowance(client="c", waiting=0, shares=(), held=()), strengths=[words], set={},
    )  # fmt: skip
    card = card_of(seen, language="en", currency="USD", program="P", book=shipped())
    shown = " ".join(words.split())
    own = [line.text for line in card.lines if line.kind == "own"]
    assert own == ([shown] * 2 if shown else [])
    assert sum(line.kind == "end" for line in card.lines) == 1
    body = page(card).partition("<main>")[2]
    assert body.count("<") == len(
        re.findall(r"</?(?:h1|h2|p|bdi|blockquote|span|svg|circle|rect|main|body|html)\b", body)
    )


# On a small screen

LONG = "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichenverleihungsurkunde"


def shown(browser: Browser, card: Card, width: int = 320, **context: Any) -> Page:
    opened = browser.new_context(viewport={"width": width, "height": 600}, offline=True, **context)
    made = opened.new_page()
    made.set_content(page(card))
    return made


CUT = """() => [...document.querySelectorAll('body, body *')].filter(one => {
  const box = one.getBoundingClientRect();
  return one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).display != 'inline' && !(one instanceof SVGElement)
    || box.right > document.documentElement.clientWidth + 0.5 || box.left < -0.5;
}).map(one => one.outerHTML.slice(0, 80))"""


@pytest.mark.parametrize("width", [320, 640])
def test_nothing_is_cut_on_a_small_screen_with_words_that_are_longer_by_40_percent(
    program: Program,
    browser: Browser,
    width: int,
    monkeypatch: pytest.MonkeyPatch,
    nobodys_language: str,
) -> None:
    card = long_card(program, nobodys_language)
    made = shown(browser, card, width)
    assert made.evaluate(CUT) == []
    assert made.evaluate("document.documentElement.scrollWidth") <= width
    text = " ".join(made.inner_text("main").split())
    for said in texts(card):
        assert said in text
    made.context.close()


def long_card(program: Program, language: str) -> Card:
    change(program, "c001", [("called", LONG)])
    add_strength(program, "c001", LONG * 3)
    return card_of(
        overview(program, "c001"),
        language=language,
        currency="USD",
        program="Riverside House",
        book=shipped(),
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_needs_no_color(program: Program, browser: Browser, scheme: Any) -> None:
    made = shown(browser, make_card(program, "c001"), color_scheme=scheme)
    image = Image.open(BytesIO(made.screenshot(full_page=True))).convert("RGB")
    bands = [band.tobytes() for band in image.split()]
    # Letters may be smoothed in faint colors, as screens have it; nothing is drawn in one.
    assert max(max(each) - min(each) for each in zip(*bands, strict=True)) <= 60
    gray = image.convert("L").tobytes()
    assert max(gray) - min(gray) > 200
    made.context.close()


def test_the_page_asks_for_nothing_from_anywhere_and_runs_nothing(program: Program) -> None:
    text = page(make_card(program, "c001"))
    assert not re.search(r"<script|<link|<img|<iframe|src=|href=|url\(|@import|\bon\w+=", text)


def test_it_is_said_aloud_as_it_is_seen(program: Program, browser: Browser) -> None:
    made = shown(browser, make_card(program, "c001"))
    assert made.get_by_role("img", name="7").count() == 1
    assert made.get_by_role("heading", level=1).inner_text() == "Hello, Skylar"
    assert made.get_attribute("html", "lang") == "en"
    made.context.close()


def test_printed_from_the_browser_it_is_a_page_of_a6(program: Program, browser: Browser) -> None:
    made = shown(browser, make_card(program, "c001", own_words=False))
    sheet = PdfReader(BytesIO(made.pdf(prefer_css_page_size=True))).pages[0].mediabox
    assert (round(float(sheet.width)), round(float(sheet.height))) == tuple(map(round, A6))
    made.context.close()


# On paper


def placed(content: bytes) -> list[tuple[int, float, float, float, str]]:
    """Every piece of text of a PDF: its page, where it begins and ends, how high, and what it says."""
    found: list[tuple[int, float, float, float, str]] = []
    for number, one in enumerate(PdfReader(BytesIO(content)).pages):

        def seen(text: str, cm: Any, tm: Any, font: Any, size: float, number: int = number) -> None:
            if text.strip() and font:
                name = str(font["/BaseFont"]).lstrip("/")
                x, y = tm[4] + cm[4], tm[5] + cm[5]
                for line in text.strip("\n").split("\n"):
                    found.append((number, x, x + stringWidth(line.strip(), name, size), y, line))

        one.extract_text(visitor_text=seen)
    return found


@pytest.mark.parametrize("language", languages())
def test_a_pdf_is_a6_and_has_every_line(program: Program, language: str) -> None:
    card = make_card(program, "c001", language=language)
    reader = PdfReader(BytesIO(pdf(card, Path("card.pdf"))))
    for one in reader.pages:
        assert (float(one.mediabox.width), float(one.mediabox.height)) == pytest.approx(A6)
    text = " ".join(" ".join(one.extract_text() for one in reader.pages).split())
    for said in texts(card):
        assert said in text
    about = "".join(map(str, (reader.metadata or {}).values()))
    assert "Skylar" not in about and "Riverside" not in about


def test_nothing_is_cut_on_paper_with_words_that_are_longer_by_40_percent(program: Program) -> None:
    card = long_card(program, "en")
    lines = tuple(
        Line(line.kind, f"{line.text}{'n' * round(len(line.text) * 0.4)}", line.times, line.more)
        if line.text
        else Line(line.kind, "", 1234, True)
        for line in card.lines
    )
    content = pdf(Card("en", lines), Path("card.pdf"))
    pieces = placed(content)
    assert pieces
    for _, begins, ends, y, text in pieces:
        assert begins >= EDGE - 7 and ends <= A6[0] - EDGE + 7, text
        assert EDGE - 7 <= y <= A6[1] - EDGE + 7, text
    said = "".join("".join(text.split()) for *_, text in pieces)
    for line in lines:
        assert "".join(line.text.split()) in said
    for one in PdfReader(BytesIO(content)).pages:
        stream = one.get_contents()
        assert stream is not None
        inks = re.findall(r"([\d.]+ [\d.]+ [\d.]+) (?:rg|RG)", stream.get_data().decode("latin-1"))
        assert set(inks) <= {"0 0 0"}


def test_a_letter_that_no_font_has_is_said_and_no_file_is_left(
    program: Program, tmp_path: Path
) -> None:
    change(program, "c001", [("called", "Ngọc")])
    file = tmp_path / "card.pdf"
    with pytest.raises(CMError, match="--html"):
        make_card(program, "c001", pdf_file=file, html=tmp_path / "card.html")
    assert not file.exists() and not (tmp_path / "card.html").exists()
    make_card(program, "c001", html=tmp_path / "card.html")
    assert "Ngọc" in (tmp_path / "card.html").read_text(encoding="utf-8")


# At the desk


def test_the_command_shows_it_and_writes_files_that_only_their_owner_can_read(
    program: Program, run: Run, tmp_path: Path
) -> None:
    html, paper = tmp_path / "card.html", tmp_path / "card.pdf"
    done = run("client", "card", "c001", "--html", html, "--pdf", paper, folder=program.folder)
    assert done.exit_code == 0, done.output
    assert "●●●●● ●●○" in done.output and str(html) in done.output and str(paper) in done.output
    assert all(path.stat().st_mode & 0o077 == 0 for path in (html, paper))
    again = run("client", "card", "c001", "--html", html, folder=program.folder)
    assert again.exit_code == 1 and "already there" in again.output
    data = json.loads(run("client", "card", "c001", "--json", folder=program.folder).output)
    assert data["client"] == "c001" and data["files"] == []
    assert {"kind": "marks", "text": "", "times": 7} in data["lines"]


def test_a_language_or_a_client_that_is_not_there_is_said(program: Program, run: Run) -> None:
    done = run("client", "card", "c001", "--language", "ess", folder=program.folder)
    assert done.exit_code == 1 and "did you mean 'es'?" in done.output
    assert run("client", "card", "c009", folder=program.folder).exit_code == 1


def test_a_slip_is_written_in_the_clients_language(
    program: Program, run: Run, tmp_path: Path
) -> None:
    change(program, "c001", [("language", "es")])
    run("voucher", "issue", "c001", "--print", tmp_path / "slip.pdf", folder=program.folder)
    (text,) = [one.extract_text() for one in PdfReader(tmp_path / "slip.pdf").pages]
    assert "Guarde este papel. Quien lo tenga puede usarlo." in text and "Keep" not in text
