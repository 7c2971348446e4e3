"""Fold rare things together, so that everything that is said is said of at least so many people. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from attrs import Factory, define

LEAST = 11
"""Of how many people at least something is said.

Cells of fewer than 11 are not shown: the smallest cell that the Centers for Medicare & Medicaid Services
let be published (CMS Cell Size Suppression Policy, 2020).
"""
OTHER = "(other)"

Key = tuple[Any, ...]


@define
class Cell:
    """How many things there are of one sort, what they add up to, and whom they concern where those are few."""

    count: int
    sums: tuple[int, ...]
    people: int
    who: frozenset[str] = Factory(frozenset)


def fold(
    cells: Mapping[Key, Cell], coarser: Sequence[Mapping[int, Any]], least: int = LEAST
) -> tuple[dict[Key, Cell], int]:
    """Fold cells of fewer than `least` people into coarser ones, step by step; give the cells that can be
    shown, and how many things are in none.

    Each step of `coarser` says by its place which parts of a key are told less exactly, and how: by a
    function, or by one word for all. `who` must name the people of each cell of fewer than `least`.
    """
    shown: dict[Key, Cell] = {}
    left = dict(cells)
    for step in ({}, *coarser):
        met: dict[Key, Cell] = {}
        for key, cell in left.items():
            told = tuple(_told(part, step.get(n)) for n, part in enumerate(key))
            met[told] = _together(met[told], cell) if told in met else cell
        left = {}
        for key, cell in met.items():
            if cell.people < least or key in shown:
                left[key] = cell
            else:
                shown[key] = cell
    return shown, sum(cell.count for cell in left.values())


def _told(part: Any, how: Any) -> Any:
    if how is None or part is None:
        return part
    return how(part) if callable(how) else how


def _together(one: Cell, other: Cell) -> Cell:
    who = one.who | other.who
    return Cell(
        one.count + other.count,
        tuple(a + b for a, b in zip(one.sums, other.sums, strict=True)),
        len(who),
        who,
    )


def year(month: str) -> str:
    """Tell a month as its year."""
    return month[:4]


def rows_of(shown: Mapping[Key, Cell]) -> Iterable[tuple[Any, ...]]:
    """Give cells as rows, in the order of what they are of: key, count, sums, people."""
    for key in sorted(shown, key=lambda key: tuple(str(part or "") for part in key)):
        cell = shown[key]
        yield (*key, cell.count, *cell.sums, cell.people)
