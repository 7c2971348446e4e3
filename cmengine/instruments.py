"""What the instruments of a REDCap project mean here: the tables of a `redcap.toml`. Pure.

    record = "record_id"                     # the field that holds the client's code
    dates  = "mdy"                           # how days are written there: ymd, mdy or dmy

    [[event]]
    instrument = "urine_screen"              # rows of this repeating instrument
    kind   = "screen"
    at     = "us_date"
    value  = ["us_result"]
    values = [{code = "1", value = "negative"}, {code = "0", value = "positive"}]

    [[event]]
    kind   = "walk"
    at     = "week_of"
    ticked = "activities___2"                # only where this box is ticked

    [[choice]]
    instrument = "my_goals"
    rule   = "fewer-drinks"
    on     = "goal_date"
    words  = "goal_words"
    set    = [{key = "goal.target", field = "goal_number"}]

Without one, the layout that `cmengine redcap export` writes is meant.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Literal, TypeVar

from attrs import Factory, field, frozen

from cmengine.errors import Mistake, did_you_mean
from cmengine.options import Place, read_options, unknown_keys

T = TypeVar("T")
Dates = Literal["ymd", "mdy", "dmy"]
DATES: tuple[Dates, ...] = ("ymd", "mdy", "dmy")


@frozen(kw_only=True)
class Means:
    """What a code, or a label, of a field means here."""

    code: str
    value: str


@frozen(kw_only=True)
class Sets:
    """A setting of the client's own, and the field that holds it."""

    key: str
    field: str


@frozen(kw_only=True)
class EventRows:
    """Rows that say that something happened."""

    at: str
    kind: str = ""
    kind_from: str = ""
    kinds: tuple[Means, ...] = ()
    instrument: str = ""
    event: str = ""
    value: tuple[str, ...] = ()
    values: tuple[Means, ...] = ()
    ticked: str = ""
    id: str = ""
    offset: str = ""
    evidence: str = ""
    evidence_from: str = ""
    unless: str = ""

    def __attrs_post_init__(self) -> None:
        if bool(self.kind) == bool(self.kind_from):
            raise ValueError("it needs kind, or kind_from; write one of the two")


@frozen(kw_only=True)
class ChoiceRows:
    """Rows that say what a client wants."""

    on: str
    rule: str = ""
    rule_from: str = ""
    rules: tuple[Means, ...] = ()
    instrument: str = ""
    event: str = ""
    words: str = ""
    set: tuple[Sets, ...] = ()
    settings: str = ""
    stands: str = ""
    until: str = ""

    def __attrs_post_init__(self) -> None:
        if bool(self.rule) == bool(self.rule_from):
            raise ValueError("it needs rule, or rule_from; write one of the two")


@frozen(kw_only=True)
class Instruments:
    """What a whole project means. `missing` are codes that stand for nothing, as -99 does in many."""

    record: str = "record_id"
    dates: Dates = field(default="ymd")
    missing: tuple[str, ...] = ()
    events: tuple[EventRows, ...] = ()
    choices: tuple[ChoiceRows, ...] = ()

    def fields(self) -> list[str]:
        """Name every field that is read."""
        found = {self.record: None}
        for rows in self.events:
            named = (rows.at, rows.kind_from, *rows.value, rows.ticked, rows.id, rows.offset)
            found |= dict.fromkeys((*named, rows.evidence_from, rows.unless))
        for one in self.choices:
            named = (one.on, one.rule_from, one.words, one.settings, one.stands, one.until)
            found |= dict.fromkeys((*named, *(each.field for each in one.set)))
        return [name for name in found if name]


@frozen(kw_only=True)
class _Head:
    record: str = "record_id"
    dates: Dates = "ymd"
    missing: tuple[str, ...] = Factory(tuple)


def read_instruments(
    tables: Mapping[str, Any], place: Place, kinds: Iterable[str], rules: Iterable[str]
) -> tuple[Instruments, list[Mistake]]:
    """Read the tables of a `redcap.toml`; give what they mean, and every mistake."""
    head = {key: value for key, value in tables.items() if key in ("record", "dates", "missing")}
    known = ["record", "dates", "missing", "event", "choice"]
    mistakes = unknown_keys(tables, known, place, "a key of this file")
    top, wrong = read_options(_Head, head, place, called="redcap")
    mistakes += wrong
    events, wrong = _listed(EventRows, tables, place, "event")
    mistakes += wrong
    choices, wrong = _listed(ChoiceRows, tables, place, "choice")
    mistakes += wrong
    kind_names, rule_names = list(kinds), list(rules)
    for n, rows in events:
        names = [rows.kind] if rows.kind else [one.value for one in rows.kinds]
        mistakes += _unknown(names, kind_names, place.at("event", n), "kind")
    for n, one in choices:
        names = [one.rule] if one.rule else [each.value for each in one.rules]
        mistakes += _unknown(names, rule_names, place.at("choice", n), "rule")
    if not events and not choices and not mistakes:
        mistakes.append(place.wrong("says nothing", "write an [[event]] or a [[choice]]"))
    if top is None:
        return Instruments(), mistakes
    return (
        Instruments(
            record=top.record,
            dates=top.dates,
            missing=top.missing,
            events=tuple(rows for _, rows in events),
            choices=tuple(one for _, one in choices),
        ),
        mistakes,
    )


def _listed(
    cls: type[T], tables: Mapping[str, Any], place: Place, part: str
) -> tuple[list[tuple[int, T]], list[Mistake]]:
    found: list[tuple[int, T]] = []
    mistakes: list[Mistake] = []
    listed = tables.get(part, [])
    if not isinstance(listed, list):
        return found, [place.at(part).wrong(f"{part} must be tables", f"write [[{part}]]")]
    for n, table in enumerate(listed):
        here = place.at(part, n).about(f"{part} {n + 1}")
        if not isinstance(table, Mapping):
            mistakes.append(here.wrong("must be a table", f"write [[{part}]]"))
            continue
        one, wrong = read_options(cls, table, here, called=part)
        mistakes += wrong
        if one is not None:
            found.append((n, one))
    return found, mistakes


def _unknown(names: Iterable[str], known: list[str], place: Place, what: str) -> list[Mistake]:
    return [
        place.about(f"{what} '{name:.60}'").wrong(
            "the program has none of this name", did_you_mean(name, known)
        )
        for name in names
        if name not in known
    ]
