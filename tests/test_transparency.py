"""The page for everybody: nobody can be picked out of it, whatever the program and the period."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

import pytest
from busy import KINDS, SETTINGS, live, rules

from cmengine.document import Section
from cmengine.hidden import LEAST, MARK
from cmengine.money import dollars
from cmengine.period import Period
from cmengine.program import Program
from cmengine.transparency import PRIVATE, public_page, public_sections

Make = Callable[..., Program]
BEGINS = date(2026, 7, 1)
DAYS = 75


@pytest.fixture(params=[(1, 8), (2, 16), (3, 40)], ids=["8 people", "16 people", "40 people"])
def program(request: pytest.FixtureRequest, make: Make, clock: Any) -> Program:
    seed, most = request.param
    clock.now = datetime(2026, 7, 1, 20, 0, tzinfo=UTC)
    made = make(rules(), KINDS, SETTINGS)
    live(made, clock, Random(seed), DAYS, most)
    return made


def periods() -> Iterator[Period]:
    """The whole of it, and parts: days, weeks, from the beginning or later."""
    yield Period(BEGINS, date(2026, 12, 31))
    for days in (3, 10, 25, 45):
        for start in range(0, DAYS, 20):
            first = BEGINS + timedelta(days=start)
            yield Period(first, first + timedelta(days=days))


class Behind:
    """Who stands behind each number, from the tables themselves."""

    def __init__(self, program: Program, period: Period) -> None:
        rows = program.ledger.rows
        self.first, self.last = period.first.isoformat(), period.last.isoformat()
        client = {row["id"]: row["client"] for row in rows("select id, client from vouchers")}
        self.charges = [
            (row["on_day"], row["fund"], client[row["voucher"]], row["cents"])
            for row in rows("select * from charges")
        ]
        gone = {row[0] for row in rows("select occurrence from released")}
        self.met = [
            (row["rule"], row["client"])
            for row in rows("select * from occurrences")
            if row["seq"] not in gone and self.first <= row["on_day"] <= self.last
        ]
        self.items = [
            (row["item"], row["client"])
            for row in rows("select * from vouchers where item is not null")
            if self.first <= row["issued_at"][:10] <= self.last
        ]
        self.noes = [
            (row["reason"], row["client"])
            for row in rows("select * from refusals")
            if self.first <= row["on_day"] <= self.last
        ]

    def given(self) -> list[tuple[str, str, str, int]]:
        return [one for one in self.charges if self.first <= one[0] <= self.last]


def rows_of(section: Section, head: str) -> dict[str, tuple[str, ...]]:
    for table in section.tables:
        if table.heads[0] == head:
            return {row[0]: row[1:] for row in table.rows}
    return {}


def said(section: Section, start: str) -> str:
    """Give the sum that a section says after some words; MARK where it leaves it out."""
    for words in section.words:
        found = re.search(re.escape(start) + r"([\d,.]+\d)\.", words)
        if found:
            return found[1]
    assert PRIVATE in section.words
    return MARK


def test_behind_every_number_stand_eleven_and_behind_what_is_left(program: Program) -> None:
    seen = 0
    for period in periods():
        behind = Behind(program, period)
        given, things, did, _, _, noes = public_sections(program, period)
        everybody = {client for _, _, client, _ in behind.given()}
        whole = said(given, "Given: ") != MARK
        if whole:
            assert len(everybody) >= LEAST
            assert said(given, "Given: ") == dollars(sum(one[3] for one in behind.given()))
        every = {head: rows_of(given, head) for head in ("month", "fund")}
        known = whole or any(
            rows and MARK not in {count for count, _ in rows.values()} for rows in every.values()
        )
        assert known == whole, "the sum is what a table adds up to"
        for head in every:
            people: dict[str, set[str]] = {}
            cents: dict[str, int] = {}
            for one in behind.given():
                name = one[0][:7] if head == "month" else one[1]
                people.setdefault(name, set()).add(one[2])
                cents[name] = cents.get(name, 0) + one[3]
            rows = every[head]
            if not rows:  # a table of which nothing is shown is left out
                assert not people or PRIVATE in given.words
            assert set(rows) in (set(people), set())
            shown_names = {name for name, (count, _) in rows.items() if count != MARK}
            assert bool(shown_names) == bool(rows)
            hidden = [name for name in people if name not in shown_names]
            for name in shown_names:
                seen += 1
                assert len(people[name]) >= LEAST
                assert rows[name] == (str(len(people[name])), dollars(cents[name]))
            if hidden and whole:
                assert len(hidden) > 1
                assert len(set().union(*(people[name] for name in hidden))) >= LEAST
            shown = {
                bar.name for chart in given.charts if head in chart.title for bar in chart.bars
            }
            assert shown == shown_names
        before = {client for day, _, client, _ in behind.charges if day < behind.first}
        if said(given, "left of it: ") != MARK:
            assert whole
            assert not before or len(before) >= LEAST, (
                "less what was left before, it tells of a few"
            )
        titles = {
            row[0]: program.table(row[1])["title"]
            for row in program.ledger.current_digests().items()
        }
        for section, head, pairs in (
            (things, "thing", behind.items),
            (did, "goal", [(titles[rule], client) for rule, client in behind.met]),
            (noes, "reason", behind.noes),
        ):
            shown_rows = rows_of(section, head)
            large = any(
                len({who for one, who in pairs if one == name}) >= LEAST for name, _ in pairs
            )
            assert bool(shown_rows) == large
            assert (section.words == (PRIVATE,)) == (bool(pairs) and not large)
            for name, (count, times) in shown_rows.items():
                who = {client for one, client in pairs if one == name}
                if len(who) < LEAST:
                    assert (count, times) == (MARK, MARK)
                else:
                    seen += 1
                    assert (count, times) == (
                        str(len(who)),
                        str(sum(one == name for one, _ in pairs)),
                    )
    if len(program.ledger.clients()) > 30:
        assert seen > 10, "large groups are shown"
    if len(program.ledger.clients()) < LEAST:
        assert seen == 0, "of a small program, no number is shown"


def test_what_waits_and_what_was_told_are_counted_for_eleven_and_more(program: Program) -> None:
    for period in periods():
        last = period.last.isoformat()
        given, _, _, _, told, _ = public_sections(program, period)
        earned: dict[str, int] = {}
        for row in program.ledger.rows(
            "select o.client, o.on_day, a.cents from awards a join occurrences o on o.seq = a.occurrence"
        ):
            if row["on_day"] <= last:
                earned[row["client"]] = earned.get(row["client"], 0) + row["cents"]
        for day, _, client, cents in Behind(program, period).charges:
            if day <= last:
                earned[client] -= cents
        waits = [cents for cents in earned.values() if cents > 0]
        whole = dollars(sum(waits)) if len(waits) >= LEAST else MARK
        assert said(given, "Earned and waiting: ") == whole
        counts = [row[0] for row in rows_of(told, "").values()] or [MARK] * 3
        known = [int(count) for count in counts if count != MARK]
        assert all(count >= LEAST for count in known)
        total = re.search(r"(\d+) times?", told.words[0] if told.words else "")
        if total and len(known) < len(counts):
            assert int(total[1]) - sum(known) >= LEAST
            assert len(counts) - len(known) > 1


def test_a_small_programs_page_says_why_and_is_no_page_of_the_word_hidden(make: Make) -> None:
    made = make(rules(), KINDS, SETTINGS)
    text = public_page(made, Period(BEGINS, date(2026, 12, 31)))
    assert "<h1>Riverside: what was given and done, for everybody to read, " in text
    assert text.index("groups of fewer than 11 people are not shown") < text.index("<h2")
    assert f">{MARK}<" not in text
    titles = re.findall(r"<(?:h2|caption)[^>]*>([^<]+)<", text)
    assert len(titles) == len(set(titles)), "nothing is there twice"


def test_no_code_no_name_and_no_word_of_anybody_is_on_it(program: Program) -> None:
    mark = "Quibblefern"
    with program.ledger.writing("mark"):
        for client in program.ledger.clients():
            program.ledger.keep_personal(client, "name", mark)
        for (number,) in program.ledger.tuples("select seq from feedback"):
            program.ledger.insert("feedback_words", feedback=number, answer=0, said=mark)
    for period in periods():
        text = public_page(program, period)
        assert mark not in text
        assert not re.search(r"\bc0\d\d\b", text), "a client's code"
        assert not re.search(r"\bana\b", text), "a member of staff"
