"""Exchange with an EHR: a FHIR R4 bundle is read as choices and events, or written from them."""

import json
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

from attrs import Factory, define

from cmengine import fhir
from cmengine.choices import Wish, choose_goals, set_aside
from cmengine.codes import Codes, read_codes
from cmengine.disclosures import Grounds, disclose, may_share
from cmengine.engine import Logbook, client_code_mistakes, make_event, same_event
from cmengine.errors import CMError, Mistake, did_you_mean, stop_if
from cmengine.model import Event
from cmengine.newfile import new_private
from cmengine.program import Program
from cmengine.toml import cannot_read, no_file, parse, read_text

CODES = "fhir.toml"
MOST_BYTES = 256 * 1024 * 1024
MOST_SHOWN = 20


@define
class Came:
    """What a bundle came to. `passed` counts what was passed over, in words."""

    events: int = 0
    duplicates: int = 0
    awards: int = 0
    cents: int = 0
    choices: int = 0
    set_aside: int = 0
    clients: list[str] = Factory(list)
    passed: Counter[str] = Factory(Counter)


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


def bundle_of(program: Program, clients: Sequence[str], codes: Codes) -> dict[str, Any]:
    """Write the choices and events of some clients as a bundle."""
    return fhir.bundle(_resources(program, clients, codes), program.now())


def export_bundle(
    program: Program,
    path: Path,
    clients: Sequence[str],
    codes: Codes,
    why: Grounds,
    *,
    own: bool = False,
) -> int:
    """Write a bundle about some clients into a new file that only its owner can read, and write down that it
    is given away. Gives the number of resources. Raises CMError where one of the clients has withdrawn
    `sharing`, unless it is their `own` record.
    """
    if not own:
        may_share(program.ledger, clients)
    found = bundle_of(program, clients, codes)
    stop_if([Mistake(str(path), what) for what in structure_problems(found)])
    text = json.dumps(found, indent=1, ensure_ascii=False) + "\n"
    with new_private(
        path, before=lambda: disclose(program, "FHIR: choices and events", clients, why, own=own)
    ) as places:
        places[0].write_text(text, encoding="utf-8")
    return len(found["entry"])


def _resources(program: Program, clients: Sequence[str], codes: Codes) -> Iterator[dict[str, Any]]:
    ledger = program.ledger
    for client in clients:
        for rows in ledger.timelines(client).values():
            latest = rows[-1].choice
            words = next((row.choice.words for row in rows[::-1] if row.choice.words), "")
            title = program.table(latest.digest)["title"]
            yield fhir.goal(latest._replace(words=words), rows[0].choice.on, codes, title)
        corrected = {one.event for one in ledger.corrections_of(client)}
        for stored in ledger.all_events_of(client):
            kind = program.kinds.get(stored.event.kind)
            label, unit = (kind.label, kind.unit) if kind else (stored.event.kind, "")
            yield fhir.observation(
                stored.event, codes, label, unit, mistake=stored.seq in corrected
            )


# In


def import_bundle(program: Program, path: Path, codes: Codes, *, add_clients: bool = False) -> Came:
    """Log every Observation and choose every Goal of a bundle that the program's codes know; all or nothing.

    Ids that are known already count once. Raises CMError with everything that is off.
    """
    came = Came()
    found = list(_read(path))
    patients = fhir.patients_of(found, codes)
    mistakes: list[Mistake] = []
    events: list[tuple[str, Event]] = []
    goals: list[tuple[str, fhir.Wanted]] = []
    new: set[str] = set()
    for where, resource in found:
        here = f"{path}: {where}"
        try:
            if resource.get("resourceType") == "Observation":
                event = _event(program, fhir.seen(resource, codes, patients))
                _may_come(program, event.client, new, add_clients)
                _not_another(program, event)
                events.append((here, event))
            elif resource.get("resourceType") == "Goal":
                goal = fhir.wanted(resource, codes, patients)
                _may_come(program, goal.client, new, add_clients)
                goals.append((here, goal))
            else:
                came.passed[str(resource.get("resourceType"))] += 1
        except fhir.Unmeant as unmeant:
            came.passed[str(unmeant)] += 1
        except ValueError as error:
            what, _, todo = str(error).partition("; ")
            mistakes.append(Mistake(here, what, todo))
        except CMError as error:
            mistakes += [mistake._replace(where=here) for mistake in error.mistakes]
    stop_if(mistakes[:MOST_SHOWN])
    _choose(program, goals, came, add_clients=add_clients)
    _log(program, [event for _, event in events], new, came)
    return came


def _read(path: Path) -> Iterator[tuple[str, fhir.Resource]]:
    """Read a bundle, or resources a line each, and hold them to FHIR's own structure."""
    if not path.is_file():
        raise no_file(path)
    try:
        if path.stat().st_size > MOST_BYTES:
            todo = "split it, or write a resource a line as .ndjson"
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
    stop_if(mistakes[:MOST_SHOWN])
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


def _event(program: Program, seen: fhir.Seen) -> Event:
    event, wrong = make_event(
        program,
        client=seen.client,
        kind=seen.kind,
        value=seen.value,
        at=_moment(program, seen.at),
        id=seen.id,
        evidence=seen.evidence,
    )
    if event is None:
        raise CMError(*(Mistake("", *one) for one in wrong))
    return event


def _moment(program: Program, at: datetime | date) -> datetime:
    return at if isinstance(at, datetime) else program.moment(at, time(12))


def _may_come(program: Program, client: str, new: set[str], add_clients: bool) -> None:
    if client in new or program.ledger.has_client(client):
        return
    if add_clients:
        stop_if(client_code_mistakes(client))
        new.add(client)
        return
    todo = did_you_mean(client, program.ledger.clients()) or "enroll them, or say --add-clients"
    raise CMError(Mistake("", f"there is no client '{client:.64}'", todo))


def _not_another(program: Program, event: Event) -> None:
    stored = program.ledger.find_event(event.id)
    if stored is not None:
        same_event(stored.event, event)


def _choose(
    program: Program, goals: Sequence[tuple[str, fhir.Wanted]], came: Came, *, add_clients: bool
) -> None:
    """Choose what goes on and is not chosen yet, and put away what rests."""
    wishes, resting = [], []
    for where, goal in goals:
        rows = program.ledger.timelines(goal.client).get(goal.rule)
        stands = bool(rows) and rows[-1].choice.stands if rows else False
        if goal.stands and not stands:
            wishes.append(
                Wish(
                    client=goal.client,
                    rule=goal.rule,
                    words=goal.words,
                    settings=goal.settings,
                    on=goal.on,
                    where=where,
                )
            )
        elif stands and not goal.stands:
            resting.append(goal)
    chosen, added = choose_goals(program, wishes, add_clients=add_clients)
    came.clients += added
    came.choices += len(chosen)
    for one in chosen:
        for result in one.caught_up:
            _count(came, result.outcome.earned)
    for goal in resting:
        set_aside(program, goal.client, goal.rule, goal.on)
        came.set_aside += 1


def _log(program: Program, events: Sequence[Event], new: Collection[str], came: Came) -> None:
    with program.ledger.writing():
        for client in new:
            if not program.ledger.has_client(client):
                program.ledger.add_client(client, program.now(), program.by)
                came.clients.append(client)
        book = Logbook(program)
        now = program.now()
        for event in events:
            logged = book.log(event, now)
            if logged.again:
                came.duplicates += 1
                continue
            came.events += 1
            for result in logged.results:
                _count(came, result.outcome.earned)
        book.close()


def _count(came: Came, earned: Any) -> None:
    if earned is not None:
        came.awards += len(earned.awards)
        came.cents += earned.cents
