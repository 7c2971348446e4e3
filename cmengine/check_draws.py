"""Check the draws of a program by yourself, without the program and without trusting anybody.

    python3 check_draws.py draws.json [COMMITMENT ...]

It needs nothing but Python. DRAWS.JSON is what the program has published. Each COMMITMENT is a hash that
you were given before the draws; it must be in the file. What is checked, and how a draw is worked out,
is all in this file: read it, or write your own.
"""

import hashlib
import hmac
import json
import sys
from pathlib import Path
from typing import Any

FORMAT = "cmengine draws 1"
BITS = 64
WRONG = (
    KeyError,
    TypeError,
    ValueError,
    IndexError,
    AttributeError,
    ArithmeticError,
    RecursionError,
)
"""What comes of reading something that is no file of draws."""


def commitment(secret: bytes) -> str:
    """Give the hash that the program wrote down before the first draw with a secret."""
    return hashlib.sha256(b"cmengine draw secret\n" + secret).hexdigest()


def slips_drawn(
    secret: bytes, event: str, rule: str, reward: int, slips: int, draws: int
) -> list[int]:
    """Give the places (from 0) of the slips that so many draws from a bowl of `slips` slips fall on."""
    places: list[int] = []
    n = 0
    while len(places) < draws:
        text = f"{event}\n{rule}\n{reward}\n{n}"
        digest = hmac.new(secret, text.encode(), hashlib.sha256).digest()
        number = int.from_bytes(digest[: BITS // 8], "big")
        if (
            number < 2**BITS // slips * slips
        ):  # else it is in the last, incomplete round: throw again
            places.append(number % slips)
        n += 1
    return places


def label_at(slips: list[dict[str, Any]], place: int) -> str:
    """Give what stands on the slip at a place (from 0)."""
    for slip in slips:
        if place < slip["count"]:
            return str(slip["label"])
        place -= slip["count"]
    raise IndexError("there are fewer slips in the bowl")


def check(document: dict[str, Any], known: list[str]) -> list[str]:
    """Check a file of draws; give everything that is wrong, in words.

    Raises KeyError, TypeError, ValueError, IndexError or AttributeError where it is no such file.
    """
    if document["format"] != FORMAT:
        raise ValueError("this is another kind of file")
    problems = []
    secrets: dict[str, bytes] = {}
    promised = [one["commitment"] for one in document["secrets"]]
    problems += [f"the commitment {one} is not in the file" for one in known if one not in promised]
    for one in document["secrets"]:
        if one["secret"] is None:
            continue
        secrets[one["commitment"]] = bytes.fromhex(one["secret"])
        if commitment(secrets[one["commitment"]]) != one["commitment"]:
            problems.append(f"the secret of {one['commitment']} is not the one that was promised")
    seen = set()
    for drawn in document["draws"]:
        name = f"event {drawn['event']}, rule {drawn['rule']}, reward {drawn['reward']}"
        if name in seen:
            problems.append(f"{name}: is there twice")
        seen.add(name)
        if drawn["commitment"] not in secrets:
            problems.append(f"{name}: its secret is not in the file")
            continue
        bowl = document["bowls"][drawn["bowl"]]
        if (bowl["rule"], bowl["reward"]) != (drawn["rule"], drawn["reward"]):
            problems.append(f"{name}: the bowl is another rule's")
        count = sum(slip["count"] for slip in bowl["slips"])
        places = slips_drawn(
            secrets[drawn["commitment"]],
            drawn["event"],
            drawn["rule"],
            drawn["reward"],
            count,
            len(drawn["slips"]),
        )
        for n, (place, label) in enumerate(zip(places, drawn["slips"], strict=True), start=1):
            falls_on = label_at(bowl["slips"], place)
            if falls_on != label:
                what = f"falls on slip {place + 1}, '{falls_on}', and not on '{label}'"
                problems.append(f"{name}: draw {n} {what}")
    return problems


def main(words: list[str]) -> int:
    """Check the file that is named; give 0 where all is well."""
    if not words or words[0].startswith("-"):
        print(__doc__)
        return 2
    try:
        document = json.loads(Path(words[0]).read_text(encoding="utf-8"))
        problems = check(document, words[1:])
    except OSError as error:
        print(f"{words[0]}: cannot be read: {error.strerror}", file=sys.stderr)
        return 2
    except WRONG as error:
        print(f"{words[0]}: is not a file of draws: {error!r}", file=sys.stderr)
        return 2
    for problem in problems:
        print(problem, file=sys.stderr)
    for one in document["secrets"]:
        state = "open" if one["secret"] is not None else "still shut"
        print(f"commitment {one['commitment']}, of {one['committed_at']}, {state}")
    print("Compare these with what you were given before the draws.")
    print(f"{len(document['draws'])} times drawn; {len(problems)} problems.")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
