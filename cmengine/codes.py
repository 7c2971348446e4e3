"""How a program's kinds of event and rules are called elsewhere: the codes of an EHR's vocabulary. Pure.

A `fhir.toml` in the program's folder says it:

    clients = "https://clinic.example/mrn"     # which identifier of a Patient is the client's code

    [kind.drinks]
    system = "http://loinc.org"
    code   = "11287-0"
    unit   = "{drinks}/d"                      # as UCUM writes it

    [kind.screen]
    system = "http://loinc.org"
    code   = "5799-2"
    values = [{value = "negative", system = "http://snomed.info/sct", code = "260385009"}]

    [rule.fewer-drinks]
    system = "http://snomed.info/sct"
    code   = "704305001"
    target = "goal.target"                     # the setting that a goal's first target holds

What is not named there is called by its own name, in the systems below.
"""

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from attrs import Factory, field, frozen

from cmengine.errors import Mistake, did_you_mean
from cmengine.options import Place, read_options, unknown_keys

KIND, RULE, VALUE = "urn:cmengine:kind", "urn:cmengine:rule", "urn:cmengine:value"
SETTING, EVENT, CHOICE = "urn:cmengine:setting", "urn:cmengine:event", "urn:cmengine:choice"
CLIENT, EVIDENCE = "urn:cmengine:client", "urn:cmengine:evidence"

Coding = tuple[str, str]
"""A system and a code in it."""
T = TypeVar("T", bound="Code")


@frozen(kw_only=True)
class Code:
    """A code in a vocabulary, and how people read it."""

    system: str
    code: str
    display: str = ""

    @property
    def coding(self) -> Coding:
        """What names the code."""
        return self.system, self.code


@frozen(kw_only=True)
class ValueCode(Code):
    """What one value of a kind is called."""

    value: str


@frozen(kw_only=True)
class KindCode(Code):
    """What a kind of event is called, with the unit of its numbers and the codes of its values."""

    unit: str = ""
    values: tuple[ValueCode, ...] = ()


@frozen(kw_only=True)
class RuleCode(Code):
    """What a rule is called. `target` is the client's setting that a goal's target holds."""

    target: str = ""


@frozen(kw_only=True)
class Codes:
    """Every code of a program. `clients` is the system of the identifier that is the client's code."""

    clients: str = ""
    kinds: Mapping[str, KindCode] = Factory(dict)
    rules: Mapping[str, RuleCode] = Factory(dict)
    _kind_of: Mapping[Coding, str] = field(init=False)
    _rule_of: Mapping[Coding, str] = field(init=False)

    def __attrs_post_init__(self) -> None:
        for name, codes in (("_kind_of", self.kinds), ("_rule_of", self.rules)):
            found = {code.coding: one for one, code in codes.items()}
            object.__setattr__(self, name, found)

    def kind(self, name: str) -> KindCode:
        """Give the code of a kind of event."""
        return self.kinds.get(name) or KindCode(system=KIND, code=name)

    def rule(self, name: str) -> RuleCode:
        """Give the code of a rule."""
        return self.rules.get(name) or RuleCode(system=RULE, code=name)

    def kind_of(self, codings: Iterable[Coding]) -> str | None:
        """Find the kind of event that one of these codes means."""
        return _meant(codings, self._kind_of, KIND)

    def rule_of(self, codings: Iterable[Coding]) -> str | None:
        """Find the rule that one of these codes means."""
        return _meant(codings, self._rule_of, RULE)


def _meant(codings: Iterable[Coding], known: Mapping[Coding, str], own: str) -> str | None:
    for system, code in codings:
        if (system, code) in known:
            return known[system, code]
        if system == own:
            return code
    return None


def read_codes(
    tables: Mapping[str, Any], place: Place, kinds: Iterable[str], rules: Iterable[str]
) -> tuple[Codes, list[Mistake]]:
    """Read the tables of a `fhir.toml`; give the codes and every mistake."""
    mistakes = unknown_keys(tables, ["clients", "kind", "rule"], place, "a key of this file")
    clients = tables.get("clients", "")
    if not isinstance(clients, str):
        mistakes.append(place.at("clients").wrong("clients is not text", "write it in quotes"))
        clients = ""
    found_kinds, wrong = _named(KindCode, tables, place, "kind", list(kinds))
    mistakes += wrong
    found_rules, wrong = _named(RuleCode, tables, place, "rule", list(rules))
    return Codes(clients=clients, kinds=found_kinds, rules=found_rules), [*mistakes, *wrong]


def _named(
    cls: type[T], tables: Mapping[str, Any], place: Place, part: str, known: list[str]
) -> tuple[dict[str, T], list[Mistake]]:
    found: dict[str, T] = {}
    mistakes: list[Mistake] = []
    seen: dict[Coding, str] = {}
    named = tables.get(part, {})
    if not isinstance(named, Mapping):
        return found, [place.at(part).wrong(f"{part} must be tables", f"write [{part}.NAME]")]
    for name, table in named.items():
        here = place.at(part, name).about(f"{part} '{name:.60}'")
        if name not in known:
            mistakes.append(
                here.wrong("the program has none of this name", did_you_mean(name, known))
            )
        if not isinstance(table, Mapping):
            mistakes.append(here.wrong("must be a table", f"write [{part}.{name:.60}]"))
            continue
        code, wrong = read_options(cls, table, here, called=part)
        mistakes += wrong
        if code is None:
            continue
        other = seen.setdefault(code.coding, name)
        if other != name:
            what = f"has the same code as '{other}', so nobody could tell them apart"
            mistakes.append(here.wrong(what, "give each its own"))
        found[name] = code
    return found, mistakes
