"""The files of a program's folder: `program.toml`, `kinds.toml`, `rules/`, and `program.key`."""

import os
from collections.abc import Callable
from datetime import date, time
from pathlib import Path
from typing import Any, Literal, TypeVar
from zoneinfo import ZoneInfo

from attrs import field, frozen, validators

from cmengine.errors import CMError, Mistake, closest, did_you_mean, stop_if
from cmengine.kinds import Kind, read_kinds
from cmengine.money import cents, dollars
from cmengine.options import Place, read_options
from cmengine.toml import cannot_read, parse, read_text

T = TypeVar("T")
SETTINGS, KINDS, RULES = "program.toml", "kinds.toml", "rules"
DATABASE, KEY = "program.db", "program.key"
CHECKED = "plugins.json"
TEMPLATES = "templates"  # a program's own
QUIET = "21:00-08:00"  # the hours in which nobody is to be called: 47 CFR 64.1200(c)(1)
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
        near = closest(str(name), known)
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


def _optional_cents(text: object) -> int | None:
    return None if text is None else cents(text)


@frozen(kw_only=True, eq=False, repr=False)
class Fund:
    """Money to give, as `program.toml` has it: a name and an amount in cents.

    It pays for the rules that are named (for all, where none is), `after` another fund has paid what it can.
    """

    name: str
    amount: int = field(converter=cents)
    pays_for: tuple[str, ...] = ()
    after: str = ""
    ask: str = ""


@frozen(kw_only=True, eq=False, repr=False)
class Limit:
    """What a funder allows to be issued: at most `most` cents, per client or fund, in a window.

    From `warn_at` cents on it is said how far it is used; a limit without `most` only says it.
    """

    name: str
    per: Literal["client", "fund"] = "client"
    window: Literal["award", "month", "calendar_year", "budget_year", "program"]
    most: int | None = field(default=None, converter=_optional_cents)
    warn_at: int | None = field(default=None, converter=_optional_cents)
    fund: str = ""
    cite: str = ""
    ask: str = ""
    starts: date | None = None
    ends: date | None = None


@frozen(kw_only=True, eq=False, repr=False)
class StockSettings:
    """How the stock is kept: fewer than `low` on hand is said; `separate` keeps who hands out from counting."""

    low: int = field(default=5, validator=validators.ge(0))
    separate: bool = True


def _quiet_fits(settings: "MessageSettings", attribute: Any, value: str) -> None:
    if value != QUIET:
        from cmengine.quiet import read_quiet  # late: only where messages are sent

        read_quiet(value)


@frozen(kw_only=True, eq=False, repr=False)
class MessageSettings:
    """How clients are written to: never in the `quiet` hours of their own time; `tries` times at most, each for
    so many `seconds`.
    """

    quiet: str = field(default=QUIET, validator=_quiet_fits)
    tries: int = field(default=8, validator=[validators.ge(1), validators.le(50)])
    seconds: int = field(default=30, validator=[validators.ge(1), validators.le(600)])


@frozen(kw_only=True, eq=False, repr=False)
class Topic:
    """When somebody may be asked whether they would like to hear about a `topic`: after a gap of so many days,
    after an event of one of these `kinds`, or where they choose one of these `rules`, or one about `opioids`.
    """

    topic: str
    after_gap: int | None = field(default=None, validator=validators.optional(validators.ge(1)))
    kinds: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    opioids: bool = False


@frozen(kw_only=True, eq=False, repr=False)
class FeedbackSettings:
    """Who looks after `complaints`, the first of them first; what is not answered for `days` is said.

    14 days is what people are promised where a program says nothing else.
    """

    complaints: tuple[str, ...] = ()
    days: int = field(default=14, validator=validators.ge(1))


@frozen(kw_only=True, eq=False, repr=False)
class StatusSettings:
    """What the screen for the morning says: people not seen for `away` days, stock not counted for `count`.

    A kind of event in `not_seen` does not say that somebody came by.
    """

    away: int = field(default=14, validator=validators.ge(1))
    count: int = field(default=30, validator=validators.ge(1))
    not_seen: tuple[str, ...] = ("missed_visit",)


@frozen(kw_only=True, eq=False, repr=False)
class Settings:
    """What `program.toml` says. `day_boundary` is the local time at which a new day begins."""

    name: str
    zone: ZoneInfo = field(converter=read_zone)
    currency: str = field(default="USD", converter=_currency)
    day_boundary: time = field(default=time(0), converter=_boundary)
    budget_year: tuple[int, int] = field(default=(1, 1), converter=_month_and_day)
    staff: tuple[str, ...] = ()
    fund: tuple[Fund, ...] = ()
    limit: tuple[Limit, ...] = ()
    stock: StockSettings = StockSettings()
    messages: MessageSettings = MessageSettings()
    information: tuple[Topic, ...] = ()
    feedback: FeedbackSettings = FeedbackSettings()
    status: StatusSettings = StatusSettings()


@frozen(eq=False, repr=False)
class Keys:
    """The program's secrets, kept outside the database: for draws, one after the other, for codes and for
    the journal.
    """

    draws: tuple[bytes, ...]
    codes: bytes
    journal: bytes


def read_settings(folder: Path) -> tuple[Settings | None, list[Mistake]]:
    """Read `program.toml`; give the settings or every mistake."""
    path = folder / SETTINGS
    tables, place = parse(read_text(path), str(path))
    settings, mistakes = read_options(Settings, tables, place, called="program")
    if settings is None:
        return None, mistakes
    return settings, [
        *mistakes,
        *_fund_mistakes(settings, place),
        *_limit_mistakes(settings, place),
        *_information_mistakes(settings, place),
        *_feedback_mistakes(settings, place),
    ]


def _same_name(part: str, names: list[str], place: Place) -> list[Mistake]:
    return [
        place.at(part, n, "name").wrong(
            f"name: there is already a {part} named '{name}'", "name it anew"
        )
        for n, name in enumerate(names)
        if name in names[:n]
    ]


def _fund_mistakes(settings: Settings, place: Place) -> list[Mistake]:
    """Find funds of the same name, and those that come after none there is, or after themselves."""
    names = [fund.name for fund in settings.fund]
    mistakes = _same_name("fund", names, place)
    after = {fund.name: fund.after for fund in settings.fund}
    for n, fund in enumerate(settings.fund):
        here = place.at("fund", n, "after")
        if fund.after and fund.after not in names:
            what = f"after: there is no fund '{fund.after:.64}'"
            mistakes.append(here.wrong(what, did_you_mean(fund.after, names)))
        before, seen = fund.after, {fund.name}
        while before and before not in seen:
            seen.add(before)
            before = after.get(before, "")
        if before == fund.name:
            what = f"after: the fund '{fund.name}' would come after itself"
            mistakes.append(here.wrong(what, "let one of them come first"))
    return mistakes


def _limit_mistakes(settings: Settings, place: Place) -> list[Mistake]:
    """Find limits of the same name, of no fund there is, and those that say nothing or nonsense."""
    funds = [fund.name for fund in settings.fund]
    mistakes = _same_name("limit", [limit.name for limit in settings.limit], place)
    for n, limit in enumerate(settings.limit):
        here = place.at("limit", n)
        if (limit.fund and limit.fund not in funds) or (limit.per == "fund" and not limit.fund):
            todo = did_you_mean(limit.fund, funds) or "add a [[fund]]"
            what = f"fund: limit '{limit.name}' names no fund there is"
            mistakes.append(here.at("fund").wrong(what, todo))
        if limit.most is None and limit.warn_at is None:
            mistakes.append(here.wrong("most is missing", "'limit' needs it, or a warn_at"))
        if None not in (limit.most, limit.warn_at) and (limit.warn_at or 0) > (limit.most or 0):
            what = f"warn_at: {dollars(limit.warn_at or 0)} is more than the limit itself"
            mistakes.append(here.at("warn_at").wrong(what, "warn before it is reached"))
        if limit.window == "award" and limit.warn_at is not None:
            what = "warn_at: there is nothing to be warned of in one award"
            mistakes.append(here.at("warn_at").wrong(what, "leave it out"))
        if limit.starts and limit.ends and limit.ends < limit.starts:
            what = f"ends: {limit.ends} is before it starts"
            mistakes.append(here.at("ends").wrong(what, "look at both days"))
    return mistakes


def _feedback_mistakes(settings: Settings, place: Place) -> list[Mistake]:
    """Find those who would look after complaints, and are not among the staff."""
    return [
        place.at("feedback", "complaints", n).wrong(
            f"complaints: '{name:.64}' is not among the staff", did_you_mean(name, settings.staff)
        )
        for n, name in enumerate(settings.feedback.complaints)
        if settings.staff and name not in settings.staff
    ]


def _information_mistakes(settings: Settings, place: Place) -> list[Mistake]:
    """Find topics that there is nothing to tell about."""
    if not settings.information:
        return []
    from cmengine.telling import INFORMATION, TEMPLATES  # late: few programs set this

    known = [name.removeprefix(INFORMATION) for name in TEMPLATES if name.startswith(INFORMATION)]
    return [
        place.at("information", n, "topic").wrong(
            f"topic: there is nothing to tell about '{one.topic:.40}'",
            did_you_mean(one.topic, known),
        )
        for n, one in enumerate(settings.information)
        if one.topic not in known
    ]


def read_program_kinds(folder: Path) -> tuple[dict[str, Kind], list[Mistake]]:
    """Read `kinds.toml`; give the kinds and every mistake."""
    path = folder / KINDS
    tables, place = parse(read_text(path), str(path))
    return read_kinds(tables, place)


def load_settings(folder: Path) -> tuple[Settings, dict[str, Kind]]:
    """Read both files of a program, or raise CMError with every mistake of both."""
    try:
        here = (folder / SETTINGS).is_file()
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
    read: Callable[[Path], tuple[T, list[Mistake]]], folder: Path
) -> tuple[T | None, list[Mistake]]:
    """Read a file, with a mistake of the file as a whole among the others."""
    try:
        return read(folder)
    except CMError as error:
        return None, list(error.mistakes)


def no_program(folder: Path) -> CMError:
    """Say that there is no program in a folder, and how to make or name one."""
    return CMError(
        Mistake(
            str(folder),
            f"there is no program here (no {SETTINGS})",
            "make one with: cmengine init DIR, or name its folder with: cmengine -p DIR",
        )
    )


def rule_files(folder: Path) -> list[Path]:
    """Find the rule files of a program or starter folder; scenario files are not among them."""
    return sorted(
        p for p in (folder / RULES).glob("*.toml") if not p.name.endswith(".scenarios.toml")
    )


def make_keys(path: Path) -> Keys:
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


def add_draw_secret(path: Path) -> bytes:
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


def read_keys(path: Path) -> Keys:
    """Read a program's secrets; raise CMError in words where they are missing or damaged."""
    import json

    try:
        found: dict[str, Any] = json.loads(path.read_text())
        draws = tuple(bytes.fromhex(one) for one in found["draws"])
        keys = Keys(draws, bytes.fromhex(found["codes"]), bytes.fromhex(found["journal"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CMError(
            Mistake(
                str(path),
                "the program's key cannot be read",
                "put the file back from a backup; without it draws and codes cannot be worked out",
            )
        ) from error
    return keys


def write_private(path: Path, text: str) -> None:
    """Write a new file that only its owner can read, whatever the umask. Raises FileExistsError."""
    with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
        path.chmod(0o600)
        file.write(text)


def replace_private(path: Path, text: str) -> None:
    """Put a text in the place of a private file, all of it or none, safely on disk. Raises OSError."""
    new = path.with_name(f"{path.name}.new")
    with os.fdopen(os.open(new, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "w") as file:
        new.chmod(0o600)
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
    if hasattr(
        os, "O_DIRECTORY"
    ):  # elsewhere a folder cannot be synced, and a rename needs no sync
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
