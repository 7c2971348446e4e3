"""How much a process that asks a plugin may have: memory, files, and no picture of its memory left behind."""

from contextlib import suppress
from pathlib import Path


def keep_small(*, memory: int, files: int) -> None:
    """Allow this process so much more memory than it has now, and no file larger than `files`, in bytes.

    A system that knows no such limits, or cannot hold a process to one, leaves it as it is.
    """
    try:
        import resource
    except ImportError:
        return
    statm = Path("/proc/self/statm")
    there = int(statm.read_text().split()[0]) * resource.getpagesize() if statm.is_file() else 0
    for what, size in (
        (resource.RLIMIT_AS, there + memory),
        (resource.RLIMIT_FSIZE, files),
        (resource.RLIMIT_CORE, 0),  # what a process had in memory is nobody's business
    ):
        _, most = resource.getrlimit(what)
        allowed = size if most == resource.RLIM_INFINITY else min(size, most)
        with suppress(ValueError, OSError):
            resource.setrlimit(what, (allowed, most))
