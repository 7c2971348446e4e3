"""Backups: a zip with everything that a program is, verified before it gets its name.

What is in it was unpacked, opened and checked as a whole, with its chain and a replay of its log. Nothing
has the final name unless it is complete. It is not encrypted, and the program's key is in it.
"""

import contextlib
import json
import os
import shutil
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from attrs import frozen

from cmengine.chain import entries
from cmengine.durable import sync
from cmengine.errors import CMError, Mistake
from cmengine.journal import Anchor, read_anchor
from cmengine.program import Program
from cmengine.settings import DATABASE, KEY, RULES, TEMPLATES
from cmengine.unfinished import unfinished
from cmengine.verify import Verdict, verify

ABOUT = "backup.json"
FORMAT = 1
LARGEST = (
    64 * 2**20
)  # bytes of any file but the ledger and what a notifier writes; they have a few kilobytes
PIECE = MIB = 2**20
# By the folder in a program's that they are in: how the names of its files end.
_SUFFIXES = {
    "": (".toml", ".json", ".key", ".txt"),
    RULES: (".toml", ".json", ".key"),
    TEMPLATES: (".txt",),
}
# What comes of reading a zip that is damaged, encrypted, packed in another way, or none.
_DAMAGED = (
    zipfile.BadZipFile, zlib.error, KeyError, ValueError, TypeError, AttributeError, EOFError, RuntimeError
)  # fmt: skip
NOT_ENCRYPTED = (
    "it is not encrypted and the program's key is in it: whoever has the file has everything; keep it as"
    " you keep the program, or encrypt it, for example with age (https://age-encryption.org)"
)


@frozen(kw_only=True)
class Backup:
    """A backup: its file, the moment it is of, the journal's last entry in it, what it was checked for."""

    file: Path
    made_at: datetime
    anchor: Anchor
    same_disk: bool
    verdict: Verdict


def make_backup(
    program: Program, place: Path, progress: Callable[[int], object] = lambda done: None
) -> Backup:
    """Make a backup in a folder, under a name with the moment in it, or in a new file, and write down that
    it was made. Raises CMError; then there is no file with that name.
    """
    now = program.now()
    file = (
        place / f"{program.folder.resolve().name}-{now:%Y%m%d-%H%M%S}.zip"
        if place.is_dir()
        else place
    )
    try:
        with unfinished(file.resolve().parent) as work:
            folder = work / "program"
            folder.mkdir(mode=0o700)
            if file.exists() or file.is_symlink():
                about = _not_noted(program, file, folder)
                verdict = checked(program, folder, progress, about.anchor)
                now, anchor = about.made_at, about.anchor
            else:
                verdict, anchor = _make(program, file, work, now, progress)
        same = file.stat().st_dev == program.folder.stat().st_dev
    except OSError as error:
        raise _cannot(file, error) from error
    with program.ledger.writing("backup"):
        program.ledger.insert(
            "backups",
            file=file.name,
            entry=anchor.seq,
            hash=anchor.hash.hex(),
            made_at=now.isoformat(),
            made_by=program.by,
        )
    return Backup(file=file, made_at=now, anchor=anchor, same_disk=same, verdict=verdict)


def _make(
    program: Program, file: Path, work: Path, now: datetime, progress: Callable[[int], object]
) -> tuple[Verdict, Anchor]:
    folder = work / "program"
    copy_files(program.folder, folder)
    program.ledger.copy(folder / DATABASE)
    verdict = checked(program, folder, progress)
    anchor = verdict.head
    if anchor is None:
        raise CMError(Mistake(str(program.ledger.path), "has no journal to make a backup of"))
    pack(folder, work / "backup.zip", now, anchor)
    read_about(work / "backup.zip")
    (work / "backup.zip").rename(file)
    try:
        sync(file.resolve().parent)
    except OSError:
        file.unlink()  # what is not on the disk for certain is not said to be there
        raise
    return verdict, anchor


def _not_noted(program: Program, file: Path, into: Path) -> "About":
    """Unpack a backup of this ledger that got its name, and was not written down: there was a stop in between.

    Raises CMError where the file is anything else.
    """
    with contextlib.suppress(CMError):
        about = read_about(file, into)
        first = next(entries(program.ledger, about.anchor.seq - 1), None)
        sql = "select 1 from backups where file = ? and hash = ?"
        noted = program.ledger.one(sql, file.name, about.anchor.hash.hex())
        if first is not None and (first.seq, first.hash) == about.anchor and noted is None:
            return about
    raise CMError(Mistake(str(file), "is already there", "name a new file, or a folder"))


def own_files(folder: Path) -> Iterator[Path]:
    """Give the files of a program beside its ledger, relative to its folder: settings, keys, results, words,
    rules, templates, and the text files of notifiers, such as the addresses in apprise.txt.
    """
    for path in sorted(
        [*folder.glob("*"), *(folder / RULES).rglob("*"), *(folder / TEMPLATES).rglob("*")]
    ):
        inside = path.relative_to(folder)
        wanted = _SUFFIXES.get(inside.parts[0] if len(inside.parts) > 1 else "", ())
        if path.suffix in wanted and path.is_file() and not path.is_symlink():
            yield inside


def copy_files(source: Path, folder: Path) -> None:
    """Copy the files of a program, all but the ledger; only their owner can read the copies."""
    for path in own_files(source):
        make_folders(folder, path)
        with (source / path).open("rb") as file:
            write(folder / path, iter(lambda: file.read(PIECE), b""))


def make_folders(folder: Path, path: Path) -> None:
    """Make the folders that a file is in, relative to a program's, so that only their owner can read them."""
    for inside in reversed(path.parents[:-1]):
        (folder / inside).mkdir(mode=0o700, exist_ok=True)


def write(path: Path, pieces: Iterator[bytes]) -> None:
    """Write a new file that only its owner can read, and see it on the disk."""
    with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as out:
        for piece in pieces:
            out.write(piece)
        out.flush()
        os.fsync(out.fileno())


def checked(
    program: Program, folder: Path, progress: Callable[[int], object], anchor: Anchor | None = None
) -> Verdict:
    """Open the program in a folder as it would be opened after a restore, and check all of it. Raises CMError."""
    from cmengine.ledger import open_ledger

    with contextlib.closing(open_ledger(folder / DATABASE)) as ledger:
        copy = Program(**{**program.parts(), "folder": folder, "ledger": ledger})
        verdict = verify(copy, progress, anchor=anchor)
    if not verdict.ok:
        where = str(program.ledger.path)
        raise CMError(*(Mistake(where, one) for one in verdict.problems))
    return verdict


def pack(folder: Path, file: Path, made_at: datetime, anchor: Anchor) -> None:
    """Pack a checked folder, and say in it what it holds."""
    sums: dict[str, str] = {}
    handle = os.open(file, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
    with os.fdopen(handle, "w+b") as raw:
        with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as out:
            for path in [Path(DATABASE), *own_files(folder)]:
                name = path.as_posix()
                out.write(folder / path, name)
                sums[name] = _sum(folder / path)
            about = {
                "format": FORMAT,
                "made_at": made_at.isoformat(),
                "anchor": str(anchor),
                "files": sums,
            }
            out.writestr(ABOUT, json.dumps(about, indent=1))
        raw.flush()
        os.fsync(raw.fileno())


def _sum(path: Path) -> str:
    found = sha256()
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            found.update(piece)
    return found.hexdigest()


@frozen(kw_only=True)
class About:
    """What a backup says of itself: the moment, the journal's last entry, and each file's SHA-256."""

    made_at: datetime
    anchor: Anchor
    files: dict[str, str]


def read_about(file: Path, into: Path | None = None) -> About:
    """Read a backup through, comparing every byte with what it says of itself; with `into`, unpack it there.

    Raises CMError where it is damaged, or no backup.
    """
    try:
        with zipfile.ZipFile(file) as packed:
            if packed.getinfo(ABOUT).file_size > LARGEST:
                raise ValueError(f"'{ABOUT}' is larger than any of a backup")
            about = _about(json.loads(packed.read(ABOUT)))
            if sorted(packed.namelist()) != sorted([*about.files, ABOUT]):
                raise ValueError("it does not hold the files that it says it holds")
            if into is not None:
                _must_have_room(file, packed, into)
            for name, wanted in about.files.items():
                _unpack(packed, name, wanted, into)
    except OSError as error:
        raise CMError(Mistake(str(file), f"cannot be read ({error.strerror})")) from error
    except _DAMAGED as error:
        told = error.args[0] if error.args else type(error).__name__
        what = f"is damaged, or no backup of cmengine ({told!s:.200})"
        raise CMError(Mistake(str(file), what, "take another backup")) from error
    return about


def _must_have_room(file: Path, packed: zipfile.ZipFile, into: Path) -> None:
    """Raise CMError where a backup needs more room than there is, before any of it is taken."""
    needed = sum(info.file_size for info in packed.infolist())
    free = shutil.disk_usage(into).free
    if needed > free:
        what = f"needs {needed // MIB + 1:,} MiB unpacked, and {free // MIB:,} MiB are free there"
        raise CMError(Mistake(str(file), what, "make room, or name a folder on another disk"))


def _about(read: dict[str, Any]) -> About:
    if read["format"] != FORMAT:
        raise ValueError(f"it was made by another version (format {read['format']})")
    files: dict[str, str] = {str(name): str(wanted) for name, wanted in read["files"].items()}
    for name in files:
        parts = name.split("/")
        inside = parts[0] in (RULES, TEMPLATES) and len(parts) > 1
        if any(part in ("", ".", "..") or "\\" in part or ":" in part for part in parts) or not (
            len(parts) == 1 or inside
        ):
            raise ValueError(f"'{name:.60}' is no file of a program")
    if not {DATABASE, KEY} <= set(files):
        raise ValueError("the ledger or the key is missing in it")
    return About(
        made_at=datetime.fromisoformat(read["made_at"]),
        anchor=read_anchor(read["anchor"]),
        files=files,
    )


def _unpack(packed: zipfile.ZipFile, name: str, wanted: str, into: Path | None) -> None:
    info = packed.getinfo(name)
    if name != DATABASE and not name.endswith(".txt") and info.file_size > LARGEST:
        raise ValueError(f"'{name}' is larger than any file of a program")
    if stat.S_ISLNK(info.external_attr >> 16):
        raise ValueError(f"'{name}' is a link")
    found = sha256()

    def pieces() -> Iterator[bytes]:
        with packed.open(info) as source:
            while piece := source.read(PIECE):
                found.update(piece)
                yield piece

    if into is None:
        for _ in pieces():
            pass
    else:
        make_folders(into, Path(name))
        write(into / name, pieces())
    if found.hexdigest() != wanted:
        raise ValueError(f"'{name}' is not as it was when the backup was made")


def _cannot(file: Path, error: OSError) -> CMError:
    free = ""
    with contextlib.suppress(OSError):
        free = f"; {shutil.disk_usage(file.resolve().parent).free // MIB:,} MiB are free there"
    what = f"cannot be written ({error.strerror}{free})"
    return CMError(Mistake(str(file), what, "no backup was made; name another place"))
