"""business-rules decides: conditions on variables, and actions that say what is earned.

    python -m peers.by_business_rules FOLDER LOG       (in the folder above)

Its conditions cannot reckon: the rung of the ladder, and what is left of the count by three, are variables.
"""

import sys
from collections.abc import Sequence
from typing import Any

from business_rules import run_all
from business_rules.actions import BaseActions, rule_action
from business_rules.fields import FIELD_NUMERIC
from business_rules.variables import BaseVariables, numeric_rule_variable
from peers.host import Facts, main
from script import BACK, CHANGE, DRINKS, VISIT


class Known(BaseVariables):
    """The facts of one event."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts

    @numeric_rule_variable
    def counted(self) -> int:
        return self.facts["counted"]

    @numeric_rule_variable
    def third(self) -> int:
        return self.facts["ordinal"] % 3

    @numeric_rule_variable
    def above_target(self) -> int:
        return self.facts["number"] - self.facts["target"]

    @numeric_rule_variable
    def gap(self) -> int:
        return self.facts["gap"]


class Earns(BaseActions):
    """What the actions come to."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.amounts: list[float | None] = []

    @rule_action(params={"start": FIELD_NUMERIC, "step": FIELD_NUMERIC, "cap": FIELD_NUMERIC})
    def climb(self, start: int, step: int, cap: int) -> None:
        self.amounts += min(start + step * (self.facts["ordinal"] - 1), cap), None

    @rule_action(params={"cents": FIELD_NUMERIC})
    def bonus(self, cents: int) -> None:
        self.amounts[1] = cents

    @rule_action(params={"cents": FIELD_NUMERIC})
    def fixed(self, cents: int) -> None:
        self.amounts.append(cents)


def where(name: str, operator: str, value: int) -> dict[str, Any]:
    return {"name": name, "operator": operator, "value": value}


def fixed(cents: int) -> list[dict[str, Any]]:
    return [{"name": "fixed", "params": {"cents": cents}}]


FREE = where("counted", "equal_to", 0)
CLIMB = [{"name": "climb", "params": {"start": 250, "step": 125, "cap": 2000}}]
BONUS = [{"name": "bonus", "params": {"cents": 1000}}]
RULES: dict[str, list[dict[str, Any]]] = {
    VISIT: [
        {"conditions": {"all": [FREE]}, "actions": CLIMB},
        {"conditions": {"all": [FREE, where("third", "equal_to", 0)]}, "actions": BONUS},
    ],
    DRINKS: [
        {
            "conditions": {"all": [where("above_target", "less_than_or_equal_to", 0)]},
            "actions": fixed(200),
        }
    ],
    BACK: [
        {
            "conditions": {"all": [where("gap", "greater_than_or_equal_to", 10)]},
            "actions": fixed(250),
        }
    ],
    CHANGE: [{"conditions": {"all": [FREE]}, "actions": fixed(500)}],
}


def decide(rule: str, facts: Facts) -> Sequence[float | None] | None:
    """Give what a rule earns."""
    earns = Earns(facts)
    run_all(RULES[rule], Known(facts), earns)
    return earns.amounts or None


if __name__ == "__main__":
    main(sys.argv[1:], decide)
