"""Read a program's files for words about people: rules, kinds, scenarios, and its own templates."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from attrs import define, field

from cmengine.errors import CMError, Mistake, did_you_mean
from cmengine.options import Place
from cmengine.settings import KINDS
from cmengine.settings import TEMPLATES as OWN_FOLDER
from cmengine.telling import EXAMPLE, FULLER, INFORMATION, ON_PAPER, OWN, TEMPLATES, languages, tell
from cmengine.toml import parse, read_text
from cmengine.wording import Allowed, Finding, Wordbook, blocked, words_of

# What is no text for people: names that a program types, and where a number comes from.
NAMES = (
    "id",
    "source",
    "kind",
    "events",
    "event",
    "client_sets",
    "beside",
    "climbs",
    "notify",
    "calendar",
)
SAID = ("says",)  # what is said to a client as a message is


@define
class Proof:
    """What was found: `mistakes` must go, `warnings` may stay; `allowed` is what the program lets stand."""

    mistakes: list[Mistake] = field(factory=list)
    warnings: list[Mistake] = field(factory=list)
    allowed: tuple[Allowed, ...] = ()

    def add(self, place: Place, key: str, findings: Iterable[Finding]) -> None:
        """Add what was found in one text."""
        for one in findings:
            mistake = place.wrong(f"{key}: {one.what}", f"say: {one.say}")
            (self.mistakes if one.severity == "block" else self.warnings).append(mistake)


def book_of(folder: Path | None, proof: Proof) -> Wordbook:
    """Give the words that hold in a program; what is wrong with its own list is a mistake, told once."""
    try:
        book = words_of(folder)
    except CMError as error:
        proof.mistakes += error.mistakes
        return words_of(None)
    proof.allowed = book.allowed
    return book


def read_rules(tables: Mapping[str, Any], place: Place, book: Wordbook, proof: Proof) -> None:
    """Read a rule file: titles, reasons, labels, slips, praise."""
    listed = tables.get("rule")
    for n, rule in enumerate(listed if isinstance(listed, list) else []):
        if isinstance(rule, Mapping):
            about = f"rule '{rule.get('id')!s:.64}'"
            _walk(rule, place.at("rule", n).about(about), book, proof)


def read_scenarios(tables: Mapping[str, Any], place: Place, book: Wordbook, proof: Proof) -> None:
    """Read the names of scenarios."""
    listed = tables.get("scenario")
    for n, one in enumerate(listed if isinstance(listed, list) else []):
        name = one.get("name") if isinstance(one, Mapping) else None
        if isinstance(name, str):
            proof.add(place.at("scenario", n, "name"), "name", book.find(name))


def read_labels(
    labels: Iterable[str], rule: object, place: Place, book: Wordbook, proof: Proof
) -> None:
    """Read the labels that a rule's rewards give, where they are not written in the rule itself."""
    written = [*_texts(rule)]
    for label in sorted(set(labels)):
        found = book.find(label)
        proof.add(place, "a label", [one for one in found if not _stands(one.found, written)])


def _stands(word: str, written: Iterable[str]) -> bool:
    return any(word in text for text in written)


def read_kinds(path: Path, book: Wordbook, proof: Proof) -> None:
    """Read the labels of a program's kinds of event, and the values that they take."""
    try:
        tables, place = parse(read_text(path), str(path))
    except CMError:
        return  # told by who reads the kinds
    kinds = tables.get("kind")
    for name, kind in (kinds if isinstance(kinds, Mapping) else {}).items():
        if isinstance(kind, Mapping):
            _walk(kind, place.at("kind", name).about(f"kind '{name}'"), book, proof)


def read_templates(folder: Path, program: str, book: Wordbook, proof: Proof) -> None:
    """Say every template of a program's own, with and without its facts, and read what it says."""
    home = folder / OWN_FOLDER
    known = {f"{name}{end}" for name in TEMPLATES for end in ("", FULLER)}
    spoken = languages(folder)
    for path in sorted(home.rglob("*")):
        if path.is_dir():
            continue
        parts = path.relative_to(home).parts
        if path.suffix != ".txt" or path.stem not in known:
            todo = did_you_mean(path.stem, known) if path.suffix == ".txt" else "name it NAME.txt"
            proof.mistakes.append(Mistake(str(path), "there is no template of this name", todo))
        elif len(parts) > 2 or (len(parts) == 2 and parts[0] not in spoken):
            what = f"'{parts[0]}' is no language"
            proof.mistakes.append(Mistake(str(path), what, "name the folder like es or pt-BR"))
        else:
            language = parts[0] if len(parts) == 2 else "en"
            _read_template(path, language, folder, program, book, proof)


def _read_template(
    path: Path, language: str, folder: Path, program: str, book: Wordbook, proof: Proof
) -> None:
    name, fuller = path.stem.removesuffix(FULLER), path.stem.endswith(FULLER)
    found: dict[tuple[str, str], Finding] = {}
    for facts in ({}, EXAMPLE):
        try:
            said = tell(name, language, facts, fuller=fuller, folder=folder)
        except CMError as error:
            proof.mistakes += [one for one in error.mistakes if one not in proof.mistakes]
            return
        own = [str(facts[key]) for key in OWN if key in facts]
        open_ = fuller or name.startswith(INFORMATION) or name in ON_PAPER
        reasons = blocked(said, own=own, fuller=open_, program=program, words=book)
        warned = [one for one in book.find(said, own=own) if one.severity == "warn"]
        found |= {(one.found, one.why): one for one in (*reasons, *warned)}
    proof.add(Place(str(path)), f"the template '{path.stem}'", found.values())


def look_over(folder: Path, program: str) -> Proof:
    """Read what belongs to a program as a whole: its list of words, its kinds, its templates."""
    proof = Proof()
    book = book_of(folder, proof)
    read_kinds(folder / KINDS, book, proof)
    read_templates(folder, program, book, proof)
    return proof


def _walk(table: Mapping[str, Any], place: Place, book: Wordbook, proof: Proof) -> None:
    for key, value in table.items():
        if key not in NAMES:
            _read_value(value, place.at(key), str(key), book, proof)


def _read_value(value: object, place: Place, key: str, book: Wordbook, proof: Proof) -> None:
    if isinstance(value, Mapping):
        _walk(value, place, book, proof)
    elif isinstance(value, list):
        for n, each in enumerate(value):
            _read_value(each, place.at(n), key, book, proof)
    elif isinstance(value, str):
        proof.add(place, key, book.find(value))
        if key in SAID:
            proof.add(place, key, book.manner(value))


def _texts(value: object) -> Iterable[str]:
    if isinstance(value, Mapping):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)
    elif isinstance(value, str):
        yield value
