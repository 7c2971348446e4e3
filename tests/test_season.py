"""A drop-in's season, worked out independently of this program: to the cent, in bulk and one by one."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cmengine.choices import set_aside
from cmengine.engine import log_event, make_event
from cmengine.importing import import_choices, import_events
from cmengine.loglines import read_moment
from cmengine.program import Program
from cmengine.recall import explained
from cmengine.verify import verify

SEASON = Path(__file__).parent / "season"
Contents = Callable[[Program], str]
EXPECTED: dict[str, Any] = json.loads((SEASON / "expected.json").read_text())


def per_client(program: Program) -> dict[str, int]:
    return {
        row["client"]: row["earned_cents"] for row in program.ledger.rows("select * from balances")
    }


def test_the_season_comes_out_to_the_cent_and_a_second_import_adds_nothing(
    season: Program, contents: Contents
) -> None:
    chosen, added = import_choices(season, SEASON / "choices.csv", add_clients=True)
    assert (len(chosen), len(added)) == (191, 40)

    done = import_events(season, SEASON / "events.csv")
    assert done.events == EXPECTED["events"]
    assert done.duplicates == EXPECTED["duplicates"]
    assert done.awards == EXPECTED["awards"]
    assert done.cents == EXPECTED["cents"]
    assert dict(done.per_rule) == EXPECTED["per_rule"]
    assert per_client(season) == EXPECTED["per_client"]

    before = contents(season)
    again = import_events(season, SEASON / "events.csv")
    assert (again.events, again.duplicates, again.awards) == (0, 6971, 0)
    chosen, added = import_choices(season, SEASON / "choices.csv", add_clients=True)
    assert all(one.again for one in chosen)
    assert not added
    assert contents(season) == before

    verdict = verify(season)
    assert verdict.ok, verdict.problems
    assert (verdict.clients, verdict.events, verdict.awards) == (40, 6898, 4735)


def test_one_at_a_time_gives_the_same_rows_as_the_import(make: Any, contents: Contents) -> None:
    rules, kinds = (SEASON / "rules.toml").read_text(), (SEASON / "kinds.toml").read_text()
    bulk, desk = make(rules, kinds, name="bulk"), make(rules, kinds, name="desk")
    desk.dice = bulk.dice
    for program in (bulk, desk):
        import_choices(program, SEASON / "choices.csv", add_clients=True)
    import_events(bulk, SEASON / "events.csv")
    # Durability is not what this is about: without it the one-by-one path takes a tenth of the time.
    desk.ledger.rows("pragma synchronous = off")
    with (SEASON / "events.csv").open() as file:
        for row in csv.DictReader(file):
            event, wrong = make_event(
                desk,
                client=row["client"],
                kind=row["kind"],
                value=row["value"] or None,
                at=read_moment(row["at"], desk, None),
                id=row["id"],
                evidence=row["evidence"],
            )
            assert event is not None, wrong
            log_event(desk, event)
    assert contents(desk) == contents(bulk)
    assert per_client(desk) == EXPECTED["per_client"]


def test_every_award_of_the_season_is_recomputed_from_its_explanation(season: Program) -> None:
    import_choices(season, SEASON / "choices.csv", add_clients=True)
    import_events(season, SEASON / "events.csv")
    for award in season.ledger.awards():
        row, _, why = explained(season, award.id)
        assert why.agrees
        assert worked_out(why.arithmetic) == row.cents, why.arithmetic


def worked_out(arithmetic: str) -> int:
    """Work out '2.50 + 3 x 1.25 = 6.25' in whole cents, and see that both sides agree."""
    told, _, result = arithmetic.rpartition(" = ")
    start, _, climbed = (told or result).partition(" + ")
    if "the most" in start:
        start, climbed = start.partition(",")[0], ""
    cents = _cents(start)
    if climbed:
        times, step = climbed.split(" x ")
        cents += int(times) * _cents(step)
    assert cents == _cents(result)
    return cents


def _cents(text: str) -> int:
    whole, part = text.split(".")
    return int(whole) * 100 + int(part)


def test_a_goal_set_aside_and_chosen_again_loses_nothing(season: Program) -> None:
    import_choices(season, SEASON / "choices.csv", add_clients=True)
    import_events(season, SEASON / "events.csv")
    set_aside(season, "c001", "drop-in")
    assert per_client(season) == EXPECTED["per_client"]
    assert verify(season).ok


def test_lines_that_were_set_aside_can_be_mended_and_imported(
    season: Program, tmp_path: Path
) -> None:
    import_choices(season, SEASON / "choices.csv", add_clients=True)
    lines = (SEASON / "events.csv").read_text().splitlines(keepends=True)
    wrong = tmp_path / "wrong.csv"
    wrong.write_text(
        "".join(lines[:20]) + lines[20].replace("2026-", "2926-") + "".join(lines[21:40])
    )
    aside = tmp_path / "aside.csv"
    done = import_events(season, wrong, skip_bad=aside)
    assert (done.events, done.set_aside) == (38, 1)
    assert "is in the future" in aside.read_text()
    aside.write_text(aside.read_text().replace("2926-", "2026-"))
    assert import_events(season, aside).events == 1
    assert verify(season).ok
