"""A draw of the ledger once more, in front of whoever asks: the bowl, the number thrown, the slip."""

from random import Random
from typing import Any

from attrs import frozen

from cmengine.absent import Absent
from cmengine.dice import dice_from, slip_at, throw
from cmengine.errors import CMError, Mistake
from cmengine.evaluate import awards_of
from cmengine.ledger import AwardRow
from cmengine.model import Award, Occurrence, Odds, Rule
from cmengine.program import Program
from cmengine.recall import award_named, occurrence_of, place_of, rule_for
from cmengine.turns import Turn, turn_of, turns_of

Slips = tuple[tuple[int, Award], ...]
_TRIES = 8  # a reward with a way of its own hardly comes to the same slips so often
_ANY = dice_from(b"a secret of nobody's")


@frozen(kw_only=True)
class Thrown:
    """One throw for a slip: the n-th number of the dice (from 0), and the place of the slip (from 0)."""

    n: int
    number: int
    place: int


@frozen(kw_only=True)
class Drawn:
    """A draw, replayed. It is the `draw`-th of `draws` of its reward (both from 1).

    `thrown` is None where the reward draws in a way of its own. `agrees` says whether the slip is the
    award that the ledger has; `handed` is when a thing was handed over and which, or None.
    """

    row: AwardRow
    rule: Rule
    draw: int
    draws: int
    slips: Slips
    thrown: Thrown | None
    turn: Turn
    agrees: bool
    handed: tuple[str, str] | None

    @property
    def count(self) -> int:
        """How many slips are in the bowl."""
        return sum(count for count, _ in self.slips)


def throws(dice: Random, slips: Slips, draws: int) -> list[Thrown]:
    """Throw for so many slips, one after the other, with the dice of one reward."""
    count = sum(count for count, _ in slips)
    found = []
    for _ in range(draws):
        number, place = throw(dice, count)
        found.append(Thrown(n=dice.getstate()[0] - 1, number=number, place=place))
    return found


def draws_by_throws(rule: Rule, reward: int, occurrence: Occurrence) -> bool:
    """Say whether a reward draws the way that `draw` does, by its answers under secrets of nobody's."""
    kind: Any = rule.rewards[reward]
    draws, slips = kind.odds(occurrence)
    for n in range(_TRIES):
        thrown = throws(_ANY(str(n), rule.id, reward), slips, draws)
        would = [slip_at(slips, one.place) for one in thrown]
        if awards_of(rule, reward, occurrence, _ANY(str(n), rule.id, reward)) != would:
            return False
    return True


def replay_draw(program: Program, named: str) -> list[Drawn]:
    """Replay the draw that gave an award (its number, like ``17.1``), or all draws of an event (its id).

    Raises CMError in words where there is no such award or event, or nothing was drawn.
    """
    ledger = program.ledger
    if ledger.find_award(named) is None and ledger.find_event(named) is not None:
        rows = [row for row in ledger.awards("event = ?", named) if _odds(program, row)]
        if not rows:
            raise CMError(
                Mistake(
                    f"event '{named:.64}'",
                    "nothing was drawn for it",
                    "see what it earned with: cmengine explain --event",
                )
            )
    else:
        rows = [award_named(program, named)]
    return [_replayed(program, row) for row in rows]


def _odds(program: Program, row: AwardRow) -> tuple[int, Slips] | None:
    """Give how many draws an award's reward gave, and from which bowl; None where there was no draw."""
    if Absent(program).of(row.digest):
        return None
    reward: Any = rule_for(program, row).rewards[row.reward]
    draws, slips = reward.odds(occurrence_of(program, row)) if isinstance(reward, Odds) else (0, ())
    return (draws, slips) if draws else None


def _replayed(program: Program, row: AwardRow) -> Drawn:
    found = _odds(program, row)
    if found is None:
        raise CMError(_nothing_drawn(program, row))
    draws, slips = found
    rule, place = rule_for(program, row), place_of(program, row)
    kept = Award(label=row.label, cents=row.cents, item=row.item)
    dice = program.dice(row.event, row.rule, row.reward)
    own_way = not draws_by_throws(rule, row.reward, occurrence_of(program, row))
    thrown = None if own_way or place >= draws else throws(dice, slips, draws)[place]
    return Drawn(
        row=row,
        rule=rule,
        draw=place + 1,
        draws=draws,
        slips=slips,
        thrown=thrown,
        turn=turn_of(turns_of(program.ledger), row.event_seq),
        agrees=own_way or (thrown is not None and slip_at(slips, thrown.place) == kept),
        handed=_handed(program, row),
    )


def _nothing_drawn(program: Program, row: AwardRow) -> Mistake:
    absent = Absent(program).of(row.digest)
    if absent:
        return Mistake(f"award '{row.id}'", f"cannot be replayed just now: {absent}")
    certain = isinstance(rule_for(program, row).rewards[row.reward], Odds)
    what = "nothing was left to chance" if certain else "it was not drawn from a bowl"
    return Mistake(f"award '{row.id}'", what, f"see how it comes about: cmengine explain {row.id}")


def _handed(program: Program, row: AwardRow) -> tuple[str, str] | None:
    """Say when the thing on a slip was handed over, and which thing it was; None where it is still owed."""
    found = program.ledger.one(
        "select issued_at, item from vouchers where occurrence = ? and n = ?", row.occurrence, row.n
    )
    return None if found is None else (found["issued_at"], found["item"])
