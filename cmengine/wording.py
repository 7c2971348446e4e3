"""Words about people, and better ones: which stand in a text, and in which line.

The list that ships is `words.toml` beside this file. A program may add words of its own, and phrases that it
allows, in `words.toml` of its folder; what it allows is told whenever its rules are checked.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal, NamedTuple

from attrs import field, frozen

from cmengine.errors import Mistake, stop_if
from cmengine.options import Place, read_options
from cmengine.toml import parse, read_text

WORDS = "words.toml"
Severity = Literal["block", "warn"]
_ENDING = r"(?:['’]s|es|s)?"
_GAP = r"[\s\-‐‑]"
_AMOUNT = re.compile(
    r"[$€£¥]\s?\d|\d\s?[$€£¥]|(?<![\d.,])\d{1,6}[.,]\d\d(?![\d.,]*\d)|\b(?:USD|EUR|GBP|CAD|MXN)\b"
)
_REACH = 90  # letters between praise and what takes it back, within a line


@frozen(kw_only=True)
class Word:
    """A word to avoid, and what to say instead. `row` is its number in the list that ships, or none."""

    avoid: tuple[str, ...]
    say: str
    severity: Severity = "warn"
    source: str
    row: int | None = None
    spanish: tuple[str, ...] = ()
    safe: tuple[str, ...] = ()
    machines: bool = False
    capitals: bool = False


@frozen(kw_only=True)
class Manner:
    """What a message may not do. With `after`, only what follows one of these words is meant."""

    rule: str
    avoid: tuple[str, ...]
    say: str
    after: tuple[str, ...] = ()


@frozen(kw_only=True)
class Telling:
    """Words that would tell somebody else about a client: what they are about, and which."""

    about: str
    avoid: tuple[str, ...]


@frozen(kw_only=True)
class Allowed:
    """A phrase that a program allows although a word in it is on the list, and why."""

    phrase: str
    because: str


@frozen
class Finding:
    """A word in a text: its line, the word as it stands there, what to say, and how much it matters."""

    line: int
    found: str
    say: str
    severity: Severity
    why: str
    start: int = field(default=0, eq=False)

    @property
    def what(self) -> str:
        """Say what is wrong."""
        return f"'{self.found}': {self.why}"


class Wordbook:
    """A list of words, ready to look for all of them at once."""

    def __init__(
        self,
        words: Sequence[Word],
        manners: Sequence[Manner] = (),
        telling: Sequence[Telling] = (),
        allowed: Sequence[Allowed] = (),
    ) -> None:
        self.words, self.manners, self.telling, self.allowed = (
            tuple(words),
            tuple(manners),
            tuple(telling),
            tuple(allowed),
        )
        terms = [(term, word) for word in words for term in (*word.avoid, *word.spanish)]
        terms.sort(key=lambda one: -len(one[0]))  # the longest that fits is the one that is meant
        self._meant = [word for _, word in terms]
        self._pattern = re.compile("|".join(f"({_term(*one)})" for one in terms))
        safe = [term for word in words for term in word.safe] + [one.phrase for one in allowed]
        self._safe = any_of(safe)
        self._manners = [(one, any_of(one.after), any_of(one.avoid)) for one in manners]
        self._telling = [(one.about, any_of(one.avoid)) for one in telling]

    def find(self, text: str, *, own: Iterable[str] = (), software: bool = False) -> list[Finding]:
        """Find the words of the list in a text. What is a client's own in it is not looked at.

        With `software`, the text documents software: what may speak of a machine is let be.
        """
        seen = _without(text, own)
        safe = [found.span() for found in self._safe.finditer(seen)]
        found = []
        for match in self._pattern.finditer(seen):
            word = self._meant[(match.lastindex or 1) - 1]
            inside = any(begin <= match.start() and match.end() <= end for begin, end in safe)
            if not (inside or (software and word.machines)):
                found.append(_finding(text, match, word.say, word.severity, "is a word to avoid"))
        return found

    def manner(self, text: str, *, own: Iterable[str] = ()) -> list[Finding]:
        """Find what a message may not do: take praise back, compare, be disappointed, press."""
        seen = _without(text, own)
        found = []
        for manner, after, avoid in self._manners:
            for match in avoid.finditer(seen):
                before = seen[max(0, match.start() - _REACH) : match.start()].rpartition("\n")[2]
                if not manner.after or after.search(before):
                    why = f"a message has {manner.rule}"
                    found.append(_finding(text, match, manner.say, "block", why))
        return sorted(found, key=lambda one: one.start)

    def tells(self, text: str, *, own: Iterable[str] = (), program: str = "") -> list[Finding]:
        """Find what would tell somebody else: a drug, a test, the program, a reward, an amount."""
        seen = _without(text, own)
        say = "say it without, or ask the client whether they want the fuller text"
        looked = [*self._telling, ("an amount", _AMOUNT), ("the program", _name(program))]
        found = [
            _finding(text, match, say, "block", f"tells of {about}")
            for about, pattern in looked
            for match in pattern.finditer(seen)
        ]
        return sorted(found, key=lambda one: one.start)


def blocked(
    text: str,
    *,
    own: Iterable[str] = (),
    fuller: bool = False,
    program: str = "",
    words: "Wordbook | None" = None,
) -> list[Finding]:
    """Give the reasons why a message may not be sent as it is; none, where it may.

    `own` are the client's own words in it, which nothing looks at; `program` is the program's name. With
    `fuller`, what only somebody who reads over a shoulder may not see is let be: the client asked for it.
    """
    book, own = words or shipped(), tuple(own)
    found = [one for one in book.find(text, own=own) if one.severity == "block"]
    found += book.manner(text, own=own)
    found += [] if fuller else book.tells(text, own=own, program=program)
    return sorted(found, key=lambda one: one.start)


def any_of(terms: Sequence[str]) -> re.Pattern[str]:
    """Make a pattern of several terms, the longest first; of none, one that is never found."""
    ordered = sorted(terms, key=lambda one: -len(one))
    return re.compile("|".join(_term(one) for one in ordered) or r"(?!)")


def _term(term: str, word: Word | None = None) -> str:
    """Write a term of the list as a pattern."""
    every = term.split()
    parts = [_one(each, last=n == len(every) - 1) for n, each in enumerate(every)]
    flags = "" if word is not None and word.capitals else "i"
    body = rf"(?<![\w]){(_GAP + '+').join(parts)}(?![\w])"
    return f"(?{flags}:{body})" if flags else f"(?:{body})"


def _one(each: str, *, last: bool) -> str:
    if each == "*":
        return r"[\w'’]+"
    ways = []
    for way in each.split("|"):
        stem = way.endswith("~")
        text = re.escape(way.removesuffix("~")).replace("'", "['’]").replace(r"\-", _GAP + "*")
        ways.append(text + (r"\w*" if stem else _ENDING if last else ""))
    return f"(?:{'|'.join(ways)})"


def _without(text: str, own: Iterable[str]) -> str:
    """Put something that is no word in the place of a client's own words."""
    for words in sorted({one for one in own if one and one.strip()}, key=len, reverse=True):
        begins = r"(?<!\w)" if re.match(r"\w", words) else ""
        ends = r"(?!\w)" if re.search(r"\w\Z", words) else ""
        text = re.sub(f"{begins}{re.escape(words)}{ends}", "\0" * len(words), text)
    return text


def _name(program: str) -> re.Pattern[str]:
    """Find a program's name, or a long word of it."""
    long = [word for word in re.findall(r"\w+", program) if len(word) > 4]
    return any_of([program, *long] if program.strip() else [])


def _finding(text: str, match: re.Match[str], say: str, severity: Severity, why: str) -> Finding:
    line = text.count("\n", 0, match.start()) + 1
    shown = " ".join(text[match.start() : match.end()].split())
    return Finding(line, shown, say, severity, why, match.start())


# Reading the lists


class _Lists(NamedTuple):
    words: list[Word]
    manners: list[Manner]
    telling: list[Telling]
    allowed: list[Allowed]


_PARTS: Mapping[str, tuple[type[Any], str]] = {
    "word": (Word, "words"),
    "message": (Manner, "manners"),
    "private": (Telling, "telling"),
    "allow": (Allowed, "allowed"),
}
_OF_A_PROGRAM = ("word", "allow")


@lru_cache(maxsize=1)
def shipped() -> Wordbook:
    """Give the list that ships."""
    path = Path(str(files("cmengine") / WORDS))
    lists, mistakes = _read(path, ("word", "message", "private"))
    stop_if(mistakes)
    return Wordbook(lists.words, lists.manners, lists.telling)


def words_of(folder: Path | None) -> Wordbook:
    """Give the list that holds in a program: the one that ships, and its own. Raises CMError."""
    if folder is None or not (folder / WORDS).is_file():
        return shipped()
    lists, mistakes = _read(folder / WORDS, _OF_A_PROGRAM)
    stop_if(mistakes)
    ours = shipped()
    return Wordbook([*lists.words, *ours.words], ours.manners, ours.telling, lists.allowed)


def _read(path: Path, parts: Sequence[str]) -> tuple[_Lists, list[Mistake]]:
    tables, place = parse(read_text(path), str(path))
    lists = _Lists([], [], [], [])
    mistakes = [
        place.at(key).wrong(
            f"'{key}' does not belong here", f"begin with [[{']] or [['.join(parts)}]]"
        )
        for key in tables
        if key not in parts
    ]
    for part in parts:
        cls, name = _PARTS[part]
        listed = tables.get(part, [])
        if not isinstance(listed, list) or not all(isinstance(one, Mapping) for one in listed):
            todo = f"begin each with [[{part}]], in double brackets"
            mistakes.append(place.at(part).wrong(f"{part} must be a list of tables", todo))
            continue
        for n, table in enumerate(listed):
            one, wrong = read_options(cls, table, place.at(part, n), called=part)
            mistakes += wrong
            if one is not None:
                getattr(lists, name).append(one)
                mistakes += _unclear(one, place.at(part, n))
    return lists, mistakes


def _unclear(one: Any, place: Place) -> list[Mistake]:
    """Find a term with nothing in it: it would be found everywhere."""
    terms = [one.phrase] if isinstance(one, Allowed) else [*one.avoid]
    bare = [term for term in terms if not re.search(r"\w\w", term)]
    mistakes = [place.wrong(f"'{term:.40}' is no word", "write a word") for term in bare]
    if not terms:
        mistakes.append(place.wrong("avoid is empty", "name at least one word"))
    if isinstance(one, Allowed) and not one.because.strip():
        mistakes.append(place.at("because").wrong("because is empty", "say why it is allowed"))
    return mistakes
