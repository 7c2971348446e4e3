"""A program with a past, made once and copied: what every command that writes has something to do in."""

import json
import os
import shutil
import sys
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path

from attrs import frozen
from click.testing import CliRunner, Result

from cmengine.cli import cli

COMMAND = Path(sys.executable).with_name("cmengine")
FIRST = date(2026, 1, 5)
VISITS = 12

RULES = """
[[rule]]
id    = "drop-in"
title = "Coming in"
[rule.goal]
kind    = "any_of"
events  = ["visit"]
per_day = 1
[[rule.reward]]
kind  = "escalating_voucher"
start = "2.50"
step  = "1.25"
[[rule.notify]]
kind = "outbox"

[[rule]]
id          = "fewer-drinks"
title       = "My own number"
client_sets = ["goal.target"]
[rule.goal]
kind  = "at_most"
event = "drinks"
target = 6
[[rule.reward]]
kind  = "fixed_voucher"
worth = "1.50"
[[rule.reward]]
kind = "item"
item = "bus pass"
"""
KINDS = """
[kind.visit]
label = "Came in"
[kind.missed_visit]
label = "Did not make it in"
[kind.drinks]
label = "Drinks in a day"
unit  = "drinks"
"""


@frozen
class River:
    """A program's folder, a folder of files to bring in, and the code and number of an open voucher."""

    folder: Path
    files: Path
    code: str
    voucher: str

    def copy(self, place: Path) -> "River":
        """Copy it all to a new place."""
        made = River(place / "river", place / "files", self.code, self.voucher)
        shutil.copytree(self.folder, made.folder)
        shutil.copytree(self.files, made.files)
        return made

    def words(self, words: tuple[str, ...]) -> tuple[str, ...]:
        """Fill in what is known only here: {files}, {code}, {new} (a folder that is not there yet)."""
        return tuple(
            word.format(
                files=self.files, code=self.code, voucher=self.voucher, new=self.files / "new"
            )
            for word in words
        )

    def file(self) -> Path:
        """Give the file of the ledger."""
        return self.folder / "program.db"


def do(folder: Path | None, *words: str, typed: str | None = None) -> Result:
    """Do a command in this process, as one who is at the desk would."""
    at = [] if folder is None else ["-p", str(folder)]
    return CliRunner().invoke(
        cli, ["--by", "ana", *at, *words], input=typed, prog_name="cmengine", catch_exceptions=False
    )


def must(folder: Path | None, *words: str, typed: str | None = None) -> str:
    """Do a command that has to go well; give what it says."""
    done = do(folder, *words, typed=typed)
    assert done.exit_code == 0, (words, done.output)
    return done.stdout


IN_MODE = """
import sys
import cmengine.database
cmengine.database.journal_mode = lambda version: ({journal!r}, {sync!r})
from cmengine.cli import main
main()
"""
Mode = tuple[str, str]
"""The settings (journal_mode, synchronous) of the connection, where a test wants others than the product's."""


def command(folder: Path | None, *words: str, mode: Mode | None = None) -> list[str]:
    """Give the words of a command in a process of its own, in a mode of its own where one is named."""
    at = [] if folder is None else ["-p", str(folder)]
    start = [str(COMMAND)]
    if mode is not None:
        start = [sys.executable, "-c", IN_MODE.format(journal=mode[0], sync=mode[1])]
    return [*start, "--by", "ana", *at, *words]


def surroundings(place: Path, **more: str) -> Mapping[str, str]:
    """Give the environment of such a process: nothing of it is written outside of a place."""
    scrap = place / "scrap"
    scrap.mkdir(parents=True, exist_ok=True)
    return {
        **os.environ,
        "PYTHONDONTWRITEBYTECODE": "1",
        "TMPDIR": str(scrap),
        "CMENGINE_CACHE": str(place.parent / "plugins-of-processes"),
        **more,
    }


def make_river(place: Path) -> River:
    """Make the program: three clients with a past, messages that wait, an open voucher, files to bring in."""
    river = River(place / "river", place / "files", "", "")
    folder, files = river.folder, river.files
    files.mkdir(parents=True)
    must(None, "init", str(folder), "--zone", "America/Los_Angeles")
    (folder / "kinds.toml").write_text(KINDS)
    (folder / "rules" / "rules.toml").write_text(RULES)
    must(folder, "rules", "publish")
    for client, name in (("c1", "Sky"), ("c2", "River"), ("c3", "")):
        must(folder, "client", "add", client, "--name", name)
        must(
            folder, "goal", "choose", client, "drop-in", "--words", "See people", "--on", str(FIRST)
        )
        must(folder, "consent", "give", client, "--channel", "outbox")
    of_c1 = ("c1", "fewer-drinks", "--words", "Six is enough", "--set", "goal.target=4")
    must(folder, "goal", "choose", *of_c1, "--on", str(FIRST))
    must(folder, "log", "c1", "drinks", "3", "--on", str(FIRST), "--id", "drinks-1")
    write_events(files / "past.csv", "past", ("c1", "c2", "c3"), VISITS)
    must(folder, "import", str(files / "past.csv"))
    with (folder / "program.toml").open("a") as settings:
        settings.write('\n[messages]\nquiet = "none"\n')
        settings.write('\n[[fund]]\nname = "gifts"\namount = "900.00"\n')
    (files / "things.csv").write_text("item,count,value\nbus pass,3,2.50\nradio,4,20.00\n")
    must(folder, "stock", "add", str(files / "things.csv"))
    (files / "cards.csv").write_text(
        "serial,code,value,brand\n"
        + "".join(f"G-{n},60064912000{n:03d},5.00,Grocer\n" for n in range(20))
    )
    issued = json.loads(must(folder, "voucher", "issue", "c2", "--amount", "5.00", "--json"))
    (folder / "rules" / "rules.toml").write_text(RULES.replace('"2.50"', '"3.00"'))
    must(folder, "rules", "publish")
    must(folder, "feedback", "add", "c2", "--words", "The door is heavy")
    must(folder, "outbox", "send")
    must(folder, "log", "c2", "visit", "--on", "2026-02-10", "--id", "to-tell-1")
    must(folder, "log", "c3", "visit", "--on", "2026-02-10", "--id", "to-tell-2")
    (folder / "rules" / "rules.toml").write_text(RULES.replace('"2.50"', '"3.50"'))
    elsewhere = [
        {
            "resourceType": "Observation",
            "id": f"seen-{n}",
            "status": "final",
            "code": {"coding": [{"system": "urn:cmengine:kind", "code": "visit"}]},
            "subject": {"reference": f"Patient/c{n % 3 + 1}"},
            "effectiveDateTime": f"2026-03-0{n + 1}",
        }
        for n in range(6)
    ]
    (files / "bundle.json").write_text(
        json.dumps(
            {
                "resourceType": "Bundle",
                "type": "collection",
                "entry": [{"resource": one} for one in elsewhere],
            }
        )
    )
    write_events(files / "events.csv", "new", ("c1", "c2"), 40, FIRST + timedelta(days=60))
    late = (files / "events.csv").read_text().splitlines()
    (files / "some-bad.csv").write_text("\n".join([*late[:30], "bad,c1,visitt,,2026-03-01,"]))
    (files / "clients.csv").write_text(
        "client,name\n" + "".join(f"d{n},Dawn {n}\n" for n in range(30))
    )
    (files / "choices.csv").write_text(
        "client,rule,words,on,set\n"
        + "".join(f"e{n},drop-in,See people,2026-01-05,\n" for n in range(20))
    )
    return River(folder, files, issued["code"], issued["voucher"])


def write_events(
    file: Path, id: str, clients: tuple[str, ...], days: int, first: date = FIRST
) -> None:
    """Write a log of visits, one a day and client, that can be imported."""
    lines = [
        f"{id}-{client}-{n},{client},visit,,{first + timedelta(days=n)},"
        for n in range(days)
        for client in clients
    ]
    file.write_text("\n".join(["id,client,kind,value,at,evidence", *lines, ""]))
