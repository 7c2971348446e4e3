"""What an auditor gets: pseudonymous rows, checked by a script that knows nothing of cmengine."""

import json
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from click.testing import Result

from cmengine.audit import export_journal
from cmengine.choices import Wish, choose_goals
from cmengine.corrections import correct_event
from cmengine.engine import add_client, log_event, make_event
from cmengine.errors import CMError
from cmengine.program import Program
from cmengine.vouchers import issue_voucher, redeem_voucher

Make = Callable[..., Program]
Run = Callable[..., Result]

RULES = """
[[rule]]
id    = "drop-in"
title = "Coming in"
[rule.goal]
kind   = "any_of"
events = ["visit", "positive_change"]
[[rule.reward]]
kind  = "escalating_voucher"
start = "2.50"
step  = "1.25"
"""


@pytest.fixture
def program(make: Make) -> Program:
    opened = make(RULES)
    for client in ("canary-zoe", "canary-abe"):
        add_client(opened, client, "Canary Name")
        wish = Wish(client=client, rule="drop-in", words="Canary words", on=date(2026, 6, 1))
        choose_goals(opened, [wish])
    for n in range(3):
        for client in ("canary-zoe", "canary-abe"):
            event, _ = make_event(
                opened, client=client, kind="positive_change", value=f"Canary text {n}"
            )
            assert event is not None
            log_event(opened, event, note="Canary note")
    return opened


def check(file: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Check an export as an auditor does: the script from the export, a Python with nothing installed."""
    with zipfile.ZipFile(file) as export:
        export.extract("check.py", file.parent)
    return subprocess.run(
        [sys.executable, "-I", "-S", file.parent / "check.py", file, *words],
        capture_output=True,
        text=True,
    )


def test_an_auditor_finds_every_cent_without_a_name(program: Program, tmp_path: Path) -> None:
    code = issue_voucher(program, "canary-abe", cents=300).code
    redeem_voucher(program, code)
    issue_voucher(program, "canary-zoe", cents=1125)
    done = export_journal(program, tmp_path / "audit.zip")
    assert (tmp_path / "audit.zip").stat().st_mode & 0o077 == 0
    checked = check(tmp_path / "audit.zip", str(done.anchor))
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert checked.stdout.splitlines() == [
        "earned: 22.50",  # 2 clients, each 2.50 + 3.75 + 5.00
        "issued: 14.25",
        "redeemed: 3.00",
        "2 clients, 6 awards, 2 vouchers",
        f"last entry: {done.anchor}",
        "All fits together.",
    ]
    with zipfile.ZipFile(tmp_path / "audit.zip") as export:
        for name in export.namelist():
            held = export.read(name).lower()
            for secret in (
                b"canary",
                code.encode().lower(),
                code.replace("-", "").encode().lower(),
            ):
                assert secret not in held, name


def test_the_same_client_has_the_same_token_and_another_program_another(
    program: Program, tmp_path: Path
) -> None:
    export_journal(program, tmp_path / "audit.zip")
    with zipfile.ZipFile(tmp_path / "audit.zip") as export:
        about = json.loads(export.read("export.json"))["tables"]["occurrences"]
        place = about["columns"].index("client")
        rows = [json.loads(line) for line in export.read("rows/occurrences.jsonl").splitlines()]
        clients = [json.loads(line)[0] for line in export.read("rows/clients.jsonl").splitlines()]
    tokens = [row[place] for row in rows]
    assert tokens == [clients[0], clients[1]] * 3
    assert all(len(token) == 32 for token in tokens)


def test_an_earlier_anchor_shows_that_it_is_the_same_journal(
    program: Program, run: Run, tmp_path: Path
) -> None:
    anchor = run("journal", "head", folder=program.folder).stdout.splitlines()[1]
    correct_event(program, program.ledger.awards()[0].event, "Logged twice")
    exported = run("journal", "export", tmp_path / "audit.zip", "--json", folder=program.folder)
    assert json.loads(exported.stdout)["entries"] > int(anchor.partition(":")[0])
    assert check(tmp_path / "audit.zip", anchor).returncode == 0
    number = anchor.partition(":")[0]
    other = check(tmp_path / "audit.zip", f"{number}:{'0' * 64}")
    assert other.returncode == 1
    assert f"wrong: entry {number}: is not the one that the anchor was made of" in other.stdout
    later = check(tmp_path / "audit.zip", f"999:{'0' * 64}")
    assert "before the anchor" in later.stdout


def changed(file: Path, name: str, change: Callable[[bytes], bytes]) -> Path:
    other = file.with_name("changed.zip")
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(other, "w") as new:
        for one in old.namelist():
            new.writestr(one, change(old.read(one)) if one == name else old.read(one))
    return other


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        ("rows/awards.jsonl", lambda b: b.replace(b",250,", b",251,", 1), "rows are not those"),
        ("rows/awards.jsonl", lambda b: b"\n".join(b.split(b"\n")[1:]), "rows are not those"),
        ("rows/vouchers.jsonl", lambda b: b.replace(b",300,", b",200,"), "rows are not those"),
        ("rows/events.hashes", lambda b: bytes(32) + b[32:], "rows are not those"),
        ("rows/events.hashes", lambda b: b[32:], "rows are not those"),
        ("entries.jsonl", lambda b: b.replace(b'"ana"', b'"ben"', 1), "is not as it was written"),
        ("entries.jsonl", lambda b: b"\n".join(b.split(b"\n")[:3] + b.split(b"\n")[4:]), "missing"),
        ("entries.jsonl", lambda b: b"\n".join(b.split(b"\n")[:-2]) + b"\n", "does not end with"),
        ("rows/redemptions.jsonl", lambda b: b.replace(b",300,", b",900,"), "more was redeemed"),
        ("rows/vouchers.jsonl", lambda b: b.replace(b",300,", b",9900,"), "more was issued"),
    ],
)
def test_whatever_is_changed_in_an_export_is_found(
    name: str, change: Callable[[bytes], bytes], said: str, program: Program, tmp_path: Path
) -> None:
    redeem_voucher(program, issue_voucher(program, "canary-abe", cents=300).code)
    export_journal(program, tmp_path / "audit.zip")
    checked = check(changed(tmp_path / "audit.zip", name, change))
    assert said in checked.stdout, checked.stdout + checked.stderr
    assert checked.returncode == 1
    assert "Traceback" not in checked.stderr


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "cannot be read: No such file or directory"),
        (b"", "is damaged, or no export of a journal"),
        (b"a letter to my sister", "is damaged, or no export of a journal"),
    ],
)
def test_what_is_no_export_is_said_in_words(
    program: Program, tmp_path: Path, text: bytes | None, said: str
) -> None:
    export_journal(program, tmp_path / "audit.zip")
    with zipfile.ZipFile(tmp_path / "audit.zip") as export:
        export.extract("check.py", tmp_path)
    other = tmp_path / "other.zip"
    if text is not None:
        other.write_bytes(text)
    checked = subprocess.run(
        [sys.executable, "-I", "-S", tmp_path / "check.py", other], capture_output=True, text=True
    )
    assert (checked.returncode, checked.stdout) == (2, "")
    assert checked.stderr.startswith(f"{other}: {said}")
    assert checked.stderr.count("\n") == 1


@pytest.mark.parametrize("about", [b"[" * 100_000, b"[]", b"{}", b"null", b"\xff"])
def test_an_export_that_says_nothing_of_itself_is_said_in_words(
    program: Program, tmp_path: Path, about: bytes
) -> None:
    export_journal(program, tmp_path / "audit.zip")
    checked = check(changed(tmp_path / "audit.zip", "export.json", lambda _: about))
    assert (checked.returncode, checked.stdout) == (2, "")
    assert "is damaged, or no export of a journal" in checked.stderr
    assert "Traceback" not in checked.stderr


def test_only_a_journal_that_fits_is_exported_and_never_over_a_file(
    program: Program, tmp_path: Path
) -> None:
    import sqlite3

    (tmp_path / "there.zip").write_text("mine")
    with pytest.raises(CMError, match="is already there"):
        export_journal(program, tmp_path / "there.zip")
    assert (tmp_path / "there.zip").read_text() == "mine"
    db = sqlite3.connect(program.ledger.path)
    db.execute("drop trigger awards_no_delete")
    db.execute("delete from awards where occurrence = 3")
    db.commit()
    db.close()
    with pytest.raises(CMError, match="is not as the journal says"):
        export_journal(program, tmp_path / "audit.zip")
    assert not (tmp_path / "audit.zip").exists()
    shutil.rmtree(tmp_path / "program" / "rules")
