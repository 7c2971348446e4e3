"""The laws: each compares what a history earns with what a slightly different one earns. Pure."""

from collections import Counter
from collections.abc import Callable, Sequence
from random import Random

from attrs import evolve

from cmengine.case import Case, Got, all_items, cents, fewer, items, total
from cmengine.dice import dice_from
from cmengine.histories import DAYS, History, Thing, Told, in_order, moved
from cmengine.model import Award
from cmengine.money import dollars

KEYED = dice_from(b"the dice of laws")
Law = Callable[[Case, History, Sequence[Thing], Random], str]
"""Try a law on a history; give the sentence that tells the punishment, or nothing."""


def setback(case: Case, history: History, things: Sequence[Thing], dice: Random) -> str:
    """R1, R3: an event that earns nothing, anywhere, lowers no award."""
    extra = Told("extra", dice.choice(DAYS), dice.choice(things))
    place = dice.randint(0, len(history))
    more = (*history[:place], extra, *history[place:])
    after = case.got(more)
    if after["extra"] or case.counts(more, place):
        return ""
    before = case.got(history)
    for told in history:
        if fewer(after[told.name], before[told.name]):
            return f"Adding {extra.said()}, which earns nothing, lowers {told.said()} {_change(before[told.name], after[told.name])}"
    return ""


def good(case: Case, history: History, things: Sequence[Thing], dice: Random) -> str:
    """R2: one more event, logged on its day or late, lowers no total, then or later.

    The others were logged on their days, so this one comes after those of earlier days: nobody logs
    what has not happened yet.
    """
    on_time = in_order(history)
    extra = Told("extra", dice.choice(DAYS), dice.choice(things))
    place = dice.randint(sum(told.day < extra.day for told in on_time), len(on_time))
    more = (*on_time[:place], extra, *on_time[place:])
    for end in range(place, len(on_time) + 1):
        before, after = case.got(on_time[:end]), case.got(more[: end + 1])
        if total(after) < total(before) or all_items(after) < all_items(before):
            return f"Adding {extra.said()} lowers the total from {dollars(total(before))} to {dollars(total(after))}"
    return ""


def gap(case: Case, history: History, things: Sequence[Thing], dice: Random) -> str:
    """R4: a gap lowers nothing that comes after it. By a calendar, being away costs what the slots say."""
    if not history or any(rule.calendar for rule in case.rules):
        return ""
    since = dice.choice(history).day
    days = dice.choice((7, 14, 28, 70, 364) if case.weekly else (1, 2, 5, 7, 10, 28, 31, 100, 400))
    before, after = case.got(history), case.got(moved(history, days, since))
    was = would = things_were = things_would = 0
    for told in history:
        was, would = was + cents(before[told.name]), would + cents(after[told.name])
        things_were, things_would = (
            things_were + items(before[told.name]),
            things_would + items(after[told.name]),
        )
        if would < was or things_would < things_were:
            away = evolve(told, day=since).said().rpartition(" on ")[2]
            return f"Being away for {_days(days)} before {away} lowers what is earned up to {told.said()} from {dollars(was)} to {dollars(would)}"
    return ""


def date_itself(case: Case, history: History, things: Sequence[Thing], dice: Random) -> str:
    """R5: the same history at another time of the year earns the same."""
    days = (
        dice.choice((7, 28, 91, 364))
        if case.weekly or any(r.calendar for r in case.rules)
        else dice.choice((1, 3, 26, 182, 365))
    )
    if any(rule.calendar for rule in case.rules):
        return ""
    before, after = case.got(history), case.got(moved(history, days))
    return differs(history, before, after, f"The same {_days(days)} later earns something else")


def clock(case: Case, history: History, things: Sequence[Thing], dice: Random) -> str:
    """R7: the time of day, and with it zone and daylight saving, changes nothing; the day is frozen."""
    hours = dice.choice((-11, -5, -2, -1, 1, 2, 3, 5, 11))
    return differs(
        history,
        case.got(history),
        case.got(history, hours=hours),
        f"The same days, {hours} hours off, earn something else",
    )


def again(case: Case, history: History, things: Sequence[Thing], dice: Random) -> str:
    """R8: the same log gives the same awards, and a part of it never earns more than the whole."""
    before = case.got(history)
    story = differs(
        history, before, case.got(history), "The same log, worked out again, earns something else"
    )
    if story:
        return story
    on_time = in_order(history)
    part = tuple(told for told in on_time if dice.random() < 0.7)
    less, before = case.got(part), case.got(on_time)
    if total(less) > total(before):
        kept = ", ".join(told.said() for told in part) or "nothing at all"
        return f"With only {kept}, the total would be {dollars(total(less))} instead of {dollars(total(before))}"
    return ""


def draws(case: Case, history: History, things: Sequence[Thing], dice: Random) -> str:
    """R9: a draw depends on its event alone: moved to another date, it draws the same."""
    if any(rule.calendar for rule in case.rules):
        return ""
    before, after = case.got(history, KEYED), case.got(moved(history, 364), KEYED)
    return differs(history, before, after, "The same draws a year later come out otherwise")


def absence(case: Case, history: History, things: Sequence[Thing], dice: Random) -> str:
    """NP3: leaving one event out lowers the total by at most one step of each reward."""
    if not history:
        return ""
    left = dice.choice(history)
    without = tuple(told for told in history if told is not left)
    steps = Counter(case.steps(without)) | Counter(case.steps(history))
    lost = total(case.got(history)) - total(case.got(without))
    if lost > steps.total():
        return f"Without {left.said()} the total is {dollars(lost)} lower, more than any one time is worth"
    return ""


LAWS: dict[str, tuple[str, Law]] = {
    "R1": ("NP1, a setback changes nothing", setback),
    "R2": ("NP2, a good thing never hurts", good),
    "R4": ("NP5, nothing runs out", gap),
    "R5": ("NP5, nothing runs out", date_itself),
    "R7": ("NP6, late is on time", clock),
    "R8": ("P7, the same again", again),
    "R9": ("P8b, a draw is fixed", draws),
    "NP3": ("NP3, absence is bounded", absence),
}


def differs(history: History, before: Got, after: Got, story: str) -> str:
    for told in history:
        if before[told.name] != after[told.name]:
            return f"{story}: {told.said()} {_change(before[told.name], after[told.name])}"
    return ""


def _days(number: int) -> str:
    return "a day" if number == 1 else f"{number} days"


def _change(before: Sequence[Award], after: Sequence[Award]) -> str:
    if cents(before) != cents(after):
        return f"from {dollars(cents(before))} to {dollars(cents(after))}"
    shown = [
        " and ".join(award.label for award in awards) or "nothing" for awards in (before, after)
    ]
    return f"from {shown[0]} to {shown[1]}"
