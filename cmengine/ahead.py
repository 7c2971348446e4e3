"""What comes next under a rule, without drawing. Pure."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from cmengine.errors import CMError
from cmengine.evaluate import Standing, awards_of
from cmengine.model import Award, Finishes, Occurrence, Promise, Rule
from cmengine.nodice import Drawn, NoDice


class Next(NamedTuple):
    """What the next time brings: money in cents, things, and whether there are draws as well. With `done`,
    there is no next time.
    """

    cents: int
    items: tuple[str, ...]
    draws: bool
    done: bool = False


def what_comes(rule: Rule, standing: Standing, today: date) -> list[str]:
    """Say what the next time will earn, without drawing: ``["voucher 5.00", "3 draws from the bowl"]``.

    Of a goal that is done with, nothing.
    """
    if _done(rule, standing):
        return []
    return _earns(rule, standing.times + 1, _next_slot(rule, standing, today), today)


def next_time(rule: Rule, standing: Standing, today: date) -> Next:
    """Give what the next time will earn, without drawing; of a goal that is done with, nothing."""
    cents, items, draws = 0, list[str](), False
    if _done(rule, standing):
        return Next(0, (), False, done=True)
    slot = _next_slot(rule, standing, today)
    coming = _occurrence(rule, standing.times + 1, slot, today)
    for number in range(len(rule.rewards)):
        try:
            awards = awards_of(rule, number, coming, NoDice(0))
        except CMError as error:
            if not isinstance(error.__cause__, Drawn):
                raise
            draws = True
        else:
            cents += sum(award.cents for award in awards)
            items += [award.item for award in awards if award.item]
    return Next(cents, tuple(items), draws)


def _done(rule: Rule, standing: Standing) -> bool:
    return isinstance(rule.goal, Finishes) and rule.goal.finished(standing.memory)


def _next_slot(rule: Rule, standing: Standing, today: date) -> int | None:
    """Give the slot of the calendar that comes next, where there is a calendar, and one is left."""
    if not rule.calendar:
        return None
    from cmengine.slots import all_slots, slots_until  # late: few rules have a calendar

    reached = max(1, slots_until(rule.calendar, standing.first, today))
    following = reached + 1 if reached in standing.slots else reached
    return following if following <= all_slots(rule.calendar) else None


def _occurrence(rule: Rule, ordinal: int, slot: int | None, on: date) -> Occurrence:
    return Occurrence(rule=rule.id, on=on, value=None, ordinal=ordinal, slot=slot, reason="")


def first_times(rule: Rule, today: date, times: int = 12) -> list[list[str]]:
    """Say what the first times earn, one slot of the calendar after the other."""
    from cmengine.slots import all_slots

    slots = all_slots(rule.calendar)
    return [_earns(rule, n, n if n <= slots else None, today) for n in range(1, times + 1)]


def _earns(rule: Rule, ordinal: int, slot: int | None, on: date) -> list[str]:
    coming = _occurrence(rule, ordinal, slot, on)
    said: list[str] = []
    for number, reward in enumerate(rule.rewards):
        if isinstance(reward, Promise):
            said.append(reward.promise(coming))
            continue
        try:
            awards = awards_of(rule, number, coming, NoDice(0))
        except CMError as error:
            if not isinstance(error.__cause__, Drawn):
                raise
            said.append("a draw")
        else:
            said += [award.label for award in awards if award.cents or award.item]
    return said


def labels(awards: Sequence[tuple[int, Award]]) -> list[str]:
    """Give the labels of awards, in order."""
    return [award.label for _, award in awards]
