"""What a goal and a reward are asked, one story after the other."""

from collections.abc import Callable, Iterator
from functools import partial
from random import Random
from typing import Any

from cmengine.asker import NOTHING, Asker
from cmengine.contract import awards_wrong, listens_wrong, memory_wrong, step_wrong
from cmengine.memory import to_text
from cmengine.model import Arithmetic, Award, Finishes, Hints, Odds, Promise, Samples
from cmengine.stories import Time, histories, said, times


def ask_goal(asker: Asker, goal: Any, number: int) -> None:
    at = "asked for the kinds of event that it listens to"
    asker.find("answers", listens_wrong(asker.ask(at, goal.listens, goal)))
    at = "asked what it remembers before anything has happened"
    start = asker.ask(at, goal.start, goal)
    asker.find("answers", memory_wrong(start) if start is not NOTHING else "")
    if isinstance(goal, Samples):
        asker.ask("asked for samples", lambda: list(goal.samples()), goal)
    if asker.found & {"answers", "raises", "stays"}:
        return
    for history in histories(goal):
        memory, met, done = start, [], False
        for n, told in enumerate(history, 1):
            event = told.event()
            if told.thing.kind not in goal.listens():
                continue
            answer = asker.ask(
                said(history[:n]),
                partial(goal.step, memory, event),
                event,
                memory,
                goal,
            )
            if answer is NOTHING:
                break
            memory, reason, wrong = step_wrong(answer)
            asker.find("answers", wrong)
            if wrong:
                break
            met.append(reason and reason.reason)
            if reason and done:
                asker.find("answers", "it is met again, after it said that it is finished")
            done = _ask_about_goal(asker, goal, memory, event)
        else:
            asker.say(example=number, story=said(history), got=f"{to_text(memory)} {met}")


def _ask_about_goal(asker: Asker, goal: Any, memory: Any, event: Any) -> bool:
    """Ask what a goal can be asked beside: whether it is finished, and for a hint."""
    if isinstance(goal, Hints):
        hint = asker.ask(asker.at, partial(goal.hint, event), event, goal)
        if hint is not NOTHING and type(hint) is not str:
            asker.find("answers", f"its hint is {hint!r:.60}; write words, or an empty text")
    if not isinstance(goal, Finishes):
        return False
    done = asker.ask(asker.at, partial(goal.finished, memory), goal)
    if done is not NOTHING and type(done) is not bool:
        asker.find("answers", f"asked whether it is finished, it said {done!r:.60}")
    return done is True


def ask_reward(asker: Asker, reward: Any, number: int) -> None:
    for one in times():
        answer = asker.ask(
            one.said,
            partial(_asked, reward, one),
            one.occurrence,
            reward,
        )
        if answer is NOTHING:
            continue
        awards, wrong = answer
        asker.find("answers", wrong)
        if not wrong:
            asker.say(example=number, story=one.said, got=repr(awards))
            _ask_about_reward(asker, reward, one)


def _asked(reward: Any, one: Time) -> tuple[list[Award], str]:
    return awards_wrong(reward.awards(one.occurrence, Random(one.said)))


def _ask_about_reward(asker: Asker, reward: Any, one: Time) -> None:
    """Ask what a reward can be asked beside: its sum, what comes, and the odds."""
    for protocol, name in ((Arithmetic, "arithmetic"), (Promise, "promise")):
        if isinstance(reward, protocol):
            words = asker.ask(one.said, partial(getattr(reward, name), one.occurrence))
            if words is not NOTHING and type(words) is not str:
                asker.find("answers", f"its {name} is {words!r:.60}; write words")
    if isinstance(reward, Odds):
        odds = asker.ask(one.said, lambda: _whole(reward.odds(one.occurrence)))
        if odds is not NOTHING and not odds:
            asker.find("answers", "its odds are not a number of draws, and (slips, Award) for each")


def _whole(odds: Any) -> bool:
    draws, slips = odds
    counts = [draws, *(count for count, _ in slips)]
    return (
        all(type(count) is int and count >= 0 for count in counts)
        and all(type(award) is Award for _, award in slips)
        and bool(slips or not draws)
    )


def stories(part: str, made: Any) -> Iterator[tuple[str, Callable[[], str]]]:
    """Give every story with a way to ask what comes of it, as text."""
    if part == "reward":
        for one in times():
            yield one.said, partial(_given, made, one)
        return
    for history in histories(made):
        yield said(history), partial(_folded, made, history)


def _given(reward: Any, one: Time) -> str:
    return repr(list(reward.awards(one.occurrence, Random(one.said))))


def _folded(goal: Any, history: Any) -> str:
    memory, met = goal.start(), []
    for told in history:
        if told.thing.kind in goal.listens():
            memory, reason = goal.step(memory, told.event())
            met.append(reason and reason.reason)
    return f"{to_text(memory)} {met}"
