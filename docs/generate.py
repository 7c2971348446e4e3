"""The parts of the docs that the program itself writes: options, help texts, and what commands print.

cog calls `options`, `kinds_that_ship`, `help_texts` and `plugin_check` in place; `python docs/generate.py`
plays the console blocks of the README and the docs, and writes down what they print now.

A fenced block whose language is followed by a file's name *is* that file: it is written down where
it is met, and one named cmengine_X.py is installed as the plugin X. A console block is typed, line by
line, in a folder that begins empty for each page; what is shown under a line is what it prints, on
standard output and standard error alike.
"""

import os
import re
import shlex
import subprocess
import sys
import tempfile
import typing
from collections.abc import Iterator
from datetime import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import attrs
import click

from cmengine import Phase, cli
from cmengine.calendars import SpanTable
from cmengine.cli import COMMANDS
from cmengine.deidentified import counted_tables
from cmengine.exports import TABLES as TABLES_OUT
from cmengine.kinds import Kind
from cmengine.plugins import Registry, load_plugins
from cmengine.rules import Head, Pace
from cmengine.scenarios import Scenario, ScenarioEvent
from cmengine.sections import (
    FeedbackSettings,
    Fund,
    Limit,
    MessageSettings,
    Sections,
    StatusSettings,
    StockSettings,
    Topic,
)
from cmengine.tabled import TYPES

DOCS = Path(__file__).resolve().parent
README = DOCS.parent / "README.md"
PLAYED = (
    README,
    *(
        DOCS / name
        for name in (
            "tutorial.md",
            "rules.md",
            "draws.md",
            "limits.md",
            "laws.md",
            "simulate.md",
            "testing-plugins.md",
            "stock.md",
            "vouchers.md",
            "reports.md",
            "messages.md",
            "card.md",
            "feedback.md",
            "saying-no.md",
            "status.md",
        )
    ),
)
MINUTE = 60

TABLES = {
    "rule": Head,
    "pace": Pace,
    "calendar": SpanTable,
    "kind": Kind,
    "program": Sections,
    "fund": Fund,
    "limit": Limit,
    "stock": StockSettings,
    "messages": MessageSettings,
    "information": Topic,
    "feedback": FeedbackSettings,
    "status": StatusSettings,
    "scenario": Scenario,
    "scenario event": ScenarioEvent,
    "phase": Phase,
}

# What an option means, one line each. A field without a line here, or a line without a field, is an
# error, so a new option cannot go unexplained.
MEANS = {
    "rule.id": "names the rule in the ledger; never used again for another, never renamed",
    "rule.title": "what the client sees on the menu",
    "rule.why": "a line under the title",
    "rule.source": "where the numbers come from",
    "rule.starts": "the first day on which it runs",
    "rule.ends": "the last day on which it runs",
    "rule.client_sets": "what a client may set: options of the goal, and of rewards what is true or false",
    "pace.per_day": "how many times count in one day",
    "pace.per_week": "how many times count in one week, Monday to Sunday",
    "calendar.days": "the days of the week that are scheduled: mon, tue, wed, thu, fri, sat, sun",
    "calendar.weeks": "for how many weeks",
    "kind.label": "what people call it",
    "kind.values": "the words it can have as its value",
    "kind.unit": "what its number counts, such as steps or drinks",
    "kind.text": "its value is free text, and may be left out",
    "kind.evidence": "where it is known from, unless the log says otherwise",
    "kind.about": "what it has to do with, for the report: goals about `use` and `safer use` are said after all others",
    "program.name": "what the program is called",
    "program.zone": "the time zone in which days begin and end",
    "program.currency": "the currency of every amount",
    "program.day_boundary": "the local time at which a new day begins",
    "program.budget_year": "the day on which a budget year begins",
    "program.staff": "who may work here; without it, whoever can open the folder",
    "program.fund": "money to give, one `[[fund]]` each",
    "program.limit": "what a funder allows to be issued, one `[[limit]]` each",
    "program.stock": "how the stock is kept, in one `[stock]`",
    "program.messages": "how clients are written to, in one `[messages]`",
    "program.information": "when somebody may be asked whether they want to hear about safety, one `[[information]]` each",
    "information.topic": "what it is about: `naloxone`, `not_alone` or `tolerance`",
    "information.after_gap": "after at least so many days without an event",
    "information.kinds": "after an event of one of these kinds",
    "information.rules": "where one of these rules is chosen",
    "information.opioids": "where a rule is chosen whose text is about opioids",
    "messages.quiet": "the hours of the client's day in which nobody is written to, or `none`",
    "messages.tries": "how often one is tried at most",
    "messages.seconds": "how long one try may take",
    "program.feedback": "who looks after complaints, in one `[feedback]`",
    "program.status": "what the morning's screen says, in one `[status]`",
    "feedback.complaints": "who looks after complaints, the first of them first; the staff without it",
    "feedback.days": "what is not answered for so many days is said",
    "status.away": "people not seen for so many days are to be greeted",
    "status.count": "stock not counted for so many days is said",
    "status.not_seen": "kinds of event that do not mean that somebody came by",
    "stock.low": "fewer than so many on hand, of a thing or of a brand's cards of one worth, is said",
    "stock.separate": "who hands out of something does not count it; `false` where everybody hands out",
    "fund.name": "what it is called",
    "fund.amount": "how much there is; more can come in with `cmengine fund add`",
    "fund.pays_for": "the ids of the rules it pays for; all of them without it",
    "fund.after": "the fund that pays first what it can",
    "fund.ask": "whom to ask about it",
    "limit.name": "what it is called",
    "limit.per": "what is added up",
    "limit.window": "over how long",
    "limit.most": "the most that may be issued; without it, a `warn_at` only warns",
    "limit.warn_at": "from how much on it is said how far it is used; at 80 % of `most` without it",
    "limit.fund": "the fund it belongs to; a limit per fund needs one",
    "limit.cite": "where this is written",
    "limit.ask": "whom to ask about it",
    "limit.starts": "the first day on which it is in force",
    "limit.ends": "the last day on which it is in force",
    "scenario.name": "a sentence that staff can read",
    "scenario.rule": "the id of a rule in the file beside it",
    "scenario.events": "what happens, in the order of logging",
    "scenario.earns": "for each event, the labels of what it earns; a label may end with `*`",
    "scenario.first": "the first day of the choice; without it, the earliest day among the events",
    "scenario.set": "what the client set",
    "scenario event.on": "the day",
    "scenario event.kind": "the kind of event",
    "scenario event.value": "its value",
    "phase.times": "how many times this phase lasts",
    "phase.worth": "the same worth each time; or else",
    "phase.start": "the worth of the first time",
    "phase.step": "how much more each rung is worth",
    "phase.every": "how many times each rung counts",
    "any_of.events": "the kinds of event that count",
    "any_of.values": "only events with one of these values; any value without it",
    "at_least.event": "the kind of event, one with a unit",
    "at_least.target": "this number, or more",
    "at_most.event": "the kind of event, one with a unit",
    "at_most.target": "this number, or less",
    "better_than.event": "the kind of event, one with a unit",
    "better_than.direction": "which way is better",
    "better_than.bar": "the client's own number",
    "better_than.by_percent": "better by at least this share of the bar",
    "first_time.events": "the kinds of event, any of which is the first time",
    "steps.event": "the kind of event whose value names the step",
    "steps.steps": "the steps, in the client's words",
    "came_back.events": "the kinds of event that are a return",
    "came_back.after_days": "after at least so many days without one of them",
    "came_back.beside": "the id of the rule under which an ordinary visit earns",
    "fixed_voucher.worth": "how much, each time",
    "escalating_voucher.start": "how much the first time",
    "escalating_voucher.step": "how much more on each rung",
    "escalating_voucher.every": "how many times each rung counts",
    "escalating_voucher.cap": "the most that one time is worth",
    "escalating_voucher.climbs": "with each time it happens, or with the calendar",
    "ladder.phases": "the phases, in order",
    "ladder.then": "how much each time after the last phase; nothing more in money without it",
    "ladder.climbs": "with each time it happens, or with the calendar",
    "every_nth.every": "at every so-manyth time ever",
    "every_nth.worth": "how much the bonus is",
    "every_nth.times": "how many such bonuses there are; without it, no end",
    "fishbowl.slips": "the slips in the bowl",
    "fishbowl.first_draws": "how many draws the first time",
    "fishbowl.more_each_time": "how many draws more each further time",
    "fishbowl.most_draws": "the most draws that one time gives",
    "fishbowl.certain": "the average of each draw, and no luck",
    "slip.says": "what is written on it",
    "slip.count": "how many such slips are in the bowl",
    "slip.worth": "what it gives in money; beside an item, what that is worth",
    "slip.item": "a thing from the cupboard, instead of money",
    "item.item": "what the thing is called",
    "praise.says": "the words; of several, each in its turn",
    "outbox.where": "the file that each message is added to",
    "apprise.where": "the file with the addresses, one `code = address` a line",
}

_TAKES = {
    "cents": 'an amount like `"2.50"`',
    "_optional_cents": 'an amount like `"2.50"`',
    "read_zone": 'a time zone like `"America/Chicago"`',
    "_currency": 'three letters like `"USD"`',
    "_boundary": 'a time from `"00:00"` to `"12:00"`',
    "_month_and_day": 'a month and a day like `"10-01"`',
    "_any": "text or a number",
    "_settings": 'a table like `{ "goal.target" = 5 }`',
    "_earns": 'a list of lists like `[["voucher 2.50"], []]`',
}
_TYPES = {
    "str": "text",
    "int": "a whole number",
    "bool": "`true` or `false`",
    "date": "a date like `2026-01-05`",
    "Decimal": "a number",
    "Path": "the name of a file in the program's folder",
    "StockSettings": "a table",
    "MessageSettings": "a table",
    "FeedbackSettings": "a table",
    "StatusSettings": "a table",
}


def shipped(registry: Registry) -> dict[str, dict[str, type[Any]]]:
    """Give the kinds that ship with cmengine: part -> kind -> class. A stranger's are left out."""
    ours = {
        kind for one in registry.plugins if one.distribution == "cmengine" for kind in one.kinds
    }
    return {
        part: {kind: one for kind, one in classes.items() if f"{part} {kind}" in ours}
        for part, classes in registry.kinds.items()
    }


def kinds_that_ship() -> str:
    """Write a table of the kinds as the plugins offer them, with a link where the page has more of one."""
    page = (DOCS / "rules.md").read_text(encoding="utf-8")
    rows = [
        "| | kind | | options, those in brackets can be left out |",
        "| --- | --- | --- | --- |",
    ]
    for part, classes in shipped(load_plugins()).items():
        for kind, cls in classes.items():
            name = f"[`{kind}`](#{kind})" if f"\n### {kind}\n" in page else f"`{kind}`"
            rows.append(f"| {part} | {name} | {_in_short(cls)} | {_options_in_short(cls)} |")
    return "\n".join(rows)


def _in_short(cls: type[Any]) -> str:
    """Give the first sentence of what a class says it is."""
    words = " ".join((cls.__doc__ or "").split()).replace("``", "`")
    return re.split(r"(?<=[.:])(?<!\.\.\.) ", words)[0].replace("|", "or").rstrip(".:")


def _options_in_short(cls: type[Any]) -> str:
    names = [
        f"`{one.name}`" if one.default is attrs.NOTHING else f"(`{one.name}`)"
        for one in attrs.fields(cls)
    ]
    return ", ".join(names)


def options(name: str) -> str:
    """Write the options of a kind, or the keys of a table, as its class has them."""
    cls = TABLES.get(name)
    if cls is not None:
        return _table(name, cls)
    found = [c[name] for c in shipped(load_plugins()).values() if name in c]
    if not found:
        raise KeyError(f"no kind that ships is called {name}")
    words = " ".join((found[0].__doc__ or "").split()).replace("``", "`")
    parts = [words]
    if attrs.fields(found[0]):
        parts.append(_table(name, found[0]))
    for attribute in attrs.fields(attrs.resolve_types(found[0])):
        inner = _inner(attribute.type)
        if attrs.has(inner):
            nested = inner.__name__.lower()
            parts += [f"Each of `{attribute.name}`:", _table(nested, inner)]
    return "\n\n".join(parts)


def _inner(annotation: Any) -> Any:
    arguments = typing.get_args(annotation)
    return arguments[0] if typing.get_origin(annotation) is tuple else None


def _table(name: str, cls: type[Any]) -> str:
    fields = attrs.fields(attrs.resolve_types(cls))
    words = {key.partition(".")[2] for key in MEANS if key.partition(".")[0] == name}
    if words != {attribute.name for attribute in fields}:
        raise KeyError(f"MEANS in docs/generate.py does not fit the options of {name}")
    rows = ["| option | takes | unless given | |", "| --- | --- | --- | --- |"]
    rows += [
        f"| `{one.name}` | {_takes(one)} | {_default(one)} | {MEANS[f'{name}.{one.name}']} |"
        for one in fields
    ]
    return "\n".join(rows)


def _takes(attribute: Any) -> str:
    if attribute.converter is not None:
        return _TAKES[attribute.converter.__name__]
    annotation = attribute.type
    if type(None) in typing.get_args(annotation):
        annotation = next(a for a in typing.get_args(annotation) if a is not type(None))
    if typing.get_origin(annotation) is typing.Literal:
        return " or ".join(f'`"{word}"`' for word in typing.get_args(annotation))
    if typing.get_origin(annotation) is tuple:
        inner = typing.get_args(annotation)[0]
        return "a list of tables" if attrs.has(inner) else f"a list of {_TYPES[inner.__name__]}s"
    bounds = _bounds(attribute.validator)
    return _TYPES[annotation.__name__] + (f", {bounds}" if bounds else "")


def _bounds(validator: Any) -> str:
    """Say the least and the most that attrs' own validators allow."""
    words = {">=": "at least", "<=": "at most"}
    found = []
    for one in getattr(validator, "_validators", None) or [validator]:
        inner = getattr(one, "validator", one)
        sign = getattr(inner, "compare_op", "")
        if sign in words:
            found.append(f"{words[sign]} {inner.bound}")
    return ", ".join(found)


def _default(attribute: Any) -> str:
    value = attribute.default
    if value is attrs.NOTHING:
        return "**needed**"
    if isinstance(value, time):
        return f'`"{value:%H:%M}"`'
    if attribute.name == "budget_year":
        return '`"{:02}-{:02}"`'.format(*value)
    if value is False:
        return "`false`"
    if value is True:
        return "`true`"
    if attrs.has(type(value)) or value is None or value == () or value == "" or value == {}:
        return ""
    if isinstance(value, tuple):
        texts = ", ".join(f'"{one}"' for one in value)
        return f"`[{texts}]`"
    return f"`{value}`" if isinstance(value, (int, Decimal)) else f'`"{value}"`'


def commands() -> Iterator[tuple[str, click.Command]]:
    """Give every command and subcommand that ships, by its whole name, in the order of the help."""
    for name in COMMANDS:
        command = cli.cli.get_command(click.Context(cli.cli), name)
        if command is None:
            continue
        yield name, command
        if isinstance(command, click.Group):
            for sub in command.commands:
                yield f"{name} {sub}", command.commands[sub]


def writing() -> str:
    """List what writes to the ledger, to files, and into new folders, as the tests of faults have it."""
    sys.path.insert(0, str(DOCS.parent / "tests" / "faults"))
    from lab.commands import FILES, FOLDERS, WRITES

    def listed(words: Any) -> str:
        return ", ".join(f"`{one}`" for one in words)

    in_order = [name for name, _ in commands()]
    ledger = {one.name for one in WRITES} - set(FOLDERS)
    files = [
        " ".join([name, *(option for option in FILES[name][:1] if option[0] == "-")])
        + "".join(f"`, `{option}" for option in FILES[name][1:])
        for name in in_order
        if name in FILES
    ]
    return "\n".join(
        (
            "| writes | |",
            "| --- | --- |",
            f"| to the ledger | {listed(name for name in in_order if name in ledger)} |",
            f"| a new file | {listed(files)} |",
            f"| a new folder | {listed(name for name in in_order if name in FOLDERS)} |",
            "| beside the ledger | `plugins check --keep` (`plugins.json`) |",
        )
    )


def help_text(name: str, command: click.Command) -> str:
    """Write what `--help` of a command shows, always 88 letters wide."""
    settings: dict[str, Any] = {**cli.cli.context_settings, "terminal_width": 88}
    context = click.Context(cli.cli, info_name="cmengine", **settings)
    group, _, sub = name.rpartition(" ")
    if group:
        context = click.Context(click.Group(group), info_name=group, parent=context, **settings)
    context = click.Context(command, info_name=sub, parent=context, **settings)
    return command.get_help(context).rstrip()


def help_texts() -> str:
    """Write the help of every command, each under its own heading."""
    return "\n\n".join(
        f"### `cmengine {name}`\n\n```text\n{help_text(name, command)}\n```"
        for name, command in commands()
    )


def views() -> str:
    """Write the views to read from, with their columns, as the schema's own comments have them."""
    script = (DOCS.parent / "cmengine" / "schema" / "views.sql").read_text(encoding="utf-8")
    parts = []
    for words, name, body in re.findall(
        r"((?:^-- [^\n]*\n)+)create view (report_\w+) as\n(.*?);\n",
        script,
        re.MULTILINE | re.DOTALL,
    ):
        rows = re.findall(r"\bas (\w+),? +-- (.*)$", body, re.MULTILINE)
        said = " ".join(line.removeprefix("-- ") for line in words.splitlines())
        parts += [f"## `{name}`", said]
        parts.append(
            "\n".join(
                [
                    "| column | holds |",
                    "| --- | --- |",
                    *(f"| `{column}` | {holds} |" for column, holds in rows),
                ]
            )
        )
    return "\n\n".join(parts)


def export_tables() -> str:
    """Write the tables that can be exported, with what each column is."""
    parts = []
    for table in TABLES_OUT.values():
        lines = [
            f"### `{table.name}`",
            "",
            table.means,
            "",
            "| column | type | what it is |",
            "| --- | --- | --- |",
        ]
        for column in table.columns:
            to = f"; a row of `{column.to}`" if column.to else ""
            only = " (only with `--words`)" if column.words else ""
            if column.own:  # whether or not it is words: the others never get it
                only = " (only in a client's own record)"
            lines.append(f"| `{column.name}` | {TYPES[column.type]} | {column.means}{to}{only} |")
        parts.append("\n".join(lines))
    return "\n\n".join(parts)


def export_counts() -> str:
    """Write the tables of the de-identified form."""
    lines = ["| table | counted by | columns beside |", "| --- | --- | --- |"]
    for table in counted_tables(TABLES_OUT).values():
        by = ", ".join(f"`{one.name}`" for one in table.by)
        beside = ", ".join(f"`{one.name}`" for one in table.columns[len(table.by) :])
        lines.append(f"| `{table.name}` | {by} | {beside} |")
    return "\n".join(lines)


FENCE = re.compile(r"^```(\w+)(?: +(\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(text: str) -> Iterator[tuple[str, str, str, tuple[int, int]]]:
    """Give the fenced blocks of a page: language, the file it is or "", body, and where the body stands."""
    for found in FENCE.finditer(text):
        yield found[1], found[2] or "", found[3], found.span(3)


def play(
    text: str, folder: Path
) -> Iterator[tuple[tuple[int, int], list[tuple[str, str, int, str]]]]:
    """Play the files and console blocks of a page in a folder.

    For each console block, gives where it stands, and for each line that was typed: the line, what the page
    shows under it, the exit code, and what it prints.
    """
    here = folder
    for language, name, body, span in blocks(text):
        if name:
            path = here / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(body, encoding="utf-8")
            if name.startswith("cmengine_"):
                install(name, folder)
        if language != "console":
            continue
        typed = []
        for chunk in re.split(r"^\$ ", body, flags=re.MULTILINE)[1:]:
            line, _, shows = chunk.partition("\n")
            words = shlex.split(line)
            if words[0] == "cd":
                here = here / words[1]
                code, printed = 0 if here.is_dir() else 1, ""
            else:
                code, printed = run(words, here, PYTHONPATH=str(folder))
            typed.append((line, shows.rstrip("\n"), code, printed))
        yield span, typed


def plugin_check(page: str, file: str) -> str:
    """Write what `plugins check` says of a plugin that stands on a page, as if it were installed."""
    body = next(
        body for _, name, body, _ in blocks((DOCS / page).read_text("utf-8")) if name == file
    )
    plugin = file.removeprefix("cmengine_").removesuffix(".py")
    with tempfile.TemporaryDirectory() as folder:
        site = Path(folder)
        (site / file).write_text(body, encoding="utf-8")
        install(file, site)
        _, printed = run(["cmengine", "plugins", "check", plugin], site, PYTHONPATH=folder)
    return f"```text\n{printed.strip()}\n```"


def install(file: str, site: Path) -> None:
    """Let a plugin's file in a folder be found as if it were installed."""
    plugin = file.removeprefix("cmengine_").removesuffix(".py")
    info = site / f"cmengine_{plugin}-0.1.dist-info"
    info.mkdir(exist_ok=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {plugin}\nVersion: 0.1\n")
    (info / "entry_points.txt").write_text(f"[cmengine]\n{plugin} = cmengine_{plugin}\n")


def run(words: list[str], folder: Path, **more: str) -> tuple[int, str]:
    """Run cmengine or pytest as a process of its own; give its exit code and all that it prints."""
    if words[0] not in ("cmengine", "pytest"):
        raise ValueError(f"a console block types cmengine, pytest and cd, not {words[0]}")
    script = Path(sys.executable).parent / words[0]
    quiet = ["-p", "no:cacheprovider", "-p", "no:xdist"] if words[0] == "pytest" else []
    clean = {key: value for key, value in os.environ.items() if not key.startswith("CMENGINE")}
    done = subprocess.run(  # noqa: S603
        [str(script), *words[1:], *quiet],
        cwd=folder,
        env={**clean, "PYTHONUTF8": "1", "COLUMNS": "80", **more},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=MINUTE,
        check=False,
    )
    return done.returncode, "\n".join(line.rstrip() for line in done.stdout.splitlines())


_VARIES = (
    (re.compile(r"\b[0-9A-Z]{6}-[0-9A-Z]{6}-[0-9A-Z]{6}\b"), "CODE"),
    (re.compile(r"\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun) \d{1,2} [A-Z][a-z]{2} \d{4}\b"), "DAY"),
    (re.compile(r"\b\d{4}-\d\d-\d\d( \d\d:\d\d)?\b"), "DATE"),
    (re.compile(r"\b[0-9A-HJKMNP-TV-Z]{26}\b"), "ID"),
    (re.compile(r"\bversion [0-9a-f]{12}\b"), "version"),
    (re.compile(r"\b\d+ examples\b"), "examples"),
    (re.compile(r"\bin \d+\.\d\ds\b"), "in moments"),
)


def steady(text: str) -> str:
    """Put a word for what is never the same: codes, days, ids, versions, how much was looked at."""
    for pattern, word in _VARIES:
        text = pattern.sub(word, text)
    return text


def refresh(text: str) -> str:
    """Write down what the console blocks of a page print now; lines that only vary stay as they are."""
    with tempfile.TemporaryDirectory() as folder:
        for (start, end), typed in reversed(list(play(text, Path(folder)))):
            body = ""
            for line, shows, _, printed in typed:
                told = shows if steady(shows) == steady(printed) else printed
                body += f"$ {line}\n" + (f"{told}\n" if told else "")
            text = text[:start] + body + text[end:]
    return text


def main() -> None:
    """Refresh every page that is played."""
    for page in PLAYED:
        before = page.read_text(encoding="utf-8")
        after = refresh(before)
        if after != before:
            page.write_text(after, encoding="utf-8")
            print(f"{page.name}: written anew")


if __name__ == "__main__":
    main()
