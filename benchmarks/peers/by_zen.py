"""zen-engine decides: an expression a rule, compiled once.

python -m peers.by_zen FOLDER LOG       (in the folder above)
"""

import sys
from collections.abc import Sequence

import zen
from peers.host import Facts, main
from script import BACK, CHANGE, DRINKS, VISIT

RULES = {
    VISIT: "counted == 0 ? [min([250 + 125 * (ordinal - 1), 2000]), ordinal % 3 == 0 ? 1000 : null] : null",
    DRINKS: "number <= target ? [200] : null",
    BACK: "gap >= 10 ? [250] : null",
    CHANGE: "counted == 0 ? [500] : null",
}
COMPILED = {rule: zen.compile_expression(text) for rule, text in RULES.items()}


def decide(rule: str, facts: Facts) -> Sequence[float | None] | None:
    """Give what a rule earns."""
    found: Sequence[float | None] | None = COMPILED[rule].evaluate(facts)
    return found


if __name__ == "__main__":
    main(sys.argv[1:], decide)
