"""What waits to be sent: messages that say the same to one client on one channel go as one, a letter.

Where a letter stands follows from the claims of senders and from what came of them. A sender claims a letter
before it sends it, so that no two send it at once; a claim that runs out without a word of what came of it
counts as a try that may have gone, and the letter is sent again under the same id.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from attrs import frozen

from cmengine.program import Program

PAUSES = (1, 5, 15, 60, 3 * 60, 6 * 60, 12 * 60, 24 * 60)
"""Minutes to wait after the first try that did not go, after the second, and so on; then as after the last."""

NOT_NOTED = "whether it went is not known: who sent it ended before that was noted"


@frozen(kw_only=True)
class Claim:
    """A sender took a letter, up to a message; what came of it, and when, where that was noted."""

    seq: int
    up_to: int
    until: datetime
    came: str | None
    problem: str | None
    noted_at: datetime | None

    @property
    def ended(self) -> datetime:
        """When the try was over."""
        return self.noted_at or self.until


@frozen(kw_only=True)
class Letter:
    """Messages that wait for one client on one channel in the same words: the first to the last, by number.

    `id` is that of the first, and the same however often it is sent; `digest` and `notify` say how the latest of
    them goes. `claims` are the tries since one of an earlier letter went; those up to `since` do not count any
    more, because somebody asked that it be tried again. `last_claim` is the latest there ever was of such
    letters (0: none): while it is that, nobody else has been at it.
    """

    client: str
    channel: str
    template: str
    id: str
    about: str
    made_at: str
    first: int
    up_to: int
    messages: int
    digest: str
    notify: int
    claims: Sequence[Claim] = ()
    since: int = 0
    last_claim: int = 0

    @property
    def key(self) -> "Key":
        """Tell it from all others."""
        return self.client, self.channel, self.template

    def taken(self, now: datetime) -> Claim | None:
        """Give the claim of a sender who is at it now."""
        return next((one for one in self.claims if one.came is None and one.until > now), None)

    def tries(self, now: datetime) -> list[Claim]:
        """Give the tries that are over, each failed or unknown."""
        return [one for one in self.claims if one.came is not None or one.until <= now]

    def counted(self, now: datetime) -> list[Claim]:
        """Give the tries that count for how long to wait, and when to stop."""
        return [one for one in self.tries(now) if one.seq > self.since]

    def problem(self, now: datetime) -> str:
        """Say why the last try did not go; nothing where there was none."""
        over = self.tries(now)
        return (over[-1].problem or NOT_NOTED) if over else ""

    def next_try(self, now: datetime) -> datetime | None:
        """Say when it may be tried again; None where it may be at once."""
        over = self.counted(now)
        if not over:
            return None
        pause = PAUSES[min(len(over), len(PAUSES)) - 1]
        due = over[-1].ended + timedelta(minutes=pause)
        return due if due > now else None

    def covers(self, now: datetime) -> int:
        """Say up to which message the next try goes: after one that may have gone, as far as that did."""
        over = self.tries(now)
        return over[-1].up_to if over and over[-1].came is None else self.up_to


_LETTERS = """
  select w.*, f.id, coalesce(f.event, '') as about, f.made_at, l.digest, l.notify
  from (select m.client, m.channel, m.template, min(m.seq) as first, max(m.seq) as up_to, count(*) as messages
        from messages m left join settled s
          on s.client = m.client and s.channel = m.channel and s.template = m.template
        where m.seq > coalesce(s.up_to, 0)
        group by m.client, m.channel, m.template) w
    join messages f on f.seq = w.first join messages l on l.seq = w.up_to
  order by w.first
"""
_TRIES = """
  select c.*, d.came, d.problem, d.noted_at
  from claims c left join deliveries d on d.claim = c.seq left join settled s
    on s.client = c.client and s.channel = c.channel and s.template = c.template
  where c.up_to > coalesce(s.up_to, 0) and (d.came is null or d.came = 'failed')
  order by c.seq
"""
_RETRIES = "select client, channel, template, max(after_claim) from retries group by 1, 2, 3"
_CLAIMS = "select client, channel, template, max(seq) from claims group by 1, 2, 3"
_LAST = "select coalesce(max(seq), 0) from claims where client = ? and channel = ? and template = ?"

Key = tuple[str, str, str]
"""Which letter: client, channel, template."""


def letters(program: Program) -> list[Letter]:
    """Give all letters that wait, oldest first."""
    with program.ledger.snapshot():
        since = {tuple(key): seq for *key, seq in program.ledger.tuples(_RETRIES)}
        last = {tuple(key): seq for *key, seq in program.ledger.tuples(_CLAIMS)}
        tries: dict[Key, list[Claim]] = {}
        for row in program.ledger.rows(_TRIES):
            tries.setdefault(_key(row), []).append(_claim(row))
        return [
            Letter(
                **{**dict(row), "about": str(row["about"])},
                claims=tuple(tries.get(_key(row), ())),
                since=since.get(_key(row), 0),
                last_claim=last.get(_key(row), 0),
            )
            for row in program.ledger.rows(_LETTERS)
        ]


def covered(program: Program, letter: Letter, claim: int) -> int:
    """Count the messages that go with a claim."""
    sql = (
        "select count(*) from messages m join claims c on c.seq = ? and m.seq between ? and c.up_to"
        " where m.client = c.client and m.channel = c.channel and m.template = c.template"
    )
    return int(program.ledger.rows(sql, claim, letter.first)[0][0])


def claim(program: Program, letter: Letter, until: datetime) -> int | None:
    """Claim a letter until a moment, inside the one write transaction; None where somebody else was at it."""
    now = program.now()
    if program.ledger.rows(_LAST, *letter.key)[0][0] != letter.last_claim:
        return None
    return program.ledger.insert(
        "claims",
        client=letter.client,
        channel=letter.channel,
        template=letter.template,
        first=letter.first,
        up_to=letter.covers(now),
        claimed_at=now.isoformat(),
        until_at=until.isoformat(),
        claimed_by=program.by,
    )


def note(program: Program, claim: int, came: str, problem: str | None = None) -> None:
    """Note what came of a claim, inside the one write transaction: sent, failed, or not needed."""
    at = program.now().isoformat()
    program.ledger.insert("deliveries", claim=claim, came=came, problem=problem, noted_at=at)


def settle(
    program: Program,
    client: str,
    why: str,
    channel: str | None = None,
    but: Collection[str] = (),
) -> None:
    """Settle all that waits for a client, on one channel or on all, inside the one write transaction: it never
    goes. Templates in `but` stay.
    """

    def waiting() -> list[Letter]:
        found = [one for one in letters(program) if one.client == client]
        return [one for one in found if channel in (None, one.channel) and one.template not in but]

    while found := waiting():  # after a try that may have gone, a letter is settled in two steps
        for letter in found:
            taken = claim(program, letter, program.now())
            if taken is not None:
                note(program, taken, "not needed", why)


def ask_again(program: Program, letter: Letter) -> None:
    """Note that a letter be tried again, at once and as often as a new one."""
    program.ledger.insert(
        "retries",
        client=letter.client,
        channel=letter.channel,
        template=letter.template,
        after_claim=letter.last_claim,
        asked_at=program.now().isoformat(),
        asked_by=program.by,
    )


def _key(row: Any) -> Key:
    return row["client"], row["channel"], row["template"]


def _claim(row: Any) -> Claim:
    noted = row["noted_at"]
    return Claim(
        seq=row["seq"],
        up_to=row["up_to"],
        until=datetime.fromisoformat(row["until_at"]),
        came=row["came"],
        problem=row["problem"],
        noted_at=None if noted is None else datetime.fromisoformat(noted),
    )
