"""Try the kinds that a plugin offers: make one of each from its own options, and judge it by the laws.

A class may name the options worth trying, as a rule file would have them, in a class variable
`examples`; without it, each option that has no default gets a value of its type.
"""

import typing
from collections.abc import Collection, Hashable, Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any, ClassVar

import attrs
from attrs import frozen

from cmengine.errors import CMError, Mistake, did_you_mean
from cmengine.model import Award, Event, Met, Occurrence, Rule, Value
from cmengine.money import dollars
from cmengine.options import Place, read_options
from cmengine.plugins import Plugin, Registry
from cmengine.search import QUICK, Effort, Finding, search

_GUESSES: tuple[Any, ...] = ("2.50", 2, "something", ["visit"], {}, True)


@frozen(kw_only=True)
class Tried:
    """What came of trying one kind: the findings, or why it could not be tried.

    `unchecked` names the promises that could not be looked at, `seconds` is how long a call took, and
    `remark` is what should be said beside.
    """

    part: str
    kind: str
    findings: tuple[Finding, ...] = ()
    examples: int = 0
    untried: str = ""
    unchecked: tuple[str, ...] = ()
    seconds: float | None = None
    remark: str = ""


def plugin_named(registry: Registry, name: str) -> Plugin:
    """Find a plugin that can be tried. Raises CMError where there is none, or it did not load."""
    plugin = next((one for one in registry.plugins if one.name == name), None)
    if plugin is None:
        todo = did_you_mean(name, [one.name for one in registry.plugins])
        raise CMError(Mistake(f"plugin '{name:.60}'", "there is no such plugin", todo))
    if plugin.error:
        raise CMError(
            Mistake(
                f"plugin '{name}'", f"did not load: {plugin.error}", "mend it, then check it again"
            )
        )
    return plugin


def kinds_of(plugin: Plugin) -> list[tuple[str, str]]:
    """Give the goals and rewards of a plugin as (part, kind); notifiers have nothing to judge."""
    return [
        (part, kind)
        for part, _, kind in (one.partition(" ") for one in plugin.kinds)
        if part != "notifier"
    ]


def try_kind(registry: Registry, part: str, kind: str, *, effort: Effort = QUICK) -> Tried:
    """Judge one kind with each of its examples."""
    specimens, untried = specimens_of(registry.kinds[part][kind])
    if untried:
        return Tried(part=part, kind=kind, untried=untried)
    return try_made(part, kind, specimens, effort=effort)


def specimens_of(cls: type[Any], folder: Path | None = None) -> tuple[list[Any], str]:
    """Make one of a class with each of its examples; give them, or why that cannot be done.

    A file that is named in an option belongs to `folder`.
    """
    made = []
    for table in getattr(cls, "examples", None) or [_specimen(cls)]:
        one, mistakes = read_options(cls, table, Place(cls.kind), called=cls.kind, folder=folder)
        if one is None:
            what = "; ".join(mistake.what for mistake in mistakes)
            return [], f"{what}. Name options to try it with in a class variable: examples"
        made.append(one)
    return made, ""


def try_made(part: str, kind: str, made: Iterable[Any], *, effort: Effort = QUICK) -> Tried:
    """Judge goals or rewards of one kind that have been made."""
    findings: list[Finding] = []
    examples = 0
    for one in made:
        for rules in _rules(part, kind, one):
            found = search(rules, effort=effort)
            told = {(law.law, law.story) for law in findings}
            findings += [law for law in found.findings if (law.law, law.story) not in told]
            examples += found.examples
    return Tried(part=part, kind=kind, findings=tuple(findings), examples=examples)


@frozen(kw_only=True)
class _Everything:
    """A goal that every visit meets, whatever its value, so that a reward sees small and large ones."""

    kind: ClassVar[str] = "everything"

    def listens(self) -> Collection[str]:
        return ("visit",)

    def start(self) -> Hashable:
        return None

    def step(self, memory: Hashable, event: Event) -> tuple[Hashable, Met | None]:
        return None, Met(reason=event.kind)

    def samples(self) -> Iterable[tuple[str, Value]]:
        return (("visit", None), ("visit", Decimal(1)), ("visit", Decimal(8)))


@frozen(kw_only=True)
class _Climbing:
    """A reward that shows a rung that is lost: `start` cents, `step` more each time, a bonus at each third."""

    kind: ClassVar[str] = "climbing"

    start: int = 250
    step: int = 125
    bonus: int = 1000

    def awards(self, occurrence: Occurrence, dice: Random) -> Iterable[Award]:
        worth = self.start + self.step * (occurrence.ordinal - 1)
        yield Award(label=f"voucher {dollars(worth)}", cents=worth)
        if self.bonus and occurrence.ordinal % 3 == 0:
            yield Award(label=f"bonus {dollars(self.bonus)}", cents=self.bonus)


def _rules(part: str, kind: str, made: Any) -> list[tuple[Rule, ...]]:
    """Put a goal, or a reward, among parts that are as they should be."""
    if part == "reward":
        alone = Rule(id=kind, title=kind, goal=_Everything(), rewards=(made,))
        return [(alone,), (alone._replace(per_day=1),)]
    if getattr(made, "beside", None):
        # A welcome is judged together with the rule beside it, and may be worth what its least visit is.
        welcome = Rule(id=kind, title=kind, goal=made, rewards=(_Climbing(step=0, bonus=0),))
        ordinary = Rule(
            id=made.beside, title="ordinary", goal=_Everything(), rewards=(_Climbing(),), per_day=1
        )
        return [(welcome, ordinary)]
    return [(Rule(id=kind, title=kind, goal=made, rewards=(_Climbing(),)),)]


def _specimen(cls: type[Any]) -> dict[str, Any]:
    """Make options for a class: a value of its type for each option that has no default."""
    attrs.resolve_types(cls)
    return {
        attribute.name: _value(attribute)
        for attribute in attrs.fields(cls)
        if attribute.init and attribute.default is attrs.NOTHING
    }


def _value(attribute: Any) -> Any:
    wanted = attribute.type
    if typing.get_origin(wanted) is typing.Literal:
        return typing.get_args(wanted)[0]
    if typing.get_origin(wanted) is tuple:
        inner = typing.get_args(wanted)[0]
        if attrs.has(inner):
            return [{**_specimen(inner), **_some(inner)}]
        return ["visit"] if "event" in attribute.name else ["one", "two"]
    if wanted is str and attribute.converter is None:
        return "visit" if "event" in attribute.name else "ordinary"
    for guess in _GUESSES:
        if _accepts(attribute, guess):
            return guess
    return None


def _some(cls: type[Any]) -> Mapping[str, Any]:
    """Give an inner table a worth, where it has one that may be left out."""
    return {"worth": "3.00"} if any(one.name == "worth" for one in attrs.fields(cls)) else {}


def _accepts(attribute: Any, guess: Any) -> bool:
    only = attrs.make_class(
        "Only", {attribute.name: attrs.field(type=attribute.type, converter=attribute.converter)}
    )
    _, mistakes = read_options(only, {attribute.name: guess}, Place("trial"), called="trial")
    return not mistakes
