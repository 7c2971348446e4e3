"""Look a program over: is everything there that it relies on, and as it should be? A line a finding."""

import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

from cmengine.absent import Absent
from cmengine.backup import own_files
from cmengine.chain import entries, head_of
from cmengine.checked import unsure
from cmengine.database import journal_mode
from cmengine.disks import OVER_A_NETWORK, WITHOUT_OWNERS, file_system_of, synced_by
from cmengine.errors import Mistake
from cmengine.holds import Hold, all_held
from cmengine.journal import NOTHING, Sealer, hash_of
from cmengine.program import FUTURE, Program
from cmengine.proofread import look_over
from cmengine.reconcile import reconcile
from cmengine.recount import uncounted
from cmengine.settings import DATABASE, KEY, RULES
from cmengine.shape import shape_problems
from cmengine.sqlite import sqlite3
from cmengine.stock import shelves
from cmengine.tries import REMEMBERED, tried_often, tries_since

LEAST_FREE = 50 * 2**20  # bytes; reliability A12
OLD = timedelta(days=7)  # a backup older than that is said
LAST = 100  # entries of the journal that are looked at
Check = Callable[[Program], Iterator[Mistake]]
VERIFY = "see all of it with: cmengine verify"


def settings(program: Program) -> Iterator[Mistake]:
    """Durability depends on how the file is opened."""
    mode, sync = journal_mode(sqlite3.sqlite_version_info)
    path = str(program.ledger.path)
    wanted = {
        "journal_mode": mode,
        "synchronous": {"full": 2, "extra": 3}[sync],
        "foreign_keys": 1,
        "recursive_triggers": 1,
    }
    for name, value in wanted.items():
        found = program.ledger.rows(f"pragma {name}")[0][0]
        if found != value:
            what = f"{name} is {found}, and not {value}, as it must be with SQLite {sqlite3.sqlite_version}"
            yield Mistake(path, what, "close every other program that has the file open")


def _of_plugins(program: Program) -> list[Path]:
    """Name the files of the plugins that are loaded, and the folders they lie in."""
    loaded = (plugin for _, plugin in program.registry.manager.list_name_plugin())
    files = {Path(one) for plugin in loaded if (one := getattr(plugin, "__file__", None))}
    return sorted(files | {one.parent for one in files})


def permissions(program: Program) -> Iterator[Mistake]:
    """Only their owner may read the ledger and the key, and nobody else may write the rules."""
    folder = program.folder
    if os.name != "posix":
        return
    for path in (folder, folder / DATABASE, folder / KEY):
        if path.stat().st_mode & 0o077:
            mode = "700" if path.is_dir() else "600"
            yield Mistake(str(path), "others can read it", f"close it with: chmod {mode} '{path}'")
    closed = not folder.stat().st_mode & 0o011  # nobody else gets at what is in it
    for path in [folder / RULES, *(folder / one for one in own_files(folder))]:
        if not closed and path.exists() and path.stat().st_mode & 0o022:
            yield Mistake(str(path), "others can change it", f"close it with: chmod go-w '{path}'")
    for path in _of_plugins(program):
        # Where plugins are installed, a group may be its owner's own; the whole world is nobody's. In a folder like
        # /tmp others can add files, and replace none.
        if path.exists() and path.stat().st_mode & 0o1002 == 0o002:
            todo = f"close it with: chmod o-w '{path}'"
            yield Mistake(str(path), "anybody can change what plugins do", todo)
    for path in (folder, folder / DATABASE, folder / KEY):
        if path.stat().st_uid not in (os.geteuid(), 0) and os.geteuid() != 0:
            yield Mistake(str(path), "belongs to somebody else", f"look at it with: ls -l '{path}'")


def disk(program: Program) -> Iterator[Mistake]:
    """A database wants a disk of its own machine, and room on it."""
    folder = program.folder
    kind = file_system_of(folder)
    todo = "move the program to a disk of this machine"
    if kind in OVER_A_NETWORK:
        what = f"lies on a network disk ({kind}), where two who write at once can damage a ledger"
        yield Mistake(str(folder), what, todo)
    if kind in WITHOUT_OWNERS:
        what = f"lies on a disk ({kind}) that does not keep who may read what"
        yield Mistake(str(folder), what, todo)
    by = synced_by(folder)
    if by:
        what = f"is kept in step with other machines ({by}), which copies a ledger in the middle of a change"
        yield Mistake(str(folder), what, "move it elsewhere, and put backups there")
    free = shutil.disk_usage(folder).free
    if free < LEAST_FREE:
        what = f"only {free // 2**20} MiB are left on this disk"
        yield Mistake(str(folder), what, "make room before anything has to be refused")


def backups(program: Program) -> Iterator[Mistake]:
    """What was logged since the last backup is lost with the disk."""
    ledger = program.ledger
    last = ledger.one("select made_at from backups where seq = (select max(seq) from backups)")
    if last is None:
        if ledger.last_event():
            what = "none has been made of this ledger as it is here"
            yield Mistake("backup", what, "make one with: cmengine backup DIR")
        return
    made_at = datetime.fromisoformat(last[0])
    if program.now() - made_at > OLD:
        days = (program.now() - made_at).days
        what = f"the last one is {days} days old ({made_at:%Y-%m-%d})"
        yield Mistake("backup", what, "make one with: cmengine backup DIR")


def chain(program: Program) -> Iterator[Mistake]:
    """The schema as a whole, and the end of the journal; verify looks at all of it."""
    ledger = program.ledger
    path = str(ledger.path)
    for problem in shape_problems(ledger):
        yield Mistake(path, problem, VERIFY)
    head = head_of(ledger)
    if head is None:
        yield Mistake(path, "its journal is empty", VERIFY)
        return
    sealer = Sealer(program.keys.journal)
    before, after = None if head.seq > LAST else NOTHING, max(0, head.seq - LAST)
    for entry in entries(ledger, after):
        linked = before is None or hash_of(before, entry) == entry.hash
        if not linked or sealer.seal(entry.hash) != entry.seal:
            yield Mistake(
                path, f"entry {entry.seq} of its journal is not as it was written", VERIFY
            )
            return
        before = entry.hash


def clock(program: Program) -> Iterator[Mistake]:
    """A clock that went back dates what is logged wrongly."""
    head = head_of(program.ledger)
    if head is not None and datetime.fromisoformat(head.written_at) > program.now() + FUTURE:
        what = f"it is {program.now():%Y-%m-%d %H:%M} here, but something was written at {head.written_at[:16]}"
        yield Mistake("clock", what.replace("T", " "), "set this machine's clock")


def plugins(program: Program) -> Iterator[Mistake]:
    """What rules rely on is there, loads, and was examined."""
    registry = program.registry
    for plugin in registry.plugins:
        if plugin.error:
            what = f"did not load: {plugin.error}"
            yield Mistake(f"plugin '{plugin.name}'", what, "mend it, or remove it")
    absent = Absent(program)
    rules = []
    in_use = {row[0] for row in program.ledger.rows("select distinct digest from choices")}
    for digest in sorted(in_use | set(program.ledger.current_digests().values())):
        table = program.table(digest)
        needs = absent.of(digest)
        if needs:
            todo = "install the plugin; what was earned stands meanwhile"
            yield Mistake(f"rule '{table['id']}'", f"cannot be worked out: {needs}", todo)
        else:
            rules.append(program.specimen(table, digest))
    for one in unsure(registry, rules, program.folder):
        what = f"is relied on by {', '.join(one.rules)}, and is {one.standing.words}"
        todo = f"examine it with: cmengine plugins check {one.plugin} --keep"
        yield Mistake(f"plugin '{one.plugin}'", what, todo)


def stock(program: Program) -> Iterator[Mistake]:
    """What was bought is all accounted for."""
    for problem in reconcile(program).problems:
        yield Mistake("stock", problem, "see all of it with: cmengine stock reconcile")
    for one in uncounted(program.ledger).values():
        yield Mistake("stock", f"{one.brand}: {one.what}", one.todo)


def codes(program: Program) -> Iterator[Mistake]:
    """Nobody is trying which codes there are."""
    now = program.now()
    since = now - REMEMBERED
    for desk, times in tried_often(tries_since(program, since), now).items():
        where = f"at the desk of {desk}" if desk else "at all desks together"
        what = f"{times} that could not be used were typed {where} since {since:%Y-%m-%d %H:%M}"
        todo = "ask there what was tried; none is found by trying, and each try has to wait longer"
        yield Mistake("voucher codes", what, todo)


def on_hand(program: Program) -> Iterator[Mistake]:
    """There is enough on the shelves that can be handed out."""
    for shelf in shelves(program):
        if shelf.low:
            yield Mistake("stock", f"{shelf.name}: {shelf.on_hand} left", "get some more")
        if shelf.expired:
            what = f"{shelf.name}: the shop takes {shelf.expired} no longer"
            yield Mistake("stock", what, "ask the vendor for others; what is owed stands")


def held(program: Program) -> Iterator[Mistake]:
    """What a plugin could not work out still waits for it to be mended."""
    by_rule: dict[str, list[Hold]] = {}
    for one in all_held(program.ledger):
        by_rule.setdefault(one.rule, []).append(one)
    for rule, some in by_rule.items():
        what = f"is held for {len({one.client for one in some})} of the clients: {some[0].problem}"
        yield Mistake(f"rule '{rule}'", what, "mend the plugin, then: cmengine retry")


def words(program: Program) -> Iterator[Mistake]:
    """What a program says to clients can be said, and holds no word that stops it from being sent."""
    yield from look_over(program.folder, program.settings.name).mistakes


CHECKS: list[Check] = [
    settings, permissions, disk, backups, chain, clock, plugins, stock, on_hand, codes, held, words
]  # fmt: skip
"""Everything that is looked at; what comes to cmengine adds its own."""


def findings(program: Program, checks: Iterable[Check] | None = None) -> Iterator[Mistake]:
    """Give everything that is not as it should be: where, what, and what to do about it."""
    for check in CHECKS if checks is None else checks:
        try:
            yield from check(program)
        except (sqlite3.DatabaseError, OSError) as error:
            yield Mistake(str(program.ledger.path), f"cannot be looked at ({error})", VERIFY)


def about(program: Program) -> dict[str, object]:
    """Tell what was looked at: versions, how the file is kept, the journal's length, the last backup."""
    ledger = program.ledger
    head = head_of(ledger)
    last = ledger.one("select max(made_at) from backups")
    return {
        "sqlite": sqlite3.sqlite_version,
        "journal_mode": ledger.rows("pragma journal_mode")[0][0],
        "entries": head.seq if head else 0,
        "last_backup": last[0] if last else None,
    }
