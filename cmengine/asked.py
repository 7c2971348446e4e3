"""Ask a goal or a reward something, and put what it answers into plain values: text, numbers, lists.

Done in the room that strangers' parts are asked in, or here where there is none. Nothing of a plugin's
own making gets past this: what is handed on is read from what was checked, value by value.
"""

from collections.abc import Callable, Collection, Iterable
from itertools import islice
from random import Random
from typing import Any

from cmengine.contract import cut
from cmengine.evaluate import MOST_AWARDS, MOST_CENTS
from cmengine.memory import to_text
from cmengine.model import Award, Event, Met, Occurrence
from cmengine.nodice import Drawn
from cmengine.tariff import watching

Told = dict[str, Any]
"""What came of asking: "answer", or else "what" it did instead; "end" where there is no use in asking on in
this process, "drawn" where dice were thrown that refuse to be, "looked" at what of an occurrence."""

NO_MEMORY: Told = {"what": "asked for more memory than it may have", "end": True}
MOST_TOLD = 300  # letters of what a plugin raised


class Wrong(Exception):
    """An answer that cannot be; its text says what was answered."""


def told(part: Any, name: str, given: tuple[Any, ...]) -> Told:
    """Ask a part by the name of its method; say what came of it, whatever that is.

    Only a stop by hand (KeyboardInterrupt) goes through.
    """
    looked: set[str] = set()
    if name == "awards":
        occurrence, dice, watch = given
        if watch:
            occurrence, looked = watching(occurrence)
        given = (occurrence, dice)
    try:
        answer = _ANSWERS[name](part, *given)
    except Wrong as wrong:
        return {"what": str(wrong), "looked": sorted(looked)}
    except Drawn:
        return {"what": "threw dice that it was only shown", "drawn": True}
    except MemoryError:
        return NO_MEMORY
    except Exception as error:
        return {"what": f"raised {named(error)}", "looked": sorted(looked)}
    except (SystemExit, GeneratorExit) as error:
        return {"what": f"raised {named(error)}"}
    return {"answer": answer, "looked": sorted(looked)}


def named(error: BaseException) -> str:
    """Name what was raised; of what it says, only so much."""
    try:
        says = " ".join(str(error).split())
    except Exception:
        says = ""
    kind = type(error).__name__
    return f"{kind}: {says:.{MOST_TOLD}}" if says else kind


def _listens(goal: Any) -> list[str]:
    answer = goal.listens()
    if isinstance(answer, str) or not isinstance(answer, Collection):
        raise Wrong(f"answered {cut(answer)} instead of kinds of event")
    kinds = list(answer)
    if not all(type(kind) is str for kind in kinds):
        raise Wrong(f"answered {cut(answer)} instead of kinds of event")
    return sorted(kinds)


def _start(goal: Any) -> str:
    return _memory(goal.start())


def _step(goal: Any, memory: Any, event: Event) -> tuple[str, str | None]:
    answer = goal.step(memory, event)
    if not isinstance(answer, tuple) or len(answer) != 2:
        raise Wrong(f"answered {cut(answer)} instead of a memory and Met or None")
    after, met = answer
    if met is not None and type(met) is not Met:
        raise Wrong(f"answered {cut(met)} instead of Met or None")
    if met is not None and type(met.reason) is not str:
        raise Wrong(f"is met for the reason {cut(met.reason)}, which is not text")
    return _memory(after), None if met is None else _letters(met.reason)


def _memory(memory: Any) -> str:
    try:
        return _letters(to_text(memory))
    except TypeError as error:
        raise Wrong(f"remembers what cannot be kept: {error}") from error


def _awards(reward: Any, occurrence: Occurrence, dice: Random) -> list[tuple[str, int, str | None]]:
    answer = reward.awards(occurrence, dice)
    if isinstance(answer, str) or not isinstance(answer, Iterable):
        raise Wrong(f"gave {cut(answer)} instead of awards")
    awards = list(islice(answer, MOST_AWARDS + 1))
    if len(awards) > MOST_AWARDS:
        raise Wrong(f"gave more than {MOST_AWARDS} awards for one occurrence")
    return [_cells(award) for award in awards]


def _cells(award: Any) -> tuple[str, int, str | None]:
    if type(award) is not Award:
        raise Wrong(f"gave {cut(award)}, which is not an Award")
    if type(award.cents) is not int or not 0 <= award.cents <= MOST_CENTS:
        raise Wrong(f"gave an award of {cut(award.cents)} cents")
    if type(award.label) is not str or type(award.item) not in (str, type(None)):
        raise Wrong("gave an award whose label or item is not text")
    item = None if award.item is None else _letters(award.item)
    return _letters(award.label), award.cents, item


def _letters(text: str) -> str:
    """Give a text that can be kept; half a letter cannot."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise Wrong(f"answered {text!a:.60}, which is no text") from error
    return text


def _text(name: str) -> Callable[..., str]:
    def ask(part: Any, given: Any) -> str:
        answer = getattr(part, name)(given)
        if type(answer) is not str:
            raise Wrong(f"answered {cut(answer)} instead of words")
        return _letters(answer)

    return ask


def _finished(goal: Any, memory: Any) -> bool:
    return bool(goal.finished(memory))


def _odds(
    reward: Any, occurrence: Occurrence
) -> tuple[int, list[tuple[int, tuple[str, int, str | None]]]]:
    draws, slips = reward.odds(occurrence)
    found = [(count, _cells(award)) for count, award in slips]
    if not all(type(one) is int for one in (draws, *(count for count, _ in found))):
        raise Wrong(f"answered {cut((draws, slips))} instead of draws and slips")
    return draws, found


_ANSWERS: dict[str, Callable[..., Any]] = {
    "listens": _listens,
    "start": _start,
    "step": _step,
    "finished": _finished,
    "hint": _text("hint"),
    "awards": _awards,
    "arithmetic": _text("arithmetic"),
    "promise": _text("promise"),
    "odds": _odds,
}
