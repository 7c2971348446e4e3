"""Look for a history in which somebody is punished; shrink it; say it in a sentence. Pure."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import timedelta
from functools import partial
from itertools import islice
from random import Random

from attrs import frozen

from cmengine import deeper
from cmengine.case import Case
from cmengine.errors import CMError
from cmengine.histories import FIRST, History, Thing, Told, drawn, small, things
from cmengine.kinds import Kinds
from cmengine.laws import LAWS, Law, differs
from cmengine.model import Rule


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


@frozen(kw_only=True)
class Effort:
    """How hard to look: every history of up to `events` events over the rule's smallest alphabet (or
    `small` of them, where there are more), and `drawn` longer ones of all that can happen. Under a goal
    that remembers something, longer histories can hold more, and `remembers` times as many are drawn.
    `deeper` is how many examples a law Hypothesis looks at, where it is installed.
    """

    events: int = 3
    small: int = 220
    drawn: int = 60
    remembers: int = 8
    deeper: int = 0


TIMES = 150  # how often one history is played to see that it always comes out the same
QUICK = Effort()
FULL = Effort(events=5, small=3_000, drawn=300, remembers=30, deeper=100)


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
    case = Case(tuple(rule._replace(starts=None, ends=None) for rule in rules))
    can_happen = things(case.rules, kinds)
    dice = Random(seed)
    findings: dict[str, Finding] = {}
    examples = TIMES
    tired = _tires(case, can_happen)
    if tired:
        findings["R8"] = Finding(
            rule=rules[0].id, law="R8", promise=LAWS["R8"][0], story=tired, history=(), seed=seed
        )
    try:
        alphabet = _smallest(case, can_happen)
    except CMError:
        alphabet = list(can_happen)
    for history in _histories(can_happen, alphabet, effort, dice, _remembers(case, can_happen)):
        for name, (promise, law) in LAWS.items():
            if name in findings:
                continue
            examples += 1
            luck = dice.randrange(2**32)
            story = _try(law, case, history, can_happen, luck)
            if story:
                first = (history, luck, story)
                findings[name] = _shrunk(case, name, promise, law, first, can_happen, seed)
        if findings and examples > 4 * len(LAWS) * effort.small:
            break
    if effort.deeper and deeper.is_installed():
        for name, (promise, law) in LAWS.items():
            if name not in findings:
                looked = Counter[str]()
                found = deeper.find_story(
                    partial(_counted, looked, law, case, can_happen),
                    can_happen,
                    effort.deeper,
                    seed,
                )
                examples += looked.total()
                if found:
                    findings[name] = _shrunk(case, name, promise, law, found, can_happen, seed)
    return Search(tuple(findings.values()), examples)


def _counted(
    looked: Counter[str],
    law: Law,
    case: Case,
    can_happen: Sequence[Thing],
    history: History,
    luck: int,
) -> str:
    looked["examples"] += 1
    return _try(law, case, history, can_happen, luck)


def _smallest(case: Case, can_happen: Sequence[Thing]) -> list[Thing]:
    """Choose the smallest alphabet: something that counts, something that does not, and of these last
    one that a goal remembers, if there is any.
    """
    counts = [thing for thing in can_happen if case.counts((Told("ask", 0, thing),), 0)]
    rest = [thing for thing in can_happen if thing not in counts]
    noted = [thing for thing in rest if _remembers(case, [thing])]
    return [*counts[:1], *(noted or rest)[:1]] if counts else list(can_happen[:2])


def _histories(
    can_happen: Sequence[Thing],
    alphabet: Sequence[Thing],
    effort: Effort,
    dice: Random,
    remembers: bool,
) -> Iterator[History]:
    """Give the small histories, all of them or a fair share, and then drawn ones."""
    every = list(islice(small(alphabet, effort.events), 40 * effort.small))
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
            if story := differs(
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
            for one in (luck, *(dice.randrange(2**32) for _ in range(150))):
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
    own = ", ".join(f'"{key}" = {text}' for key, text in case.rules[0].settings)
    sets = [f"set = {{ {own} }}"] if own else []
    return "\n".join([*lines, "]", f"earns = [{earns}]", *sets])
