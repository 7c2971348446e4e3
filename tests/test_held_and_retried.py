"""A rule that could not be worked out for a while ends where it would be, had it never stopped.

Two programs live through the same: in one the plugins always answer, in the other they are at times not
there, raise, leave or end the process they are asked in. In the end both have given the same.
"""

import os
import shutil
import tempfile
import threading
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from types import ModuleType
from typing import Any, ClassVar

import pytest
from attrs import define, frozen
from hypothesis import given, settings
from hypothesis import strategies as st

from cmengine import Award, Event, Goal, Met, Occurrence, Reward, hookimpl
from cmengine.choices import Wish, choose_goals, set_aside, set_goal
from cmengine.corrections import correct_event
from cmengine.engine import add_client, log_event, make_event
from cmengine.errors import CMError
from cmengine.holds import all_held
from cmengine.importing import import_events
from cmengine.plugins import Registry, load_plugins
from cmengine.program import Program, open_program
from cmengine.publish import publish
from cmengine.retry import retry
from cmengine.starters import make_program
from cmengine.verify import verify

pytestmark = pytest.mark.skipif(
    "PYTEST_XDIST_WORKER" in os.environ, reason="tests/test_without_threads.py runs it"
)

KINDS = """
[kind.visit]
label = "Came in"
[kind.drinks]
label = "Drinks"
unit = "drinks"
"""
RULES = """
[[rule]]
id = "every-one"
title = "Every visit"
[rule.goal]
kind = "every_one"
event = "visit"
[[rule.reward]]
kind = "drawn"
[[rule.reward]]
kind = "fixed_voucher"
worth = "1.00"

[[rule]]
id = "day-by-day"
title = "Coming in"
[rule.goal]
kind = "any_of"
events = ["visit"]
per_day = 1
[[rule.reward]]
kind = "escalating_voucher"
start = "2.00"
step = "0.50"

[[rule]]
id = "my-number"
title = "My own number"
client_sets = ["goal.target"]
[rule.goal]
kind = "under"
event = "drinks"
target = 3
per_week = 2
[[rule.reward]]
kind = "drawn"

[[rule]]
id = "season"
title = "By the calendar"
[rule.goal]
kind = "any_of"
events = ["visit", "drinks"]
[[rule.calendar]]
days = ["mon", "thu"]
weeks = 6
[[rule.reward]]
kind = "drawn"
[[rule.reward]]
kind = "ladder"
climbs = "by_calendar"
phases = [{ times = 12, start = "2.00", step = "0.50" }]
"""
IDS = ("every-one", "day-by-day", "my-number", "season")
STRANGERS = {"every-one", "my-number", "season"}

mood = "well"
"""What the plugins are like just now: "well", or what is wrong with them."""


def perhaps(part: str) -> None:
    """Go wrong in the way of the day."""
    if mood == f"the {part} raises":
        raise RuntimeError("out of paper")
    if mood == f"the {part} leaves":
        raise SystemExit(3)
    if mood == f"the {part} ends it all":
        os._exit(0)
    if mood == f"the {part} is stopped by hand":
        raise KeyboardInterrupt


@frozen(kw_only=True)
class EveryOne:
    """Met by every event; counts them."""

    kind: ClassVar[str] = "every_one"

    event: str

    def listens(self) -> Collection[str]:
        perhaps("listener")
        return (self.event,)

    def start(self) -> int:
        return 0

    def step(self, memory: int, event: Event) -> tuple[int, Met | None]:
        perhaps("goal")
        return memory + 1, Met(reason=f"visit {memory + 1}")


@frozen(kw_only=True)
class Under:
    """Met by a number that is not above the target; remembers the days on which it was."""

    kind: ClassVar[str] = "under"
    numeric: ClassVar[bool] = True

    event: str
    target: Decimal

    def listens(self) -> Collection[str]:
        return frozenset({self.event})

    def start(self) -> tuple[date, ...]:
        return ()

    def step(self, memory: Any, event: Event) -> tuple[Any, Met | None]:
        perhaps("goal")
        assert isinstance(event.value, Decimal)
        if event.value > self.target:
            return memory, None
        return (*memory, event.day)[-3:], Met(reason=f"{event.value} on {event.day}")


@frozen(kw_only=True)
class Drawn:
    """Up to ten dollars by the dice, and a thing now and then."""

    kind: ClassVar[str] = "drawn"

    def awards(self, occurrence: Occurrence, dice: Random) -> Iterable[Award]:
        perhaps("reward")
        yield Award(label=f"time {occurrence.ordinal}", cents=dice.randrange(1000))
        if dice.random() < 0.3:
            yield Award(label="a bus pass", item="bus pass")


@hookimpl
def register_goals() -> list[type[Goal[Any]]]:
    return [EveryOne, Under]


@hookimpl
def register_rewards() -> list[type[Reward]]:
    return [Drawn]


def registries() -> tuple[Registry, Registry]:
    """Give the plugins with the stranger's, and without."""
    draws = ModuleType("cmengine_draws")
    vars(draws).update(register_goals=register_goals, register_rewards=register_rewards)
    return load_plugins(draws), load_plugins()


WITH, WITHOUT = registries()
MOODS = (
    *(
        f"the {part} {does}"
        for part in ("goal", "reward")
        for does in ("raises", "leaves", "ends it all", "is stopped by hand")
    ),
    "the listener raises",
    "not there",
)
START = datetime(2026, 3, 30, 18, 0, tzinfo=UTC)

Step = tuple[str, Any]
BACK = st.integers(0, 10)
STEPS = st.one_of(
    st.tuples(
        st.just("log"),
        st.tuples(st.sampled_from(["visit", "visit", "drinks"]), st.integers(0, 5), BACK),
    ),
    st.tuples(st.just("choose"), st.tuples(st.sampled_from(IDS), BACK)),
    st.tuples(st.just("put away"), st.tuples(st.sampled_from(IDS), BACK)),
    st.tuples(st.just("move"), st.tuples(st.integers(0, 5), BACK)),
    st.tuples(st.just("correct"), st.integers(0, 20)),
    st.tuples(st.just("import"), st.lists(st.tuples(st.integers(0, 5), BACK), min_size=1, max_size=4)),
    st.tuples(st.just("a week goes by"), st.none()),
)  # fmt: skip
WEATHER = st.sampled_from(["well", "well", "mended", *MOODS])


@define
class Place:
    """A program in a folder, opened anew for each thing that is done, as at a desk."""

    folder: Path
    now: datetime = START
    logged: int = 0

    @contextmanager
    def open(self, how: str = "well") -> Iterator[Program]:
        global mood
        mood = "well"
        registry = WITHOUT if how == "not there" else WITH
        program = open_program(self.folder, by="ana", clock=lambda: self.now, registry=registry)
        program.ledger.rows("pragma synchronous = off")  # what is tested here is not durability
        mood = how
        try:
            yield program
        finally:
            mood = "well"
            program.close()

    def do(self, step: Step, how: str = "well") -> None:
        """Do one thing. What staff may not do just now is done in neither program."""
        what, more = step
        if what == "a week goes by":
            self.now += timedelta(weeks=1)
            return
        with self.open(how) as program:
            if what == "log":
                kind, number, back = more
                self.logged += 1
                event, wrong = make_event(
                    program,
                    client="c1",
                    kind=kind,
                    value=str(number) if kind == "drinks" else None,
                    at=program.moment(program.today() - timedelta(days=back), None),
                    id=f"e{self.logged:04}",
                )
                assert event is not None, wrong
                log_event(program, event)
            elif what == "import":
                lines = ["id,client,kind,value,at"]
                for number, back in more:
                    self.logged += 1
                    on = program.today() - timedelta(days=back)
                    lines.append(f"e{self.logged:04},c1,drinks,{number},{on}")
                file = self.folder / "events.csv"
                file.write_text("\n".join(lines) + "\n")
                assert import_events(program, file).events == len(more)
            elif what == "correct":
                ids = [row[0] for row in program.ledger.rows("select id from events order by seq")]
                if ids:
                    id = ids[more % len(ids)]
                    if not program.ledger.is_marked(id):
                        correct_event(program, id, "It was somebody else")

    def choose(self, step: Step, how: str) -> str:
        """Change what is chosen; say how it was refused, if it was."""
        what, (which, back) = step
        with self.open(how) as program:
            on = program.today() - timedelta(days=back)
            try:
                if what == "choose":
                    choose_goals(program, [Wish(client="c1", rule=which, words="mine", on=on)])
                elif what == "move":
                    set_goal(program, "c1", "my-number", (("goal.target", str(which)),), on)
                else:
                    set_aside(program, "c1", which, on)
            except CMError as error:
                return str(error)
        return ""


GIVEN = {
    "occurrences": "select e.id, o.client, o.rule, o.digest, o.round, o.ordinal, o.on_day, o.slot, o.reason"
    " from occurrences o join events e on e.seq = o.event",
    "awards": "select e.id, o.rule, a.n, a.reward, a.label, a.cents, a.item"
    " from awards a join occurrences o on o.seq = a.occurrence join events e on e.seq = o.event",
    "released": "select e.id, o.rule, x.id from released r join occurrences o on o.seq = r.occurrence"
    " join events e on e.seq = o.event join corrections c on c.seq = r.correction"
    " join events x on x.seq = c.event",
    "memories": "select * from memories",
    "messages": "select m.id, m.client, e.id, m.digest, m.notify, m.channel, m.template"
    " from messages m join events e on e.seq = m.event",
}


def given_in(program: Program) -> dict[str, list[tuple[object, ...]]]:
    """Give all that a log gives, without row numbers and moments."""
    return {
        name: sorted((tuple(row) for row in program.ledger.rows(sql)), key=repr)
        for name, sql in GIVEN.items()
    }


@pytest.fixture(scope="module")
def beginning(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A program with its rules published and two of them chosen."""
    folder = tmp_path_factory.mktemp("held") / "p"
    make_program(folder, zone="America/Chicago", by="ana", clock=lambda: START)
    (folder / "kinds.toml").write_text(KINDS)
    (folder / "rules" / "rules.toml").write_text(RULES)
    program = open_program(folder, by="ana", clock=lambda: START, registry=WITH)
    publish(program)
    add_client(program, "c1")
    long_ago = program.today() - timedelta(days=8)
    choose_goals(
        program,
        [Wish(client="c1", rule=one, words="w", on=long_ago) for one in ("every-one", "season")],
    )
    program.close()
    return folder


@contextmanager
def two_places(beginning: Path) -> Iterator[tuple[Place, Place]]:
    folder = Path(tempfile.mkdtemp(prefix="held-"))
    try:
        for name in ("always", "at-times"):
            shutil.copytree(beginning, folder / name)
        yield Place(folder / "always"), Place(folder / "at-times")
    finally:
        shutil.rmtree(folder)


def live_through(always: Place, at_times: Place, life: list[tuple[Step, str]]) -> int:
    """Do the same in both; give how often something was held on the way."""
    for step, how in life:
        if how == "mended":
            with at_times.open() as program:
                assert not [one for one in retry(program) if one.problem]
            how = "well"
        if step[0] in ("choose", "move", "put away"):
            # A choice of a rule that cannot be had is refused in words; then it is in neither.
            refused = at_times.choose(step, how)
            if refused and how != "well":
                continue
            assert always.choose(step, "well") == refused
        else:
            always.do(step)
            at_times.do(step, how)
    with at_times.open("not there") as program:
        assert verify(program).problems == []
    with at_times.open() as program:
        verdict = verify(program)
        assert verdict.problems == []
        assert {one.rule for one in verdict.held} <= STRANGERS
        before = given_in(program)
        done = list(retry(program))
        assert [one.problem for one in done] == [""] * len(verdict.held)
        after = given_in(program)
        for table in ("occurrences", "awards", "released", "messages"):
            assert not set(before[table]) - set(after[table]), (
                "nothing is taken, and nothing changed"
            )
        assert not all_held(program.ledger)
        assert not list(retry(program))
        assert given_in(program) == after
        held = program.ledger.rows("select count(*) from holds")[0][0]
    with always.open() as program:
        assert verify(program).problems == []
        assert all_held(program.ledger) == []
        assert given_in(program) == after
    with at_times.open() as program:
        verdict = verify(program)
        assert (verdict.problems, verdict.held) == ([], [])
        assert isinstance(held, int)
        return held


LIVES = st.lists(st.tuples(STEPS, WEATHER), min_size=3, max_size=14)


@settings(max_examples=40)
@given(life=LIVES)
def test_it_ends_where_it_would_be_had_it_never_stopped(
    beginning: Path, life: list[tuple[Step, str]]
) -> None:
    with two_places(beginning) as (always, at_times):
        live_through(always, at_times, life)


def log(kind: str = "visit", number: int = 1, back: int = 0) -> Step:
    return ("log", (kind, number, back))


@pytest.mark.parametrize("how", MOODS)
def test_each_way_of_going_wrong_is_held_and_made_good(beginning: Path, how: str) -> None:
    """So that the search above has something to find: each of them does hold something."""
    week: list[tuple[Step, str]] = [
        (log(), "well"),
        (("choose", ("my-number", 10)), "well"),
        (log("drinks", 2), how),
        (log("drinks", 5), how),
        (("import", [(2, 0), (1, 9), (2, 1)]), how),
        (log(), how),
        (log(back=3), "well"),
        (("correct", 2), "well"),
        (log(), "well"),
        (("put away", ("every-one", 4)), "well"),
        (log(back=2), "well"),
        (("choose", ("every-one", 3)), "well"),
        (log(), how),
        (("a week goes by", None), "well"),
        (log(), how),
        (log("drinks", 1), "mended"),
        (("correct", 0), how),
        (log(), "well"),
    ]
    with two_places(beginning) as (always, at_times):
        assert live_through(always, at_times, week) > 0


def test_what_it_was_never_shown_leaves_nothing_to_remember(beginning: Path) -> None:
    """Without its plugin nobody knows what a goal listens to; with it, that it was not this."""
    life: list[tuple[Step, str]] = [(("choose", ("my-number", 10)), "well"), (log(), "not there")]
    with two_places(beginning) as (always, at_times):
        assert live_through(always, at_times, life) > 0


def test_what_it_was_shown_and_then_was_a_mistake_is_remembered_as_nothing(beginning: Path) -> None:
    life: list[tuple[Step, str]] = [
        (("choose", ("my-number", 10)), "well"),
        (log("drinks"), "the goal raises"),
        (("correct", 0), "well"),
    ]
    with two_places(beginning) as (always, at_times):
        assert live_through(always, at_times, life) > 0


@pytest.mark.parametrize("how", ["the goal raises", "the reward leaves"])
def test_where_there_can_be_no_second_process_it_is_the_same(beginning: Path, how: str) -> None:
    """Beside another thread no process is made by forking; what a part raises is contained all the same."""
    done = threading.Event()
    other = threading.Thread(target=done.wait)
    other.start()
    try:
        with two_places(beginning) as (always, at_times):
            life = [(log(), how), (log(), "well"), (log(), "mended"), (log("drinks"), how)]
            assert live_through(always, at_times, life) > 0
    finally:
        done.set()
        other.join()
