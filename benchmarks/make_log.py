"""A program and a log to measure with: always the same for the same numbers.

    python benchmarks/make_log.py FOLDER [--events 100000] [--each 50] [--seed 1]

Makes a program in FOLDER (rules published, clients enrolled, goals chosen) and FOLDER/events.csv. The
first few clients choose as anybody does; for all others the same rows are written, with their own codes.
"""

import csv
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from shutil import copytree
from zoneinfo import ZoneInfo

import click

from cmengine.choices import Wish, choose_goals
from cmengine.plugins import Registry, load_plugins
from cmengine.program import Program, open_program
from cmengine.publish import publish
from cmengine.starters import make_program

NOW = datetime(2026, 7, 1, 18, tzinfo=UTC)
FIRST = date(2024, 1, 1)
ZONE = ZoneInfo("America/Chicago")
JOIN_DAYS = 365  # everybody begins within a year
DAYS_BETWEEN = 2.5  # events of one client, on average
MODELS = 3  # clients who choose in earnest: one for each number of drinks

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
CHOSEN = ("drop-in", "welcome-back", "fewer-drinks", "my-own-change")
WORDS = "I would like to"
BY = "desk"
COLUMNS = ("id", "client", "kind", "value", "at", "evidence")


def clock() -> datetime:
    """Tell the time: always the same."""
    return NOW


def codes(events: int, each: int) -> list[str]:
    """Name the clients of a log."""
    return [f"c{n:06d}" for n in range(1, max(1, events // each) + 1)]


def target(client: str) -> int:
    """Give the number of drinks that a client chose for themselves."""
    return 3 + int(client[1:]) % 3


def first_day(each: int) -> date:
    """Give the day on which a log begins: early enough that so many events of a client are over by now."""
    longest = timedelta(days=JOIN_DAYS + int(each * DAYS_BETWEEN) + 3)
    return min(FIRST, NOW.date() - longest)


def lines(events: int, each: int, seed: int = 1) -> Iterator[tuple[str, ...]]:
    """Give the lines of a log, in the order of time, an id of its own on each."""
    dice = Random(seed)
    kinds, weights = list(SHARES), list(SHARES.values())
    hour = 3600
    first = first_day(each)
    midnight = int(datetime(first.year, first.month, first.day, tzinfo=ZONE).timestamp())
    moments = []
    for n, client in enumerate(codes(events, each)):
        joins = midnight + dice.randrange(JOIN_DAYS) * 24 * hour
        days = int(each * DAYS_BETWEEN) + 1
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


def make_base(folder: Path) -> Program:
    """Make a program with its rules published, and nobody in it."""
    make_program(folder, zone=str(ZONE), clock=clock)
    (folder / "kinds.toml").write_text(KINDS)
    (folder / "rules").mkdir(exist_ok=True)
    (folder / "rules" / "rules.toml").write_text(RULES)
    program = open_again(folder)
    publish(program)
    return program


def open_again(folder: Path, registry: Registry | None = None) -> Program:
    """Open a program, with the clock standing still."""
    return open_program(folder, by=BY, clock=clock, registry=registry or load_plugins())


def make(
    folder: Path, clients: list[str], first: date = FIRST, base: Path | None = None
) -> Program:
    """Make the program: rules published (or copied from `base`), everybody enrolled, every goal chosen."""
    if base is not None:
        copytree(base, folder)
    program = make_base(folder) if base is None else open_again(folder)
    wishes = [
        Wish(
            client=client,
            rule=rule,
            words=WORDS,
            settings=(("goal.target", str(target(client))),) if rule == "fewer-drinks" else (),
            on=first,
        )
        for client in clients[:MODELS]
        for rule in CHOSEN
    ]
    choose_goals(program, wishes, add_clients=True)
    choose_alike(program, clients)
    return program


def choose_alike(program: Program, clients: list[str]) -> None:
    """Write for everybody after the first few the rows that choosing would have written."""
    ledger = program.ledger
    columns = "rule, digest, settings, on_day, stands, after_event, made_at, made_by, client"
    names = [*columns.split(", "), "id", "turn"]
    chosen = [
        [
            tuple(row)
            for row in ledger.rows(f"select {columns} from choices where client = ?", model)
        ]
        for model in clients[:MODELS]
    ]
    turn = sum(map(len, chosen))
    with ledger.writing():
        for n, client in enumerate(clients[MODELS:], start=MODELS):
            ledger.add_client(client, NOW, BY)
            for *row, _ in chosen[n % MODELS]:
                turn += 1
                cells = (*row, client, f"choice-{turn:08d}", turn)
                ledger.insert("choices", **dict(zip(names, cells, strict=True)))
                ledger.keep_personal(client, f"words:choice-{turn:08d}", WORDS)


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--events", default=100_000, show_default=True)
@click.option("--each", default=50, show_default=True, help="Events a client.")
@click.option("--seed", default=1, show_default=True)
@click.option("--base", type=click.Path(path_type=Path), help="Begin from this program.")
@click.option("--only-base", is_flag=True, help="Only publish the rules, to begin from.")
def main(
    folder: Path, events: int, each: int, seed: int, base: Path | None, only_base: bool
) -> None:
    """Make a program and a log in FOLDER."""
    if only_base:
        make_base(folder).close()
        return
    make(folder, codes(events, each), first_day(each), base).close()
    write_log(folder / "events.csv", events, each, seed)


if __name__ == "__main__":
    main()
