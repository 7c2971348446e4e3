"""What a goal, a reward or a notifier promises, and whether an answer of one is what it promised. Pure."""

from collections.abc import Collection, Hashable, Iterable
from itertools import islice
from typing import Any

import attrs

from cmengine.evaluate import MOST_AWARDS, MOST_CENTS
from cmengine.memory import of_text, to_text
from cmengine.model import Award, Met

_EVERY = {
    "answers": ("answers as its protocol says", "compare it with the page Plugin hooks"),
    "raises": ("never raises", "take whatever comes, also no value, another word, a large number"),
    "stays": ("leaves the program running", "nothing a plugin does may end the program"),
    "time": ("answers in moments", "somebody is waiting at the desk"),
    "memory": ("needs little memory", "make what is asked for, and not more"),
}
_PURE = {
    "growth": (
        "costs at the ten-thousandth event what it did at the tenth",
        "remember a count, a day or a few words; not everything there was",
    ),
    "clock": ("asks no clock", "the day stands in event.day and in occurrence.on"),
    "chance": (
        "knows no chance but its dice",
        "all chance comes from the dice that awards() is given; a goal has none",
    ),
    "files": ("opens no file", "what it needs to know belongs in its options"),
    "database": ("opens no database", "what it needs to know belongs in its options"),
    "network": ("reaches for no network", "what it needs to know belongs in its options"),
    "machine": ("leaves the machine alone", "what it needs to know belongs in its options"),
    "frozen": ("changes nothing it is given", "give new values; a goal remembers in its memory"),
    "same": (
        "answers the same in every process",
        "sort what comes out of a set, and leave out hash(), the time zone and what was before",
    ),
    "laws": ("punishes nobody", "hold it against the page The laws"),
}
_SENT = {
    "answers": ("sends or raises, and answers nothing", "nobody looks at an answer"),
    "raises": ("sends words in any letters", "encode text as UTF-8, and expect more than one line"),
    "frozen": _PURE["frozen"],
    "again": (
        "takes the same message twice",
        "a message that was sent may come again, with the same id",
    ),
    "arrives": (
        "brings what it is given, or raises",
        "raise where a message has not gone: then it is kept and tried again",
    ),
}
PROMISES: dict[str, dict[str, tuple[str, str]]] = {
    "goal": _EVERY | _PURE,
    "reward": _EVERY | _PURE,
    "notifier": _EVERY | _SENT,
}
"""For each part, every promise by its name: what it does, and what to do where it does not."""

DEADLY = ("stays", "time", "memory")
"""Where one of these is broken, the rest cannot be seen."""


def awards_wrong(answer: object) -> tuple[list[Award], str]:
    """Take what `awards` answered; give the awards, and what is wrong with them."""
    if isinstance(answer, str) or not isinstance(answer, Iterable):
        return [], f"it gave {cut(answer)} instead of awards"
    awards = list(islice(answer, MOST_AWARDS + 1))
    if len(awards) > MOST_AWARDS:
        return [], f"it gave more than {MOST_AWARDS:,} awards for one occurrence"
    for award in awards:
        if type(award) is not Award:
            return [], f"it gave {cut(award)}, which is not an Award"
        if type(award.cents) is not int:
            return [], f"it gave an award of {cut(award.cents)} cents; cents are whole"
        if award.cents < 0:
            return [], f"it gave an award below zero, of {cut(award.cents)} cents"
        if award.cents > MOST_CENTS:
            return [], f"it gave an award of {cut(award.cents)} cents, more than one can be"
        if type(award.label) is not str or not award.label.strip():
            return [], f"it gave an award whose label is {cut(award.label)}; write words"
        if award.item is not None and (type(award.item) is not str or not award.item.strip()):
            return [], f"it gave an award whose item is {cut(award.item)}; name the thing"
    return awards, ""


def listens_wrong(answer: object) -> str:
    """Say what is wrong with what `listens` answered."""
    if isinstance(answer, str):
        return f'it answered the word "{answer:.40}"; write it as a list, ("{answer:.40}",)'
    if not isinstance(answer, Collection) or not all(type(one) is str for one in answer):
        return f"it answered {cut(answer)} instead of kinds of event"
    return "" if answer else "it listens to no kind of event, so nothing can ever meet it"


def memory_wrong(memory: object) -> str:
    """Say why a memory cannot be kept."""
    if not isinstance(memory, Hashable):
        return f"it remembers {cut(memory)}, which can change; use tuples and frozensets"
    try:
        same = of_text(to_text(memory)) == memory
    except (TypeError, ValueError) as error:
        return f"it remembers {cut(memory)}: {error}"
    return "" if same else f"it remembers {cut(memory)}, which is another when it is read back"


def step_wrong(answer: object) -> tuple[Any, Met | None, str]:
    """Take what `step` answered; give the memory, whether it is met, and what is wrong with it."""
    if not isinstance(answer, tuple) or len(answer) != 2:
        return None, None, f"it answered {cut(answer)} instead of a memory and Met or None"
    memory, met = answer
    if met is not None and type(met) is not Met:
        return None, None, f"it answered {cut(met)} instead of Met or None"
    if met is not None and (type(met.reason) is not str or not met.reason.strip()):
        return None, None, f"it is met for the reason {cut(met.reason)}; write words"
    return memory, met, memory_wrong(memory)


def stands(value: Any, depth: int = 0) -> str:
    """Write down a value with all that is in it, so that a change to it can be seen."""
    if depth > 8:
        return "..."
    if attrs.has(type(value)):
        inside = ", ".join(
            f"{one.name}={stands(getattr(value, one.name, None), depth + 1)}"
            for one in attrs.fields(type(value))
        )
        return f"{type(value).__qualname__}({inside})"
    if isinstance(value, dict):
        pairs = (f"{stands(k, depth + 1)}: {stands(v, depth + 1)}" for k, v in value.items())
        return "{" + ", ".join(pairs) + "}"
    if isinstance(value, (list, tuple)):
        return f"{type(value).__name__}[{', '.join(stands(one, depth + 1) for one in value)}]"
    if isinstance(value, (set, frozenset)):
        return "{" + ", ".join(sorted(stands(one, depth + 1) for one in value)) + "}"
    return repr(value)


def cut(value: object) -> str:
    """Show a value, cut short; one that cannot be shown, by its type."""
    try:
        shown = repr(value)
    except Exception:
        shown = f"a {type(value).__name__}"
    return shown if len(shown) <= 60 else f"{shown[:60]}..."
