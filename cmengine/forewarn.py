"""Where a rule would reach a limit, said before anybody agrees to it."""

from collections.abc import Iterable
from datetime import date, timedelta

from attrs import frozen

from cmengine.errors import CMError
from cmengine.funds import terms_of
from cmengine.limits import WINDOWS, Cap, Terms, binding
from cmengine.model import Rule
from cmengine.money import dollars
from cmengine.program import Program

WEEKS = 52  # how far ahead is looked where a rule has no calendar


@frozen(kw_only=True)
class Ahead:
    """A limit that a rule reaches by itself if it is met every time: at which reward, on which day."""

    rule: str
    cap: Cap
    reward: int
    on: date
    cents: int
    issued: int
    pace: str

    @property
    def words(self) -> str:
        """Say it in a sentence."""
        cap = self.cap
        window = "in the whole program" if cap.window == "program" else WINDOWS[cap.window]
        part = f"{dollars(self.issued)} of {dollars(self.cents)} can be issued then"
        return (
            f"met every time ({self.pace}), '{self.rule}' by itself reaches the limit '{cap.name}' of"
            f" {dollars(cap.most)} {window} at reward {self.reward}, on {self.on}: {part}; the rest"
            " waits, and stays theirs"
        )


def ahead(program: Program, rule: Rule, first: date | None = None) -> list[Ahead]:
    """Say which limits of the program a rule reaches by itself, if it is met every time from a day on.

    Of draws, the mean is taken. What cannot be worked out is not said.
    """
    terms = terms_of(program.settings)
    begins = max(first or program.today(), rule.starts or date.min)
    caps = binding(terms, rule.id, begins)
    try:
        return _ahead(rule, caps, terms, begins) if caps else []
    except CMError:
        return []


def boundless(program: Program, rules: Iterable[Rule]) -> list[str]:
    """Find rules that bring money as often as somebody logs, in a day that never ends: without a pace
    or a ladder that ends, and with no fund or limit of the program that could hold any of it back.
    """
    terms, today = terms_of(program.settings), program.today()
    found = []
    for rule in rules:
        begins = max(today, rule.starts or date.min)
        held = any(cap.window != "award" for cap in binding(terms, rule.id, begins))
        if not held and not program.settings.fund and _is_boundless(rule):
            found.append(
                f"'{rule.id}' brings money as often as it is logged, and no fund or limit could hold any of it back;"
                " give it a pace, such as per_day = 1, or see what it may cost with: cmengine rules simulate"
                f" {rule.id}"
            )
    return found


def _is_boundless(rule: Rule) -> bool:
    from cmengine.worst import is_endless

    try:
        return is_endless(rule)
    except CMError:
        return False


def _ahead(rule: Rule, caps: list[Cap], terms: Terms, begins: date) -> list[Ahead]:
    from cmengine.course import MOST_VISITS, Course, opportunities
    from cmengine.issuing import landing

    monday = begins if rule.calendar else begins + timedelta(days=-begins.weekday() % 7)
    weeks = None if rule.calendar else min(WEEKS, MOST_VISITS // (rule.per_week or 1))
    days = opportunities(rule, monday, weeks=weeks)[:MOST_VISITS]
    times = rule.per_week or 1
    pace = "by its calendar" if rule.calendar else f"{times} time{'s' * (times > 1)} a week"
    course = Course(rule, tuple(days))
    found = []
    for cap in caps:
        lands = landing(course, cap, terms.budget_year) if days else None
        if lands is not None:
            found.append(
                Ahead(
                    rule=rule.id,
                    cap=cap,
                    reward=lands.reward,
                    on=lands.on,
                    cents=lands.cents,
                    issued=lands.issued,
                    pace=pace,
                )
            )
    return found
