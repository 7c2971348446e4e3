"""Do a command of the table in a process, in a fresh copy of the program, and say what is wrong afterwards."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from attrs import frozen
from lab.commands import Writes
from lab.oracles import Content, content, found_by_verify, wrong_money
from lab.river import Mode, River, clock_ahead, command, do, surroundings, with_plugin
from lab.strace import Ended, count, gone_wrong, run

from cmengine.database import WORDS


@frozen(eq=False)
class Doing:
    """A command about to be done in a copy of the program."""

    one: Writes
    river: River
    words: list[str]
    env: Mapping[str, str]
    typed: str
    trace: Path

    @property
    def file(self) -> Path:
        """The ledger that it writes."""
        return self.river.files / "new" / "program.db" if self.one.own_folder else self.river.file()

    @property
    def folder(self) -> Path:
        """The folder of the program that it writes."""
        return self.file.parent

    def count(self) -> tuple[Ended, list[tuple[str, int, str]]]:
        """Do it, undisturbed; give each place where it could be stopped."""
        return count(self.words, self.env, to=self.trace, typed=self.typed)

    def wrong(self, call: str, when: str, how: str, only: Path | None = None) -> Ended:
        """Do it, with a call that goes wrong."""
        return gone_wrong(
            self.words,
            self.env,
            call=call,
            when=when,
            how=how,
            to=self.trace,
            typed=self.typed,
            only=only,
        )

    def again(self) -> tuple[int, str]:
        """Do the same, undisturbed; give its exit code and all it says."""
        if self.one.plugin:
            ended = run(self.words, self.env, self.typed)
            return ended.code, ended.out + ended.err
        at = None if self.one.own_folder else self.river.folder
        with clock_ahead(timedelta(hours=self.one.later)):
            done = do(at, *self.river.words(self.one.words), typed=self.typed)
        return done.exit_code, done.output

    def content(self) -> Content:
        """Read all that the ledger has."""
        return content(self.file)


def doing(one: Writes, source: River, place: Path, mode: Mode | None = None) -> Doing:
    """Prepare to do a command in a copy at a new place."""
    river = source.copy(place)
    words = command(None if one.own_folder else river.folder, *river.words(one.words), mode=mode)
    (typed,) = river.words((one.typed,))
    more = with_plugin(river.files) if one.plugin else {}
    return Doing(one, river, words, surroundings(place, **more), typed, place / "trace")


@frozen(eq=False)
class Expected:
    """What a command comes to when nothing goes wrong: where, and the rows before and after."""

    places: list[tuple[str, int, str]]
    before: Content
    after: Content

    def of(self, call: str) -> list[int]:
        """Give the numbers of a call that it makes on files, and not to speak."""
        return [n for name, n, file in self.places if name == call and not _speaks(file)]


def _speaks(file: str) -> bool:
    return file.startswith(("pipe:", "/dev/null", "socket:"))


def expected(one: Writes, source: River, place: Path, mode: Mode | None = None) -> Expected:
    """Do a command undisturbed, after one run that makes what is made once for all (the index of plugins)."""
    warm = doing(one, source, place / "warm", mode)
    ended, _ = warm.count()
    assert ended.code == 0, ended
    real = doing(one, source, place / "real", mode)
    before = real.content()
    ended, places = real.count()
    assert ended.code == 0, ended
    return Expected(places, before, real.content())


def left_wrong(done: Doing, ended: Ended, known: Expected) -> list[str]:
    """Say what is wrong after a stop, or a fault: with what is there, and with doing it once more."""
    wrong = []
    one = done.one
    if not one.own_folder or (done.folder / "program.toml").exists():
        wrong += [f"verify: {text}" for text in found_by_verify(done.folder)]
        wrong += wrong_money(done.file)
    now = done.content() if (done.folder / "program.toml").exists() else Content({})
    acknowledged = ended.out.strip() and ended.code == 0
    before, after = known.before.counts, known.after.counts
    whole = (before, after) if one.commits == 1 or one.own_folder else ()
    lost = now.without(known.before)
    if one.erases:
        lost = {table: n for table, n in lost.items() if table not in WORDS}
    if lost:
        wrong.append(f"gone: {lost}")
    if whole and now.counts not in whole:
        wrong.append(f"neither all nor nothing: {now.counts}")
    bounds = {t: sorted((before.get(t, 0), after.get(t, 0))) for t in now.counts}
    if any(not bounds[t][0] <= n <= bounds[t][1] for t, n in now.counts.items()):
        wrong.append(f"more than was asked for: {now.counts}")
    if acknowledged and now.counts != after:
        wrong.append(f"acknowledged, and not there: {ended.out!r}")
    wrong += _wrong_again(done, now, known)
    return wrong


def _more(one: Writes, table: str) -> int:
    """Give how many rows more there may be where a command was stopped and done again: two of each kind that
    it may add, and an entry of the journal for each of those.
    """
    if table not in one.may_add:
        return 0
    return 2 * (len(one.may_add) - 1) if table == "journal" else 2


def _wrong_again(done: Doing, now: Content, known: Expected) -> list[str]:
    wrong = []
    whole = now.counts == known.after.counts
    code, said = done.again()
    if code not in ((0, 1) if whole and done.one.again in ("refuses", "either") else (0,)):
        wrong.append(f"done again: exit {code}: {said}")
    then = done.content().counts
    more = {
        table: (then.get(table, 0), n)
        for table, n in known.after.counts.items()
        if not n <= then.get(table, 0) <= n + _more(done.one, table)
    }
    if (more or then.keys() != known.after.counts.keys()) and not (
        whole and done.one.again in ("adds", "either")
    ):
        wrong.append(f"done again: rows of each table, and how many were expected: {more}")
    wrong += [f"done again: verify: {text}" for text in found_by_verify(done.folder)]
    left = [
        path.name
        for path in (*done.folder.iterdir(), *done.river.files.iterdir())
        if "unfinished" in path.name or "-journal" in path.name or "-wal" in path.name
    ]
    return wrong + [f"left over: {name}" for name in left]
