"""Ctrl-C in the middle of a command: one line, a code of its own, and all of it is written or nothing."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from cmengine.engine import add_client
from cmengine.program import Program, open_program
from cmengine.start import WORDS, main
from cmengine.verify import verify

STOPPED = """
import os, signal, sys
from cmengine import ledger

signal.signal(signal.SIGINT, signal.default_int_handler)  # also where the tests run in the background
where, left = sys.argv.pop(1), int(sys.argv.pop(1))
usual = getattr(ledger.Ledger, where)

def stopping(self, *args, **more):
    global left
    done = usual(self, *args, **more)
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGINT)
    return done

setattr(ledger.Ledger, where, stopping)
from cmengine.cli import main
main()
"""


@pytest.mark.skipif(os.name != "posix", reason="needs a signal that can be sent to oneself")
@pytest.mark.parametrize(
    ("where", "left", "written"),
    [
        ("_begin", 1, False),
        ("note", 1, False),
        ("note", 2, False),
        ("_write_entry", 1, False),
        ("close", 1, True),
    ],
)
def test_a_stop_by_hand_leaves_all_or_nothing_and_says_so_in_a_line(
    make: object, tmp_path: Path, where: str, left: int, written: bool
) -> None:
    program: Program = make()  # type: ignore[operator]
    words = ["client", "add", "c1", "--name", "Sky"]
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            STOPPED,
            where,
            str(left),
            "-p",
            program.folder,
            "--by",
            "ana",
            *words,
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 130, done.stderr
    assert done.stderr == f"{WORDS}\n"
    assert program.ledger.has_client("c1") == written
    assert program.ledger.personal("c1") == ({"name": "Sky"} if written else {})
    again = open_program(program.folder, by="ana", clock=program.clock, registry=program.registry)
    assert verify(again).ok
    if not written:
        add_client(again, "c1", "Sky")
    again.close()


IMPORTING = """
import os, signal, sys

signal.signal(signal.SIGINT, signal.default_int_handler)
where = sys.argv.pop(1)

class Stopping:
    def find_spec(self, name, path=None, target=None):
        if name == where:
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Stopping())
from cmengine.start import main
main()
"""


@pytest.mark.skipif(os.name != "posix", reason="needs a signal that can be sent to oneself")
@pytest.mark.parametrize(
    ("where", "words"),
    [
        ("cmengine.cli", ("client", "list")),
        ("click", ("client", "list")),
        ("click.core", ("client", "list")),
        ("cmengine.errors", ("client", "list")),
        ("cmengine.cli.desk", ("client", "list")),
        ("cmengine.cli.client", ("client", "list")),
        ("cmengine.program", ("client", "list")),
        ("sqlite3", ("client", "list")),
        ("importlib.metadata", ("--version",)),
        ("cmengine.plugins", ("--help",)),
    ],
)
def test_a_stop_by_hand_while_python_still_imports_is_the_same_line(
    make: object, where: str, words: tuple[str, ...]
) -> None:
    program: Program = make()  # type: ignore[operator]
    done = subprocess.run(
        [sys.executable, "-c", IMPORTING, where, "-p", program.folder, "--by", "ana", *words],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, "", f"{WORDS}\n")


def test_what_is_typed_begins_where_a_stop_is_seen() -> None:
    made = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())
    assert made["project"]["scripts"] == {"cmengine": f"{main.__module__}:{main.__name__}"}
