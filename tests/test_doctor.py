"""The doctor: a line for each thing that is not as it should be, and nothing where all is well."""

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from click.testing import Result

from cmengine import disks
from cmengine.backup import make_backup
from cmengine.choices import Wish, choose_goals
from cmengine.disks import OVER_A_NETWORK, file_system, synced_by
from cmengine.doctor import CHECKS, findings
from cmengine.engine import add_client, log_event, make_event
from cmengine.errors import CMError, Mistake
from cmengine.holds import Hold, add_holds, all_held, resume
from cmengine.ids import new_code
from cmengine.program import Program, open_program
from cmengine.stocking import add_stock
from cmengine.vouchers import redeem_voucher

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


@pytest.fixture
def program(make: Make) -> Program:
    opened = make(RULES)
    add_client(opened, "c1")
    choose_goals(opened, [Wish(client="c1", rule="drop-in", on=date(2026, 6, 1))])
    event, _ = make_event(opened, client="c1", kind="visit")
    assert event is not None
    log_event(opened, event)
    return opened


@pytest.fixture
def healthy(program: Program, tmp_path: Path) -> Program:
    make_backup(program, tmp_path / "backup.zip")
    return program


def said(program: Program) -> list[str]:
    return [str(one) for one in findings(program)]


def test_where_all_is_well_nothing_is_said(healthy: Program) -> None:
    assert said(healthy) == []


def test_on_the_command_line_it_is_silent_or_ends_with_1(
    make: Make, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = make(RULES)
    monkeypatch.setattr("cmengine.program.now_utc", program.clock)
    for words in (("doctor",), ("doctor", "--ci")):
        done = run(*words, folder=program.folder)
        assert (done.exit_code, done.stdout, done.stderr) == (0, "", "")
    shown = json.loads(run("doctor", "--json", folder=program.folder).stdout)
    assert shown["ok"] is True
    assert shown["findings"] == []
    assert shown["sqlite"] == sqlite3.sqlite_version
    program.folder.chmod(0o755)
    done = run("doctor", folder=program.folder)
    folder = program.folder
    assert done.exit_code == 1
    assert done.stderr == (
        f"Error: {folder}: others can read it; close it with: chmod 700 '{folder}'\n"
    )
    (folder / "program.db").unlink()
    done = run("doctor", "--json", folder=folder)
    assert done.exit_code == 1
    assert json.loads(done.stdout)["findings"][0]["what"] == "the program's ledger is not here"


def test_a_plugin_that_anybody_can_change_is_said(healthy: Program, tmp_path: Path) -> None:
    folder = tmp_path / "installed"
    folder.mkdir(mode=0o755)
    file = folder / "cmengine_own.py"
    file.write_text("")
    plugin = ModuleType("cmengine_own")
    plugin.__file__ = str(file)
    healthy.registry.manager.register(plugin, "own")
    for changed, mode, said in (
        (file, 0o644, []),
        (file, 0o664, []),
        (file, 0o646, [file]),
        (folder, 0o777, [folder]),
        (folder, 0o1777, []),
    ):
        before = changed.stat().st_mode
        changed.chmod(mode)
        assert list(findings(healthy)) == [
            Mistake(
                str(one), "anybody can change what plugins do", f"close it with: chmod o-w '{one}'"
            )
            for one in said
        ]
        changed.chmod(before)
    healthy.registry.manager.unregister(plugin)


@pytest.mark.parametrize(
    ("path", "mode", "words"),
    [
        (".", 0o750, "others can read it"),
        ("program.db", 0o644, "others can read it"),
        ("program.key", 0o604, "others can read it"),
        ("rules", 0o770, "others can change it"),
        ("rules/rules.toml", 0o602, "others can change it"),
        ("program.toml", 0o620, "others can change it"),
    ],
)
def test_who_may_read_and_write(path: str, mode: int, words: str, healthy: Program) -> None:
    named = healthy.folder / path
    for one in (healthy.folder / "rules", *healthy.folder.rglob("*.toml")):
        one.chmod(0o700 if one.is_dir() else 0o600)  # whatever the umask of this machine
    named.chmod(mode)
    if words == "others can change it":
        assert said(healthy) == [], "the folder is closed to others"
        healthy.folder.chmod(0o711)
        assert said(healthy)[0].startswith(f"{healthy.folder}: others can read it")
    line = said(healthy)[-1]
    assert line.startswith(f"{named}: {words}; close it with: chmod ")


def test_a_backup_that_is_old_or_missing(program: Program, healthy: Program, clock: Any) -> None:
    clock.now += timedelta(days=7)
    assert said(healthy) == []
    clock.now += timedelta(days=3)
    assert said(healthy) == [
        "backup: the last one is 10 days old (2026-07-01); make one with: cmengine backup DIR"
    ]


def test_with_events_and_no_backup(program: Program) -> None:
    (line,) = (one for one in said(program) if one.startswith("backup"))
    assert line.startswith("backup: none has been made")


def test_a_clock_that_went_back(healthy: Program, clock: Any) -> None:
    clock.now -= timedelta(hours=1)
    (line,) = said(healthy)
    assert line == (
        "clock: it is 2026-07-01 10:00 here, but something was written at 2026-07-01 11:00;"
        " set this machine's clock"
    )


@pytest.mark.parametrize(
    "harm",
    [
        "drop trigger events_no_update",
        "drop index events_by_client",
        "drop trigger journal_no_update; update journal set what = 'nothing' where seq = 3",
        "drop trigger journal_no_delete; delete from journal where seq = 3",
    ],
)
def test_a_ledger_that_was_changed(harm: str, healthy: Program) -> None:
    with closing(sqlite3.connect(healthy.ledger.path)) as db:
        db.executescript(harm)
    lines = said(healthy)
    assert lines
    assert all(line.endswith("see all of it with: cmengine verify") for line in lines)


def test_a_plugin_that_is_gone_or_did_not_load(make: Make, program: Program) -> None:
    from cmengine.plugins import load_plugins

    program.registry = load_plugins(installed=False)
    assert any("rule 'drop-in': cannot be worked out" in line for line in said(program))


def test_an_unforeseen_table_can_add_its_own_checks(healthy: Program) -> None:
    def restless(program: Program) -> Any:
        yield Mistake("stock", "3 cards are left", "buy some")

    CHECKS.append(restless)
    try:
        assert said(healthy) == ["stock: 3 cards are left; buy some"]
    finally:
        CHECKS.remove(restless)


# As in proc_pid_mountinfo(5).
MOUNTS = """\
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
23 22 0:40 / /srv/shared rw - nfs4 server:/export rw
24 22 0:41 / /srv/shared/local rw shared:2 master:1 - xfs /dev/sdb1 rw
25 22 0:42 / /mnt/usb\\040stick rw - vfat /dev/sdc1 rw
26 22 0:43 / /mnt/win rw - cifs //server/share rw
damaged line
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/home/ana/program", "ext4"),
        ("/srv/shared", "nfs4"),
        ("/srv/shared/program", "nfs4"),
        ("/srv/sharedness", "ext4"),
        ("/srv/shared/local/program", "xfs"),
        ("/mnt/usb stick/program", "vfat"),
        ("/mnt/win/program", "cifs"),
    ],
)
def test_the_disk_that_a_folder_lies_on(path: str, kind: str) -> None:
    assert file_system(Path(path), MOUNTS) == kind
    assert (kind in OVER_A_NETWORK) == (kind in {"nfs4", "cifs"})


def test_a_program_on_a_network_disk(
    healthy: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = tmp_path / "mounts"
    table.write_text("22 1 8:1 / / rw - nfs server:/export rw\n")
    monkeypatch.setattr(disks, "MOUNTS", table)
    (line,) = said(healthy)
    assert "lies on a network disk (nfs)" in line
    monkeypatch.setattr(disks, "MOUNTS", tmp_path / "not there")
    assert said(healthy) == []


@pytest.mark.parametrize("name", ["Dropbox", "OneDrive - Riverside", "Nextcloud"])
def test_a_folder_that_is_kept_in_step(name: str, tmp_path: Path) -> None:
    folder = tmp_path / name / "program"
    folder.mkdir(parents=True)
    assert synced_by(folder)
    plain = tmp_path / "plain" / "program"
    plain.mkdir(parents=True)
    assert synced_by(plain) == ""
    (plain.parent / ".stfolder").mkdir()
    assert synced_by(plain).endswith(".stfolder")


def test_a_shelf_that_is_running_low_and_one_that_does_not_add_up_are_named(
    healthy: Program, tmp_path: Path
) -> None:
    file = tmp_path / "things.csv"
    file.write_text("item,count,value\nbus pass,5,2.50\nradio,4,20.00\n")
    add_stock(healthy, file)
    assert said(healthy) == ["stock: radio: 4 left; get some more"]  # fewer than five are few


def test_somebody_who_tries_codes_is_told_of_for_a_day(healthy: Program, clock: Any) -> None:
    def wrong(times: int, program: Program = healthy) -> None:
        for _ in range(times):
            with pytest.raises(CMError, match="cannot be used here"):
                redeem_voucher(program, new_code())
            clock.now += timedelta(seconds=14)

    began = clock.now
    wrong(4)
    assert said(healthy) == [], "a few are nobody's business"
    clock.now += timedelta(seconds=10)
    wrong(3)
    assert said(healthy) == [], "never five within a minute"
    wrong(2)
    since = "2026-06-30 11:02"
    todo = "ask there what was tried; none is found by trying, and each try has to wait longer"
    assert said(healthy) == [
        f"voucher codes: 9 that could not be used were typed at the desk of ana since {since}; {todo}"
    ]
    ben = open_program(healthy.folder, by="ben", clock=clock, registry=healthy.registry)
    clock.now += timedelta(minutes=1)
    for n in range(41):
        wrong(1, ben)
        clock.now += timedelta(seconds=10 if n % 2 else 30)
    lines = said(healthy)
    assert [line.partition(" since ")[0].partition(": ")[2] for line in lines] == [
        "9 that could not be used were typed at the desk of ana",
        "50 that could not be used were typed at all desks together",
    ]
    clock.now = began + timedelta(days=1, minutes=30)
    assert said(healthy) == [], "a day later all is as if nothing had been"
    ben.close()


def test_a_disk_that_is_nearly_full(healthy: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    def left(mebibytes: int) -> Any:
        usage = shutil.disk_usage(healthy.folder)._replace(free=mebibytes * 2**20)
        monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
        return said(healthy)

    assert left(50) == []
    assert left(49) == [
        f"{healthy.folder}: only 49 MiB are left on this disk; make room before anything has to be refused"
    ]


@pytest.mark.parametrize(
    ("setting", "line"),
    [
        ("synchronous = normal", "synchronous is 1, and not "),
        ("foreign_keys = off", "foreign_keys is 0, and not 1"),
        ("recursive_triggers = off", "recursive_triggers is 0, and not 1"),
    ],
)
def test_a_file_that_is_not_opened_as_it_must_be(setting: str, line: str, healthy: Program) -> None:
    healthy.ledger.rows(f"pragma {setting}")
    (found,) = said(healthy)
    assert found.startswith(f"{healthy.ledger.path}: {line}")


def test_a_rule_that_is_held_is_named_until_it_goes_on(healthy: Program) -> None:
    hold = Hold(client="c1", rule="drop-in", event=1, problem="it raised", day=healthy.today())
    with healthy.ledger.writing():
        add_holds(healthy, [hold])
    assert said(healthy) == [
        "rule 'drop-in': is held for 1 of the clients: it raised; mend the plugin, then: cmengine retry"
    ]
    with healthy.ledger.writing():
        resume(healthy, all_held(healthy.ledger)[0])
    assert said(healthy) == []
