"""A mistake that somebody can mend: shown as lines, never as a traceback."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from cmengine.refusals import Refusal


class Mistake(NamedTuple):
    """One thing that is wrong: where, what, and what to do about it."""

    where: str
    what: str
    todo: str = ""

    def __str__(self) -> str:
        return f"{self.where}: {self.what}" + (f"; {self.todo}" if self.todo else "")


class CMError(Exception):
    """Everything that stands in the way, all of it at once. Nothing has been written."""

    def __init__(self, *mistakes: Mistake) -> None:
        super().__init__(*mistakes)
        self.mistakes = mistakes

    def __str__(self) -> str:
        return "\n".join(str(mistake) for mistake in self.mistakes)


class Fault(CMError):
    """A rule that could not be worked out: `rule` names it, `problem` says why, with the plugin in it.

    Its plugin is not there, raised, gave no answer in time, or one that cannot be.
    """

    def __init__(self, rule: str, problem: str, plugin: str = "") -> None:
        where = f"plugin '{plugin}'" if plugin else f"rule '{rule}'"
        what = f"rule '{rule}': {problem}" if plugin else problem
        super().__init__(Mistake(where, what, "mend the plugin, or remove it"))
        self.rule = rule
        self.problem = f"{where}: {problem}" if plugin else problem


class Refused(CMError):
    """Something that the program says no to, though nobody made a mistake. `refusals` say why, and what
    can be done instead.
    """

    def __init__(self, refusals: "Iterable[Refusal]", *mistakes: Mistake) -> None:
        super().__init__(*mistakes)
        self.refusals = tuple(refusals)


MOST_NAMED = (
    100  # letters of a word that is there: it may come from a file that is not what it should be
)


def closest(word: str, known: Iterable[str]) -> str | None:
    """Find the known word that may have been meant."""
    import difflib  # only where something is misspelt

    return next(iter(difflib.get_close_matches(word, sorted(known), n=1, cutoff=0.6)), None)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Say which known word may have been meant, or else which ones there are."""
    words = sorted(known)
    close = closest(word, words)
    if close:
        return f"did you mean '{close:.{MOST_NAMED}}'?"
    if not words:
        return ""
    shown = ", ".join(f"'{known_word:.{MOST_NAMED}}'" for known_word in words[:8])
    return f"there is {shown}" + (f" and {len(words) - 8} more" if len(words) > 8 else "")


MOST_SHOWN = 50


def first_of(
    mistakes: Sequence[Mistake], where: str, todo: str, more: int = 0
) -> Sequence[Mistake]:
    """Give the first 50 of the mistakes in a file, and where there are more, last how many. `more` were counted
    beyond `mistakes`.
    """
    more += max(0, len(mistakes) - MOST_SHOWN)
    if not more:
        return mistakes
    what = f"and {more:,} more {'mistake' if more == 1 else 'mistakes'}"
    return [*mistakes[:MOST_SHOWN], Mistake(where, what, todo)]


def stop_if(mistakes: Iterable[Mistake]) -> None:
    """Raise CMError with every mistake, if there is any."""
    found = tuple(mistakes)
    if found:
        raise CMError(*found)
