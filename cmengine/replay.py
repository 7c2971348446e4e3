"""The log once more: what one client's events come to, from nothing. Pure."""

from collections.abc import Iterable, Sequence
from datetime import date

from attrs import Factory, define, frozen

from cmengine.evaluate import Ask, Dice, Standing, ask
from cmengine.fold import Agenda, Result, agenda_of, catches_up, results
from cmengine.model import Event, Rule
from cmengine.timeline import Correction, RuleOf, TimelineRow, Timelines

Key = tuple[int, str]
"""An occurrence by the event it came from (its place in the order of logging) and the rule."""


@frozen
class Given:
    """An occurrence that the log gives, and how many corrections came before it."""

    result: Result
    round: int


@define
class Replay:
    """Replays one client. `given` is every occurrence that the log gives, `released` those of them that
    no longer count, by the event whose correction released them; `shown` are the rules that were shown anything, and `standings` where the client stands at the end, by rule.
    """

    rule_of: RuleOf
    dice: Dice
    ask: Ask = ask
    given: dict[Key, Given] = Factory(dict)
    released: dict[Key, int] = Factory(dict)
    shown: set[str] = Factory(set)
    standings: dict[str, Standing] = Factory(dict)
    round: int = 0
    _known: dict[str, list[TimelineRow]] = Factory(dict)
    _agenda: Agenda | None = None
    _past: dict[int, Event] = Factory(dict)

    def run(
        self,
        timelines: Timelines,
        events: Iterable[tuple[int, Event]],
        corrections: Sequence[Correction] = (),
    ) -> "Replay":
        """Go through (place, event) in the order of logging, with choices and corrections in theirs."""
        steps: list[TimelineRow | Correction] = [row for rows in timelines.values() for row in rows]
        steps += corrections
        steps.sort(key=lambda step: (step.after_event, step.turn))
        upcoming = iter(steps)
        step = next(upcoming, None)
        for seq, event in events:
            while step is not None and step.after_event < seq:
                self._take(step)
                step = next(upcoming, None)
            self._past[seq] = event
            self._show(self._agenda_now(), seq, event)
        while step is not None:
            self._take(step)
            step = next(upcoming, None)
        self._agenda_now()  # a rule that cannot say what it listens to is found also where nothing follows
        return self

    def _agenda_now(self) -> Agenda:
        """Work out what events are shown to, once for all that was chosen since the last one."""
        if self._agenda is None:
            self._agenda = agenda_of(self._known, self.rule_of)
        return self._agenda

    def _take(self, step: TimelineRow | Correction) -> None:
        if isinstance(step, Correction):
            self._correct(step)
            return
        rule = step.choice.rule
        before = self._known.get(rule, [])
        self._known[rule] = [*before, step]
        self._agenda = None
        for seq, event in self._past.items():
            if catches_up(before, step.choice, seq, event):
                self._show(agenda_of({rule: self._known[rule]}, self.rule_of), seq, event)

    def _correct(self, correction: Correction) -> None:
        """Stand where the client would stand had the event never been logged; what was given stays."""
        self._past.pop(correction.event, None)
        without = Replay(self.rule_of, self.dice, self.ask).run(self._known, self._past.items())
        self.round += 1
        self.standings = without.standings
        for key in self.given:
            if key not in without.given:
                self.released.setdefault(key, correction.event)
        for key, one in without.given.items():
            self.given.setdefault(key, Given(one.result, self.round))
        self._count_again()

    def _count_again(self) -> None:
        """Let days, weeks and slots be those of the occurrences that were given and still count."""
        for standing in self.standings.values():
            standing.latest, standing.slots = None, frozenset()
            standing.days, standing.weeks = {}, {}
        for key, one in self.given.items():
            earned = one.result.outcome.earned
            if key not in self.released and earned is not None and key[1] in self.standings:
                self.standings[key[1]].count(earned.occurrence)

    def _show(self, agenda: Agenda, seq: int, event: Event) -> None:
        for result in results(agenda, event, self._recall, self.dice, self.ask):
            if result.outcome.earned is not None:
                self.given[seq, result.rule.id] = Given(result, self.round)

    def _recall(self, rule: Rule, first: date, event: Event) -> Standing:
        if rule.id not in self.standings:
            self.standings[rule.id] = fresh(rule, first)
            self.shown.add(rule.id)
        return self.standings[rule.id]


def fresh(rule: Rule, first: date) -> Standing:
    """Stand at the beginning of a rule that was first chosen on a day."""
    return Standing(memory=rule.goal.start(), first=first)
