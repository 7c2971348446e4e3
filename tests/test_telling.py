"""What a message says: every template in every language, plain, complete, and silent about what it may not tell."""

import re
import string
import warnings
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hypothesis import given
from hypothesis import strategies as st

from cmengine.customs import in_a_row, in_days, in_money
from cmengine.errors import CMError
from cmengine.telling import (
    CATALOGS,
    EXAMPLE,
    FACTS,
    ON_PAPER,
    SHIPPED,
    TEMPLATES,
    languages,
    tell,
)

OPTIONS = {"trimmed": "true", "newstyle_gettext": "true", "silent": "false"}
ALL_FACTS: dict[str, Any] = {**EXAMPLE, "cents": 1250, "until": date(2027, 1, 31)}
SAID = [(template, fuller) for template in TEMPLATES for fuller in (False, True)]


def texts_in_templates() -> set[Any]:
    """Every text that the templates give to translators; a plural as a pair."""
    methods = [(f"**.{end}", "jinja2.ext:babel_extract") for end in ("txt", "html")]
    found = extract_from_dir(str(SHIPPED), methods, {way: OPTIONS for way, _ in methods})
    return {message for _, _, message, _, _ in found}


def catalog(language: str) -> Catalog:
    with (CATALOGS / language / "LC_MESSAGES" / "cmengine.po").open("rb") as file:
        return read_po(file, locale=language)


TRANSLATED = [one for one in languages() if one != "en"]


def test_english_and_spanish_ship() -> None:
    assert languages() == ["en", "es"]


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_text_is_translated_and_none_is_left_over(language: str) -> None:
    texts = {one.id for one in catalog(language) if one.id}
    assert texts == texts_in_templates()
    for one in catalog(language):
        assert not one.fuzzy or not one.id
        said = [one.string] if isinstance(one.string, str) else list(one.string or [""])
        assert all(said), one.id
        assert not list(one.check(catalog(language))), one.id


@pytest.mark.parametrize("language", TRANSLATED)
def test_what_is_read_at_run_time_was_made_from_what_translators_write(
    language: str, tmp_path: Path
) -> None:
    with (tmp_path / "made.mo").open("wb") as file:
        write_mo(file, catalog(language))
    kept = CATALOGS / language / "LC_MESSAGES" / "cmengine.mo"
    assert kept.read_bytes() == (tmp_path / "made.mo").read_bytes()


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("template, fuller", SAID)
def test_every_template_can_be_said_with_all_the_facts_and_with_none(
    template: str, fuller: bool, language: str
) -> None:
    for facts in ({}, ALL_FACTS):
        text = tell(template, language, facts, fuller=fuller)
        assert text and "{" not in text and "%" not in text and "None" not in text
        assert template in ON_PAPER or "\n" not in text
        assert "  " not in text and text == text.strip()


@given(st.sampled_from(SAID), st.sets(st.sampled_from(sorted(ALL_FACTS))))
def test_any_of_the_facts_may_be_missing(said: tuple[str, bool], given_: set[str]) -> None:
    template, fuller = said
    text = tell(template, "es", {name: ALL_FACTS[name] for name in given_}, fuller=fuller)
    assert text and "None" not in text and ": ." not in text and not text.endswith(":")


@pytest.mark.parametrize("template, fuller", SAID)
def test_who_reads_little_can_read_it(template: str, fuller: bool) -> None:
    """At most the sixth year of school (Kincaid and others, 1975), counted by a library."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it asks for a part of setuptools that goes away
        import textstat
    for facts in ({}, ALL_FACTS):
        text = tell(template, "en", facts, fuller=fuller)
        assert textstat.flesch_kincaid_grade(text) <= 6, text
        for sentence in re.split(r"(?<=[.!?])\s|\n", text):
            assert len(sentence.split()) <= 20, sentence


def test_the_neutral_words_stay_the_same_whatever_the_facts_are() -> None:
    for template in ("ready", "stopped", "answered"):
        assert tell(template, "en", ALL_FACTS) == tell(template, "en", {})
    assert tell("ready", "en", ALL_FACTS) == "You have something ready to pick up."


@pytest.mark.parametrize("count", [0, 1, 2, 1_000_000])
def test_how_often_it_happened_is_said_as_each_language_counts(count: int) -> None:
    spoken = {
        language: tell("ready", language, {"times": count}, fuller=True)
        for language in ("en", "es")
    }
    if count == 0:
        assert "so far" not in spoken["en"] and "van" not in spoken["es"]
        return
    english = "That is once so far." if count == 1 else f"That is {count} times so far."
    spanish = {1: "Ya va una vez.", 2: "Ya van 2 veces."}.get(count, f"Ya van {count} de veces.")
    assert english in spoken["en"]
    assert spanish in spoken["es"]


def test_money_days_and_lists_are_written_by_the_customs_of_a_language_and_a_land() -> None:
    # Unicode CLDR, https://www.unicode.org/cldr/charts/latest/summary/root.html
    assert in_money(123450, "USD", "en") == "$1,234.50"
    assert in_money(123450, "USD", "es") == "$1,234.50"
    assert in_money(123450, "EUR", "es").replace("\xa0", " ") == "1.234,50 €"
    assert in_money(1250, "MXN", "es") == "$12.50"
    assert in_money(1250, "GBP", "en") == "£12.50"
    assert in_days(date(2026, 1, 26), "USD", "en") == "Jan 26, 2026"
    assert in_days(date(2026, 1, 26), "EUR", "es") == "26 ene 2026"
    assert in_a_row(["uno", "dos", "tres"], "es") == "uno, dos y tres"


@pytest.mark.parametrize("template, fuller", SAID)
def test_no_word_of_a_template_stays_untranslated(
    template: str, fuller: bool, nobodys_language: str
) -> None:
    own = ("called", "title", "strength", "said", "did", "place", "number")
    facts = {**ALL_FACTS, **dict.fromkeys(own, "4"), "labels": ["4"], "until": None}
    (goal,) = ALL_FACTS["goals"]
    goals = [{**goal, "words": words, "title": "4", "things": ("4",)} for words in ("4", "")]
    facts |= {"goals": [*goals, {**goals[0], "times": 0}, {**goals[0], "more": False, "times": 30}]}
    facts |= {"strengths": ["4"]}
    text = tell(template, nobodys_language, facts, fuller=fuller)
    said = text.replace(" and more", "")  # what a line of marks is told by, and nobody reads
    assert not set(said) & set(string.ascii_letters), said
    assert text.count("[") == text.count("]") > 0


# A program's own templates


def own(folder: Path, name: str, text: str) -> Path:
    path = folder / "templates" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return folder


def test_a_programs_own_template_comes_first_and_in_the_readers_language(tmp_path: Path) -> None:
    own(tmp_path, "ready.txt", "The door is open from 10 to 4.")
    assert tell("ready", "es", {}, folder=tmp_path) == "Tiene algo listo para recoger."
    own(tmp_path, "es/ready.txt", "La puerta está abierta de 10 a 4.")
    assert tell("ready", "en", {}, folder=tmp_path) == "The door is open from 10 to 4."
    assert tell("ready", "es", {}, folder=tmp_path) == "La puerta está abierta de 10 a 4."
    assert tell("hello", "es", {}, folder=tmp_path) == tell("hello", "es", {})


def test_a_program_that_changes_the_neutral_words_still_has_the_fuller_ones_that_ship(
    tmp_path: Path,
) -> None:
    own(tmp_path, "ready.txt", "The door is open.")
    fuller = tell("ready", "en", ALL_FACTS, fuller=True)
    assert tell("ready", "en", ALL_FACTS, fuller=True, folder=tmp_path) == fuller


def test_a_language_of_its_own_is_a_folder_of_templates(tmp_path: Path) -> None:
    own(tmp_path, "vi/ready.txt", "Có quà cho bạn.")
    own(tmp_path, "notes/ready.txt", "This is no language.")
    assert languages(tmp_path) == ["en", "es", "vi"]
    for fuller in (False, True):
        assert tell("ready", "vi", {}, fuller=fuller, folder=tmp_path) == "Có quà cho bạn."
    assert tell("hello", "vi", {}, folder=tmp_path) == tell("hello", "en", {})


@pytest.mark.parametrize(
    "text, told",
    [
        ("{{ sum }}", "'sum' is undefined"),
        ("{% if %}", "Expected an expression"),
        ("One\n{{ called.__class__.__mro__ }}", "unsafe"),
        ("{{ 1 / 0 }}", "division by zero"),
        ("{{ labels.append('x') }}", "cannot be said"),
        ("{{ 'x' * 5000 }}", "more than 1,000 letters"),
        ("{% include 'own/../../program.key' %}", "cannot be said"),
        ("{% for n in range(1000000) %}x{% endfor %}", "cannot be said"),
    ],
)
def test_a_template_that_cannot_be_said_is_told_in_words(
    text: str, told: str, tmp_path: Path
) -> None:
    (tmp_path / "program.key").write_text("secret")
    with pytest.raises(CMError) as error:
        tell("ready", "en", {"labels": []}, folder=own(tmp_path, "ready.txt", text))
    assert told in str(error.value) and "ready" in str(error.value)
    assert "secret" not in str(error.value)


def test_a_template_that_is_not_there_is_told_with_the_one_that_was_meant() -> None:
    with pytest.raises(CMError, match="did you mean 'ready'"):
        tell("redy", "en", {})


def test_what_a_client_typed_is_no_template() -> None:
    text = tell("ready", "en", {"title": "{{ 7 * 7 }}", "called": "%(x)s"}, fuller=True)
    assert "{{ 7 * 7 }}" in text and "%(x)s" in text


def test_a_fact_that_no_template_knows_is_left_alone() -> None:
    assert tell("ready", "en", {"channel": "sms"}) == tell("ready", "en", {})
    assert "channel" not in FACTS
