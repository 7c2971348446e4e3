"""What needs a process without other threads, where the tests are run by several processes that have some:
only such a process asks strangers' plugins in a room of their own (cmengine/room.py), and has a long log
worked out ahead (cmengine/forerunner.py), or replayed by two (cmengine/verify.py).
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.mark.skipif("PYTEST_XDIST_WORKER" not in os.environ, reason="they are run as they are")
@pytest.mark.parametrize(
    "name", ["test_held_and_retried.py", "test_forerunner.py", "test_verify_in_two.py"]
)
def test_in_a_process_of_its_own(name: str, tmp_path: Path) -> None:
    plain = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")}
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-n",
            "0",
            "--basetemp",
            tmp_path / "there",
            HERE / name,
        ],
        cwd=HERE.parent,
        env=plain,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]
    assert " passed" in done.stdout
    assert "skipped" not in done.stdout
