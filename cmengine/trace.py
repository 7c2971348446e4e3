"""Tell what the plugins are asked and what they answer, line by line, for whoever writes one.

Only a program that is opened with `--trace` is traced; any other pays nothing for it. No words of a
client and no code of theirs are told: of a text only how long it is.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from random import Random
from typing import Any

from attrs import define

from cmengine.model import Award, Event, Met, Occurrence, Rule
from cmengine.money import dollars
from cmengine.plugins import Registry
from cmengine.program import Program
from cmengine.twins import twin

MOST_LINES = 200


@define
class Teller:
    """Tells lines, and stops when it is enough."""

    say: Callable[[str], object]
    told: int = 0

    def tell(self, line: str) -> None:
        """Tell one line."""
        self.told += 1
        if self.told <= MOST_LINES:
            self.say(f"trace: {line}")
        elif self.told == MOST_LINES + 1:
            self.say(f"trace: {MOST_LINES} lines are enough; the rest is not told")


class TracedProgram(Program):
    """A program whose rules tell what their goal and rewards are asked."""

    def __init__(self, teller: Teller, **parts: Any) -> None:
        super().__init__(**parts)
        self.teller = teller

    def built(self, table: Mapping[str, Any], digest: str) -> Rule:
        """Build a rule that tells."""
        return traced_rule(Program.built(self, table, digest), self.teller)


def traced(program: Program, say: Callable[[str], object]) -> Program:
    """Give a program that tells: first where its plugins come from, then what they are asked."""
    teller = Teller(say)
    for line in where_from(program.registry):
        teller.tell(line)
    return TracedProgram(teller, **program.parts())


def where_from(registry: Registry) -> Iterator[str]:
    """Say for each plugin where it was found and what it offers, or why it did not load."""
    for plugin in registry.plugins:
        module = registry.manager.get_plugin(plugin.name)
        place = getattr(module, "__file__", None) or "no file"
        whose = f"{plugin.distribution} {plugin.version}".strip() or "not installed"
        if plugin.error:
            yield f"plugin '{plugin.name}' ({whose}) did not load: {plugin.error}"
        else:
            yield f"plugin '{plugin.name}' ({whose}) from {place}: {', '.join(plugin.kinds) or 'commands'}"


def traced_rule(rule: Rule, teller: Teller) -> Rule:
    """Give a rule that does the same, and tells it."""
    rewards = tuple(
        _traced_reward(reward, number, teller) for number, reward in enumerate(rule.rewards)
    )
    return rule._replace(goal=_traced_goal(rule.goal, rule.id, teller), rewards=rewards)


def _traced_goal(goal: Any, rule: str, teller: Teller) -> Any:
    where = f"rule '{rule}', goal '{goal.kind}'"

    def step(self: object, memory: Hashable, event: Event) -> tuple[Hashable, Met | None]:
        asked = f"{where}: {event.kind}{_value(event.value)} on {event.day}, remembering {_memory(memory)}"
        try:
            after, met = goal.step(memory, event)
        except BaseException as error:
            teller.tell(f"{asked} -> raised {type(error).__name__}")
            raise
        answer = "met" if met else "not met"
        kept = "" if after == memory else f", remembers {_memory(after)}"
        teller.tell(f"{asked} -> {answer}{kept}")
        return after, met

    return twin(goal, step=step)


def _traced_reward(reward: Any, number: int, teller: Teller) -> Any:
    def awards(self: object, occurrence: Occurrence, dice: Random) -> Iterable[Award]:
        slot = "" if occurrence.slot is None else f", slot {occurrence.slot}"
        where = f"rule '{occurrence.rule}', reward {number + 1} '{reward.kind}'"
        asked = (
            f"{where}: time {occurrence.ordinal} on {occurrence.on}{slot}{_value(occurrence.value)}"
        )
        answer: list[str] = []
        try:
            for award in reward.awards(occurrence, dice):
                answer.append(_award(award, occurrence))
                yield award
        except GeneratorExit:
            answer.append("and more, which nobody asked for")
            raise
        except BaseException as error:
            answer.append(f"raised {type(error).__name__}")
            raise
        finally:
            teller.tell(f"{asked} -> {'; '.join(answer) or 'nothing'}")

    return twin(reward, awards=awards)


def _value(value: object) -> str:
    return "" if value is None else f" of {_memory(value)}"


def _memory(value: object) -> str:
    """Show a memory or a value without any text in it, since text may be the client's own words."""
    if isinstance(value, str):
        return f"a text of {len(value)} letters"
    if value is None or isinstance(value, (bool, int, date, Decimal)):
        return "nothing" if value is None else str(value)
    if isinstance(value, (tuple, frozenset)):
        shown = sorted(map(_memory, value)) if isinstance(value, frozenset) else map(_memory, value)
        return f"{len(value)} things ({', '.join(shown)})" if value else "no things"
    return f"a {type(value).__name__}"


def _award(award: object, occurrence: Occurrence) -> str:
    if not isinstance(award, Award):
        return f"a {type(award).__name__}, which is no Award"
    label = str(award.label)
    words = occurrence.value if isinstance(occurrence.value, str) else ""
    if words and words.casefold() in label.casefold():
        label = "(their own words)"
    return f"{label}, {dollars(award.cents)}" if type(award.cents) is int else label
