"""Run a process under Debian's strace: count what it asks the system for, let one call go wrong, record all."""

import os
import re
import shutil
import signal
import subprocess
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from attrs import frozen

STRACE = shutil.which("strace") or ""
KILLS_AT = (
    "pwrite64,write,fdatasync,fsync,ftruncate,unlink,unlinkat,rename,renameat,renameat2,"
    "mkdir,mkdirat,rmdir,link,linkat,chmod,fchmod"
)


@frozen
class Ended:
    """How a process ended: its exit code (-9: killed), and what it said."""

    code: int
    out: str
    err: str

    @property
    def killed(self) -> bool:
        """Say whether it was killed on the way."""
        return self.code == -signal.SIGKILL


def can_trace() -> str:
    """Say why a process cannot be traced here; nothing where it can."""
    if not STRACE:
        return "strace is not installed: apt-get install strace"
    tried = subprocess.run(
        [STRACE, "-f", "-qq", "-o", os.devnull, "true"], capture_output=True, text=True
    )
    return "" if tried.returncode == 0 else f"strace is not permitted here: {tried.stderr.strip()}"


def run(words: Sequence[str], env: Mapping[str, str], typed: str = "") -> Ended:
    """Run a process to its end."""
    done = subprocess.run(
        words, env=env, input=typed, capture_output=True, text=True, errors="replace"
    )
    return Ended(done.returncode, done.stdout, done.stderr)


def traced(
    words: Sequence[str],
    env: Mapping[str, str],
    *,
    calls: str,
    to: Path,
    typed: str = "",
    options: Sequence[str] = (),
) -> Ended:
    """Run a process and write the named calls of it, and of its children, into a file."""
    strace = [STRACE, "-f", "-qq", "-y", "-o", str(to), "-e", f"trace={calls}", *options]
    return run([*strace, *words], env, typed)


def count(
    words: Sequence[str], env: Mapping[str, str], *, to: Path, typed: str = ""
) -> tuple[Ended, list[tuple[str, int, str]]]:
    """Run a process; give each place where it could be stopped: call, its number, the file."""
    ended = traced(words, env, calls=KILLS_AT, to=to, typed=typed, options=["--seccomp-bpf"])
    seen: Counter[tuple[str, str]] = Counter()  # strace counts each process by itself
    places: dict[tuple[str, int], str] = {}
    for line in to.read_text(errors="replace").splitlines():
        found = re.match(r"(\d+) +(\w+)\((?:\d+<([^>]*)>|(?:AT_FDCWD[^,]*, )?\"([^\"]*)\")?", line)
        if found:
            process, call = found[1], found[2]
            seen[process, call] += 1
            places.setdefault((call, seen[process, call]), found[3] or found[4] or "")
    return ended, [(call, n, file) for (call, n), file in places.items()]


def gone_wrong(
    words: Sequence[str],
    env: Mapping[str, str],
    *,
    call: str,
    when: str,
    how: str,
    to: Path,
    typed: str = "",
    only: Path | None = None,
) -> Ended:
    """Run a process in which a call goes wrong: `how` is signal=SIGKILL or error=NAME."""
    options = ["-e", f"inject={call}:{how}:when={when}", *(["-P", str(only)] if only else [])]
    if "signal" not in how:
        options.append("--seccomp-bpf")
    return traced(words, env, calls=call, to=to, typed=typed, options=options)
