"""Take in what another system says: its events are logged and its goals chosen, all or nothing.

What is known already counts once. Everything that is off is found before anything is written.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, time
from typing import Any

from attrs import Factory, define

from cmengine.choices import Wish, put_away, take_wishes
from cmengine.engine import Logbook, client_code_mistakes, make_event, same_event
from cmengine.errors import MOST_SHOWN, CMError, Mistake, first_of, stop_if
from cmengine.model import Event
from cmengine.program import Program
from cmengine.slips import code_words
from cmengine.told import Seen, Sought, Unmeant

MOST = 100_000  # events and goals that one file may hold: all of it is one transaction
MOST_PASSED = 1_000  # different things that are passed over


class _TooMany(CMError):
    """There is more in a file than is taken in at once."""


@define
class Came:
    """What was taken in. `passed` counts what was passed over, in words.

    `look_elsewhere` are the clients who earned something by it and were never handed anything here: what
    they were handed elsewhere is not known.
    """

    events: int = 0
    duplicates: int = 0
    awards: int = 0
    cents: int = 0
    choices: int = 0
    set_aside: int = 0
    clients: list[str] = Factory(list)
    passed: Counter[str] = Factory(Counter)
    look_elsewhere: list[str] = Factory(list)


@define
class Taking:
    """What one file says, read piece by piece with `reading`, `event` and `goal`, and written by `done`."""

    program: Program
    file: str
    add_clients: bool = False
    came: Came = Factory(Came)
    _mistakes: list[Mistake] = Factory(list)
    _more: int = 0  # mistakes beyond those that are shown
    _events: list[tuple[str, Event]] = Factory(list)
    _goals: list[tuple[str, Sought]] = Factory(list)
    _by_id: dict[str, Event] = Factory(dict)
    _new: dict[str, None] = Factory(dict)
    _here: str = ""
    _missing: dict[str, tuple[int, int]] = Factory(dict)  # of a code: which mistake, how many rows
    _earned: dict[str, None] = Factory(dict)

    @contextmanager
    def reading(self, where: str) -> Iterator[None]:
        """Read what stands at a place: what means nothing is counted, what is off is noted."""
        self._here = where
        try:
            yield
        except Unmeant as unmeant:
            passed = self.came.passed
            known = str(unmeant) in passed or len(passed) < MOST_PASSED
            passed[str(unmeant) if known else "other things"] += 1
        except ValueError as error:
            what, _, todo = str(error).partition("; ")
            self.wrong(Mistake(where, what, todo))
        except _TooMany:
            raise
        except CMError as error:
            for mistake in error.mistakes:
                self.wrong(mistake._replace(where=where))

    def wrong(self, mistake: Mistake) -> None:
        """Note that something is off."""
        if len(self._mistakes) < MOST_SHOWN:
            self._mistakes.append(mistake)
        else:
            self._more += 1

    def event(self, seen: Seen) -> None:
        """Take in that something happened. Raises CMError where it is off."""
        at = seen.at
        if isinstance(at, datetime) and at.tzinfo is None:
            at = at.replace(tzinfo=self.program.settings.zone)
        event, wrong = make_event(
            self.program,
            client=seen.client,
            kind=seen.kind,
            value=seen.value,
            at=at if isinstance(at, datetime) else self.program.moment(at, time(12)),
            id=seen.id,
            evidence=seen.evidence,
        )
        if event is None:
            raise CMError(*(Mistake("", *one) for one in wrong))
        if not self._may_come(event.client):
            return
        self._has_room()
        stored = self.program.ledger.find_event(event.id)
        same_event(self._by_id.setdefault(event.id, stored.event if stored else event), event)
        self._events.append((self._here, event))

    def goal(self, sought: Sought) -> None:
        """Take in what a client wants. Raises CMError where it is off."""
        if not self._may_come(sought.client):
            return
        self._has_room()
        self._goals.append((self._here, sought))

    def stop_if_wrong(self) -> None:
        """Raise CMError with all that is off so far."""
        stop_if(first_of(self._mistakes, self.file, "mend these first", self._more))

    def done(self) -> Came:
        """Write everything. Raises CMError with all that is off, and then nothing is kept."""
        self.stop_if_wrong()
        with self.program.ledger.writing("take in what another system says"):
            book = Logbook(self.program)
            self._choose(book)
            self._log(book)
            book.close()
        sql = "select distinct client from vouchers"
        handed = {row[0] for row in self.program.ledger.rows(sql)} if self._earned else set()
        self.came.look_elsewhere = [one for one in self._earned if one not in handed]
        return self.came

    def _has_room(self) -> None:
        """Stop where there is more than fits into little memory: what is taken in is held until all of it is read."""
        if len(self._events) + len(self._goals) + len(self._missing) >= MOST:
            what = f"holds more than {MOST:,} events and goals"
            raise _TooMany(Mistake(self.file, what, "split it into several files"))

    def _may_come(self, client: str) -> bool:
        """Say whether a client is there, or is to be enrolled. A code that is not there is named once."""
        ledger = self.program.ledger
        if client in self._new or ledger.has_client(client):
            return True
        if self.add_clients:
            stop_if(client_code_mistakes(client))
            self._new[client] = None
            return True
        if client not in self._missing:
            self._has_room()
            todo = code_words(client, ledger.clients()) or "enroll them, or say --add-clients"
            what = f"there is no client '{client:.64}'"
            self._missing[client] = len(self._mistakes), 1
            self.wrong(Mistake(self._here, what, todo))
            return False
        n, rows = self._missing[client]
        self._missing[client] = n, rows + 1
        if n == MOST_SHOWN:
            return False  # it is not among those that are shown
        what = f"there is no client '{client:.64}', here and {rows} more {_times(rows)}"
        self._mistakes[n] = self._mistakes[n]._replace(what=what)
        return False

    def _choose(self, book: Logbook) -> None:
        """Choose what goes on and is not chosen yet, and put away what rests.

        What rests and was never chosen here is chosen from its first day and put away on its last, so
        that what happened in between earns.
        """
        wishes, resting = [], []
        goals: dict[tuple[str, str], tuple[str, Sought]] = {}
        for told in self._goals:  # of one goal told twice, what goes on is what counts
            key = told[1].client, told[1].rule
            if key not in goals or (told[1].stands and not goals[key][1].stands):
                goals[key] = told
        for where, goal in goals.values():
            rows = self.program.ledger.timelines(goal.client).get(goal.rule)
            stands = bool(rows) and rows[-1].choice.stands if rows else False
            if (goal.stands and not stands) or (not goal.stands and not rows and goal.on):
                wishes.append(
                    Wish(
                        client=goal.client,
                        rule=goal.rule,
                        words=goal.words,
                        settings=goal.settings,
                        on=goal.on,
                        where=where,
                    )
                )
                stands = True
            if stands and not goal.stands:
                resting.append((where, goal))
        chosen, added = take_wishes(self.program, book, wishes, add_clients=self.add_clients)
        self.came.clients += added
        self.came.choices += len(chosen)
        for one in chosen:
            for result in one.caught_up:
                self._count(one.choice.client, result.outcome.earned)
        for where, goal in resting:
            try:
                put_away(self.program, book, goal.client, goal.rule, goal.until)
            except CMError as error:
                mistakes = [mistake._replace(where=where) for mistake in error.mistakes]
                raise CMError(*mistakes) from error
        self.came.set_aside += len(resting)

    def _log(self, book: Logbook) -> None:
        program, came = self.program, self.came
        for client in self._new:
            if not program.ledger.has_client(client):
                program.ledger.add_client(client, program.now(), program.by)
                came.clients.append(client)
        now = program.now()
        for _, event in self._events:
            logged = book.log(event, now)
            if logged.again:
                came.duplicates += 1
                continue
            came.events += 1
            for result in logged.results:
                self._count(event.client, result.outcome.earned)

    def _count(self, client: str, earned: Any) -> None:
        if earned is not None:
            self.came.awards += len(earned.awards)
            self.came.cents += earned.cents
            if any(award.cents or award.item for _, award in earned.awards):
                self._earned[client] = None


def _times(number: int) -> str:
    return "time" if number == 1 else "times"
