"""The files of a program's folder: `program.toml`, `kinds.toml`, `rules/`, and `program.key`."""

import os
from collections.abc import Callable, Iterable
from datetime import date, time
from typing import TYPE_CHECKING, Any, TypeVar
from zoneinfo import ZoneInfo

from attrs import field, frozen

from cmengine import recent
from cmengine.errors import CMError, Mistake, closest, stop_if
from cmengine.kinds import Kind, read_kinds
from cmengine.options import Place, read_options
from cmengine.places import StrPath, inside, is_file
from cmengine.toml import cannot_read, parse, place_in, read_text

if TYPE_CHECKING:
    from pathlib import Path

    from cmengine.sections import (
        FeedbackSettings,
        Fund,
        Limit,
        MessageSettings,
        StatusSettings,
        StockSettings,
        Topic,
    )

MOST_KEY = 1_000_000  # letters of a program's key; thousands of secrets for draws
T = TypeVar("T")
SETTINGS, KINDS, RULES = "program.toml", "kinds.toml", "rules"
DATABASE, KEY = "program.db", "program.key"
CHECKED = "plugins.json"
# The tables of program.toml: see sections.py.
SECTIONS = ("fund", "limit", "stock", "messages", "information", "feedback", "status")
NOT_SEEN = ("missed_visit",)  # unless the program says otherwise
TEMPLATES = "templates"  # a program's own
# ISO 4217 currencies whose smaller unit is not a hundredth: amounts here have two places.
_NOT_CENTS = frozenset(
    [
        "BHD",
        "BIF",
        "CLF",
        "CLP",
        "DJF",
        "GNF",
        "IQD",
        "ISK",
        "JOD",
        "JPY",
        "KMF",
        "KRW",
        "KWD",
        "LYD",
        "OMR",
        "PYG",
        "RWF",
        "TND",
        "UGX",
        "UYI",
        "UYW",
        "VND",
        "VUV",
        "XAF",
        "XOF",
        "XPF",
    ]
)


# Names that the time zone data has, and that mean something else on another machine, or nowhere.
_NOT_A_PLACE = frozenset(["localtime", "posixrules", "Factory"])


def _city(name: str, known: Iterable[str]) -> str | None:
    """Find the one zone that is named after a city: by its name, or by the letters its words begin with."""
    meant = name.replace(" ", "_").lower()
    found = {
        zone
        for zone in known
        for city in [zone.rpartition("/")[2]]
        if "/" in zone
        and meant in (city.lower(), "".join(word[0] for word in city.lower().split("_")))
        and len(meant) > 1
    }
    named = {zone for zone in found if zone.startswith("America/")} or found
    return named.pop() if len(named) == 1 else None


def read_zone(name: object) -> ZoneInfo:
    """Read the name of a time zone. Raises ValueError, in words."""
    try:
        if name in _NOT_A_PLACE:
            raise ValueError
        return ZoneInfo(str(name))
    except (KeyError, ValueError, OSError):
        import zoneinfo

        known = zoneinfo.available_timezones() - _NOT_A_PLACE
        if not known:
            raise ValueError(
                "this machine has no time zone data; install it with: pip install tzdata"
            ) from None
        near = _city(str(name), known) or closest(str(name), known)
        todo = f"did you mean '{near}'?" if near else "write it like America/Chicago"
        raise ValueError(f"'{name!s:.60}' is not a time zone; {todo}") from None


def _boundary(text: object) -> time:
    try:
        read = time.fromisoformat(str(text))
    except ValueError:
        read = time.max
    if read > time(12) or read.second or read.microsecond or len(str(text)) not in (5, 8):
        raise ValueError(
            f'{text!s:.20} is not a time from "00:00" to "12:00"; write it like "04:00"'
        )
    return read


def _currency(code: object) -> str:
    if not isinstance(code, str) or len(code) != 3 or not code.isascii() or not code.isupper():
        raise ValueError(f'{code!s:.20} is not a currency; write its three letters, like "USD"')
    if code in _NOT_CENTS:
        raise ValueError(
            f"{code} is not counted in hundredths, as amounts here are; choose a currency that is"
        )
    return code


def _month_and_day(text: object) -> tuple[int, int]:
    if isinstance(text, tuple):
        return text
    try:
        read = date.fromisoformat(f"2001-{text}")
    except ValueError:
        raise ValueError(f'{text!s:.20} is not a day of the year; write it like "10-01"') from None
    return read.month, read.day


@frozen(kw_only=True, eq=False, repr=False)
class Settings:
    """What `program.toml` says, but for its sections: see `sections.Sections`.

    `day_boundary` is the local time at which a new day begins.
    """

    name: str
    zone: ZoneInfo = field(converter=read_zone)
    currency: str = field(default="USD", converter=_currency)
    day_boundary: time = field(default=time(0), converter=_boundary)
    budget_year: tuple[int, int] = field(default=(1, 1), converter=_month_and_day)
    staff: tuple[str, ...] = ()

    @property
    def fund(self) -> "tuple[Fund, ...]":
        """Give the funds; none, where nothing is written of any."""
        return ()

    @property
    def limit(self) -> "tuple[Limit, ...]":
        """Give the limits of funders."""
        return ()

    @property
    def stock(self) -> "StockSettings":
        """Give how the stock is kept."""
        from cmengine.sections import StockSettings  # late: see there

        return StockSettings()

    @property
    def messages(self) -> "MessageSettings":
        """Give how clients are written to."""
        from cmengine.sections import MessageSettings  # late: see there

        return MessageSettings()

    @property
    def information(self) -> "tuple[Topic, ...]":
        """Give when somebody may be asked what they would like to hear; none: what is usual."""
        return ()

    @property
    def not_seen(self) -> tuple[str, ...]:
        """Name the kinds of event that do not say that somebody came by."""
        return NOT_SEEN

    @property
    def feedback(self) -> "FeedbackSettings":
        """Give who looks after complaints."""
        from cmengine.sections import FeedbackSettings  # late: see there

        return FeedbackSettings()

    @property
    def status(self) -> "StatusSettings":
        """Give what the screen for the morning says."""
        from cmengine.sections import StatusSettings  # late: see there

        return StatusSettings()


class Keys:
    """The program's secrets, kept outside the database: for draws, one after the other, for codes and for
    the journal. They are never shown.
    """

    def __init__(self, draws: tuple[bytes, ...], codes: bytes, journal: bytes) -> None:
        self.draws = draws
        self.codes = codes
        self.journal = journal


def read_settings(folder: StrPath) -> tuple[Settings | None, list[Mistake]]:
    """Read `program.toml`; give the settings or every mistake."""
    path = inside(folder, SETTINGS)
    tables, place = _tables(path)
    if any(key in tables for key in SECTIONS):
        from cmengine.sections import read_sections  # late: see there

        return read_sections(tables, place)
    settings, mistakes = read_options(Settings, tables, place, called="program", also=SECTIONS)
    return settings, mistakes


def read_program_kinds(folder: StrPath) -> tuple[dict[str, Kind], list[Mistake]]:
    """Read `kinds.toml`; give the kinds and every mistake."""
    path = inside(folder, KINDS)
    tables, place = _tables(path)
    return read_kinds(tables, place)


def _tables(path: str) -> tuple[dict[str, Any], Place]:
    """Read a file, or what is known of its text. Raises CMError."""
    text = read_text(path)
    known = recent.tables_of(text)
    if known is not None:
        return known, place_in(text, path)
    tables, place = parse(text, path)
    recent.keep(text, tables)
    return tables, place


def load_settings(folder: StrPath) -> tuple[Settings, dict[str, Kind]]:
    """Read both files of a program, or raise CMError with every mistake of both."""
    try:
        here = is_file(inside(folder, SETTINGS))
    except OSError as error:
        raise cannot_read(folder, error) from error
    if not here:
        raise no_program(folder)
    settings, mistakes = _collected(read_settings, folder)
    kinds, wrong = _collected(read_program_kinds, folder)
    stop_if([*mistakes, *wrong])
    if settings is None or kinds is None:
        raise no_program(folder)
    return settings, kinds


def _collected(
    read: Callable[[StrPath], tuple[T, list[Mistake]]], folder: StrPath
) -> tuple[T | None, list[Mistake]]:
    """Read a file, with a mistake of the file as a whole among the others."""
    try:
        return read(folder)
    except CMError as error:
        return None, list(error.mistakes)


def no_program(folder: StrPath) -> CMError:
    """Say that there is no program in a folder, and how to make or name one."""
    return CMError(
        Mistake(
            str(folder),
            f"there is no program here (no {SETTINGS})",
            "make one with: cmengine init DIR, or name its folder with: cmengine -p DIR",
        )
    )


def rule_files(folder: "Path") -> "list[Path]":
    """Find the rule files of a program or starter folder; scenario files are not among them."""
    return sorted(
        p for p in (folder / RULES).glob("*.toml") if not p.name.endswith(".scenarios.toml")
    )


def make_keys(path: StrPath) -> Keys:
    """Make new secrets and keep them in a file that only its owner can read."""
    import json
    import secrets

    keys = Keys(
        (secrets.token_bytes(32),), codes=secrets.token_bytes(32), journal=secrets.token_bytes(32)
    )
    text = json.dumps(
        {
            "draws": [keys.draws[0].hex()],
            "codes": keys.codes.hex(),
            "journal": keys.journal.hex(),
        }
    )
    write_private(path, text + "\n")
    return keys


def add_draw_secret(path: "Path") -> bytes:
    """Make a further draw secret and keep it in the file of the keys, safely on disk before this returns.

    The others stay in the file, used or not. Call it inside the one write transaction. Raises CMError.
    """
    import json
    import secrets

    read_keys(path)
    kept: dict[str, Any] = json.loads(path.read_text())
    secret = secrets.token_bytes(32)
    text = json.dumps({**kept, "draws": [*kept["draws"], secret.hex()]})
    try:
        replace_private(path, text + "\n")
    except OSError as error:
        what = f"the program's key cannot be written: {error.strerror or error}"
        raise CMError(
            Mistake(str(path), what, "nothing was changed; mend it, then do it again")
        ) from error
    return secret


def read_keys(path: StrPath) -> Keys:
    """Read a program's secrets; raise CMError in words where they are missing or damaged."""
    import json

    try:
        with open(path, encoding="utf-8") as file:
            found: dict[str, Any] = json.loads(file.read(MOST_KEY))
        draws = tuple(bytes.fromhex(one) for one in found["draws"])
        keys = Keys(draws, bytes.fromhex(found["codes"]), bytes.fromhex(found["journal"]))
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise CMError(
            Mistake(
                str(path),
                "the program's key cannot be read",
                "put the file back from a backup; without it draws and codes cannot be worked out",
            )
        ) from error
    return keys


def write_private(path: StrPath, text: str) -> None:
    """Write a new file that only its owner can read, whatever the umask. Raises FileExistsError."""
    with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
        os.chmod(path, 0o600)
        file.write(text)


def replace_private(path: "Path", text: str) -> None:
    """Put a text in the place of a private file, all of it or none, safely on disk. Raises OSError."""
    from cmengine.durable import sync  # late: few commands replace a file

    new = path.with_name(f"{path.name}.new")
    with os.fdopen(os.open(new, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "w") as file:
        new.chmod(0o600)
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
    sync(path.parent)
