"""cmengine rules simulate"""

from datetime import date
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click

from cmengine.cli.desk import Day, Desk, day_meant, examples, json_option, pass_desk, rule_ids
from cmengine.cli.show import document, note, say
from cmengine.errors import CMError, Mistake, did_you_mean


def picture_file(ctx: click.Context, param: click.Parameter, path: Path | None) -> Path | None:
    """Take the name of an SVG or PNG file, and say what to do about another."""
    if path is not None and path.suffix.lower() not in (".svg", ".png"):
        raise click.BadParameter("a picture is an SVG or a PNG; name a file like plot.svg")
    if path is not None and path.suffix.lower() == ".png" and find_spec("resvg_py") is None:
        raise click.BadParameter(
            "a PNG needs one library more: pip install 'cmengine[plot]'; or name a file like plot.svg"
        )
    return path


def _bytes(drawn: str, path: Path) -> bytes:
    """Give what is written to the file: the SVG itself, or a PNG of it on white."""
    if path.suffix.lower() == ".svg":
        return drawn.encode()
    import resvg_py

    return bytes(resvg_py.svg_to_bytes(svg_string=drawn, background="#ffffff", zoom=2))


def read_caps(ctx: click.Context, param: click.Parameter, texts: tuple[str, ...]) -> list[Any]:
    """Read limits written like 750.00 (a calendar year) or 200.00/month."""
    from typing import get_args

    from cmengine.limits import Cap, Window
    from cmengine.money import cents

    windows: dict[str, Window] = {one: one for one in get_args(Window)}
    caps = []
    for text in texts:
        amount, _, window = text.partition("/")
        window = window or "calendar_year"
        if window not in windows:
            raise click.BadParameter(
                f"'{window:.30}' is no window; {did_you_mean(window, windows)}"
            )
        try:
            most = cents(amount)
        except ValueError as error:
            raise click.BadParameter(str(error)) from error
        caps.append(Cap(name=text, window=windows[window], most=most))
    return caps


@click.command(
    "simulate",
    epilog=examples(
        "cmengine rules simulate drop-in",
        "cmengine rules simulate drop-in --weeks 26 --per-week 1 --chance 0.7 --clients 40",
        "cmengine rules simulate my-draft.toml --visits 36 --limit 750.00 --limit 200.00/month",
        "cmengine rules simulate drop-in --visits 36 --setback 18 --plot drop-in.svg",
    ),
)
@click.argument("which", metavar="ID|FILE", shell_complete=rule_ids)
@click.option("--rule", "rule_id", metavar="ID", help="Which rule of a FILE that has several.")
@click.option(
    "--visits", type=click.IntRange(1, 1000), help="How often the goal could be met, in all."
)
@click.option("--weeks", type=click.IntRange(1, 520), help="For how many weeks (default: 12).")
@click.option(
    "--per-week",
    type=click.IntRange(1, 50),
    help="How often a week (default: the rule's own pace, or 1). Without it, a rule with a calendar "
    "goes by that.",
)
@click.option(
    "--from", "start", metavar="DATE", type=Day(), help="The first day (default: the next Monday)."
)
@click.option(
    "--chance",
    type=click.FloatRange(0, 1),
    default=0.8,
    show_default=True,
    help="How likely each one is met, in a typical course.",
)
@click.option(
    "--clients", type=click.IntRange(1, 100_000), help="Also say what so many clients cost."
)
@click.option(
    "--trials",
    type=click.IntRange(20, 100_000),
    default=1000,
    show_default=True,
    help="How often the whole program is drawn.",
)
@click.option(
    "--seed", type=int, default=1, show_default=True, help="The same seed, the same draws."
)
@click.option(
    "--limit",
    "caps",
    metavar="AMOUNT[/WINDOW]",
    multiple=True,
    callback=read_caps,
    help="The most that a client may be issued in a calendar_year, or in another window: award, month, "
    "budget_year, program. Those of program.toml count as well.",
)
@click.option(
    "--setback",
    "setbacks",
    metavar="VISIT",
    type=click.IntRange(1, 1000),
    multiple=True,
    help="Compare with schedules elsewhere, if this visit is not met and all others are.",
)
@click.option(
    "--recover",
    type=click.IntRange(1, 100),
    default=5,
    show_default=True,
    help="After how many smaller rewards in a row a schedule elsewhere goes on as before.",
)
@click.option(
    "--plot",
    metavar="FILE.svg|png",
    type=click.Path(path_type=Path),
    callback=picture_file,
    help="Draw it.",
)
@json_option
@pass_desk
def simulate(
    desk: Desk,
    which: str,
    rule_id: str | None,
    visits: int | None,
    weeks: int | None,
    per_week: int | None,
    start: Any,
    chance: float,
    clients: int | None,
    trials: int,
    seed: int,
    caps: list[Any],
    setbacks: tuple[int, ...],
    recover: int,
    plot: Path | None,
    as_json: bool,
) -> None:
    """Say what a rule would bring a client, and what it would cost a program.

    For a client: if everything is met, if each is met with a chance, and if nothing is: then nothing
    is owed and nothing lost. With --clients, for the program: on average, how far it can be from
    that, month by month, and what limits and funds hold back. A limit holds back issuing, never
    earning. Takes a published rule or a rule file; a file needs no program. Changes nothing.
    """
    from random import Random

    from cmengine.budget import forecast
    from cmengine.cli.simulated import Simulated
    from cmengine.course import MOST_VISITS, Course, opportunities
    from cmengine.funds import terms_of
    from cmengine.issuing import Hand, landing
    from cmengine.limits import Terms, binding
    from cmengine.simulate import compare, what_if

    if visits is not None and weeks is not None:
        raise click.UsageError("give --visits or --weeks, not both")
    rule, settings, today, put_in = the_rule(desk, which, rule_id, start)
    days = opportunities(rule, today, visits=visits, weeks=weeks, per_week=per_week)
    if not 0 < len(days) <= MOST_VISITS:
        raise click.UsageError(f"that is {len(days)} visits; up to {MOST_VISITS} can be simulated")
    if max(setbacks, default=0) > len(days):
        raise click.UsageError(f"--setback {max(setbacks)}: there are {len(days)} visits")
    terms = terms_of(settings, put_in) if settings else Terms()
    year = terms.budget_year
    caps += binding(terms, rule.id, days[0])
    course = Course(rule, days)
    shown = Simulated(
        course=course,
        outlooks=what_if(course, chance),
        landings=[(cap, landing(course, cap, year)) for cap in caps],
        comparisons=compare(course, setbacks, recover, at_once=False) if setbacks else [],
        setbacks=setbacks,
        forecast=forecast(course, Hand(days, caps, year), chance, clients, trials, Random(seed))  # noqa: S311
        if clients
        else None,
        terms=terms,
        seed=seed,
    )
    if plot is not None:
        from cmengine.plot import picture

        currency = settings.currency if settings else ""
        drawn = picture(rule.title, days, shown.outlooks, shown.forecast, currency)
        try:
            plot.write_bytes(_bytes(drawn, plot))
        except OSError as error:
            what = f"cannot be written: {error.strerror or error}"
            raise CMError(Mistake(str(plot), what, "name another file")) from error
        note(f"The picture is in {plot}")
    if as_json:
        document(shown.data())
    else:
        say("\n".join(shown.head()))
        shown.tables()


def the_rule(
    desk: Desk, which: str, rule_id: str | None, start: Any = None
) -> tuple[Any, Any, date, dict[str, int]]:
    """Find a rule by its id or in a file; give it, the program's settings if any, the first day, and what
    was put into the program's funds later.
    """
    from datetime import timedelta

    from cmengine import charges
    from cmengine.publish import unpublished
    from cmengine.settings import SETTINGS, load_settings

    path, put_in = Path(which), {}
    if path.suffix == ".toml" or path.is_file():
        from cmengine.cli.simulated import this_day

        here = (Path(desk.folder) / SETTINGS).is_file()
        settings = load_settings(Path(desk.folder))[0] if here else None
        rule = rule_in(path, rule_id)
        today = this_day(settings)
        first = start if isinstance(start, date) else None
        if start in ("today", "yesterday"):
            first = today - timedelta(days=start == "yesterday")
    else:
        with desk.open() as program:
            current = program.ledger.current_digests()
            if which not in current:
                known = [*current, *(unpublished(program))]
                todo = did_you_mean(which, current) or "publish it with: cmengine rules publish"
                if which in known:
                    todo = "publish it with: cmengine rules publish, or name its file"
                raise CMError(
                    Mistake(f"rule '{which:.64}'", "there is no published rule of this id", todo)
                )
            rule = program.specimen(program.table(current[which]), current[which])
            settings, today, first = program.settings, program.today(), day_meant(program, start)
            put_in = charges.put_in(program.ledger)
    if first is None:
        begins = max(today, rule.starts or today)
        first = begins + timedelta(days=-begins.weekday() % 7)
    return rule, settings, first, put_in


def rule_in(path: Path, rule_id: str | None) -> Any:
    """Read one rule of a file."""
    from cmengine.plugins import load_plugins
    from cmengine.rules import Reader
    from cmengine.toml import parse, read_text

    drafts, mistakes = Reader(load_plugins(), None, path.parent).read_file(
        *parse(read_text(path), str(path))
    )
    if mistakes:
        raise CMError(*mistakes)
    rules = {draft.rule.id: draft.rule for draft in drafts}
    if rule_id is None and len(rules) == 1:
        return next(iter(rules.values()))
    if rule_id is None:
        todo = f"name one with --rule: {', '.join(rules)}"
        raise CMError(Mistake(str(path), f"there are {len(rules)} rules in it", todo))
    if rule_id not in rules:
        raise CMError(Mistake(str(path), f"no rule '{rule_id:.64}'", did_you_mean(rule_id, rules)))
    return rules[rule_id]
