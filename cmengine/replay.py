"""The log once more: what one client's events come to, from nothing. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date

from attrs import Factory, define

from cmengine.evaluate import Dice, Standing
from cmengine.fold import Result, RuleOf, catches_up, results
from cmengine.model import Event, Rule
from cmengine.timeline import TimelineRow


@define
class Replay:
    """Replays one client. `standings` are where the client stands at the end, by rule."""

    rule_of: RuleOf
    dice: Dice
    standings: dict[str, Standing] = Factory(dict)
    cents: dict[str, int] = Factory(dict)

    def run(
        self, timelines: Mapping[str, Sequence[TimelineRow]], events: Iterable[tuple[int, Event]]
    ) -> Iterator[tuple[int, Result]]:
        """Give (place of the event, result) in the order in which the ledger has them.

        `events` are (place, event) in the order of logging.
        """
        pending = sorted(
            (row.after_event, rule, n)
            for rule, rows in timelines.items()
            for n, row in enumerate(rows)
        )
        known: dict[str, list[TimelineRow]] = {}
        past: list[tuple[int, Event]] = []
        for seq, event in events:
            while pending and pending[0][0] < seq:
                _, rule, n = pending.pop(0)
                yield from self._choose(known, timelines[rule][n], past)
            yield from self._show(known, seq, event)
            past.append((seq, event))
        for _, rule, n in pending:
            yield from self._choose(known, timelines[rule][n], past)

    def _choose(
        self,
        known: dict[str, list[TimelineRow]],
        row: TimelineRow,
        past: Sequence[tuple[int, Event]],
    ) -> Iterator[tuple[int, Result]]:
        before = known.get(row.choice.rule, [])
        timeline = [*before, row]
        known[row.choice.rule] = timeline
        for seq, event in past:
            if catches_up(before, row.choice, event):
                yield from self._show({row.choice.rule: timeline}, seq, event)

    def _show(
        self, timelines: Mapping[str, Sequence[TimelineRow]], seq: int, event: Event
    ) -> Iterator[tuple[int, Result]]:
        for result in results(timelines, event, self.rule_of, self._recall, self.dice):
            if result.outcome.earned is not None:
                rule = result.rule.id
                self.cents[rule] = self.cents.get(rule, 0) + result.outcome.earned.cents
            yield seq, result

    def _recall(self, rule: Rule, first: date, event: Event) -> Standing:
        if rule.id not in self.standings:
            self.standings[rule.id] = Standing(memory=rule.goal.start(), first=first)
        return self.standings[rule.id]
