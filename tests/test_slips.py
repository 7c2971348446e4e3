"""A slip in a client's code is mended; nobody else's code is shown."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmengine.slips import code_meant, code_words

CODES = st.lists(st.text("abcoilO0I1-_29", min_size=1, max_size=6), unique=True, max_size=8)


@pytest.mark.parametrize(
    "typed",
    ["C001", "cOO1", "c00l", "c00I", "c1", "c01", "c0001", "c-001", "c_001", "c 1", "C-OOI"],
)
def test_a_slip_of_the_pen_is_mended(typed: str) -> None:
    assert code_words(typed, ["c001", "c002", "c010"]) == "did you mean 'c001'?"


@pytest.mark.parametrize("typed", ["c009", "c99", "c", "", "-", "d001", "c0011", "c100", "c003"])
def test_a_code_that_is_merely_like_it_is_nobody_elses_to_see(typed: str) -> None:
    assert code_words(typed, ["c001", "c002", "c005", "c010"]) == ""


@given(codes=CODES, typed=st.text("abcoilO0I1-_29", max_size=6))
def test_never_more_than_one_and_only_the_same(codes: list[str], typed: str) -> None:
    def plain(code: str) -> str:
        said = code.lower().replace("o", "0").replace("i", "1").replace("l", "1")
        said = said.replace("-", "").replace("_", "")
        return "".join(
            one
            for n, one in enumerate(said)
            if one != "0"
            or not said[n + 1 : n + 2].isdigit()
            or said[:n].rstrip("0")[-1:].isdigit()
        )

    same = [one for one in codes if plain(typed) and plain(one) == plain(typed)]
    assert code_meant(typed, codes) == (same[0] if len(same) == 1 else None)


def test_two_that_are_the_same_are_not_told() -> None:
    assert code_meant("c1", ["c01", "c001"]) is None
