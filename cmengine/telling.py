"""What a message says: a template, the reader's language and a few facts become text.

The templates that ship stand in `templates/`, their translations in `locale/`. A program may put its own in
`templates/` of its folder, or in `templates/LANGUAGE/` for one language.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from functools import lru_cache, partial
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from cmengine.customs import in_a_row, in_days, in_money
from cmengine.errors import CMError, Mistake, did_you_mean
from cmengine.settings import TEMPLATES as OWN_FOLDER

if TYPE_CHECKING:
    import gettext

    from jinja2.runtime import Context
    from jinja2.sandbox import SandboxedEnvironment

HOME = Path(str(files("cmengine")))
SHIPPED, CATALOGS = HOME / "templates", HOME / "locale"
FULLER = ".fuller"
ENGLISH = "en"
MOST_LETTERS = 1000  # in a message

FACTS: Mapping[str, object] = {
    "called": "",  # what the client likes to be called
    "title": "",  # of the rule, as it stands on the menu
    "labels": (),  # of what was earned or is waiting, each as text
    "cents": 0,  # of what is waiting
    "currency": "USD",
    "times": 0,  # how often it has happened so far
    "strength": "",  # something that the client is proud of, in their own words
    "said": "",  # what was answered to what the client told the program
    "did": "",  # what was done because of it
    "place": "",  # where a voucher can be used
    "until": None,  # the last day on which it can: a date
    "number": "",  # of a voucher: it opens nothing
    "goals": (),  # of a card: each with words, title, times, more, cents, things, draws
    "strengths": (),  # all that the client is proud of, in their own words
}
"""The facts that a template may use, and what each is where it is not given."""

EXAMPLE: Mapping[str, object] = {
    "called": "Sky",
    "title": "A walk",
    "labels": ("5.00", "bus ticket"),
    "cents": 500,
    "times": 3,
    "strength": "my garden",
    "said": "Yes, we will.",
    "did": "The door is open longer.",
    "place": "Corner Shop",
    "until": date(2030, 1, 31),
    "number": "ABC123",
    "goals": (
        {
            "words": "See people",
            "title": "A walk",
            "times": 3,
            "more": True,
            "cents": 500,
            "things": ("bus ticket",),
            "draws": True,
        },
    ),
    "strengths": ("my garden",),
}
"""Made-up facts, to see what a template says."""

OWN = ("called", "strength")
"""The facts that are a client's own words: no list of words applies to them, and nothing alters them."""

TEMPLATES: Mapping[str, str] = {
    "ready": "something was earned and can be picked up",
    "hello": "just saying hello",
    "welcome_back": "somebody is here again after a time",
    "information.naloxone": "how naloxone helps, and where it is; only with permission",
    "information.not_alone": "not using alone; only with permission",
    "information.tolerance": "what the body takes after a gap; only with permission",
    "stopped": "what STOP is answered with",
    "answered": "feedback or a complaint has an answer",
    "slip": "the lines of a voucher on paper",
    "card": "a client's card, line by line",
}
"""What there is a template for, and when it is said. Each may have a fuller one beside it."""

ON_PAPER = ("slip", "card")
"""Those that are lines on paper, and no message."""

INFORMATION = "information."
"""How the names of those begin that name their subject: only for who gave permission."""


def tell(
    template: str,
    language: str,
    facts: Mapping[str, object],
    *,
    fuller: bool = False,
    folder: Path | None = None,
) -> str:
    """Say a template in a language, as one line of text; what is on paper, line by line.

    `fuller` takes the fuller text, where there is one: only for who asked for it on that channel. `folder`
    is a program's, whose own templates come first. A language that is not there falls back to English.
    Raises CMError where there is no such template, or a program's own cannot be said.
    """
    from jinja2 import TemplateError  # late: most commands say nothing to a client

    if template not in TEMPLATES:
        what = f"there is no template '{template:.64}'"
        raise CMError(Mistake("templates", what, did_you_mean(template, TEMPLATES)))
    known = {name: value for name, value in facts.items() if name in FACTS}
    names = [f"{template}{FULLER}", template] if fuller else [template]
    space = _environment(language, folder)
    chosen = None
    try:
        chosen = space.select_template(_ways(names, language))
        said = chosen.render({**FACTS, **known, "language": language})
    except (TemplateError, ArithmeticError, LookupError, TypeError, ValueError) as error:
        named = getattr(error, "name", None) or getattr(chosen, "name", None)
        file = str(named or f"{template}.txt").removeprefix("own/").removeprefix("shipped/")
        raise CMError(_wrong(folder, template, file, error)) from error
    lines = said.split("\n") if template in ON_PAPER else [said]
    text = "\n".join(filter(None, (" ".join(line.split()) for line in lines)))
    if len(text) > MOST_LETTERS and template not in ON_PAPER:
        what = f"the template '{template}' says more than {MOST_LETTERS:,} letters"
        raise CMError(Mistake(str(folder or SHIPPED), what, "say it in fewer words"))
    return text


def languages(folder: Path | None = None) -> list[str]:
    """Name the languages that there are: those that ship, and those of a program's own templates."""
    shipped = [ENGLISH, *(path.name for path in CATALOGS.iterdir() if path.is_dir())]
    own = [path.name for path in (folder / OWN_FOLDER).glob("*/")] if folder is not None else []
    return sorted({*shipped, *(name for name in own if _is_language(name))})


def _is_language(name: str) -> bool:
    from babel import localedata

    return bool(localedata.exists(name.replace("-", "_")))


def _ways(names: Sequence[str], language: str) -> list[str]:
    """Give the files to look for, the best first: a program's own text comes before one that ships.

    What stands in `templates/` itself is for who set no other language.
    """
    short = language.partition("-")[0]
    spoken = [f"{way}/" for way in dict.fromkeys([language, short])]
    own = [*spoken, ""] if short == ENGLISH else spoken
    ways = [
        f"{way}{name}.txt" for name in names for way in (*(f"own/{one}" for one in own), "shipped/")
    ]
    if short == ENGLISH or (CATALOGS / short).is_dir():
        return ways
    return sorted(ways, key=lambda way: way.startswith("shipped/"))  # English is what ships


def _wrong(folder: Path | None, template: str, file: str, error: Exception) -> Mistake:
    """Say what is wrong with a template, and in which line of its file."""
    home = str(SHIPPED if folder is None else folder / OWN_FOLDER)
    line = getattr(error, "lineno", None)
    todo = "mend it, or take it away to have the text that ships"
    if "is undefined" in str(error):
        todo = f"the facts are {', '.join(FACTS)}"
    where = f"{home}/{file}" + (f":{line}" if line else "")
    return Mistake(where, f"the template '{template}' cannot be said: {error}", todo)


@lru_cache(maxsize=32)
def _environment(language: str, folder: Path | None) -> "SandboxedEnvironment":
    from jinja2 import FileSystemLoader, PrefixLoader, StrictUndefined, pass_context
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    loaders = {"shipped": FileSystemLoader(SHIPPED)}
    if folder is not None:
        loaders["own"] = FileSystemLoader(folder / OWN_FOLDER)
    space = ImmutableSandboxedEnvironment(
        loader=PrefixLoader(loaders), undefined=StrictUndefined, extensions=["jinja2.ext.i18n"]
    )
    space.policies["ext.i18n.trimmed"] = True
    catalog = catalog_of(language)
    space.install_gettext_translations(catalog, newstyle=True)  # type: ignore[attr-defined]

    @pass_context
    def money(facts: "Context", cents: int) -> str:
        return in_money(cents, str(facts["currency"]), language)

    @pass_context
    def day(facts: "Context", on: date) -> str:
        return in_days(on, str(facts["currency"]), language)

    space.filters |= {"money": money, "day": day, "several": partial(in_a_row, language=language)}
    return space


def catalog_of(language: str) -> "gettext.NullTranslations":
    """Give the translations into a language; English needs none."""
    import gettext

    spoken = [language.replace("-", "_"), language.partition("-")[0]]
    return gettext.translation("cmengine", CATALOGS, spoken, fallback=True)
