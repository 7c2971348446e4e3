"""Which processes a test has begun by dividing itself."""

import os
from collections.abc import Iterator
from contextlib import contextmanager


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
