"""Bad plugins of every kind: each is found, the promise is named, and a story says what it does.

The first word of a bad plugin's docstring names the promise that it breaks.
"""

import importlib.util
import sys
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest

from cmengine.apart import Limits
from cmengine.contract import DEADLY, PROMISES
from cmengine.examine import examine, examine_plugin, promise_of, subject_of
from cmengine.plugins import load_plugins
from cmengine.trial import Tried

BAD = sorted((Path(__file__).parent / "bad_plugins").glob("*.py"))
LIMITS = Limits(seconds=1.5, megabytes=128)


def loaded(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


@cache
def examined(path: Path) -> Tried:
    registry = load_plugins(loaded(path), installed=False)
    (tried,) = examine_plugin(registry, path.stem, limits=LIMITS)
    return tried


def named(path: Path) -> str:
    return path.read_text().removeprefix('"""').partition(":")[0].lower()


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_a_bad_plugin_is_found_and_its_promise_named(path: Path) -> None:
    promise = named(path)
    tried = examined(path)
    assert not tried.untried
    assert tried.findings
    first = tried.findings[0]
    assert first.law == promise
    does, todo = PROMISES[tried.part][promise]
    assert first.promise == f"it {does}"
    at, _, what = first.story.partition(": it ")
    assert at[0].isupper() or at[0].isdigit()
    assert what.endswith(f"; {todo}.")
    assert promise not in tried.unchecked
    print(f"{path.stem}: {first.story}")


def test_there_is_a_bad_plugin_for_every_promise() -> None:
    """The laws have bad plugins of their own, and `arrives` needs somebody who looks."""
    assert {named(path) for path in BAD} == {
        promise for promises in PROMISES.values() for promise in promises
    } - {"laws", "arrives"}


@pytest.mark.parametrize("path", [path for path in BAD if named(path) in DEADLY], ids=str)
def test_what_could_not_be_seen_is_not_said_to_be_well(path: Path) -> None:
    tried = examined(path)
    broken = {promise_of(one) for one in tried.findings}
    assert broken | set(tried.unchecked) == set(PROMISES[tried.part])


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("today_counts", "1st time on 5 Jan 2026: it called date.today;"),
        ("own_dice", "1st time on 5 Jan 2026: it called random."),
        ("only_words", "Visit on 5 Jan: it raised AttributeError: 'NoneType'"),
        ("ends_it_all", "Visit on 5 Jan: it ended the whole process (exit code 0);"),
        ("leaves", "1st time on 5 Jan 2026: it raised SystemExit: 3, which ends the program;"),
        ("sleeps", "1st time on 5 Jan 2026: it had not answered after 1.5 seconds, and was cut"),
        ("one_word", 'listens to: it answered the word "visit"; write it as a list, ("visit",);'),
        ("a_fine", "an award cannot be below zero (-1 cents);"),
        (
            "never_forgets",
            "10,000 events on the record of one client: it remembers 220,001 letters",
        ),
        ("calls_out", "it started another program ('true');"),
        ("only_once", "The same message once more: it raised FileExistsError"),
    ],
)
def test_the_story_is_a_small_one(name: str, told: str) -> None:
    path = next(path for path in BAD if path.stem == name)
    assert told in examined(path).findings[0].story


def test_a_class_that_no_other_process_could_find_is_refused_in_words() -> None:
    from attrs import frozen

    @frozen(kw_only=True)
    class Inner:
        kind = "inner"

    with pytest.raises(Exception, match="define the class at the top of a module"):
        examine(subject_of("reward", Inner))
