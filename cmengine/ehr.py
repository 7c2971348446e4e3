"""Exchange with an EHR: a FHIR R4 bundle is read as choices and events, or written from them."""

import json
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from cmengine import fhir
from cmengine.codes import Codes, read_codes
from cmengine.disclosures import Grounds, disclose, may_share
from cmengine.errors import CMError, Mistake, stop_if
from cmengine.newfile import new_private
from cmengine.program import Program
from cmengine.tables import is_text, read_lines
from cmengine.taking import MOST, Came, Taking
from cmengine.timeline import first_day
from cmengine.told import Unmeant
from cmengine.toml import cannot_read, no_file, parse, read_text

CODES = "fhir.toml"
LINES = ".ndjson"  # how the name of a file with a resource a line ends
MOST_BYTES = 32_000_000  # of a bundle: read, it takes some seven times that in memory
SPLIT = f"split it, or give its resources a line each, in a file whose name ends with {LINES}"


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
    """Write a bundle about some clients into a new file that only its owner can read, or a resource a line where
    its name ends with .ndjson, and write down that it is given away. Gives the number of resources. Raises
    CMError where one of the clients has withdrawn `sharing`, unless it is their `own` record.
    """
    if not own:
        may_share(program.ledger, clients)
    what = f"FHIR: choices and events {'with' if words else 'without'} words"
    written = 0
    with (
        new_private(path, before=lambda: disclose(program, what, clients, why, own=own)) as places,
        places[0].open("w", encoding="utf-8") as file,
    ):
        for text, resources in _texts(program, path, clients, codes, words=words):
            file.write(text + "\n")
            written += resources
    return written


def _texts(
    program: Program, path: Path, clients: Sequence[str], codes: Codes, *, words: bool
) -> Iterator[tuple[str, int]]:
    """Give what is written into a file, each part with how many resources are in it."""
    if path.suffix.lower() != LINES:
        found = bundle_of(program, clients, codes, words=words)
        _sound(path, found)
        yield json.dumps(found, indent=1, ensure_ascii=False), len(found["entry"])
        return
    for resource in _resources(program, clients, codes, words=words):
        marked = fhir.alone(resource)
        _sound(path, marked)
        yield json.dumps(marked, ensure_ascii=False), 1


def _sound(path: Path, resource: fhir.Resource) -> None:
    stop_if(Mistake(str(path), what) for what in structure_problems(resource))


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
    patients: dict[str, str] = {}
    for one in _read(path):
        if isinstance(one, Mistake):
            taking.wrong(one)
            continue
        for what in structure_problems(one[1]):
            taking.wrong(Mistake(f"{path}: {one[0]}", what))
        patients.update(fhir.patients_of([one], codes))
        if len(patients) > MOST:
            what = f"holds more than {MOST:,} patients"
            raise CMError(Mistake(str(path), what, "split it into several files"))
    taking.stop_if_wrong()
    for one in _read(path):  # once more, as whom a line concerns may stand in a later one
        if isinstance(one, Mistake):
            taking.wrong(one)  # the file was changed meanwhile
            continue
        where, resource = one
        with taking.reading(f"{path}: {where}"):
            if resource.get("resourceType") == "Observation":
                taking.event(fhir.seen(resource, codes, patients))
            elif resource.get("resourceType") == "Goal":
                taking.goal(fhir.wanted(resource, codes, patients))
            else:
                raise Unmeant(str(resource.get("resourceType")))
    return taking.done()


def _read(path: Path) -> Iterator[tuple[str, fhir.Resource] | Mistake]:
    """Read a bundle, or resources a line each; give each with where it stands, or what is wrong there."""
    todo = "is this the right file?"
    in_lines = path.suffix.lower() == LINES
    for n, text in enumerate(read_lines(path) if in_lines else _whole(path), start=1):
        if in_lines and text.isspace():
            continue
        here = f"{path}:{n}" if in_lines else str(path)
        if not is_text(text):
            yield Mistake(here, "is not UTF-8 text", "save it as UTF-8")
            continue
        try:
            found = list(fhir.resources_of(json.loads(text, parse_float=Decimal)))
        except RecursionError:
            yield Mistake(here, "is nested too deep", todo)
        except MemoryError:
            yield Mistake(here, "needs more memory than there is here", SPLIT)
        except json.JSONDecodeError:
            yield Mistake(here, "is not JSON", todo)
        except ValueError as error:
            yield Mistake(here, str(error), todo)
        else:
            for where, resource in found:
                yield (f"line {n}" if in_lines else where), resource


def _whole(path: Path) -> Iterator[str]:
    """Read a file at once, where it is small enough for that."""
    if not path.is_file():
        raise no_file(path)
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise cannot_read(path, error) from error
    if len(data) > MOST_BYTES:
        raise CMError(Mistake(str(path), f"is larger than {MOST_BYTES:,} bytes", SPLIT))
    yield data.decode("utf-8-sig", errors="surrogateescape")


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
