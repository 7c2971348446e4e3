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

from cmengine.document import Bar, Chart, Section, Table
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
            assert opened.title().startswith("Riverside: Thu 1 Jan 2026")
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
