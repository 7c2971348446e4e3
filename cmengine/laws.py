"""Look for a history in which somebody is punished; shrink it; say it in a sentence. Pure.

A law compares what a history earns with what a slightly different one earns. Luck is held still (the
same dice for every event), so that a law never mistakes bad luck for a punishment; that draws depend
on nothing but their event is a law of its own.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from itertools import islice
from random import Random

from attrs import evolve, frozen

from cmengine.dice import dice_from
from cmengine.errors import CMError
from cmengine.evaluate import Dice, play
from cmengine.histories import (
    DAYS,
    FIRST,
    History,
    Thing,
    Told,
    drawn,
    in_order,
    moved,
    small,
    things,
)
from cmengine.kinds import Kinds
from cmengine.model import Award, Rule
from cmengine.money import dollars

Got = dict[str, tuple[Award, ...]]
"""What each event of a history earned, by its name."""


def _same_luck(event: str, rule: str, reward: int) -> Random:
    return Random(f"{rule}/{reward}")


KEYED = dice_from(b"the dice of laws")


@frozen(kw_only=True)
class Finding:
    """A story in which somebody is punished: the promise that it breaks, and how to see it again."""

    rule: str
    law: str
    promise: str
    story: str
    history: History
    seed: int | None = None
    scenario: str = ""


@frozen
class Case:
    """Rules that are judged together (a welcome and the rule beside it), and how to play them."""

    rules: tuple[Rule, ...]

    def got(self, history: History, dice: Dice = _same_luck, hours: int = 0) -> Got:
        """Play a history under every rule; give what each event earned."""
        events = [evolve(told, hour=(told.hour + hours) % 24).event() for told in history]
        found: dict[str, tuple[Award, ...]] = {told.name: () for told in history}
        for rule in self.rules:
            for event, outcome in zip(events, play(rule, events, dice, FIRST), strict=True):
                if outcome.earned is not None:
                    found[event.id] += tuple(award for _, award in outcome.earned.awards)
        return found

    def counts(self, history: History, place: int) -> bool:
        """Say whether the event at a place is an occurrence, though perhaps one with no award."""
        events = [told.event() for told in history]
        return any(
            play(rule, events, _same_luck, FIRST)[place].earned is not None for rule in self.rules
        )

    def steps(self, history: History) -> dict[tuple[str, int], int]:
        """Give the most that each reward of each rule gave for one occurrence, in cents."""
        events = [told.event() for told in history]
        most: dict[tuple[str, int], int] = {}
        for rule in self.rules:
            for outcome in play(rule, events, _same_luck, FIRST):
                worth = Counter[int]()
                for number, award in outcome.earned.awards if outcome.earned else ():
                    worth[number] += award.cents
                for number, amount in worth.items():
                    most[rule.id, number] = max(most.get((rule.id, number), 0), amount)
        return most

    @property
    def weekly(self) -> bool:
        """Say whether weeks matter, so that only whole weeks may be put in between."""
        return any(rule.per_week is not None or rule.calendar for rule in self.rules)


def cents(awards: Sequence[Award]) -> int:
    """Add up awards, in cents."""
    return sum(award.cents for award in awards)


def total(got: Got) -> int:
    """Add up all that a history earned, in cents."""
    return sum(map(cents, got.values()))


def _items(awards: Sequence[Award]) -> int:
    return sum(award.item is not None for award in awards)


def _things(got: Got) -> int:
    return sum(map(_items, got.values()))


def _fewer(after: Sequence[Award], before: Sequence[Award]) -> bool:
    return cents(after) < cents(before) or _items(after) < _items(before)


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
        if _fewer(after[told.name], before[told.name]):
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
        if total(after) < total(before) or _things(after) < _things(before):
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
            things_were + _items(before[told.name]),
            things_would + _items(after[told.name]),
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
    return _differs(history, before, after, f"The same {_days(days)} later earns something else")


def clock(case: Case, history: History, things: Sequence[Thing], dice: Random) -> str:
    """R7: the time of day, and with it zone and daylight saving, changes nothing; the day is frozen."""
    hours = dice.randint(1, 23)
    return _differs(
        history,
        case.got(history),
        case.got(history, hours=hours),
        f"The same days, {hours} hours off, earn something else",
    )


def again(case: Case, history: History, things: Sequence[Thing], dice: Random) -> str:
    """R8: the same log gives the same awards, and a part of it never earns more than the whole."""
    before = case.got(history)
    story = _differs(
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
    return _differs(history, before, after, "The same draws a year later come out otherwise")


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


@frozen(kw_only=True)
class Effort:
    """How hard to look: every history of up to `events` events (at most `small` of them), each with
    `tries` variations a law, and `drawn` longer ones. Under a goal that remembers something, longer
    histories can hold more, and `remembers` times as many are drawn.
    """

    events: int = 3
    small: int = 120
    tries: int = 1
    drawn: int = 60
    remembers: int = 8


TIMES = 150  # how often one history is played to see that it always comes out the same
QUICK = Effort()
FULL = Effort(events=5, small=20_000, tries=2, drawn=1_500)


@frozen
class Search:
    """What a search came to: the findings, and how many examples it looked at."""

    findings: tuple[Finding, ...]
    examples: int


def search(
    rules: Sequence[Rule], kinds: Kinds | None = None, *, effort: Effort = QUICK, seed: int = 1
) -> Search:
    """Look for a history in which some rules, judged together, punish; at most one finding a law.

    The first rule is the one that is judged. Its dates are left out of it: a rule that starts and ends
    is judged on the days in between.
    """
    case = Case(tuple(evolve(rule, starts=None, ends=None) for rule in rules))
    can_happen = things(case.rules, kinds)
    dice = Random(seed)
    findings: dict[str, Finding] = {}
    examples = TIMES
    tired = _tires(case, can_happen)
    if tired:
        findings["R8"] = Finding(
            rule=rules[0].id, law="R8", promise=LAWS["R8"][0], story=tired, history=(), seed=seed
        )
    for history in _histories(can_happen, effort, dice, _remembers(case, can_happen)):
        for name, (promise, law) in LAWS.items():
            if name in findings:
                continue
            for _ in range(effort.tries):
                examples += 1
                luck = dice.randrange(2**32)
                story = _try(law, case, history, can_happen, luck)
                if story:
                    first = (history, luck, story)
                    findings[name] = _shrunk(case, name, promise, law, first, can_happen, seed)
                    break
        if findings and examples > 4 * len(LAWS) * effort.small:
            break
    return Search(tuple(findings.values()), examples)


def _histories(
    can_happen: Sequence[Thing], effort: Effort, dice: Random, remembers: bool
) -> Iterator[History]:
    """Give the small histories, all of them or a fair share, and then drawn ones."""
    every = list(islice(small(can_happen, effort.events), 40 * effort.small))
    yield from every if len(every) <= effort.small else dice.sample(every, effort.small)
    for _ in range(effort.drawn * (effort.remembers if remembers else 1)):
        yield drawn(can_happen, dice)


def _tires(case: Case, can_happen: Sequence[Thing]) -> str:
    """Play one and the same history many times: what is worked out may not depend on what was before."""
    history = tuple(
        Told(f"e{n}", 8 * n, thing) for n, thing in enumerate((*can_happen, *can_happen))
    )
    try:
        first = case.got(history)
        for n in range(2, TIMES + 1):
            if story := _differs(
                history,
                first,
                case.got(history),
                f"The same log, worked out {n} times, earns something else",
            ):
                return f"{story}."
    except CMError as error:
        return f"{error.mistakes[0].what}."
    return ""


def _remembers(case: Case, can_happen: Sequence[Thing]) -> bool:
    """Say whether a goal remembers anything of what can happen."""
    for rule in case.rules:
        for thing in can_happen:
            event = Told("ask", 0, thing).event()
            try:
                if (
                    event.kind in rule.goal.listens()
                    and rule.goal.step(rule.goal.start(), event)[0] != rule.goal.start()
                ):
                    return True
            except Exception:
                return True
    return False


def _try(law: Law, case: Case, history: History, can_happen: Sequence[Thing], luck: int) -> str:
    try:
        return law(case, history, can_happen, Random(luck))
    except CMError as error:
        return str(error.mistakes[0].what)


def _shrunk(
    case: Case,
    name: str,
    promise: str,
    law: Law,
    first: tuple[History, int, str],
    can_happen: Sequence[Thing],
    seed: int,
) -> Finding:
    """Leave events out as long as the story still holds, with some luck to find it again each time."""
    best, luck, story = first
    dice = Random(luck)
    smaller = True
    while smaller:
        smaller = False
        for n in range(len(best)):
            fewer = (*best[:n], *best[n + 1 :])
            for one in (luck, *(dice.randrange(2**32) for _ in range(60))):
                if told := _try(law, case, fewer, can_happen, one):
                    best, luck, story, smaller = fewer, one, told, True
                    break
            if smaller:
                break
    before = (
        f"Somebody has: {', '.join(told.said() for told in best)}"
        if best
        else "Nothing has happened yet"
    )
    return Finding(
        rule=case.rules[0].id,
        law=name,
        promise=promise,
        story=f"{before}. {story}.",
        history=best,
        seed=seed,
        scenario=scenario(case, best),
    )


def scenario(case: Case, history: History) -> str:
    """Write a history as a scenario that can be pasted beside the rule, with what it earns now."""
    got = Case(case.rules[:1]).got(history)
    lines = [
        f'[[scenario]]\nname   = "Found by the laws"\nrule   = "{case.rules[0].id}"\nfirst  = {FIRST}\nevents = ['
    ]
    for told in history:
        value = "" if told.thing.value is None else f', value = "{told.thing.value}"'
        lines.append(
            f'  {{ on = {FIRST + timedelta(days=told.day)}, kind = "{told.thing.kind}"{value} }},'
        )
    earns = ", ".join(
        "[" + ", ".join(f'"{award.label}"' for award in got[told.name]) + "]" for told in history
    )
    return "\n".join([*lines, "]", f"earns = [{earns}]"])


def _differs(history: History, before: Got, after: Got, story: str) -> str:
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
