"""Who is counted by what they said of themselves, and only with their consent: strata such as ``age = 25-34``.

A stratum is something that a client said and wants counted. It is kept where it can be erased, is counted
while their consent to `equity` stands, and is shown for groups of 11 and more alone.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from cmengine.errors import Mistake, stop_if
from cmengine.hidden import LEAST, shown_rows
from cmengine.program import Program

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}", re.ASCII)
MOST_VALUE = 60
ABOUT = "stratum:"

Rows = list[dict[str, Any]]


def strata_of(program: Program, client: str) -> dict[str, str]:
    """Give what a client said of themselves, by name. Raises CMError where there is no such client."""
    program.must_have(client)
    found = program.ledger.personal(client)
    return {
        about.removeprefix(ABOUT): text
        for about, text in sorted(found.items())
        if about.startswith(ABOUT)
    }


def keep_strata(program: Program, client: str, pairs: Sequence[str]) -> dict[str, str]:
    """Keep what a client said of themselves, each ``NAME=VALUE``; without a value it is erased. Give all of it.

    Raises CMError with every mistake.
    """
    wanted, mistakes = {}, []
    for pair in pairs:
        name, sign, value = pair.partition("=")
        value = " ".join(value.split())
        if not sign or not _NAME.fullmatch(name):
            what = "is not NAME=VALUE, with a name of small letters, digits, _ and -"
            mistakes.append(Mistake(f"'{name:.40}'", what, "write it like age=25-34"))
        elif len(value) > MOST_VALUE or not value.isprintable():
            what = f"is longer than {MOST_VALUE} letters, or holds signs that cannot be seen"
            mistakes.append(Mistake(f"the value of '{name}'", what, "say it in a few words"))
        wanted[name] = value
    stop_if(mistakes)
    program.must_have(client)
    ledger = program.ledger
    with ledger.writing():
        for name, value in wanted.items():
            ledger.change_personal(client, ABOUT + name, value)
    return strata_of(program, client)


def by_strata(rows: Rows, enrolled: int) -> Rows:
    """Give what was counted by strata, each with its total; small groups are hidden, also by difference.

    Those who did not agree are in the program's own sums, so they count as a group that is never shown.
    """
    tables: dict[str, Rows] = {}
    for row in rows:
        tables.setdefault(row["stratum"], []).append(row)
    found = []
    for stratum, lines in tables.items():
        counts = [row["clients"] for row in lines]
        others = enrolled - sum(counts)
        few = [others] if 0 < others < LEAST else []
        shown, total = shown_rows([*counts, *few], sum([*counts, *few]), apart=True)
        whole = {name: sum(row[name] for row in lines) for name in ("clients", "times", "cents")}
        found.append(
            {
                "stratum": stratum,
                "rows": [
                    {"value": row["value"], **_means(row if yes else None)}
                    for row, yes in zip(lines, shown, strict=False)
                ],
                "total": _means(whole if total and not few else None),
            }
        )
    return found


def _means(row: Mapping[str, int] | None) -> dict[str, Any]:
    if row is None:
        return {"clients": None, "mean_times": None, "mean_cents": None}
    count = row["clients"]
    return {
        "clients": count,
        "mean_times": round(row["times"] / count, 1),
        "mean_cents": round(row["cents"] / count),
    }
