"""Two, and eight, who want the same thing at the same moment: one gets it, the others are told so in words.

Each race is run once more with the lock taken away, and must then go wrong: otherwise it would show nothing.
"""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from lab.oracles import found_by_verify
from lab.races import RACES, riverbank
from lab.racing import Race, run
from lab.river import command, do, surroundings

Place = Callable[[], Path]
Figure = Callable[..., None]
ROUNDS, CONTROL = 500, 12
BARE = [race for race in RACES if race.second_line]

each = pytest.mark.parametrize("race", RACES, ids=lambda race: race.name)


@each
def test_a_few_rounds_of_each_race(race: Race, place: Place) -> None:
    assert run(race, place() / "p", workers=3, rounds=4) == []


@pytest.mark.faults
@pytest.mark.parametrize("workers", [2, 8])
@each
def test_one_gets_it_and_the_others_are_told(
    race: Race, workers: int, place: Place, record_property: Figure
) -> None:
    wrong = run(race, place() / "p", workers=workers, rounds=ROUNDS)
    record_property("figure", f"races: {race.name}")
    record_property("tried", ROUNDS)
    record_property("wrong", len(wrong))
    assert wrong == []


@pytest.mark.faults
@pytest.mark.parametrize("workers", [2, 8])
@each
def test_without_the_lock_it_goes_wrong(
    race: Race, workers: int, place: Place, record_property: Figure
) -> None:
    wrong = run(race, place() / "p", workers=workers, rounds=CONTROL, locked=False)
    record_property("figure", f"control, no lock: {race.name}")
    record_property("tried", CONTROL)
    record_property("wrong", len(wrong))
    assert wrong


@pytest.mark.parametrize("race", BARE, ids=lambda race: race.name)
def test_without_the_lock_and_the_second_line_money_is_lost(race: Race, place: Place) -> None:
    wrong = run(race, place() / "p", workers=3, rounds=4, locked=False, bare=True)
    lost = ("more than they earned", "redeemed twice", "more than the fund's")
    assert any(words in one for one in wrong for words in lost), wrong


@pytest.mark.faults
def test_one_gets_it_where_each_is_a_command_of_its_own(
    place: Place, record_property: Figure
) -> None:
    here = place()
    folder, rounds, takers = here / "p", 25, 8
    riverbank(folder, rounds)
    env, wrong = surroundings(here), []
    for n in range(rounds):
        words = command(folder, "voucher", "issue", f"r{n}", "--amount", "8.00", "--json")
        running = [
            subprocess.Popen(
                words, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
            )
            for _ in range(takers)
        ]
        told = [process.communicate() for process in running]
        won = [json.loads(out)["voucher"] for out, _ in told if out]
        kept = json.loads(do(folder, "voucher", "list", "--client", f"r{n}", "--json").stdout)
        if [one["voucher"] for one in kept["vouchers"]] != won or len(won) != 1:
            wrong.append(f"round {n}: {told}")
        wrong += [err for out, err in told if not out and "is more than is waiting" not in err]
    record_property("figure", "races: the last cents, as commands")
    record_property("tried", rounds)
    record_property("wrong", len(wrong))
    assert not wrong
    assert not found_by_verify(folder)
