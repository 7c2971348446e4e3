"""Bring in many events, or many choices, from a file: all of it, or all but the lines set aside."""

from collections import Counter
from datetime import datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

from attrs import Factory, define

from cmengine.choices import Chosen, Wish, choose_goals
from cmengine.days import YEARS, moment_on, read_day
from cmengine.engine import MOST_NAME, Logbook, client_code_mistakes, make_event
from cmengine.errors import CMError, Mistake, did_you_mean, stop_if
from cmengine.model import Event
from cmengine.program import Program
from cmengine.tables import Progress, Row, read_rows

EVENT_COLUMNS = ("id", "client", "kind", "value", "at", "evidence")
CHOICE_COLUMNS = ("client", "rule", "words", "on", "set")
MOST_SHOWN = 50


@define
class Imported:
    """What an import came to. `cents` and `per_rule` are what it earned, in cents."""

    events: int = 0
    duplicates: int = 0
    awards: int = 0
    cents: int = 0
    set_aside: int = 0
    per_rule: Counter[str] = Factory(Counter)


def import_events(
    program: Program,
    path: Path,
    *,
    skip_bad: Path | None = None,
    zone: ZoneInfo | None = None,
    progress: Progress = lambda done: None,
) -> Imported:
    """Log every event of a file, in the order of its lines; known ids are counted as duplicates.

    A line that is off stops the whole file, and then nothing of it is kept; with `skip_bad`, such
    lines go to that file instead, with the reason. `zone` is for times that name none.
    """
    if skip_bad is not None and _is_there(skip_bad):
        raise CMError(
            Mistake(str(skip_bad), "is already there", "name a new file for the lines set aside")
        )
    imported = Imported()
    bad: list[tuple[Row, list[Mistake]]] = []
    with program.ledger.writing():
        known = set(program.ledger.clients())
        book = Logbook(program)
        for row in read_rows(path, EVENT_COLUMNS, ("id", "client", "kind", "at"), progress):
            event, mistakes = _event(program, path, row, zone, known)
            if event is not None and (skip_bad is not None or not bad):
                try:
                    _count(imported, book, event, program.now())
                except CMError as error:
                    mistakes = [
                        Mistake(f"{path}:{row.line}", m.what, m.todo)
                        for m in error.mistakes
                        if m.where.startswith("event")
                    ]
                    if not mistakes:
                        raise
            if mistakes:
                bad.append((row, mistakes))
        if skip_bad is None:
            stop_if(_some(path, bad))
        else:
            _set_aside(skip_bad, path, bad)
            imported.set_aside = len(bad)
        book.close()
    return imported


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        return False  # writing it says why


def _count(imported: Imported, book: Logbook, event: Event, now: datetime) -> None:
    logged = book.log(event, now)
    if logged.again:
        imported.duplicates += 1
        return
    imported.events += 1
    for result in logged.results:
        earned = result.outcome.earned
        if earned is not None:
            imported.awards += len(earned.awards)
            imported.cents += earned.cents
            imported.per_rule[result.rule.id] += earned.cents


def _event(
    program: Program, path: Path, row: Row, zone: ZoneInfo | None, known: set[str]
) -> tuple[Event | None, list[Mistake]]:
    where = f"{path}:{row.line}"
    if row.wrong:
        return None, [Mistake(where, row.wrong)]
    cells = row.cells
    wrong: list[tuple[str, str]] = []
    at = None
    try:
        at = read_moment(cells["at"], program, zone)
    except ValueError as error:
        wrong.append((f"at: {error}", ""))
    if not cells["id"].strip():
        wrong.append(
            ("id is empty", "give every event an id of its own, so that it is never counted twice")
        )
    if cells["client"] not in known:
        wrong.append(
            (
                f"there is no client '{cells['client']:.64}'",
                did_you_mean(cells["client"], known) or "enroll with: cmengine client add",
            )
        )
    event, more = make_event(
        program,
        client=cells["client"],
        kind=cells["kind"],
        value=cells.get("value") or None,
        at=at,
        id=cells["id"] if cells["id"].strip() else None,
        evidence=cells.get("evidence") or None,
    )
    wrong += more
    if wrong:
        return None, [Mistake(where, *one) for one in wrong]
    return event, []


def read_moment(text: str, program: Program, zone: ZoneInfo | None) -> datetime:
    """Read a date, or a time with its offset; without one, `zone` says where it was. Raises ValueError."""
    if len(text) == 10:
        zone, boundary = program.settings.zone, program.settings.day_boundary
        return moment_on(read_day(text), time(12), zone, boundary)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"'{text:.40}' is not a time like 2026-01-05T09:30:00-08:00") from None
    if moment.year not in YEARS:
        raise ValueError(
            f"{moment.date()} is not a day of the years 1900 to 2999; look at the year"
        )
    if moment.tzinfo is not None:
        return moment
    if zone is None:
        raise ValueError(
            f"'{text:.40}' does not say in which time zone; add the offset, or say --zone NAME"
        )
    return moment.replace(tzinfo=zone)


def _some(path: Path, bad: list[tuple[Row, list[Mistake]]]) -> list[Mistake]:
    mistakes = [mistake for _, several in bad for mistake in several]
    if len(mistakes) > MOST_SHOWN:
        more = Mistake(
            str(path),
            f"{len(mistakes) - MOST_SHOWN} more mistakes",
            "mend these first, or set lines aside with --skip-bad FILE",
        )
        return [*mistakes[:MOST_SHOWN], more]
    return mistakes


def _set_aside(file: Path, path: Path, bad: list[tuple[Row, list[Mistake]]]) -> None:
    """Write the lines that were set aside, each under the reason, so that the file can be mended and
    imported; without any, no file is made.
    """
    if not bad:
        return
    try:
        with file.open("x", encoding="utf-8", errors="surrogateescape") as out:
            if path.suffix.lower() == ".csv":
                with path.open(encoding="utf-8-sig", errors="surrogateescape") as source:
                    out.write(source.readline())
            for row, mistakes in bad:
                for mistake in mistakes:
                    out.write(f"# {mistake}\n")
                out.write(row.raw if row.raw.endswith("\n") else row.raw + "\n")
    except OSError as error:
        raise CMError(
            Mistake(str(file), f"cannot be written ({error.strerror})", "nothing was imported")
        ) from error


def import_choices(
    program: Program, path: Path, *, add_clients: bool = False
) -> tuple[list[Chosen], list[str]]:
    """Write down every choice of a CSV file, all or none; give them and the clients enrolled for it."""
    wishes: list[Wish] = []
    mistakes: list[Mistake] = []
    for row in read_rows(path, CHOICE_COLUMNS, ("client", "rule")):
        where = f"{path}:{row.line}"
        if row.wrong:
            mistakes.append(Mistake(where, row.wrong))
            continue
        try:
            wishes.append(
                Wish(
                    client=row.cells["client"],
                    rule=row.cells["rule"],
                    words=row.cells.get("words", ""),
                    settings=read_settings_text(row.cells.get("set", "").split(";")),
                    on=read_day(row.cells["on"]) if row.cells.get("on") else None,
                    where=where,
                )
            )
        except ValueError as error:
            mistakes.append(Mistake(where, str(error)))
    return choose_goals(program, wishes, add_clients=add_clients, unread=mistakes)


def read_settings_text(parts: list[str] | tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Read settings written KEY=VALUE. Raises ValueError."""
    settings = {}
    for part in parts:
        if not part.strip():
            continue
        key, equals, text = part.partition("=")
        if not equals or not key.strip():
            raise ValueError(f"'{part:.60}' is not a setting; write it like goal.target=5")
        if key.strip() in settings:
            raise ValueError(f"'{key.strip():.60}' is set twice; set it once")
        settings[key.strip()] = text.strip()
    return tuple(sorted(settings.items()))


def import_clients(program: Program, path: Path) -> tuple[list[str], int]:
    """Enroll every client of a CSV file with a column client (and name); give the new ones and how many were known."""
    rows = list(read_rows(path, ("client", "name"), ("client",)))
    mistakes = []
    for row in rows:
        where = f"{path}:{row.line}"
        if row.wrong:
            mistakes.append(Mistake(where, row.wrong))
            continue
        mistakes += [
            Mistake(where, f"{m.where} {m.what}", m.todo)
            for m in client_code_mistakes(row.cells["client"])
        ]
        if len(row.cells.get("name", "")) > MOST_NAME:
            mistakes.append(Mistake(where, f"the name is longer than {MOST_NAME} letters"))
    stop_if(mistakes)
    added, known = [], 0
    with program.ledger.writing():
        for row in rows:
            client = row.cells["client"]
            if program.ledger.has_client(client):
                known += 1
                continue
            program.ledger.add_client(client, program.now(), program.by)
            if row.cells.get("name"):
                program.ledger.keep_personal(client, "name", row.cells["name"])
            added.append(client)
    return added, known
