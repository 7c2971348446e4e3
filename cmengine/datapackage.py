"""What is in a folder of tables, for people (README.txt) and for programs (datapackage.json). Pure.

The form for programs is a Data Package with Table Schemas: https://specs.frictionlessdata.io/data-package/
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from cmengine.tabled import TYPES, About, Sheet, Type, references

FIELD_TYPES: dict[Type, str] = {
    "text": "string",
    "whole": "integer",
    "number": "number",
    "cents": "integer",
    "day": "date",
    "moment": "datetime",
    "yes": "boolean",
}
MEDIA = {
    "csv": "text/csv",
    "jsonl": "application/x-ndjson",
    "parquet": "application/vnd.apache.parquet",
}


def data_package(
    sheets: Sequence[Sheet], about: About, files: Mapping[str, str], format: str, *, guard: bool
) -> str:
    """Describe tables for programs, as JSON. `files` are the names of their files, by table.

    `guard` says that text is guarded against being taken for a formula; `guarded` then is that very sign.
    """
    resources = []
    for sheet in sheets:
        schema: dict[str, Any] = {
            "fields": [
                {"name": one.name, "type": FIELD_TYPES[one.type], "description": one.means}
                for one in sheet.columns
            ]
        }
        keys = references(sheet, sheets)
        if keys:
            schema["foreignKeys"] = [
                {"fields": column, "reference": {"resource": table, "fields": field}}
                for column, (table, field) in keys.items()
            ]
        resources.append(
            {
                "name": sheet.name,
                "path": files[sheet.name],
                "description": sheet.means,
                "mediatype": MEDIA[format],
                **({"guarded": "'" if guard else ""} if format == "csv" else {}),
                "schema": schema,
            }
        )
    found = {
        "name": "cmengine-export",
        "title": about.title,
        "description": " ".join([about.notice, *about.remarks]).strip(),
        "resources": resources,
    }
    return json.dumps(found, indent=1, ensure_ascii=False) + "\n"


def read_me(sheets: Sequence[Sheet], about: About) -> str:
    """Describe tables for people, as plain text."""
    lines = [about.title, ""]
    if about.notice:
        lines += [about.notice, ""]
    lines += [*about.remarks, ""] if about.remarks else []
    for sheet in sheets:
        lines += [sheet.name, f"  {sheet.means}"]
        lines += [f"  {one.name:<16} {TYPES[one.type]}: {one.means}" for one in sheet.columns]
        lines.append("")
    return "\n".join(lines)
