"""The command line is a contract: what it prints on the good path, one document with --json, and no traceback."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

Run = Callable[..., Result]

RULES = """\
[[rule]]
id    = "drop-in"
title = "I come to the drop-in"
why   = "Every visit counts, whenever it comes."
[rule.goal]
kind    = "any_of"
events  = ["visit"]
per_day = 1
[[rule.reward]]
kind  = "escalating_voucher"
start = "2.50"
step  = "1.25"
[[rule.reward]]
kind  = "every_nth"
every = 3
worth = "10.00"

[[rule]]
id          = "walks"
title       = "I walk as much as I like to"
client_sets = ["goal.target"]
[rule.goal]
kind  = "at_least"
event = "steps"
[[rule.reward]]
kind = "item"
item = "bus pass"
[[rule.reward]]
kind = "praise"
says = ["That is a real walk."]
"""
KINDS = """\
[kind.visit]
label = "Came in"

[kind.missed_visit]
label = "Did not make it in"

[kind.steps]
label = "Steps in a day"
unit  = "steps"
"""


@pytest.fixture
def folder(tmp_path: Path, run: Run) -> Path:
    """A program of its own rules, published, with one client who chose both."""
    folder = tmp_path / "riverside"
    assert run("init", folder, "--zone", "America/Los_Angeles").exit_code == 0
    (folder / "rules" / "rules.toml").write_text(RULES)
    (folder / "kinds.toml").write_text(KINDS)
    for words in (
        ("rules", "publish"),
        ("client", "add", "c001", "--name", "Sky"),
        ("goal", "choose", "c001", "drop-in", "--words", "See people", "--on", "2026-01-05"),
        ("goal", "choose", "c001", "walks", "--words", "Get out", "--on", "2026-01-05", "--set", "goal.target=4000"),
    ):  # fmt: skip
        assert run(*words, folder=folder).exit_code == 0, words
    return folder


Printed = Callable[..., str]


@pytest.fixture
def printed(folder: Path, run: Run) -> Printed:
    """Run a command that must go well; give what it printed."""

    def output(*words: str, typed: str | None = None) -> str:
        result = run(*words, folder=folder, typed=typed)
        assert result.exit_code == 0, result.output
        return result.stdout

    return output


@pytest.fixture
def visits(printed: Printed) -> None:
    """Three visits, one walk and a missed visit."""
    for n, day in enumerate(("2026-01-05", "2026-01-12", "2026-01-26"), start=1):
        printed("log", "c001", "visit", "--on", day, "--id", f"v{n}")
    printed("log", "c001", "missed_visit", "--on", "2026-01-19", "--id", "m1")
    printed("log", "c001", "steps", "5000", "--on", "2026-01-06", "--id", "s1")


def test_a_new_program_says_what_comes_next(tmp_path: Path, run: Run) -> None:
    folder = tmp_path / "new"
    result = run("init", folder, "--zone", "UTC")
    assert result.stdout == (
        f"A new program is in {folder}.\n"
        "\n"
        f"Next: write a rule file in {folder}/rules, then\n"
        f"  cmengine -p {folder} rules publish\n"
        "Or begin again from a starter: cmengine init --list\n"
    )
    assert sorted(path.name for path in folder.iterdir()) == [
        "kinds.toml",
        "program.db",
        "program.key",
        "program.toml",
        "rules",
    ]
    for private in ("program.db", "program.key"):
        assert (folder / private).stat().st_mode & 0o077 == 0


def test_publishing_names_each_version_once(printed: Printed, folder: Path) -> None:
    assert printed("rules", "publish") == "Nothing new: 2 rules are published as they stand.\n"
    file = folder / "rules" / "rules.toml"
    file.write_text(RULES.replace("2.50", "3.00"))
    version = json.loads(printed("rules", "publish", "--json"))["published"]
    assert [(one["rule"], one["title"]) for one in version] == [
        ("drop-in", "I come to the drop-in")
    ]
    file.write_text(RULES)
    again = printed("rules", "publish")
    assert again.startswith("Published drop-in, version ")
    assert again.endswith(": I come to the drop-in\n")


def test_the_menu_is_in_the_clients_words(printed: Printed) -> None:
    assert printed("rules", "list") == (
        "I come to the drop-in   (drop-in)\n"
        "    Every visit counts, whenever it comes.\n"
        "I walk as much as I like to   (walks)\n"
    )


def test_a_client_is_welcomed_by_a_code(printed: Printed) -> None:
    assert printed("client", "add", "c002") == "Welcome, c002. The menu: cmengine rules list\n"
    assert printed("goal", "choose", "c002", "drop-in", "--words", "w", "--on", "2026-01-05") == (
        "c002 chose: I come to the drop-in, from Mon 5 Jan 2026.\n"
    )


def test_logging_shows_what_it_earned_and_what_comes_next(printed: Printed) -> None:
    assert printed("log", "c001", "visit", "--on", "2026-01-05") == (
        "Sky (c001): visit, Mon 5 Jan 2026\n"
        "  voucher 2.50  I come to the drop-in, 1st time\n"
        "  Waiting: 2.50\n"
        "  Next time (I come to the drop-in): voucher 3.75\n"
    )
    assert printed("log", "c001", "missed_visit", "--on", "2026-01-06") == (
        "Sky (c001): missed_visit, Tue 6 Jan 2026\n"
        "  Logged. Nothing changes: all that is earned and all that comes stays as it is.\n"
        "  Waiting: 2.50\n"
    )
    assert printed("log", "c001", "visit", "--on", "2026-01-12", "--at", "14:30") == (
        "Sky (c001): visit, Mon 12 Jan 2026\n"
        "  voucher 3.75  I come to the drop-in, 2nd time\n"
        "  Waiting: 6.25\n"
        "  Next time (I come to the drop-in): voucher 5.00 and bonus 10.00\n"
    )


def test_a_client_can_be_shown_everything_that_concerns_them(
    printed: Printed, visits: None
) -> None:
    assert printed("client", "show", "c001") == (
        "Sky (c001)\n"
        "  Waiting to be handed over: 21.25 and bus pass\n"
        "  Earned so far: 21.25; handed over: 0.00\n"
        "\n"
        "  I come to the drop-in   (drop-in, since Mon 5 Jan 2026)\n"
        "    In their words: See people\n"
        "    3 times so far; the 4th time: voucher 6.25\n"
        "\n"
        "  I walk as much as I like to   (walks, since Mon 5 Jan 2026)\n"
        "    In their words: Get out\n"
        "    target: 4000\n"
        "    1 time so far; the 2nd time: bus pass\n"
    )
    assert printed("client", "list") == (
        "client  earned  issued  waiting\nc001     21.25    0.00    21.25\n"
    )
    assert printed("goal", "list") == (
        "client  goal     since       in their words\n"
        "c001    drop-in  2026-01-05  See people\n"
        "c001    walks    2026-01-05  Get out\n"
    )


def test_awards_are_listed_and_explained_to_the_cent(printed: Printed, visits: None) -> None:
    assert printed("awards") == (
        "award  client  day         goal     what                  worth\n"
        "  1.1  c001    2026-01-05  drop-in  voucher 2.50           2.50\n"
        "  2.1  c001    2026-01-12  drop-in  voucher 3.75           3.75\n"
        "  3.1  c001    2026-01-26  drop-in  voucher 5.00           5.00\n"
        "  3.2  c001    2026-01-26  drop-in  bonus 10.00           10.00\n"
        "  4.1  c001    2026-01-06  walks    bus pass               0.00\n"
        "  4.2  c001    2026-01-06  walks    That is a real walk.   0.00\n"
        "6 awards, 21.25 in all.\n"
    )
    version = json.loads(printed("rules", "show", "drop-in", "--json"))["rules"][0]["digest"][:12]
    said = printed("explain", "3.1")
    assert said.startswith(
        "voucher 5.00, for c001 (award 3.1)\n"
        "  Goal     I come to the drop-in\n"
        "  What     visit, Mon 26 Jan 2026\n"
        "  Which    the 3rd time\n"
        "  Sum      2.50 + 2 x 1.25 = 5.00 USD\n"
        f"  Rule     drop-in, version {version}, as it was when it was chosen\n"
        "  It would be the same with "
    )


def test_a_voucher_is_issued_and_redeemed_once(printed: Printed, visits: None) -> None:
    issued = printed("voucher", "issue", "c001", "--amount", "20.00").splitlines()
    assert issued[0] == "Voucher for Sky (c001): 20.00 USD"
    assert issued[2] == "  Still waiting: 1.25 and bus pass"
    _, code, shown = issued[1].split(maxsplit=2)
    assert (len(code), shown) == (20, "(shown this once)")
    assert (
        printed("voucher", "redeem", code) == "Redeemed: 20.00 USD. Hand it over with our thanks.\n"
    )
    thing = printed("voucher", "issue", "c001", "--item", "bus pass").splitlines()
    assert thing[0] == "Voucher for Sky (c001): bus pass"
    assert code not in printed("voucher", "list", "--json")


def test_messages_wait_until_they_are_sent(printed: Printed, visits: None, folder: Path) -> None:
    with (folder / "program.toml").open("a") as file:
        file.write('[messages]\nquiet = "none"\n')
    head = "client  channel  message                               state\n"
    ready = "c001    outbox   You have something ready to pick up.  "
    assert printed("outbox", "list") == (
        f"{head}{ready}no consent for outbox\nNothing of it can go just now.\n"
    )
    assert printed("outbox", "send") == (
        "0 sent, 1 kept for another time.\n  1 message: waits until the client allows it\n"
    )
    assert printed("consent", "give", "c001", "--channel", "outbox") == (
        "Noted: c001 allows to be written to on outbox. It can be taken back at any time.\n"
    )
    assert printed("outbox", "list").startswith(f"{head}{ready}goes with the next sending\n")
    assert printed("outbox", "send") == "1 sent, 0 kept for another time.\n"
    assert printed("outbox", "list") == "Nothing is waiting to be sent.\n"
    assert (folder / "outbox.txt").read_text().count("\tc001\tYou have something ready") == 1


def test_the_log_is_replayed_and_agrees(printed: Printed, visits: None) -> None:
    assert printed("verify").startswith("All is as the log says: 1 client, 5 events, 6 awards (")


# With --json: the keys that design and docs promise; a command may have more.
KEYS = {
    "init {new} --zone UTC": {"program", "rules"},
    "init --list": {"starters"},
    "rules check": {"ok", "problems"},
    "rules publish": {"published", "problems"},
    "rules list": {"rules"},
    "rules show walks": {"rules"},
    "client add c002": {"client"},
    "client show c001": {"client", "earned_cents", "issued_cents", "waiting_cents", "goals"},
    "client list": {"clients"},
    "goal choose c003 drop-in --words w": {"choice", "rule"},
    "goal set c001 walks goal.target=3000": {"choice", "rule", "settings"},
    "goal set-aside c001 walks": {"client", "rule", "set_aside"},
    "goal list": {"goals"},
    "log c001 visit": {"event", "awards"},
    "awards": {"awards"},
    "awards --client c001": {"awards"},
    "explain 1.1": {"rule", "digest", "arithmetic", "cents"},
    "voucher issue c001 --amount 1.00": {"voucher", "code", "cents"},
    "voucher list": {"vouchers"},
    "outbox list": {"waiting"},
    "outbox send": {"sent", "waiting"},
    "outbox retry --all": {"retried"},
    "consent give c001 --channel outbox": {"client", "channel", "purpose", "given"},
    "consent withdraw c001": {"client", "stopped", "withdrawn"},
    "consent stop c001": {"client", "stopped", "withdrawn"},
    "consent list": {"consents"},
    "consent channels": {"channels"},
    "verify": {"ok", "problems"},
    "plugins": {"plugins"},
}


@pytest.mark.parametrize(("words", "keys"), KEYS.items(), ids=KEYS)
def test_json_is_one_document_with_its_keys(
    folder: Path, run: Run, printed: Printed, visits: None, words: str, keys: set[str]
) -> None:
    printed("client", "add", "c003")
    asked = words.format(new=folder.with_name("another")).split()
    result = run(*asked, "--json", folder=folder)
    assert (result.exit_code, result.stderr) == (0, "")
    document: dict[str, Any] = json.loads(result.stdout)
    assert document.keys() >= keys


def test_json_has_money_in_cents_and_awards_with_their_keys(printed: Printed, visits: None) -> None:
    award = json.loads(printed("log", "c001", "visit", "--on", "2026-02-02", "--json"))["awards"][0]
    assert award.keys() >= {"id", "rule", "ordinal", "label", "cents"}
    assert (award["rule"], award["ordinal"], award["label"], award["cents"]) == (
        "drop-in",
        4,
        "voucher 6.25",
        625,
    )
    shown = json.loads(printed("client", "show", "c001", "--json"))
    assert (shown["earned_cents"], shown["issued_cents"], shown["waiting_cents"]) == (2750, 0, 2750)
    (plugin, *_) = json.loads(printed("plugins", "--json"))["plugins"]
    assert plugin.keys() >= {"name", "version", "kinds", "error"}


def test_json_says_the_problems_of_rules_as_data(folder: Path, run: Run) -> None:
    (folder / "rules" / "rules.toml").write_text(RULES.replace('"2.50"', "2.50"))
    for words in (("rules", "check"), ("rules", "publish")):
        result = run(*words, "--json", folder=folder)
        assert (result.exit_code, result.stderr) == (1, "")
        (problem,) = json.loads(result.stdout)["problems"]
        assert problem.keys() >= {"where", "what", "todo"}
        assert problem["todo"] == 'write it in quotes like "2.50"'


def commands(run: Run) -> list[str]:
    """Name every command, by what --help lists."""
    listed = run("--help").stdout.partition("Commands:\n")[2].partition("\n\n")[0]
    return [line.split()[0] for line in listed.splitlines() if line[2:3].strip()]


def test_every_command_has_help(run: Run) -> None:
    names = commands(run)
    assert {"init", "rules", "client", "goal", "log", "import", "verify", "demo"} <= set(names)
    for name in names:
        result = run(name, "--help")
        assert result.exit_code == 0
        assert result.stdout.startswith(f"Usage: cmengine {name}")


# As a process of its own.


def process(
    *words: str | Path, extra: dict[str, str] | None = None, **options: Any
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from cmengine.cli import main; main()", *map(str, words)],
        env={**os.environ, **(extra or {})},
        stdout=options.get("stdout", subprocess.PIPE),
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )


RAISES = """
import click
from cmengine import hookimpl

@click.command()
@click.argument("client")
def surprise(client):
    raise RuntimeError("a secret of " + client)

@hookimpl
def register_commands(cli):
    cli.add_command(surprise)
"""


def test_an_error_that_nobody_foresaw_shows_no_traceback_and_nobodys_data(tmp_path: Path) -> None:
    site, kept = tmp_path / "site", tmp_path / "kept"
    kept.mkdir()
    (site / "surprise-1.0.dist-info").mkdir(parents=True)
    (site / "surprise.py").write_text(RAISES)
    (site / "surprise-1.0.dist-info" / "METADATA").write_text("Name: surprise\nVersion: 1.0\n")
    (site / "surprise-1.0.dist-info" / "entry_points.txt").write_text(
        "[cmengine]\nsurprise = surprise\n"
    )
    path = os.pathsep.join([str(site), *filter(None, [os.environ.get("PYTHONPATH")])])
    done = process("surprise", "c001", extra={"PYTHONPATH": path, "TMPDIR": str(kept)})
    assert (done.returncode, done.stdout) == (70, "")
    (file,) = kept.iterdir()
    details = file.read_text()
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith(
        "Error: cmengine: something went wrong that nobody foresaw (RuntimeError); "
    )
    assert str(file) in done.stderr
    assert details.endswith("surprise.py:8 in surprise\nRuntimeError\n")
    assert file.stat().st_mode & 0o077 == 0
    for told in (done.stderr, details):
        assert "Traceback" not in told
        assert "secret" not in told
        assert "c001" not in told


def test_a_reader_that_stops_listening_is_no_error(folder: Path, tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as closed:
        done = process("-p", folder, "--by", "ana", "rules", "list", stdout=closed)
    assert "Traceback" not in done.stderr
    assert "foresaw" not in done.stderr


def test_a_full_disk_at_the_other_end_does_not_say_that_nothing_was_written(
    folder: Path, run: Run
) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("there is no such device here")
    with full.open("w") as out:
        done = process("-p", folder, "--by", "ana", "client", "add", "c9", stdout=out)
    assert done.returncode == 70
    assert "have a look before doing it again" in done.stderr
    assert run("client", "show", "c9", folder=folder).exit_code == 0


def test_letters_that_are_no_text_are_a_usage_error(folder: Path) -> None:
    done = process(
        "-p", folder, "--by", "ana", "log", "c001", b"\xff".decode("utf-8", "surrogateescape")
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "Error: the command holds letters that are not UTF-8; type them again\n"


def test_the_program_can_be_named_by_the_environment(folder: Path) -> None:
    by = ["--by", "ana"]
    named = process(*by, "client", "list", extra={"CMENGINE_PROGRAM": str(folder)})
    assert named.stdout.startswith("client  earned")
    plain = process(
        *by, "client", "list", extra={"CMENGINE_PROGRAM": str(folder), "NO_COLOR": "1", "HOME": ""}
    )
    assert plain.stdout == named.stdout
