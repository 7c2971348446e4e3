"""Scenarios beside a rule file: sentences that staff can read, played against the rule. Pure.

A label in `earns` may end with ``*`` where chance decides the rest, as in ``"slip: *"``.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from fnmatch import fnmatchcase
from typing import Any
from zoneinfo import ZoneInfo

from attrs import field, frozen

from cmengine.ahead import labels
from cmengine.dice import dice_from
from cmengine.errors import CMError, Mistake, did_you_mean
from cmengine.evaluate import play
from cmengine.kept import with_settings
from cmengine.kinds import Kinds, unknown_kind
from cmengine.model import Event
from cmengine.options import Place, number, read_options
from cmengine.rules import Draft, Reader

_UTC = ZoneInfo("UTC")
DICE = dice_from(b"the dice of scenarios")


def _any(value: Any) -> str | None:
    """Take an event's value as text, however it is written."""
    if value is None or isinstance(value, str):
        return value
    return format(number(value), "f")


def _settings(table: Any) -> tuple[tuple[str, str], ...]:
    if not isinstance(table, Mapping):
        raise ValueError('it is not a table; write it like { "goal.target" = 5 }')
    return tuple(
        (key, ",".join(value) if isinstance(value, list) else _written(value))
        for key, value in table.items()
    )


def _written(value: Any) -> str:
    """Write a setting the way a client's is typed."""
    return str(value).lower() if isinstance(value, bool) else str(_any(value))


def _earns(lists: Any) -> tuple[tuple[str, ...], ...]:
    if not isinstance(lists, list) or not all(isinstance(one, list) for one in lists):
        raise ValueError(
            'it needs a list of labels for each event; write it like [["voucher 2.50"], []]'
        )
    return tuple(tuple(str(label) for label in one) for one in lists)


@frozen(kw_only=True)
class ScenarioEvent:
    """An event of a scenario: on a day, of a kind, perhaps with a value."""

    on: date
    kind: str
    value: str | None = field(default=None, converter=_any)


@frozen(kw_only=True)
class Scenario:
    """What a rule gives for a short history. `first` is the first day of the choice, `set` its settings."""

    name: str
    rule: str
    events: tuple[ScenarioEvent, ...]
    earns: tuple[tuple[str, ...], ...] = field(converter=_earns)
    first: date | None = None
    set: tuple[tuple[str, str], ...] = field(default={}, converter=_settings)

    def __attrs_post_init__(self) -> None:
        if len(self.earns) != len(self.events):
            raise ValueError(
                f"there are {len(self.events)} events and {len(self.earns)} entries in earns; write one for each"
            )


def read_scenarios(
    tables: Mapping[str, Any], place: Place
) -> tuple[list[tuple[Scenario, Place]], list[Mistake]]:
    """Read a scenario file."""
    mistakes = [
        place.at(key).wrong(
            f"'{key}' does not belong in a scenario file", "begin each with [[scenario]]"
        )
        for key in tables
        if key != "scenario"
    ]
    found = []
    listed = tables.get("scenario", [])
    if not isinstance(listed, list) or not all(isinstance(one, Mapping) for one in listed):
        todo = "begin each with [[scenario]], in double brackets"
        return [], [
            *mistakes,
            place.at("scenario").wrong("scenario must be a list of tables", todo),
        ]
    for n, table in enumerate(listed):
        here = place.at("scenario", n)
        if isinstance(table.get("name"), str):
            here = here.about(f"scenario '{table['name']:.100}'")
        scenario, wrong = read_options(Scenario, table, here, called="scenario")
        mistakes += wrong
        if scenario is not None:
            found.append((scenario, here))
    return found, mistakes


def play_scenario(
    scenario: Scenario, draft: Draft, reader: Reader
) -> tuple[list[tuple[str, ...]], list[str]]:
    """Play a scenario; give what each event earned, and in words where that is not what it says."""
    try:
        table = with_settings(draft.table, scenario.set, reader.registry)
    except ValueError as error:
        return [], [str(error)]
    rule, mistakes = reader.read_rule(table, draft.place)
    if rule is None:
        return [], [f"{mistake.what}; {mistake.todo}" for mistake in mistakes]
    events, wrong = _events(scenario, reader.kinds)
    if wrong:
        return [], wrong
    try:
        outcomes = play(rule, events, DICE, scenario.first)
    except CMError as error:
        return [], [mistake.what for mistake in error.mistakes]
    earned = [
        tuple(labels(outcome.earned.awards)) if outcome.earned else () for outcome in outcomes
    ]
    return earned, [
        f"event {n} ({told.kind} on {told.on}) earns {_listed(got)}, the scenario says {_listed(said)}"
        for n, (told, got, said) in enumerate(
            zip(scenario.events, earned, scenario.earns, strict=True), start=1
        )
        if not _fits(got, said)
    ]


def check_scenarios(
    scenarios: Sequence[tuple[Scenario, Place]], drafts: Mapping[str, Draft], reader: Reader
) -> list[Mistake]:
    """Play scenarios against the rules they name; give what does not come out as they say."""
    mistakes = []
    for scenario, place in scenarios:
        draft = drafts.get(scenario.rule)
        if draft is None:
            mistakes.append(
                place.at("rule").wrong(
                    f"there is no rule '{scenario.rule}' beside it",
                    did_you_mean(scenario.rule, drafts),
                )
            )
            continue
        _, wrong = play_scenario(scenario, draft, reader)
        mistakes += [
            place.wrong(words, "mend the rule, or the scenario if the rule is right")
            for words in _first(wrong)
        ]
    return mistakes


def _first(wrong: Sequence[str]) -> list[str]:
    """Tell the first difference, and how many more there are: one line a scenario."""
    more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
    return [f"{wrong[0]}{more}"] if wrong else []


def _events(scenario: Scenario, kinds: Kinds | None) -> tuple[list[Event], list[str]]:
    events, wrong = [], []
    for n, told in enumerate(scenario.events):
        value: Any = told.value
        if kinds is not None:
            kind = kinds.get(told.kind)
            if kind is None:
                wrong.append("; ".join(unknown_kind(told.kind, kinds)))
                continue
            try:
                value = kind.read(told.value)
            except ValueError as error:
                wrong.append(f"event {n + 1}: {told.kind}: {error}")
                continue
        elif told.value is not None:
            value = _number_if_it_is(told.value)
        noon = datetime.combine(told.on, time(12), tzinfo=_UTC)
        events.append(
            Event(
                id=f"scenario-{n}",
                client="scenario",
                kind=told.kind,
                at=noon,
                day=told.on,
                value=value,
            )
        )
    return events, wrong


def _number_if_it_is(text: str) -> Any:
    try:
        return number(text)
    except ValueError:
        return text


def _fits(got: Sequence[str], said: Sequence[str]) -> bool:
    return len(got) == len(said) and all(
        fnmatchcase(one, wanted) if wanted.endswith("*") else one == wanted
        for one, wanted in zip(got, said, strict=True)
    )


def _listed(labels: Sequence[str]) -> str:
    return " and ".join(f"'{label}'" for label in labels) or "nothing"
