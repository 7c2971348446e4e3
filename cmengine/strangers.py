"""The goals and rewards of strangers, as the desk has them: asked in a room of their own.

What ships with cmengine is asked where everything else is done. A stranger's part is replaced by a twin
that answers the same, and whose every answer comes from the room; where it cannot answer, it raises Fault.
"""

from collections.abc import Callable, Collection, Hashable
from random import Random
from typing import Any

from attrs import frozen

from cmengine.errors import Fault
from cmengine.memory import of_text
from cmengine.model import Award, Event, Met, Occurrence, Rule
from cmengine.nodice import Drawn
from cmengine.quick import SHIPPED
from cmengine.room import Room
from cmengine.tariff import Watched
from cmengine.twins import twin

_FIELDS = ("rule", "on", "value", "ordinal", "slot", "reason")


def contained(rule: Rule, room: Room) -> Rule:
    """Give the same rule, the strangers' parts of which are asked in a room."""
    goal = rule.goal if _ships(rule.goal) else _goal(_Guest.of(rule, rule.goal, room), rule.goal)
    rewards = tuple(
        one if _ships(one) else _reward(_Guest.of(rule, one, room), one) for one in rule.rewards
    )
    return rule._replace(goal=goal, rewards=rewards)


def _ships(part: object) -> bool:
    return type(part).__module__ in SHIPPED


@frozen(eq=False, repr=False)
class _Guest:
    """A stranger's part in a room, and what it is called where it goes wrong."""

    room: Room
    number: int
    rule: str
    plugin: str
    kind: str

    @classmethod
    def of(cls, rule: Rule, part: Any, room: Room) -> "_Guest":
        return cls(room, room.add(part), rule.id, type(part).__module__, part.kind)

    def ask(self, name: str, *given: Any) -> Any:
        """Ask it something. Raises Fault where it has no answer that can be."""
        return self.answer(self.room.ask(self.number, name, *given))

    def answer(self, told: dict[str, Any]) -> Any:
        if "what" not in told:
            return told["answer"]
        if told.get("drawn"):
            raise Drawn
        raise Fault(self.rule, f"'{self.kind}' {told['what']}", self.plugin)


def _goal(guest: _Guest, goal: Any) -> Any:
    known: dict[str, Any] = {}

    def once(name: str) -> Any:
        """Ask for what is always the same, once."""
        if name not in known:
            known[name] = guest.ask(name)
        return known[name]

    def listens(self: object) -> Collection[str]:
        return frozenset(once("listens"))

    def start(self: object) -> Hashable:
        return of_text(once("start"))

    def step(self: object, memory: Hashable, event: Event) -> tuple[Hashable, Met | None]:
        after, reason = guest.ask("step", memory, event)
        return of_text(after), None if reason is None else Met(reason=reason)

    methods: dict[str, Callable[..., Any]] = {"listens": listens, "start": start, "step": step}
    for name in ("finished", "hint"):
        if hasattr(goal, name):
            methods[name] = _same(guest, name)
    return twin(goal, **methods)


def _reward(guest: _Guest, reward: Any) -> Any:
    def awards(self: object, occurrence: Occurrence, dice: Random) -> list[Award]:
        watch = type(occurrence) is Watched
        plain = _plain(occurrence) if watch else occurrence
        told = guest.room.ask(guest.number, "awards", plain, dice, watch)
        for name in told.get("looked", ()) if watch else ():
            getattr(occurrence, name)  # so that whoever watches knows
        return [
            Award(label=label, cents=cents, item=item) for label, cents, item in guest.answer(told)
        ]

    def odds(self: object, occurrence: Occurrence) -> tuple[int, tuple[tuple[int, Award], ...]]:
        draws, slips = guest.ask("odds", occurrence)
        return draws, tuple(
            (count, Award(label=label, cents=cents, item=item))
            for count, (label, cents, item) in slips
        )

    methods: dict[str, Callable[..., Any]] = {"awards": awards}
    for name in ("arithmetic", "promise"):
        if hasattr(reward, name):
            methods[name] = _same(guest, name)
    if hasattr(reward, "odds"):
        methods["odds"] = odds
    return twin(reward, **methods)


def _same(guest: _Guest, name: str) -> Callable[..., Any]:
    """Give a method that answers what the part's own does."""
    return lambda self, given: guest.ask(name, given)


def _plain(occurrence: Occurrence) -> Occurrence:
    """Give an occurrence that notes nothing, without a look that is noted."""
    return Occurrence(**{name: object.__getattribute__(occurrence, name) for name in _FIELDS})
