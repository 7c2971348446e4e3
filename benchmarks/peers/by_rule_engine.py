"""rule-engine decides: an expression a rule, parsed once, its symbols typed.

python -m peers.by_rule_engine FOLDER LOG       (in the folder above)
"""

import sys
from collections.abc import Sequence

from peers.host import Facts, main
from rule_engine import Context, DataType, Rule, type_resolver_from_dict
from script import BACK, CHANGE, DRINKS, VISIT

NUMBERS = Context(
    type_resolver=type_resolver_from_dict(
        dict.fromkeys(("ordinal", "counted", "gap", "number", "target"), DataType.FLOAT)
    )
)
RULES = {
    VISIT: "counted == 0 ? [ordinal >= 15 ? 2000 : 250 + 125 * (ordinal - 1),"
    " ordinal % 3 == 0 ? 1000 : null] : null",
    DRINKS: "number <= target ? [200] : null",
    BACK: "gap >= 10 ? [250] : null",
    CHANGE: "counted == 0 ? [500] : null",
}
PARSED = {rule: Rule(text, context=NUMBERS) for rule, text in RULES.items()}


def decide(rule: str, facts: Facts) -> Sequence[float | None] | None:
    """Give what a rule earns."""
    found: Sequence[float | None] | None = PARSED[rule].evaluate(facts)
    return found


if __name__ == "__main__":
    main(sys.argv[1:], decide)
