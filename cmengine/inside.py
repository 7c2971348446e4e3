"""What is done in the process of its own: a plugin is made and asked, and what is seen is written down.

Every line of the report is a JSON object. `at` says what is asked next, so that the story is known even
where the process ends there; `promise` with `what` is a finding; `done` is the last line.
"""

import base64
import importlib
import importlib.util
import os
import pickle
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

from cmengine.asker import Asker, Stop
from cmengine.contract import stands
from cmengine.growth import grow_goal, grow_reward
from cmengine.model import Message
from cmengine.questions import ask_goal, ask_reward, stories
from cmengine.rations import keep_small
from cmengine.search import FULL, QUICK
from cmengine.stories import messages
from cmengine.trial import specimens_of, try_made
from cmengine.watch import Watch


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
            asker.raised(error)
    asker.say(done=True)
    os._exit(0)  # whatever the plugin has left to be done at the end is not done


def _made(request: dict[str, Any]) -> tuple[list[Any], str]:
    """Take what was handed over, or make it: one of the class with each of its examples."""
    found: Any = module_of(request["module"], request["file"])
    more = request["megabytes"] * 1024 * 1024
    keep_small(memory=more, files=more)
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
            ask_goal(asker, part, number)
        else:
            ask_reward(asker, part, number)
    for part in made:
        if not asker.found & {"raises", "stays", "answers"}:
            (grow_goal if request["part"] == "goal" else grow_reward)(asker, part)


def _again(asker: Asker, request: dict[str, Any], made: list[Any]) -> None:
    """Ask the same in another order, without looking."""
    for number, part in enumerate(made):
        for story, ask in reversed(list(stories(request["part"], part))):
            try:
                got = ask()
            except Exception as error:
                got = type(error).__name__
            asker.say(example=number, story=story, got=got)


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
        answer, error, took = asker.timed(partial(notifier.send, message))
        asker.watch.take()
        asker.say(seconds=took)
        if stands(message) != before:
            asker.find("frozen", "it changed the Message it was given")
        if isinstance(error, Exception) and not isinstance(error, MemoryError):
            asker.say(raised=f"{type(error).__name__}: {error}"[:300])
        elif error is not None:
            asker.raised(error)
        elif answer is not None:
            what = f"it answered {answer!r:.60}; a message that has not gone is one that raised"
            asker.find("answers", what)


_JOBS: dict[str, Callable[[Asker, dict[str, Any], list[Any]], None]] = {
    "look": _look,
    "again": _again,
    "judge": _judge,
    "send": _send,
}
