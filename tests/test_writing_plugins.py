"""docs/writing-plugins.md, done step by step as a developer would who has never seen any of it."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = (Path(__file__).resolve().parent.parent / "docs" / "writing-plugins.md").read_text("utf-8")
SHELL = [body.splitlines() for body in re.findall(r"^```sh\n(.*?)^```$", PAGE, re.M | re.S)]
FILES = dict(re.findall(r"^```\w+ (\S+)\n(.*?)^```$", PAGE, re.M | re.S))
PIP = "pip install -e . pytest"


def type_in(line: str, folder: Path) -> tuple[int, str]:
    """Type one line of the page in a folder; what pip would write is written instead."""
    if line == PIP:
        info = folder / "round_numbers-0.1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(
            "Metadata-Version: 2.1\nName: cmengine-round-numbers\nVersion: 0.1.0\n"
        )
        (info / "entry_points.txt").write_text(
            "[cmengine]\nround-numbers = cmengine_round_numbers\n"
        )
        return 0, ""
    name, *words = shlex.split(line)
    if name == "cp":
        (folder / words[1] / words[0]).write_text((folder / words[0]).read_text())
        return 0, ""
    program = {
        "cmengine": ["-c", "from cmengine.cli import main; main()"],
        "pytest": ["-m", "pytest", "-q", "-p", "no:cacheprovider"],
    }[name]
    clean = {key: value for key, value in os.environ.items() if not key.startswith("CMENGINE")}
    done = subprocess.run(
        [sys.executable, *program, *words],
        cwd=folder,
        env={**clean, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


def test_five_commands_are_enough_and_the_first_class_is_short() -> None:
    first, again, _ = SHELL
    assert len(first) <= 5
    assert again == first[3:]
    of_class = FILES["cmengine_round_numbers.py"].partition("@frozen")[2].partition("@hookimpl")[0]
    assert len([line for line in of_class.splitlines() if line.strip()]) <= 12


def test_what_the_page_says_works_in_the_order_in_which_it_says_it(tmp_path: Path) -> None:
    first, again, program = SHELL
    assert type_in(first[0], tmp_path)[0] == 0
    there, folder = shlex.split(first[1])
    assert there == "cd"
    here = tmp_path / folder
    files = sorted(path.name for path in here.iterdir())
    assert files == [
        "README.md",
        "cmengine_round_numbers.py",
        "pyproject.toml",
        "test_round_numbers.py",
    ]
    for line in first[2:]:
        code, said = type_in(line, here)
        assert code == 0, (line, said)
    assert "reward 'round_numbers'" in said
    for name, text in FILES.items():
        (here / name).write_text(text)
    for line in [*again, *program]:
        code, said = type_in(line, here)
        assert code == 0, (line, said)
    assert "voucher 2.50" in said
    code, told = type_in("cmengine --trace -p riverside log c001 visit", here)
    steady = re.sub(r"\d{4}-\d\d-\d\d", "DAY", told)
    shown = PAGE.partition("$ cmengine --trace")[2].partition("\n")[2].partition("```")[0]
    for line in re.sub(r"\d{4}-\d\d-\d\d", "DAY", shown).splitlines():
        assert all(piece in steady for piece in line.split("...")), (line, told)


@pytest.mark.parametrize("name", ["cmengine_round_numbers.py", "test_round_numbers.py"])
def test_what_it_has_you_write_is_what_a_type_checker_takes(name: str, tmp_path: Path) -> None:
    for file, text in FILES.items():
        (tmp_path / file).write_text(text)
    checked = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", name],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout
