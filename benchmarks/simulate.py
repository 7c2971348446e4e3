"""How long it takes to simulate a program: 10,000 clients, 48 visits each, 1,000 trials.

    python benchmarks/simulate.py

Prints it against plain evaluation, event by event, of a small share of the same visits.
"""

import time
from collections.abc import Sequence
from datetime import date
from random import Random

from attrs import evolve

from cmengine.budget import forecast
from cmengine.course import Course, opportunities
from cmengine.dice import dice_from
from cmengine.evaluate import play
from cmengine.issuing import Hand
from cmengine.limits import Cap
from cmengine.model import Rule
from cmengine.plugins import load_plugins
from cmengine.rules import Reader
from cmengine.starters import starters
from cmengine.toml import parse, read_text

CLIENTS, VISITS, TRIALS = 10_000, 48, 1_000
CHANCE = 0.8
SHARE = 2_000  # clients that are evaluated event by event
YEARLY = Cap(name="a year", window="calendar_year", most=750_00)
RULES = (
    ("drop-in", "drop-in", ()),
    ("vouchers-higgins", "vouchers-each-time", ()),
    ("vouchers-higgins", "vouchers-each-time", (YEARLY,)),
    ("vouchers-higgins", "vouchers-by-calendar", (YEARLY,)),
    ("fishbowl", "published-bowl", ()),
    ("fishbowl", "published-bowl", (YEARLY,)),
)


def rule_of(starter: str, wanted: str) -> Rule:
    """Read a rule of a starter."""
    path = starters()[starter] / f"{starter}.toml"
    drafts, _ = Reader(load_plugins()).read_file(*parse(read_text(path), str(path)))
    return next(draft.rule for draft in drafts if draft.rule.id == wanted)


def simulated(rule: Rule, caps: Sequence[Cap]) -> tuple[float, float]:
    """Give the seconds of a whole simulation, plugins asked and all, and its mean in cents."""
    begins = time.perf_counter()
    course = Course(rule, opportunities(rule, date(2026, 1, 5), visits=VISITS))
    hand = Hand(course.days, caps, (1, 1))
    found = forecast(course, hand, CHANCE, CLIENTS, TRIALS, Random(1))
    return time.perf_counter() - begins, found.mean


def evaluated(rule: Rule) -> tuple[float, float]:
    """Give the seconds per visit of plain evaluation, event by event, and its mean in cents."""
    course = Course(rule, opportunities(rule, date(2026, 1, 5), visits=VISITS))
    dice, draws = Random(1), dice_from(b"benchmark")
    logged = []
    for client in range(SHARE):
        happened = [dice.random() < CHANCE for _ in range(VISITS)]
        way = course.walk(happened, draws)
        logged.append([evolve(event, id=f"{client}-{event.id}") for event, _ in way if event])
    begins = time.perf_counter()
    earned = sum(
        outcome.earned.cents
        for events in logged
        for outcome in play(rule, events, draws, course.days[0])
        if outcome.earned
    )
    return (time.perf_counter() - begins) / (SHARE * VISITS), earned / SHARE


def main() -> None:
    """Run both, and print the ratio of the whole."""
    whole = CLIENTS * VISITS * TRIALS
    print(
        f"{CLIENTS:,} clients x {VISITS} visits x {TRIALS:,} trials = {whole / 1e6:.0f} million visits"
    )
    for starter, wanted, caps in RULES:
        rule = rule_of(starter, wanted)
        took, mean = simulated(rule, caps)
        each, plain = evaluated(rule)
        name = f"{wanted}{', limit 750.00 a year' if caps else ''}"
        print(
            f"{name:<45} {took:5.1f} s; event by event {each * 1e6:5.1f} us a visit, "
            f"{whole * each:8,.0f} s in all: x{whole * each / took:,.0f}; "
            f"mean {mean / 100:.2f}, of {SHARE:,} evaluated {plain / 100:.2f}"
        )


if __name__ == "__main__":
    main()
