"""A whole program, told as a story: from an empty folder to vouchers in hand. Everything in it is real
but the people, who were made up.
"""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from pathlib import Path
from random import Random

from attrs import define, frozen

from cmengine.ahead import labels
from cmengine.choices import Wish, choose_goals
from cmengine.cli.show import day, money, several
from cmengine.consents import FULLER, MESSAGES, channels_of, give, stop
from cmengine.engine import Logged, add_client, log_event, make_event
from cmengine.errors import CMError, Mistake
from cmengine.greetings import write
from cmengine.information import answer, told
from cmengine.overview import overview
from cmengine.program import Clock, Program, now_utc, open_program
from cmengine.publish import publish
from cmengine.recall import explained
from cmengine.sending import send_waiting
from cmengine.starters import make_program
from cmengine.strengths import add_strength
from cmengine.verify import verify
from cmengine.vouchers import issue_voucher, redeem_voucher

Say = Callable[[str], object]
STARTER = "drop-in"
WEEKS = 16


@define
class SeasonClock:
    """A clock that goes through the season as the story does."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now


@frozen
class Person:
    """Somebody in the story: a code, a name, what they choose and why, and how often they come."""

    code: str
    name: str
    chooses: tuple[tuple[str, str], ...]
    comes: float


PEOPLE = (
    Person("c001", "Juniper", (("drop-in", "Get out of my room"), ("welcome-back", "Get out of my room"), ("any-positive-change", "Notice good days")), 1.0),
    Person("c002", "Moth", (("drop-in", "See people"), ("group-bowl", "Try the group")), 0.7),
    Person("c003", "Sky", (("group-bowl", "Not be alone on Tuesdays"), ("any-positive-change", "My sister says I should count")), 0.6),
    Person("c004", "Alder", (("drop-in", "Coffee and a chair"), ("welcome-back", "Coffee and a chair")), 0.5),
    Person("c005", "Wren", (("drop-in", "Stay in touch"), ("any-positive-change", "Whatever it is")), 0.4),
)  # fmt: skip
CHANGES = (
    "Called my sister",
    "Ate breakfast",
    "Slept in a bed",
    "Asked for help",
    "Walked instead",
)


@define
class Story:
    """Logs what happens and says what it earns."""

    program: Program
    clock: SeasonClock
    say: Say

    def log(
        self, client: str, kind: str, on: date, value: str | None = None, key: str | None = None
    ) -> Logged:
        """Log one event of a day, at half past two unless that has not come yet today."""
        program = self.program
        at = min(program.moment(on, time(14, 30)), program.now())
        event, wrong = make_event(program, client=client, kind=kind, value=value, at=at, id=key)
        if event is None:
            raise CMError(*(Mistake("demo", *one) for one in wrong))
        return log_event(program, event)

    def tell(self, logged: Logged, remark: str = "") -> None:
        """Say what an event earned."""
        event = logged.event
        got = [
            label
            for result in logged.results
            if result.outcome.earned
            for label in labels(result.outcome.earned.awards)
        ]
        what = f'{event.kind} "{event.value}"' if event.value else event.kind
        self.say(
            f"  {day(event.day):<16} {what:<38} {', '.join(got) or 'nothing, and nothing is taken'}"
        )
        if remark:
            self.say(f"  {'':<16} {remark}")


def tell(
    folder: Path,
    say: Say,
    command: str,
    clock: Clock = now_utc,
    prepare: Callable[[Path], object] = lambda folder: None,
) -> None:
    """Make a program in `folder`, live through a season, and say what happens. `command` is how the
    reader calls cmengine; `prepare` may change the new folder before its rules are published.
    """
    made_at = clock()
    season = SeasonClock(made_at - timedelta(weeks=WEEKS))
    make_program(folder, starter=STARTER, name="Riverside drop-in (demo)", by="demo", clock=season)
    prepare(folder)
    program = open_program(folder, by="demo", clock=season)
    # Whatever the hour, the story is told by day: nobody is written to at night.
    season.now = datetime.combine(program.today(), time(12), tzinfo=program.settings.zone)
    try:
        _menu(program, say)
        _choices(program, say)
        _juniper(Story(program, season, say))
        _others(Story(program, season, say))
        _messages(program, say)
        season.now = made_at
        _vouchers(program, say)
        _explain(program, say)
        verdict = verify(program)
        say(
            f"\nThe whole log was replayed: {verdict.events} events, {verdict.awards} awards, "
            + ("all as they stand." if verdict.ok else "and something differs!")
        )
    finally:
        program.close()
    _next(folder, say, command)


def _menu(program: Program, say: Say) -> None:
    published, _ = publish(program)
    say(f"A new program in {program.folder}, from the starter '{STARTER}'. On its menu:\n")
    for rule in published:
        say(f"  {rule.title:<44} ({rule.rule})")


def _choices(program: Program, say: Say) -> None:
    first = program.today()
    say(f"\nOn {day(first)}, {len(PEOPLE)} people choose what they want, in their own words:\n")
    for person in PEOPLE:
        add_client(program, person.code, person.name)
        wishes = [
            Wish(client=person.code, rule=rule, words=words, on=first)
            for rule, words in person.chooses
        ]
        choose_goals(program, wishes)
        rules = several([rule for rule, _ in person.chooses])
        say(f'  {person.name} ({person.code}): "{person.chooses[0][1]}"   {rules}')


def _juniper(story: Story) -> None:
    """The season of one person: a setback, a long gap, a late entry, a double entry."""
    say, clock = story.say, story.clock
    first = story.program.today()

    def on(week: int, weekday: int = 0) -> date:
        chosen = first + timedelta(weeks=week, days=weekday)
        clock.now = max(
            clock.now, datetime.combine(chosen, time(18), tzinfo=story.program.settings.zone)
        )
        return chosen

    say("\nJuniper's season:\n")
    story.tell(story.log("c001", "visit", on(0)))
    story.tell(story.log("c001", "visit", on(1)))
    story.tell(
        story.log("c001", "setback_shared", on(1, 3), "A hard week"),
        "An honest word costs nothing, and nothing starts again:",
    )
    story.tell(story.log("c001", "visit", on(2), key="desk-7"))
    again = story.log("c001", "visit", on(2), key="desk-7")
    say(f"  {'':<16} Clicked twice: it counts once ({'known already' if again.again else 'new'}).")
    story.tell(story.log("c001", "missed_visit", on(3)))
    story.tell(story.log("c001", "positive_change", on(3, 2), "Slept in my own bed"))
    say(f"  {'':<16} Then nobody sees Juniper for seven weeks.")
    story.tell(
        story.log("c001", "visit", on(10)),
        "Nobody asks where Juniper was. The ladder went on where it stood.",
    )
    answer(story.program, "c001", "tolerance", wants=True)
    say(
        f"  {'':<16} Asked whether they would like to hear what a body takes after a while, Juniper says yes:"
    )
    say(f"  {'':<16} {told(story.program, 'c001', 'tolerance')}")
    late = on(9, 5)
    story.tell(
        story.log("c001", "positive_change", late, "Asked for help"),
        "Written down two days late: late is on time.",
    )
    story.tell(story.log("c001", "visit", on(11)))


def _others(story: Story) -> None:
    """The seasons of the others, thrown with dice that give the same season every time."""
    dice = Random(20260105)  # noqa: S311
    program, clock = story.program, story.clock
    season_ends = program.today() + timedelta(weeks=WEEKS)
    begins = clock.now - timedelta(weeks=11)
    counted = 0
    for week in range(WEEKS):
        for person in PEOPLE[1:]:
            chosen = {rule for rule, _ in person.chooses}
            for weekday, kind, rule in (
                (0, "visit", "drop-in"),
                (1, "group", "group-bowl"),
                (3, "visit", "drop-in"),
            ):
                moment = begins + timedelta(weeks=week, days=weekday)
                away = person.code == "c004" and 4 <= week <= 8
                if rule not in chosen or away or program.day(moment) >= season_ends:
                    continue
                clock.now = max(clock.now, moment)
                came = dice.random() < person.comes
                story.log(person.code, kind if came else "missed_visit", program.day(moment))
                counted += 1
            if "any-positive-change" in chosen and dice.random() < 0.4:
                story.log(
                    person.code,
                    "positive_change",
                    program.day(begins + timedelta(weeks=week, days=2)),
                    dice.choice(CHANGES),
                )
                counted += 1
    story.say(
        f"\nThe others' seasons: {counted} more events, setbacks and gaps among them. Everybody so far:\n"
    )
    for person in PEOPLE:
        seen = overview(program, person.code)
        times = sum(goal.times for goal in seen.goals)
        items = f" and {several(seen.items)}" if seen.items else ""
        story.say(
            f"  {person.name:<8} {times:>3} times something good   {money(seen.balance.earned):>7} earned{items}"
        )


def _vouchers(program: Program, say: Say) -> None:
    say("\nAt the desk, vouchers are handed over:\n")
    first = issue_voucher(program, "c001")
    say(
        f"  Juniper takes all that waits: {money(first.cents)}, code {first.code} (shown this once)"
    )
    part = issue_voucher(program, "c002", cents=1000)
    say(
        f"  Moth takes 10.00 now; {money(part.waiting)} stays for another day, for as long as Moth likes"
    )
    for person in PEOPLE:
        items = program.ledger.waiting_items(person.code)
        if items:
            issue_voucher(program, person.code, item=items[0][2])
            say(f"  {person.name} gets a {items[0][2]} from the bowl")
            break
    redeemed = redeem_voucher(program, first.code)
    say(f"  Juniper's voucher is used: {money(redeemed.cents)}")
    try:
        redeem_voucher(program, first.code)
    except CMError as error:
        say(f"  Somebody tries it again: {error}")


def _messages(program: Program, say: Say) -> None:
    """Send what waits: to those who allowed it, one message each, however often there was a reason for one."""
    asked, (_, _, stopped, fuller, _) = PEOPLE[:-1], PEOPLE
    ways = channels_of(program)
    for channel in ways:
        for person in asked:
            give(program, person.code, MESSAGES, channel)
        give(program, fuller.code, FULLER, channel)
    stop(program, stopped.code)
    say(
        f"\nMay we write to you when something waits? {several([one.name for one in asked])} said yes;"
        f" {stopped.name} has said STOP since."
    )
    sent = [one for one in send_waiting(program) if not one.problem]
    to = dict.fromkeys(program.ledger.personal(one.message.client)["name"] for one in sent)
    reasons = sum(one.messages for one in sent if one.channel == ways[0])
    say(f"One message each goes to {several(list(to))}, for {reasons} awards, by {several(ways)}.")
    say(f'It says only: "{sent[0].message.text}"')
    proud = add_strength(program, fuller.code, "I make the whole room laugh")
    say(
        f'\n{fuller.name} wants fuller words, is proud of "{proud.text}", and gets a hello. It says:'
    )
    for channel in ways:
        write(program, fuller.code, "hello", channel)
    (hello, *_) = [one for one in send_waiting(program) if not one.problem]
    say(f'  "{hello.message.text}"')
    say(
        "For the others messages wait, until they allow them. What was earned is theirs all the same."
    )


def _explain(program: Program, say: Say) -> None:
    award = program.ledger.awards("client = 'c001' and rule = 'drop-in'")[-1]
    row, _, why = explained(program, award.id)
    say(
        f"\nWhy did Juniper get {row.label} on {day(row.on)}? {why.title}, for the {row.ordinal}th time: {why.arithmetic}"
    )


def _next(folder: Path, say: Say, command: str) -> None:
    import shlex

    at = f"{command} -p {shlex.quote(str(folder))}"
    say("\nTry it yourself:\n")
    for line in (
        "client show c001",
        "log c002 visit",
        "log c001 missed_visit",
        "awards --client c003",
        "explain 1.1",
        "rules list",
        "verify",
    ):
        say(f"  {at} {line}")
