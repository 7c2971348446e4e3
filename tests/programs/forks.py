"""Tests that divide their process: where they run, and which processes they have begun."""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO

import pytest

from cmengine import forerunner

ALONE = [
    pytest.mark.skipif(
        "PYTEST_XDIST_WORKER" in os.environ, reason="tests/test_without_threads.py runs it"
    ),
    pytest.mark.skipif(sys.platform != "linux", reason="there is no second process elsewhere"),
]


@contextmanager
def another_thread() -> Iterator[None]:
    """Have a second thread, beside which no process is begun."""
    ends = threading.Event()
    thread = threading.Thread(target=ends.wait)
    thread.start()
    try:
        yield
    finally:
        ends.set()
        thread.join()


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


@contextmanager
def ended_at(
    part: int,
    how: signal.Signals,
    kill: Callable[[int, int], None] = os.kill,
    whom: int | None = None,
) -> Iterator[None]:
    """Have the second process of an import send a signal, to itself unless it is told to whom, where it is about
    to hand over so many parts.
    """
    ours, send, sent = os.getpid(), forerunner._send, 0

    def seen(to: IO[bytes], message: object) -> None:
        nonlocal sent
        if os.getpid() != ours:
            sent += 1
            if sent == part:
                kill(os.getpid() if whom is None else whom, how)
                while os.getppid() == ours:  # until one of the two is gone
                    os.sched_yield()
        send(to, message)

    forerunner._send = seen
    try:
        yield
    finally:
        forerunner._send = send
