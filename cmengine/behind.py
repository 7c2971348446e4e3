"""Work that is done in a second thread, one piece after the other, while the first goes on.

SQLite lets go of Python's lock while it works, so that the next rows can be worked out meanwhile.
"""

import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

Work = Callable[[], object]
NAME = "behind"  # what the thread is called
TURN = 0.0001  # seconds after which one thread lets the other have its turn


class Behind:
    """A second thread. What is asked of it is done in order; after a mistake nothing more is done until it
    has been told.
    """

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=NAME)
        self._error: BaseException | None = None
        self._usual = sys.getswitchinterval()
        sys.setswitchinterval(TURN)

    def do(self, work: Work) -> None:
        """Begin some work, when what was begun before is done. Raises what went wrong in that."""
        self.wait()
        self._thread.submit(self._try, work)

    def wait(self) -> None:
        """Wait until all is done. Raises what went wrong."""
        error = self.settle()
        if error is not None:
            raise error

    def settle(self) -> BaseException | None:
        """Wait until all is done; give what went wrong, and forget it."""
        # Asked of the thread itself: whoever stops us by hand between two steps leaves no wrong count behind.
        self._thread.submit(_nothing).result()
        error, self._error = self._error, None
        return error

    def end(self) -> None:
        """Wait, and end the thread."""
        self._thread.shutdown()
        sys.setswitchinterval(self._usual)

    def _try(self, work: Work) -> None:
        try:
            work()
        except BaseException as error:
            self._error = error


def _nothing() -> None:
    pass
