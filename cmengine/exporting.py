"""Write tables of the ledger into new files: for a spreadsheet, for statistics, for Datasette.

What concerns clients leaves with grounds (to whom, what for, under which consent), with the notice of
42 CFR 2.32, and is written down before it is given. Who has withdrawn `sharing` is left out.
"""

import json
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Literal

from attrs import Factory, evolve, frozen

from cmengine.datapackage import data_package, read_me
from cmengine.datasette import datasette_metadata, write_sqlite
from cmengine.deidentified import PLAIN, cells_of, counted_select, counted_sheet, counted_tables
from cmengine.disclosures import NOTICE, Grounds, disclose, not_shared
from cmengine.errors import CMError, Mistake, did_you_mean, stop_if
from cmengine.exports import PERSONAL, TABLES, columns_of, select, where
from cmengine.feedback import same_person
from cmengine.ledger import Ledger, open_ledger
from cmengine.newfile import new_private
from cmengine.parquet import write_parquet
from cmengine.program import Program
from cmengine.rowfiles import write_csv, write_jsonl
from cmengine.tabled import About, Cells, Sheet, Table, with_notice
from cmengine.workbook import write_xlsx

Format = Literal["csv", "xlsx", "parquet", "jsonl", "sqlite"]
FORMATS: tuple[Format, ...] = ("csv", "xlsx", "parquet", "jsonl", "sqlite")
WHOLE: tuple[Format, ...] = ("xlsx", "sqlite")  # hold all tables in one file
SUFFIXES: dict[str, Format] = {
    ".csv": "csv",
    ".xlsx": "xlsx",
    ".parquet": "parquet",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".db": "sqlite",
    ".sqlite": "sqlite",
    ".sqlite3": "sqlite",
}
MADE = (
    1980,
    1,
    1,
    0,
    0,
    0,
)  # the date of every part of a zip, so that the same tables are the same file
OWN_TABLES = tuple(name for name, table in TABLES.items() if table.whose)
"""What a client is given of their own record: every table that knows of clients, and beside them all of `personal`."""
TITLE = "What a cmengine program has written down"
DEIDENTIFIED = (
    "De-identified: counts by month, of at least 11 people each. No code, name, word, note or day of anybody"
    " is in here.",
    "This was not looked at by an expert as 45 CFR 164.514(b)(1) has it.",
)


@frozen(kw_only=True)
class Wanted:
    """What is to be written. `tables` empty means all; `client` only what concerns this one; `words` also
    what was typed about or by people. `guard` keeps spreadsheets from running text in a CSV.
    """

    format: Format = "csv"
    packed: bool = False  # as a zip of files
    folder: bool = False  # as a folder of files
    tables: tuple[str, ...] = ()
    first: date | None = None
    last: date | None = None
    client: str | None = None
    words: bool = False
    deidentified: bool = False
    guard: bool = True


@frozen(kw_only=True)
class Written:
    """What was written: which files, how many rows of which table, whom it concerns, and how many clients
    were left out because they withdrew `sharing`. `folded` is how many things are in no row because too few
    people are concerned; `disclosure` the id in the accounting of disclosures.
    """

    files: tuple[Path, ...]
    rows: dict[str, int]
    clients: int
    left_out: int
    folded: int = 0
    disclosure: str = ""


def wanted(path: Path, format: str | None, **options: Any) -> Wanted:
    """Work out from the name of a file, and a format, what is to be written. Raises CMError."""
    suffix = path.suffix.lower()
    by_name = SUFFIXES.get(suffix)
    if format is not None and format not in FORMATS:
        raise CMError(
            Mistake("--format", f"'{format:.20}' is no format", did_you_mean(format, FORMATS))
        )
    if by_name and format and by_name != format:
        todo = f"name the file so, or leave --format {format} out"
        raise CMError(Mistake(str(path), f"is not named like a file of the format {format}", todo))
    named = by_name or format
    tables = tuple(options.pop("tables", ()))
    unknown = [name for name in tables if name not in TABLES]
    stop_if(
        [
            Mistake("--tables", f"there is no table '{name:.40}'", did_you_mean(name, TABLES))
            for name in unknown
        ]
    )
    packed, folder = suffix == ".zip", by_name is None and suffix != ".zip" and named not in WHOLE
    if by_name is None and suffix and suffix != ".zip":
        todo = f"end it with {', '.join(SUFFIXES)} or .zip; a name without an ending is a folder"
        raise CMError(Mistake(str(path), f"'{suffix:.20}' is no ending that is known", todo))
    chosen: Format = next(one for one in FORMATS if one == (named or "csv"))
    if by_name is None and chosen in WHOLE and not packed:
        ending = ".xlsx" if chosen == "xlsx" else ".db"
        raise CMError(
            Mistake(str(path), f"{chosen} is one file", f"name it like {path.name}{ending}")
        )
    if not packed and not folder and chosen not in WHOLE and len(set(tables)) != 1:
        todo = "name one with --tables, or name a folder or a .zip for all"
        raise CMError(Mistake(str(path), f"a file of the format {chosen} holds one table", todo))
    return Wanted(format=chosen, packed=packed, folder=folder, tables=tables, **options)


def needs_grounds(want: Wanted) -> bool:
    """Say whether what is to be written concerns clients, so that it leaves with grounds only."""
    return not want.deidentified and any(table.whose for table in _tables(want))


def export_tables(program: Program, path: Path, want: Wanted, why: Grounds | None) -> Written:
    """Write what is wanted into a new file or folder that only its owner can read. Raises CMError.

    With clients' data it needs `why`; it is written down before the file has its name.
    """
    if needs_grounds(want) and why is None:
        raise CMError(Mistake("export", "clients' data leave the program only with grounds"))
    about_clients = any(table.whose for table in _tables(want))
    files = [path]
    if want.format == "sqlite" and not want.packed:
        files.append(path.with_name(f"{path.stem}.metadata.json"))
    id = ""
    before: dict[str, Any] = {}

    def tell() -> None:
        nonlocal id
        if why is not None and needs_grounds(want):
            id = disclose(program, _what(want), before["clients"], why, own=want.client is not None)

    with new_private(*files, before=tell) as places:
        copy = places[0].with_name("ledger.db")
        program.ledger.copy(copy)
        with closing(open_ledger(copy)) as ledger:
            own = want.client is not None
            withdrawn = [] if own or not about_clients else not_shared(ledger)
            reader = _Reader(program, ledger, want, withdrawn)
            before["clients"] = reader.clients()
            sheets = reader.sheets()
            about = _about(want, bool(why and needs_grounds(want)))
            counted = [_counting(sheet, reader.counts) for sheet in sheets]
            _write(places, counted, about, want)
        copy.unlink()
    return Written(
        files=tuple(files),
        rows=reader.counts,
        clients=len(before["clients"]),
        left_out=len(withdrawn),
        folded=reader.folded[0],
        disclosure=id,
    )


def _tables(want: Wanted) -> list[Table]:
    found = [table for name, table in TABLES.items() if not want.tables or name in want.tables]
    return found if want.client is None else [*found, PERSONAL]


def _what(want: Wanted) -> str:
    names = ", ".join(table.name for table in _tables(want))
    words = "with words" if want.words else "without words"
    return f"{want.format}: {names if want.tables else 'every table'}, {words}"


def _about(want: Wanted, with_grounds: bool) -> About:
    if want.deidentified:
        return About(title=TITLE, remarks=DEIDENTIFIED)
    return About(title=TITLE, notice=NOTICE if with_grounds else "")


@frozen(kw_only=False)
class _Reader:
    """Reads what is wanted from a copy of the ledger, which nobody else writes to."""

    program: Program
    ledger: Ledger
    want: Wanted
    withdrawn: Sequence[str]
    counts: dict[str, int] = Factory(dict)
    folded: list[int] = Factory(lambda: [0])

    def clients(self) -> list[str]:
        """Name the clients whose data are written."""
        if self.want.client is not None:
            return [self.want.client]
        if not any(table.whose for table in _tables(self.want)):
            return []
        gone = set(self.withdrawn)
        return [one for one in self.ledger.clients() if one not in gone]

    def sheets(self) -> list[Sheet]:
        """Give every table that is wanted."""
        want = self.want
        if not want.deidentified:
            return [self._sheet(table) for table in _tables(want)]
        counted = counted_tables(TABLES)
        found = []
        for table in _tables(want):
            if table in PLAIN:
                found.append(self._sheet(table))
                continue
            what = counted[table.name]
            condition = where(evolve(table, day=what.day))
            cells = cells_of(
                what, self.ledger.tuples(counted_select(what, condition), *self._values())
            )
            sheet, left_out = counted_sheet(what, cells)
            self.folded[0] += left_out
            found.append(sheet)
        return found

    def _sheet(self, table: Table) -> Sheet:
        columns = columns_of(table, words=self.want.words, own=self.want.client is not None)
        sql = select(table, columns)

        def rows() -> Iterator[Cells]:
            return self.ledger.tuples(sql, *self._values())

        return Sheet(name=table.name, means=table.means, columns=columns, rows=rows)

    def _values(self) -> tuple[Any, ...]:
        """Give what stands for ?1 to ?7 in `exports`."""
        want = self.want
        last = want.last
        if want.deidentified:
            over = self.program.today().replace(day=1) - timedelta(days=1)
            last = min(last, over) if last else over
        coded = [name for name, kind in self.program.kinds.items() if kind.values]
        named = self.ledger.tuples("select distinct names from feedback where names is not null")
        funds = [{"name": one.name, "cents": one.amount} for one in self.program.settings.fund]
        return (
            json.dumps(list(self.withdrawn)),
            want.client,
            want.first and want.first.isoformat(),
            last and last.isoformat(),
            json.dumps(coded),
            json.dumps(funds),
            json.dumps([one for (one,) in named if same_person(one, self.program.by)]),
        )


def _counting(sheet: Sheet, counts: dict[str, int]) -> Sheet:
    """Count the rows of a table while they are written."""

    def rows() -> Iterator[Cells]:
        counts[sheet.name] = 0
        for cells in sheet.rows():
            counts[sheet.name] += 1
            yield cells

    return evolve(sheet, rows=rows)


def _write(places: list[Path], sheets: list[Sheet], about: About, want: Wanted) -> None:
    path = places[0]
    if not want.packed and not want.folder:
        _write_file(path, sheets, about, want)
        if len(places) > 1:
            text = datasette_metadata(path.stem, sheets, about)
            places[1].write_text(text, encoding="utf-8")
        return
    folder = path if want.folder else path.with_name("parts")
    folder.mkdir()
    _write_folder(folder, sheets, about, want)
    if want.packed:
        with zipfile.ZipFile(path, "x", zipfile.ZIP_DEFLATED) as out:
            for part in sorted(folder.iterdir()):
                _pack(out, part)
                part.unlink()
        folder.rmdir()


def _pack(out: zipfile.ZipFile, part: Path) -> None:
    import shutil

    entry = zipfile.ZipInfo(part.name, MADE)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o600 << 16
    with part.open("rb") as read, out.open(entry, "w", force_zip64=True) as file:
        shutil.copyfileobj(read, file)


def _write_folder(folder: Path, sheets: list[Sheet], about: About, want: Wanted) -> None:
    """Write tables into a folder, with a description for people and one for programs."""
    if want.format in WHOLE:
        name = "export.xlsx" if want.format == "xlsx" else "export.db"
        _write_file(folder / name, sheets, about, want)
        if want.format == "sqlite":
            text = datasette_metadata("export", sheets, about)
            (folder / "export.metadata.json").write_text(text, encoding="utf-8")
    else:
        files = {sheet.name: f"{sheet.name}.{want.format}" for sheet in sheets}
        for sheet in sheets:
            _write_file(folder / files[sheet.name], [sheet], about, want)
        told = [with_notice(sheet, about.notice) for sheet in sheets]
        text = data_package(told, about, files, want.format, guard=want.guard)
        (folder / "datapackage.json").write_text(text, encoding="utf-8")
    (folder / "README.txt").write_text(read_me(sheets, about), encoding="utf-8")


def _write_file(path: Path, sheets: list[Sheet], about: About, want: Wanted) -> None:
    if want.format == "xlsx":
        write_xlsx(path, sheets, about)
    elif want.format == "sqlite":
        write_sqlite(path, sheets, about)
    else:
        sheet = with_notice(sheets[0], about.notice)
        if want.format == "csv":
            write_csv(path, sheet, guard=want.guard)
        elif want.format == "jsonl":
            write_jsonl(path, sheet)
        else:
            write_parquet(path, sheet, about)
