"""What several tests share: a real program in a real folder, with a clock that stands where it is put."""

import hashlib
import json
import os
import re
import shutil
import string
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from gettext import GNUTranslations
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from attrs import Factory, define
from click.testing import CliRunner, Result
from hypothesis import settings

from cmengine import telling
from cmengine.cli import cli
from cmengine.plugins import Registry, load_plugins
from cmengine.program import Program, open_program
from cmengine.publish import publish
from cmengine.starters import make_program

if TYPE_CHECKING:
    from playwright.sync_api import Browser

# No deadline: no test here is about time.
# In the gate the search is the same each time, so that a change is judged by what it changes; at a desk
# every run looks somewhere else.
settings.register_profile(
    "cmengine", deadline=None, print_blob=True, derandomize="CI" in os.environ
)
settings.load_profile("cmengine")

SEASON = Path(__file__).parent / "season"


@define
class Clock:
    """A clock that a test sets."""

    now: datetime = datetime(2026, 7, 1, 18, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture(scope="session", autouse=True)
def kept_apart(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What cmengine keeps for this user, so as to start quickly, is kept for these tests alone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CMENGINE_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def registry() -> Registry:
    return load_plugins()


@pytest.fixture
def clock() -> Clock:
    return Clock()


MakeProgram = Callable[..., Program]
LARGEST = 20_000_000  # bytes of a file that is looked through


@define
class Secrets:
    """What a test's programs keep secret: their keys, and the codes of the vouchers that were issued. None
    of it is told again, or lies in a file.
    """

    known: set[str] = Factory(set)

    def keep(self, folder: Path) -> None:
        """Take down the keys of a program."""
        keys = json.loads((folder / "program.key").read_text())
        # Not those of draws: a retired one is told to everybody, so that draws can be checked.
        values = [value for name, value in keys.items() if name != "draws"]
        self.known |= {value for value in values if isinstance(value, str) and len(value) > 30}

    def told(self, text: str) -> None:
        """Look at what was told; a code of a voucher may be told this once."""
        assert not [one for one in self.known if one in text], "a secret of the program was told"
        self.known |= set(CODE.findall(text))

    def look_through(self, folder: Path) -> None:
        """Look through every file, but for the keys, and for backups, which hold them."""
        for path in folder.rglob("*"):
            if (
                path.is_file()
                and path.suffix not in (".key", ".zip")
                and path.stat().st_size < LARGEST
            ):
                held = path.read_bytes()
                found = [one for one in self.known if one.encode() in held]
                assert not found, f"a secret of the program is in {path}"


CODE = re.compile(r"(?:Code: |\"code\": \")([0-9A-Z]{6}(?:-[0-9A-Z]{6}){2})\b")


@pytest.fixture
def secrets() -> Secrets:
    return Secrets()


@pytest.fixture
def make(
    tmp_path: Path, clock: Clock, registry: Registry, secrets: Secrets
) -> Iterator[MakeProgram]:
    """Make and open a program: make(rules=TOML, kinds=TOML, settings=TOML), published."""
    opened: list[Program] = []

    def made(
        rules: str = "", kinds: str = "", settings: str = "", name: str = "program"
    ) -> Program:
        folder = tmp_path / name
        if not folder.exists():
            make_program(folder, zone="America/Los_Angeles", by="ana", clock=clock)
            secrets.keep(folder)
        if kinds:
            (folder / "kinds.toml").write_text(kinds)
        if settings:
            (folder / "program.toml").write_text(settings)
        if rules:
            (folder / "rules" / "rules.toml").write_text(rules)
        program = open_program(folder, by="ana", clock=clock, registry=registry)
        opened.append(program)
        if rules:
            publish(program)
        return program

    yield made
    for program in opened:
        program.close()
    secrets.look_through(tmp_path)


Run = Callable[..., Result]


@pytest.fixture
def run(secrets: Secrets) -> Run:
    """Run a command line: run("client", "add", "c001", folder=program.folder, typed="...").

    An error that is not one in words is not caught.
    """

    def ran(*words: str | Path, folder: Path | None = None, typed: str | None = None) -> Result:
        at = ["-p", str(folder)] if folder is not None else []
        done = CliRunner().invoke(
            cli,
            ["--by", "ana", *at, *map(str, words)],
            input=typed,
            prog_name="cmengine",
            catch_exceptions=False,
        )
        said = done.output.replace(typed.strip(), "") if typed and typed.strip() else done.output
        secrets.told(said)
        return done

    return ran


BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="session")
def browser() -> Iterator["Browser"]:
    """A real browser, which reaches nothing but this machine; .ci/browser sees to it that there is one."""
    from playwright.sync_api import sync_playwright

    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    assert path is not None, "the tests of pages need a browser: sh .ci/browser"
    quiet = ["disable-gpu", "disable-quic", "no-first-run", "disable-background-networking"]
    quiet += ["no-sandbox", "disable-component-update", "disable-sync"]
    with sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=path, args=[f"--{one}" for one in quiet])
        yield opened
        opened.close()


@pytest.fixture
def season(make: MakeProgram) -> Program:
    """The program of the season in tests/season, with its rules published and nobody enrolled."""
    return make((SEASON / "rules.toml").read_text(), (SEASON / "kinds.toml").read_text())


@pytest.fixture(scope="session")
def contents() -> Callable[[Program], str]:
    """Make a digest of everything that a program's log gives: occurrences, awards, memories, messages."""

    def digest(program: Program) -> str:
        found = hashlib.sha256()
        for table in ("occurrences", "awards", "memories", "messages"):
            told = "id, client, event, digest, notify, channel, template"
            columns = told if table == "messages" else "*"
            for row in program.ledger.rows(f"select {columns} from {table} order by 1, 2"):
                found.update(repr(tuple(row)).encode())
        return found.hexdigest()

    return digest


# A language that nobody speaks: every letter has an accent, every word is longer, and each text is in marks.

ACCENTS = str.maketrans(
    string.ascii_letters,
    "áƀćďéƒğĥíĵķłɱńóþɋŕšťúṽŵẋýžÁɃĆĎÉƑĞĤÍĴĶŁṀŃÓÞɊŔŠŤÚṼŴẊÝŽ",
)


def pseudo(text: str) -> str:
    """Write a text in the language that nobody speaks, 40 % longer; what is filled in stays as it is."""
    parts = text.split("%(")
    words = [parts[0].translate(ACCENTS)]
    for part in parts[1:]:
        name, _, rest = part.partition(")s")
        words.append(f"%({name})s{rest.translate(ACCENTS)}")
    filler = "~" * max(1, round(len(text) * 0.4))
    return f"[{''.join(words)}{filler}]"


class Pseudo(GNUTranslations):
    """Translations into it, of everything that is asked for."""

    def __init__(self) -> None:
        super().__init__()
        self._catalog: dict[Any, str] = {}

    def gettext(self, message: str) -> str:
        return pseudo(message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return pseudo(msgid1 if n == 1 else msgid2)


@pytest.fixture
def nobodys_language(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Let every text be said in the language that nobody speaks; give its name."""
    telling._environment.cache_clear()
    monkeypatch.setattr(telling, "catalog_of", lambda language: Pseudo())
    yield "en-XA"
    telling._environment.cache_clear()
