"""How much, how often and how soon, held against what is known to work. Pure. Amounts are in cents.

What is known is little, and was found for vouchers and prizes in US dollars; in another currency amounts are
not judged. A remark is advice to the program, and changes nothing for anybody.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from attrs import frozen

from cmengine.course import Course, opportunities
from cmengine.model import Rule
from cmengine.money import dollars
from cmengine.simulate import outlook

WEEKS = 12
TOO_SMALL = 80_00  # in 12 weeks
SMALL = 100_00  # in a month
RASH = "https://pmc.ncbi.nlm.nih.gov/articles/PMC11527562"
VENDOR = "DynamiCare Health, 16 December 2024, a vendor's page: https://dynamicarehealth.com/news"
PRACTICE = "https://pmc.ncbi.nlm.nih.gov/articles/PMC6980876"


@frozen
class Remark:
    """Something to think about: what it is about, the words, and where it is written."""

    about: str
    text: str
    cite: str = ""


def best_of(rule: Rule, first: date, per_week: int) -> int:
    """Say what a rule brings in 12 weeks if it is met each time: at its own pace, or `per_week` times a week."""
    ends = first + timedelta(weeks=WEEKS)
    if rule.calendar:
        days = tuple(day for day in opportunities(rule, first) if day < ends)
    else:
        days = opportunities(rule, first, weeks=WEEKS, per_week=rule.per_week or per_week)
    return round(outlook(Course(rule, days), 1.0).mean) if days else 0


def a_month(cents: int) -> int:
    """Say what so much in 12 weeks is in a month, a twelfth of a year."""
    return cents * 52 // (12 * WEEKS)


@frozen(kw_only=True)
class Plans:
    """How many clients have goals that stand now; how many of them could earn little with all of these together
    in 12 weeks, and of how many that cannot be told.
    """

    clients: int
    too_small: int
    small: int
    unknown: int


def judge(plans: Sequence[tuple[Sequence[str], int]], best: Mapping[str, int | None]) -> Plans:
    """Count plans, each (the versions that stand together, for how many clients), by what they could bring."""
    too_small = small = unknown = 0
    for versions, clients in plans:
        each = [best[version] for version in versions]
        together = sum(cents or 0 for cents in each)
        if None in each and a_month(together) < SMALL:
            unknown += clients
        elif together < TOO_SMALL:
            too_small += clients
        elif a_month(together) < SMALL:
            small += clients
    return Plans(
        clients=sum(clients for _, clients in plans),
        too_small=too_small,
        small=small,
        unknown=unknown,
    )


def remarks(
    plans: Plans, soon: Mapping[str, int], often: Mapping[str, int | None], currency: str
) -> list[Remark]:
    """Say what is smaller, later or rarer than what is known to work."""
    found = []
    if plans.too_small and currency == "USD":
        found.append(
            Remark(
                "how much",
                f"For {plans.too_small} of {plans.clients} clients, what they chose brings less than "
                f"{dollars(TOO_SMALL)} in 12 weeks, met every time. In a trial, prizes of about $80 in 12 weeks (in "
                "dollars of 2004) did no better than usual care, and reached rather fewer people, which may be chance; "
                "$240 did better.",
                RASH,
            )
        )
    if plans.small and currency == "USD":
        found.append(
            Remark(
                "how much",
                f"For {plans.small} of {plans.clients} clients, what they chose brings less than {dollars(SMALL)} a "
                "month, met every time. Those who ask for larger amounts name that as the least; no trial is cited.",
                VENDOR,
            )
        )
    if soon["awards"] and 2 * soon["within_day"] < soon["awards"]:
        found.append(
            Remark(
                "how soon",
                f"{soon['within_day']} of {soon['awards']} awards that were handed over were in hand within a day"
                + (f"; {soon['waiting']} more still wait" if soon["waiting"] else "")
                + ". Of 214 providers in a "
                "survey, most of those who gave rewards gave them late; the sooner, the clearer what they are for.",
                PRACTICE,
            )
        )
    days = often["median_days"]
    if days is not None and days > 7:
        found.append(
            Remark(
                "how often",
                f"Half of the time it is more than a week from one goal met to the next (the median is {days} days). "
                "Less than weekly is seldom enough in what was tried.",
                PRACTICE,
            )
        )
    return found
