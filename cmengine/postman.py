"""Hand messages to notifiers, each within its time: in a process of their own, which is ended if one hangs.

It is this process once more (a fork), so that it knows every notifier as it was made; it stays for all the
messages of a round. Without fork, or beside other threads, a notifier is asked in a thread; a hang is then
left behind, and cannot be ended.
"""

import gc
import json
import os
import signal
import sys
import threading
from contextlib import suppress
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from time import monotonic, sleep
from typing import NoReturn

import attrs
from attrs import Factory, define

from cmengine.model import Message, Notifier
from cmengine.room import can_have_room

MOMENT = 2  # seconds in which a process that has hung up is over, or is ended
ALARM = 5  # seconds beyond its time after which a notifier ends that nobody watches any more


@define(eq=False, repr=False)
class Postman:
    """Sends messages. A try takes `seconds` at most."""

    seconds: float
    _known: list[Notifier] = Factory(list)
    _away: "_Away | None" = None

    def send(self, notifier: Notifier, message: Message) -> str:
        """Send a message; say why it did not go, or nothing where it went."""
        if not can_have_room():
            return _beside(notifier, message, self.seconds)
        away = self._knows(notifier)
        number = next(n for n, one in enumerate(self._known) if one is notifier)
        problem, ended = away.send(number, message, self.seconds)
        if ended:
            self.close()
        return problem

    def close(self) -> None:
        """End the other process, if there is one."""
        if self._away is not None:
            self._away.close()
            self._away = None

    def _knows(self, notifier: Notifier) -> "_Away":
        """Give a process that knows a notifier: one that was begun before does not know a new one."""
        if not any(one is notifier for one in self._known):
            self._known.append(notifier)
            self.close()
        if self._away is None:
            self._away = _begin(self._known, self.seconds)
        return self._away


@define(eq=False, repr=False)
class _Away:
    """The other process, from outside."""

    child: int
    line: Connection

    def send(self, number: int, message: Message, seconds: float) -> tuple[str, bool]:
        """Give (why it did not go, whether the process is of no more use)."""
        try:
            self.line.send_bytes(json.dumps([number, attrs.asdict(message)]).encode())
            if not self.line.poll(seconds):
                return late(seconds), True
            return str(json.loads(self.line.recv_bytes())), False
        except (EOFError, OSError):
            return self._how(), True

    def _how(self) -> str:
        """Say how the process ended by itself. It may have hung up and go on; then it is ended when it is closed."""
        until = monotonic() + MOMENT
        child, status = os.waitpid(self.child, os.WNOHANG)
        while not child and monotonic() < until:
            sleep(0.002)
            child, status = os.waitpid(self.child, os.WNOHANG)
        if not child:
            return "hung up"
        self.child = 0
        code = os.waitstatus_to_exitcode(status)
        how = f"exit code {code}" if code >= 0 else f"signal {signal.Signals(-code).name}"
        return f"ended the process it was asked in ({how})"

    def close(self) -> None:
        self.line.close()
        if self.child:
            for end in (
                os.killpg,
                os.kill,
            ):  # it has a group of its own, unless it has only just begun
                with suppress(ProcessLookupError, PermissionError):
                    end(self.child, signal.SIGKILL)
            os.waitpid(self.child, 0)
            self.child = 0


def _begin(notifiers: list[Notifier], seconds: float) -> _Away:
    here, there = Pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child == 0:
        try:
            here.close()
            _serve(there, notifiers, seconds)
        finally:
            os._exit(1)  # nothing of the first process is tidied up here
    there.close()
    return _Away(child, here)


def _serve(line: Connection, notifiers: list[Notifier], seconds: float) -> NoReturn:
    """Send what comes down the line, until nobody is there any more."""
    os.setsid()  # what is typed at the terminal is not for it
    gc.freeze()  # nothing that was made before is ever tidied up here: not the ledger either
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    while True:
        try:
            number, fields = json.loads(line.recv_bytes())
        except (EOFError, OSError):
            os._exit(0)
        signal.setitimer(signal.ITIMER_REAL, seconds + ALARM)
        problem = tried(notifiers[number], Message(**fields))
        signal.setitimer(signal.ITIMER_REAL, 0)
        sys.stdout.flush()
        sys.stderr.flush()
        try:
            line.send_bytes(json.dumps(problem).encode())
        except OSError:
            os._exit(0)


def _beside(notifier: Notifier, message: Message, seconds: float) -> str:
    """Send in a thread, and wait for it as long as it may take."""
    came: list[str] = []
    thread = threading.Thread(target=lambda: came.append(tried(notifier, message)), daemon=True)
    thread.start()
    thread.join(seconds)
    return came[0] if came else late(seconds)


def tried(notifier: Notifier, message: Message) -> str:
    """Send; give why it did not go in words, whatever the notifier raises. The message's own are not among them."""
    try:
        notifier.send(message)
    except BaseException as error:
        said = str(error).replace(message.text, "(its words)")
        return f"{type(error).__name__}: {said}" if said else type(error).__name__
    return ""


def late(seconds: float) -> str:
    """Say that a notifier had not answered in time."""
    return f"had not answered after {seconds:g} seconds"
