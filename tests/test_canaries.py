"""What is typed about a person, and what is worth money, is told where it is asked for, and nowhere else.

A name, a note, the client's own words, a reason and a code that occur nowhere else are planted in a program;
every command is then done, well and badly, in processes of its own, and all that they say and leave is read.
"""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import click
import pytest
from attrs import define, field

from cmengine.cli import COMMANDS, cli

COMMAND = Path(sys.executable).with_name("cmengine")
NAME, NOTE, WORDS, REASON, TOLD, SAID, STRATUM, STRENGTH = (
    f"Quibblefern {what}"
    for what in ("Ottoline", "asleep", "hopes", "mixup", "sister", "door", "elder", "proud")
)
CODE = "the code of a voucher"  # which one is known when it is issued
RULES = """
[[rule]]
id    = "drop-in"
title = "Coming in"
[rule.goal]
kind    = "any_of"
events  = ["visit", "positive_change"]
[[rule.reward]]
kind  = "fixed_voucher"
worth = "2.50"
[[rule.notify]]
kind = "outbox"

[[rule]]
id          = "own"
title       = "My own"
client_sets = ["goal.target"]
[rule.goal]
kind  = "at_most"
event = "drinks"
target = 6
[[rule.reward]]
kind = "item"
item = "bus pass"
"""
KINDS = """
[kind.visit]
label = "Came in"
[kind.drinks]
label = "Drinks"
unit  = "drinks"
[kind.positive_change]
label = "Something better, in their own words"
text  = true
"""

# Where each is told, because that is what was asked for. Nothing is told anywhere else.
MAY: dict[str, set[str]] = {
    "goal list": {WORDS},  # what is chosen, as they said it
    "log": {NAME, TOLD},  # who it was, and what has just been written down
    "events": {TOLD},
    "explain": {TOLD},  # what an award was for
    "status": {NAME},  # for whom something waits
    "feedback list": {SAID},  # what was said
    "feedback answer": {SAID},  # and what was answered to it
    "client set": {NAME},  # what has just been set
    "outbox list": {NAME},  # what a greeting says: what they like to be called
    "client card": {NAME, WORDS},  # theirs, in their own words
    "strength list": {STRENGTH},  # in their own words
    "client show": {NAME, WORDS, SAID},  # what concerns this client
    "client strata": {STRATUM},  # what has just been written down
    "voucher issue": {NAME, CODE},  # who is handed it; the code, this once
}
# A cell of a file, or a word of a line, that does not fit is repeated to who brought it in, to be found there.
MAY_BADLY: dict[str, set[str]] = {"goal import": {WORDS}, "import": {TOLD}, "redcap import": {TOLD}}

# Each command, so that it goes well; what is typed into it stands behind it. They are done in this order.
WELL: list[tuple[str, list[str], str]] = [
    ("rules check", [], ""),
    ("rules publish", [], ""),
    ("rules list", [], ""),
    ("rules show", ["drop-in"], ""),
    ("rules history", ["drop-in"], ""),
    ("rules diff", ["drop-in"], ""),
    ("rules simulate", ["drop-in", "--clients", "2", "--trials", "20"], ""),
    ("client import", ["{files}/clients.csv"], ""),
    ("client add", ["c9"], ""),
    ("client set", ["c1", f"called={NAME}", "quiet=none"], ""),
    ("client list", [], ""),
    ("client strata", ["c9", f"age={STRATUM}"], ""),
    ("goal import", ["{files}/choices.csv"], ""),
    ("goal choose", ["c9", "drop-in", "--words", "Come in", "--on", "2026-01-05"], ""),
    ("goal set", ["c1", "own", "goal.target=5"], ""),
    ("goal list", [], ""),
    (
        "log",
        ["--stdin"],
        f"c1 visit --on 2026-01-06 --id one --note '{NOTE}'\n"
        f"c1 positive_change '{TOLD}' --on 2026-01-07 --id two\n"
        "c1 drinks 2 --on 2026-01-07 --id three\n",
    ),
    ("import", ["{files}/events.csv"], ""),
    ("events", ["--client", "c1"], ""),
    ("correct", ["one", "--reason", REASON], ""),
    ("client show", ["c1"], ""),
    ("client card", ["c1"], ""),
    ("awards", [], ""),
    ("explain", ["2.1"], ""),
    ("voucher issue", ["c1", "--amount", "2.50"], ""),
    ("voucher redeem", [], "{code}\n"),
    ("voucher issue", ["c1", "--item", "bus pass"], ""),
    ("voucher list", [], ""),
    ("consent channels", [], ""),
    ("consent give", ["c1", "--channel", "outbox"], ""),
    ("consent list", ["c1"], ""),
    ("strength add", ["c1", STRENGTH], ""),
    ("strength add", ["c1", "Another"], ""),
    ("strength list", ["c1"], ""),
    ("strength remove", ["c1", "2"], ""),
    ("outbox write", ["c1", "hello"], ""),
    ("information list", ["c1"], ""),
    ("information offer", ["c1", "naloxone", "--answer", "yes"], ""),
    ("information say", ["c1", "naloxone"], ""),
    ("outbox list", [], ""),
    ("outbox send", [], ""),
    ("outbox retry", ["--all"], ""),
    ("consent stop", ["c1", "--heard"], f"{NOTE}\n"),
    ("consent stop", ["c1"], ""),
    ("consent withdraw", ["c1"], ""),
    ("client forget", ["c2", "--yes"], ""),
    ("goal set-aside", ["c1", "own"], ""),
    ("stock add", ["{files}/things.csv"], ""),
    ("stock list", [], ""),
    ("stock count", ["9", "--item", "radio", "--witness", "ben"], ""),
    ("stock reconcile", [], ""),
    ("fund list", [], ""),
    ("limits list", [], ""),
    ("draw secrets", [], ""),
    ("draw retire", [], ""),
    ("draw publish", ["{files}/draws.json"], ""),
    ("draw verify", ["{files}/draws.json"], ""),
    ("export accounting", ["{files}/books.beancount"], ""),
    ("report", [], ""),
    ("report", ["--year", "2026"], ""),
    ("report", ["--sql"], ""),
    ("report", ["--html", "{files}/report.html", "--public", "{files}/public.html"], ""),
    ("journal head", [], ""),
    ("journal list", [], ""),
    ("journal export", ["{files}/journal.zip"], ""),
    (
        "fhir export",
        ["{files}/out.json", "--to", "them", "--purpose", "care", "--consent", "1"],
        "",
    ),
    ("fhir import", ["{files}/out.json"], ""),
    ("export data", ["{files}/counts", "--deidentified"], ""),
    (
        "export data",
        ["{files}/tables.zip", "--to", "them", "--purpose", "care", "--consent", "1"],
        "",
    ),
    ("export client", ["c1", "{files}/own.xlsx"], ""),
    (
        "redcap export",
        ["{files}/study.zip", "--to", "them", "--purpose", "care", "--consent", "1"],
        "",
    ),
    ("redcap import", ["{files}/records.csv"], ""),
    ("disclosures", ["--client", "c1"], ""),
    ("refusals", [], ""),
    ("status", [], ""),
    ("status", [], ""),
    ("feedback add", ["c1"], SAID),
    ("feedback add", ["c1", "--complaint", "--about", "ben"], SAID),
    ("feedback list", ["--open"], ""),
    ("feedback answer", ["0TPR", "--said", SAID, "--did", SAID], ""),
    ("retry", [], ""),
    ("verify", [], ""),
]
"""And badly: the same things asked for where they cannot be done."""
BADLY: list[tuple[str, list[str], str]] = [
    ("client import", ["{files}/bad-clients.csv"], ""),
    ("client set", ["c1", f"quiet={NAME}", f"nick={NAME}"], ""),
    ("goal import", ["{files}/bad-choices.csv"], ""),
    ("import", ["{files}/bad-events.csv"], ""),
    ("import", ["{files}/bad-events.csv", "--skip-bad", "{files}/aside.csv"], ""),
    ("log", ["--stdin"], f"c1 visitt --note '{NOTE}'\nnobody visit --note '{NOTE}'\n"),
    ("log", ["--stdin"], f"c1 visit --id one --on 2026-02-01 --note '{NOTE}'\n"),
    ("correct", ["one", "--reason", REASON], ""),
    ("correct", ["none", "--reason", REASON], ""),
    ("client strata", ["c9", f"age={STRATUM * 9}"], ""),
    ("report", ["--month", "then"], ""),
    ("voucher redeem", [], "{code}\n"),
    ("voucher redeem", [], "{wrong}\n"),
    ("voucher issue", ["c1", "--amount", "99.00"], ""),
    ("goal accept", ["c1", "drop-in"], ""),
    ("explain", ["99.1"], ""),
    ("voucher replace", ["ABCDEF", "--reason", REASON], ""),
    ("voucher print", ["ABCDEF", "--reason", REASON, "--to", "{files}/slip.pdf"], ""),
    ("fund add", ["none", "1.00"], ""),
    ("draw show", ["99.1"], ""),
    ("outbox retry", ["none"], ""),
    ("consent give", ["c1", "--channel", "nowhere"], ""),
    ("strength add", ["c1", f"{STRENGTH}\x1b"], ""),
    ("strength remove", ["c1", "9"], ""),
    ("outbox write", ["c1", "helo"], ""),
    ("information say", ["c1", "tolerance"], ""),
    ("information offer", ["c1", "weather", "--answer", "no"], ""),
    ("client forget", ["nobody", "--yes"], ""),
    ("export data", ["{files}/tables.zip", "--words"], ""),
    ("redcap export", ["{files}/study.zip", "--words"], ""),
    ("redcap import", ["{files}/bad-records.csv"], ""),
    ("export client", ["c1", "{files}/own.xlsx"], ""),
    ("feedback add", ["nobody"], SAID),
    ("feedback add", ["c1", "--entry", "none", "--to", "ana", "--words", SAID], ""),
    ("feedback answer", ["99", "--said", SAID], ""),
]
ELSEWHERE = {"init", "demo", "plugins check", "plugins new", "rules solve-bowl", "limits profiles", "limits show"}  # fmt: skip
"""Commands that know of no client."""
OWN_TESTS = {"backup", "restore", "doctor"}
"""Commands whose own tests look for what is told: tests/test_backup.py and tests/test_doctor.py."""
RECORDS = (
    "record_id,redcap_repeat_instrument,redcap_repeat_instance,event_id,event_kind,event_at,event_words\n"
    "c1,cm_event,1,eight,positive_change,{},{}\n"
)
FILES = {
    "things.csv": "item,count,value\nradio,9,20.00\n",
    "clients.csv": f"client,name\nc1,{NAME}\nc2,{NAME} Two\n",
    "choices.csv": f"client,rule,words,on,set\nc1,drop-in,{WORDS},2026-01-05,\n"
    f"c1,own,{WORDS},2026-01-05,goal.target=4\n",
    "events.csv": f"id,client,kind,value,at,evidence\nfour,c1,positive_change,{TOLD},2026-01-09,\n",
    "records.csv": RECORDS.format("2026-01-09 10:00:00", TOLD),
    "bad-records.csv": RECORDS.format(TOLD, TOLD),
    "bad-clients.csv": f"client,name\n!,{NAME}\n{'x' * 99},{NAME}\nc3,{NAME * 90}\n",
    "bad-choices.csv": f"client,rule,words,on,set\nc1,drop-inn,{WORDS},2026-01-05,\n"
    f"c1,own,{WORDS},2026-13-05,{WORDS}\n",
    "bad-events.csv": f"id,client,kind,value,at,evidence\nfive,c1,drinks,{TOLD},2026-01-09,\n"
    f"six,c1,visit,{TOLD},2026-01-10,\nseven,c1,positive_change,{TOLD},x,\n",
}


@define
class Desk:
    """A program with canaries in it, commands done in processes of their own, and what they told."""

    place: Path
    code: str = "no code yet"
    wrong: list[str] = field(factory=list)
    strace: str = field(factory=lambda: shutil.which("strace") or "")

    @property
    def folder(self) -> Path:
        return self.place / "p"

    def do(self, name: str, words: list[str], typed: str, *, json_too: bool) -> int:
        """Do a command, and note what it tells that it may not; give its exit code."""
        files = self.place / "files"
        filled = [word.format(files=files) for word in words] + ["--json"] * json_too
        trace = [
            "-f",
            "--seccomp-bpf",
            "-qq",
            "-e",
            "trace=execve",
            "-s",
            "9999",
            "-v",
            "-o",
            str(self.place / "trace"),
        ]
        done = subprocess.run(
            [
                *([self.strace, *trace] if self.strace else []),
                *(str(COMMAND), "--by", "ana", "-p", str(self.folder), *name.split(), *filled),
            ],
            input=typed.format(code=self.code, wrong="4Q7Z2N-8KTC31-M5VX9A"),
            capture_output=True,
            text=True,
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(self.place / "home"),
                "TMPDIR": str(self.place / "scrap"),
                "CMENGINE_CACHE": str(self.place / "cache"),
            },
        )
        told = done.stdout + done.stderr
        if name == "voucher issue" and done.returncode == 0:
            shown = json.loads(told)["code"] if json_too else told.split("Code: ")[1].split()[0]
            self.code = shown
        may = MAY.get(name, set()) if done.returncode == 0 else MAY_BADLY.get(name, set())
        self._note(f"{name} {words} (exit {done.returncode})", told, may)
        if done.returncode not in (0, 1) or "Traceback" in told:
            self.wrong.append(f"{name} {words}: exit {done.returncode}: {told}")
        self._note_processes(name, [*words, typed])
        return done.returncode

    def _note_processes(self, name: str, words: list[str]) -> None:
        """Look at every process that was started, as others on the machine see it."""
        if self.strace:
            seen = [
                line.split(" /* ")[0].split(', ["', 1)[-1].split("], [")[0]
                for line in (self.place / "trace").read_text().splitlines()
            ]
            own, others = " ".join(seen[:1]), " ".join(seen[1:])
            typed = {one for one in CANARIES if any(one in word for word in words)}
            self._note(f"{name}: its command line", own, typed)
            self._note(f"{name}: a process it started", others, set())

    def _note(self, where: str, text: str, may: set[str]) -> None:
        planted = {one: one for one in CANARIES} | {CODE: self.code} | self.keys()
        self.wrong += [
            f"{where}: {name}"
            for name, canary in planted.items()
            if canary in text and name not in may
        ]

    def keys(self) -> dict[str, str]:
        """The program's secrets, by their names."""
        found = json.loads((self.folder / "program.key").read_text())
        return {f"the key {name}": value for name, value in found.items() if isinstance(value, str)}

    def look_around(self) -> None:
        """Read every file that there is now, but for the ledger and what a test or somebody put there."""
        # out.json and own.xlsx are what was asked for: the clients' words, for an EHR under a consent, and
        # for the client; outbox.txt is where messages arrive, which call them as they like to be called.
        own = {
            "outbox.txt",
            "program.db",
            "program.key",
            "trace",
            "aside.csv",
            "out.json",
            "own.xlsx",
            *FILES,
        }
        for path in self.place.rglob("*"):
            if path.is_file() and path.name not in own:
                self._note(str(path), path.read_bytes().decode("latin-1"), set())


CANARIES = [NAME, NOTE, WORDS, REASON, TOLD, SAID, STRATUM, STRENGTH]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    for name in ("files", "home", "scrap", "cache"):
        (tmp_path / name).mkdir()
    for name, text in FILES.items():
        (tmp_path / "files" / name).write_text(text)
    made = Desk(tmp_path)
    subprocess.run([COMMAND, "init", made.folder, "--zone", "UTC"], check=True, capture_output=True)
    (made.folder / "rules" / "rules.toml").write_text(RULES)
    (made.folder / "kinds.toml").write_text(KINDS)
    yield made
    assert not made.wrong, "\n".join(made.wrong)


def leaves(group: click.Group, ctx: click.Context, before: str = "") -> Iterator[str]:
    for name in group.list_commands(ctx):
        if before or name in COMMANDS:
            found = group.get_command(ctx, name)
            called = f"{before} {name}".strip()
            if isinstance(found, click.Group):
                yield from leaves(found, ctx, called)
            else:
                yield called


def test_every_command_is_done_with_canaries_about() -> None:
    done = {name for name, _, _ in WELL + BADLY}
    assert set(leaves(cli, click.Context(cli))) == done | ELSEWHERE | OWN_TESTS, (
        "add the new command above"
    )


def test_nothing_about_a_person_is_told_where_it_was_not_asked_for(desk: Desk) -> None:
    for number, (name, words, typed) in enumerate(WELL):
        code = desk.do(name, words, typed, json_too=bool(number % 2))
        assert code == 0 or name in ("rules diff", "verify"), (name, words)
    for number, (name, words, typed) in enumerate(BADLY):
        desk.do(name, words, typed, json_too=bool(number % 2))
    desk.look_around()
    ledger = (desk.folder / "program.db").read_bytes().decode("latin-1")
    assert NAME in ledger
    assert desk.code.replace("-", "") not in ledger.replace("-", "")
    assert not [name for name, key in desk.keys().items() if key in ledger]


def test_nothing_is_told_where_the_ledger_is_damaged(desk: Desk) -> None:
    """What nobody foresaw is told without what anybody typed, on the screen and in the file that is kept."""
    for name in ("rules publish", "client import", "goal import", "log"):
        words, typed = next((words, typed) for one, words, typed in WELL if one == name)
        assert desk.do(name, words, typed, json_too=False) == 0
    with closing(sqlite3.connect(desk.folder / "program.db", isolation_level=None)) as db:
        db.execute("pragma ignore_check_constraints = on")
        for table, column in (("choices", "settings"), ("events", "on_day")):
            db.execute(f"drop trigger if exists {table}_no_update")
            db.execute(f"update {table} set {column} = ?", (f"{NOTE} {NAME}",))
    left = 0
    for name in ("log", "client show", "goal list", "verify", "awards"):
        words, typed = next((words, typed) for one, words, typed in WELL if one == name)
        before = len(desk.wrong)
        desk.do(name, words, typed, json_too=False)
        desk.wrong[before:] = [one for one in desk.wrong[before:] if "exit 70" not in one]
        left += len(list((desk.place / "scrap").iterdir()))
    desk.look_around()
    assert left, "nothing went wrong that nobody foresaw"
