"""Run what is asked of a plugin in a process of its own, so that nothing it does reaches this one.

A plugin that hangs is cut off, one that eats memory gets no more, and one that ends its process ends
nothing else. What was asked last is known, so that the story can be told.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from attrs import frozen

_BEGIN = (
    "import json, sys; request = json.load(sys.stdin); sys.path[:] = request['path'];"
    " from cmengine.inside import main; main(request)"
)
_SHOWN = 200
_HOME = ("UTC", "0")
ELSEWHERE = tuple(
    (zone, str(seed))
    for seed, zone in enumerate(
        ("Pacific/Kiritimati", "America/St_Johns", "Asia/Kathmandu", "Pacific/Pago_Pago"), 1
    )
)
"""Other places to ask the same in: a time zone, and a seed for Python's hashes."""


@frozen(kw_only=True)
class Limits:
    """How much a plugin may take: `seconds` for one call, `megabytes` beyond what it
    begins with, and `whole` seconds in all."""

    seconds: float = 5.0
    megabytes: int = 512
    whole: float = 120.0


@frozen
class Report:
    """What came of it, line by line; what it printed; how it ended, if not as it should; and after
    how many seconds it was cut off.
    """

    lines: list[dict[str, Any]]
    printed: str = ""
    ended: str = ""
    cut_off: float = 0

    @property
    def last(self) -> str:
        """Say what was being asked when it ended."""
        return next((line["at"] for line in reversed(self.lines) if "at" in line), "")


def run(
    request: Mapping[str, Any], limits: Limits, place: tuple[str, str] = _HOME, folder: str = ""
) -> Report:
    """Ask something in a process of its own, in a place: a time zone, and a seed for hashes.

    It works in a folder that is gone afterwards, unless one is named.
    """
    with tempfile.TemporaryDirectory(prefix="cmengine-") as made:
        away = Path(made)
        report, out, here = away / "report", away / "out", Path(folder or away / "here")
        here.mkdir(exist_ok=True)
        asked = {
            **request,
            "report": str(report),
            "path": [one or str(Path.cwd()) for one in sys.path],
            "seconds": limits.seconds,
            "megabytes": limits.megabytes,
        }
        with out.open("wb") as printed:
            process = subprocess.Popen(
                [sys.executable, "-X", "utf8", "-c", _BEGIN],
                cwd=here,
                env=_environment(*place),
                stdin=subprocess.PIPE,
                stdout=printed,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
            try:
                process.communicate(json.dumps(asked).encode(), limits.whole)
                alarmed = hasattr(signal, "SIGALRM") and process.returncode == -signal.SIGALRM
                cut_off = limits.seconds if alarmed else 0
            except subprocess.TimeoutExpired:
                cut_off = limits.whole
            finally:
                _end(process)
        return _read(report, out, process.returncode, cut_off)


def _environment(zone: str, seed: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CMENGINE")}
    return {**kept, "TZ": zone, "PYTHONHASHSEED": seed}


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End it, with whatever it has started."""
    if process.poll() is not None:
        return
    if hasattr(os, "killpg"):
        os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.wait()


def _read(report: Path, out: Path, code: int, cut_off: float) -> Report:
    lines = []
    if report.is_file():
        for text in report.read_text(encoding="utf-8", errors="replace").splitlines():
            try:
                lines.append(json.loads(text))
            except ValueError:
                break  # the line that was being written when it ended
    with out.open("rb") as file:
        printed = file.read(_SHOWN).decode(errors="replace").strip()
    done = bool(lines) and "done" in lines[-1]
    how = f"exit code {code}" if code >= 0 else f"signal {signal.Signals(-code).name}"
    return Report(lines, printed, "" if done or cut_off else how, 0 if done else cut_off)
