"""What a power cut can leave behind, of what was recorded.

A sync keeps what was done to one file, or to the names in one folder, until then. Of the rest, any write may
be there, or not, or a part of it in sectors of 512 bytes, in whatever order; of the names in a folder, so
many of the first changes as you like. A rename is there or not, in both folders at once.
"""

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from attrs import define, frozen
from lab.recording import Cut, Files, Name, Op, Recording, Rename, Said, Sync, Unname, Write

SECTOR = 512
KEEP, DROP, CHANCE = "keep", "drop", "chance"


@define
class Disk:
    """The files as they are safe on the disk, and what waits to get there."""

    content: dict[int, bytes]
    names: dict[int, dict[str, int]]
    data: dict[int, list[Write | Cut]]
    folders: list[Name | Unname | Rename]
    top: int
    said: int = 0

    def do(self, op: Op) -> None:
        """Let an operation happen."""
        if isinstance(op, Said):
            self.said += not op.text.startswith(
                " "
            )  # what is indented belongs to the answer before
        elif isinstance(op, Write | Cut):
            self.data.setdefault(op.file, []).append(op)
        elif isinstance(op, Sync):
            self._sync(op.what)
        else:
            self.folders.append(op)
            if isinstance(op, Name) and op.is_folder:
                self.names[op.file] = {}

    def _sync(self, what: int) -> None:
        if what in self.names:
            for op in self.folders:
                if place(op) == what:
                    name(self.names, op)
            self.folders = [op for op in self.folders if place(op) != what]
            return
        now = bytearray(self.content.get(what, b""))
        for done in self.data.pop(what, []):
            change(now, done)
        self.content[what] = bytes(now)


def place(op: Name | Unname | Rename) -> int:
    """Say in which folder a name changes; what is moved, in the one to which it goes."""
    return op.to if isinstance(op, Rename) else op.folder


def name(names: dict[int, dict[str, int]], op: Name | Unname | Rename) -> None:
    """Change the names in a folder. What is moved away before it had a name there is not there."""
    if isinstance(op, Name):
        names.setdefault(op.folder, {})[op.name] = op.file
    elif isinstance(op, Unname):
        names.setdefault(op.folder, {}).pop(op.name, None)
    else:
        moved = names.setdefault(op.folder, {}).pop(op.name, None)
        if moved is not None:
            names.setdefault(op.to, {})[op.new] = moved


def change(now: bytearray, op: Write | Cut) -> None:
    """Change the bytes of a file."""
    if isinstance(op, Cut):
        now.extend(bytes(max(0, op.size - len(now))))
        del now[op.size :]
    else:
        now.extend(bytes(max(0, op.offset + len(op.data) - len(now))))
        now[op.offset : op.offset + len(op.data)] = op.data


def disk_of(files: Files) -> Disk:
    """Take all that lies there as safe."""
    return Disk(
        {number: bytes(data) for number, data in files.content.items()},
        {number: dict(names) for number, names in files.names.items()},
        {},
        [],
        files.top,
    )


Left = dict[str, bytes | None]
"""What is left: each path below the root with its bytes; None is a folder."""


def left(disk: Disk, how: str, dice: random.Random) -> Left:
    """Cut the power: give what is left. `how` is keep (all that waits), drop (nothing of it), or chance."""
    names = {number: dict(inside) for number, inside in disk.names.items()}
    waiting = Counter(place(op) for op in disk.folders)
    there = {folder: _so_many(number, how, dice) for folder, number in waiting.items()}
    for op in disk.folders:
        there[place(op)] -= 1
        if there[place(op)] >= 0:
            name(names, op)
    found: Left = {}
    _gather(disk, disk.top, "", names, how, dice, found)
    return found


def _so_many(most: int, how: str, dice: random.Random) -> int:
    return {KEEP: most, DROP: 0}.get(how, dice.randint(0, most))


def _gather(
    disk: Disk,
    folder: int,
    path: str,
    names: dict[int, dict[str, int]],
    how: str,
    dice: random.Random,
    found: Left,
) -> None:
    for called, number in sorted(names.get(folder, {}).items()):
        here = f"{path}/{called}" if path else called
        if number in names:
            found[here] = None
            _gather(disk, number, here, names, how, dice, found)
        else:
            found[here] = _bytes(disk, number, how, dice)


def _bytes(disk: Disk, number: int, how: str, dice: random.Random) -> bytes:
    waiting = disk.data.get(number, ())
    safe = disk.content.get(number, b"")
    if not waiting or how == DROP:
        return safe
    now = bytearray(safe)
    for op in waiting:
        if how == KEEP:
            change(now, op)
            continue
        fate = dice.random()
        if fate < 0.4:
            change(now, op)
        elif fate < 0.6 and isinstance(op, Write):
            for torn in _torn(op, dice):
                change(now, torn)
    return bytes(now)


def _torn(op: Write, dice: random.Random) -> Iterator[Write]:
    """Tear a write into the sectors that it touches, and let some of them be there."""
    at = op.offset
    end = op.offset + len(op.data)
    while at < end:
        to = min(end, (at // SECTOR + 1) * SECTOR)
        if dice.random() < 0.5:
            yield Write(op.file, at, op.data[at - op.offset : to - op.offset])
        at = to


@frozen
class State:
    """What is left after a cut behind so many operations, and how much had been said by then."""

    after: int
    said: int
    left: Left


def states(recording: Recording, samples: int, seed: str) -> Iterator[State]:
    """Cut the power behind every operation, and give what is left in so many ways each."""
    disk = disk_of(recording.files)
    dice = random.Random(seed)
    for number, op in enumerate([None, *recording.ops]):
        if op is not None:
            disk.do(op)
        ways = [KEEP, DROP, *[CHANCE] * samples][:samples]
        for how in ways:
            yield State(number, disk.said, left(disk, how, dice))


def stopped(recording: Recording) -> Iterator[State]:
    """Stop the process behind every operation, and keep all that it did: no power cut."""
    disk = disk_of(recording.files)
    for number, op in enumerate([None, *recording.ops]):
        if op is not None:
            disk.do(op)
        yield State(number, disk.said, left(disk, KEEP, random.Random(0)))


def lay(state: Left, folder: Path, only: Sequence[str] = ()) -> None:
    """Write what is left into an empty folder; with `only`, the files of these paths alone."""
    for path, data in state.items():
        if data is None:
            if not only:
                (folder / path).mkdir(parents=True)
        elif not only or path in only:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(data)
