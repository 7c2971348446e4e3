"""What never ends, or is far larger than anybody could have meant: it is said in words, in little memory."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from cmengine.choices import Wish, choose_goals
from cmengine.ehr import MOST_BYTES
from cmengine.engine import add_client
from cmengine.program import Program
from cmengine.taking import MOST

RULES = """
[[rule]]
id = "drop-in"
title = "Coming in"
[rule.goal]
kind = "any_of"
events = ["visit"]
[[rule.reward]]
kind = "fixed_voucher"
worth = "2.50"
"""
LITTLE = 512 * 2**20  # bytes of address space
HUGE = 600 * 2**20  # more than that
CMENGINE = f"""
import resource
resource.setrlimit(resource.RLIMIT_AS, ({LITTLE}, {LITTLE}))
from cmengine.cli import main
main()
"""


@pytest.fixture
def program(make: Callable[..., Program]) -> Program:
    opened = make(RULES)
    add_client(opened, "c1")
    choose_goals(opened, [Wish(client="c1", rule="drop-in", words="w", on=opened.today())])
    return opened


def done(
    program: Program, *words: str | Path, stdin: str | Path = os.devnull
) -> subprocess.CompletedProcess[str]:
    """Run a command in a process of its own that may have little memory."""
    with Path(stdin).open("rb") as typed:
        return subprocess.run(
            [sys.executable, "-c", CMENGINE, "-p", program.folder, "--by", "ana", *words],
            stdin=typed,
            capture_output=True,
            text=True,
            check=False,
        )


def huge(path: Path, begin: bytes = b"", end: bytes = b"") -> Path:
    """A file with more than fits into that memory, which takes no room on the disk."""
    with path.open("wb") as file:
        file.write(begin)
        file.seek(HUGE, os.SEEK_CUR)
        file.write(end or b"\0")
    return path


LONG_LINE = "this line is longer than 100,000 letters"
LARGE = "is larger than "


@pytest.mark.parametrize(
    ("words", "name", "begin", "said"),
    [
        (("import",), "events.csv", "id,client,kind,value,at,evidence\n", LONG_LINE),
        (("import",), "events.csv", "", LONG_LINE),
        (("import",), "events.csv", 'id,client,kind,value,at,evidence\n"', LONG_LINE),
        (("import",), "events.jsonl", '{"id": "', LONG_LINE),
        (("goal", "import"), "choices.csv", "", LONG_LINE),
        (("client", "import"), "clients.csv", "", LONG_LINE),
        (("stock", "add"), "cards.csv", "", "the first line does not name the columns"),
        (("stock", "add"), "cards.csv", "serial,code,value,brand\n", LONG_LINE),
        (("fhir", "import"), "bundle.json", "", LARGE),
        (("fhir", "import"), "bundle.ndjson", "", LONG_LINE),
        (("fhir", "import"), "bundle.ndjson", '{"resourceType": "Patient", "id": "', LONG_LINE),
        (("rules", "check"), "rules.toml", "", LARGE),
        (("draw", "verify"), "draws.json", "", LARGE),
    ],
)
def test_a_huge_line_where_a_few_lines_belong_is_said_in_words(
    program: Program, tmp_path: Path, words: tuple[str, ...], name: str, begin: str, said: str
) -> None:
    there = list(program.ledger.rows("select max(seq) from journal"))
    told = done(program, *words, huge(tmp_path / name, begin.encode()))
    assert (told.returncode, told.stdout) == (1, ""), told.stderr[-2000:]
    (line,) = told.stderr.splitlines()
    assert line.startswith(f"Error: {tmp_path / name}")
    assert said in line
    assert len(line) < 1000
    assert list(program.ledger.rows("select max(seq) from journal")) == there


def observation(n: int, day: date) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": f"o{n}",
        "status": "final",
        "code": {"coding": [{"system": "urn:cmengine:kind", "code": "visit"}]},
        "subject": {"reference": "Patient/c1"},
        "effectiveDateTime": day.isoformat(),
    }


def test_resources_a_line_each_come_in_from_a_file_larger_than_the_memory(
    program: Program, tmp_path: Path
) -> None:
    """What means nothing here takes no room, before and after what means something."""
    file, size = tmp_path / "export.ndjson", 0
    other = json.dumps({"resourceType": "DocumentReference", "note": "n" * 90_000}).encode() + b"\n"
    with file.open("wb") as lines:
        for n in range(3):
            lines.write(json.dumps(observation(n, program.today())).encode() + b"\n")
            for _ in range(HUGE // 3 // len(other) + 1):
                size += lines.write(other)
    assert size > HUGE > LITTLE
    told = done(program, "fhir", "import", file, "--json")
    assert told.returncode == 0, told.stderr[-2000:]
    came = json.loads(told.stdout)
    assert (came["events"], came["cents"]) == (3, 750)
    assert sum(came["passed"].values()) == size // len(other)
    file.unlink()


def test_as_many_resources_as_one_file_may_hold_come_in_at_once(
    program: Program, tmp_path: Path
) -> None:
    file = tmp_path / "export.ndjson"
    with file.open("w") as lines:
        for n in range(MOST):
            lines.write(json.dumps(observation(n, program.today())) + "\n")
    told = done(program, "fhir", "import", file, "--json")
    assert told.returncode == 0, told.stderr[-2000:]
    assert json.loads(told.stdout)["events"] == MOST


def test_a_bundle_as_large_as_may_be_comes_in_and_a_larger_one_does_not(
    program: Program, tmp_path: Path
) -> None:
    known = json.dumps({"resource": observation(0, program.today())})
    other = known.replace("Observation", "DiagnosticReport")
    begin, end = '{"resourceType": "Bundle", "type": "collection", "entry": [' + known, "]}"
    file = tmp_path / "bundle.json"
    for more, code in ((0, 0), (1, 1)):
        times = (MOST_BYTES - len(begin + end)) // (len(other) + 1)
        text = begin + f",{other}" * times + end
        file.write_text(text + " " * (MOST_BYTES + more - len(text)))
        told = done(program, "fhir", "import", file)
        assert told.returncode == code, told.stderr[-2000:]
    assert told.stderr == (
        f"Error: {file}: is larger than 32,000,000 bytes; split it, or give its resources a line each, in a file"
        " whose name ends with .ndjson\n"
    )


def test_a_bundle_that_is_small_and_becomes_large_is_said_in_words(
    program: Program, tmp_path: Path
) -> None:
    file = tmp_path / "bundle.json"
    file.write_text("[" + "[]," * ((MOST_BYTES - 4) // 3) + "[]]")
    told = done(program, "fhir", "import", file)
    assert told.returncode == 1
    assert f"{file}: needs more memory than there is here; split it" in told.stderr
    assert "nobody foresaw" not in told.stderr


def test_lines_without_end_that_are_all_off_are_counted(program: Program, tmp_path: Path) -> None:
    file = tmp_path / "export.ndjson"
    file.write_text("{}\n" * 1_000_000)
    told = done(program, "fhir", "import", file)
    assert told.returncode == 1
    lines = told.stderr.splitlines()
    assert lines[0].startswith(f"Error: {file}:1: is no FHIR resource")
    assert lines[-1].endswith(f"{file}: and 999,950 more mistakes; mend these first")
    assert len(lines) == 51


@pytest.mark.parametrize("name", ["program.toml", "kinds.toml", "words.toml", "program.key"])
def test_a_huge_line_in_a_file_of_the_program_is_said_in_words(program: Program, name: str) -> None:
    huge(program.folder / name)
    told = done(program, "rules", "check") if name == "words.toml" else done(program, "client", "list")  # fmt: skip
    assert (told.returncode, told.stdout) == (1, ""), told.stderr[-2000:]
    assert f"{program.folder / name}: " in told.stderr
    assert "nobody foresaw" not in told.stderr


def test_a_desk_that_stays_open_passes_over_a_line_that_does_not_end(
    program: Program, tmp_path: Path
) -> None:
    typed = huge(tmp_path / "typed", b"c1 visit --id a\nc1 visit ", b"\nc1 visit --id b\n")
    told = done(program, "log", "--stdin", stdin=typed)
    assert told.returncode == 1
    assert told.stdout.count("voucher 2.50") == 2
    assert told.stderr == (
        "Error: line 2: log: the line is longer than 20,000 letters; is this what was meant?\n"
    )
    ids = [row[0] for row in program.ledger.rows("select id from events order by seq")]
    assert ids == ["a", "b"]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("feedback", "add", "c1"), 1, "is longer than 10,000 letters"),
        (("consent", "stop", "c1", "--heard"), 0, "That is not STOP"),
    ],
)
def test_what_is_typed_and_never_ends_is_not_waited_for(
    program: Program, words: tuple[str, ...], code: int, said: str
) -> None:
    told = done(program, *words, stdin="/dev/zero")
    assert told.returncode == code, told.stderr[-2000:]
    assert said in told.stderr
    assert "nobody foresaw" not in told.stderr
    assert "Traceback" not in told.stderr


READ = [
    ("voucher", "redeem"),
    ("voucher", "redeem", "-"),
    ("voucher", "print", "--to", "slip.pdf"),
    ("feedback", "add", "c1"),
]


@pytest.mark.parametrize("words", READ, ids=" ".join)
@pytest.mark.parametrize("piped", ["zeros", "yes", "blank lines", "no text"])
def test_a_pipe_that_never_ends_is_read_in_part_and_ends_in_words(
    program: Program, words: tuple[str, ...], piped: str
) -> None:
    """What a pipe says without end: more than fits into the memory is on its way, and little of it is taken."""
    says: dict[str, list[str | bytes]] = {
        "zeros": ["cat", "/dev/zero"],
        "yes": ["yes", "x" * 50],
        "blank lines": ["yes", ""],
        "no text": ["yes", b"\xff\xfe"],
    }
    there = program.ledger.rows("select max(seq) from journal")
    with subprocess.Popen(says[piped], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as source:
        told = subprocess.run(
            [sys.executable, "-c", CMENGINE, "-p", program.folder, "--by", "ana", *words],
            stdin=source.stdout,
            capture_output=True,
            text=True,
            check=False,
        )
    assert source.returncode  # it had more to say
    assert told.returncode == 1, told.stderr[-2000:]
    assert told.stderr.startswith("Error: ")
    assert len(told.stderr.splitlines()) <= 2
    assert "nobody foresaw" not in told.stderr
    assert program.ledger.rows("select max(seq) from journal") == there


def test_who_answers_without_end_has_not_said_yes(program: Program) -> None:
    add_client(program, "c2", name="Alex")
    for says, gone in (("maybe", False), ("", False), ("y", True)):
        with subprocess.Popen(["yes", says], stdout=subprocess.PIPE) as source:
            told = subprocess.run(
                [
                    sys.executable,
                    "-c",
                    CMENGINE,
                    "-p",
                    program.folder,
                    "--by",
                    "ana",
                    "client",
                    "forget",
                    "c2",
                ],
                stdin=source.stdout,
                capture_output=True,
                text=True,
                check=False,
            )
        assert "Traceback" not in told.stderr
        assert ("Erased" in told.stdout) is gone, told.stdout + told.stderr


def test_a_file_that_never_ends_is_no_file(program: Program) -> None:
    for words in (("import",), ("goal", "import"), ("stock", "add"), ("fhir", "import"), ("draw", "verify")):  # fmt: skip
        told = done(program, *words, "/dev/zero")
        assert told.stderr == "Error: /dev/zero: there is no such file; check the name\n", words
        assert told.returncode == 1
