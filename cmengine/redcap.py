"""Events and choices as the rows of a REDCap project, its data dictionary, and back. Pure.

How REDCap lays out records, as its users and their tools describe it: a row a record, and one more for
each instance of a repeating instrument, named by `redcap_repeat_instrument` and `redcap_repeat_instance`
(https://bdeveer.github.io/REDCap_KB_RAG/RC-IMP-04_Record-Data-CSV-Import/,
https://ccts-bsc.netlify.app/redcap/data-import-tool/); a dictionary of 18 columns.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

from attrs import frozen

from cmengine.days import read_day
from cmengine.instruments import ChoiceRows, Dates, EventRows, Instruments, Means
from cmengine.model import EVIDENCE, Choice, Event
from cmengine.told import Seen, Sought, Unmeant

HEADER = (
    "Variable / Field Name", "Form Name", "Section Header", "Field Type", "Field Label",
    "Choices, Calculations, OR Slider Labels", "Field Note", "Text Validation Type OR Show Slider Number",
    "Text Validation Min", "Text Validation Max", "Identifier?", "Branching Logic (Show field only if...)",
    "Required Field?", "Custom Alignment", "Question Number (surveys only)", "Matrix Group Name",
    "Matrix Ranking?", "Field Annotation",
)  # fmt: skip
"""The columns of a data dictionary."""
INSTRUMENT, INSTANCE, EVENT_NAME = (
    "redcap_repeat_instrument",
    "redcap_repeat_instance",
    "redcap_event_name",
)
CLIENT_FORM, CHOICE_FORM, EVENT_FORM, AWARD_FORM = "cm_client", "cm_choice", "cm_event", "cm_award"
LABELS = {
    "record id": "record_id",
    "event name": EVENT_NAME,
    "repeat instrument": INSTRUMENT,
    "repeat instance": INSTANCE,
}
"""How an export with labels names the columns that REDCap itself adds."""
YES = ("1", "yes", "true", "checked")
NO = ("0", "no", "false", "unchecked", "")

TEXTS = frozenset(
    ("event_id", "event_value", "event_words", "choice_set", "choice_words", "award_event", "award_label",
     "award_item")
)  # fmt: skip
"""The fields of our own layout that hold text which a spreadsheet could take for a formula."""
READ_ME = """\
What a cmengine program has written down, for REDCap.

{notice}

dictionary.csv  the instruments: upload it under Project Setup, Data Dictionary. Then make cm_choice, cm_event
                and cm_award repeating, under Project Setup, Repeating instruments.
records.csv     the records: upload it with the Data Import Tool. Days are written year, month, day.

A ' at the beginning of a text keeps a spreadsheet from taking it for a formula.
"""

Row = Mapping[str, str]


@frozen(kw_only=True)
class Field:
    """A field of a project: its form, type, label, choices as (code, label), and how its text is checked."""

    name: str
    form: str
    type: str
    label: str
    choices: tuple[tuple[str, str], ...] = ()
    check: str = ""
    identifier: bool = False
    words: bool = False


def slug(text: str) -> str:
    """Write a name as REDCap can have it as a code: small letters, digits and underscores."""
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_") or "x"


def coded(names: Iterable[str]) -> dict[str, str]:
    """Give each name a code of its own, the same as long as the names before it are the same."""
    found: dict[str, str] = {}
    taken: set[str] = set()
    for name in names:
        code, n = slug(name), 1
        while code in taken:
            n += 1
            code = f"{slug(name)}_{n}"
        taken.add(code)
        found[name] = code
    return found


# Out


def project(kinds: Mapping[str, str], rules: Mapping[str, str], *, words: bool) -> list[Field]:
    """Describe the project that what is exported goes into. `kinds` and `rules` are labels by name."""
    kind = tuple((code, _label(kinds[name])) for name, code in coded(kinds).items())
    rule = tuple((code, _label(rules[name])) for name, code in coded(rules).items())
    fields = (
        Field(name="record_id", form=CLIENT_FORM, type="text", label="Client", identifier=True),
        Field(name="client_since", form=CLIENT_FORM, type="text", label="Enrolled on", check="date_ymd"),
        Field(name="choice_rule", form=CHOICE_FORM, type="dropdown", label="What they chose", choices=rule),
        Field(name="choice_on", form=CHOICE_FORM, type="text", label="From this day on", check="date_ymd"),
        Field(name="choice_stands", form=CHOICE_FORM, type="yesno", label="Goes on"),
        Field(name="choice_until", form=CHOICE_FORM, type="text", label="Rests since", check="date_ymd"),
        Field(name="choice_set", form=CHOICE_FORM, type="notes", label="What they set", words=True),
        Field(name="choice_words", form=CHOICE_FORM, type="notes", label="In their words", words=True),
        Field(name="event_id", form=EVENT_FORM, type="text", label="Id"),
        Field(name="event_kind", form=EVENT_FORM, type="dropdown", label="What happened", choices=kind),
        Field(name="event_at", form=EVENT_FORM, type="text", label="When", check="datetime_seconds_ymd"),
        Field(name="event_offset", form=EVENT_FORM, type="text", label="Offset from UTC of that time"),
        Field(name="event_day", form=EVENT_FORM, type="text", label="Day of the program", check="date_ymd"),
        Field(name="event_number", form=EVENT_FORM, type="text", label="Number", check="number"),
        Field(name="event_value", form=EVENT_FORM, type="text", label="Value"),
        Field(name="event_words", form=EVENT_FORM, type="notes", label="In their words", words=True),
        Field(
            name="event_evidence", form=EVENT_FORM, type="dropdown", label="How it is known",
            choices=tuple((name, name) for name in EVIDENCE),
        ),
        Field(name="event_mistake", form=EVENT_FORM, type="yesno", label="Was a mistake"),
        Field(name="award_id", form=AWARD_FORM, type="text", label="Id"),
        Field(name="award_event", form=AWARD_FORM, type="text", label="Id of the event"),
        Field(name="award_rule", form=AWARD_FORM, type="dropdown", label="Under which rule", choices=rule),
        Field(name="award_on", form=AWARD_FORM, type="text", label="For which day", check="date_ymd"),
        Field(name="award_label", form=AWARD_FORM, type="text", label="What it is"),
        Field(name="award_cents", form=AWARD_FORM, type="text", label="Worth in cents", check="integer"),
        Field(name="award_item", form=AWARD_FORM, type="text", label="Thing"),
    )  # fmt: skip
    return [one for one in fields if words or not one.words]


def _label(text: str) -> str:
    """Write a label so that it cannot end a choice: | stands between choices in a dictionary."""
    return " ".join(text.replace("|", "/").split())


def dictionary(fields: Sequence[Field]) -> Iterator[list[str]]:
    """Write a data dictionary, row by row, its head first."""
    yield list(HEADER)
    for one in fields:
        cells = dict.fromkeys(HEADER, "")
        cells["Variable / Field Name"] = one.name
        cells["Form Name"] = one.form
        cells["Field Type"] = one.type
        cells["Field Label"] = one.label
        cells["Choices, Calculations, OR Slider Labels"] = " | ".join(
            f"{code}, {label}" for code, label in one.choices
        )
        cells["Text Validation Type OR Show Slider Number"] = one.check
        cells["Identifier?"] = "y" if one.identifier else ""
        yield list(cells.values())


def header(fields: Sequence[Field], event: str) -> list[str]:
    """Name the columns of the records; `event` is the unique name of an event, in a longitudinal project."""
    forms = dict.fromkeys(one.form for one in fields)
    names = [f"{form}_complete" for form in forms]
    first, *rest = [one.name for one in fields]
    added = [EVENT_NAME] if event else []
    return [first, *added, INSTRUMENT, INSTANCE, *rest, *names]


def client_row(client: str, since: str) -> dict[str, str]:
    """Write the one row of a client."""
    return {"record_id": client, "client_since": since, f"{CLIENT_FORM}_complete": "2"}


def choice_row(
    choice: Choice, since: date, words: str, rules: Mapping[str, str], n: int
) -> dict[str, str]:
    """Write a client's choice of a rule, first made on the day `since`."""
    return {
        **_instance(choice.client, CHOICE_FORM, n),
        "choice_rule": rules[choice.rule],
        "choice_on": since.isoformat(),
        "choice_stands": str(int(choice.stands)),
        "choice_until": "" if choice.stands else choice.on.isoformat(),
        "choice_set": json.dumps(dict(choice.settings)) if choice.settings else "",
        "choice_words": words,
    }


def event_row(
    event: Event, kinds: Mapping[str, str], n: int, *, words: bool, mistake: bool
) -> dict[str, str]:
    """Write an event. `words` says that its value is in the client's own words."""
    is_number = isinstance(event.value, Decimal)
    value = "" if event.value is None else str(event.value)
    return {
        **_instance(event.client, EVENT_FORM, n),
        "event_id": event.id,
        "event_kind": kinds[event.kind],
        "event_at": f"{event.at:%Y-%m-%d %H:%M:%S}",
        "event_offset": f"{event.at:%z}"[:3] + ":" + f"{event.at:%z}"[3:5],
        "event_day": event.day.isoformat(),
        "event_number": format(event.value, "f") if isinstance(event.value, Decimal) else "",
        "event_value": "" if is_number or words else value,
        "event_words": value if words and not is_number else "",
        "event_evidence": event.evidence,
        "event_mistake": str(int(mistake)),
    }


def award_row(client: str, cells: Mapping[str, str], n: int) -> dict[str, str]:
    """Write an award, given by the fields of its form."""
    return {**_instance(client, AWARD_FORM, n), **cells}


def _instance(client: str, form: str, n: int) -> dict[str, str]:
    return {"record_id": client, INSTRUMENT: form, INSTANCE: str(n), f"{form}_complete": "2"}


def own_instruments(kinds: Iterable[str], rules: Iterable[str]) -> Instruments:
    """Give what the layout that we write means."""
    return Instruments(
        events=(
            EventRows(
                instrument=EVENT_FORM,
                id="event_id",
                kind_from="event_kind",
                kinds=tuple(Means(code=code, value=name) for name, code in coded(kinds).items()),
                at="event_at",
                offset="event_offset",
                value=("event_number", "event_value", "event_words"),
                evidence_from="event_evidence",
                unless="event_mistake",
            ),
        ),
        choices=(
            ChoiceRows(
                instrument=CHOICE_FORM,
                rule_from="choice_rule",
                rules=tuple(Means(code=code, value=name) for name, code in coded(rules).items()),
                on="choice_on",
                words="choice_words",
                settings="choice_set",
                stands="choice_stands",
                until="choice_until",
            ),
        ),
    )


# In


class Off(ValueError):
    """What is wrong with a cell: the field, what, and what to do."""

    def __init__(self, field: str, what: str, todo: str = "") -> None:
        super().__init__(what)
        self.field, self.what, self.todo = field, what, todo


def read_dictionary(rows: Iterable[Sequence[str]]) -> dict[str, Field]:
    """Read a data dictionary, its head first, into fields by name. Raises ValueError in words."""
    found: dict[str, Field] = {}
    each = iter(rows)
    names = [name.strip().lower() for name in next(each, [])]
    wanted = [HEADER[n].lower() for n in (0, 1, 3, 4, 5)]
    if [name for name in wanted[:2] if name not in names]:
        raise ValueError("is no data dictionary; download it from the project as CSV")
    at = [names.index(name) if name in names else -1 for name in wanted]
    for cells in each:
        name, form, type, label, choices = (cells[n] if -1 < n < len(cells) else "" for n in at)
        if name.strip():
            found[name.strip()] = Field(
                name=name.strip(),
                form=form.strip(),
                type=type.strip(),
                label=_bare(label),
                choices=tuple(_choices(choices)) if type.strip() not in ("calc", "slider") else (),
            )
    return found


def _choices(text: str) -> Iterator[tuple[str, str]]:
    for part in text.split("|"):
        code, comma, label = part.strip().partition(",")
        if comma:
            yield code.strip(), _bare(label)


def _bare(text: str) -> str:
    """Take the marks of HTML out of a label, as an export with labels does."""
    return " ".join(re.sub(r"<[^>]*>", "", text).split())


def names_of(columns: Sequence[str], fields: Mapping[str, Field]) -> list[str]:
    """Give the names of the fields that columns stand for, also where an export names them by their labels."""
    by_label: dict[str, str] = {}
    for one in fields.values():
        if one.type == "checkbox":
            for code, label in one.choices:
                by_label.setdefault(
                    f"{one.label} (choice={label})".lower(), f"{one.name}___{box(code)}"
                )
        else:
            by_label.setdefault(one.label.lower(), one.name)
    named = []
    for column in (" ".join(one.split()) for one in columns):
        if column in fields or "___" in column or column.startswith("redcap_"):
            named.append(column)
        else:
            low = _bare(column).lower()
            named.append(by_label.get(low) or LABELS.get(low) or column)
    return named


def event_name(text: str) -> str:
    """Give the unique name of an event, also where an export names it by its label: ``Visit 1 (Arm 1: Drug)``.

    A unique name is at most 18 letters of the label, and the number of the arm.
    """
    bare = text.strip()
    if not bare or re.fullmatch(r"[a-z0-9_]+_arm_\d+[a-z]?", bare):
        return bare
    found = re.fullmatch(r"(.*?)\s*\(Arm (\d+): .*\)", bare)
    label, arm = (found[1], found[2]) if found else (bare, "1")
    return f"{slug(label)[:18].strip('_')}_arm_{arm}"


def box(code: str) -> str:
    """Write the code of a checkbox as the name of its column has it."""
    return re.sub(r"[^a-z0-9_]", "_", code.lower())


def seen(
    row: Row, rows: EventRows, project: Instruments, fields: Mapping[str, Field]
) -> Seen | None:
    """Read what a row says under one of the `[[event]]`; None where it says nothing.

    Raises Unmeant where it is not to be relied on, Off where a cell is off.
    """
    if not _meant(row, rows.instrument, rows.event) or (
        rows.ticked and not _yes(row, rows.ticked, empty=False)
    ):
        return None
    at = _cell(row, rows.at, project)
    value = next(
        ((name, text) for name in rows.value if (text := _cell(row, name, project))), ("", "")
    )
    if not at and not value[1] and not rows.ticked:
        return None
    if rows.unless and _yes(row, rows.unless, empty=False):
        raise Unmeant(f"rows in which {rows.unless} is ticked")
    if not at:
        raise Off(rows.at, "is empty, and there is something in the row", "fill in when it was")
    if rows.value and not value[1] and not rows.id:
        raise Unmeant(f"rows with a day and nothing in {rows.value[0]}")
    kind = rows.kind or _of(row, rows.kind_from, rows.kinds, project, fields)
    said = _translated(value[1], value[0], rows.values, fields) if value[1] else None
    evidence = rows.evidence or (
        _cell(row, rows.evidence_from, project) if rows.evidence_from else ""
    )
    id = _cell(row, rows.id, project) if rows.id else ""
    return Seen(
        id=id or _event_id(row, rows, project),
        client=_client(row, project),
        kind=kind,
        value=said,
        at=_moment(row, at, rows, project.dates),
        evidence=evidence.lower() or None,
    )


def sought(
    row: Row, one: ChoiceRows, project: Instruments, fields: Mapping[str, Field]
) -> Sought | None:
    """Read what a row says under one of the `[[choice]]`; None where it says nothing. Raises Off."""
    if not _meant(row, one.instrument, one.event):
        return None
    on = _cell(row, one.on, project)
    rule = one.rule or _cell(row, one.rule_from, project)
    if not on and (one.rule or not rule):
        return None
    if not on:
        raise Off(
            one.on, "is empty, and there is something in the row", "fill in from which day on"
        )
    if one.rule_from:
        rule = _of(row, one.rule_from, one.rules, project, fields)
    settings = {each.key: text for each in one.set if (text := _cell(row, each.field, project))}
    if one.settings and (text := row.get(one.settings, "").strip()):
        settings |= _settings(text, one.settings)
    until = _cell(row, one.until, project) if one.until else ""
    stands = _yes(row, one.stands, empty=True) if one.stands else True
    return Sought(
        client=_client(row, project),
        rule=rule,
        words=row.get(one.words, "").strip() if one.words else "",
        settings=tuple(sorted(settings.items())),
        on=_day(on, one.on, project.dates),
        stands=stands,
        until=None if stands or not until else _day(until, one.until, project.dates),
    )


def _meant(row: Row, instrument: str, event: str) -> bool:
    there = row.get(INSTRUMENT, "").strip()
    if bool(there) != bool(instrument):
        return False
    where = event_name(row.get(EVENT_NAME, ""))
    return slug(there) == slug(instrument) and (not event or where == event_name(event))


def _cell(row: Row, name: str, project: Instruments) -> str:
    text = row.get(name, "").strip()
    return "" if text in project.missing else text


def _client(row: Row, project: Instruments) -> str:
    client = _cell(row, project.record, project)
    if not client:
        raise Off(project.record, "is empty, so nobody knows whose row it is", "fill it in")
    return client


def _yes(row: Row, name: str, *, empty: bool) -> bool:
    text = row.get(name, "").strip().lower()
    if text == "":
        return empty
    if text not in (*YES, *NO):
        raise Off(name, "is neither 1 nor 0, nor Yes, No, Checked or Unchecked")
    return text in YES


def _of(
    row: Row, name: str, means: Sequence[Means], project: Instruments, fields: Mapping[str, Field]
) -> str:
    """Read a field that says which kind, or which rule."""
    text = _cell(row, name, project)
    if not text:
        raise Off(name, "is empty, and there is something in the row", "fill it in")
    return _translated(text, name, means, fields)


def _translated(text: str, name: str, means: Sequence[Means], fields: Mapping[str, Field]) -> str:
    """Say what a code or label means here; without a table of meanings, what the project's label says."""
    known = fields[name].choices if name in fields else ()
    code = next((code for code, label in known if label == text), text)
    label = next((label for one, label in known if one == text), text)
    if not means:
        return label
    for word in (text, code, label):
        for one in means:
            if one.code == word:
                return one.value
    for one in means:  # what is written as it is called here
        if one.value == text:
            return one.value
    raise Unmeant(f"{name} with a code that redcap.toml does not name")


def _moment(row: Row, text: str, rows: EventRows, dates: Dates) -> datetime | date:
    """Read a moment; without an offset it is in the program's zone, as a time that is not known to be one."""
    day, _, time = text.replace("T", " ").partition(" ")
    on = _day(day, rows.at, dates)
    if not time:
        return on
    try:
        moment = datetime.fromisoformat(f"{on.isoformat()} {time}")
    except ValueError:
        raise Off(
            rows.at, f"'{text:.30}' is no day and time", "write it like 2026-01-05 09:30"
        ) from None
    offset = row.get(rows.offset, "").strip() if rows.offset else ""
    if offset:
        found = re.fullmatch(r"([+-])(\d\d):?(\d\d)", offset)
        if not found:
            raise Off(rows.offset, f"'{offset:.20}' is no offset", "write it like -08:00")
        minutes = int(found[2]) * 60 + int(found[3])
        moment = moment.replace(
            tzinfo=timezone(timedelta(minutes=-minutes if found[1] == "-" else minutes))
        )
    return moment


def _day(text: str, name: str, dates: Dates) -> date:
    """Read a day as the project writes it."""
    parts = re.split(r"[-/.]", text[:10])
    order = {"ymd": (0, 1, 2), "mdy": (2, 0, 1), "dmy": (2, 1, 0)}[dates]
    try:
        if len(parts) != 3 or len(parts[0]) == 4:
            return read_day(text)
        year, month, day = (int(parts[n]) for n in order)
        return read_day(f"{year:04}-{month:02}-{day:02}")
    except ValueError:
        like = {"ymd": "2026-01-31", "mdy": "01/31/2026", "dmy": "31/01/2026"}[dates]
        raise Off(
            name, f"'{text:.20}' is not a day like {like}", "mend it, or say dates in redcap.toml"
        ) from None


def _settings(text: str, name: str) -> dict[str, str]:
    try:
        found = json.loads(text)
        if isinstance(found, dict):
            return {str(key): str(value) for key, value in found.items()}
    except ValueError:
        pass
    raise Off(name, "is no JSON object of settings", 'write it like {"goal.target": "4"}')


def _event_id(row: Row, rows: EventRows, project: Instruments) -> str:
    """Make an id that is the same each time the same row comes, whatever else stands in the file."""
    parts: list[Any] = [
        _client(row, project),
        event_name(row.get(EVENT_NAME, "")),
        slug(rows.instrument) if rows.instrument else "",
        row.get(INSTANCE, "").strip(),
        rows.kind or rows.kind_from,
        rows.ticked or rows.at,
    ]
    return "redcap:" + ":".join(parts)
