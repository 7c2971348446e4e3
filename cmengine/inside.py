"""What is done in the process of its own: a plugin is made and asked, and what is seen is written down.

Every line of the report is a JSON object. `at` says what is asked next, so that the story is known even
where the process ends there; `promise` with `what` is a finding; `done` is the last line.
"""

import base64
import importlib
import importlib.util
import json
import os
import pickle
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from random import Random
from statistics import median
from time import perf_counter
from types import ModuleType
from typing import Any

from attrs import Factory, define

from cmengine import model
from cmengine.contract import awards_wrong, listens_wrong, memory_wrong, stands, step_wrong
from cmengine.ladder import nth
from cmengine.memory import to_text
from cmengine.model import Arithmetic, Award, Finishes, Hints, Message, Odds, Promise, Samples
from cmengine.search import FULL, QUICK
from cmengine.stories import (
    MANY,
    Time,
    histories,
    long_history,
    messages,
    said,
    time_of,
    times,
)
from cmengine.trial import specimens_of, try_made
from cmengine.watch import Shut, Watch

SLOW = 0.1  # seconds; what takes longer three times in a row is slow
BUDGET = 20.0  # seconds for a very long history
NOTHING: Any = object()


class Stop(Exception):
    """There is no use in asking on."""


@define
class Asker:
    """Asks, looks, and writes down what was seen; of each promise, the first story alone."""

    report: int
    seconds: float
    watch: Watch
    found: set[str] = Factory(set)
    at: str = ""

    def say(self, **line: Any) -> None:
        """Write a line of the report."""
        os.write(self.report, json.dumps(line).encode() + b"\n")

    def find(self, promise: str, what: str) -> None:
        """Write down that a promise is broken, with the story at hand."""
        if what and promise not in self.found:
            self.found.add(promise)
            self.say(promise=promise, story=self.at, what=what)

    def ask(self, at: str, function: Callable[[], Any], *given: object) -> Any:
        """Ask something, and look at what it does; give the answer, or NOTHING where it raised.

        `given` are the values that must not change by it.
        """
        self.at = at
        self.say(at=at)
        before = [stands(one) for one in given]
        answer, error, took = self._timed(function)
        for promise, what in self.watch.take():
            self.find(promise, f"it {what}")
        if [stands(one) for one in given] != before:
            self.find("frozen", f"it changed {_changed(before, given)}")
        if error is not None:
            self._raised(error)
            return NOTHING
        if took > SLOW and min(took, *(self._timed(function)[2] for _ in range(2))) > SLOW:
            self.watch.take()
            self.find("time", f"it took {took:.1f} seconds to answer")
            raise Stop
        self.watch.take()
        return answer

    def _timed(self, function: Callable[[], Any]) -> tuple[Any, BaseException | None, float]:
        answer: Any = NOTHING
        error: BaseException | None = None
        alarm(self.seconds)
        started = perf_counter()
        with self.watch:
            try:
                answer = function()
            except BaseException as raised:
                error = raised
        took = perf_counter() - started
        alarm(0)
        return answer, error, took

    def _raised(self, error: BaseException) -> None:
        named = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        if isinstance(error, MemoryError):
            self.find("memory", "it asked for more memory than it may have")
            raise Stop
        if not isinstance(error, Exception):
            self.find("stays", f"it raised {named}, which ends the program")
        elif isinstance(error, Shut):
            return
        elif _made_by_us(error):
            self.find("answers", f"it made something that cannot be: {error}")
        else:
            self.find("raises", f"it raised {named:.300}")


def alarm(seconds: float) -> None:
    """End this process in so many seconds, whatever it is doing then; with 0, do not."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, seconds)


def _made_by_us(error: Exception) -> bool:
    """Say whether a value of ours refused what it was given."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace is not None and trace.tb_frame.f_globals.get("__name__") == model.__name__


def _changed(before: list[str], given: tuple[object, ...]) -> str:
    """Name what was changed."""
    for was, value in zip(before, given, strict=True):
        if stands(value) != was:
            if type(value).__module__.startswith("cmengine."):
                return f"the {type(value).__name__} it was given"
            return "its own options" if hasattr(value, "kind") else "the memory it was given"
    return "what it was given"


def main(request: dict[str, Any]) -> None:
    """Do what is asked, and write the report."""
    report = os.open(request["report"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    asker = Asker(report, request["seconds"], Watch(shut=request.get("shut", False)).begin())
    if hasattr(signal, "SIGALRM"):
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
    asker.at = "made from its options"
    asker.say(at=asker.at)
    try:
        made, untried = _made(request)
        if untried:
            asker.say(untried=untried)
        else:
            _JOBS[request["job"]](asker, request, made)
    except Stop:
        pass
    except BaseException as error:
        with suppress(Stop):
            asker._raised(error)
    asker.say(done=True)
    os._exit(0)  # whatever the plugin has left to be done at the end is not done


def _keep_small(megabytes: int) -> None:
    """Allow so much memory, and so large a file, beyond what there is at the beginning."""
    try:
        import resource
    except ImportError:
        return
    more = megabytes * 1024 * 1024
    statm = Path("/proc/self/statm")
    there = int(statm.read_text().split()[0]) * resource.getpagesize() if statm.is_file() else 0
    for what, size in ((resource.RLIMIT_AS, there + more), (resource.RLIMIT_FSIZE, more)):
        _, most = resource.getrlimit(what)
        allowed = size if most == resource.RLIM_INFINITY else min(size, most)
        resource.setrlimit(what, (allowed, most))


def _made(request: dict[str, Any]) -> tuple[list[Any], str]:
    """Take what was handed over, or make it: one of the class with each of its examples."""
    found: Any = module_of(request["module"], request["file"])
    _keep_small(request["megabytes"])
    if request.get("made"):
        return [pickle.loads(base64.b64decode(request["made"]))], ""
    for name in request["name"].split("."):
        found = getattr(found, name)
    try:
        return specimens_of(found, Path.cwd())
    except Exception as error:
        named = f"{type(error).__name__}: {error}"
        return [], f"it raised {named}. Name options to try it with in a class variable: examples"


def module_of(name: str, file: str) -> ModuleType:
    """Import a module by its name; one that cannot be found by it, from its file."""
    wanted = Path(file).resolve() if file else None
    if name != "__main__":
        try:
            module = importlib.import_module(name)
        except ImportError:
            module = None
        if module is not None and (
            wanted is None or Path(getattr(module, "__file__", "") or "").resolve() == wanted
        ):
            return module
    spec = importlib.util.spec_from_file_location(name.replace("__main__", "__mp_main__"), file)
    if spec is None or spec.loader is None:
        raise ImportError(f"{name} cannot be imported")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _look(asker: Asker, request: dict[str, Any], made: list[Any]) -> None:
    """Ask everything, and look at what happens."""
    for number, part in enumerate(made):
        if request["part"] == "goal":
            _ask_goal(asker, part, number)
        else:
            _ask_reward(asker, part, number)
    for part in made:
        if not asker.found & {"raises", "stays", "answers"}:
            (_grow_goal if request["part"] == "goal" else _grow_reward)(asker, part)


def _again(asker: Asker, request: dict[str, Any], made: list[Any]) -> None:
    """Ask the same in another order, without looking."""
    for number, part in enumerate(made):
        for story, ask in reversed(list(_stories(request["part"], part))):
            try:
                got = ask()
            except Exception as error:
                got = type(error).__name__
            asker.say(example=number, story=story, got=got)


def _stories(part: str, made: Any) -> Iterator[tuple[str, Callable[[], str]]]:
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


def _ask_goal(asker: Asker, goal: Any, number: int) -> None:
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


def _ask_reward(asker: Asker, reward: Any, number: int) -> None:
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
            asker.find("answers", "its odds are not a number of draws, and (slips, cents) for each")


def _whole(odds: Any) -> bool:
    draws, slips = odds
    flat = [draws, *(number for slip in slips for number in slip)]
    return all(type(number) is int and number >= 0 for number in flat) and bool(slips)


def _grow_goal(asker: Asker, goal: Any) -> None:
    """Play a very long history, and look at how long a call takes and how much is remembered."""
    memory, listens, sizes, took = goal.start(), frozenset(goal.listens()), {}, []
    began = perf_counter()
    for n, told in enumerate(long_history(goal), 1):
        if told.thing.kind not in listens:
            continue
        if n % 100 == 1:
            asker.say(at=f"{n:,} events on the record of one client")
            alarm(asker.seconds)
        event = told.event()
        started = perf_counter()
        memory, _ = goal.step(memory, event)
        took.append(perf_counter() - started)
        if n in (100, MANY // 10, MANY):
            sizes[n] = len(to_text(memory))
        if n % 100 == 0 and perf_counter() - began > BUDGET:
            break
    alarm(0)
    asker.at = f"{len(took):,} events on the record of one client"
    if perf_counter() - began > BUDGET:
        asker.find("growth", f"it took more than {BUDGET:.0f} seconds for them")
    if sizes.get(MANY, 0) > max(2_000, 3 * sizes[MANY // 10]):
        asker.find(
            "growth",
            f"it remembers {sizes[MANY]:,} letters; after {MANY // 10:,} events it was"
            f" {sizes[MANY // 10]:,}",
        )
    asker.find("growth", _slower(median(took[50:150]), median(took[-100:])))
    asker.say(seconds=median(took))


def _grow_reward(asker: Asker, reward: Any) -> None:
    """Ask a reward early and late, and look at how long it takes for each award."""

    def timed(ordinal: int) -> float:
        occurrence = time_of(ordinal, ordinal).occurrence
        took = []
        for _ in range(25):
            dice = Random(1)
            started = perf_counter()
            awards = list(reward.awards(occurrence, dice))
            took.append((perf_counter() - started) / max(1, len(awards)))
        return median(took)

    asker.at = f"{nth(MANY)} time"
    asker.say(at=asker.at)
    alarm(50 * asker.seconds)
    early, late = timed(10), timed(MANY)
    alarm(0)
    asker.find("growth", _slower(early, late))
    asker.say(seconds=late)


def _slower(early: float, late: float) -> str:
    """Say that a call takes far longer late than it did early."""
    if late > 6 * early and late - early > 0.00005:
        return f"it takes {late / early:.0f} times as long to answer as at the beginning"
    return ""


def _judge(asker: Asker, request: dict[str, Any], made: list[Any]) -> None:
    """Look for a history in which somebody is punished."""
    asker.say(at="looking for a history in which it punishes")
    effort = FULL if request.get("full") else QUICK
    tried = try_made(request["part"], request["kind"], made, effort=effort)
    for one in tried.findings:
        asker.say(
            law=one.law, told=one.promise, story=one.story, seed=one.seed, scenario=one.scenario
        )
    asker.say(examples=tried.examples)


def _send(asker: Asker, request: dict[str, Any], made: list[Any]) -> None:
    """Hand a message to a notifier."""
    number = request["message"]
    message: Message = messages()[number]
    at = ("a message", "the same message once more", "a message in other letters")[number]
    for notifier in made:
        before = stands(message)
        asker.at = at
        asker.say(at=at)
        answer, error, took = asker._timed(partial(notifier.send, message))
        asker.watch.take()
        asker.say(seconds=took)
        if stands(message) != before:
            asker.find("frozen", "it changed the Message it was given")
        if isinstance(error, Exception) and not isinstance(error, MemoryError):
            asker.say(raised=f"{type(error).__name__}: {error}"[:300])
        elif error is not None:
            asker._raised(error)
        elif answer is not None:
            what = f"it answered {answer!r:.60}; a message that has not gone is one that raised"
            asker.find("answers", what)


_JOBS: dict[str, Callable[[Asker, dict[str, Any], list[Any]], None]] = {
    "look": _look,
    "again": _again,
    "judge": _judge,
    "send": _send,
}
