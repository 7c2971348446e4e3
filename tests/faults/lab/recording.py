"""What a process did to the files below a folder, in order, as strace saw it."""

import re
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from itertools import count
from pathlib import Path

from attrs import Factory, define, frozen
from lab.strace import Ended, traced

CALLS = (
    "openat,close,lseek,write,pwrite64,ftruncate,fsync,fdatasync,unlink,unlinkat,"
    "rename,renameat,renameat2,mkdir,mkdirat,rmdir"
)
_LINE = re.compile(r"\d+ +(?P<call>\w+)\((?P<args>.*)\) += (?P<result>-?\d+)")
_CUT = " <unfinished ...>"
_TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')


@frozen
class Write:
    """Bytes written at an offset of a file."""

    file: int
    offset: int
    data: bytes


@frozen
class Cut:
    """A file made as long as this."""

    file: int
    size: int


@frozen
class Sync:
    """A file brought to the disk, or the names in a folder."""

    what: int


@frozen
class Name:
    """A file, or a folder, given a name in a folder."""

    folder: int
    name: str
    file: int
    is_folder: bool = False


@frozen
class Unname:
    """A name taken away."""

    folder: int
    name: str


@frozen
class Rename:
    """A name moved, and what had that name before gone with it."""

    folder: int
    name: str
    to: int
    new: str


@frozen
class Said:
    """Something told to who asked."""

    text: str


Op = Write | Cut | Sync | Name | Unname | Rename | Said


@define
class Files:
    """The files and folders below a root, each with a number, as they are now."""

    root: Path
    numbers: Iterator[int] = Factory(count)
    content: dict[int, bytearray] = Factory(dict)
    names: dict[int, dict[str, int]] = Factory(dict)
    top: int = -1

    def read(self) -> None:
        """Take them as they lie on the disk."""
        self.top = self._read(self.root)

    def _read(self, path: Path) -> int:
        number = next(self.numbers)
        if path.is_dir():
            self.names[number] = {one.name: self._read(one) for one in sorted(path.iterdir())}
        else:
            self.content[number] = bytearray(path.read_bytes())
        return number

    def find(self, path: str) -> tuple[int, str, int | None] | None:
        """Find a path: its folder's number, its name, its own number; None where it is not below the root."""
        try:
            parts = Path(path).relative_to(self.root).parts
        except ValueError:
            return None
        folder, number = self.top, self.top
        for place, part in enumerate(parts):
            folder = number
            found = self.names.get(folder, {}).get(part)
            if found is None:
                return (folder, part, None) if place == len(parts) - 1 else None
            number = found
        return folder, parts[-1] if parts else "", number


@define
class Recording:
    """What was done: the files before, and each operation."""

    files: Files
    ops: list[Op]
    ended: Ended


def record(
    root: Path, words: Sequence[str], env: Mapping[str, str], *, to: Path, typed: str = ""
) -> Recording:
    """Run a process and record what it does to the files below a root. The answer it gives is recorded too."""
    before = Files(root)
    before.read()
    options = ["-xx", "-s", "2000000", "--seccomp-bpf"]
    ended = traced(words, env, calls=CALLS, to=to, typed=typed, options=options)
    reader = _Reader(deepcopy(before))
    assert '"...' not in to.read_text(), "a write is longer than what the trace has of it"
    ops = [op for line in _of_the_first(to.read_text().splitlines()) for op in reader.read(line)]
    return Recording(before, ops, ended)


def _of_the_first(lines: Sequence[str]) -> Iterator[str]:
    """Give the calls of the process that was started, whole. Those that it starts itself ask a plugin or a
    channel something, and write to no file below the root.
    """
    begun = ""
    for line in lines:
        process, _, call = line.partition(" ")
        if process != lines[0].partition(" ")[0]:
            continue
        if call.endswith(_CUT):
            begun = line.removesuffix(_CUT)
            continue
        if call.lstrip().startswith("<... "):
            line = begun + line.partition(" resumed>")[2]
        yield line


@define
class _Reader:
    """Reads a trace, and keeps in mind which number each open file has."""

    files: Files
    handles: dict[int, int] = Factory(dict)
    offsets: dict[int, int] = Factory(dict)

    def read(self, line: str) -> list[Op]:
        """Give what a line did to the files; nothing where it did nothing to these."""
        found = _LINE.match(line)
        assert found or "+++" in line or "---" in line or "= ?" in line, line[:200]
        if not found or int(found["result"]) < 0:
            return []
        do = getattr(self, f"_{found['call'].removesuffix('at').removesuffix('at2')}")
        ops: list[Op] = do(found["args"], int(found["result"]))
        return ops

    def _open(self, args: str, handle: int) -> list[Op]:
        path, flags = _path(args), args
        at = self.files.find(path)
        self.handles.pop(handle, None)
        if at is None or path.endswith("-shm"):  # what lies in shared memory is made anew
            return []
        folder, name, number = at
        ops: list[Op] = []
        if number is None:
            assert "O_CREAT" in flags, args
            number = next(self.files.numbers)
            self.files.names[folder][name] = number
            self.files.content[number] = bytearray()
            ops.append(Name(folder, name, number))
        elif "O_TRUNC" in flags:
            ops += self._resize(number, 0)
        self.handles[handle] = number
        self.offsets[handle] = len(self.files.content[number]) if "O_APPEND" in flags else 0
        return ops

    def _close(self, args: str, result: int) -> list[Op]:
        self.handles.pop(_handle(args), None)
        return []

    def _lseek(self, args: str, result: int) -> list[Op]:
        self.offsets[_handle(args)] = result
        return []

    def _write(self, args: str, result: int) -> list[Op]:
        handle = _handle(args)
        data = _bytes(args)[:result]
        if handle == 1 and handle not in self.handles:
            return [Said(data.decode())] if data.strip() else []
        if handle not in self.handles:
            return []
        offset = self.offsets[handle]
        self.offsets[handle] += len(data)
        return self._put(self.handles[handle], offset, data)

    def _pwrite64(self, args: str, result: int) -> list[Op]:
        handle = _handle(args)
        if handle not in self.handles:
            return []
        return self._put(self.handles[handle], int(args.rsplit(",", 1)[1]), _bytes(args)[:result])

    def _put(self, number: int, offset: int, data: bytes) -> list[Op]:
        now = self.files.content[number]
        now.extend(bytes(max(0, offset + len(data) - len(now))))
        now[offset : offset + len(data)] = data
        return [Write(number, offset, data)]

    def _resize(self, number: int, size: int) -> list[Op]:
        now = self.files.content[number]
        now.extend(bytes(max(0, size - len(now))))
        del now[size:]
        return [Cut(number, size)]

    def _ftruncate(self, args: str, result: int) -> list[Op]:
        handle = _handle(args)
        size = int(args.rsplit(",", 1)[1])
        return self._resize(self.handles[handle], size) if handle in self.handles else []

    def _fsync(self, args: str, result: int) -> list[Op]:
        handle = _handle(args)
        return [Sync(self.handles[handle])] if handle in self.handles else []

    _fdatasync = _fsync

    def _unlink(self, args: str, result: int) -> list[Op]:
        at = self.files.find(_path(args))
        if at is None or at[2] is None:
            return []
        del self.files.names[at[0]][at[1]]
        return [Unname(at[0], at[1])]

    _rmdir = _unlink

    def _rename(self, args: str, result: int) -> list[Op]:
        old, new = (self.files.find(path) for path in _paths(args))
        if old is None or new is None or old[2] is None:
            return []
        self.files.names[new[0]][new[1]] = self.files.names[old[0]].pop(old[1])
        return [Rename(old[0], old[1], new[0], new[1])]

    def _mkdir(self, args: str, result: int) -> list[Op]:
        at = self.files.find(_path(args))
        if at is None:
            return []
        number = next(self.files.numbers)
        self.files.names[at[0]][at[1]] = number
        self.files.names[number] = {}
        return [Name(at[0], at[1], number, is_folder=True)]


def _bytes(args: str) -> bytes:
    found = _TEXT.search(args)
    return bytes.fromhex(found[1].replace("\\x", "")) if found else b""


def _paths(args: str) -> list[str]:
    return [bytes.fromhex(one.replace("\\x", "")).decode() for one in _TEXT.findall(args)]


def _path(args: str) -> str:
    return _paths(args)[0]


def _handle(args: str) -> int:
    found = re.match(r"\d+", args)
    assert found, args
    return int(found[0])
