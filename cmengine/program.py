"""A program that has been opened: its settings, kinds, plugins, ledger, keys, and who is at the desk."""

import os
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from cmengine.days import day_of, moment_on
from cmengine.dice import commitment, dice_from
from cmengine.errors import CMError, Mistake, did_you_mean, stop_if
from cmengine.evaluate import Dice
from cmengine.ids import new_id
from cmengine.journal import Signature
from cmengine.kept import of_json, of_rewards, with_settings
from cmengine.kinds import Kind
from cmengine.ledger import Ledger, create_ledger, open_ledger
from cmengine.model import Choice, Rule
from cmengine.options import Place
from cmengine.places import StrPath, inside, is_file
from cmengine.quick import SHIPPED, desk_plugins
from cmengine.rules import Reader
from cmengine.settings import (
    DATABASE,
    KEY,
    SETTINGS,
    Keys,
    Settings,
    load_settings,
    make_keys,
    read_keys,
)

if TYPE_CHECKING:
    from pathlib import Path

    from cmengine.plugins import Registry
    from cmengine.room import Room
    from cmengine.turns import Turns

Clock = Callable[[], datetime]
FUTURE = timedelta(minutes=10)  # how far ahead a clock may be
MOST_WHO = 100


def now_utc() -> datetime:
    """Read the clock of this machine."""
    return datetime.now().astimezone()


class Program:
    """An open program. `by` is who is at the desk; `clock` tells the time."""

    def __init__(
        self,
        *,
        folder: StrPath,
        settings: Settings,
        kinds: Mapping[str, Kind],
        registry: "Registry",
        ledger: Ledger,
        by: str,
        clock: Clock,
        dice: Dice,
    ) -> None:
        self.place = folder
        self.settings = settings
        self.kinds = kinds
        self.registry = registry
        self.ledger = ledger
        self.by = by
        self.clock = clock
        self.dice = dice
        self._tables: dict[str, dict[str, Any]] = {}
        self._rules: dict[tuple[str, tuple[tuple[str, str], ...]], Rule] = {}
        self._room: Room | None = None  # where strangers' goals and rewards are asked
        ledger.sign = self._signature

    @cached_property
    def folder(self) -> "Path":
        """Give the program's folder."""
        from pathlib import Path  # late: see places.py

        return Path(self.place)

    def parts(self) -> dict[str, Any]:
        """Give what a program like this one is made of."""
        return {
            "folder": self.place,
            "settings": self.settings,
            "kinds": self.kinds,
            "registry": self.registry,
            "ledger": self.ledger,
            "by": self.by,
            "clock": self.clock,
            "dice": self.dice,
        }

    @property
    def asks_strangers(self) -> bool:
        """Say whether strangers' goals and rewards are being asked, in a process of their own."""
        return self._room is not None

    def _signature(self) -> Signature:
        return Signature(self.by, self.now().isoformat(), self.keys.journal)

    @cached_property
    def keys(self) -> Keys:
        """Read the program's secrets, when a draw, a code or the journal needs them. Raises CMError."""
        return keys_of(self.ledger, inside(self.place, KEY))

    def now(self) -> datetime:
        """Give the present moment in the program's zone, to the second."""
        return self.clock().astimezone(self.settings.zone).replace(microsecond=0)

    def today(self) -> date:
        """Give the program's day of the present moment."""
        return self.day(self.now())

    def day(self, moment: datetime) -> date:
        """Give the program's day of a moment."""
        settings = self.settings
        return day_of(moment, settings.zone, settings.day_boundary)

    def moment(self, on: date | None, at: time | None) -> datetime:
        """Give the moment meant by a day and a local time; without a time, now or the middle of the day."""
        now = self.now()
        if on is None and at is None:
            return now
        day = on or self.today()
        if at is None and day == self.today():
            return now
        return moment_on(day, at or time(12), self.settings.zone, self.settings.day_boundary)

    def new_id(self) -> str:
        """Make a new id that sorts by time."""
        return new_id(self.clock())

    def reader(self, *, kinds: bool = False) -> Reader:
        """Give a reader of rules; with `kinds`, it checks the kinds of event against the program's."""
        return Reader(self.registry, self.kinds if kinds else None, self.place)

    def table(self, digest: str) -> dict[str, Any]:
        """Give the kept table of a published rule version."""
        if digest not in self._tables:
            body = self.ledger.rule_body(digest)
            if body is None:
                what = f"there is no rule version {digest[:12]}"
                raise CMError(Mistake(str(self.ledger.path), what))
            self._tables[digest] = of_json(body)
        return self._tables[digest]

    def rule_of(self, choice: Choice) -> Rule:
        """Build the version of the rule that a choice keeps, with the client's settings."""
        key = (choice.digest, choice.settings)
        if key not in self._rules:
            table = self.table(choice.digest)
            try:
                table = with_settings(table, choice.settings, self.registry)
            except ValueError as error:
                raise CMError(Mistake(f"rule '{choice.rule}'", str(error))) from error
            rule = self.built(table, choice.digest)
            self._rules[key] = rule._replace(settings=of_rewards(choice.settings))
        return self._rules[key]

    def built(self, table: Mapping[str, Any], digest: str) -> Rule:
        """Build a published rule from its table; raise CMError where a plugin it needs is not there."""
        try:
            rule, mistakes = self.reader().read_rule(table, Place("published"), known_as=digest)
        except CMError:
            raise
        except (Exception, SystemExit, GeneratorExit) as error:  # of a plugin's class
            what = f"it cannot be made from its options ({type(error).__name__}: {error})"
            raise CMError(Mistake(f"rule '{table['id']}'", what, "mend the plugin")) from error
        stop_if(mistakes)
        if rule is None:
            raise CMError(Mistake("published", "this rule cannot be read"))
        return self.contained(rule)

    def contained(self, rule: Rule) -> Rule:
        """Give a rule whose strangers' goal and rewards are asked in a process of their own."""
        if all(type(part).__module__ in SHIPPED for part in (rule.goal, *rule.rewards)):
            return rule
        from cmengine.room import Room  # late: what ships with cmengine needs none
        from cmengine.strangers import contained

        self._room = self._room or Room()
        return contained(rule, self._room)

    def specimen(self, table: Mapping[str, Any], digest: str) -> Rule:
        """Build a published rule to look at, also where a client has still to set something."""
        rule, mistakes = self.reader().read_rule(
            table, Place("published"), check=True, known_as=digest
        )
        if rule is None:
            raise CMError(*mistakes)
        return rule

    def must_have(self, client: str) -> None:
        """Raise CMError unless there is such a client."""
        if not self.ledger.has_client(client):
            from cmengine.slips import code_words  # only where there is a slip

            todo = code_words(client, self.ledger.clients()) if len(client) <= 64 else ""
            raise CMError(
                Mistake(
                    f"client '{client:.64}'",
                    "there is no such client",
                    todo or "enroll them with: cmengine client add",
                )
            )

    def close(self) -> None:
        """Close the ledger, and what else was opened."""
        if self._room is not None:
            self._room.close()
        self.ledger.close()


def open_program(
    folder: StrPath,
    *,
    by: str | None = None,
    clock: Clock = now_utc,
    registry: "Registry | None" = None,
) -> Program:
    """Open the program in a folder. Raises CMError with everything that stands in the way."""
    settings, kinds = load_settings(folder)
    who = by or login_name()
    if settings.staff and who not in settings.staff:
        todo = f"say who you are with: cmengine --by NAME; {did_you_mean(who, settings.staff)}"
        what = f"'{who:.64}' is not among the staff of this program"
        raise CMError(Mistake(inside(folder, SETTINGS), what, todo))
    if len(who) > MOST_WHO or not who.isprintable():
        raise CMError(Mistake("--by", f"'{who:.64}' is not a name", "write it in a few letters"))
    ledger = open_ledger(inside(folder, DATABASE))
    if not is_file(inside(folder, KEY)):
        ledger.close()
        read_keys(inside(folder, KEY))
    return Program(
        folder=folder,
        settings=settings,
        kinds=kinds,
        registry=registry or desk_plugins(),
        ledger=ledger,
        by=who,
        clock=clock,
        dice=dice_of(ledger, folder),
    )


def keys_of(ledger: Ledger, path: StrPath) -> Keys:
    """Read the keys; raise CMError where the secret that the program promised is not among them."""
    keys = read_keys(path)
    promised = ledger.one("select commitment from draw_secrets order by seq desc limit 1")
    if promised is None or promised[0] not in map(commitment, keys.draws):
        raise CMError(
            Mistake(
                str(path),
                "this is not the key that this program promised its draws with",
                "put the program's own key back from a backup",
            )
        )
    return keys


def dice_of(ledger: Ledger, folder: StrPath) -> Dice:
    """Make the dice of a program: for each event, from the secret that was in force when it was logged.

    Neither a secret nor the key is looked at before dice are thrown.
    """
    turns: list[Turns] = []

    def secret_of(event: str) -> bytes:
        if not turns:
            from cmengine.turns import Turns  # late: most commands at the desk throw no dice

            turns.append(Turns(ledger, inside(folder, KEY)))
        return turns[0].secret_of(event)

    return dice_from(secret_of)


def make_database(folder: StrPath, *, by: str, clock: Clock = now_utc) -> None:
    """Make the ledger and the key of a new program, and write down the hash of its draw secret."""
    keys = make_keys(inside(folder, KEY))
    ledger = create_ledger(inside(folder, DATABASE))
    made_at = clock().isoformat(timespec="seconds")
    ledger.sign = lambda: Signature(by, made_at, keys.journal)
    with ledger.writing():
        ledger.insert(
            "draw_secrets",
            commitment=commitment(keys.draws[0]),
            after_event=0,
            committed_at=made_at,
            committed_by=by,
        )
        ledger.set_fact("made_at", made_at)
        ledger.set_fact("made_by", by)
    ledger.close()


def login_name() -> str:
    """Give the login name of whoever is at the desk."""
    named = next(filter(None, map(os.environ.get, ("LOGNAME", "USER"))), None)
    if named:
        return named
    try:
        import pwd  # late: it is seldom asked, and not there on every system

        return pwd.getpwuid(os.getuid()).pw_name
    except (ImportError, KeyError, OSError):
        return os.environ.get("USERNAME") or "staff"
