"""A program and a log to measure with: always the same for the same numbers.

    python benchmarks/make_log.py FOLDER [--events 100000] [--each 50] [--seed 1]

Makes a program in FOLDER (rules published, clients enrolled, goals chosen) and FOLDER/events.csv.
"""

import csv
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

import click

from cmengine.choices import Wish, choose_goals
from cmengine.plugins import load_plugins
from cmengine.program import Program, open_program
from cmengine.publish import publish
from cmengine.starters import make_program

NOW = datetime(2026, 7, 1, 18, tzinfo=UTC)
FIRST = date(2024, 1, 1)
ZONE = ZoneInfo("America/Chicago")
JOIN_DAYS = 365  # everybody begins within a year
DAYS_BETWEEN = 2.5  # events of one client, on average

KINDS = """
[kind.visit]
label    = "Came in"
evidence = "staff"

[kind.missed_visit]
label = "Did not make it in"

[kind.drinks]
label = "Drinks in a day"
unit  = "drinks"

[kind.positive_change]
label = "Something better than before"
text  = true

[kind.setback_shared]
label = "Told us about a setback"
text  = true
"""

RULES = """
[[rule]]
id    = "drop-in"
title = "Coming to the drop-in"
[rule.goal]
kind    = "any_of"
events  = ["visit"]
per_day = 1
[[rule.reward]]
kind   = "escalating_voucher"
start  = "2.50"
step   = "1.25"
cap    = "20.00"
climbs = "each_time"
[[rule.reward]]
kind  = "every_nth"
every = 3
worth = "10.00"

[[rule]]
id    = "fewer-drinks"
title = "A day within my own number"
client_sets = ["goal.target"]
[rule.goal]
kind  = "at_most"
event = "drinks"
[[rule.reward]]
kind  = "fixed_voucher"
worth = "2.00"

[[rule]]
id    = "welcome-back"
title = "Good to see you again"
[rule.goal]
kind       = "came_back"
events     = ["visit"]
after_days = 10
beside     = "drop-in"
[[rule.reward]]
kind  = "fixed_voucher"
worth = "2.50"

[[rule]]
id    = "my-own-change"
title = "Something better than before"
[rule.goal]
kind     = "any_of"
events   = ["positive_change"]
per_week = 1
[[rule.reward]]
kind  = "fixed_voucher"
worth = "5.00"
"""

CHANGES = ("called my sister", "slept in a bed", "ate twice today", "went to the library")
SHARES = {
    "visit": 0.60,
    "drinks": 0.20,
    "missed_visit": 0.08,
    "positive_change": 0.07,
    "setback_shared": 0.05,
}
COLUMNS = ("id", "client", "kind", "value", "at", "evidence")


def codes(events: int, each: int) -> list[str]:
    """Name the clients of a log."""
    return [f"c{n:06d}" for n in range(1, max(1, events // each) + 1)]


def target(client: str) -> int:
    """Give the number of drinks that a client chose for themselves."""
    return 3 + int(client[1:]) % 3


def lines(events: int, each: int, seed: int = 1) -> Iterator[tuple[str, ...]]:
    """Give the lines of a log, in the order of time, an id of its own on each."""
    dice = Random(seed)
    kinds, weights = list(SHARES), list(SHARES.values())
    hour = 3600
    midnight = int(datetime(FIRST.year, FIRST.month, FIRST.day, tzinfo=ZONE).timestamp())
    between = min(DAYS_BETWEEN, 780 / each)  # nobody's events reach beyond NOW
    moments = []
    for n, client in enumerate(codes(events, each)):
        joins = midnight + dice.randrange(JOIN_DAYS if each < 300 else 30) * 24 * hour
        days = int(each * between) + 1
        for _ in range(each):
            second = dice.randrange(days) * 24 * hour + dice.randrange(9 * hour, 18 * hour)
            moments.append((joins + second, n, client))
    moments.sort()
    for n, (second, _, client) in enumerate(moments, start=1):
        kind = dice.choices(kinds, weights)[0]
        value = ""
        if kind == "drinks":
            value = str(dice.randrange(9))
        elif kind == "positive_change":
            value = dice.choice(CHANGES)
        elif kind == "setback_shared":
            value = "a hard week"
        at = datetime.fromtimestamp(second, ZONE).isoformat()
        yield f"e{n:08d}", client, kind, value, at, ""


def write_log(path: Path, events: int, each: int, seed: int = 1) -> None:
    """Write the log as CSV."""
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(COLUMNS)
        out.writerows(lines(events, each, seed))


def make(folder: Path, clients: list[str]) -> Program:
    """Make the program: rules published, clients enrolled, every goal chosen by everybody."""
    make_program(folder, zone=str(ZONE), clock=lambda: NOW)
    (folder / "kinds.toml").write_text(KINDS)
    (folder / "rules").mkdir(exist_ok=True)
    (folder / "rules" / "rules.toml").write_text(RULES)
    program = open_program(folder, by="desk", clock=lambda: NOW, registry=load_plugins())
    publish(program)
    wishes = [
        Wish(
            client=client,
            rule=rule,
            words="I would like to",
            settings=(("goal.target", str(target(client))),) if rule == "fewer-drinks" else (),
            on=FIRST,
        )
        for client in clients
        for rule in ("drop-in", "welcome-back", "fewer-drinks", "my-own-change")
    ]
    choose_goals(program, wishes, add_clients=True)
    return program


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--events", default=100_000, show_default=True)
@click.option("--each", default=50, show_default=True, help="Events a client.")
@click.option("--seed", default=1, show_default=True)
def main(folder: Path, events: int, each: int, seed: int) -> None:
    """Make a program and a log in FOLDER."""
    make(folder, codes(events, each)).close()
    write_log(folder / "events.csv", events, each, seed)


if __name__ == "__main__":
    main()
