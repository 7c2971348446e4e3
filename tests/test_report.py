"""Every figure of a report is worked out a second time, from the rows of the tables alone, in another way."""

import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from random import Random
from statistics import median_low
from typing import Any

import pytest
from attrs import define
from busy import KINDS, SETTINGS, agree, live, rules
from click.testing import Result
from hypothesis import given
from hypothesis import strategies as st

from cmengine.engine import add_client
from cmengine.equity import keep_strata
from cmengine.expected import LEAST_WEEKS, expect, weekly
from cmengine.figures import FIGURES
from cmengine.funds import funds_now
from cmengine.importing import import_choices, import_events
from cmengine.period import Period, month_of, year_of, year_with
from cmengine.program import Program
from cmengine.report_sections import sections
from cmengine.reporting import report

Make = Callable[..., Program]
Run = Callable[..., Result]
SEASON = Path(__file__).parent / "season"
YEAR = Period(date(2026, 1, 1), date(2026, 12, 31))
SUMMER = Period(date(2026, 7, 12), date(2026, 9, 9))


@define
class Tables:
    """The tables of a ledger as lists of rows, and nothing else."""

    rows: dict[str, list[dict[str, Any]]]

    def __getattr__(self, name: str) -> list[dict[str, Any]]:
        return self.rows[name]

    @property
    def counted(self) -> list[dict[str, Any]]:
        """Occurrences that count."""
        gone = {row["occurrence"] for row in self.rows["released"]}
        return [row for row in self.rows["occurrences"] if row["seq"] not in gone]

    def earned(self) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
        """Each award with its occurrence."""
        by_number = {row["seq"]: row for row in self.rows["occurrences"]}
        for award in self.rows["awards"]:
            yield award, by_number[award["occurrence"]]


def tables(program: Program) -> Tables:
    """Read all tables with Python's own sqlite3."""
    with closing(sqlite3.connect(program.folder / "program.db")) as db:
        db.row_factory = sqlite3.Row
        names = [
            row[0] for row in db.execute("select name from sqlite_schema where type = 'table'")
        ]
        return Tables(
            {name: [dict(row) for row in db.execute(f"select * from {name}")] for name in names}
        )


@pytest.fixture
def season_with_vouchers(season: Program, clock: Any) -> Program:
    """The season, and a summer in which what it earned is handed over."""
    import_choices(season, SEASON / "choices.csv", add_clients=True)
    import_events(season, SEASON / "events.csv")
    from busy import hand_over

    dice = Random(5)
    codes: list[str] = []
    for _ in range(60):
        clock.now += timedelta(hours=dice.randrange(2, 30))
        hand_over(season, dice, f"c{dice.randrange(1, 41):03}", codes)
    for n in range(1, 41):
        keep_strata(season, f"c{n:03}", [f"age={'young' if n % 3 else 'old'}"])
        if n > 3:
            agree(season, f"c{n:03}")
    return season


@pytest.fixture(params=["season", 1, 2])
def program(request: pytest.FixtureRequest, make: Make, clock: Any) -> Program:
    """The season, and programs made by dice."""
    if request.param == "season":
        found = request.getfixturevalue("season_with_vouchers")
        assert isinstance(found, Program)
        return found
    clock.now = datetime(2026, 7, 1, 20, 0, tzinfo=UTC)
    # The second has less money than is earned.
    little = SETTINGS.replace("900.00", "220.00").replace("300.00", "40.00")
    made = make(rules(), KINDS, SETTINGS if request.param == 1 else little)
    live(made, clock, Random(request.param), 100)
    assert (funds_now(made).uncovered > 0) == (request.param == 2)
    return made


def _not_begun(all_: Tables, last: str) -> int:
    """Count the awards of which nothing was handed over by a day, in money or as a thing."""
    day_of = {v["id"]: v["issued_at"][:10] for v in all_.vouchers}
    begun = {(c["occurrence"], c["n"]) for c in all_.charges if c["on_day"] <= last}
    begun |= {
        (v["occurrence"], v["n"]) for v in all_.vouchers if v["item"] and day_of[v["id"]] <= last
    }
    return sum(
        (a["occurrence"], a["n"]) not in begun
        for a, o in all_.earned()
        if (a["cents"] or a["item"]) and o["on_day"] <= last
    )


def within(period: Period, day: str) -> bool:
    return period.first.isoformat() <= day[:10] <= period.last.isoformat()


def test_every_figure_is_what_the_rows_come_to(program: Program) -> None:
    for period in (YEAR, SUMMER, Period(date(2025, 1, 1), date(2025, 12, 31))):
        _check(program, period)
    for start in range(0, 100, 6):  # short ones, in which the two in the middle are seldom alike
        first = date(2026, 7, 1) + timedelta(days=start)
        _check(program, Period(first, first + timedelta(days=start % 5)))


def _check(program: Program, period: Period) -> None:
    told, all_, last = report(program, period), tables(program), period.last.isoformat()
    assert told["clients"] == len(
        {o["client"] for o in all_.counted if within(period, o["on_day"])}
    )

    # Money
    earned = {(o["on_day"], o["rule"]): 0 for _, o in all_.earned()}
    for award, o in all_.earned():
        earned[o["on_day"], o["rule"]] += award["cents"]
    for month in told["months"]:
        name = month["month"]
        inside = [day for day in {d for d, _ in earned} if within(period, day) and day[:7] == name]
        assert month["earned_cents"] == sum(
            cents for (day, _), cents in earned.items() if day in inside
        )
        charged = [
            c for c in all_.charges if within(period, c["on_day"]) and c["on_day"][:7] == name
        ]
        assert month["issued_cents"] == sum(c["cents"] for c in charged)
        by_fund: Counter[str] = Counter()
        for c in charged:
            by_fund[c["fund"]] += c["cents"]
        assert month["issued_by_fund"] == dict(by_fund)
        end = min(last, f"{name}-31")
        assert month["waiting_cents"] == sum(
            cents for (day, _), cents in earned.items() if day <= end
        ) - sum(c["cents"] for c in all_.charges if c["on_day"] <= end)
        assert month["redeemed_cents"] == sum(
            r["cents"]
            for r in all_.redemptions
            if within(period, r["redeemed_at"]) and r["redeemed_at"][:7] == name
        )
    assert [month["month"] for month in told["months"]] == sorted(
        {f"{day:%Y-%m}" for day in _days(period, program.today())}
    )
    assert told["waiting"]["cents"] == sum(
        cents for (day, _), cents in earned.items() if day <= last
    ) - sum(c["cents"] for c in all_.charges if c["on_day"] <= last)
    for rule, cents in told["waiting"]["by_rule"].items():
        of = {o["seq"] for o in all_.occurrences if o["rule"] == rule}
        assert cents == sum(
            sum_ for (day, name), sum_ in earned.items() if name == rule and day <= last
        ) - sum(c["cents"] for c in all_.charges if c["occurrence"] in of and c["on_day"] <= last)
    for fund in told["funds"]:
        mine = [c for c in all_.charges if c["fund"] == fund["fund"]]
        assert fund["issued_so_far_cents"] == sum(c["cents"] for c in mine if c["on_day"] <= last)
        assert fund["issued_cents"] == sum(c["cents"] for c in mine if within(period, c["on_day"]))
    if last >= program.today().isoformat() and program.settings.fund:
        now = funds_now(program)
        assert told["waiting"]["uncovered_cents"] == now.uncovered
        assert [
            (one["fund"], one["amount_cents"], one["left_cents"], one["promised_cents"])
            for one in told["funds"]
        ] == [(one.fund.name, one.amount, one.left, one.promised) for one in now.funds]

    # Things
    handed = Counter(
        v["item"] for v in all_.vouchers if v["item"] and within(period, v["issued_at"])
    )
    had = {
        (v["occurrence"], v["n"])
        for v in all_.vouchers
        if v["item"] and v["issued_at"][:10] <= last
    }
    waits = Counter(
        award["item"]
        for award, o in all_.earned()
        if award["item"] and o["on_day"] <= last and (award["occurrence"], award["n"]) not in had
    )
    assert {one["item"]: (one["handed"], one["waiting"]) for one in told["things"]} == {
        item: (handed[item], waits[item]) for item in {*handed, *waits}
    }

    # How soon
    minutes = sorted(_minutes(all_, period))
    assert told["soon"] == {
        "awards": len(minutes),
        "median_minutes": median_low(minutes) if minutes else None,
        "within_hour": sum(n <= 60 for n in minutes),
        "within_day": sum(n <= 1440 for n in minutes),
        "within_week": sum(n <= 10080 for n in minutes),
        "waiting": _not_begun(all_, last),
    }

    # Goals
    for goal in told["goals"]:
        met = [o for o in all_.counted if o["rule"] == goal["rule"] and within(period, o["on_day"])]
        assert (goal["times"], goal["met_by"]) == (len(met), len({o["client"] for o in met}))
        assert goal["cents"] == sum(
            cents
            for (day, name), cents in earned.items()
            if name == goal["rule"] and within(period, day)
        )
        lines: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for row in sorted(all_.choices, key=lambda row: row["seq"]):
            if row["rule"] == goal["rule"]:
                lines[row["client"]].append(row)
        stood = [[row for row in line if row["on_day"] <= last] for line in lines.values()]
        assert goal["clients"] == sum(line[-1]["stands"] for line in stood if line)
        assert goal["chosen"] == sum(
            min(row["on_day"] for row in line) >= period.first.isoformat() for line in stood if line
        )
    drugs = [goal["drugs"] for goal in told["goals"]]
    assert drugs == sorted(drugs), "goals that have nothing to do with drugs come first"

    # Coming back, how often
    gaps = list(_gaps(all_, period))
    back = [n for n, _ in gaps if n >= 14]
    assert sum(one["returns"] for one in told["returns"]) == len(back)
    for one in told["returns"]:
        least, most = {"14": (14, 29), "30": (30, 89), "90": (90, 9999)}[one["after"][:2]]
        mine_ = [(n, client) for n, client in gaps if least <= n <= most]
        assert (one["returns"], one["clients"]) == (
            len(mine_),
            len({client for _, client in mine_}),
        )
    each = sorted(n for n, _ in gaps)
    assert told["often"] == {
        "times": len(each),
        "median_days": median_low(each) if each else None,
        "within_week": sum(n <= 7 for n in each),
    }

    # How much
    months: Counter[tuple[str, str]] = Counter()
    for award, o in all_.earned():
        if within(period, o["on_day"]):
            months[o["client"], o["on_day"][:7]] += award["cents"]
    assert told["amounts"] == {
        "months": len(months),
        "median_cents": median_low(months.values()) if months else None,
        "at_least_100": sum(cents >= 100_00 for cents in months.values()),
    }

    # Feedback, refusals
    answered = {a["feedback"]: a for a in reversed(all_.answers)}
    upto = min(period.last, program.today())
    for kind in told["feedback"]:
        of_kind = [
            f for f in all_.feedback if f["kind"] == kind["kind"] and within(period, f["told_at"])
        ]
        took = [
            (_day(answered[f["seq"]]["answered_at"]) - _day(f["told_at"])).days
            for f in of_kind
            if f["seq"] in answered
        ]
        assert kind == {
            "kind": kind["kind"],
            "told": len(of_kind),
            "answered": len(took),
            "changed": sum(
                any(a["changed"] for a in all_.answers if a["feedback"] == f["seq"])
                for f in of_kind
            ),
            "median_days": median_low(took) if took else None,
            "open_over_14_days": sum(
                f["seq"] not in answered and (upto - _day(f["told_at"])).days > 14 for f in of_kind
            ),
        }
    assert sum(kind["told"] for kind in told["feedback"]) == sum(
        within(period, f["told_at"]) for f in all_.feedback
    )
    noes = [r for r in all_.refusals if within(period, r["on_day"])]
    assert {one["reason"]: (one["times"], one["cents"]) for one in told["refusals"]} == {
        reason: (
            sum(r["reason"] == reason for r in noes),
            sum(r["cents"] for r in noes if r["reason"] == reason),
        )
        for reason in {r["reason"] for r in noes}
    }
    _check_equity(told, all_, period)
    assert [one["version"] for one in told["rule_changes"]] == [
        p["digest"] for p in all_.publications if within(period, p["published_at"])
    ]


def _check_equity(told: dict[str, Any], all_: Tables, period: Period) -> None:
    agreed = {}
    for row in all_.consents:
        if row["purpose"] == "equity" and row["channel"] == "":
            agreed[row["client"]] = row["given"]
    yes = {client for client, given in agreed.items() if given}
    said = {
        (p["client"], p["about"][8:]): p["text"]
        for p in all_.personal
        if p["about"][:8] == "stratum:"
    }
    assert {one["stratum"] for one in told["equity"]} == {n for c, n in said if c in yes}
    for table in told["equity"]:
        for row in table["rows"]:
            group = {c for c in yes if said.get((c, table["stratum"]), "") == row["value"]}
            assert group
            if row["clients"] is None:
                continue
            met = [o for o in all_.counted if o["client"] in group and within(period, o["on_day"])]
            numbers = {o["seq"] for o in met}
            cents = sum(a["cents"] for a in all_.awards if a["occurrence"] in numbers)
            assert (row["clients"], row["mean_times"], row["mean_cents"]) == (
                len(group),
                round(len(met) / len(group), 1),
                round(cents / len(group)),
            )
            assert len(group) >= 11
        hidden = [row["value"] for row in table["rows"] if row["clients"] is None]
        others = len(all_.clients) - len(yes)
        of = {c for c in yes if said.get((c, table["stratum"]), "") in hidden}
        if hidden and (table["total"]["clients"] is not None or others):
            assert len(of) + (others if others < 11 else 0) >= 11
        if 0 < others < 11:
            assert table["total"]["clients"] is None, (
                "less from all, it would tell of those who did not agree"
            )


def _minutes(all_: Tables, period: Period) -> Iterator[int]:
    happened = {e["seq"]: datetime.fromisoformat(e["occurred_at"]) for e in all_.events}
    of = {o["seq"]: happened[o["event"]] for o in all_.occurrences}
    issued = {v["id"]: datetime.fromisoformat(v["issued_at"]) for v in all_.vouchers}
    first: dict[tuple[int, int], tuple[datetime, str]] = {}
    for charge in all_.charges:
        key, at = (charge["occurrence"], charge["n"]), issued[charge["voucher"]]
        if key not in first or at < first[key][0]:
            first[key] = at, charge["on_day"]
    for v in all_.vouchers:
        if v["item"]:
            first[v["occurrence"], v["n"]] = issued[v["id"]], v["issued_at"][:10]
    for (occurrence, _), (at, day) in first.items():
        if within(period, day):
            yield max(0, round((at - of[occurrence]).total_seconds() / 60))


def _gaps(all_: Tables, period: Period) -> Iterator[tuple[int, str]]:
    days: dict[str, set[str]] = defaultdict(set)
    for o in all_.counted:
        days[o["client"]].add(o["on_day"])
    for client, mine in days.items():
        ordered = sorted(mine)
        for before, now in pairwise(ordered):
            if within(period, now):
                yield (date.fromisoformat(now) - date.fromisoformat(before)).days, client


def _days(period: Period, until: date) -> Iterator[date]:
    day = period.first
    while day <= min(period.last, until):
        yield day
        day += timedelta(days=1)


def _day(moment: str) -> date:
    return date.fromisoformat(moment[:10])


def test_each_printed_query_gives_the_figure_it_is_printed_for(
    season_with_vouchers: Program, run: Run
) -> None:
    """What `report --sql` prints is run by Python's own sqlite3, and gives the very rows of the report."""
    folder = season_with_vouchers.folder
    days = ("--from", "2026-01-01", "--to", "2026-12-31")
    told = json.loads(run("report", *days, "--json", folder=folder).stdout)
    printed = json.loads(run("report", *days, "--sql", "--json", folder=folder).stdout)["figures"]
    assert list(printed) == list(FIGURES)
    with closing(sqlite3.connect(folder / "program.db")) as db:
        db.row_factory = sqlite3.Row
        rows = {
            name: [dict(row) for row in db.execute(one["sql"])] for name, one in printed.items()
        }
    for name in ("things", "feedback", "refusals"):
        assert rows[name] == told[name], name
    assert rows["amounts"] == [told["amounts"]]
    waits = sum(row["cents"] == row["worth"] for row in rows["waiting"])
    waits += sum(row["waiting"] for row in rows["things"])
    assert [{**row, "waiting": waits} for row in rows["soon"]] == [told["soon"]]
    assert sum(row["cents"] for row in rows["waiting"]) == told["waiting"]["cents"]
    back = [row for row in rows["gaps"] if row["after"][:2] in ("14", "30", "90")]
    assert [(row["after"], row["times"], row["clients"]) for row in back] == [
        (row["after"], row["returns"], row["clients"]) for row in told["returns"]
    ]
    assert sum(row["times"] for row in rows["gaps"]) == told["often"]["times"]
    for name in ("issued", "earned"):
        assert sum(row["cents"] for row in rows[name] if row["month"]) == sum(
            month[f"{name}_cents"] for month in told["months"]
        )
    goals = {goal["rule"]: goal for goal in told["goals"]}
    for row in rows["met"]:
        assert (row["clients"], row["times"]) == (
            goals[row["rule"]]["met_by"],
            goals[row["rule"]]["times"],
        )
    text = run("report", *days, "--sql", "soon", folder=folder).stdout
    assert text == f"-- soon: {FIGURES['soon'].says}\n{printed['soon']['sql']};\n"
    assert max(map(len, run("report", *days, folder=folder).stdout.splitlines())) <= 80
    whole = run("report", *days, "--sql", folder=folder).stdout
    with closing(sqlite3.connect(folder / "program.db")) as db:
        db.executescript(whole)


def test_feedback_is_late_after_14_days_and_not_on_the_14th(make: Make, clock: Any) -> None:
    program = make()
    for ago in (14, 15, 40):
        with program.ledger.writing("tell"):
            at = (clock.now - timedelta(days=ago)).isoformat()
            words = {"kind": "feedback", "told_at": at, "noted_by": "ana"}
            program.ledger.insert("feedback", id=f"{ago}", **words)
    told = report(program, YEAR)
    assert [one["open_over_14_days"] for one in told["feedback"]] == [2]
    assert [one["text"] for one in told["remarks"]] == [
        "Of what people told us, 2 have waited for an answer for over 14 days."
    ]


def test_a_figure_that_is_not_there_is_said(make: Make, run: Run) -> None:
    folder = make().folder
    done = run("report", "--sql", "sooon", folder=folder)
    assert done.exit_code == 1
    assert "there is no such figure; did you mean 'soon'?" in done.stderr


def test_a_new_program_has_a_report_too(make: Make, run: Run) -> None:
    folder = make().folder
    done = run("report", folder=folder)
    assert done.exit_code == 0
    assert "Nothing was handed over." in done.stdout
    assert "Nothing was earned or handed over, and nothing waits." in done.stdout
    assert "Spent has no past week" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80
    told = json.loads(run("report", "--json", folder=folder).stdout)
    assert told["waiting"] == {"cents": 0, "uncovered_cents": 0, "by_rule": {}}


def test_what_cannot_be_worked_out_is_said_and_not_shown_as_nothing(make: Make) -> None:
    """A rule that pays for coming back, awards that wait, and months before there was anything."""

    def month(name: str, earned: int, issued: int) -> dict[str, Any]:
        cents = {"earned_cents": earned, "issued_cents": issued}
        waits = {"waiting_cents": earned - issued, "redeemed_cents": 0, "issued_by_fund": {}}
        return {"month": name, **cents, **waits}

    def version(rule: str, cents: int) -> dict[str, Any]:
        one = {"rule": rule, "version": "7" * 64, "clients": 2, "times_a_week": 2}
        return {**one, "twelve_weeks_cents": cents, "a_month_cents": cents * 52 // 144}

    told = report(make(), YEAR)
    told["plans"]["versions"] = [version("drop-in", 293_75), version("welcome-back", 0)]
    told["months"] = [month("2026-01", 0, 0), month("2026-02", 500, 0), month("2026-03", 700, 250)]
    hours = {"within_hour": 0, "within_day": 0, "within_week": 0}
    told["soon"] = {"awards": 14, "median_minutes": 9000, **hours, "waiting": 130}
    found = {one.title: one for one in sections(told)}

    much = found["How often and how much"]
    assert [row[0] for table in much.tables for row in table.rows] == ["drop-in (777777777777)"]
    assert any("welcome-back" in words for words in much.words)
    months = found["Month by month"]
    assert [row[0] for row in months.tables[0].rows] == ["2026-02", "2026-03"]
    assert [[bar.name for bar in chart.bars] for chart in months.charts] == [
        ["2026-03"],
        ["2026-02", "2026-03"],
    ]
    soon = found["How soon a voucher was in hand"]
    assert ("still waiting", "130", "-") in soon.tables[0].rows
    assert "130 more awards had not been handed over at all" in soon.words[0]


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["--from", "2026-01-05"], 2, "belong together"),
        (["--month", "2026-01", "--year", "2026"], 2, "give one of"),
        (["--month", "2026-13"], 1, "'2026-13' is not a month; write it like 2026-01"),
        (["--year", "26"], 1, "'26' is not a year"),
        (["--from", "2026-02-01", "--to", "2026-01-01"], 1, "is before 2026-02-01"),
    ],
)
def test_a_period_that_cannot_be_read_is_said(
    make: Make, run: Run, words: list[str], code: int, says: str
) -> None:
    done = run("report", *words, folder=make().folder)
    assert done.exit_code == code
    assert says in done.stderr


def test_periods() -> None:
    assert month_of("2026-02") == Period(date(2026, 2, 1), date(2026, 2, 28))
    assert month_of("2024-12") == Period(date(2024, 12, 1), date(2024, 12, 31))
    assert year_of("2026", (10, 1)) == Period(date(2026, 10, 1), date(2027, 9, 30))
    assert year_with(date(2026, 9, 30), (10, 1)) == Period(date(2025, 10, 1), date(2026, 9, 30))
    assert year_with(date(2026, 10, 1), (10, 1)).first == date(2026, 10, 1)
    assert list(Period(date(2025, 11, 5), date(2026, 2, 1)).months(date(2026, 1, 9))) == [
        "2025-11",
        "2025-12",
        "2026-01",
    ]


@given(st.lists(st.integers(0, 10**6), min_size=LEAST_WEEKS, max_size=26), st.integers(1, 400))
def test_a_forecast_lies_between_the_best_and_the_worst_weeks(weeks: list[int], left: int) -> None:
    found = expect(500, weeks, left)
    assert found == expect(500, weeks, left), "the same again"
    assert found.low is not None and found.mean is not None and found.high is not None
    least, most = (500 + each * left // 7 for each in (min(weeks), max(weeks)))
    assert least - left <= found.low <= found.high <= most + left
    assert found.mean == 500 + round(sum(weeks) / len(weeks) * left / 7)


def test_weeks_that_are_all_alike_leave_no_doubt_and_few_weeks_say_nothing() -> None:
    assert expect(0, [700] * 6, 14) == expect(0, [700] * 26, 14).__class__(0, 6, 1400, 1400, 1400)
    assert expect(90, [700] * 5, 14).mean is None
    assert expect(90, [], 0).mean == 90


def test_weeks_begin_when_the_program_does_and_a_week_without_anything_counts() -> None:
    monday = date(2026, 6, 29)
    past = monday - timedelta(weeks=26)
    days = {date(2026, 6, 3): 5, date(2026, 6, 24): 7, date(2026, 6, 28): 1, monday: 100}
    assert weekly(days, date(2026, 6, 3), past, monday) == [5, 0, 0, 8]
    assert weekly({}, None, past, monday) == []
    assert len(weekly({}, date(2020, 1, 1), past, monday)) == 26


def test_strata_are_kept_shown_and_erased(make: Make, run: Run) -> None:
    program = make()
    add_client(program, "c1")
    told = run(
        "client", "strata", "c1", "age=25-34", "housing=a shelter", "--json", folder=program.folder
    )
    assert json.loads(told.stdout) == {
        "client": "c1",
        "strata": {"age": "25-34", "housing": "a shelter"},
    }
    run("client", "strata", "c1", "housing=", "age=35-44", folder=program.folder)
    assert run("client", "strata", "c1", folder=program.folder).stdout.split() == ["age", "35-44"]
    wrong = run(
        "client", "strata", "c1", "Age=1", "housing", f"x={'y' * 61}", folder=program.folder
    )
    assert wrong.exit_code == 1
    assert len(wrong.stderr.splitlines()) == 3
    assert run("client", "strata", "nobody", "age=1", folder=program.folder).exit_code == 1
    assert run("verify", folder=program.folder).exit_code == 0
