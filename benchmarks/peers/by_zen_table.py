"""zen-engine decides: a decision table a rule, as its editor makes them.

python -m peers.by_zen_table FOLDER LOG       (in the folder above)
"""

import json
import sys
from collections.abc import Sequence
from typing import Any

import zen
from peers.host import Facts, main
from script import BACK, CHANGE, DRINKS, VISIT

LADDER = "min([250 + 125 * (ordinal - 1), 2000])"
TABLES: dict[str, list[tuple[str, str, str]]] = {
    VISIT: [
        ("counted == 0 and ordinal % 3 == 0", LADDER, "1000"),
        ("counted == 0", LADDER, "null"),
    ],
    DRINKS: [("number <= target", "200", "")],
    BACK: [("gap >= 10", "250", "")],
    CHANGE: [("counted == 0", "500", "")],
}


def model(rows: list[tuple[str, str, str]]) -> str:
    """Write a decision: what goes in, a table of which the first row that fits counts, what comes out."""
    columns = ["worth", "bonus"] if rows[0][2] else ["worth"]
    content: dict[str, Any] = {
        "hitPolicy": "first",
        "inputs": [{"id": "when", "name": "when", "type": "expression"}],
        "outputs": [
            {"id": name, "name": name, "field": name, "type": "expression"} for name in columns
        ],
        "rules": [
            {"_id": f"row{n}", "when": when, "worth": worth, "bonus": bonus}
            for n, (when, worth, bonus) in enumerate(rows)
        ],
    }
    nodes = [
        {"id": "in", "name": "in", "type": "inputNode"},
        {"id": "table", "name": "table", "type": "decisionTableNode", "content": content},
        {"id": "out", "name": "out", "type": "outputNode"},
    ]
    edges = [
        {"id": f"{one}-{other}", "sourceId": one, "targetId": other, "type": "edge"}
        for one, other in (("in", "table"), ("table", "out"))
    ]
    return json.dumps({"nodes": nodes, "edges": edges})


ENGINE = zen.ZenEngine()
DECISIONS = {rule: ENGINE.create_decision(model(rows)) for rule, rows in TABLES.items()}


def decide(rule: str, facts: Facts) -> Sequence[float | None] | None:
    """Give what a rule earns."""
    found = DECISIONS[rule].evaluate(facts)["result"]
    if not found:
        return None
    return (found["worth"], found.get("bonus")) if rule == VISIT else (found["worth"],)


if __name__ == "__main__":
    main(sys.argv[1:], decide)
