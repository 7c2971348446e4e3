"""The demo: a whole program in a new folder, and what it says to try next works when pasted."""

import json
import os
import subprocess
import sys
from pathlib import Path

CMENGINE = Path(sys.executable).with_name("cmengine")


def run(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PATH": f"{CMENGINE.parent}{os.pathsep}{os.environ['PATH']}"}
    return subprocess.run(
        words, cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )


def test_the_demo_tells_its_story_and_what_it_says_to_try_works(tmp_path: Path) -> None:
    told = run("cmengine", "demo", cwd=tmp_path)
    assert told.returncode == 0, told.stderr
    for sign in (
        "setback_shared",
        "Then nobody sees",
        "it counts once",
        "late is on time",
        "code ",
        "again: this code",
    ):
        assert sign in told.stdout
    assert "all as they stand" in told.stdout
    tries = [
        line.strip()
        for line in told.stdout.partition("Try it yourself:")[2].splitlines()
        if line.strip()
    ]
    assert len(tries) >= 5
    for line in tries:
        done = run("sh", "-c", line, cwd=tmp_path)
        assert done.returncode == 0, (line, done.stderr)
        assert done.stdout.strip()
    sent = (tmp_path / "cmengine-demo" / "outbox.txt").read_text().splitlines()
    assert [line.split("\t")[1] for line in sent] == ["c001", "c002", "c004", "c004"], (
        "one each, for those who allow it: c003 said STOP, and c005 was not asked; and a hello"
    )
    assert [line.split("\t")[2] for line in sent[:2]] == [
        "You have something ready to pick up."
    ] * 2


def test_a_second_demo_goes_to_a_folder_of_its_own(tmp_path: Path) -> None:
    folders = [
        json.loads(run("cmengine", "demo", "--json", cwd=tmp_path).stdout)["program"]
        for _ in range(2)
    ]
    assert folders == ["cmengine-demo", "cmengine-demo-2"]
    for folder in folders:
        verdict = json.loads(run("cmengine", "-p", folder, "verify", "--json", cwd=tmp_path).stdout)
        assert verdict["ok"]
        assert verdict["clients"] == 5


def test_the_demo_gives_the_same_season_but_for_the_luck_of_the_bowl(tmp_path: Path) -> None:
    def earned(folder: str) -> list[tuple[str, str, int]]:
        run("cmengine", "demo", folder, cwd=tmp_path)
        awards = json.loads(run("cmengine", "-p", folder, "awards", "--json", cwd=tmp_path).stdout)[
            "awards"
        ]
        return [(a["client"], a["label"], a["cents"]) for a in awards if a["rule"] != "group-bowl"]

    assert earned("one") == earned("two")
