"""Draw secrets in turns: promised by their hash, drawn with, opened for everybody to check, the next one.

An event draws with the secret that was in force when it was logged, by its place in the log; whenever
it is worked out again, it is the same one. A retired secret stands in the ledger, the others in the key.
"""

from attrs import define, field, frozen

from cmengine.dice import commitment
from cmengine.ledger import Ledger
from cmengine.places import StrPath
from cmengine.program import Program, keys_of
from cmengine.settings import KEY, add_draw_secret


@frozen(kw_only=True)
class Turn:
    """A draw secret's turn: for events after a place in the log. `secret` is None while it is in force."""

    commitment: str
    after_event: int
    committed_at: str
    committed_by: str
    secret: bytes | None = field(default=None, repr=False)
    retired_at: str | None = None
    retired_by: str | None = None


def turns_of(ledger: Ledger) -> list[Turn]:
    """Give the turns of a program's draw secrets, oldest first."""
    sql = (
        "select s.commitment, s.after_event, s.committed_at, s.committed_by, r.secret, r.retired_at,"
        " r.retired_by from draw_secrets s left join retired_secrets r using (commitment) order by s.seq"
    )
    return [
        Turn(**{**dict(row), "secret": row["secret"] and bytes.fromhex(row["secret"])})
        for row in ledger.rows(sql)
    ]


def turn_of(turns: list[Turn], seq: int) -> Turn:
    """Find the turn in which an event was logged, by its place in the log."""
    return next(turn for turn in reversed(turns) if turn.after_event < seq)


@define(eq=False, repr=False)
class Turns:
    """Finds the secret for an event. What another desk has retired meanwhile is noticed."""

    _ledger: Ledger
    _key: StrPath
    _known: int = 0  # the number of the last turn that was read
    _secrets: tuple[tuple[int, bytes], ...] = ()  # (after which event, secret), oldest first

    def secret_of(self, event: str) -> bytes:
        """Give the secret in force when an event was logged; one that is not in the ledger yet is new."""
        self._look()
        if len(self._secrets) > 1:
            found = self._ledger.one("select seq from events where id = ?", event)
            if found is not None:
                return next(secret for after, secret in reversed(self._secrets) if after < found[0])
        return self._secrets[-1][1]

    def _look(self) -> None:
        last = self._ledger.one("select max(seq) from draw_secrets")
        if last is not None and last[0] == self._known:
            return
        own = {commitment(one): one for one in keys_of(self._ledger, self._key).draws}
        self._secrets = tuple(
            (turn.after_event, turn.secret or own[turn.commitment])
            for turn in turns_of(self._ledger)
        )
        self._known = last[0] if last else 0


@frozen(kw_only=True)
class Retired:
    """A secret that was just retired, and the promise of the next."""

    turn: Turn
    next: str


def retire(program: Program) -> Retired:
    """Open the present draw secret for everybody, and promise the next. Raises CMError.

    The next secret is safely in the key before the ledger promises it, and the present one stays in the
    key: whenever this is cut off, every promise has its secret.
    """
    ledger, path = program.ledger, program.folder / KEY
    with ledger.writing():
        present = turns_of(ledger)[-1]
        known = {commitment(one): one for one in keys_of(ledger, path).draws}
        secret = known[present.commitment]
        following = commitment(add_draw_secret(path))
        at = program.now().isoformat()
        ledger.insert(
            "retired_secrets",
            commitment=present.commitment,
            secret=secret.hex(),
            retired_at=at,
            retired_by=program.by,
        )
        ledger.insert(
            "draw_secrets",
            commitment=following,
            after_event=ledger.last_event(),
            committed_at=at,
            committed_by=program.by,
        )
        retired = turns_of(ledger)[-2]
    return Retired(turn=retired, next=following)
