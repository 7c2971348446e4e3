"""What concerns a client, gathered to be shown: what they chose, how often, what waits, what comes."""

from collections.abc import Sequence

from attrs import frozen

from cmengine.absent import Absent
from cmengine.ahead import Next, next_time, what_comes
from cmengine.coming import standing_now
from cmengine.errors import Fault
from cmengine.funds import allowed
from cmengine.holds import Hold, held_for
from cmengine.ledger import Balance
from cmengine.limits import Allowance
from cmengine.model import Choice
from cmengine.preferences import set_by
from cmengine.program import Program
from cmengine.strengths import strengths
from cmengine.timeline import TimelineRow


@frozen(kw_only=True)
class GoalView:
    """A goal as a client can be shown it. `times` is how often it has happened so far, `next` what the next time
    brings, `coming` the same in words.

    `absent` says what it needs and no plugin offers, or why it has no answer; what comes next is then not
    known. `held` is since when, and why, what happens is kept and not yet counted.
    """

    choice: Choice
    title: str
    times: int
    cents: int
    coming: list[str]
    next: Next | None = None
    absent: str = ""
    held: Hold | None = None


@frozen(kw_only=True)
class Overview:
    """Everything that concerns one client."""

    client: str
    name: str
    balance: Balance
    goals: list[GoalView]
    put_away: list[Choice]
    items: list[str]
    open_vouchers: int
    may: Allowance
    strengths: list[str]  # what they are proud of, in their own words, oldest first
    set: dict[str, str]  # what they set: language, zone, quiet, called


def overview(program: Program, client: str) -> Overview:
    """Gather what concerns a client. Raises CMError where there is no such client."""
    program.must_have(client)
    timelines = program.ledger.timelines(client)
    wishes = set_by(program, client)
    latest = [rows[-1].choice for rows in timelines.values()]
    row = program.ledger.one(
        "select count(*) from voucher_list where client = ? and state = 'open'", client
    )
    return Overview(
        client=client,
        name=wishes.get("called", ""),
        balance=program.ledger.balance(client),
        goals=[goal_view(program, rows) for rows in timelines.values() if rows[-1].choice.stands],
        put_away=[choice for choice in latest if not choice.stands],
        items=[item for _, _, item in program.ledger.waiting_items(client)],
        open_vouchers=row[0] if row else 0,
        may=allowed(program, client),
        set=wishes,
        strengths=[one.text for one in strengths(program, client)],
    )


def goal_view(program: Program, timeline: Sequence[TimelineRow]) -> GoalView:
    """Gather one goal of a client."""
    choice = timeline[-1].choice
    kept = program.ledger.remembered(choice.client, choice.rule)
    held = held_for(program.ledger, choice.client).get(choice.rule)
    absent = next(iter(Absent(program).among({choice.rule: timeline}).values()), "")
    if absent:
        return GoalView(
            choice=choice,
            title=program.table(choice.digest)["title"],
            times=kept.times if kept else 0,
            cents=kept.cents if kept else 0,
            coming=[],
            absent=absent,
            held=held,
        )
    coming: list[str] = []
    following: Next | None = None
    try:
        rule = program.rule_of(choice)
        if held is None:
            standing = standing_now(program, rule, timeline)
            coming = what_comes(rule, standing, program.today())
            following = next_time(rule, standing, program.today())
    except Fault as fault:
        absent = fault.problem
    return GoalView(
        choice=choice,
        title=program.table(choice.digest)["title"],
        times=kept.times if kept else 0,
        cents=kept.cents if kept else 0,
        coming=coming,
        next=following,
        absent=absent,
        held=held,
    )
