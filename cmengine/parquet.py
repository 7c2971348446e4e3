"""A table as Parquet, with typed columns. Needs the extra `export`: DuckDB writes it, in bounded memory."""

from pathlib import Path

from cmengine.errors import CMError, Mistake
from cmengine.rowfiles import write_jsonl
from cmengine.tabled import About, Sheet, Type

MOST_MEMORY = "512MB"
TYPES: dict[Type, str] = {
    "text": "VARCHAR",
    "whole": "BIGINT",
    "number": "DECIMAL(18, 6)",  # what a number of an event can be: 12 digits and 6 places
    "cents": "BIGINT",
    "day": "DATE",
    "moment": "TIMESTAMP WITH TIME ZONE",
    "yes": "BOOLEAN",
}


def write_parquet(path: Path, sheet: Sheet, about: About) -> None:
    """Write a table as Parquet: days as dates, moments as times in UTC, money as whole cents. What columns
    mean, and the notice, stand in the file's own metadata. Raises CMError without the extra.
    """
    try:
        import duckdb
    except ImportError as error:
        todo = "install it with: pip install 'cmengine[export]'"
        raise CMError(Mistake("parquet", "DuckDB is not installed", todo)) from error
    lines = path.with_name(f"{path.name}.jsonl")
    columns = ", ".join(f"{one.name}: {_quoted(TYPES[one.type])}" for one in sheet.columns)
    told = {"title": about.title, "table": sheet.means, "notice": about.notice}
    told |= {f"column.{one.name}": one.means for one in sheet.columns}
    metadata = ", ".join(f"{_quoted(name)}: {_quoted(text)}" for name, text in told.items() if text)
    settings: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": MOST_MEMORY,
        "threads": 1,
        "temp_directory": str(path.parent / f"{path.name}.tmp"),
        "preserve_insertion_order": True,
    }
    try:
        write_jsonl(lines, sheet)
        with duckdb.connect(":memory:", config=settings) as db:
            # Not one of these is a person's: the columns, what they mean, and two names of files.
            db.execute(
                f"copy (select * from read_json({_quoted(str(lines))}, format = 'newline_delimited',"  # noqa: S608
                f" columns = {{{columns}}})) to {_quoted(str(path))}"
                f" (format parquet, compression zstd, kv_metadata {{{metadata}}})"
            )
    finally:
        lines.unlink(missing_ok=True)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
