"""Exchange with REDCap: choices, events and awards as the records of a project, and a project's records as
choices and events.
"""

import csv
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TextIO

from cmengine import redcap
from cmengine.disclosures import NOTICE, Grounds, disclose, may_share
from cmengine.errors import CMError, Mistake, did_you_mean, stop_if
from cmengine.exporting import MADE
from cmengine.guard import guarded, unguarded
from cmengine.instruments import Instruments, read_instruments
from cmengine.newfile import new_private
from cmengine.program import Program
from cmengine.taking import Came, Taking
from cmengine.timeline import first_day
from cmengine.toml import cannot_read, no_file, parse, read_text

MAPPING = "redcap.toml"
DELIMITERS = ",\t;|^"
MOST_BYTES = 256 * 1024 * 1024


def load_instruments(program: Program, path: Path | None = None) -> Instruments:
    """Read what a project's instruments mean from `redcap.toml`, or from `path`. Without a file, it is the
    layout that we write.
    """
    file = path or program.folder / MAPPING
    rules = program.ledger.current_digests()
    if path is None and not file.exists():
        return redcap.own_instruments(program.kinds, rules)
    tables, place = parse(read_text(file), str(file))
    found, mistakes = read_instruments(tables, place, program.kinds, rules)
    stop_if(mistakes)
    return found


# Out


def export_project(
    program: Program,
    path: Path,
    clients: Sequence[str],
    why: Grounds,
    *,
    words: bool = False,
    event: str = "",
    guard: bool = True,
    own: bool = False,
) -> int:
    """Write the records of some clients, and the data dictionary of a project that takes them, into a new
    folder or .zip that only its owner can read, and write down that it is given away.

    Gives the number of rows. `event` is the unique name of an event, where the project is longitudinal.
    Raises CMError.
    """
    if not own:
        may_share(program.ledger, clients)
    kinds, rules = _kinds(program), _rules(program)
    fields = redcap.project(kinds, rules, words=words)
    notice = redcap.Field(
        name="client_notice", form=redcap.CLIENT_FORM, type="descriptive", label=NOTICE
    )
    packed = path.suffix.lower() == ".zip"
    if path.suffix and not packed:
        todo = "name a folder, or a file that ends with .zip"
        raise CMError(Mistake(str(path), "records and their dictionary are two files", todo))
    what = f"REDCap: choices, events and awards {'with' if words else 'without'} words"
    with new_private(path, before=lambda: disclose(program, what, clients, why, own=own)) as places:
        folder = places[0].with_name("parts") if packed else places[0]
        folder.mkdir()
        written = 0
        names = redcap.header(fields, event)
        with (folder / "records.csv").open("x", encoding="utf-8", newline="") as file:
            out = csv.DictWriter(file, names, restval="", extrasaction="ignore")
            out.writeheader()
            with program.ledger.snapshot():
                for row in _records(program, clients, kinds, rules, words=words):
                    kept = {
                        name: guarded(text) if guard and name in redcap.TEXTS else text
                        for name, text in row.items()
                    }
                    out.writerow({redcap.EVENT_NAME: event, **kept})
                    written += 1
        with (folder / "dictionary.csv").open("x", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(redcap.dictionary([fields[0], notice, *fields[1:]]))
        (folder / "README.txt").write_text(redcap.READ_ME.format(notice=NOTICE), encoding="utf-8")
        if packed:
            _pack(places[0], folder)
    return written


def _pack(path: Path, folder: Path) -> None:
    with zipfile.ZipFile(path, "x", zipfile.ZIP_DEFLATED) as out:
        for part in sorted(folder.iterdir()):
            entry = zipfile.ZipInfo(part.name, MADE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o600 << 16
            out.writestr(entry, part.read_bytes())
            part.unlink()
    folder.rmdir()


def _kinds(program: Program) -> dict[str, str]:
    """Give the label of every kind: those of kinds.toml, and what was logged before one was taken out there."""
    found = {name: kind.label for name, kind in program.kinds.items()}
    sql = "select distinct kind from events order by kind"
    return found | {row[0]: row[0] for row in program.ledger.rows(sql) if row[0] not in found}


def _rules(program: Program) -> dict[str, str]:
    """Give the title of every rule, in the order in which they were first published."""
    current = program.ledger.current_digests()
    return {rule: str(program.table(digest)["title"]) for rule, digest in current.items()}


def _records(
    program: Program,
    clients: Sequence[str],
    kinds: dict[str, str],
    rules: dict[str, str],
    *,
    words: bool,
) -> Iterator[dict[str, str]]:
    ledger = program.ledger
    kind_codes, rule_codes = redcap.coded(kinds), redcap.coded(rules)
    for client in clients:
        (row,) = ledger.rows("select added_at from clients where client = ?", client)
        yield redcap.client_row(client, row[0][:10])
        for n, rows in enumerate(ledger.timelines(client).values(), start=1):
            said = next((one.choice.words for one in rows[::-1] if one.choice.words), "")
            yield redcap.choice_row(rows[-1].choice, first_day(rows), said, rule_codes, n)
        corrected = {one.event for one in ledger.corrections_of(client)}
        for n, stored in enumerate(ledger.all_events_of(client), start=1):
            kind = program.kinds.get(stored.event.kind)
            yield redcap.event_row(
                stored.event,
                kind_codes,
                n,
                words=kind is None or kind.text,
                mistake=stored.seq in corrected,
            )
        for n, award in enumerate(ledger.awards("client = ?", client), start=1):
            yield redcap.award_row(
                client,
                {
                    "award_id": award.id,
                    "award_event": award.event,
                    "award_rule": rule_codes[award.rule],
                    "award_on": award.on.isoformat(),
                    "award_label": award.label,
                    "award_cents": str(award.cents),
                    "award_item": award.item or "",
                },
                n,
            )


# In


def import_records(
    program: Program,
    path: Path,
    project: Instruments,
    *,
    dictionary: Path | None = None,
    add_clients: bool = False,
    guard: bool = True,
) -> Came:
    """Log and choose what the records of a project say, as `project` has it; all or nothing.

    `dictionary` is the project's own, which an export with labels needs. `guard` says that texts of our own
    layout are guarded. Raises CMError with everything that is off, each with its line and column.
    """
    fields = _dictionary(dictionary) if dictionary else {}
    taking = Taking(program, str(path), add_clients=add_clients)
    for line, columns, row in _rows(path, project, fields):
        if guard:
            row = {
                name: unguarded(text) if name in redcap.TEXTS else text
                for name, text in row.items()
            }
        said = False
        for rows in project.events:
            told = True
            with taking.reading(f"{path}:{line}"), _at_columns(taking, f"{path}:{line}", columns):
                seen = redcap.seen(row, rows, project, fields)
                told = seen is not None
                if seen is not None:
                    taking.event(seen)
            said = said or told
        for one in project.choices:
            told = True
            with taking.reading(f"{path}:{line}"), _at_columns(taking, f"{path}:{line}", columns):
                sought = redcap.sought(row, one, project, fields)
                told = sought is not None
                if sought is not None:
                    taking.goal(sought)
            said = said or told
        if not said:
            named = row.get(redcap.INSTRUMENT, "").strip()
            taking.came.passed[f"rows of '{named:.60}'" if named else "rows of no instrument"] += 1
    return taking.done()


class _at_columns:
    """Note what is wrong with a cell together with its column, as a spreadsheet names it."""

    def __init__(self, taking: Taking, where: str, columns: Sequence[str]) -> None:
        self.taking, self.where, self.columns = taking, where, columns

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> bool:
        if not isinstance(error, redcap.Off):
            return False
        at = self.columns.index(error.field) if error.field in self.columns else None
        column = "" if at is None else f" (column {_letters(at)})"
        self.taking.wrong(Mistake(f"{self.where}: {error.field}{column}", error.what, error.todo))
        return True


def _letters(n: int) -> str:
    """Name a column as a spreadsheet does: A to Z, AA and so on."""
    letters = ""
    n += 1
    while n:
        n, rest = divmod(n - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def _rows(
    path: Path, project: Instruments, fields: dict[str, redcap.Field]
) -> Iterator[tuple[int, list[str], dict[str, str]]]:
    """Give the rows of an export: the line each begins in, the columns, and the cells by field."""
    with _opened(path) as file:
        first = file.readline()
        file.seek(0)
        reader = csv.reader(file, delimiter=_delimiter(first), strict=True)
        try:
            columns = redcap.names_of(next(reader, []), fields)
            stop_if(_column_mistakes(path, columns, project, fields))
            begins = reader.line_num + 1
            wrong: list[Mistake] = []
            for cells in reader:
                if len(cells) == len(columns):
                    yield begins, columns, dict(zip(columns, cells, strict=True))
                elif any(cells):
                    what = f"has {len(cells)} cells, and the first line has {len(columns)}"
                    wrong.append(Mistake(f"{path}:{begins}", what, "export it from REDCap again"))
                begins = reader.line_num + 1
            stop_if(wrong)
        except csv.Error as error:
            where = f"{path}:{reader.line_num}"
            raise CMError(Mistake(where, f"is not CSV: {error}", "export it again")) from error
        except UnicodeDecodeError as error:
            raise CMError(Mistake(str(path), "is not UTF-8 text", "save it as UTF-8")) from error


def _opened(path: Path) -> TextIO:
    if not path.is_file():
        raise no_file(path)
    try:
        if path.stat().st_size > MOST_BYTES:
            todo = "export some instruments, or some records, at a time"
            raise CMError(Mistake(str(path), f"is larger than {MOST_BYTES:,} bytes", todo))
        return path.open(encoding="utf-8-sig", newline="")
    except OSError as error:
        raise cannot_read(path, error) from error


def _delimiter(first: str) -> str:
    """Find what stands between the cells of the first line, outside of quotes."""
    bare = "".join(first.split('"')[::2])
    return max(DELIMITERS, key=bare.count)


def _column_mistakes(
    path: Path, columns: list[str], project: Instruments, fields: dict[str, redcap.Field]
) -> list[Mistake]:
    if not columns:
        return [Mistake(str(path), "is empty", "export the records from REDCap as CSV")]
    twice = sorted({name for name in project.fields() if columns.count(name) > 1})
    mistakes = [
        Mistake(f"{path}:1", f"the column '{name:.60}' stands twice", "export it with raw headers")
        for name in twice
    ]
    if project.record not in columns:
        todo = did_you_mean(project.record, columns)
        if not fields:
            todo += "; of an export with labels, give its data dictionary with --dictionary FILE"
        mistakes.append(
            Mistake(f"{path}:1", f"there is no column '{project.record:.60}'", todo.strip("; "))
        )
        return mistakes
    ours = redcap.EVENT_FORM in {rows.instrument for rows in project.events}
    return mistakes + [
        Mistake(f"{path}:1", f"there is no column '{name:.60}'", did_you_mean(name, columns))
        for name in project.fields()
        if name not in columns and not ours
    ]


def _dictionary(path: Path) -> dict[str, redcap.Field]:
    with _opened(path) as file:
        try:
            first = file.readline()
            file.seek(0)
            return redcap.read_dictionary(csv.reader(file, delimiter=_delimiter(first)))
        except (ValueError, csv.Error) as error:
            what, _, todo = str(error).partition("; ")
            raise CMError(Mistake(str(path), what, todo)) from error
