"""The report as a page, in a real browser: no network, no script, readable small and large, light and dark."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from html.parser import HTMLParser
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from busy import KINDS, SETTINGS, live, rules
from click.testing import Result

from cmengine.document import Bar, Chart, Section, Table, table
from cmengine.page import page
from cmengine.period import Period
from cmengine.program import Program
from cmengine.report_sections import heading, sections
from cmengine.reporting import report
from cmengine.transparency import public_page

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Dialog, Page

Make = Callable[..., Program]
Run = Callable[..., Result]
YEAR = Period(date(2026, 1, 1), date(2026, 12, 31))
SIZES = [(320, "light"), (320, "dark"), (1280, "light"), (1280, "dark")]


@pytest.fixture
def program(make: Make, clock: Any) -> Program:
    clock.now = datetime(2026, 6, 1, 20, 0, tzinfo=UTC)
    made = make(rules(), KINDS, SETTINGS)
    live(made, clock, Random(11), 120)
    return made


def pages(program: Program) -> dict[str, str]:
    told = report(program, YEAR)
    return {
        "report": page(heading(told), sections(told), foot="For the program."),
        "public": public_page(program, YEAR),
    }


def listen(opened: "Page") -> tuple[list[str], list[str]]:
    """Note what goes wrong on a page, what it says, and what it asks for."""
    wrong: list[str] = []
    asked: list[str] = []

    def warn(one: "Dialog") -> None:
        wrong.append(one.message)
        one.dismiss()

    opened.on("dialog", warn)
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    opened.on("console", lambda line: wrong.append(line.text))
    opened.on("request", lambda one: asked.append(one.url))
    return wrong, asked


def test_both_pages_open_without_network_and_keep_nothing_from_anybody(
    program: Program, browser: "Browser", tmp_path: Path
) -> None:
    for name, text in pages(program).items():
        path = tmp_path / f"{name}.html"
        path.write_text(text, encoding="utf-8")
        for width, scheme in SIZES:
            context = browser.new_context(
                viewport={"width": width, "height": 900},
                color_scheme="dark" if scheme == "dark" else "light",
                offline=True,
            )
            opened = context.new_page()
            wrong, asked = listen(opened)
            opened.goto(path.as_uri())
            assert opened.title().startswith("Riverside: ")
            assert opened.title().endswith("Thu 1 Jan 2026 to Thu 31 Dec 2026")
            assert wrong == []
            assert asked == [path.as_uri()]
            assert opened.evaluate("document.scripts.length") == 0
            wide = opened.evaluate("document.documentElement.scrollWidth")
            assert wide <= width, f"{name} is wider than {width} pixels"
            # What lies on paper and ink is told apart in both schemes, and every chart has its words.
            found = Axe().run(opened)
            assert found.violations_count == 0, found.generate_report()
            opened.screenshot(path=tmp_path / f"{name}-{width}-{scheme}.png", full_page=True)
            context.close()


WIDE = [
    Section(
        title="Wide",
        tables=(
            table(
                "Goals",
                ("goal", "about", "chosen by", "new", "met by", "times met", "earned", "nine of ten"),
                [
                    (name, about, "12,345", "999", "12,345", "1,234,567", f"{n}5,678.25", "1,814.82 to 2,939.00")
                    for n, (name, about) in enumerate(
                        [("2026-01", "-"), ("I come to the group and draw from the bowl", "safer use"),
                         ("I come back after a while, and say how it was for me", "housing and papers")],
                        start=1,
                    )
                ],
            ),
            table("Months", ("month", "spent"), [("2026-01", "566.25"), ("2026-02", "-")]),
        ),
        charts=(Chart("Times met", (Bar("I come to the group", 2, "566.25"), Bar("b", 1, "5.00"))),),
    )
]  # fmt: skip
CUT = """() => {
  const wrong = [], lines = cell => {
    const range = document.createRange(); range.selectNodeContents(cell);
    return new Set([...range.getClientRects()].map(one => Math.round(one.top))).size;
  };
  for (const box of document.querySelectorAll('.scroll')) {
    const place = box.getBoundingClientRect(), name = box.getAttribute('aria-label');
    if (place.left < 0 || place.right > innerWidth + 0.5) wrong.push(`${name}: its place is off the page`);
    const slides = box.scrollWidth > box.clientWidth;
    if (slides && getComputedStyle(box).overflowX !== 'auto') wrong.push(`${name}: cannot be slid`);
    if (slides && box.tabIndex !== 0) wrong.push(`${name}: cannot be reached by the keyboard`);
    if (slides && !box.parentElement.querySelector('.hint').offsetHeight) wrong.push(`${name}: no hint`);
    box.scrollLeft = 1e6;
    const end = box.scrollLeft; box.scrollLeft = 0;
    for (const cell of box.querySelectorAll('th, td')) {
      const said = `${name}: ${cell.textContent}`, edge = cell.getBoundingClientRect();
      if (edge.right - end > place.right + 1) wrong.push(`${said} is never in sight`);
      if (cell.scrollWidth > cell.clientWidth) wrong.push(`${said} is cut`);
      const whole = cell.matches('td.number, .short') || /^[-0-9.,]+$/.test(cell.textContent);
      if (whole && cell.textContent && lines(cell) > 1) wrong.push(`${said} is broken`);
      if (cell.matches('tbody th') && lines(cell) > 1 && innerWidth > 1000
          && box.firstElementChild.offsetWidth < box.closest('.pair').clientWidth * 0.9)
        wrong.push(`${said} is wrapped beside empty space`);
    }
  }
  return wrong;
}"""
OVER = """() => {
  const wrong = [], all = [...document.querySelectorAll('table, figure, h2, p')].filter(one => one.offsetHeight);
  const places = all.map(one => one.getBoundingClientRect());
  places.forEach((a, n) => {
    if (a.right > innerWidth + 0.5) wrong.push(`${all[n].textContent} is off the paper`);
    places.slice(n + 1).forEach((b, k) => {
      if (a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1)
        wrong.push(`${all[n].textContent} lies on ${all[n + 1 + k].textContent}`);
    });
  });
  return wrong;
}"""


def test_no_number_is_cut_or_broken_and_what_is_wide_can_be_slid_and_says_so(
    program: Program, browser: "Browser", tmp_path: Path
) -> None:
    slid = 0
    for name, text in {**pages(program), "wide": page("Wide", WIDE)}.items():
        path = tmp_path / f"{name}.html"
        path.write_text(text, encoding="utf-8")
        for width in (320, 390, 768, 1280):
            opened = browser.new_page(viewport={"width": width, "height": 900})
            opened.goto(path.as_uri())
            assert opened.evaluate(CUT) == [], f"{name} at {width} pixels"
            slid += opened.evaluate(
                "[...document.querySelectorAll('.scroll')].filter(e => e.scrollWidth > e.clientWidth).length"
            )
            opened.close()
    assert slid, "some are too wide for a telephone"


def test_on_paper_nothing_lies_on_anything_else(
    program: Program, browser: "Browser", tmp_path: Path
) -> None:
    """A4 and Letter are 210 and 216 mm wide; less margins of 12 mm, at 96 pixels an inch, 703 and 725 pixels."""
    for name, text in {**pages(program), "wide": page("Wide", WIDE)}.items():
        path = tmp_path / f"{name}.html"
        path.write_text(text, encoding="utf-8")
        for width in (703, 725):
            opened = browser.new_page(viewport={"width": width, "height": 1000})
            opened.emulate_media(media="print")
            opened.goto(path.as_uri())
            assert opened.evaluate(OVER) == [], f"{name} on paper {width} pixels wide"
            assert not opened.locator(".hint:visible").count()
            opened.close()


class Reader(HTMLParser):
    """Notes every tag and attribute of a page, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.words.append(data)


HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "</title><svg onload=alert(1)>",
    "\"><a href='javascript:alert(1)'>x</a>",
    "=cmd|' /C calc'!A0",
    "{{7*7}}${7*7}<%= 7*7 %>",
    "\x1b]0;owned\x07\x1b[2J",
    "\u202egnp.exe",
    "</style><style>*{display:none}",
    "&lt;b&gt;&#x3c;script&#x3e;",
    "]]><!--",
    "url(http://example.test/x)",
]


def test_words_are_words_whatever_they_hold(browser: "Browser", tmp_path: Path) -> None:
    """Strings that would run somewhere are shown as they are, in titles, heads, cells, bars and remarks."""
    told = [
        Section(
            title=word,
            words=(word,),
            cites=(word,),
            tables=(Table(word, (word, word), ((word, word),)),),
            charts=(Chart(word, (Bar(word, 1, word), Bar(word, 2, word, 1, 3))),),
        )
        for word in HOSTILE
    ]
    text = page(HOSTILE[0], told, foot=HOSTILE[1])
    reader = Reader(text)
    assert not reader.tags & {"script", "img", "a", "iframe", "link", "object", "b"}
    assert not {name for name in reader.attributes if name.startswith("on")} | (
        reader.attributes & {"href", "src", "style"}
    )
    assert "\x1b" not in text
    assert "\u202e" not in text
    path = tmp_path / "hostile.html"
    path.write_text(text, encoding="utf-8")
    opened = browser.new_page()
    wrong, asked = listen(opened)
    opened.goto(path.as_uri())
    assert (wrong, asked) == ([], [path.as_uri()])
    heads = opened.locator("h2").all_inner_texts()
    assert [re.sub(r"\s+", " ", head) for head in heads] == [
        "".join(letter for letter in word if letter.isprintable() and letter != "\u202e")
        for word in HOSTILE
    ]
    opened.close()


def test_hostile_names_of_a_program_run_nowhere(make: Make, run: Run) -> None:
    """A fund, a rule, a thing, a channel named like a script: on the terminal as escapes, on the page as words."""
    name = "<script>alert(1)</script>"
    program = make(
        rules().replace("Coming in", "Coming in \\u001b[31m <img src=x onerror=alert(1)>"),
        KINDS,
        SETTINGS.replace('"gifts"', f'"{name}"'),
    )
    for word in ("--html", "--public"):
        file = program.folder / f"{word[2:]}.html"
        assert run("report", word, str(file), folder=program.folder).exit_code == 0
        reader = Reader(file.read_text(encoding="utf-8"))
        assert not reader.tags & {"script", "img"}
    shown = run("report", folder=program.folder).stdout
    assert "\x1b" not in shown
    assert "\\x1b[31m" in shown
    again = run("report", "--html", str(file), folder=program.folder)
    assert again.exit_code == 1
    assert "is already there; name a new file" in again.stderr
