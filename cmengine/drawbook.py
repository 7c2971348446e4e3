"""The draws of a program for a stranger to check: opened secrets, bowls, draws; nobody's name or code."""

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from itertools import groupby
from typing import Any

from attrs import Factory, define, frozen

from cmengine.absent import Absent
from cmengine.check_draws import FORMAT
from cmengine.draws import Slips, draws_by_throws
from cmengine.errors import CMError
from cmengine.evaluate import awards_of
from cmengine.ledger import AwardRow
from cmengine.model import Odds, Rule
from cmengine.nodice import NoDice
from cmengine.program import Program
from cmengine.recall import occurrence_of, rule_for
from cmengine.turns import Turn, turn_of, turns_of

LEFT_OUT = {
    "shut": "drawn with the secret that is in force, and can be checked once that is retired",
    "codes": "the id of the event has the client's code in it",
    "own_way": "drawn by a plugin in a way of its own",
    "absent": "the plugin that drew is not installed just now",
}
"""Why a draw is not in the file."""


@frozen
class Book:
    """What is published, and of what is left out, how many times something was drawn, by the reason."""

    document: dict[str, Any]
    left_out: dict[str, int]


@define
class _Writer:
    program: Program
    turns: list[Turn]
    absent: Absent
    bowls: list[dict[str, Any]] = Factory(list)
    left_out: Counter[str] = Factory(Counter)
    _numbers: dict[tuple[str, int, Slips], int] = Factory(dict)

    def draws(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """Give what was drawn, each with the place of its event."""
        ledger = self.program.ledger
        for client in ledger.clients():
            rows = ledger.awards("client = ?", client)
            for _, several in groupby(rows, lambda row: (row.occurrence, row.reward)):
                awards = list(several)
                drawn = self._drawn(awards)
                if drawn is not None:
                    yield awards[0].event_seq, drawn

    def _drawn(self, awards: list[AwardRow]) -> dict[str, Any] | None:
        row = awards[0]
        if self.absent.of(row.digest):
            self.left_out["absent"] += 1
            return None
        rule = rule_for(self.program, row)
        reward: Any = rule.rewards[row.reward]
        occurrence = occurrence_of(self.program, row)
        draws, slips = reward.odds(occurrence) if isinstance(reward, Odds) else (0, ())
        if not draws:
            self.left_out["own_way"] += self._throws(rule, row)
            return None
        turn = turn_of(self.turns, row.event_seq)
        why = ""
        if not draws_by_throws(rule, row.reward, occurrence):
            why = "own_way"
        elif turn.secret is None:
            why = "shut"
        elif names_client(row.event, row.client):
            why = "codes"
        if why:
            self.left_out[why] += 1
            return None
        return {
            "event": row.event,
            "rule": row.rule,
            "reward": row.reward,
            "commitment": turn.commitment,
            "bowl": self._bowl(row, slips),
            "slips": [award.label for award in awards],
            "mistake": row.corrected,
        }

    def _throws(self, rule: Rule, row: AwardRow) -> bool:
        """Say whether a reward that does not say its odds reaches for the dice."""
        refused = NoDice(0)
        with suppress(CMError):
            awards_of(rule, row.reward, occurrence_of(self.program, row), refused)
        return refused.thrown

    def _bowl(self, row: AwardRow, slips: Slips) -> int:
        key = (row.digest, row.reward, slips)
        if key not in self._numbers:
            self._numbers[key] = len(self.bowls)
            told = [
                {"count": count, "label": award.label, "cents": award.cents, "item": award.item}
                for count, award in slips
            ]
            self.bowls.append(
                {"rule": row.rule, "version": row.digest, "reward": row.reward, "slips": told}
            )
        return self._numbers[key]


def published(program: Program) -> Book:
    """Gather the draws that a stranger can check, in the order in which their events were logged."""
    turns = turns_of(program.ledger)
    writer = _Writer(program, turns, Absent(program))
    found = sorted(writer.draws(), key=lambda one: (one[0], one[1]["rule"], one[1]["reward"]))
    left_out = {why: writer.left_out[why] for why in LEFT_OUT if writer.left_out[why]}
    document = {
        "format": FORMAT,
        "program": program.settings.name,
        "written_at": program.now().isoformat(),
        "secrets": [
            {
                "commitment": turn.commitment,
                "committed_at": turn.committed_at,
                "secret": turn.secret.hex() if turn.secret else None,
                "retired_at": turn.retired_at,
            }
            for turn in turns
        ],
        "bowls": writer.bowls,
        "draws": [drawn for _, drawn in found],
        "left_out": left_out,
    }
    return Book(document, left_out)


def names_client(event: str, client: str) -> bool:
    """Say whether an event's id has its client's code in it. A short code must stand by itself."""
    if len(client) >= 4:
        return client.casefold() in event.casefold()
    return bool(re.search(rf"(?<![^\W_]){re.escape(client)}(?![^\W_])", event, re.IGNORECASE))
