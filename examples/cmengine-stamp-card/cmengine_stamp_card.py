"""A stamp card: a stamp for each new thing somebody tries, and a voucher for a full card.

It shows everything that a plugin can add: a goal with a memory, a reward, and a command.
"""

from collections.abc import Collection, Iterable
from random import Random
from typing import Any, ClassVar

import click
from attrs import field, frozen, validators

from cmengine import Award, Event, Goal, Met, Occurrence, Reward, cents, dollars, hookimpl


@frozen(kw_only=True)
class SomethingNew:
    """Met by each value of `event` that has not been there before, such as a group tried for the
    first time.

    Capitals and blanks make no difference. What was there before stays known, so nothing is new twice,
    and nothing else that happens changes what is new.
    """

    kind: ClassVar[str] = "something_new"

    event: str

    def listens(self) -> Collection[str]:
        return (self.event,)

    def start(self) -> frozenset[str]:
        return frozenset()

    def step(self, memory: frozenset[str], event: Event) -> tuple[frozenset[str], Met | None]:
        words = "" if event.value is None else str(event.value)
        plain = " ".join(words.split()).casefold()
        if not plain or plain in memory:
            return memory, None
        return memory | {plain}, Met(reason=f"{words}, for the first time")

    def samples(self) -> Iterable[tuple[str, str | None]]:
        return [
            (self.event, "art"),
            (self.event, "cooking"),
            (self.event, " Art "),
            (self.event, None),
        ]


@frozen(kw_only=True)
class StampCard:
    """A stamp each time; each full card of `stamps` stamps is worth `worth`.

    A card is never too old, and a stamp is never taken off.
    """

    kind: ClassVar[str] = "stamp_card"

    stamps: int = field(validator=[validators.ge(1), validators.le(100)])
    worth: int = field(converter=cents)

    def awards(self, occurrence: Occurrence, dice: Random) -> Iterable[Award]:
        rest = occurrence.ordinal % self.stamps
        if rest:
            yield Award(label=f"stamp {rest} of {self.stamps}")
        else:
            yield Award(label=f"full card {dollars(self.worth)}", cents=self.worth)

    def arithmetic(self, occurrence: Occurrence) -> str:
        return "" if occurrence.ordinal % self.stamps else dollars(self.worth)


@click.command("stamp-card")
@click.argument("stamps", type=click.IntRange(1, 100))
@click.option("--full", metavar="N", type=click.IntRange(0), default=0, help="How many it has.")
def stamp_card(stamps: int, full: int) -> None:
    """Print a card for so many STAMPS, to be filled in by hand."""
    marks = [("[x]" if number <= full else "[ ]") for number in range(1, stamps + 1)]
    for row in range(0, stamps, 5):
        click.echo(" ".join(marks[row : row + 5]))


@hookimpl
def register_goals() -> list[type[Goal[Any]]]:
    return [SomethingNew]


@hookimpl
def register_rewards() -> list[type[Reward]]:
    return [StampCard]


@hookimpl
def register_commands(cli: click.Group) -> None:
    cli.add_command(stamp_card)
