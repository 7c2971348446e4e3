"""A program with a past, made once and copied: what every command that writes has something to do in."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from attrs import frozen
from click.testing import CliRunner, Result

from cmengine.cli import cli
from cmengine.program import now_utc, open_program

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
[[rule.notify]]
kind = "apprise"
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


WEATHER = '''
from typing import ClassVar
from attrs import frozen
from cmengine import Award, hookimpl


@frozen(kw_only=True)
class Weather:
    """A stranger's reward: a little more when it rains. It is installed at some desks and not at others."""

    kind: ClassVar[str] = "weather"

    def awards(self, occurrence, dice):
        return [Award(label="umbrella", cents=100 + dice.randrange(50))]


@hookimpl
def register_rewards():
    return [Weather]
'''
WEATHER_RULE = """
[[rule]]
id    = "weather"
title = "Whatever the weather"
[rule.goal]
kind    = "any_of"
events  = ["visit"]
[[rule.reward]]
kind = "weather"
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
                files=self.files,
                river=self.folder,
                code=self.code,
                voucher=self.voucher,
                new=self.files / "new",
            )
            for word in words
        )

    def file(self) -> Path:
        """Give the file of the ledger."""
        return self.folder / "program.db"


def with_plugin(files: Path) -> Mapping[str, str]:
    """Give the part of an environment in which the stranger's plugin is installed."""
    more = os.environ.get("PYTHONPATH")
    return {
        "PYTHONPATH": os.pathsep.join([str(files / "site"), *([more] if more else [])]),
        "CMENGINE_CACHE": str(files / "plugins-with-weather"),
    }


@contextmanager
def clock_ahead(by: timedelta) -> Iterator[None]:
    """Let the clock of this process be ahead by so much."""
    usual: dict[str, Any] = open_program.__kwdefaults__ or {}
    open_program.__kwdefaults__ = {**usual, "clock": lambda: now_utc() + by}
    try:
        yield
    finally:
        open_program.__kwdefaults__ = usual


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
    must(folder, "consent", "give", "c2", "--purpose", "information")
    must(folder, "strength", "add", "c2", "I know everybody by the river")
    of_c1 = ("c1", "fewer-drinks", "--words", "Six is enough", "--set", "goal.target=4")
    must(folder, "goal", "choose", *of_c1, "--on", str(FIRST))
    must(folder, "consent", "give", "c1", "--channel", "apprise")
    (folder / "apprise.txt").write_text("c2 = json://localhost\n")  # so c1 cannot be written to
    must(folder, "log", "c1", "drinks", "3", "--on", str(FIRST), "--id", "drinks-1")
    write_events(files / "past.csv", "past", ("c1", "c2", "c3"), VISITS)
    must(folder, "import", str(files / "past.csv"))
    with (folder / "program.toml").open("a") as settings:
        settings.write('\n[messages]\nquiet = "none"\ntries = 2\n')
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
    with clock_ahead(timedelta(days=1)):
        must(folder, "outbox", "send")  # the second try, and the last
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
    (files / "records.csv").write_text(
        "record_id,redcap_repeat_instrument,redcap_repeat_instance,event_id,event_kind,event_at\n"
        + "".join(
            f"c{n % 3 + 1},cm_event,{n + 1},there-{n},visit,2026-03-1{n} 10:00:00\n"
            for n in range(6)
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
    hold(folder, files)
    must(folder, "backup", str(files / "backup.zip"))
    return River(folder, files, issued["code"], issued["voucher"])


def hold(folder: Path, files: Path) -> None:
    """Let a client choose a rule of a stranger's plugin, and come in three times while it is not installed."""
    info = files / "site" / "cm_weather-1.0.dist-info"
    info.mkdir(parents=True)
    (files / "site" / "cm_weather.py").write_text(WEATHER)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: cm_weather\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[cmengine]\nweather = cm_weather\n")
    rule = folder / "rules" / "weather.toml"
    rule.write_text(WEATHER_RULE)
    must(folder, "client", "add", "c8")
    for words in (
        ("rules", "publish", str(rule)),
        ("goal", "choose", "c8", "weather", "--words", "Rain or shine", "--on", str(FIRST)),
    ):
        at = surroundings(files, **with_plugin(files))
        subprocess.run(command(folder, *words), env=at, check=True, capture_output=True)
    rule.unlink()
    for n in range(3):
        day = str(FIRST + timedelta(days=n))
        must(folder, "log", "c8", "visit", "--on", day, "--id", f"rain-{n}")


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
