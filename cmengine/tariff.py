"""What each rung of a rule pays, asked of its rewards once. Pure.

A reward is shown an occurrence and dice, nothing else. Where it looked at nothing but how often it has
happened, or which slot of the calendar it takes, and left the dice alone, then it gives the same for
everybody who gets there; so among a million events it need not be asked a million times.
"""

from typing import Any

from attrs import Factory, asdict, define

from cmengine.errors import CMError
from cmengine.evaluate import Dice, ask
from cmengine.model import Award, Occurrence, Rule
from cmengine.nodice import NoDice

_RUNG = frozenset(["rule", "ordinal", "slot"])
MOST_RUNGS = 100_000

Awards = tuple[tuple[int, Award], ...]


class Watched(Occurrence):
    """An occurrence that notes what of it was looked at."""

    __slots__ = ("looked",)

    looked: set[str]

    def __getattribute__(self, name: str) -> Any:
        object.__getattribute__(self, "looked").add(name)
        return object.__getattribute__(self, name)


@define(eq=False, repr=False)
class Tariff:
    """Asks rewards, and keeps what depends on the rung alone, by the version of the rule."""

    _paid: dict[tuple[object, ...], Awards | None] = Factory(dict)

    def __call__(self, rule: Rule, occurrence: Occurrence, event: str, dice: Dice) -> Awards:
        rung = (rule.digest, rule.settings, occurrence.ordinal, occurrence.slot)
        paid = self._paid.get(rung)
        if paid is not None:
            return paid
        if rung not in self._paid and rule.digest and len(self._paid) < MOST_RUNGS:
            paid = self._paid[rung] = _by_rung_alone(rule, occurrence)
        return ask(rule, occurrence, event, dice) if paid is None else paid


def watching(occurrence: Occurrence) -> tuple[Occurrence, set[str]]:
    """Give the same occurrence, and the names of what of it has been looked at since."""
    watched = object.__new__(Watched)
    looked: set[str] = set()
    object.__setattr__(watched, "looked", looked)
    for name, value in asdict(occurrence).items():
        object.__setattr__(watched, name, value)
    return watched, looked


def _by_rung_alone(rule: Rule, occurrence: Occurrence) -> Awards | None:
    """Give what a rung pays, or None where a reward looks at more than the rung, or throws dice."""
    watched, looked = watching(occurrence)
    refused = NoDice(0)
    try:
        awards = ask(rule, watched, "", lambda event, name, number: refused)
    except CMError:
        return None
    return awards if looked <= _RUNG and not refused.thrown else None
