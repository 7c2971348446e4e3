"""The docs are true: signatures, commands, kinds, files, links, and everything that is typed in them.

docs/generate.py reads the fenced blocks of a page; its own words say what their conventions are.
"""

import ast
import html
import inspect
import json
import re
import sys
import tomllib
from collections.abc import Iterator
from datetime import date
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import attrs
import click
import pytest
from click.testing import CliRunner

import cmengine
from cmengine import hookspecs, model, testing
from cmengine.cli import COMMANDS, cli
from cmengine.codes import read_codes
from cmengine.contract import PROMISES
from cmengine.dice import dice_from
from cmengine.errors import Mistake
from cmengine.evaluate import awards_of
from cmengine.instruments import read_instruments
from cmengine.kinds import read_kinds
from cmengine.laws import LAWS
from cmengine.model import Occurrence
from cmengine.options import read_options
from cmengine.plugins import Registry, load_plugins
from cmengine.rules import Reader
from cmengine.scenarios import read_scenarios
from cmengine.sections import Sections
from cmengine.toml import parse
from cmengine.trial import try_kind
from cmengine.wording import WORDS, words_of

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
HOOKS = ROOT / "docs" / "plugin-hooks.md"
WRITING = ROOT / "docs" / "writing-plugins.md"
LAWS_PAGE = ROOT / "docs" / "laws.md"
TESTS_TEXT = (ROOT / "docs" / "testing-plugins.md").read_text(encoding="utf-8")
HAS_LINES = bool(parse("a = 1", "")[1].lines)


def _load(path: Path, name: str) -> ModuleType:
    spec = spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


generate: Any = _load(ROOT / "docs" / "generate.py", "generate")


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def headings(path: Path) -> list[str]:
    """The headings of a page as they are read, without marks."""
    found = re.findall(r"^#+ (.+)$", outside_blocks(text_of(path)), re.MULTILINE)
    return [html.unescape(re.sub(r"</?\w+>|`", "", one)) for one in found]


def outside_blocks(text: str) -> str:
    return re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)


def blocks(language: str, pages: list[Path] = PAGES) -> list[Any]:
    """Each block of a language, as pytest.param(page, its file's name, its text)."""
    return [
        pytest.param(page, name, body, id=f"{page.name}-{name or n}")
        for page in pages
        for n, (spoken, name, body, _) in enumerate(generate.blocks(text_of(page)))
        if spoken == language
    ]


def signatures(source: str) -> Iterator[tuple[str, str]]:
    """Every function of some source: its name, and its signature exactly as it is written."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef) and node.returns is not None:
            yield (
                node.name,
                f"{node.name}({ast.unparse(node.args)}) -> {ast.unparse(node.returns)}",
            )


def is_protocol(one: object) -> bool:
    return isinstance(one, type) and bool(getattr(one, "_is_protocol", False))


# Plugin hooks


def test_every_hook_is_a_heading_with_its_exact_signature() -> None:
    hooks = dict(signatures(inspect.getsource(hookspecs)))
    assert len(hooks) == 4
    assert [one for one in headings(HOOKS) if one.startswith("register_")] == list(hooks.values())


PROTOCOLS = [
    one for one in (getattr(cmengine, name) for name in cmengine.__all__) if is_protocol(one)
]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_every_method_of_a_protocol_is_there_with_its_exact_signature(protocol: type) -> None:
    for _, signature in signatures(inspect.getsource(protocol)):
        assert f"`def {signature}`" in text_of(HOOKS)


def test_the_values_that_a_plugin_meets_are_there_with_all_their_fields() -> None:
    for value in (
        model.Event,
        model.Met,
        model.Occurrence,
        model.Award,
        model.Earned,
        model.Message,
    ):
        fields = ", ".join(f"`{one.name}`" for one in attrs.fields(value))
        assert f"| `{value.__name__}` | {fields} |" in text_of(HOOKS)


PLUGINS_THERE = [one for one in blocks("python") if not (one.values[1] or "").startswith("test_")]


@pytest.mark.parametrize("page, name, body", PLUGINS_THERE)
def test_every_block_of_python_is_a_plugin_that_loads(
    page: Path, name: str, body: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / (name or "cmengine_example.py")
    path.write_text(body, encoding="utf-8")
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    registry = load_plugins(_load(path, path.stem), installed=False)
    (plugin,) = registry.plugins
    own = click.Group("cmengine")
    registry.add_commands(own)
    assert plugin.error == ""
    assert plugin.kinds or own.commands


def test_the_whole_plugin_earns_what_its_page_says(tmp_path: Path) -> None:
    files = {name: body for _, name, body, _ in generate.blocks(text_of(HOOKS)) if name}
    path = tmp_path / "cmengine_stamps.py"
    path.write_text(files["cmengine_stamps.py"], encoding="utf-8")
    entry = tomllib.loads(files["pyproject.toml"])["project"]["entry-points"]["cmengine"]
    reader = Reader(load_plugins(_load(path, entry["stamps"])))
    (draft,), mistakes = reader.read_file(*parse(files["stamps.toml"], "stamps.toml"))
    assert mistakes == []
    fifth = Occurrence(
        rule="coffee-morning",
        on=date(2026, 1, 5),
        value=None,
        ordinal=5,
        slot=None,
        reason="",
    )
    awards = awards_of(draft.rule, 0, fifth, dice_from(b"")("event", "rule", 0))
    assert [(one.label, one.cents) for one in awards] == [("stamp 5", 0), ("full card 8.00", 800)]


def test_every_public_name_is_on_the_page() -> None:
    assert [
        name for name in cmengine.__all__ if not re.search(rf"\b{name}\b", text_of(HOOKS))
    ] == []


def test_what_a_plugin_imports_in_the_docs_is_public() -> None:
    for _, _, body, _ in generate.blocks(text_of(HOOKS)):
        for names in re.findall(r"^from cmengine import (.+)$", body, re.MULTILINE):
            assert set(names.split(", ")) <= set(cmengine.__all__)


# The command line


COMMANDS_THERE = list(generate.commands())


@pytest.mark.parametrize("name, command", COMMANDS_THERE, ids=[name for name, _ in COMMANDS_THERE])
def test_every_command_has_help_with_examples_and_is_on_the_page(
    name: str, command: click.Command
) -> None:
    shown = generate.help_text(name, command)
    assert command.help
    if not isinstance(command, click.Group):
        assert "Examples:\n" in shown
        assert f"cmengine {name}" in shown.partition("Examples:")[2]
    assert f"cmengine {name}" in headings(ROOT / "docs" / "cli.md")


def test_every_command_that_is_listed_is_there() -> None:
    top = [name for name, _ in COMMANDS_THERE if " " not in name]
    assert top == list(COMMANDS)
    assert all(words for _, words in COMMANDS.values())


@pytest.fixture
def typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, set[str]]:
    """What each command prints with --json in a program with one client: its keys."""
    monkeypatch.chdir(tmp_path)
    Path("choices.csv").write_text("client,rule,words,on,set\nc002,drop-in,hello,2025-01-06,\n")
    Path("events.csv").write_text("id,client,kind,at\none,c002,visit,2025-01-06\n")
    Path("clients.csv").write_text("client,name\nc003,\n")
    Path("walks.toml").write_text(
        '[[rule]]\nid = "own"\ntitle = "Own"\nclient_sets = ["goal.events"]\n'
        '[rule.goal]\nkind = "any_of"\nevents = ["visit"]\n'
        '[[rule.reward]]\nkind = "fixed_voucher"\nworth = "1.00"\n'
    )
    seen: dict[str, set[str]] = {}

    def say(name: str, *words: str, by: str = "ana") -> dict[str, Any]:
        done = CliRunner().invoke(cli, ["--by", by, *name.split(), *words, "--json"])
        assert done.exit_code == 0, (name, done.output)
        found: dict[str, Any] = json.loads(done.stdout)
        seen[name] = set(found)
        return found

    say("init", "--list")
    seen["init --list"] = seen["init"]
    say("init", "here", "--starter", "drop-in")
    monkeypatch.setenv("CMENGINE_PROGRAM", "here")
    with (Path("here") / "program.toml").open("a") as file:
        file.write('[[fund]]\nname = "gifts"\namount = "1000.00"\n')
    say("rules check")
    say("rules publish")
    say("rules publish", "walks.toml")
    say("rules history", "drop-in")
    rules = Path("here") / "rules" / "drop-in.toml"
    rules.write_text(rules.read_text().replace('start  = "2.50"', 'start  = "3.00"'))
    rules.with_name("drop-in.scenarios.toml").unlink()  # they tell the old amounts
    say("rules diff", "drop-in")
    say("rules simulate", "drop-in", "--clients", "2", "--trials", "20")
    say("rules solve-bowl", "group-bowl")
    say("rules list")
    say("rules show", "drop-in")
    say("client add", "c001")
    say("goal choose", "c001", "drop-in", "--words", "hello")
    say("goal choose", "c001", "own", "--words", "hello", "--set", "goal.events=visit")
    say("goal set", "c001", "own", "goal.events=visit")
    say("rules publish")
    say("goal accept", "c001", "drop-in")
    award = say("log", "c001", "visit")["awards"][0]["id"]
    say("events", "--client", "c001")
    say("correct", "--last", "c001", "--reason", "It was somebody else")
    say("client set", "c001", "language=es")
    say("client show", "c001")
    say("client card", "c001")
    say("client list")
    say("client strata", "c001", "age=25-34")
    say("client import", "clients.csv")
    say("retry")
    say("goal import", "choices.csv", "--add-clients")
    say("import", "events.csv")
    say("goal list")
    say("awards")
    say("explain", award)
    whole = seen["explain"]
    say("explain", "--event", "one")
    seen["explain --event"], seen["explain"] = seen["explain"], whole
    cards = "".join(f"G-{n},600649120001{n},1.00,Grocer\n" for n in range(8))
    Path("cards.csv").write_text(f"serial,code,value,brand\n{cards}")
    say("stock add", "cards.csv")
    say("stock list")
    card = say("voucher issue", "c001", "--card", "Grocer", "--amount", "1.00")["voucher"]
    say("voucher replace", card, "--reason", "The shop says it is empty")
    say("voucher print", card, "--reason", "Coffee on it", "--to", "slip.pdf")
    say("voucher redeem", say("voucher issue", "c001")["code"])
    say("voucher list")
    say("stock count", "6", "--card", "Grocer", "--witness", "somebody", by="else")
    say("stock reconcile")
    say("fund add", "gifts", "1.00")
    say("fund list")
    say("limits list")
    say("limits profiles")
    say("limits show", "samhsa-750")
    say("goal choose", "c002", "group-bowl", "--words", "hi", "--on", "2025-01-06")
    say("log", "c002", "group", "--id", "drawn")
    say("draw show", "drawn")
    say("draw secrets")
    say("draw retire")
    say("draw publish", "draws.json")
    say("draw verify", "draws.json")
    say("export accounting", "books.beancount")
    say("report", "--sql", "soon")
    seen["report --sql"] = seen["report"]
    say("report")
    say("consent channels")
    say("consent give", "c001", "--channel", "outbox")
    say("consent list")
    say("outbox write", "c001", "hello")
    say("strength add", "c001", "I am here")
    say("strength list", "c001")
    say("strength remove", "c001", "1")
    say("information offer", "c001", "naloxone", "--answer", "yes")
    say("information list", "c001")
    say("information say", "c001", "naloxone")
    say("export data", "counts", "--deidentified")
    say("export client", "c001", "own.zip")
    say("outbox list")
    say("outbox send")
    say("outbox retry", "--all")
    say("consent stop", "c001")
    say("consent withdraw", "c001")
    say("fhir export", "out.json", "--to", "them", "--purpose", "care", "--consent", "1")
    say("fhir import", "out.json")
    say("redcap export", "study", "--to", "them", "--purpose", "care", "--consent", "1")
    say("redcap import", "study/records.csv")
    say("disclosures")
    say("refusals")
    say("status")
    say("feedback add", "c001", "--words", "The chairs are hard")
    say("feedback list")
    say("feedback answer", "0TPR", "--said", "Thank you")
    say("goal set-aside", "c001", "drop-in")
    say("verify")
    say("journal head")
    say("journal list")
    say("journal export", "audit.zip")
    kept = say("backup", "backup.zip")["file"]
    say("restore", kept, "back")
    say("doctor")
    say("plugins")
    say("plugins check", "thanks")
    say("plugins new", "stamp-card", "--kind", "reward")
    say("demo", "told")
    say("client forget", "c001", "--yes")
    return seen


def test_every_key_of_json_is_on_the_page_and_no_other(typed: dict[str, set[str]]) -> None:
    _, _, after = text_of(ROOT / "docs" / "cli.md").partition("| command | keys |")
    told = {
        row[0].strip("`"): set(re.findall(r"`([^`]+)`", row[1]))
        for row in re.findall(r"^\| (`[^|]+`) \| (.+) \|$", after, re.MULTILINE)
    }
    with_json = {
        name
        for name, command in COMMANDS_THERE
        if any("--json" in one.opts for one in command.params)
    }
    assert with_json <= set(told)
    assert told == typed


# Rules


def test_every_kind_that_ships_has_a_heading_and_an_example(registry: Registry) -> None:
    page = ROOT / "docs" / "rules.md"
    there = headings(page)
    examples = [body for spoken, _, body, _ in generate.blocks(text_of(page)) if spoken == "toml"]
    for kinds in generate.shipped(registry).values():
        assert kinds
        for kind in kinds:
            assert kind in there
            assert any(re.search(rf'^kind += "{kind}"$', one, re.MULTILINE) for one in examples)


@pytest.mark.parametrize("page, name, body", blocks("toml"))
def test_every_block_of_toml_is_a_file_that_cmengine_reads(
    page: Path, name: str, body: str, registry: Registry, tmp_path: Path
) -> None:
    tables, place = parse(body, name)
    stem = Path(name).name
    if stem == WORDS:
        (tmp_path / WORDS).write_text(body, encoding="utf-8")
        assert words_of(tmp_path).allowed
        return
    if stem == "pyproject.toml":
        assert tables["project"]["entry-points"]["cmengine"]
        return
    mistakes: list[Mistake] = []
    if stem == "kinds.toml":
        _, mistakes = read_kinds(tables, place)
    elif stem == "program.toml":
        _, mistakes = read_options(Sections, tables, place, called="program")
    elif stem == "fhir.toml":
        _, mistakes = read_codes(tables, place, ["visit"], [])
    elif stem == "redcap.toml":
        _, mistakes = read_instruments(tables, place, ["screen", "visit"], ["drop-in"])
    elif stem.endswith(".scenarios.toml"):
        _, mistakes = read_scenarios(tables, place)
    elif page not in (HOOKS, WRITING):
        assert "[[rule]]" in body, "a block of TOML is a whole file, named after its language"
        _, mistakes = Reader(registry).read_file(tables, place)
    assert bool(mistakes) == (stem == "wrong.toml"), mistakes


@pytest.mark.skipif(not HAS_LINES, reason="the extra lint gives the lines that the page shows")
@pytest.mark.parametrize("page", generate.PLAYED, ids=lambda page: page.name)
def test_what_is_typed_on_a_page_works_and_prints_what_the_page_shows(
    page: Path, tmp_path: Path
) -> None:
    lines = 0
    for _, block in generate.play(text_of(page), tmp_path):
        for line, shows, code, printed in block:
            lines += 1
            assert code == (1 if shows.startswith("Error:") else 0), (line, printed)
            assert generate.steady(printed) == generate.steady(shows), line
    assert lines > 3


# The laws


def test_every_law_is_on_its_page_with_its_promise() -> None:
    told = re.findall(r"^\| ([A-Z]+\d) \| ([^|]+) \|", text_of(LAWS_PAGE), re.MULTILINE)
    assert told == [(name, promise.partition(", ")[2]) for name, (promise, _) in LAWS.items()]


def test_every_plugin_on_the_page_of_the_laws_is_refused(tmp_path: Path) -> None:
    for _, name, body, _ in generate.blocks(text_of(LAWS_PAGE)):
        if name.endswith(".py"):
            path = tmp_path / name
            path.write_text(body, encoding="utf-8")
            registry = load_plugins(_load(path, path.stem))
            assert [one for one in registry.kinds["goal"] if one in name] == ["made_up"]
            assert try_kind(registry, "goal", "made_up").findings


# Testing plugins


def test_every_promise_is_on_the_page_with_what_it_says() -> None:
    row = re.compile(r"^\| `(\w+)` \|([^|]*)\|([^|]*)\|$", re.MULTILINE)
    told = {name: (pure.strip(), sent.strip()) for name, pure, sent in row.findall(TESTS_TEXT)}
    assert PROMISES["goal"] == PROMISES["reward"]
    assert told == {
        name: tuple(PROMISES[part].get(name, ("", ""))[0] for part in ("reward", "notifier"))
        for part in ("reward", "notifier")
        for name in PROMISES[part]
    }


def test_every_public_name_of_testing_is_on_its_page() -> None:
    public = TESTS_TEXT.partition("## What is public")[2]
    assert [name for name in testing.__all__ if f"`{name}`" not in public] == []


def test_every_test_on_the_page_is_run_on_it() -> None:
    names = [name for _, name, _, _ in generate.blocks(TESTS_TEXT) if name.startswith("test_")]
    assert names
    assert [name for name in names if f"$ pytest -q {name}\n" not in TESTS_TEXT] == []


# All pages


def test_the_readme_names_every_extra_and_no_other() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = sorted(set(project["optional-dependencies"]) - {"dev"})
    text = text_of(ROOT / "README.md")
    install = text.partition("## Install")[2].partition("\n## ")[0]
    assert f"pip install '.[{','.join(extras)}]'" in install
    assert re.findall(r"^\| `(\w+)` \|", install, re.MULTILINE) == extras


def test_the_two_commands_of_the_readme_are_there() -> None:
    named = re.findall(r"^make (\w+)", text_of(ROOT / "README.md"), re.MULTILINE)
    assert named == ["demo", "test"]
    for target in named:
        assert re.search(rf"^{target}:", text_of(ROOT / "Makefile"), re.MULTILINE)


def anchor(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)\s]+)\)", outside_blocks(text_of(page)))
    for link in links:
        if link.startswith(("http://", "https://")):
            continue
        name, _, part = link.partition("#")
        target = (page.parent / name) if name else page
        assert target.is_file(), link
        if part:
            assert part in [anchor(one) for one in headings(target)], link


def test_every_page_can_be_found_from_the_readme() -> None:
    readme = text_of(ROOT / "README.md")
    assert [page.name for page in PAGES[1:] if f"(docs/{page.name})" not in readme] == []
