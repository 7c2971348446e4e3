"""A goal that is chosen together with another rule: the two are judged together, once for however many clients."""

from collections.abc import Mapping
from datetime import date

from attrs import Factory, define

from cmengine.engine import Logbook
from cmengine.errors import CMError, Mistake
from cmengine.model import Choice, Rule
from cmengine.program import Program
from cmengine.timeline import in_force
from cmengine.welcome import welcome_problem

_Version = tuple[str, tuple[tuple[str, str], ...]]
"""A version of a rule, with a client's settings."""


@define(eq=False, repr=False)
class Beside:
    """Sees to it that a welcome is chosen together with the rule under which an ordinary visit earns.

    The same two are judged once, for however many clients: that takes longer than all else about a choice.
    """

    program: Program
    book: Logbook
    current: Mapping[str, str]
    together: Mapping[tuple[str, str], date]
    _judged: dict[tuple[_Version, _Version], str] = Factory(dict)

    def check(self, rule: Rule, choice: Choice) -> None:
        """Raise CMError where the rule of a choice cannot stand beside the other, or has no other."""
        beside = getattr(rule.goal, "beside", None)
        if not beside:
            return
        other = self._version(beside, choice)
        if other is None:
            raise CMError(
                Mistake(
                    "",
                    f"'{rule.id}' goes together with '{beside}'",
                    f"choose '{beside}' first, or in the same import, from the same day",
                )
            )
        both = ((choice.digest, choice.settings), other)
        if both not in self._judged:
            self._judged[both] = welcome_problem(rule, self._rule(beside, other))
        if self._judged[both]:
            raise CMError(Mistake("", self._judged[both]))

    def _version(self, beside: str, choice: Choice) -> _Version | None:
        """Name the version of the other rule that the client has then."""
        other = in_force(self.book.timelines(choice.client).get(beside, []), choice.on)
        if other is not None:
            return other.digest, other.settings
        if self.together.get((choice.client, beside), date.max) <= choice.on:
            return (self.current[beside], ()) if beside in self.current else None
        return None

    def _rule(self, beside: str, version: _Version) -> Rule:
        digest, settings = version
        return self.program.rule_of(Choice("", "", beside, digest, settings, date.min))
