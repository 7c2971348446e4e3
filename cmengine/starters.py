"""Make a program's folder, empty or from one of the starters that ship with the engine."""

import os
from pathlib import Path

from cmengine.errors import CMError, Mistake, did_you_mean, stop_if
from cmengine.founding import founding
from cmengine.program import Clock, make_database, now_utc
from cmengine.settings import DATABASE, KEY, KINDS, RULES, SETTINGS, load_settings

FIRST_KINDS = """\
# The kinds of event this program logs. A kind has values = [...], or a unit for a number, or text = true.

[kind.visit]
label = "Came in"

[kind.missed_visit]
label = "Did not make it in"

[kind.positive_change]
label = "Something better than before, in their own words"
text  = true

[kind.setback_shared]
label = "Told us about a setback"
text  = true
"""


def starters_folder() -> Path:
    """Find the starters: beside the code in an installed wheel, in `rules/` in a checkout."""
    here = Path(__file__).resolve().parent
    shipped = here / "starters"
    return shipped if shipped.is_dir() else here.parent / RULES


def starters() -> dict[str, Path]:
    """Name the starters that there are."""
    return {
        path.parent.name: path.parent for path in sorted(starters_folder().glob("*/kinds.toml"))
    }


def machine_zone() -> str:
    """Guess the time zone of this machine; UTC where it does not say."""
    from zoneinfo import available_timezones

    named = os.environ.get("TZ", "").removeprefix(":")
    linked = str(Path("/etc/localtime").resolve()).partition("/zoneinfo/")[2]
    zones = available_timezones()
    return next((name for name in (named, linked) if name in zones and "/" in name), "UTC")


def make_program(
    folder: Path,
    *,
    starter: str | None = None,
    name: str | None = None,
    zone: str | None = None,
    currency: str = "USD",
    by: str = "staff",
    clock: Clock = now_utc,
) -> list[str]:
    """Make a program in `folder`; give the names of the rule files it got.

    Raises CMError where something is in the way; then nothing is written. A stop on the way leaves nothing
    that the next try would not clear away.
    """
    found = starters()
    settings = _settings(name or folder.resolve().name, zone or machine_zone(), currency)
    mistakes = _mistakes(settings, folder)
    if starter is not None and starter not in found:
        todo = did_you_mean(starter, found)
        mistakes.insert(0, Mistake(f"starter '{starter:.60}'", "there is no such starter", todo))
    stop_if(mistakes)
    copied = []
    try:
        with founding(folder, (SETTINGS, KINDS, DATABASE, KEY, RULES)) as made:
            (made / RULES).mkdir()
            (made / SETTINGS).write_text(settings, encoding="utf-8")
            kinds = FIRST_KINDS
            if starter is not None:
                kinds = (found[starter] / KINDS).read_text(encoding="utf-8")
                for path in sorted(found[starter].glob("*.toml")):
                    if path.name != KINDS:
                        (made / RULES / path.name).write_text(
                            path.read_text(encoding="utf-8"), encoding="utf-8"
                        )
                        copied.append(path.name)
            (made / KINDS).write_text(kinds, encoding="utf-8")
            load_settings(made)
            make_database(made, by=by, clock=clock)
    except OSError as error:
        raise CMError(
            Mistake(
                f"{folder!s:.200}", f"cannot be written ({error.strerror})", "choose another folder"
            )
        ) from error
    return [one for one in copied if not one.endswith(".scenarios.toml")]


def _mistakes(settings: str, folder: Path) -> list[Mistake]:
    from cmengine.options import read_options
    from cmengine.sections import Sections
    from cmengine.toml import parse

    tables, place = parse(settings, str(folder / SETTINGS))
    _, mistakes = read_options(Sections, tables, place, called="program")
    return list(mistakes)


def _quoted(text: str) -> str:
    shown = "".join(letter for letter in text if letter.isprintable()).strip()
    return shown.replace("\\", "\\\\").replace('"', '\\"')


def _settings(name: str, zone: str, currency: str) -> str:
    return f"""\
name         = "{_quoted(name) or "our program"}"
zone         = "{_quoted(zone)}"
currency     = "{_quoted(currency)}"
day_boundary = "00:00"           # a new day begins at this local time; "04:00" keeps a late evening together

# staff = ["ana", "ben"]         # who may work here, each with: cmengine --by NAME

# [[fund]]
# name   = "grant"
# amount = "10000.00"

# [[limit]]                      # what a funder allows to be issued; ready ones: cmengine limits profiles
# name   = "yearly"
# per    = "client"              # or "fund"
# window = "calendar_year"       # award, month, calendar_year, budget_year, program
# most   = "750.00"
# cite   = "where this is written"
"""
