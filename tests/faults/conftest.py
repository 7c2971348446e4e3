"""Where the faults happen: a program with a past, copied for each fault into memory."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import mkdtemp

import pytest
from lab.river import River, make_river
from lab.strace import can_trace

Place = Callable[[], Path]


@pytest.fixture(scope="session")
def every() -> int:
    """Say at how many of the places something goes wrong: every one, or for who has less time every so many."""
    return int(os.environ.get("CMENGINE_FAULTS_EVERY", "1"))


@pytest.fixture(scope="session")
def ground() -> Iterator[Path]:
    """A folder for everything of this run: in memory where there is such a place, for it is quick."""
    memory = Path("/dev/shm")
    folder = Path(mkdtemp(prefix="cmengine-faults-", dir=memory if memory.is_dir() else None))
    before = os.environ.get("CMENGINE_CACHE")
    os.environ["CMENGINE_CACHE"] = str(folder / "plugins")
    yield folder
    if before is None:
        del os.environ["CMENGINE_CACHE"]
    else:
        os.environ["CMENGINE_CACHE"] = before
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def source(ground: Path) -> River:
    """The program with a past. Nobody writes in it: it is copied."""
    return make_river(ground / "source")


@pytest.fixture
def place(ground: Path) -> Iterator[Place]:
    """Give a new empty folder each time it is asked; the one before is gone then."""
    made: list[Path] = []

    def give() -> Path:
        while made:
            shutil.rmtree(made.pop())
        made.append(Path(mkdtemp(dir=ground)))
        return made[-1]

    yield give
    while made:
        shutil.rmtree(made.pop())


@pytest.fixture(scope="session")
def tracer() -> None:
    """Skip, loudly, where a process cannot be stopped at a call."""
    why = can_trace()
    if why:
        pytest.skip(f"FAULTS ARE NOT TESTED: {why}")
