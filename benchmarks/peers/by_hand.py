"""The host with plain Python for the engine: what the host itself costs, and that it is right.

python -m peers.by_hand FOLDER LOG       (in the folder above)
"""

import sys
from collections.abc import Sequence

from peers.host import Facts, main
from script import BACK, DRINKS, VISIT


def decide(rule: str, facts: Facts) -> Sequence[float | None] | None:
    """Give what a rule earns."""
    if rule == VISIT:
        if facts["counted"]:
            return None
        ordinal = facts["ordinal"]
        return min(250 + 125 * (ordinal - 1), 2000), 1000 if ordinal % 3 == 0 else None
    if rule == DRINKS:
        return (200,) if facts["number"] <= facts["target"] else None
    if rule == BACK:
        return (250,) if facts["gap"] >= 10 else None
    return None if facts["counted"] else (500,)


if __name__ == "__main__":
    main(sys.argv[1:], decide)
