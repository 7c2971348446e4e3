"""What `cmengine log` costs as a process, against `python -c "import click, sqlite3"`.

    python benchmarks/start.py [--times 20]

Both run in turns, after one of each that does not count, with the compiled modules that Python keeps.
"""

import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

import click
from make_log import codes, make
from measure import Took, plain_environment, tell, timed

TIMES = 20
CMENGINE = Path(sys.executable).with_name("cmengine")


def process(*words: str) -> tuple[float, float]:
    """Run a process; give its milliseconds, and those of a processor."""
    with timed() as took:
        subprocess.run(words, env=plain_environment(), stdout=subprocess.DEVNULL, check=True)
    return took.seconds * 1000, took.cpu * 1000


def run(folder: Path, times: int) -> None:
    """Measure, and say the medians in milliseconds."""
    words = {
        "floor": (sys.executable, "-c", "import click, sqlite3"),
        "log": (str(CMENGINE), "-p", str(folder), "log", codes(1, 1)[0], "visit"),
    }
    took: dict[str, list[float]] = {name: [] for name in words}
    cpu: dict[str, list[float]] = {name: [] for name in words}
    for _ in range(times + 1):
        for name, some in words.items():
            seconds, processor = process(*some)
            took[name].append(seconds)
            cpu[name].append(processor)
    tell(
        Took(sum(map(sum, took.values())) / 1000, sum(map(sum, cpu.values())) / 1000),
        **{name: median(some[1:]) for name, some in took.items()},
        **{f"{name} cpu": median(some[1:]) for name, some in cpu.items()},
    )


@click.command()
@click.option("--times", default=TIMES, show_default=True)
@click.option("--run", "prepared", type=click.Path(path_type=Path), help="Use this program.")
def main(times: int, prepared: Path | None) -> None:
    """Make a program with one client, and measure."""
    if prepared:
        run(prepared, times)
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "program"
        make(folder, codes(1, 1)).close()
        run(folder, times)


if __name__ == "__main__":
    main()
