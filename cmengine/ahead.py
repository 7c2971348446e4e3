"""What comes next under a rule, without drawing. Pure."""

from collections.abc import Sequence
from datetime import date

from cmengine.errors import CMError
from cmengine.evaluate import Standing, awards_of
from cmengine.model import Award, Finishes, Occurrence, Promise, Rule
from cmengine.nodice import Drawn, NoDice


def what_comes(rule: Rule, standing: Standing, today: date) -> list[str]:
    """Say what the next time will earn, without drawing: ``["voucher 5.00", "3 draws from the bowl"]``.

    Of a goal that is done with, nothing.
    """
    if isinstance(rule.goal, Finishes) and rule.goal.finished(standing.memory):
        return []
    slot = None
    if rule.calendar:
        from cmengine.slots import all_slots, slots_until  # late: few rules have a calendar

        reached = max(1, slots_until(rule.calendar, standing.first, today))
        following = reached + 1 if reached in standing.slots else reached
        slot = following if following <= all_slots(rule.calendar) else None
    return _earns(rule, standing.times + 1, slot, today)


def first_times(rule: Rule, today: date, times: int = 12) -> list[list[str]]:
    """Say what the first times earn, one slot of the calendar after the other."""
    from cmengine.slots import all_slots

    slots = all_slots(rule.calendar)
    return [_earns(rule, n, n if n <= slots else None, today) for n in range(1, times + 1)]


def _earns(rule: Rule, ordinal: int, slot: int | None, on: date) -> list[str]:
    coming = Occurrence(rule=rule.id, on=on, value=None, ordinal=ordinal, slot=slot, reason="")
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
