"""No small group can be worked out from what is shown of a table, not even by who knows how it was hidden."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmengine.hidden import LEAST, shown_rows

COUNTS = st.lists(st.integers(0, 60), min_size=1, max_size=8)


@given(COUNTS)
def test_of_people_who_stand_in_one_row_each(people: list[int]) -> None:
    shown, total = shown_rows(people, sum(people), apart=True)
    hidden = [count for count, yes in zip(people, shown, strict=True) if not yes]
    assert all(count >= LEAST for count, yes in zip(people, shown, strict=True) if yes)
    if total and hidden:
        assert sum(hidden) >= LEAST, "the total, less what is shown, is a small group"
        assert len(hidden) > 1, "the total, less what is shown, is one row"
    if total:
        assert sum(people) >= LEAST


@given(st.lists(st.sets(st.integers(0, 30), max_size=25), min_size=1, max_size=6))
def test_of_people_who_stand_in_several_rows(rows: list[set[int]]) -> None:
    everybody = set().union(*rows)
    people = list(map(len, rows))
    shown, total = shown_rows(people, len(everybody), apart=False)
    hidden = [row for row, yes in zip(rows, shown, strict=True) if not yes]
    assert all(len(row) >= LEAST for row, yes in zip(rows, shown, strict=True) if yes)
    if total:
        assert len(everybody) >= LEAST
        if hidden:
            assert len(set().union(*hidden)) >= LEAST
            assert len(hidden) > 1


@pytest.mark.parametrize(("rows", "most"), [(2, 40), (3, 22), (4, 14)])
def test_who_knows_how_it_was_hidden_cannot_undo_it(rows: int, most: int) -> None:
    """Of all small tables that are shown in the same way, no hidden count is the same in each of them."""
    alike: dict[tuple[tuple[int | None, ...], int | None], list[tuple[int, ...]]] = {}
    for people in product(range(most + 1), repeat=rows):
        shown, total = shown_rows(people, sum(people), apart=True)
        seen = tuple(count if yes else None for count, yes in zip(people, shown, strict=True))
        alike.setdefault((seen, sum(people) if total else None), []).append(people)
    for (seen, known), tables in alike.items():
        if known is not None:
            for n, count in enumerate(seen):
                assert count is not None or len({table[n] for table in tables}) > 1, (seen, known)


def test_tables_that_are_large_are_shown_whole_and_small_ones_not_at_all() -> None:
    assert shown_rows([11, 40], 51, apart=True) == ([True, True], True)
    assert shown_rows([5, 3], 8, apart=True) == ([False, False], False)
    assert shown_rows([8, 5, 30], 43, apart=True) == ([False, False, True], True)
    assert shown_rows([10, 30, 20], 60, apart=True) == ([False, True, False], True)
    assert shown_rows([8, 5, 30, 20], 35, apart=False) == ([False, False, True, False], True)
    assert shown_rows([6, 6], 12, apart=False) == ([False, False], True)
    assert shown_rows([], 0, apart=True) == ([], False)
