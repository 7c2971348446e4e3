"""Backups and restores: complete and verified, or not there at all; never over a living program."""

import errno
import json
import os
import resource
import sqlite3
import stat
import subprocess
import sys
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from cmengine.backup import Backup, make_backup
from cmengine.chain import entries, head_of
from cmengine.choices import Wish, choose_goals
from cmengine.engine import add_client, log_event, make_event
from cmengine.errors import CMError
from cmengine.journal import Anchor
from cmengine.program import Program, open_program
from cmengine.restore import restore
from cmengine.unfinished import unfinished
from cmengine.verify import verify
from cmengine.vouchers import issue_voucher, redeem_voucher

Make = Callable[..., Program]
Run = Callable[..., Result]

RULES = """
[[rule]]
id    = "drop-in"
title = "Coming in"
[rule.goal]
kind   = "any_of"
events = ["visit"]
[[rule.reward]]
kind  = "fixed_voucher"
worth = "2.50"
"""


def log(program: Program, id: str, client: str = "c1") -> None:
    event, wrong = make_event(program, client=client, kind="visit", id=id)
    assert event is not None, wrong
    log_event(program, event)


@pytest.fixture
def program(make: Make) -> Program:
    opened = make(RULES)
    add_client(opened, "c1", "Sky")
    choose_goals(opened, [Wish(client="c1", rule="drop-in", on=date(2026, 6, 1))])
    for n in range(4):
        log(opened, f"e{n}")
    return opened


@pytest.fixture
def place(tmp_path: Path) -> Path:
    folder = tmp_path / "stick"
    folder.mkdir()
    return folder


def contents(program: Program) -> list[Any]:
    tables = ("events", "awards", "vouchers", "redemptions", "personal", "clients")
    return [tuple(row) for table in tables for row in program.ledger.rows(f"select * from {table}")]


def test_a_backup_brings_everything_back_and_old_codes_with_it(
    program: Program, place: Path, clock: Any
) -> None:
    code = issue_voucher(program, "c1", cents=250).code
    own = {"templates/es/hello.txt": "Hola", "templates/hello.txt": "Hello", "words.toml": "# none"}
    own["apprise.txt"] = "c1 = mailto://c1:secret@example.org\n"
    for name, text in own.items():
        (program.folder / name).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        (program.folder / name).write_text(text)
    made = make_backup(program, place)
    assert made.file == place / "program-20260701-110000.zip"
    assert made.verdict.ok
    assert made.file.stat().st_mode & 0o077 == 0
    assert sorted(place.iterdir()) == [made.file], "nothing unfinished is left"
    before = contents(program)
    done = restore(made.file, place / "again", by="ana", clock=clock)
    assert (done.kept, done.lost, done.anchor) == (None, None, made.anchor)
    back = open_program(place / "again", by="ana", clock=clock, registry=program.registry)
    assert contents(back) == before
    assert {name: (back.folder / name).read_text() for name in own} == own
    for path in (back.folder, *back.folder.rglob("*")):
        assert path.stat().st_mode & 0o077 == 0, path
    assert redeem_voucher(back, code).cents == 250
    with pytest.raises(CMError, match="cannot be used here"):
        redeem_voucher(back, code)
    log(back, "after")
    assert back.ledger.find_event("after") is not None
    assert verify(back, anchor=made.anchor).ok
    back.close()


def test_the_backup_and_the_restore_are_in_the_journal(
    program: Program, place: Path, clock: Any
) -> None:
    head = head_of(program.ledger)
    assert head is not None
    made = make_backup(program, place)
    assert made.anchor == Anchor(head.seq, head.hash)
    (row,) = program.ledger.rows("select file, entry, hash, made_by from backups")
    assert tuple(row) == (made.file.name, head.seq, head.hash.hex(), "ana")
    restore(made.file, place / "again", by="ben", clock=clock)
    back = open_program(place / "again", by="ana", clock=clock)
    *_, last = entries(back.ledger)
    assert (last.seq, last.what, last.written_by) == (head.seq + 1, "restore", "ben")
    (row,) = back.ledger.rows("select file, entry, hash, restored_by from restores")
    assert tuple(row) == (made.file.name, head.seq, head.hash.hex(), "ben")
    back.close()


def test_a_ledger_that_went_on_and_one_that_was_restored_are_told_apart(
    program: Program, place: Path, clock: Any
) -> None:
    made = make_backup(program, place)
    for n in range(3):
        log(program, f"later-{n}")
    head = head_of(program.ledger)
    assert head is not None
    restore(made.file, place / "again", by="ana", clock=clock)
    back = open_program(place / "again", by="ana", clock=clock)
    log(back, "elsewhere")
    problems = verify(back, anchor=Anchor(head.seq, head.hash)).problems
    assert "it ends with entry" in problems[0]
    while (now := head_of(back.ledger)) is not None and now.seq < head.seq:
        log(back, f"more-{now.seq}")
    (said,) = verify(back, anchor=Anchor(head.seq, head.hash)).problems
    assert said == f"journal: entry {head.seq} is not the one that the anchor was made of"
    back.close()


def test_who_takes_the_name_while_a_program_is_replaced_does_not_hide_where_the_old_one_is(
    program: Program, place: Path, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, home = make_backup(program, place), program.folder
    before = contents(program)
    program.close()
    rename = Path.rename

    def somebody_is_quick(path: Path, target: Path) -> Path:
        moved = rename(path, target)
        if path == home:
            home.mkdir()
            (home / "theirs.txt").write_text("Mine now")
        return moved

    monkeypatch.setattr(Path, "rename", somebody_is_quick)
    with pytest.raises(CMError, match="was taken by somebody else meanwhile") as raised:
        restore(made.file, home, replace=True, by="ana", clock=clock)
    monkeypatch.undo()
    kept = home.with_name("program.before-20260701-180000")
    assert f"what was there is in {kept}" in str(raised.value)
    assert (home / "theirs.txt").read_text() == "Mine now"
    old = open_program(kept, by="ana", clock=clock)
    assert contents(old) == before
    old.close()


def test_a_restore_never_goes_over_what_is_there(program: Program, place: Path, clock: Any) -> None:
    made = make_backup(program, place)
    log(program, "later")
    before = contents(program)
    with pytest.raises(CMError, match="is there already"):
        restore(made.file, program.folder, by="ana", clock=clock)
    assert contents(program) == before
    program.close()
    done = restore(made.file, program.folder, replace=True, by="ana", clock=clock)
    assert done.lost == 2, "the backup's own entry, and the event"
    assert done.kept == program.folder.with_name("program.before-20260701-180000")
    old = open_program(done.kept, by="ana", clock=clock)
    assert contents(old) == before
    old.close()
    new = open_program(program.folder, by="ana", clock=clock)
    assert new.ledger.find_event("later") is None
    assert verify(new).ok
    new.close()
    twice = restore(made.file, program.folder, replace=True, by="ana", clock=clock)
    assert twice.kept is not None
    assert twice.kept.name == "program.before-20260701-180000-2", "nothing is in the way"


def test_what_is_no_program_is_not_put_aside_for_one(
    program: Program, place: Path, clock: Any
) -> None:
    made = make_backup(program, place)
    home = place / "home"
    home.mkdir()
    (home / "letter.txt").write_text("mine")
    for there in (home, home / "letter.txt"):
        with pytest.raises(CMError, match="holds no program, and is not put aside for one"):
            restore(made.file, there, replace=True, by="ana", clock=clock)
    assert (home / "letter.txt").read_text() == "mine"
    assert sorted(one.name for one in place.iterdir()) == ["home", made.file.name]
    (home / "program.key").write_text("what is left of a program")
    kept = restore(made.file, home, replace=True, by="ana", clock=clock).kept
    assert kept is not None
    assert (kept / "letter.txt").read_text() == "mine"


def test_a_restore_waits_for_nobody_who_is_writing(
    program: Program, place: Path, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cmengine.ledger.WAIT_SECONDS", 0)
    made = make_backup(program, place)
    refused = pytest.raises(CMError, match="somebody else is writing")
    with refused, closing(sqlite3.connect(program.ledger.path)) as other:
        other.execute("begin immediate")
        restore(made.file, program.folder, replace=True, by="ana", clock=clock)
    assert verify(program).ok
    assert [path.name for path in program.folder.parent.glob("program*")] == ["program"]


def test_where_the_new_one_cannot_take_its_place_the_old_one_is_put_back(
    program: Program, place: Path, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk fails in the moment between the one that goes and the one that comes."""
    made = make_backup(program, place / "one.zip")
    before = contents(program)
    usual = Path.rename

    def failing(path: Path, to: Path) -> Path:
        if path.parent.suffix == ".unfinished":
            raise OSError(errno.EIO, "Input/output error")
        return usual(path, to)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", failing)
        with pytest.raises(CMError, match="nothing was changed"):
            restore(made.file, program.folder, replace=True, by="ana", clock=clock)
    assert [path.name for path in program.folder.parent.glob("program*")] == ["program"]
    assert contents(program) == before
    log(program, "later")
    assert verify(program).ok


def test_a_backup_is_of_one_moment_while_others_write(
    program: Program, place: Path, clock: Any
) -> None:
    def write() -> None:
        other = open_program(program.folder, by="ben", clock=clock, registry=program.registry)
        for n in range(40):
            log(other, f"busy-{n}")
        other.close()

    with ThreadPoolExecutor(1) as desk:
        writing = desk.submit(write)
        made: list[Backup] = []
        while not writing.done() or not made:
            made.append(make_backup(program, place / f"{len(made)}.zip"))
        writing.result()
    for n, one in enumerate(made):
        assert one.verdict.ok
        restore(one.file, place / f"back-{n}", by="ana", clock=clock)


def test_a_ledger_that_is_not_right_gets_no_backup(program: Program, place: Path) -> None:
    with closing(sqlite3.connect(program.ledger.path)) as db:
        db.execute("drop trigger awards_no_update")
        db.execute("update awards set cents = 9999 where occurrence = 2")
        db.commit()
    with pytest.raises(CMError) as told:
        make_backup(program, place)
    said = [mistake.what for mistake in told.value.mistakes]
    assert said[0] == "schema: the trigger awards_no_update on awards is missing"
    assert any(one.startswith("awards") for one in said)
    assert list(place.iterdir()) == []


BACKUP = """
import resource, sys
from pathlib import Path
from cmengine.cli import main
sys.dont_write_bytecode = True  # Python itself keeps what it could write of a module, and trips over that later
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), resource.RLIM_INFINITY))
sys.argv = ["cmengine", "-p", sys.argv[2], "--by", "ana", "backup", sys.argv[3]]
main()
"""


@pytest.mark.parametrize("kib", [0, 1, 4, 16, 32, 64, 96, 128, 160])
def test_without_room_there_is_no_backup_and_nothing_unfinished(
    kib: int, program: Program, place: Path
) -> None:
    """Every file of the process may grow to so many KiB: the disk as good as full at another place each time."""
    before = contents(program)
    done = subprocess.run(
        [sys.executable, "-c", BACKUP, str(kib * 1024), program.folder, place],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONWARNINGS": "error"},
    )
    assert done.returncode in ((0, 1) if kib > 128 else (1,)), done.stderr
    assert "Traceback" not in done.stderr
    assert len(list(place.iterdir())) == (done.returncode == 0)
    assert contents(program) == before
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY


def repack(file: Path, change: Callable[[dict[str, bytes]], object]) -> Path:
    """Make a backup anew with other contents."""
    with zipfile.ZipFile(file) as old:
        held = {name: old.read(name) for name in old.namelist()}
    change(held)
    new = file.with_name("changed.zip")
    with zipfile.ZipFile(new, "w", zipfile.ZIP_DEFLATED) as out:
        for name, data in held.items():
            out.writestr(name, data)
    return new


def rename(held: dict[str, bytes], old: str, new: str) -> None:
    held[new] = held.pop(old)
    about = json.loads(held["backup.json"])
    about["files"][new] = about["files"].pop(old)
    held["backup.json"] = json.dumps(about).encode()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda held: held.update({"program.db": held["program.db"][:-1]}),
            "'program.db' is not as",
        ),
        (lambda held: held.pop("program.key"), "does not hold the files"),
        (lambda held: held.update({"more.toml": b""}), "does not hold the files"),
        (lambda held: held.pop("backup.json"), "backup.json"),
        (lambda held: held.update({"backup.json": b"[]"}), "is damaged, or no backup"),
        (lambda held: held.update({"backup.json": b"null"}), "is damaged, or no backup"),
        (lambda held: held.update({"backup.json": b"[" * 100_000}), "is damaged, or no backup"),
        (lambda held: held.update({"backup.json": b" " * (64 * 2**20 + 1)}), "larger than any"),
        (lambda held: rename(held, "kinds.toml", "../kinds.toml"), "is no file of a program"),
        (lambda held: rename(held, "kinds.toml", "/kinds.toml"), "is no file of a program"),
        (lambda held: rename(held, "kinds.toml", "rules/../../x.toml"), "is no file of a program"),
        (lambda held: rename(held, "kinds.toml", "C:\\kinds.toml"), "is no file of a program"),
    ],
)
def test_a_backup_that_is_not_as_it_was_is_not_restored(
    change: Callable[[dict[str, bytes]], object],
    said: str,
    program: Program,
    place: Path,
    clock: Any,
) -> None:
    made = make_backup(program, place)
    changed = repack(made.file, change)
    with pytest.raises(CMError, match="is damaged, or no backup of cmengine") as told:
        restore(changed, place / "again", by="ana", clock=clock)
    assert said in str(told.value)
    assert sorted(one.name for one in place.iterdir()) == ["changed.zip", made.file.name]


def test_a_backup_that_would_fill_the_disk_is_refused_before_it_takes_any_room(
    program: Program, place: Path, clock: Any
) -> None:
    """A few bytes can say that they are a thousand terabytes."""
    made = make_backup(program, place)
    with zipfile.ZipFile(made.file) as old, zipfile.ZipFile(place / "changed.zip", "w") as out:
        for name in old.namelist():
            out.writestr(name, old.read(name))
        out.getinfo("program.db").file_size = 2**50
    with pytest.raises(CMError) as told:
        restore(place / "changed.zip", place / "again", by="ana", clock=clock)
    (mistake,) = told.value.mistakes
    assert mistake.what.startswith("needs 1,073,741,8")
    assert mistake.what.endswith(" MiB are free there")
    assert sorted(one.name for one in place.iterdir()) == ["changed.zip", made.file.name]


def say(held: dict[str, bytes], **more: object) -> None:
    """Let a backup say something else of itself."""
    held["backup.json"] = json.dumps({**json.loads(held["backup.json"]), **more}).encode()


def leave_out(held: dict[str, bytes], name: str) -> None:
    """Leave a file out, and say so."""
    del held[name]
    files = json.loads(held["backup.json"])["files"]
    del files[name]
    say(held, files=files)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda held: say(held, format=2), "it was made by another version (format 2)"),
        (lambda held: say(held, format=0), "it was made by another version (format 0)"),
        (lambda held: leave_out(held, "program.key"), "the ledger or the key is missing in it"),
        (lambda held: leave_out(held, "program.db"), "the ledger or the key is missing in it"),
        (
            lambda held: held.update({"kinds.toml": bytes(64 * 2**20 + 1)}),
            "'kinds.toml' is larger than any file of a program",
        ),
    ],
    ids=["a later format", "an earlier format", "no key", "no ledger", "a bomb"],
)
def test_what_this_version_cannot_put_back_as_it_was_is_not_put_back(
    change: Callable[[dict[str, bytes]], object],
    said: str,
    program: Program,
    place: Path,
    clock: Any,
) -> None:
    changed = repack(make_backup(program, place / "one.zip").file, change)
    with pytest.raises(CMError) as told:
        restore(changed, place / "again", by="ana", clock=clock)
    assert said in str(told.value)
    assert sorted(one.name for one in place.iterdir()) == ["changed.zip", "one.zip"]


def test_a_link_in_a_backup_is_not_followed(program: Program, place: Path, clock: Any) -> None:
    made = make_backup(program, place / "one.zip")
    with zipfile.ZipFile(made.file) as old, zipfile.ZipFile(place / "link.zip", "w") as out:
        for name in old.namelist():
            info = zipfile.ZipInfo(name)
            if name == "kinds.toml":
                info.external_attr = (stat.S_IFLNK | 0o777) << 16
            out.writestr(info, old.read(name))
    with pytest.raises(CMError, match="is a link"):
        restore(place / "link.zip", place / "again", by="ana", clock=clock)
    assert not (place / "again").exists()


def test_what_only_points_elsewhere_is_neither_written_over_nor_packed(
    program: Program, place: Path
) -> None:
    link = place / "link.zip"
    link.symlink_to(place / "elsewhere.zip")
    with pytest.raises(CMError, match="is already there"):
        make_backup(program, link)
    assert link.is_symlink() and not (place / "elsewhere.zip").exists()
    (place / "secret.toml").write_text("# somebody else's")
    (program.folder / "rules" / "linked.toml").symlink_to(place / "secret.toml")
    made = make_backup(program, place / "one.zip")
    with zipfile.ZipFile(made.file) as packed:
        assert "rules/rules.toml" in packed.namelist()
        assert "rules/linked.toml" not in packed.namelist()


def test_a_backup_of_another_program_is_not_noted_as_one_of_this(
    program: Program, make: Make, place: Path
) -> None:
    other = make(RULES, name="other")
    add_client(other, "c1")
    file = place / "one.zip"
    make_backup(other, file)
    whole = file.read_bytes()
    with pytest.raises(CMError, match="is already there"):
        make_backup(program, file)
    assert file.read_bytes() == whole
    assert program.ledger.rows("select * from backups") == []


def test_a_backup_that_claims_to_be_newer_than_its_ledger_is_not_noted(
    program: Program, place: Path
) -> None:
    first = make_backup(program, place / "first.zip")
    log(program, "later")
    head = head_of(program.ledger)
    assert head is not None
    newer = str(Anchor(head.seq, head.hash))
    changed = repack(first.file, lambda held: say(held, anchor=newer))
    with pytest.raises(CMError, match="it ends with entry"):
        make_backup(program, changed)
    (row,) = program.ledger.rows("select file from backups")
    assert row["file"] == "first.zip"


def test_it_is_said_whether_a_backup_lies_on_the_disk_of_the_program(
    program: Program, place: Path
) -> None:
    for folder in (place, *filter(Path.is_dir, [Path("/dev/shm")])):
        file = folder / f"cmengine-{program.new_id()}.zip"
        try:
            same = make_backup(program, file).same_disk
        finally:
            file.unlink(missing_ok=True)
        assert same == (folder.stat().st_dev == program.folder.stat().st_dev)


def test_an_empty_folder_is_taken_and_what_is_there_is_kept_beside_it(
    program: Program, make: Make, place: Path, clock: Any
) -> None:
    made = make_backup(program, place / "one.zip")
    (place / "empty").mkdir()
    done = restore(made.file, place / "empty", by="ana", clock=clock)
    assert (done.kept, done.lost) == (None, None)
    assert (place / "empty" / "program.db").exists()
    note = place / "note"
    note.write_text("mine")
    with pytest.raises(CMError, match="is there already"):
        restore(made.file, note, by="ana", clock=clock)
    assert note.read_text() == "mine"
    with pytest.raises(CMError, match="holds no program"):
        restore(made.file, note, replace=True, by="ana", clock=clock)
    assert note.read_text() == "mine"
    other = make(RULES, name="other")
    for n in range(9):
        add_client(other, f"other-{n}")
    other.close()
    done = restore(made.file, other.folder, replace=True, by="ana", clock=clock)
    assert done.lost is None, "of another program it cannot be known"


def test_what_was_made_and_what_is_missing_is_said_in_words(
    program: Program, place: Path, run: Run
) -> None:
    done = run("backup", place / "one.zip", folder=program.folder)
    head, anchor = done.stdout.splitlines()
    assert head == f"{place / 'one.zip'}: 1 client, 4 events, 4 awards, opened and verified."
    assert anchor.startswith("Its anchor: ")
    back = run("restore", place / "one.zip", place / "again")
    (line,) = back.stdout.splitlines()
    assert line.startswith(f"{place / 'again'}: as it was on 20")
    assert line.endswith(", verified: 1 client, 4 events, 4 awards.")
    assert "What was done after that moment is not in it. Before anything is issued" in back.stderr
    for n, words in enumerate(("2 entries", "3 entries")):
        log(program, f"later-{n}")
        other = run("restore", place / "one.zip", program.folder, "--replace")
        assert f"{words} of the journal came after that moment and are not in it" in other.stderr
        (kept,) = program.folder.parent.glob("program.before-*")
        (program.folder).rename(place / f"gone-{n}")
        kept.rename(program.folder)


def test_a_backup_whose_ledger_was_changed_is_found_out(
    program: Program, place: Path, clock: Any
) -> None:
    """Somebody who also mends the sums in it: the journal finds it."""
    made = make_backup(program, place)

    def change(held: dict[str, bytes]) -> None:
        path = place / "work.db"
        path.write_bytes(held["program.db"])
        with closing(sqlite3.connect(path)) as db:
            (sql,) = db.execute(
                "select sql from sqlite_schema where name = 'awards_no_update'"
            ).fetchone()
            db.execute("drop trigger awards_no_update")
            db.execute("update awards set label = 'voucher 9.99'")
            db.execute(sql)
            db.commit()
        held["program.db"] = path.read_bytes()
        path.unlink()
        import hashlib

        about = json.loads(held["backup.json"])
        about["files"]["program.db"] = hashlib.sha256(held["program.db"]).hexdigest()
        held["backup.json"] = json.dumps(about).encode()

    changed = repack(made.file, change)
    with pytest.raises(CMError, match=r"awards 1\.1: .*the journal"):
        restore(changed, place / "again", by="ana", clock=clock)
    assert not (place / "again").exists()


def test_what_is_no_backup_is_said(program: Program, place: Path, clock: Any) -> None:
    (place / "text.zip").write_text("not a zip")
    for name, said in (("text.zip", "is damaged, or no backup"), ("none.zip", "cannot be read")):
        with pytest.raises(CMError, match=said):
            restore(place / name, place / "again", by="ana", clock=clock)
    make_backup(program, place / "one.zip")
    with pytest.raises(CMError, match="is already there"):
        make_backup(program, place / "one.zip")
    with pytest.raises(CMError, match="cannot be written"):
        make_backup(program, place / "nowhere" / "one.zip")


def test_backup_and_restore_on_the_command_line(program: Program, place: Path, run: Run) -> None:
    made = run("backup", place, "--json", folder=program.folder)
    shown = json.loads(made.stdout)
    assert made.exit_code == 0
    assert shown["events"] == 4
    assert "it is not encrypted and the program's key is in it" in made.stderr
    assert "on the same disk" in made.stderr
    back = run("restore", shown["file"], place / "again", "--json")
    assert json.loads(back.stdout)["anchor"] == shown["anchor"]
    assert "count the stock" in back.stderr
    assert run("verify", "--anchor", shown["anchor"], folder=place / "again").exit_code == 0
    again = run("restore", shown["file"], place / "again")
    assert again.exit_code == 1
    said = run("restore", shown["file"], place / "again", "--replace")
    assert "What was there is kept in" in said.stdout


def test_what_a_stop_has_left_is_cleared_away_and_nothing_of_others(
    program: Program, place: Path
) -> None:
    """A copy that was on its way holds the key; the next who makes something there takes it away."""
    left = place / ".cmengine-abc.unfinished"
    (left / "program").mkdir(parents=True)
    (left / "program" / "program.key").write_text("a secret")
    other = place / ".cmengine-notes"
    other.mkdir()
    with unfinished(place) as busy:
        assert not left.exists()
        (busy / "half").touch()
        make_backup(program, place)
        assert (busy / "half").exists(), "somebody is at work in it"
    assert other.exists()
    assert not list(place.glob("*.unfinished"))


def test_a_backup_that_was_stopped_before_it_was_written_down_is_written_down_by_the_next(
    program: Program, place: Path, clock: Any
) -> None:
    """The file has its name, and the power goes: doing the same again says that it is there, and notes it."""
    file = place / "one.zip"
    first = make_backup(program, file)
    whole = file.read_bytes()
    with closing(sqlite3.connect(program.ledger.path)) as db:  # as if it had not come to that
        for name in ("backups_no_delete", "journal_no_delete"):
            db.execute(f"drop trigger {name}")
        db.execute("delete from backups")
        db.execute("delete from journal where seq = (select max(seq) from journal)")
        for table in ("backups", "journal"):
            db.execute(
                f"create trigger {table}_no_delete before delete on {table} "
                "begin select raise(abort, 'the ledger only grows'); end"
            )
        db.commit()
    clock.now += timedelta(hours=3)
    log(program, "later")
    again = make_backup(program, file)
    assert (again.anchor, again.made_at) == (first.anchor, first.made_at)
    assert file.read_bytes() == whole
    (row,) = program.ledger.rows("select file, hash, made_at from backups")
    made_at = first.made_at.isoformat()
    assert tuple(row) == ("one.zip", first.anchor.hash.hex(), made_at), "the moment that it is of"
    with pytest.raises(CMError, match="is already there"):
        make_backup(program, file)
    assert verify(program).ok
