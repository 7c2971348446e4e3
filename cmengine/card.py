"""A client's card: what they chose, how often so far, what is here for them, what comes next. Shown to them, or given.

No program, no condition, no date, no code: whoever finds it learns nothing. Their own words stand on it as they
said them, unless they want it without.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, get_args

from attrs import frozen

from cmengine.overview import GoalView, Overview
from cmengine.telling import tell
from cmengine.wording import Wordbook

Kind = Literal["name", "head", "own", "marks", "count", "text", "end"]
Shape = Literal["square", "dot", "ring"]
LETTERS: dict[Shape, str] = {"square": "■", "dot": "●", "ring": "○"}
MOST_DOTS = 20  # with more, ten of them are a square
_SIGNS: dict[str, Kind] = dict(
    zip(("#", "##", ">", "*", "=", "-", "!"), get_args(Kind), strict=True)
)


@frozen
class Line:
    """A line of a card. Of `marks`, `times` is how many, and `more` whether there can be one more."""

    kind: Kind
    text: str
    times: int = 0
    more: bool = False

    @property
    def rows(self) -> list[list[Shape]]:
        """The marks, in groups of five: a square for ten where there are many, a dot for one, a ring for one to come."""
        squares = self.times // 10 if self.times > MOST_DOTS else 0
        tens: list[Shape] = ["square"] * squares
        ones: list[Shape] = ["dot"] * (self.times - 10 * squares)
        ones += ["ring"] * self.more
        return [part[n : n + 5] for part in (tens, ones) for n in range(0, len(part), 5)]


@frozen
class Card:
    """A card, line by line, in a language."""

    language: str
    lines: tuple[Line, ...]


def card_of(
    seen: Overview,
    *,
    language: str,
    currency: str,
    program: str,
    book: Wordbook,
    own_words: bool = True,
    folder: Path | None = None,
) -> Card:
    """Make the card of a client. `program` is the program's name, which is not on it; without `own_words`,
    neither is what they said themselves.
    """

    def quiet(things: Sequence[str]) -> tuple[str, ...]:
        return tuple(one for one in things if not book.tells(one, program=program))

    def goal(view: GoalView) -> dict[str, object]:
        title = view.title
        told = bool(book.tells(title, program=program) or book.find(title))
        following = view.next
        return {
            "words": _line(view.choice.words) if own_words else "",
            "title": "" if told else _line(title),
            "times": view.times,
            "more": following is None or not following.done,
            "cents": following.cents if following else 0,
            "things": quiet(following.items) if following else (),
            "draws": following is not None and following.draws,
        }

    facts = {
        "called": _line(seen.name),
        "currency": currency,
        "goals": [goal(view) for view in seen.goals],
        "cents": seen.balance.waiting,
        "labels": quiet(seen.items),
        "strengths": [*filter(None, map(_line, seen.strengths))] if own_words else [],
    }
    return Card(
        language, tuple(map(_read, tell("card", language, facts, folder=folder).split("\n")))
    )


def _line(words: str) -> str:
    """Put words on one line."""
    return " ".join(words.split())


def _read(line: str) -> Line:
    sign, _, text = line.partition(" ")
    kind = _SIGNS[sign]
    if kind != "marks":
        return Line(kind, text)
    times, _, more = text.partition(" ")
    return Line(kind, "", int(times), bool(more))


def in_letters(card: Card) -> list[str]:
    """Write a card for a terminal."""
    lines: list[str] = []
    for line in card.lines:
        if line.kind in ("head", "end"):
            lines.append("")
        lines.append(_in_letters(line))
    return lines


def _in_letters(line: Line) -> str:
    if line.kind == "marks":
        return "    " + " ".join("".join(LETTERS[shape] for shape in row) for row in line.rows)
    if line.kind == "own":
        return f"    “{line.text}”"
    return (
        line.text
        if line.kind in ("name", "end")
        else f"  {'  ' * (line.kind != 'head')}{line.text}"
    )
