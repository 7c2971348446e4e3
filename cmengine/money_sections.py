"""The sections of a report about money: by fund, month by month, and what may come. Pure."""

from collections.abc import Sequence
from itertools import dropwhile

from cmengine.document import Bar, Chart, Section, Told, day, money_or, table
from cmengine.expected import LEAST_WEEKS
from cmengine.money import dollars

NO_FUND = "no fund named"


def money_section(told: Told) -> Section:
    waiting = told["waiting"]
    words = [f"Earned and not handed over yet: {dollars(waiting['cents'])}."]
    if waiting["uncovered_cents"]:
        words.append(f"Of it, no fund has money for {dollars(waiting['uncovered_cents'])}.")
    rows = [
        (
            one["fund"] or NO_FUND,
            money_or(one["amount_cents"]),
            dollars(one["issued_cents"]),
            dollars(one["issued_so_far_cents"]),
            dollars(one["promised_cents"]),
            money_or(one["left_cents"]),
        )
        for one in told["funds"]
    ]
    heads = ("fund", "holds", "spent", "spent ever", "promised", "left")
    bars = tuple(
        Bar(one["fund"] or NO_FUND, one["issued_cents"], dollars(one["issued_cents"]))
        for one in told["funds"]
    )
    return Section(
        title="Spent, promised, waiting and left",
        words=tuple(words),
        figures=("issued", "added", "waiting"),
        tables=(table("By fund", heads, rows),),
        charts=(Chart("Spent, by fund", bars),),
    )


def months_section(told: Told) -> Section:
    months = list(dropwhile(_nothing, told["months"]))
    if not months:
        return Section(
            title="Month by month",
            words=("Nothing was earned or handed over, and nothing waits.",),
            figures=("earned", "issued", "redeemed"),
        )
    used = {fund for one in months for fund in one["issued_by_fund"]}
    funds = [one["fund"] for one in told["funds"] if one["fund"] in used]
    split = funds if len(funds) > 1 else []
    rows = [
        (
            one["month"],
            dollars(one["earned_cents"]),
            dollars(one["issued_cents"]),
            *(dollars(one["issued_by_fund"].get(fund, 0)) for fund in split),
            dollars(one["waiting_cents"]),
            dollars(one["redeemed_cents"]),
        )
        for one in months
    ]
    heads = (
        "month",
        "earned",
        "spent",
        *(f"of it {fund or NO_FUND}" for fund in split),
        "waiting",
        "redeemed",
    )
    return Section(
        title="Month by month",
        words=(
            "Earned is counted on the day on which it happened, spent on the day on which it was handed over; "
            "waiting is what was left to hand over at the end of the month.",
        ),
        figures=("earned", "issued", "redeemed"),
        tables=(table("Money, by month", heads, rows),),
        charts=(
            Chart("Spent, by month", _bars(months, "issued_cents")),
            Chart("Earned, by month", _bars(months, "earned_cents")),
        ),
    )


def _nothing(month: Told) -> bool:
    return not any(month[f"{what}_cents"] for what in ("earned", "issued", "waiting", "redeemed"))


def _bars(months: Sequence[Told], what: str) -> tuple[Bar, ...]:
    """Draw a bar a month, from the first month in which there is anything."""
    begun = dropwhile(lambda one: not one[what], months)
    return tuple(Bar(one["month"], one[what], dollars(one[what])) for one in begun)


def forecast_section(told: Told) -> Section:
    every = told["forecast"]
    known = [one for one in every if one["mean_cents"] is not None]
    over = told["on"] >= told["to"]
    words = []
    if over:
        words.append("The period is over: this is what it came to.")
    elif known:
        words.append(
            "How it is worked out: whole past weeks, at most 26 of them, are drawn at random until the period is "
            "full, a thousand times, always with the same dice. Nine of ten of those lie in the range. It knows of "
            "no trend, no season and no plan."
        )
    if len(known) < len(every):
        words.append(
            f"Where nothing is said, there are fewer than {LEAST_WEEKS} whole weeks to look back on: too few."
        )
    for what, first in (("earned", "earned"), ("issued", "handed over")):
        if not over and any(one["what"] == what and not one["weeks"] for one in every):
            words.append(
                f"{'Earned' if what == 'earned' else 'Spent'} has no past week: they are whole weeks, Monday to Sunday, "
                f"from the one in which anything was first {first}."
            )
    rows = [
        (
            _whose(one),
            dollars(one["so_far_cents"]),
            money_or(one["mean_cents"]),
            "-"
            if one["low_cents"] is None
            else f"{dollars(one['low_cents'])} to {dollars(one['high_cents'])}",
            str(one["weeks"]),
        )
        for one in every
    ]
    heads = ("", "so far", "by the end", "nine of ten", "past weeks")
    bars = tuple(
        Bar(
            _whose(one),
            one["mean_cents"],
            dollars(one["mean_cents"]),
            one["low_cents"],
            one["high_cents"],
        )
        for one in known
    )
    return Section(
        title=f"By {day(told['to'])}",
        words=tuple(words),
        figures=("past_earned", "past_issued", "begun"),
        tables=(table("What may come", heads, rows),),
        charts=(Chart("By the end of the period, and where nine of ten lie", bars),),
    )


def _whose(one: Told) -> str:
    if one["what"] == "earned":
        return "earned"
    return "spent" if one["fund"] is None else f"spent, {one['fund'] or NO_FUND}"
