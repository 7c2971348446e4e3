"""What it gives, to the cent. That it punishes nobody is tried as well: see pyproject.toml."""

from datetime import date
from random import Random

import pytest
from cmengine_new_reward import NewReward

from cmengine import Award, Occurrence


def gives(ordinal: int) -> list[Award]:
    """What the `ordinal`-th time earns, with a worth of 2.50."""
    time = Occurrence(
        rule="my-rule",
        on=date(2026, 1, 5),
        value=None,
        ordinal=ordinal,
        slot=None,
        reason="visit",
    )
    return list(NewReward(worth="2.50").awards(time, Random(0)))


@pytest.mark.parametrize("ordinal", [1, 2, 10])
def test_each_time_is_worth_the_same(ordinal: int) -> None:
    assert gives(ordinal) == [Award(label="voucher 2.50", cents=250)]
