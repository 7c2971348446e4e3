"""Rule files: TOML to rules, every mistake of a file at once."""

import typing
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from itertools import product
from typing import TYPE_CHECKING, Any, NamedTuple

import attrs
from attrs import field, frozen

from cmengine.errors import Mistake, closest, did_you_mean
from cmengine.kept import Table, digest, in_words, with_settings
from cmengine.kinds import Kinds, unknown_kind
from cmengine.model import Rule
from cmengine.options import Place, as_written, misspelt, read_options, unknown_keys
from cmengine.places import StrPath

if TYPE_CHECKING:
    from cmengine.plugins import Registry
    from cmengine.slots import Span

MOST_ID = 63
_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789_-")
OUTBOX = {"kind": "outbox"}  # how a rule notifies that does not say how
PACE = ("per_day", "per_week")


@frozen(kw_only=True, eq=False, repr=False)
class Head:
    """The keys of a `[[rule]]` that are plain values."""

    id: str
    title: str
    why: str = ""
    source: str = ""
    starts: date | None = None
    ends: date | None = None
    client_sets: tuple[str, ...] = ()


@frozen(kw_only=True, eq=False, repr=False)
class Pace:
    """How many occurrences count in a day and in a week."""

    per_day: int | None = field(
        default=None, validator=attrs.validators.optional(attrs.validators.ge(1))
    )
    per_week: int | None = field(
        default=None, validator=attrs.validators.optional(attrs.validators.ge(1))
    )


class Draft(NamedTuple):
    """A rule as it stands in a file: the rule, and the table that is kept when it is published."""

    rule: Rule
    table: Table
    place: Place


class Reader(NamedTuple):
    """Reads rules with the plugins and kinds there are. `kinds` None: kinds are not checked.

    `folder` is the program's folder, to which a file named in an option belongs.
    """

    registry: "Registry"
    kinds: Kinds | None = None
    folder: StrPath | None = None

    def read_file(self, tables: Table, place: Place) -> tuple[list[Draft], list[Mistake]]:
        """Read every rule of a parsed rule file."""
        mistakes = [
            place.at(key).wrong(
                f"'{key}' does not belong in a rule file", did_you_mean(key, ["rule"])
            )
            for key in tables
            if key != "rule"
        ]
        listed = tables.get("rule", [])
        if not isinstance(listed, list):
            todo = "begin each with [[rule]], in double brackets"
            return [], [*mistakes, place.at("rule").wrong("rule must be a list of tables", todo)]
        if not listed:
            if not misspelt(tables, ["rule"]):
                mistakes.append(place.wrong("there is no rule in it", "begin one with [[rule]]"))
            return [], mistakes
        drafts = []
        for n, table in enumerate(listed):
            here = place.at("rule", n)
            if not isinstance(table, Mapping):
                what = f"{as_written(table)} is not a rule"
                mistakes.append(here.wrong(what, "begin each rule with [[rule]]"))
                continue
            rule, wrong = self.read_rule(table, here, check=True)
            mistakes += wrong
            if rule is not None:
                drafts.append(Draft(rule, table, here.about(f"rule '{rule.id}'")))
        return drafts, mistakes

    def read_rule(
        self, table: Table, place: Place, *, check: bool = False, known_as: str = ""
    ) -> tuple[Rule | None, list[Mistake]]:
        """Read one rule. With `check`, what a client is to set may still be missing from it.

        `known_as` is the digest of the version, where it is kept under one.
        """
        named = table.get("id")
        nameless = place.key[-1] + 1 if place.key and isinstance(place.key[-1], int) else ""
        place = place.about(
            f"rule '{named:.64}'" if isinstance(named, str) else f"rule {nameless} in the file"
        )
        parts = ("goal", "calendar", "reward", "notify")
        known = [*(a.name for a in attrs.fields(Head)), *parts]
        mistakes = unknown_keys(table, known, place, "a key of a rule")
        said = misspelt(table, known)
        plain = {key: value for key, value in table.items() if key in known and key not in parts}
        head, wrong = read_options(Head, plain, place, called="rule", said=said)
        mistakes += wrong
        if isinstance(named, str) and named.strip() and not _is_id(named):
            mistakes.append(
                place.at("id").wrong(
                    f"id: '{named:.64}' is not an id",
                    "use small letters, digits and -, at most 63, like drop-in",
                )
            )
        if head is not None and head.starts and head.ends and head.ends < head.starts:
            mistakes.append(
                place.at("ends").wrong("ends: it ends before it starts", "swap the two dates")
            )
        goal, pace, wrong = self._goal(table, place, check, said)
        mistakes += wrong
        rewards, wrong = self._listed(table, "reward", "reward", place)
        mistakes += wrong
        if not known_as:  # those of a version that is kept are made when something is sent
            mistakes += self.notifiers(table, place)[1]
        calendar, wrong = _calendar(table, place)
        mistakes += wrong
        if table.get("reward", []) == [] and "reward" not in said:
            mistakes.append(
                place.at("reward").wrong("it has no reward", "add one with [[rule.reward]]")
            )
        if not wrong and "calendar" not in said:
            mistakes += _calendar_fits(rewards, bool(calendar), place)
        if check:
            mistakes += self._client_rewards(table, place)
        if goal is not None and not (known_as and self.kinds is None):
            mistakes += self._kinds_fit(goal, table["goal"], place.at("goal"))
        if mistakes or head is None or goal is None or pace is None:
            return None, mistakes
        rule = Rule(
            **attrs.asdict(head, recurse=False),
            goal=goal,
            rewards=tuple(rewards),
            notify=tuple(one["kind"] for one in table.get("notify", [OUTBOX])),
            channels=channels(table),
            per_day=pace.per_day,
            per_week=pace.per_week,
            calendar=calendar,
            digest=known_as or digest(table),
        )
        if not check:
            return rule, []
        variants, mistakes = self._variants(rule, table, place)
        return (None, mistakes) if mistakes else (rule._replace(variants=variants), [])

    def _client_rewards(self, table: Table, place: Place) -> list[Mistake]:
        """Check that what a client may set of the rewards is true or false: both can then be judged."""
        listed = table.get("reward")
        listed = listed if isinstance(listed, list) else []
        named = [str(one.get("kind")) for one in listed if isinstance(one, Mapping)]
        classes = [self.registry.find("reward", kind)[0] for kind in named]
        options = {
            f"reward.{a.name}": a.type
            for cls in classes
            if cls is not None
            for a in attrs.fields(attrs.resolve_types(cls))
        }
        offers = sorted(key for key, kind in options.items() if kind is bool)
        mistakes = []
        for n, key in enumerate(_texts(table.get("client_sets"))):
            if not key.startswith("reward.") or key in offers or None in classes:
                continue
            what = f"client_sets: '{key:.60}' is not an option of a reward"
            if key in options:
                what = f"client_sets: '{key}' is not for a client to set; of a reward, only what is true or false is"
            mistakes.append(place.at("client_sets", n).wrong(what, did_you_mean(key, offers)))
        return mistakes

    def _variants(
        self, rule: Rule, table: Table, place: Place
    ) -> tuple[tuple[Rule, ...], list[Mistake]]:
        """Build the rule in every other way that a client may set its rewards."""
        keys = [key for key in rule.client_sets if key.startswith("reward.")]
        variants = []
        for answers in product(("false", "true"), repeat=len(keys)):
            settings = tuple(zip(keys, answers, strict=True))
            own = with_settings(table, settings, self.registry)
            rewards, wrong = self._listed(own, "reward", "reward", place)
            if wrong:
                told = f"with {in_words(settings)}, {wrong[0].what}"
                return (), [wrong[0]._replace(what=told)]
            if tuple(rewards) != rule.rewards:
                variants.append(rule._replace(rewards=tuple(rewards), settings=settings))
        return tuple(variants), []

    def notifiers(self, table: Table, place: Place) -> tuple[list[Any], list[Mistake]]:
        """Build the notifiers of a rule alone; a rule that names none has the outbox."""
        return self._listed({"notify": [OUTBOX], **table}, "notify", "notifier", place)

    def _goal(
        self, rule: Table, whole: Place, check: bool, said: Collection[str]
    ) -> tuple[Any, Pace | None, list[Mistake]]:
        """Build the goal of a rule, and how often it counts."""
        table, place = rule.get("goal"), whole.at("goal")
        if table is None:
            add = "add one with [rule.goal] and a kind"
            return None, None, [] if "goal" in said else [whole.wrong("it has no goal", add)]
        if not isinstance(table, Mapping):
            what = f"goal: {as_written(table)} is not a goal"
            return None, None, [place.wrong(what, "begin it with [rule.goal]")]
        cls, wrong = self._class("goal", table, place)
        if cls is None:
            return None, None, wrong
        mistakes = []
        options = {key: value for key, value in table.items() if key not in ("kind", *PACE)}
        names = {a.name: a for a in attrs.fields(attrs.resolve_types(cls))}
        offers = [f"goal.{name}" for name in names]
        unclear: set[str] = set()
        for n, key in enumerate(_texts(rule.get("client_sets")) if check else ()):
            name = key.partition(".")[2]
            if key.startswith("reward."):
                continue  # see _client_rewards
            if key not in offers:
                mistakes.append(
                    whole.at("client_sets", n).wrong(
                        f"client_sets: '{key:.60}' is not an option of the goal",
                        did_you_mean(key, offers),
                    )
                )
                unclear |= names.keys()  # any of them may have been meant
            elif name not in options:
                options[name] = _specimen(names[name].type)
        pace, wrong = read_options(
            Pace, {k: table[k] for k in PACE if k in table}, place, called="goal"
        )
        mistakes += wrong
        goal, wrong = read_options(
            cls, options, place, called=table["kind"], folder=self.folder, said=unclear, also=PACE
        )
        return goal, pace, mistakes + wrong

    def _listed(
        self, table: Table, key: str, part: str, place: Place
    ) -> tuple[list[Any], list[Mistake]]:
        """Build the `[[rule.reward]]` or `[[rule.notify]]` tables of a rule."""
        entries = table.get(key, [])
        if not isinstance(entries, list) or not all(isinstance(one, Mapping) for one in entries):
            todo = f"begin each with [[rule.{key}]], in double brackets"
            return [], [place.at(key).wrong(f"{key} must be a list of tables", todo)]
        built, mistakes = [], []
        for n, entry in enumerate(entries):
            here = place.at(key, n)
            cls, wrong = self._class(part, entry, here)
            mistakes += wrong
            if cls is None:
                continue
            options = {name: value for name, value in entry.items() if name != "kind"}
            also = ("channel",) if part == "notifier" else ()
            if also:
                mistakes += _channel_fits(entry, here)
            one, wrong = read_options(
                cls, options, here, called=entry["kind"], folder=self.folder, also=also
            )
            mistakes += wrong
            if one is not None:
                built.append(one)
        return built, mistakes

    def _class(self, part: str, table: Table, place: Place) -> tuple[Any, list[Mistake]]:
        kind = table.get("kind")
        if not isinstance(kind, str):
            offers = did_you_mean("", self.registry.kinds[part])
            said = ["kind"] if "kind" in misspelt(table, ["kind"]) else []
            what = f"the {part} has no kind"
            if kind is not None:
                what = f"kind: {as_written(kind)} is not text"
            elif said:
                what = (
                    f"the {part} has no kind, but a '{next(k for k in table if closest(k, said))}'"
                )
            return None, [place.at("kind").wrong(what, f'write kind = "..."; {offers}')]
        cls, what, todo = self.registry.find(part, kind)
        return cls, [place.at("kind").wrong(what, todo)] if cls is None else []

    def _kinds_fit(self, goal: Any, table: Table, place: Place) -> list[Mistake]:
        """Check that a goal listens to kinds the program has, and to values they can have."""
        try:
            listens = sorted(goal.listens())
        except (Exception, SystemExit) as error:
            return [place.wrong(f"the goal '{goal.kind}' raised {type(error).__name__}: {error}")]
        if self.kinds is None:
            return []
        mistakes = []
        for kind in listens:
            key, at = _naming(table, kind, place)
            if kind not in self.kinds:
                what, todo = unknown_kind(kind, self.kinds)
                mistakes.append(at.wrong(f"{key}: {what}" if key else what, todo))
            elif getattr(goal, "numeric", False) and not self.kinds[kind].unit:
                what = f"{key}: '{goal.kind}' compares a number, and '{kind}' has none"
                mistakes.append(at.wrong(what, f"give [kind.{kind}] a unit in kinds.toml"))
        known = {kind: self.kinds[kind] for kind in listens if kind in self.kinds}
        return mistakes + _values_fit(goal, known, place)


def channels(table: Table) -> tuple[str, ...]:
    """Name the channel of each notifier of a rule, as consents know it: the name given, or else its kind."""
    return tuple(str(one.get("channel", one["kind"])) for one in table.get("notify", [OUTBOX]))


def _channel_fits(entry: Table, place: Place) -> list[Mistake]:
    name = entry.get("channel", "outbox")
    if isinstance(name, str) and _is_id(name):
        return []
    what = f"channel: {as_written(name)} is not the name of a channel"
    return [place.at("channel").wrong(what, "use small letters, digits and -, like text")]


def check_together(drafts: Iterable[Draft]) -> list[Mistake]:
    """Find the mistakes that only several rules together can have: the same id twice."""
    seen: dict[str, Draft] = {}
    mistakes = []
    for draft in drafts:
        if draft.rule.id in seen:
            first = seen[draft.rule.id].place.about("").at("id").wrong("").where
            mistakes.append(
                draft.place.at("id").wrong(
                    "id: it is taken already", f"see {first}; give one of the two a new id"
                )
            )
        seen.setdefault(draft.rule.id, draft)
    return mistakes


def ids_in(tables: Table) -> set[str]:
    """Name the rules of a parsed file, also those that cannot be read."""
    listed = tables.get("rule", [])
    return (
        {str(one["id"]) for one in listed if isinstance(one, Mapping) and "id" in one}
        if isinstance(listed, list)
        else set()
    )


def _calendar(table: Table, place: Place) -> tuple[tuple["Span", ...], list[Mistake]]:
    if "calendar" not in table:
        return (), []
    from cmengine.calendars import read_calendar  # late: few rules have one

    return read_calendar(table["calendar"], place.at("calendar"))


def _calendar_fits(rewards: Sequence[Any], has_calendar: bool, place: Place) -> list[Mistake]:
    by_calendar = [reward for reward in rewards if getattr(reward, "climbs", "") == "by_calendar"]
    if by_calendar and not has_calendar:
        return [
            place.at("reward").wrong(
                'climbs: "by_calendar" needs a calendar',
                "add [[rule.calendar]] with days and weeks",
            )
        ]
    if has_calendar and rewards and not by_calendar:
        return [
            place.at("calendar").wrong(
                "calendar: no reward climbs by it", 'take it out, or write climbs = "by_calendar"'
            )
        ]
    return []


def _is_id(text: str) -> bool:
    return len(text) <= MOST_ID and text[:1] not in "_-" and _LETTERS.issuperset(text)


def _texts(listed: Any) -> list[str]:
    return [one for one in listed if isinstance(one, str)] if isinstance(listed, list) else []


def _naming(table: Table, kind: str, place: Place) -> tuple[str, Place]:
    """Find the option of a goal that names a kind of event: (its key, its place)."""
    for key, value in table.items():
        if key != "kind" and (value == kind or (isinstance(value, list) and kind in value)):
            return f"goal.{key}", place.at(key)
    return "", place


def _values_fit(goal: Any, kinds: Kinds, place: Place) -> list[Mistake]:
    """Check that an event can have each value a goal asks for, and that no kind is left without one.

    Steps are told by their words, so an event that takes no words could never be one.
    """
    mistakes = []
    for key in ("values", "steps"):
        wanted = getattr(goal, key, None)
        if not wanted or not kinds:
            continue
        here = place.at(key)
        can = {value for kind in kinds.values() for value in kind.values}
        silent = [
            name
            for name, kind in kinds.items()
            if not kind.text and not set(wanted) & set(kind.values)
        ]
        if not any(kind.text for kind in kinds.values()):
            mistakes += [
                here.wrong(
                    f"goal.{key}: no event has the value '{value}'",
                    did_you_mean(value, can) or f"give [kind.{silent[0]}] values in kinds.toml",
                )
                for value in wanted
                if value not in can
            ]
        if not mistakes:
            mistakes += [
                here.wrong(
                    f"goal.{key}: '{name}' never has one of these, so it would never count",
                    f"take '{name}' out, or give [kind.{name}] such values in kinds.toml",
                )
                for name in silent
            ]
    return mistakes


def _specimen(annotation: Any) -> Any:
    """Give a value of a type, so that a rule can be checked before a client has set it."""
    if typing.get_origin(annotation) is typing.Literal:
        return typing.get_args(annotation)[0]
    text = str(annotation)
    if "tuple" in text:
        return ["one step", "another step", "a third step"]
    return "something" if "str" in text else 1
