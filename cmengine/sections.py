"""The tables of `program.toml`: funds, the limits of funders, the stock, feedback, the screen for the morning.

Nothing of them is asked while an event is logged, so they are imported only where one of them is written.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any, Literal

from attrs import field, frozen, validators

from cmengine.errors import Mistake, did_you_mean
from cmengine.money import cents, dollars
from cmengine.options import Place, read_options
from cmengine.settings import NOT_SEEN, Settings

QUIET = "21:00-08:00"  # the hours in which nobody is to be called: 47 CFR 64.1200(c)(1)


def _optional_cents(text: object) -> int | None:
    return None if text is None else cents(text)


@frozen(kw_only=True, eq=False, repr=False)
class Fund:
    """Money to give, as `program.toml` has it: a name and an amount in cents.

    It pays for the rules that are named (for all, where none is), `after` another fund has paid what it can.
    """

    name: str
    amount: int = field(converter=cents)
    pays_for: tuple[str, ...] = ()
    after: str = ""
    ask: str = ""


@frozen(kw_only=True, eq=False, repr=False)
class Limit:
    """What a funder allows to be issued: at most `most` cents, per client or fund, in a window.

    From `warn_at` cents on it is said how far it is used; a limit without `most` only says it.
    """

    name: str
    per: Literal["client", "fund"] = "client"
    window: Literal["award", "month", "calendar_year", "budget_year", "program"]
    most: int | None = field(default=None, converter=_optional_cents)
    warn_at: int | None = field(default=None, converter=_optional_cents)
    fund: str = ""
    cite: str = ""
    ask: str = ""
    starts: date | None = None
    ends: date | None = None


@frozen(kw_only=True, eq=False, repr=False)
class StockSettings:
    """How the stock is kept: fewer than `low` on hand is said; `separate` keeps who hands out from counting."""

    low: int = field(default=5, validator=validators.ge(0))
    separate: bool = True


def _quiet_fits(settings: "MessageSettings", attribute: Any, value: str) -> None:
    if value != QUIET:
        from cmengine.quiet import read_quiet  # late: only where messages are sent

        read_quiet(value)


@frozen(kw_only=True, eq=False, repr=False)
class MessageSettings:
    """How clients are written to: never in the `quiet` hours of their own time; `tries` times at most, each for
    so many `seconds`.
    """

    quiet: str = field(default=QUIET, validator=_quiet_fits)
    tries: int = field(default=8, validator=[validators.ge(1), validators.le(50)])
    seconds: int = field(default=30, validator=[validators.ge(1), validators.le(600)])


@frozen(kw_only=True, eq=False, repr=False)
class Topic:
    """When somebody may be asked whether they would like to hear about a `topic`: after a gap of so many days,
    after an event of one of these `kinds`, or where they choose one of these `rules`, or one about `opioids`.
    """

    topic: str
    after_gap: int | None = field(default=None, validator=validators.optional(validators.ge(1)))
    kinds: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    opioids: bool = False


@frozen(kw_only=True, eq=False, repr=False)
class FeedbackSettings:
    """Who looks after `complaints`, the first of them first; what is not answered for `days` is said.

    14 days is what people are promised where a program says nothing else.
    """

    complaints: tuple[str, ...] = ()
    days: int = field(default=14, validator=validators.ge(1))


@frozen(kw_only=True, eq=False, repr=False)
class StatusSettings:
    """What the screen for the morning says: people not seen for `away` days, stock not counted for `count`.

    A kind of event in `not_seen` does not say that somebody came by.
    """

    away: int = field(default=14, validator=validators.ge(1))
    count: int = field(default=30, validator=validators.ge(1))
    not_seen: tuple[str, ...] = NOT_SEEN


@frozen(kw_only=True, eq=False, repr=False)
class Sections(Settings):
    """What `program.toml` says, all of it."""

    fund: tuple[Fund, ...] = ()
    limit: tuple[Limit, ...] = ()
    stock: StockSettings = StockSettings()
    messages: MessageSettings = MessageSettings()
    information: tuple[Topic, ...] = ()
    feedback: FeedbackSettings = FeedbackSettings()
    status: StatusSettings = StatusSettings()

    @property
    def not_seen(self) -> tuple[str, ...]:
        """Name the kinds of event that do not say that somebody came by."""
        return self.status.not_seen


def read_sections(tables: Mapping[str, Any], place: Place) -> tuple[Sections | None, list[Mistake]]:
    """Read the tables of a `program.toml`; give the settings or every mistake."""
    settings, mistakes = read_options(Sections, tables, place, called="program")
    if settings is None:
        return None, mistakes
    return settings, [
        *mistakes,
        *_fund_mistakes(settings, place),
        *_limit_mistakes(settings, place),
        *_feedback_mistakes(settings, place),
        *_information_mistakes(settings, place),
    ]


def _information_mistakes(settings: Sections, place: Place) -> list[Mistake]:
    """Find topics that there is nothing to tell about."""
    if not settings.information:
        return []
    from cmengine.telling import INFORMATION, TEMPLATES  # late: few programs set this

    known = [name.removeprefix(INFORMATION) for name in TEMPLATES if name.startswith(INFORMATION)]
    return [
        place.at("information", n, "topic").wrong(
            f"topic: there is nothing to tell about '{one.topic:.40}'",
            did_you_mean(one.topic, known),
        )
        for n, one in enumerate(settings.information)
        if one.topic not in known
    ]


def _same_name(part: str, names: list[str], place: Place) -> list[Mistake]:
    return [
        place.at(part, n, "name").wrong(
            f"name: there is already a {part} named '{name}'", "name it anew"
        )
        for n, name in enumerate(names)
        if name in names[:n]
    ]


def _fund_mistakes(settings: Sections, place: Place) -> list[Mistake]:
    """Find funds of the same name, and those that come after none there is, or after themselves."""
    names = [fund.name for fund in settings.fund]
    mistakes = _same_name("fund", names, place)
    after = {fund.name: fund.after for fund in settings.fund}
    for n, fund in enumerate(settings.fund):
        here = place.at("fund", n, "after")
        if fund.after and fund.after not in names:
            what = f"after: there is no fund '{fund.after:.64}'"
            mistakes.append(here.wrong(what, did_you_mean(fund.after, names)))
        before, seen = fund.after, {fund.name}
        while before and before not in seen:
            seen.add(before)
            before = after.get(before, "")
        if before == fund.name:
            what = f"after: the fund '{fund.name}' would come after itself"
            mistakes.append(here.wrong(what, "let one of them come first"))
    return mistakes


def _limit_mistakes(settings: Sections, place: Place) -> list[Mistake]:
    """Find limits of the same name, of no fund there is, and those that say nothing or nonsense."""
    funds = [fund.name for fund in settings.fund]
    mistakes = _same_name("limit", [limit.name for limit in settings.limit], place)
    for n, limit in enumerate(settings.limit):
        here = place.at("limit", n)
        if (limit.fund and limit.fund not in funds) or (limit.per == "fund" and not limit.fund):
            todo = did_you_mean(limit.fund, funds) or "add a [[fund]]"
            what = f"fund: limit '{limit.name}' names no fund there is"
            mistakes.append(here.at("fund").wrong(what, todo))
        if limit.most is None and limit.warn_at is None:
            mistakes.append(here.wrong("most is missing", "'limit' needs it, or a warn_at"))
        if None not in (limit.most, limit.warn_at) and (limit.warn_at or 0) > (limit.most or 0):
            what = f"warn_at: {dollars(limit.warn_at or 0)} is more than the limit itself"
            mistakes.append(here.at("warn_at").wrong(what, "warn before it is reached"))
        if limit.window == "award" and limit.warn_at is not None:
            what = "warn_at: there is nothing to be warned of in one award"
            mistakes.append(here.at("warn_at").wrong(what, "leave it out"))
        if limit.starts and limit.ends and limit.ends < limit.starts:
            what = f"ends: {limit.ends} is before it starts"
            mistakes.append(here.at("ends").wrong(what, "look at both days"))
    return mistakes


def _feedback_mistakes(settings: Sections, place: Place) -> list[Mistake]:
    """Find those who would look after complaints, and are not among the staff."""
    return [
        place.at("feedback", "complaints", n).wrong(
            f"complaints: '{name:.64}' is not among the staff", did_you_mean(name, settings.staff)
        )
        for n, name in enumerate(settings.feedback.complaints)
        if settings.staff and name not in settings.staff
    ]
