"""Ctrl-C, SIGTERM and SIGHUP end the program at once, and leave no unfinished files.

Python handles a signal between two of its own steps. A kernel, or waiting for threads, may delay this for long. So a
thread watches for signals. If the program does not end by itself soon after a signal, the thread removes unfinished
files and ends the program.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from ngramlm.cli.output import stderr_line

__all__ = ["exit_code", "say_interrupted", "waiting_signals", "watch"]

# seconds in which the program may end by itself
PATIENCE = 0.05
_said = threading.Lock()
# within `waiting_signals`: one entry, the first signal or None
_waiting: list[int | None] = []


def exit_code(number: int) -> int:
    """Return the exit code that a shell reports for a program that a signal ended."""
    return 128 + number


def say_interrupted() -> None:
    """Write "interrupted" on standard error, once."""
    if _said.acquire(blocking=False):
        stderr_line("interrupted")


@contextmanager
def waiting_signals() -> Iterator[Callable[[], int | None]]:
    """Let the first signal only be noted, for work that then ends by itself. A second signal ends the program.

    Yields a function that returns the number of the first signal, or None if there was no signal.
    """
    names = ("SIGINT", "SIGTERM", "SIGHUP")
    numbers = [number for name in names if (number := getattr(signal, name, None)) is not None]
    handled = (signal.default_int_handler, _unwind)
    before = {number: signal.getsignal(number) for number in numbers if signal.getsignal(number) in handled}

    def note(number: int, frame: FrameType | None) -> None:
        if _waiting and _waiting[0] is None:
            _waiting[0] = number

    _waiting[:] = [None]
    for number in before:
        signal.signal(number, note)
    try:
        yield lambda: _waiting[0] if _waiting else None
    finally:
        _waiting.clear()
        for number, handler in before.items():
            signal.signal(number, handler)


def watch() -> None:
    """Begin to watch for signals, except those whose handling the parent process has changed."""
    watched = {signal.SIGINT} if signal.getsignal(signal.SIGINT) == signal.default_int_handler else set()
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) == signal.SIG_DFL:
            signal.signal(number, _unwind)
            watched.add(number)
    if os.name != "posix":
        return
    readable, writable = os.pipe()
    os.set_blocking(writable, False)
    signal.set_wakeup_fd(writable, warn_on_full_buffer=False)
    threading.Thread(target=_end_after, args=(readable, watched), daemon=True).start()


def _unwind(number: int, frame: FrameType | None) -> None:
    raise SystemExit(exit_code(number))


def _end_after(readable: int, watched: set[int]) -> None:
    """Wait for a signal; then end the program if it has not ended by itself."""
    number, noted = 0, False
    while number not in watched:
        number = os.read(readable, 1)[0]
        # within `waiting_signals`, the work ends by itself after the first signal
        if number in watched and _waiting and not noted:
            number, noted = 0, True
    try:
        time.sleep(PATIENCE)
        # Only commands that write files import this module. --help must not wait for the import.
        temporary = sys.modules.get("ngramlm.core.temporary")
        if temporary is not None:
            temporary.discard_unfinished()
        if number == signal.SIGINT:
            say_interrupted()
    finally:
        # end the program even if standard error cannot be written
        os._exit(exit_code(number))
