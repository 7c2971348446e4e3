"""What no program may hand out, and where that is written. Pure."""

import re
from collections.abc import Iterator, Mapping

_COLORADO = (
    "Colorado, Office of the State Controller, incentives: osc.colorado.gov/incentives-resource"
)
_CALIFORNIA = "California DHCS, Recovery Incentives: cards not usable for it"
_SAMHSA = "SAMHSA, grants since January 2025: no cash"

# (category, where it is written, words). What only sounds like it is taken out first: a gun lock or an
# alcohol swab keeps people alive.
_CATEGORIES = (
    (
        "alcohol",
        f"{_CALIFORNIA}; {_COLORADO}",
        r"alcohol|beers?|wines?|liquors?|whiske?y|vodka|rum|gin|tequila|brewery|winery|bottle shop",
    ),
    (
        "tobacco",
        f"{_CALIFORNIA}; {_COLORADO}",
        r"tobacco|cigarettes?|e-?cigarettes?|cigars?|cigarillos?|vapes?|vaping|vape shop|smoke ?shop|hookah|snuff|snus",
    ),
    (
        "cannabis",
        f"{_CALIFORNIA}; {_COLORADO}",
        r"cannabis|marijuana|marihuana|weed|thc|dispensary|edibles|pre-?rolls?|hashish",
    ),
    (
        "firearms",
        _COLORADO,
        r"firearms?|guns?|handguns?|rifles?|pistols?|revolvers?|shotguns?|ammo|ammunition",
    ),
    (
        "lottery",
        _CALIFORNIA,
        r"lottery|lotto|lotteries|scratch-?(?:off|card|ticket)s?|scratch tickets?|powerball|mega millions"
        r"|casinos?|betting|gambling|sportsbook",
    ),
    (
        "cash",
        _SAMHSA,
        r"cash|money orders?|bank ?notes?|dollar bills?|cash ?app|venmo|paypal|atm cards?|bitcoin|crypto(?:currency)?",
    ),
)
_HARMLESS = re.compile(
    r"alcohol[ -](?:free|swabs?|pads?|wipes?|prep\w*)|(?:without|no) alcohol|rubbing alcohol|(?:root|ginger)[ -]?beer"
    r"|wine ?gums?|(?:tobacco|smoke)[ -]free|(?:gun|firearm)[ -](?:locks?|safes?)|(?:glue|massage|heat|water)[ -]guns?"
    r"|weed[ -](?:killer|puller)s?",
    re.IGNORECASE,
)
_WORDS = [
    (category, cite, re.compile(rf"(?<![a-z])(?:{words})(?![a-z])", re.IGNORECASE))
    for category, cite, words in _CATEGORIES
]

Found = tuple[tuple[str | int, ...], str, str]
"""Where in a table a thing stands, its category, and where it is written that it is not handed out."""


def forbidden(name: str) -> tuple[str, str] | None:
    """Give (category, where it is written) of what a thing or a brand is called after; None for others."""
    rest = _HARMLESS.sub(" ", " ".join(name.split()))
    return next(((category, cite) for category, cite, words in _WORDS if words.search(rest)), None)


def refusal(category: str, cite: str) -> str:
    """Say that it is not handed out, and where that is written."""
    return f"{category} is not handed out here ({cite})"


def forbidden_items(value: object, key: tuple[str | int, ...] = ()) -> Iterator[Found]:
    """Find each thing that a table of rewards gives under the key `item`, and that no program may hand out."""
    if isinstance(value, Mapping):
        for name, inside in value.items():
            if name == "item" and isinstance(inside, str) and (found := forbidden(inside)):
                yield (*key, name), *found
            yield from forbidden_items(inside, (*key, name))
    elif isinstance(value, list | tuple):
        for n, inside in enumerate(value):
            yield from forbidden_items(inside, (*key, n))
