"""Tests that divide their process: where they run, and which processes they have begun."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

ALONE = [
    pytest.mark.skipif(
        "PYTEST_XDIST_WORKER" in os.environ, reason="tests/test_without_threads.py runs it"
    ),
    pytest.mark.skipif(sys.platform != "linux", reason="there is no second process elsewhere"),
]


@contextmanager
def processes() -> Iterator[list[int]]:
    """Take down every process that this one begins."""
    begun: list[int] = []
    fork = os.fork

    def seen() -> int:
        child = fork()
        if child:
            begun.append(child)
        return child

    os.fork = seen
    try:
        yield begun
    finally:
        os.fork = fork
