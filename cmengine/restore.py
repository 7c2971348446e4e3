"""Put a program back from a backup: never over one that is there, and checked before and after."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from itertools import count
from pathlib import Path

from attrs import frozen

from cmengine.backup import read_about
from cmengine.chain import entries, head_of
from cmengine.durable import folders_to_make, sync, sync_all
from cmengine.errors import CMError, Mistake
from cmengine.journal import Anchor
from cmengine.ledger import Ledger, open_ledger
from cmengine.program import Clock, now_utc, open_program
from cmengine.recount import Uncounted, uncounted
from cmengine.settings import DATABASE, KEY, SETTINGS
from cmengine.unfinished import unfinished
from cmengine.verify import Verdict, verify

Progress = Callable[[int], object]


@frozen(kw_only=True)
class Restored:
    """A program that was put back: its folder, the moment it is of, what it was checked for, the folder in
    which the one that was there before is kept, and how many entries of that one are missing in it (None
    where that is not known). `uncounted` are the brands of gift cards of which none is handed out until they
    are counted.
    """

    folder: Path
    made_at: datetime
    anchor: Anchor
    verdict: Verdict
    kept: Path | None
    lost: int | None
    uncounted: tuple[Uncounted, ...] = ()


def restore(
    file: Path,
    folder: Path,
    *,
    replace: bool = False,
    by: str | None = None,
    clock: Clock = now_utc,
    progress: Progress = lambda done: None,
) -> Restored:
    """Put a backup into a new folder. With `replace`, a folder that is there is kept beside it, under
    another name. Raises CMError, and then everything is as it was.
    """
    target = folder.resolve()
    try:
        new = folders_to_make(target.parent)
        target.parent.mkdir(parents=True, exist_ok=True)
        with unfinished(target.parent) as work:
            there = target.exists() and (not target.is_dir() or any(target.iterdir()))
            if there and not replace:
                todo = "name a new folder; or, with --replace, this one is kept beside it under another name"
                raise CMError(Mistake(str(folder), "is there already", todo))
            if there and not any((target / one).exists() for one in (SETTINGS, DATABASE, KEY)):
                what = "holds no program, and is not put aside for one"
                raise CMError(Mistake(str(folder), what, "name a new folder"))
            made = work / "program"
            made.mkdir(mode=0o700)
            about = read_about(file, made)
            lost = _entries_after(target / DATABASE, about.anchor) if there else None
            verdict, brands = _write_down(made, file, about.anchor, by, clock, progress)
            kept = None
            sync_all(work)
            for one in new:
                sync(one.parent)
            if there:
                kept = _exchange(made, target, clock())
            else:
                _move(made, target)
    except OSError as error:
        what = f"cannot be written ({error.strerror})"
        raise CMError(Mistake(str(folder), what, "nothing was changed")) from error
    return Restored(
        folder=folder,
        made_at=about.made_at,
        anchor=about.anchor,
        verdict=verdict,
        kept=kept,
        lost=lost,
        uncounted=brands,
    )


def _write_down(
    folder: Path, file: Path, anchor: Anchor, by: str | None, clock: Clock, progress: Progress
) -> tuple[Verdict, tuple[Uncounted, ...]]:
    """Check what was unpacked, let its journal go on with the restore, and check it again.

    Gives what was found, and which cards are to be counted now.
    """
    from cmengine.plugins import load_plugins

    with closing(open_program(folder, by=by, clock=clock, registry=load_plugins())) as program:
        _stop_if_wrong(file, verify(program, progress, anchor=anchor))
        with program.ledger.writing("restore"):
            program.ledger.insert(
                "restores",
                file=file.name,
                entry=anchor.seq,
                hash=anchor.hash.hex(),
                restored_at=program.now().isoformat(),
                restored_by=program.by,
            )
        verdict = verify(program, anchor=anchor)
        _stop_if_wrong(file, verdict)
        brands = tuple(uncounted(program.ledger).values())
    return verdict, brands


def _stop_if_wrong(file: Path, verdict: Verdict) -> None:
    if not verdict.ok:
        raise CMError(*(Mistake(str(file), one) for one in verdict.problems))


def _entries_after(path: Path, anchor: Anchor) -> int | None:
    """Count the entries that a ledger has after a backup of it; None where it is no longer to be read."""
    with suppress(CMError), closing(open_ledger(path)) as ledger:
        if _has(ledger, anchor):
            head = head_of(ledger)
            return 0 if head is None else head.seq - anchor.seq
    return None


def _has(ledger: Ledger, anchor: Anchor) -> bool:
    first = next(entries(ledger, anchor.seq - 1), None)
    return first is not None and (first.seq, first.hash) == anchor


def _move(made: Path, target: Path) -> None:
    if target.exists():
        target.rmdir()  # it is empty
    made.rename(target)
    try:
        sync(target.parent)
    except OSError:
        target.rename(made)  # what is not on the disk for certain is not said to be there
        raise


def _exchange(made: Path, target: Path, now: datetime) -> Path:
    """Put the old folder aside and the new one in its place, while nobody writes to the old ledger."""
    name = f"{target.name}.before-{now:%Y%m%d-%H%M%S}"
    names = (f"{name}-{n}" if n > 1 else name for n in count(1))
    kept = next(free for one in names if not (free := target.with_name(one)).exists())
    with _still(target / DATABASE):
        target.rename(kept)
        moved = False
        try:
            made.rename(target)
            moved = True
            sync(target.parent)
        except OSError as error:
            if moved:
                target.rename(made)
            if target.exists():
                what = f"was taken by somebody else meanwhile; what was there is in {kept}"
                todo = "look what it is, and give that folder its name again"
                raise CMError(Mistake(str(target), what, todo)) from error
            kept.rename(target)
            raise
    return kept


@contextmanager
def _still(path: Path) -> Iterator[None]:
    """Keep everybody from writing to a ledger, as far as it is one."""
    try:
        ledger = open_ledger(path)
    except CMError:
        yield  # it is damaged, or not there: nobody writes to it
        return
    with closing(ledger), ledger.whole():
        yield
