"""Work that is done in a second thread, one piece after the other, while the first goes on.

SQLite lets go of Python's lock while it works, so that the next rows can be worked out meanwhile.
"""

import sys
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

Work = Callable[[], None]
TURN = 0.001  # seconds after which one thread lets the other have its turn


class Behind:
    """One more thread. What it has in hand and what is asked of it meanwhile is done in order; after a
    mistake nothing more is done until it has been told.
    """

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1)
        self._last: Future[None] | None = None
        self._error: BaseException | None = None
        self._usual = sys.getswitchinterval()
        sys.setswitchinterval(TURN)

    def do(self, work: Work) -> None:
        """Begin some work, as soon as what was begun before is done. Raises what went wrong in that."""
        self.wait()
        self._last = self._thread.submit(self._try, work)

    def wait(self) -> None:
        """Wait until all is done. Raises what went wrong."""
        if self._last is not None:
            self._last.result()
            self._last = None
        if self._error is not None:
            error, self._error = self._error, None
            raise error

    def end(self) -> None:
        """Wait, and end the thread; what went wrong is for whoever waits inside to be told."""
        self._thread.shutdown()
        sys.setswitchinterval(self._usual)

    def _try(self, work: Work) -> None:
        try:
            work()
        except BaseException as error:
            self._error = error
