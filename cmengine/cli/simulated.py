"""A simulation as tables for a terminal, and as one JSON document."""

from collections.abc import Iterator
from datetime import date, datetime
from math import ceil
from typing import Any

from attrs import frozen

from cmengine.budget import Forecast
from cmengine.cli.show import count, day, money, say, table, wrapped
from cmengine.course import Course
from cmengine.issuing import Landing, Shortage, left_waiting, shortage
from cmengine.limits import WINDOWS, Cap, Terms
from cmengine.settings import Settings
from cmengine.simulate import Comparison, Outlook, Outlooks
from cmengine.ways import DRAWN

ELSEWHERE = {
    "reset": "elsewhere: begin anew after a setback",
    "each_time": "here: climb each time",
    "by_calendar": "here: climb by the calendar",
    "open_ended": "here: climb each time, with a visit more for each setback",
}


def this_day(settings: Settings | None) -> date:
    """Give the program's day of the present moment, or this machine's."""
    from cmengine.days import day_of

    now = datetime.now().astimezone()
    return day_of(now, settings.zone, settings.day_boundary) if settings else now.date()


@frozen(kw_only=True)
class Simulated:
    """Everything that a simulation has found."""

    course: Course
    outlooks: Outlooks
    landings: list[tuple[Cap, Landing | None]]
    comparisons: list[Comparison]
    setbacks: tuple[int, ...]
    forecast: Forecast | None
    terms: Terms
    seed: int

    @property
    def kinds(self) -> dict[int, str]:
        """Name the rewards that bring money in the best course, by their number in the rule."""
        rewards = self.course.rule.rewards
        return {n: one.kind for n, one in enumerate(rewards) if self.outlooks.best.by_reward[n]}

    def head(self) -> Iterator[str]:
        """Say what is simulated."""
        rule, days = self.course.rule, self.course.days
        event = self.course.event(0, self.course.start())
        yield f"{rule.title}   ({rule.id})"
        value = "" if event.value is None else f" {event.value}"
        yield wrapped(
            "",
            f"{count(len(days), 'visit')}, {day(days[0])} to {day(days[-1])}, with: {event.kind}{value}",
        )
        still = [key for key in rule.client_sets if key.startswith("goal.")]
        if still:
            yield f"The client has still to set {', '.join(still)}; an example stands in for it."
        if rule.ends and rule.ends < days[-1]:
            yield f"The rule ends on {day(rule.ends)}; nothing after that earns."
        yield ""

    def tables(self) -> None:
        """Print all of it."""
        self._client()
        self._caps()
        if self.comparisons:
            self._comparisons()
        if self.forecast is not None:
            self._program(self.forecast)

    def _client(self) -> None:
        best, typical, worst = self.outlooks.best, self.outlooks.typical, self.outlooks.worst
        chance = f"typical: each with a chance of {typical.chance:.2f}"
        rows = [
            self._row("best: everything met", best),
            self._row(chance, typical),
            self._row("worst: everything missed", worst),
        ]
        say("What a client would see")
        table(rows, ("", "times", "in all", "spread", *self.kinds.values()), "  ")
        say("  If everything is missed, nothing is owed and nothing lost.")
        if self.course.asked:
            kinds = ", ".join(sorted(self.course.asked))
            say(f"  What {kinds} brings was estimated by asking it; it does not say its odds.")
        say()
        days = self.course.days
        every = ceil(len(days) / 12)
        shown = [*range(every - 1, len(days), every)]
        if shown[-1] != len(days) - 1:
            shown.append(len(days) - 1)
        table(
            [
                (str(n + 1), day(days[n]), _money(best.so_far[n]), _money(typical.so_far[n]))
                for n in shown
            ],
            ("visit", "", "best so far", "typical so far"),
            "  ",
        )

    def _row(self, name: str, one: Outlook) -> tuple[str, ...]:
        parts = (_money(one.by_reward[n]) for n in self.kinds)
        return (name, f"{one.times:.1f}", _money(one.mean), _money(one.spread), *parts)

    def _caps(self) -> None:
        if not self.landings:
            return
        say("\nLimits on what a client may be issued. What is over waits; it stays theirs.")
        for cap, found in self.landings:
            say(f"  {cap.name}: at most {money(cap.most)} in {WINDOWS[cap.window]}.")
            lands = "It holds nothing back, even if everything is met."
            if found is not None:
                lands = (
                    f"If everything is met, it lands on reward {found.reward} ({day(found.on)}): "
                    f"{money(found.issued)} of {money(found.cents)} is issued then, and "
                    f"{money(found.waiting) if found.waiting else 'nothing'} waits at the end."
                )
            say(wrapped("    ", lands))

    def _comparisons(self) -> None:
        visits = ", ".join(map(str, self.setbacks))
        say(f"\nWith a setback at visit {visits} and every other visit met")
        table([(_called(one.name), _money(one.cents)) for one in self.comparisons], indent="  ")
        say("  What is done elsewhere is worked out to compare; no rule can ask for it.")

    def _program(self, found: Forecast) -> None:
        clients = count(found.clients, "client")
        say(f"\nWhat the program would pay: {clients}, {found.trials} trials, seed {self.seed}")
        say(
            f"  A client earns {_money(found.mean)} on average, with a spread of {_money(found.spread)}."
        )
        rows = [
            (name, _money(mean), money(low), money(high))
            for name, (mean, low, high) in (("earned", found.earned), ("issued", found.issued))
        ]
        rows += [
            (month.name, _money(month.mean), _money(month.low), _money(month.high))
            for month in found.months
        ]
        table(rows, ("", "mean", "5th percentile", "95th percentile"), "  ")
        if found.waiting > 0:
            say(
                f"  At the end limits hold something back from {found.held:.1%} of clients, "
                f"{_money(found.waiting)} a client on average."
            )
        if not found.exact:
            say(
                f"  There are too many ways to add up: the percentiles rest on {DRAWN} drawn clients."
            )
        for name, one in self._funds(found):
            lines = [f"enough for this rule alone in {one.enough:.1%} of trials"]
            if one.on:
                lines.append(f"on average it is used up on {day(one.on)}")
            if one.waiting:
                lines.append(f"{_money(one.waiting)} waits at the end on average")
            say(wrapped("  ", f"{name}, {money(one.amount)}: {'; '.join(lines)}."))
        for row in self._fund_limits(found):
            over = f"{_money(row['over'])} waits at the end on average"
            text = over if row["over"] else "nothing waits at the end on average"
            say(f"  {row['name']}, {money(row['most'])} in {WINDOWS[row['window']]}: {text}.")

    def _funds(self, found: Forecast) -> Iterator[tuple[str, Shortage]]:
        """Set the money of the funds that pay for this one rule against what it would have them issue."""
        pays = [fund for fund in self.terms.funds if fund.pays(self.course.rule.id)]
        amounts = [fund.amount for fund in pays if fund.amount is not None]
        if amounts:
            name = " + ".join(fund.name for fund in pays)
            amount = sum(amounts)
            yield name, shortage(self.course.days, found.visits, found.totals, amount)

    def _fund_limits(self, found: Forecast) -> Iterator[dict[str, Any]]:
        """Set the limits of whole funds against what is issued on average in each window."""
        for one in self.terms.caps:
            if one.per == "fund" and one.window != "award" and one.on(self.course.days[0]):
                over = left_waiting(
                    self.course.days, found.visits, one.window, one.most, self.terms.budget_year
                )
                yield {"name": one.name, "window": one.window, "most": one.most, "over": over}

    def data(self) -> dict[str, Any]:
        """Give all of it as one document, in cents; a mean may have parts of a cent."""
        rule, days = self.course.rule, self.course.days
        event = self.course.event(0, self.course.start())
        return {
            "rule": rule.id,
            "title": rule.title,
            "digest": rule.digest,
            "event": {"kind": event.kind, "value": event.value},
            "days": [one.isoformat() for one in days],
            "best": self._outlook(self.outlooks.best),
            "typical": self._outlook(self.outlooks.typical),
            "worst": self._outlook(self.outlooks.worst),
            "estimated": sorted(self.course.asked),
            "limits": [_landing(cap, found) for cap, found in self.landings],
            "comparisons": [
                {"name": one.name, "cents": _part(one.cents), "a_rule_can": one.here}
                for one in self.comparisons
            ],
            "program": None if self.forecast is None else self._forecast(self.forecast),
        }

    def _outlook(self, one: Outlook) -> dict[str, Any]:
        rewards = enumerate(self.course.rule.rewards)
        return {
            "chance": one.chance,
            "times": _part(one.times),
            "cents": _part(one.mean),
            "spread_cents": _part(one.spread),
            "rewards": [{"kind": r.kind, "cents": _part(one.by_reward[n])} for n, r in rewards],
            "so_far_cents": [_part(cents) for cents in one.so_far],
        }

    def _forecast(self, found: Forecast) -> dict[str, Any]:
        return {
            "clients": found.clients,
            "trials": found.trials,
            "seed": self.seed,
            "exact": found.exact,
            "mean_cents": _part(found.mean),
            "spread_cents": _part(found.spread),
            "earned": _band(*found.earned),
            "issued": _band(*found.issued),
            "held_share": round(found.held, 6),
            "waiting_cents": _part(found.waiting),
            "months": [{"month": m.name, **_band(m.mean, m.low, m.high)} for m in found.months],
            "funds": [
                {
                    "name": name,
                    "cents": one.amount,
                    "enough_share": round(one.enough, 6),
                    "waiting_cents": _part(one.waiting),
                    "used_up_on": one.on and one.on.isoformat(),
                }
                for name, one in self._funds(found)
            ],
            "fund_limits": [
                {
                    "name": row["name"],
                    "window": row["window"],
                    "most_cents": row["most"],
                    "waiting_cents": _part(row["over"]),
                }
                for row in self._fund_limits(found)
            ],
        }


def _called(name: str) -> str:
    if name.startswith("reset_recover"):
        times = name.removeprefix("reset_recover(").removesuffix(")")
        return f"elsewhere: begin anew, and go on as before after {times} in a row"
    return ELSEWHERE[name]


def _landing(cap: Cap, found: Landing | None) -> dict[str, Any]:
    lands = found and {
        "visit": found.visit,
        "reward": found.reward,
        "on": found.on.isoformat(),
        "cents": found.cents,
        "issued_cents": found.issued,
        "waiting_cents": found.waiting,
    }
    return {"name": cap.name, "window": cap.window, "most_cents": cap.most, "lands": lands}


def _band(mean: float, low: float, high: float) -> dict[str, float]:
    return {"mean_cents": _part(mean), "p5_cents": _part(low), "p95_cents": _part(high)}


def _part(number: float) -> float:
    return round(number, 2)


def _money(cents: float) -> str:
    return money(round(cents))
