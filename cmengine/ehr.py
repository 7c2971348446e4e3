"""Exchange with an EHR: a FHIR R4 bundle is read as choices and events, or written from them."""

import json
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from cmengine import fhir
from cmengine.codes import Codes, read_codes
from cmengine.disclosures import Grounds, disclose, may_share
from cmengine.errors import CMError, Mistake, first_of, stop_if
from cmengine.newfile import new_private
from cmengine.program import Program
from cmengine.taking import Came, Taking
from cmengine.timeline import first_day
from cmengine.told import Unmeant
from cmengine.toml import cannot_read, no_file, parse, read_text

CODES = "fhir.toml"
MOST_BYTES = 256 * 1024 * 1024


def load_codes(program: Program, path: Path | None = None) -> Codes:
    """Read the codes of a program from its `fhir.toml`, or from `path`. Without a file, all have their own names."""
    file = path or program.folder / CODES
    if path is None and not file.exists():
        return Codes()
    tables, place = parse(read_text(file), str(file))
    rules = program.ledger.current_digests()
    codes, mistakes = read_codes(tables, place, program.kinds, rules)
    stop_if(mistakes)
    return codes


# Out


def bundle_of(
    program: Program, clients: Sequence[str], codes: Codes, *, words: bool = False
) -> dict[str, Any]:
    """Write the choices and events of some clients as a bundle; with `words`, also their words and settings."""
    return fhir.bundle(_resources(program, clients, codes, words=words), program.now())


def export_bundle(
    program: Program,
    path: Path,
    clients: Sequence[str],
    codes: Codes,
    why: Grounds,
    *,
    words: bool = False,
    own: bool = False,
) -> int:
    """Write a bundle about some clients into a new file that only its owner can read, and write down that it
    is given away. Gives the number of resources. Raises CMError where one of the clients has withdrawn
    `sharing`, unless it is their `own` record.
    """
    if not own:
        may_share(program.ledger, clients)
    found = bundle_of(program, clients, codes, words=words)
    stop_if([Mistake(str(path), what) for what in structure_problems(found)])
    text = json.dumps(found, indent=1, ensure_ascii=False) + "\n"
    what = f"FHIR: choices and events {'with' if words else 'without'} words"
    with new_private(path, before=lambda: disclose(program, what, clients, why, own=own)) as places:
        places[0].write_text(text, encoding="utf-8")
    return len(found["entry"])


def _resources(
    program: Program, clients: Sequence[str], codes: Codes, *, words: bool
) -> Iterator[dict[str, Any]]:
    ledger = program.ledger
    for client in clients:
        for rows in ledger.timelines(client).values():
            latest = rows[-1].choice
            said = next((row.choice.words for row in rows[::-1] if row.choice.words), "")
            title = program.table(latest.digest)["title"]
            told = latest._replace(words=said) if words else latest._replace(words="", settings=())
            yield fhir.goal(told, first_day(rows), codes, title)
        corrected = {one.event for one in ledger.corrections_of(client)}
        for stored in ledger.all_events_of(client):
            kind = program.kinds.get(stored.event.kind)
            label, unit = (kind.label, kind.unit) if kind else (stored.event.kind, "")
            yield fhir.observation(
                stored.event,
                codes,
                label,
                unit,
                mistake=stored.seq in corrected,
                masked=not words and (kind is None or kind.text),
            )


# In


def import_bundle(program: Program, path: Path, codes: Codes, *, add_clients: bool = False) -> Came:
    """Log every Observation and choose every Goal of a bundle that the program's codes know; all or nothing.

    Ids that are known already count once. Raises CMError with everything that is off.
    """
    taking = Taking(program, str(path), add_clients=add_clients)
    found = list(_read(path))
    patients = fhir.patients_of(found, codes)
    for where, resource in found:
        with taking.reading(f"{path}: {where}"):
            if resource.get("resourceType") == "Observation":
                taking.event(fhir.seen(resource, codes, patients))
            elif resource.get("resourceType") == "Goal":
                taking.goal(fhir.wanted(resource, codes, patients))
            else:
                raise Unmeant(str(resource.get("resourceType")))
    return taking.done()


def _read(path: Path) -> Iterator[tuple[str, fhir.Resource]]:
    """Read a bundle, or resources a line each, and hold them to FHIR's own structure."""
    if not path.is_file():
        raise no_file(path)
    try:
        if path.stat().st_size > MOST_BYTES:
            todo = "split it into several"
            raise CMError(Mistake(str(path), f"is larger than {MOST_BYTES:,} bytes", todo))
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise CMError(Mistake(str(path), "is not UTF-8 text", "save it as UTF-8")) from error
    except OSError as error:
        raise cannot_read(path, error) from error
    in_lines = path.suffix.lower() == ".ndjson"
    parts = text.splitlines() if in_lines else [text]
    mistakes: list[Mistake] = []
    found = []
    for number, part in enumerate(parts, start=1):
        here = f"{path}:{number}" if in_lines else str(path)
        if in_lines and not part.strip():
            continue
        try:
            resource = json.loads(part, parse_float=Decimal)
            for where, one in fhir.resources_of(resource):
                found.append((f"line {number}" if in_lines else where, one))
        except RecursionError:
            mistakes.append(Mistake(here, "is nested too deep", "is this the right file?"))
        except ValueError as error:
            what = "is not JSON" if isinstance(error, json.JSONDecodeError) else str(error)
            mistakes.append(Mistake(here, what, "is this the right file?"))
    for where, one in found:
        mistakes += [Mistake(f"{path}: {where}", what) for what in structure_problems(one)]
    stop_if(first_of(mistakes, str(path), "mend these first"))
    yield from found


def structure_problems(resource: fhir.Resource) -> Iterator[str]:
    """Find what is not as FHIR R4 has it in an Observation, a Goal or a Bundle. Raises CMError without the extra."""
    name = resource.get("resourceType")
    if name not in ("Observation", "Goal", "Bundle"):
        return
    try:
        from importlib import import_module

        from pydantic import ValidationError

        model = getattr(import_module(f"fhir.resources.R4B.{name.lower()}"), name)
    except ImportError as error:
        todo = "install it with: pip install 'cmengine[fhir]'"
        raise CMError(Mistake("fhir", "fhir.resources is not installed", todo)) from error
    try:
        model.model_validate(resource)
    except ValidationError as error:
        for one in error.errors():
            at = ".".join(map(str, one["loc"]))
            yield f"{name} {at}: {str(one['msg']).removeprefix('Value error, ')}"
